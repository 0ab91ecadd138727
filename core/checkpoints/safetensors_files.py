"""Reads safetensors files: 8 bytes of header size, a JSON header, the elements."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import torch

from ..errors import UnreadableError, quoted
from ..untrusted_files import open_file, parse_json
from .tensor_file import (
    MAX_TENSORS,
    NameBudget,
    TensorEntry,
    TensorFile,
    UnknownDtype,
    checked_shape,
)

MAX_HEADER = 100_000_000
"""Bytes; the limit of the format."""

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


def read_safetensors(path: Path, start: bytes) -> TensorFile:
    """`start`: the first 8 bytes of the file. Raises UnreadableError, OSError."""
    if _is_old_pickle(start):
        raise UnreadableError("it is a bare pickle, but not one that PyTorch wrote")
    if len(start) < 8:
        raise UnreadableError("it is too short to hold weights")
    size = int.from_bytes(start, "little")
    if size > MAX_HEADER:
        raise UnreadableError("it is neither a safetensors file nor one that PyTorch wrote")
    with open_file(path) as file:
        whole = os.fstat(file.fileno()).st_size
        if size > whole - 8:
            raise UnreadableError("it ends within its header, so it is incomplete")
        file.seek(8)
        header = _parse_header(file.read(size))
    written = header.pop("__metadata__", {})
    metadata = cast("dict[str, object]", written) if isinstance(written, dict) else {}
    if len(header) > MAX_TENSORS:
        raise UnreadableError("it claims to hold {count} tensors", count=len(header))
    budget = NameBudget()
    entries = {
        budget.check(name): _entry(name, value, 8 + size, whole) for name, value in header.items()
    }
    _check_offsets(entries, 8 + size, whole)
    return TensorFile(path, entries, {key: str(value) for key, value in metadata.items()})


def _is_old_pickle(start: bytes) -> bool:
    """Whether the file begins like a pickle; no valid header size does."""
    return start[:1] == b"\x80" and start[1:2] in b"\x02\x03\x04\x05"


def _parse_header(header: bytes) -> dict[str, object]:
    def unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
        found = dict(pairs)
        if len(found) < len(pairs):
            [(twice, _)] = Counter(name for name, _ in pairs).most_common(1)
            raise UnreadableError("its header names {tensor} twice", tensor=quoted(twice))
        return found

    try:
        parsed: object = parse_json(header, object_pairs_hook=unique)
    except UnreadableError:
        raise
    except ValueError as error:
        raise UnreadableError("its header is not valid JSON") from error
    if not isinstance(parsed, dict):
        raise UnreadableError("its header is not a table of tensors")
    return cast("dict[str, object]", parsed)


def _entry(name: str, value: object, base: int, whole: int) -> TensorEntry:
    described = cast("dict[str, Any]", value) if isinstance(value, dict) else {}
    dtype = described.get("dtype")
    shape, place = _integers(described.get("shape")), _integers(described.get("data_offsets"))
    if shape is None or place is None or len(place) != 2 or not isinstance(dtype, str):
        raise UnreadableError("{tensor} is not described as a tensor", tensor=quoted(name))
    size = place[1] - place[0]
    unknown = None if dtype in DTYPES else UnknownDtype(quoted(dtype, 20), max(size, 0))
    entry = TensorEntry(
        DTYPES.get(dtype, torch.uint8), checked_shape(name, shape), base + place[0], unknown=unknown
    )
    if size != entry.nbytes:
        raise UnreadableError(
            "{tensor} does not have the size of its shape {shape}",
            tensor=quoted(name),
            shape=quoted(shape),
        )
    if base + place[1] > whole:
        raise UnreadableError("it ends within {tensor}, so it is incomplete", tensor=quoted(name))
    return entry


def _integers(value: object) -> tuple[int, ...] | None:
    """The items of a JSON list of non-negative integers; None for anything else."""
    if not isinstance(value, list):
        return None
    items = cast("list[object]", value)
    numbers = tuple(item for item in items if type(item) is int and item >= 0)
    return numbers if len(numbers) == len(items) else None


def _check_offsets(entries: Mapping[str, TensorEntry], start: int, whole: int) -> None:
    """Checks that the tensors follow each other without gaps up to the end of the file."""
    at = start
    for name, entry in sorted(entries.items(), key=lambda item: (item[1].start, item[1].nbytes)):
        if entry.start != at:
            raise UnreadableError(
                "{tensor} overlaps another tensor or leaves a gap", tensor=quoted(name)
            )
        at += entry.nbytes
    if at != whole:
        raise UnreadableError("it has data after its last tensor")
