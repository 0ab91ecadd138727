"""Writes Debian packages without dpkg: deb(5), deb-control(5).

A package is an `ar` archive of three members: `debian-binary`, `control.tar.xz`, `data.tar.xz`.
"""

from __future__ import annotations

import hashlib
import os
import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from .archive import Entry, write_tar_xz

AR_MAGIC = b"!<arch>\n"
_MEMBER = "{name:<16}{date:<12}{uid:<6}{gid:<6}{mode:<8}{size:<10}`\n"
_LARGEST = 10**10 - 1  # ten digits


@dataclass(frozen=True)
class Control:
    """What the package says of itself."""

    package: str
    version: str
    architecture: str
    maintainer: str
    summary: str
    """One line, without a full stop."""
    description: str
    """Paragraphs, apart by empty lines."""
    depends: Sequence[str] = ()
    recommends: Sequence[str] = ()
    conflicts: Sequence[str] = ()
    section: str = "graphics"

    def text(self, installed_bytes: int) -> str:
        """The file `control`."""
        fields = {
            "Package": self.package,
            "Version": self.version,
            "Architecture": self.architecture,
            "Maintainer": self.maintainer,
            "Installed-Size": str(-(-installed_bytes // 1024)),
            "Depends": ", ".join(self.depends),
            "Recommends": ", ".join(self.recommends),
            "Conflicts": ", ".join(self.conflicts),
            "Section": self.section,
            "Priority": "optional",
            "Description": self.summary,
        }
        lines = [f"{name}: {value}" for name, value in fields.items() if value]
        for number, paragraph in enumerate(self.description.strip().split("\n\n")):
            lines += [" ."] if number else []
            lines += textwrap.wrap(
                " ".join(paragraph.split()), 78, initial_indent=" ", subsequent_indent=" "
            )
        return "\n".join(lines) + "\n"


def write(
    target: Path, control: Control, entries: Iterable[Entry], epoch: int, preset: int
) -> None:
    """Write the package `target`. Names in `entries` are without a leading slash; folders above
    them are added; `epoch` dates every file, `preset` is xz's, 0 (quick) to 9 (small).
    """
    entries = list(entries)
    size = sum(entry.size for entry in entries)
    sums = "".join(f"{_md5(e)}  {e.name}\n" for e in entries if not e.is_link)
    meta = [
        Entry("control", content=control.text(size).encode()),
        Entry("md5sums", content=sums.encode()),
    ]
    parts = [target.with_suffix(".control"), target.with_suffix(".data")]
    try:
        write_tar_xz(parts[0], meta, epoch, preset, prefix="./")
        write_tar_xz(parts[1], entries, epoch, preset, prefix="./")
        with target.open("wb") as file:
            file.write(AR_MAGIC)
            file.write(_header("debian-binary", 4, epoch) + b"2.0\n")
            for name, part in zip(("control.tar.xz", "data.tar.xz"), parts, strict=True):
                length = part.stat().st_size
                file.write(_header(name, length, epoch))
                with part.open("rb") as content:
                    while block := content.read(1 << 20):
                        file.write(block)
                file.write(b"\n" * (length % 2))  # members begin at even places
    finally:
        for part in parts:
            part.unlink(missing_ok=True)


def _header(name: str, size: int, epoch: int) -> bytes:
    if size > _LARGEST:
        raise ValueError(f"{name} has {size} bytes, more than a Debian package can hold")
    text = _MEMBER.format(name=name, date=epoch, uid=0, gid=0, mode="100644", size=size)
    return text.encode("ascii")


def _md5(entry: Entry) -> str:
    """Of the file; dpkg's own check of what is installed (`dpkg --verify`) knows no other sum."""
    digest = hashlib.md5(usedforsecurity=False)
    if entry.content is not None:
        digest.update(entry.content)
    else:
        assert entry.source is not None
        with Path(os.fspath(entry.source)).open("rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
    return digest.hexdigest()
