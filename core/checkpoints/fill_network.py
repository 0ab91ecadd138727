"""Fills networks with the tensors of a file, whose names and shapes must match."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import nn

from ..errors import InvalidError, Message, UnreadableError
from ..families.key_names import Source, Sources
from ..runtime.stored_weight import StoredParameter
from .tensor_file import unknown_dtype

LISTED = 3
"""Maximum number of tensor names in a message."""


@dataclass(frozen=True)
class KeyMismatch:
    """How the tensors of a file differ from those of the network, by our names."""

    network: str
    missing: tuple[str, ...] = ()
    surplus: tuple[str, ...] = ()
    misshapen: tuple[Message, ...] = ()
    unreadable: tuple[Message, ...] = ()

    def __bool__(self) -> bool:
        return any((self.missing, self.surplus, self.misshapen, self.unreadable))

    def check(self) -> None:
        """Raises UnreadableError for the first kind of mismatch."""
        if self.missing:
            raise UnreadableError(
                "its {network} lacks {tensors}", network=self.network, tensors=_listed(self.missing)
            )
        if self.surplus:
            names = _listed(self.surplus)
            raise UnreadableError(
                "its {network} has unknown tensors: {tensors}", network=self.network, tensors=names
            )
        if problems := (*self.misshapen, *self.unreadable):
            raise UnreadableError(problems[0])


def compare_keys(network: nn.Module, sources: Sources, name: str) -> KeyMismatch:
    """Compares names and shapes; `name`: of the network, in messages."""
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
        unreadable=tuple(
            unknown_dtype(sources[key].key, unknown)
            for key in expected
            if key in sources and (unknown := sources[key].entry.unknown)
        ),
    )


def _flat(shape: tuple[int, ...]) -> tuple[int, ...]:
    """Without trailing ones: a 1 x 1 convolution is a linear layer."""
    while len(shape) > 2 and shape[-1] == 1:
        shape = shape[:-1]
    return shape


def _listed(names: Sequence[str]) -> Message:
    first = ", ".join(names[:LISTED])
    if len(names) <= LISTED:
        return Message.plain(first)
    return Message("{names} and {count} more", names=first, count=len(names) - LISTED)


def fill(network: nn.Module, sources: Sources, dtype: torch.dtype) -> None:
    """Gives a network on "meta" the weights as its files have them. They expand to `dtype` when the
    network is loaded to a device (see `DeviceManager`).

    Raises UnreadableError for weights that are not finite numbers.
    """
    shapes = {key: value.shape for key, value in network.state_dict().items()}
    values = {key: read(sources[key], shape, dtype) for key, shape in shapes.items()}
    network.load_state_dict(values, assign=True)
    network.eval().requires_grad_(False)


def read(source: Source, shape: torch.Size, dtype: torch.dtype) -> StoredParameter:
    """Raises UnreadableError for elements that are not finite numbers in `dtype`."""
    stored = source.stored()
    parameter = StoredParameter.of(stored, shape, dtype)
    if stored.unpack is None and not stored.data.is_floating_point():
        raise UnreadableError(
            "{tensor} holds {dtype}",
            tensor=source.key,
            dtype=str(stored.data.dtype).removeprefix("torch."),
        )
    if stored.unpack is None and stored.data.numel() != shape.numel():  # a third of rows, rounded
        raise InvalidError(
            "{tensor} has {count} numbers, not {expected}",
            tensor=source.key,
            count=stored.data.numel(),
            expected=shape.numel(),
        )
    # Converting the weights to check them is slow: only done if the bound is too large.
    is_finite = stored.bound() <= torch.finfo(dtype).max
    if not is_finite and not parameter.numbers().isfinite().all():
        raise UnreadableError("{tensor} holds values that are not finite", tensor=source.key)
    return parameter
