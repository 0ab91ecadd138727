"""Networks filled with tensors from a file, each of which must be one that the network has."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import nn

from ..errors import Message, UnreadableError
from ..families.key_names import Source, Sources
from ..runtime.stored_weight import StoredParameter

LISTED = 3
"""So many names are listed where many are wrong."""


@dataclass(frozen=True)
class KeyMismatch:
    """How a network's tensors in a file are not those that it has. The names are ours."""

    network: str
    missing: tuple[str, ...] = ()
    surplus: tuple[str, ...] = ()
    misshapen: tuple[Message, ...] = ()

    def check(self) -> None:
        """Raises UnreadableError for the first kind of misfit."""
        if self.missing:
            raise UnreadableError(
                "its {network} lacks {tensors}", network=self.network, tensors=_listed(self.missing)
            )
        if self.surplus:
            names = _listed(self.surplus)
            raise UnreadableError(
                "its {network} has unknown tensors: {tensors}", network=self.network, tensors=names
            )
        if self.misshapen:
            raise UnreadableError(self.misshapen[0])


def compare_keys(network: nn.Module, sources: Sources, name: str) -> KeyMismatch:
    expected = {key: tuple(value.shape) for key, value in network.state_dict().items()}
    return KeyMismatch(
        name,
        missing=tuple(sorted(expected.keys() - sources.keys())),
        surplus=tuple(sorted(sources.keys() - expected.keys())),
        misshapen=tuple(
            Message(
                "{tensor} has the shape {shape}, not {expected}",
                tensor=sources[key].key,
                shape=sources[key].shape,
                expected=shape,
            )
            for key, shape in expected.items()
            if key in sources and _flat(sources[key].shape) != _flat(shape)
        ),
    )


def _flat(shape: tuple[int, ...]) -> tuple[int, ...]:
    """A 1 x 1 convolution is a linear layer."""
    while len(shape) > 2 and shape[-1] == 1:
        shape = shape[:-1]
    return shape


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - LISTED} more" if len(names) > LISTED else ""
    return f"{', '.join(names[:LISTED])}{more}"


def fill(network: nn.Module, sources: Sources, dtype: torch.dtype) -> None:
    """Gives a network on "meta" the weights as the files have them. They expand to `dtype` when the
    network is brought to a device (see `DeviceManager`).

    Raises UnreadableError for weights that are not numbers.
    """
    shapes = {key: value.shape for key, value in network.state_dict().items()}
    values = {key: read(sources[key], shape, dtype) for key, shape in shapes.items()}
    network.load_state_dict(values, assign=True)
    network.eval().requires_grad_(False)


def read(source: Source, shape: torch.Size, dtype: torch.dtype) -> StoredParameter:
    """Raises UnreadableError for what are not finite numbers in `dtype`."""
    stored = source.stored()
    parameter = StoredParameter.of(stored, shape, dtype)
    if stored.unpack is None and not stored.data.is_floating_point():
        raise UnreadableError(
            "{tensor} holds {dtype}",
            tensor=source.key,
            dtype=str(stored.data.dtype).removeprefix("torch."),
        )
    if stored.unpack is None and stored.data.numel() != shape.numel():  # a third of rows, rounded
        count = stored.data.numel()
        raise ValueError(f"{source.key} has {count} numbers, not {shape.numel()}")
    # A bound is found without converting the weights; only where it is too large they are.
    is_finite = stored.bound() <= torch.finfo(dtype).max
    if not is_finite and not parameter.numbers().isfinite().all():
        raise UnreadableError("{tensor} holds values that are not finite", tensor=source.key)
    return parameter
