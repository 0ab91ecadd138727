"""Reads files of `torch.save`: zip archives with a pickle that describes the tensors, and their
uncompressed elements. The pickle is never run.
"""

from __future__ import annotations

import io
import zipfile
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from ..errors import UnreadableError, quoted
from ..untrusted_files import open_regular
from .pickle_reader import HELD, StoredElements, StoredTensor, describe
from .tensor_file import MAX_TENSORS, NameBudget, TensorEntry, TensorFile, checked_shape

MAX_PICKLE = 64_000_000
"""Bytes; the largest published checkpoints have less than 1 MB."""
MAX_MEMBERS = 200_000
MAX_BYTEORDER = 16
"""Bytes of the member that names the byte order."""
MAX_SHARED = 4
"""Limit of the total tensor size as a multiple of the file size: tensors may share elements."""
MAX_VALUE = 1e300
LOCAL_HEADER = 30
"""Bytes before a member's name."""
TRANSPARENT = ("state_dict", HELD)
"""Keys of dictionaries whose names are no part of the names of tensors."""
TRAINING_STATE = frozenset({"callbacks", "loops", "lr_schedulers", "optimizer", "optimizer_states"})
"""Keys of the training state, which is skipped."""


def read_torch_file(path: Path) -> TensorFile:
    """Raises UnreadableError, OSError."""
    try:
        with (
            _BoundedFile(path, opener=open_regular) as file,
            zipfile.ZipFile(cast("Any", file)) as archive,
        ):
            return _read(path, file, archive)
    except UnreadableError:
        raise
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, ValueError, EOFError) as error:
        raise UnreadableError(
            "its archive is damaged, or incomplete: {error}", error=error
        ) from error


class _BoundedFile(io.FileIO):
    """A file that refuses large reads, whatever the archive's directory says."""

    def read(self, size: int | None = -1, /) -> bytes:
        if size is not None and size > MAX_PICKLE:
            raise UnreadableError("its archive asks to be read {size} bytes at once", size=size)
        return super().read(MAX_PICKLE if size is None or size < 0 else size) or b""


def _read(path: Path, file: io.FileIO, archive: zipfile.ZipFile) -> TensorFile:
    members = archive.infolist()
    if len(members) > MAX_MEMBERS:
        raise UnreadableError("it is an archive of {count} files", count=len(members))
    names = Counter(member.filename for member in members)
    if twice := next((name for name, count in names.items() if count > 1), None):
        raise UnreadableError("its archive holds {file} twice", file=quoted(twice))
    pickled = [member for member in members if member.filename.split("/")[-1] == "data.pkl"]
    if len(pickled) != 1:
        raise UnreadableError("it is a zip archive, but not one that PyTorch wrote")
    [pickle] = pickled
    if pickle.file_size > MAX_PICKLE or pickle.compress_type != zipfile.ZIP_STORED:
        raise UnreadableError("its pickle is larger than any checkpoint's, or compressed")
    folder = pickle.filename.removesuffix("data.pkl")
    order = f"{folder}byteorder"
    if order in names:
        is_short = archive.getinfo(order).file_size <= MAX_BYTEORDER
        if not is_short or archive.read(order) != b"little":
            raise UnreadableError("its numbers are big-endian")
    data = f"{folder}data/"
    places = {
        member.filename.removeprefix(data): member
        for member in members
        if member.filename.startswith(data)
    }
    elements = _ElementOffsets(file, places, path.stat().st_size)
    return tensor_file_of(path, describe(archive.read(pickle)).value, elements.start)


def tensor_file_of(
    path: Path, described: object, start: Callable[[StoredElements], int]
) -> TensorFile:
    """`start` returns the offset of elements in the file, in bytes. Raises UnreadableError."""
    tensors, values = _flatten(described)
    starts = {stored: start(stored) for stored in {t.elements for t in tensors.values()}}
    entries = {name: _entry(name, t, starts[t.elements]) for name, t in tensors.items()}
    if sum(entry.nbytes for entry in entries.values()) > MAX_SHARED * path.stat().st_size:
        raise UnreadableError("its tensors claim to be much larger than the file")
    return TensorFile(path, entries, values=values)


@dataclass(frozen=True)
class _ElementOffsets:
    """Finds the elements of tensors in the file."""

    file: io.FileIO
    members: Mapping[str, zipfile.ZipInfo]
    whole: int

    def start(self, stored: StoredElements) -> int:
        member = self.members.get(stored.key)
        if member is None:
            raise UnreadableError(
                "the storage {storage} is missing", storage=quoted(stored.key, 40)
            )
        if member.compress_type != zipfile.ZIP_STORED:
            raise UnreadableError("its tensors are compressed, which PyTorch never does")
        if member.file_size != stored.numel * stored.dtype.itemsize:
            raise UnreadableError(
                "the storage {storage} does not have the stated size",
                storage=quoted(stored.key, 40),
            )
        self.file.seek(member.header_offset)
        local = self.file.read(LOCAL_HEADER)
        if len(local) < LOCAL_HEADER or local[:4] != b"PK\x03\x04":
            raise UnreadableError("its archive is damaged: a file in it has no header")
        lengths = int.from_bytes(local[26:28], "little") + int.from_bytes(local[28:30], "little")
        start = member.header_offset + LOCAL_HEADER + lengths
        if start + member.file_size > self.whole:
            raise UnreadableError("it ends within its tensors, so it is incomplete")
        return start


def _flatten(described: object) -> tuple[dict[str, StoredTensor], dict[str, float]]:
    """Tensors by name, nested dictionaries joined by dots, and plain numbers.

    The names in TRANSPARENT are dropped, and the state of optimizers and training loops is skipped.
    """
    if not isinstance(described, dict):
        raise UnreadableError("it holds no dictionary of tensors")
    tensors: dict[str, StoredTensor] = {}
    values: dict[str, float] = {}
    budget = NameBudget()
    waiting = [("", cast("dict[object, object]", described))]
    seen: set[int] = set()
    while waiting:
        prefix, mapping = waiting.pop()
        if id(mapping) in seen:
            continue
        seen.add(id(mapping))
        for key, value in mapping.items():
            if isinstance(value, StoredTensor):
                tensors[budget.check(f"{prefix}{key}")] = value
            elif isinstance(value, dict) and key not in TRAINING_STATE:
                inside = prefix if key in TRANSPARENT else f"{prefix}{key}."
                waiting.append((budget.check(inside), cast("dict[object, object]", value)))
            elif isinstance(value, int | float) and abs(value) < MAX_VALUE and not prefix:
                values[str(key)] = float(value)
        if len(tensors) > MAX_TENSORS:
            raise UnreadableError("it claims to hold more than {limit} tensors", limit=MAX_TENSORS)
    return tensors, values


def _entry(name: str, tensor: StoredTensor, start: int) -> TensorEntry:
    elements, width = tensor.elements, tensor.dtype.itemsize
    available = elements.numel * elements.dtype.itemsize // width
    shape = checked_shape(name, tensor.shape)
    entry = TensorEntry(tensor.dtype, shape, start + tensor.offset * width, tensor.stride)
    if len(tensor.shape) != len(tensor.stride):
        raise UnreadableError("{tensor} is not described as a tensor", tensor=quoted(name))
    last = tensor.offset + entry.span - 1
    if entry.numel and (last >= available or entry.numel > available):
        raise UnreadableError("{tensor} reaches beyond its storage", tensor=quoted(name))
    return entry
