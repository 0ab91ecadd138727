"""Files of tensors, opened without reading the tensors and without executing anything.

Opening a file reads what it says about its tensors: names, types, shapes and places. The tensors
themselves are read from the mapped file when they are asked for.
"""

from __future__ import annotations

import json
import math
import mmap
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, cast

import torch
from torch import Tensor

from ..errors import ModelError
from .blocks import Blocks, unpacked

MAX_HEADER = 100_000_000
"""Bytes; the limit of the format."""
MAX_TENSORS = 200_000
MAX_RANK = 8
SUFFIXES = (".safetensors", ".sft", ".gguf", ".ckpt", ".pt", ".pth", ".bin")
"""Of files that may hold tensors."""

DTYPES: Mapping[str, torch.dtype] = {
    "F64": torch.float64,
    "F32": torch.float32,
    "F16": torch.float16,
    "BF16": torch.bfloat16,
    "F8_E4M3": torch.float8_e4m3fn,
    "F8_E5M2": torch.float8_e5m2,
    "I64": torch.int64,
    "I32": torch.int32,
    "I16": torch.int16,
    "I8": torch.int8,
    "U8": torch.uint8,
    "BOOL": torch.bool,
}


class UnreadableError(ValueError):
    """What is wrong with a file, without its name."""


class UnknownKindError(UnreadableError):
    """What a file is that is sound but of no use."""


class NotAModelError(UnknownKindError):
    """What a file is that was never meant to be drawn with by itself, such as a LoRA."""


@dataclass(frozen=True)
class Entry:
    """A tensor, as a file describes it."""

    dtype: torch.dtype
    shape: tuple[int, ...]
    start: int
    """Where its elements are in the file, in bytes."""
    stride: tuple[int, ...] | None = None
    """In elements; None: one after the other."""
    blocks: Blocks | None = None
    """How they are packed; None: they are not, and `dtype` is theirs."""

    @property
    def numel(self) -> int:
        return math.prod(self.shape)

    @property
    def stored(self) -> str:
        """The type of the elements in the file, such as "float16" or "Q4_K"."""
        return self.blocks.name if self.blocks else str(self.dtype).removeprefix("torch.")

    @property
    def nbytes(self) -> int:
        if self.blocks:
            return self.numel // self.blocks.count * self.blocks.size
        return self.numel * self.dtype.itemsize

    @property
    def span(self) -> int:
        """Elements from the first to the last, both included; not of an empty tensor."""
        if self.stride is None:
            return self.numel
        return 1 + sum((n - 1) * step for n, step in zip(self.shape, self.stride, strict=True))


@dataclass(frozen=True)
class TensorFile:
    path: Path
    entries: Mapping[str, Entry]
    metadata: Mapping[str, str] = field(default_factory=dict[str, str])
    """What its writer noted."""
    values: Mapping[str, float] = field(default_factory=dict[str, float])
    """Plain numbers beside the tensors, such as `global_step`."""

    def tensor(self, name: str) -> Tensor:
        """A view of the mapped file; not to be written to. Raises KeyError."""
        entry = self.entries[name]
        if not entry.numel:
            return torch.empty(entry.shape, dtype=entry.dtype)
        if entry.blocks:
            packed = torch.frombuffer(
                self._mapped, dtype=torch.uint8, count=entry.nbytes, offset=entry.start
            )
            return unpacked(packed, entry.blocks, entry.shape)
        start, span, width = entry.start, entry.span, entry.dtype.itemsize
        if start % width:  # torch wants elements aligned
            data = bytearray(self._mapped[start : start + span * width])
            flat = torch.frombuffer(data, dtype=entry.dtype)
        else:
            flat = torch.frombuffer(self._mapped, dtype=entry.dtype, count=span, offset=start)
        if entry.stride is None:
            return flat.view(entry.shape)
        return flat.as_strided(entry.shape, entry.stride)

    @cached_property
    def _mapped(self) -> mmap.mmap:
        try:
            with self.path.open("rb") as file:
                # A private copy-on-write map: torch takes only buffers that can be written to.
                return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY)
        except (OSError, ValueError) as error:
            raise unreadable(self.path, error) from error


def open_tensors(path: Path) -> TensorFile:
    """Opens a .safetensors or .gguf file, or a .ckpt, .pt, .pth or .bin that torch wrote.

    What it is is told by its contents. Raises ModelError if it is missing, damaged or unsafe.
    """
    from .gguf import MAGIC, read_gguf
    from .torch_files import read_torch_file

    try:
        with path.open("rb") as file:
            start = file.read(8)
        if start[:4] == b"PK\x03\x04":
            return read_torch_file(path)
        if start[:4] == MAGIC:
            return read_gguf(path)
        return _read_safetensors(path, start)
    except (OSError, UnreadableError, MemoryError) as error:
        raise unreadable(path, error) from error


