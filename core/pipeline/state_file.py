"""Saves states as safetensors files, atomically, and checks them when they are loaded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from ..atomic_write import replacing
from ..errors import InvalidError, quoted
from ..sampling.trajectory import State
from ..untrusted_files import open_file, parse_json

if TYPE_CHECKING:
    from torch import Tensor

MAX_FILE_BYTES = 2**30
MAX_HEADER_BYTES = 100_000_000  # required by the format
MAX_INDEX = 1_000_000
TENSOR_PREFIX = "beside."
"""The prefix of tensors that are not part of the state."""


@dataclass(frozen=True)
class StateFile:
    """The contents of a file."""

    state: State
    tensors: Mapping[str, Tensor] = field(default_factory=dict[str, "Tensor"])
    """Tensors that are not part of the state, by name."""
    metadata: Mapping[str, str] = field(default_factory=dict[str, str])


def save(
    path: Path,
    state: State,
    tensors: Mapping[str, Tensor] | None = None,
    metadata: Mapping[str, str] | None = None,
    *,
    durable: bool = True,
) -> None:
    """Writes the state as safetensors, atomically; an existing file at `path` is replaced. Other
    users cannot read it.

    The tensors are "x", "memory.0", "memory.1" ..., and "index", an int64 scalar, and `tensors`.
    `durable` waits until they are on the disk, so that they survive a power failure. Raises
    ValueError for a state that `load` would refuse, OSError if it cannot be written.
    """
    import torch
    from safetensors.torch import save as to_bytes

    _validate(state)
    latents = {"x": state.x, **{f"memory.{i}": old for i, old in enumerate(state.memory)}}
    # Cloned, as safetensors refuses tensors that share storage.
    written = {
        name: tensor.detach().cpu().contiguous().clone()
        for name, tensor in {**latents, **_prefixed(tensors or {})}.items()
    }
    data = to_bytes({**written, "index": torch.tensor(state.index)}, dict(metadata or {}))
    with replacing(path, durable=durable, private=True) as file:
        file.write(data)


def load(path: Path) -> StateFile:
    """Reads what `save` wrote, on the CPU, bit for bit.

    Raises ValueError if the file is damaged or of another kind, OSError if it cannot be read.
    """
    import torch
    from safetensors import SafetensorError
    from safetensors.torch import load as from_bytes

    with open_file(path) as file:
        data = file.read(MAX_FILE_BYTES + 1)
    if len(data) > MAX_FILE_BYTES:
        raise InvalidError(
            "{path} is larger than {limit} bytes, too large for a state.",
            path=path,
            limit=MAX_FILE_BYTES,
        )
    try:
        tensors = from_bytes(data)
    except (SafetensorError, KeyError) as error:  # KeyError: an element type torch lacks
        raise InvalidError(
            "{path} is not a readable safetensors file: {error}.", path=path, error=error
        ) from error
    index, x = tensors.pop("index", None), tensors.pop("x", None)
    if index is None or x is None:
        raise InvalidError(
            "{path} is not a state: it holds {tensors}.",
            path=path,
            tensors=quoted(", ".join(sorted(tensors)), 200),
        )
    if index.dtype != torch.int64 or index.ndim != 0:
        raise InvalidError(
            "{path} has an index of {dtype} {shape}.",
            path=path,
            dtype=index.dtype,
            shape=tuple(index.shape),
        )
    memory: list[Tensor] = []
    while (name := f"memory.{len(memory)}") in tensors:
        memory.append(tensors.pop(name))
    if strange := [name for name in tensors if not name.startswith(TENSOR_PREFIX)]:
        raise InvalidError(
            "{path} is not a state: it holds {tensors}.", path=path, tensors=quoted(strange[0], 200)
        )
    state = State(int(index), x, tuple(memory))
    try:
        _validate(state)
    except ValueError as error:
        raise InvalidError("{path} is damaged: {error}", path=path, error=error) from error
    others = {name.removeprefix(TENSOR_PREFIX): tensor for name, tensor in tensors.items()}
    return StateFile(state, others, _metadata(data))


def read_metadata(path: Path) -> Mapping[str, str]:
    """The metadata of the file, read without the tensors and without torch.

    Raises ValueError if it has none, OSError if it cannot be read.
    """
    with open_file(path) as file:
        length = int.from_bytes(file.read(8), "little")
        header = file.read(length) if length <= MAX_HEADER_BYTES else b""
    try:
        metadata: Any = parse_json(header)["__metadata__"]
    except (ValueError, KeyError, TypeError) as error:
        raise InvalidError(
            "{path} is not a readable safetensors file with metadata", path=path
        ) from error
    if not isinstance(metadata, dict):
        raise InvalidError("{path} has invalid metadata", path=path)
    pairs = cast("dict[str, object]", metadata)
    return {key: value for key, value in pairs.items() if isinstance(value, str)}


def _prefixed(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {f"{TENSOR_PREFIX}{name}": tensor for name, tensor in tensors.items()}


def _metadata(data: bytes) -> dict[str, str]:
    """The metadata of a file that safetensors has validated."""
    end = 8 + int.from_bytes(data[:8], "little")
    header: Any = parse_json(data[8:end])
    return cast("dict[str, str]", header.get("__metadata__", {}))


def _validate(state: State) -> None:
    if not 0 <= state.index <= MAX_INDEX:
        raise InvalidError(
            "The step index is {index}, outside 0 to {most}.", index=state.index, most=MAX_INDEX
        )
    for tensor in (state.x, *state.memory):
        if tensor.ndim != 4 or tensor.shape != state.x.shape or tensor.numel() == 0:
            raise InvalidError(
                "A latent has the shape {shape}, not [B, C, h, w].", shape=tuple(tensor.shape)
            )
        if str(tensor.dtype) != "torch.float32":
            raise InvalidError("A latent is {dtype}, not torch.float32.", dtype=tensor.dtype)
        if not tensor.isfinite().all():
            raise InvalidError("A latent holds values that are not finite.")
