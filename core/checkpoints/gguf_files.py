"""Reads GGUF files, whose tensors are mostly quantized in blocks (see `quantized_blocks`).

The format: magic, version and counts; named values; for each tensor its name, dimensions (the last
first), type and offset; the elements. Nothing is executed. Source: the specification of GGUF in
ggml's documentation.
"""

from __future__ import annotations

import math
import mmap
import struct
from pathlib import Path

import torch

from ..errors import Message, UnreadableError, quoted
from ..untrusted_files import open_file
from .quantized_blocks import BLOCKS
from .tensor_file import (
    MAX_RANK,
    MAX_TENSORS,
    NameBudget,
    TensorEntry,
    TensorFile,
    UnknownDtype,
    checked_shape,
)

MAGIC = b"GGUF"
VERSIONS = (2, 3)
MAX_VALUES = 100_000
MAX_NAME = 65_536
MAX_TEXT = 10_000_000
MAX_LIST = 1_000_000
UNQUANTIZED = {0: torch.float32, 1: torch.float16, 28: torch.float64, 30: torch.bfloat16}
SCALARS = "BbHhIif?"
WIDE = {10: "Q", 11: "q", 12: "d"}
STRING, ARRAY = 8, 9
ORIGINAL_SHAPE = "comfy.gguf.orig_shape."
"""Prefix of a tensor's name: the shape it had before it was reshaped for quantization."""

Value = str | int | float | bool | tuple[object, ...]


class _GgufReader:
    """Reads values sequentially. Raises struct.error at the end of the file."""

    def __init__(self, data: mmap.mmap) -> None:
        self._data = data
        self.at = len(MAGIC)

    def number(self, kind: str) -> int | float | bool:
        [value] = struct.unpack_from(f"<{kind}", self._data, self.at)
        self.at += struct.calcsize(f"<{kind}")
        return value

    def numbers(self, kind: int, count: int) -> tuple[int | float | bool, ...]:
        """Empty for other kinds than numbers."""
        code = SCALARS[kind] if kind < len(SCALARS) else WIDE.get(kind)
        if code is None:
            return ()
        values = struct.unpack_from(f"<{count}{code}", self._data, self.at)
        self.at += struct.calcsize(f"<{count}{code}")
        return values

    def count(self, kind: str, limit: int, things: Message) -> int:
        """Raises UnreadableError above the limit."""
        value = int(self.number(kind))
        if value > limit:
            raise UnreadableError("it claims to hold {count} {things}", count=value, things=things)
        return value

    def text(self, limit: int) -> str:
        size = self.count("Q", limit, Message("characters in a name"))
        if self.at + size > len(self._data):
            raise UnreadableError("it ends within a name, so it is incomplete")
        raw = self._data[self.at : self.at + size]
        self.at += size
        return raw.decode("utf-8", errors="replace")

    def value(self, kind: int, *, inside: bool = False) -> Value:
        if kind == STRING:
            return self.text(MAX_TEXT)
        if kind == ARRAY and not inside:
            of = int(self.number("I"))
            count = self.count("Q", MAX_LIST, Message("values in a list"))
            return self.numbers(of, count) or tuple(
                self.value(of, inside=True) for _ in range(count)
            )
        if kind < len(SCALARS):
            return self.number(SCALARS[kind])
        if kind in WIDE:
            return self.number(WIDE[kind])
        raise UnreadableError("it holds a value of the unknown type {type}", type=kind)


def read_gguf(path: Path) -> TensorFile:
    """Raises OSError, UnreadableError."""
    with open_file(path) as file:
        data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    with data:
        try:
            return _read(path, data)
        except struct.error as error:
            raise UnreadableError("it ends within its header, so it is incomplete") from error


def _read(path: Path, data: mmap.mmap) -> TensorFile:
    reader = _GgufReader(data)
    version = int(reader.number("I"))
    if version not in VERSIONS:
        raise UnreadableError("it is a GGUF file of the unknown version {version}", version=version)
    tensors = reader.count("Q", MAX_TENSORS, Message("tensors"))
    values: dict[str, Value] = {}
    for _ in range(reader.count("Q", MAX_VALUES, Message("values"))):
        name = reader.text(MAX_NAME)
        values[name] = reader.value(int(reader.number("I")))
    found: dict[str, tuple[tuple[int, ...], int, int]] = {}
    budget = NameBudget()
    for _ in range(tensors):
        name = budget.check(reader.text(MAX_NAME))
        if name in found:
            raise UnreadableError("its header names {tensor} twice", tensor=quoted(name))
        rank = reader.count("I", MAX_RANK, Message("sides of {tensor}", tensor=quoted(name)))
        sides = [int(reader.number("Q")) for _ in range(rank)]
        shape = checked_shape(name, reversed(sides))
        found[name] = shape, int(reader.number("I")), int(reader.number("Q"))
    alignment = values.get("general.alignment", 32)
    if not isinstance(alignment, int) or not 1 <= alignment <= 1 << 20:
        raise UnreadableError("its alignment is {alignment}", alignment=quoted(alignment, 20))
    start = -(-reader.at // alignment) * alignment
    entries = {
        name: _entry(
            name, shape, kind, start + offset, values.get(ORIGINAL_SHAPE + name), len(data)
        )
        for name, (shape, kind, offset) in found.items()
    }
    if sum(entry.nbytes for entry in entries.values()) > len(data):
        raise UnreadableError("its tensors claim to be larger than the file")
    metadata = {name: value for name, value in values.items() if isinstance(value, str)}
    return TensorFile(path, entries, metadata)


def _entry(
    name: str,
    shape: tuple[int, ...],
    kind: int,
    start: int,
    original_shape: Value | None,
    whole: int,
) -> TensorEntry:
    blocks, unknown = BLOCKS.get(kind), None
    if blocks is None and kind not in UNQUANTIZED:
        unknown = UnknownDtype(f"GGUF {kind}", 0)  # how large it is, only its format says
    if blocks is not None and (not shape or shape[-1] % blocks.count):
        raise UnreadableError(
            "{tensor} of the shape {shape} does not consist of whole blocks",
            tensor=quoted(name),
            shape=quoted(shape),
        )
    if isinstance(original_shape, tuple):
        sides = tuple(side for side in original_shape[: MAX_RANK + 1] if isinstance(side, int))
        if len(sides) != len(original_shape) or math.prod(sides) != math.prod(shape):
            raise UnreadableError(
                "{tensor} cannot have had the shape {shape}",
                tensor=quoted(name),
                shape=quoted(original_shape),
            )
        shape = checked_shape(name, sides)
    entry = TensorEntry(
        UNQUANTIZED.get(kind, torch.float32), shape, start, blocks=blocks, unknown=unknown
    )
    if start + entry.nbytes > whole:
        raise UnreadableError("it ends within {tensor}, so it is incomplete", tensor=quoted(name))
    return entry
