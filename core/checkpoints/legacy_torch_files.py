"""Reads files of `torch.save` before PyTorch 1.6: five pickles, then the elements of the tensors.
No pickle is run: see `pickle_reader`.

Source: `torch.serialization`, `_legacy_save` and `_legacy_load`.
"""

from __future__ import annotations

import io
import os
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO, cast

from ..errors import UnreadableError, quoted
from ..untrusted_files import open_file
from .pickle_reader import PickleContents, StoredElements, describe
from .tensor_file import MAX_TENSORS, TensorFile
from .torch_files import MAX_PICKLE, tensor_file_of

MAGIC_NUMBER = 0x1950A86A20F9469CFC6C
"""The content of the first pickle."""
FIRST_BYTES = b"\x80\x02\x8a\x0a" + MAGIC_NUMBER.to_bytes(10, "little")[:4]
"""The first 8 bytes of a file."""
COUNT_BYTES = 8
"""Bytes of the element count before the elements of each tensor."""


def read_legacy_torch_file(path: Path) -> TensorFile:
    """Raises UnreadableError, OSError."""
    with open_file(path) as file:
        whole = os.fstat(file.fileno()).st_size
        pickles = io.BytesIO(file.read(MAX_PICKLE))
        number, _, system, model, keys = (describe(pickles) for _ in range(5))
        if number.value != MAGIC_NUMBER:
            raise UnreadableError("it is a bare pickle, but not one that PyTorch wrote")
        system_info = (
            cast("dict[object, object]", system.value) if isinstance(system.value, dict) else {}
        )
        if system_info.get("little_endian") is not True:
            raise UnreadableError("its numbers are big-endian")
        starts = _element_offsets(file, pickles.tell(), _in_file_order(keys, model.elements), whole)
    return tensor_file_of(path, model.value, starts.__getitem__)


def _in_file_order(
    keys: PickleContents, elements: Iterable[StoredElements]
) -> list[StoredElements]:
    """The elements in the order of the file."""
    known: dict[str, StoredElements] = {}
    for stored in elements:
        if known.setdefault(stored.key, stored) != stored:
            raise UnreadableError(
                "the storage {storage} is described twice", storage=quoted(stored.key, 40)
            )
    names = cast("list[object]", keys.value) if isinstance(keys.value, list) else []
    found = [known[name] for name in names if isinstance(name, str) and name in known]
    if len(found) != len(names) or len(known) != len(names) or len(names) > MAX_TENSORS:
        raise UnreadableError("its storages are not those that it describes")
    return found


def _element_offsets(
    file: BinaryIO, at: int, elements: Iterable[StoredElements], whole: int
) -> dict[StoredElements, int]:
    starts: dict[StoredElements, int] = {}
    for stored in elements:
        file.seek(at)
        if int.from_bytes(file.read(COUNT_BYTES), "little") != stored.numel:
            raise UnreadableError(
                "the storage {storage} does not have the stated size",
                storage=quoted(stored.key, 40),
            )
        starts[stored] = at + COUNT_BYTES
        at = starts[stored] + stored.numel * stored.dtype.itemsize
        if at > whole:
            raise UnreadableError("it ends within its tensors, so it is incomplete")
    return starts
