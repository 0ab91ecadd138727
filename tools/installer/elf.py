"""Reads ELF's dynamic section: the libraries that a Linux binary needs.

Only names (`DT_NEEDED`) and symbol versions of 64-bit little-endian files, as in the ELF
specification (System V ABI, chapters 4 and 5) and elf(5).
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass
from pathlib import Path

MAGIC = b"\x7fELF\x02\x01"
PT_LOAD, PT_DYNAMIC = 1, 2
DT_NEEDED, DT_STRTAB, DT_SONAME, DT_STRSZ = 1, 5, 14, 10
_GLIBC = re.compile(rb"\0GLIBC_(\d+)\.(\d+)(?:\.\d+)?(?=\0)")


@dataclass(frozen=True)
class Elf:
    needed: tuple[str, ...]
    """Names of the libraries it is linked with."""
    soname: str
    """The name others link it by; empty for programs."""
    glibc: tuple[int, int]
    """The newest version of the C library that it names; (0, 0) for none."""


def read(path: Path) -> Elf | None:
    """None when it is no such file, or has no dynamic section."""
    with path.open("rb") as file:
        header = file.read(64)
        if not header.startswith(MAGIC):
            return None
        (table,) = struct.unpack_from("<Q", header, 32)
        size, count = struct.unpack_from("<HH", header, 54)
        file.seek(table)
        raw = file.read(size * count)
        segments = [struct.unpack_from("<IIQQQQ", raw, index * size) for index in range(count)]
        dynamic = next((item for item in segments if item[0] == PT_DYNAMIC), None)
        if dynamic is None:
            return None
        file.seek(dynamic[2])
        entries = list(struct.iter_unpack("<qQ", file.read(dynamic[5] // 16 * 16)))
        values = dict(entries)
        strings_at, strings_size = values[DT_STRTAB], values[DT_STRSZ]
        for kind, _, offset, address, _, length in segments:
            if kind == PT_LOAD and address <= strings_at < address + length:
                file.seek(offset + strings_at - address)
                break
        strings = file.read(strings_size)

    def text(at: int) -> str:
        return strings[at : strings.index(b"\0", at)].decode()

    versions = [(int(major), int(minor)) for major, minor in _GLIBC.findall(strings)]
    return Elf(
        needed=tuple(text(value) for tag, value in entries if tag == DT_NEEDED),
        soname=text(values[DT_SONAME]) if DT_SONAME in values else "",
        glibc=max(versions, default=(0, 0)),
    )


def read_all(tree: Path) -> dict[Path, Elf]:
    """Those below `tree`, links left out."""
    files = (path for path in sorted(tree.rglob("*")) if path.is_file() and not path.is_symlink())
    return {path: elf for path in files if (elf := read(path)) is not None}
