"""A file of tensors: its entries, and how they are read.

Tensors are read one by one on request and copied: if somebody overwrote a memory-mapped file, the
operating system would end the process. Nothing is executed.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from pathlib import Path

import torch
from torch import Tensor

from ..errors import Message, ModelError, UnknownKindError, UnreadableError, quoted
from ..runtime.stored_weight import StoredWeight
from ..untrusted_files import open_file
from .quantized_blocks import BlockFormat, dequantize, magnitude_bound

MAX_TENSORS = 200_000
MAX_RANK = 8
MAX_ELEMENTS = 2**48
MAX_NAME = 1_000
"""Characters of a name; those of published files have less than 200."""
MAX_NAMES = 16_000_000
"""Characters of all names together."""


@dataclass(frozen=True)
class UnknownDtype:
    """Elements of a type that cannot be read: no reason to refuse the tensors beside them."""

    name: str
    nbytes: int


@dataclass(frozen=True)
class TensorEntry:
    """A tensor as a file describes it."""

    dtype: torch.dtype
    shape: tuple[int, ...]
    start: int
    """Offset of its elements in the file, in bytes."""
    stride: tuple[int, ...] | None = None
    """In elements; None: contiguous."""
    blocks: BlockFormat | None = None
    """How they are quantized; None: they are not, and have the type `dtype`."""
    unknown: UnknownDtype | None = None
    """Reading the tensor fails; `dtype` has no meaning. None: it can be read."""

    @property
    def numel(self) -> int:
        return math.prod(self.shape)

    @property
    def stored(self) -> str:
        """The type of the elements in the file, such as "float16" or "Q4_K"."""
        if self.unknown:
            return self.unknown.name
        return self.blocks.name if self.blocks else str(self.dtype).removeprefix("torch.")

    @property
    def nbytes(self) -> int:
        if self.unknown:
            return self.unknown.nbytes
        if self.blocks:
            return self.numel // self.blocks.count * self.blocks.size
        return self.numel * self.dtype.itemsize

    @property
    def span(self) -> int:
        """Elements from the first to the last, both included; undefined for an empty tensor."""
        if self.stride is None:
            return self.numel
        return 1 + sum((n - 1) * step for n, step in zip(self.shape, self.stride, strict=True))


@dataclass(frozen=True)
class TensorFile:
    path: Path
    entries: Mapping[str, TensorEntry]
    metadata: Mapping[str, str] = field(default_factory=dict[str, str])
    """Texts from the program that wrote it."""
    values: Mapping[str, float] = field(default_factory=dict[str, float])
    """Plain numbers among the tensors, such as `global_step`."""

    def tensor(self, name: str) -> Tensor:
        """A copy of a tensor. Raises KeyError; ModelError if its type is unknown, or the file ends
        too early."""
        return self.stored(name).numbers()

    def stored(self, name: str) -> StoredWeight:
        """A copy of a tensor as it is in the file; blocks stay packed. Raises as `tensor`."""
        entry = self.entries[name]
        if entry.unknown:
            raise unreadable(self.path, UnreadableError(unknown_dtype(name, entry.unknown)))
        if not entry.numel:
            return StoredWeight(torch.empty(entry.shape, dtype=entry.dtype))
        if entry.blocks:
            unpack = partial(dequantize, block_format=entry.blocks, shape=entry.shape)
            bound = partial(magnitude_bound, block_format=entry.blocks)
            return StoredWeight(self._bytes(entry.start, entry.nbytes), unpack, bound)
        flat = self._bytes(entry.start, entry.span * entry.dtype.itemsize).view(entry.dtype)
        if entry.stride is None:
            return StoredWeight(flat.view(entry.shape))
        return StoredWeight(flat.as_strided(entry.shape, entry.stride))

    def _bytes(self, start: int, count: int) -> Tensor:
        data = torch.empty(count, dtype=torch.uint8)
        room = data.numpy().data
        try:
            with open_file(self.path) as file:
                file.seek(start)
                while room and (read := file.readinto(room)):
                    room = room[read:]
        except OSError as error:
            raise unreadable(self.path, error) from error
        if room:
            raise unreadable(self.path, UnreadableError("it became shorter while it was read"))
        return data


def unknown_dtype(name: str, unknown: UnknownDtype) -> Message:
    return Message(
        "{tensor} has the unknown dtype {dtype}", tensor=quoted(name), dtype=unknown.name
    )


def checked_shape(name: str, sides: Iterable[int]) -> tuple[int, ...]:
    """The shape of a tensor. Raises UnreadableError for one that no tensor can have."""
    shape = tuple(islice(sides, MAX_RANK + 1))
    volume = math.prod(max(side, 1) for side in shape)  # bounded for an empty tensor, too
    if len(shape) > MAX_RANK or min(shape, default=0) < 0 or volume > MAX_ELEMENTS:
        raise UnreadableError("{tensor} has an impossible shape", tensor=quoted(name))
    return shape


class NameBudget:
    """Bounds the names of a file: those of nested dictionaries may be far longer than the file."""

    def __init__(self) -> None:
        self._left = MAX_NAMES

    def check(self, name: str) -> str:
        """The name. Raises UnreadableError."""
        self._left -= len(name)
        if len(name) > MAX_NAME or self._left < 0:
            raise UnreadableError("its tensors have impossibly long names")
        return name


def unreadable(path: Path, error: Exception) -> ModelError:
    if isinstance(error, OSError):
        return ModelError(
            "{path} cannot be read: {error}.", "Check the path.", path=path, error=error
        )
    hint = Message("Download it again, or ask its author for a .safetensors file.")
    if isinstance(error, UnknownKindError):
        hint = Message("Choose another model.")
    return ModelError("{path} cannot be used: {error}.", hint, path=path, error=error)
