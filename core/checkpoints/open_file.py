"""Opens files of tensors without reading the tensors or executing anything.

Only names, types, shapes and offsets are read.
"""

from __future__ import annotations

from pathlib import Path

from ..errors import UnreadableError
from ..untrusted_files import open_file
from .gguf_files import MAGIC, read_gguf
from .legacy_torch_files import FIRST_BYTES, read_legacy_torch_file
from .safetensors_files import MAX_HEADER, read_safetensors
from .tensor_file import TensorFile, unreadable
from .torch_files import read_torch_file

SUFFIXES = (".safetensors", ".sft", ".gguf", ".ckpt", ".pt", ".pth", ".bin")
"""Suffixes of files that may hold tensors."""


def open_tensors(path: Path) -> TensorFile:
    """Opens a .safetensors or .gguf file, or a .ckpt, .pt, .pth or .bin written by torch.

    The format is detected from the contents. Raises ModelError if the file is missing, damaged or
    unsafe.
    """
    try:
        with open_file(path) as file:
            start = file.read(8)
        if start[:4] == b"PK\x03\x04":
            return read_torch_file(path)
        if start == FIRST_BYTES:
            return read_legacy_torch_file(path)
        if start[:4] == MAGIC:
            return read_gguf(path)
        if int.from_bytes(start, "little") > MAX_HEADER:
            _check_download(start)
        return read_safetensors(path, start)
    except (OSError, UnreadableError, MemoryError) as error:
        raise unreadable(path, error) from error


def _check_download(start: bytes) -> None:
    """Raises UnreadableError for what a download often leaves in place of the file."""
    if start == b"version ":  # https://git-lfs.github.com/spec/v1
        raise UnreadableError("it is a Git LFS pointer in place of the file")
    if start.lstrip()[:1] == b"<":
        raise UnreadableError("it is a web page in place of the file, such as one to sign in")
    if start[:1] == b"{":
        raise UnreadableError("it is the answer of a website in place of the file")
    if start[:2] == b"\x1f\x8b":
        raise UnreadableError("it is compressed with gzip: unpack it first")