def unreadable(path: Path, error: Exception) -> ModelError:
    if isinstance(error, OSError):
        return ModelError(f"{path} cannot be read: {error.strerror or error}.", "Check the path.")
    hint = "Download it again, or ask whoever made it for a .safetensors file."
    if isinstance(error, UnknownKindError):
        hint = "Choose another model."
    return ModelError(f"{path} cannot be used: {str(error)[:500]}.", hint)


def _read_safetensors(path: Path, start: bytes) -> TensorFile:
    """The format: 8 bytes of header size, the header as JSON, the elements."""
    whole = path.stat().st_size
    if _is_old_pickle(start):
        raise UnreadableError(
            "it is in the format of PyTorch before 1.6, a bare pickle, which is not opened"
        )
    if len(start) < 8:
        raise UnreadableError(f"it has only {whole} bytes")
    size = int.from_bytes(start, "little")
    if size > MAX_HEADER:
        raise UnreadableError("it is neither a safetensors file nor one that PyTorch wrote")
    if size > whole - 8:
        raise UnreadableError("it ends within its header, so it is not complete")
    with path.open("rb") as file:
        file.seek(8)
        header = _parsed(file.read(size))
    written = header.pop("__metadata__", {})
    metadata = cast("dict[str, object]", written) if isinstance(written, dict) else {}
    if len(header) > MAX_TENSORS:
        raise UnreadableError(f"it says that it holds {len(header)} tensors")
    entries = {name: _entry(name, value, 8 + size, whole) for name, value in header.items()}
    _check_places(entries, 8 + size, whole)
    return TensorFile(path, entries, {key: str(value) for key, value in metadata.items()})


def _is_old_pickle(start: bytes) -> bool:
    """A pickle of any protocol begins so; no header size that is in bounds does."""
    return start[:1] == b"\x80" and start[1:2] in b"\x02\x03\x04\x05"


def _parsed(header: bytes) -> dict[str, object]:
    def unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
        found = dict(pairs)
        if len(found) < len(pairs):
            names = [name for name, _ in pairs]
            twice = next(name for name in names if names.count(name) > 1)
            raise UnreadableError(f"its header names {twice!r:.80} twice")
        return found

    try:
        parsed: Any = json.loads(header, object_pairs_hook=unique)
    except UnreadableError:
        raise
    except (ValueError, RecursionError) as error:
        raise UnreadableError(f"its header is damaged: {error}") from error
    if not isinstance(parsed, dict):
        raise UnreadableError("its header is not a table of tensors")
    return cast("dict[str, object]", parsed)


def _entry(name: str, value: object, base: int, whole: int) -> Entry:
    described = cast("dict[str, Any]", value) if isinstance(value, dict) else {}
    dtype = DTYPES.get(str(described.get("dtype")))
    if dtype is None:
        raise UnreadableError(f"{name!r:.80} has unknown elements {described.get('dtype')!r:.20}")
    shape, place = _integers(described.get("shape")), _integers(described.get("data_offsets"))
    if shape is None or place is None or len(place) != 2 or len(shape) > MAX_RANK:
        raise UnreadableError(f"{name!r:.80} is not described as a tensor")
    entry = Entry(dtype, shape, base + place[0])
    if place[1] - place[0] != entry.nbytes:
        raise UnreadableError(f"{name!r:.80} has another size than its shape {shape!r:.80}")
    if base + place[1] > whole:
        raise UnreadableError(f"it ends within {name!r:.80}, so it is not complete")
    return entry


def _integers(value: object) -> tuple[int, ...] | None:
    """Of a JSON list of integers that are not negative."""
    if not isinstance(value, list):
        return None
    items = cast("list[object]", value)
    numbers = tuple(item for item in items if type(item) is int and item >= 0)
    return numbers if len(numbers) == len(items) else None


def _check_places(entries: Mapping[str, Entry], start: int, whole: int) -> None:
    """The tensors lie one behind the other, as the format demands, up to the end of the file."""
    at = start
    for name, entry in sorted(entries.items(), key=lambda item: (item[1].start, item[1].nbytes)):
        if entry.start != at:
            raise UnreadableError(f"the place of {name!r:.80} overlaps another or leaves a gap")
        at += entry.nbytes
    if at != whole:
        raise UnreadableError("there is something behind its last tensor")
