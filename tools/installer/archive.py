"""Reproducible archives: sorted, with fixed dates, owned by root."""

from __future__ import annotations

import io
import lzma
import os
import platform
import stat
import tarfile
import time
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath


@dataclass(frozen=True)
class Entry:
    """A file in an archive: from `source`, or of `content`, or a link to `link`."""

    name: str
    """Its path, with slashes, none in front."""
    source: Path | None = None
    content: bytes | None = None
    link: str = ""
    executable: bool = False

    @property
    def is_link(self) -> bool:
        return bool(self.link)

    @property
    def size(self) -> int:
        """Bytes, 0 for a link."""
        if self.content is not None:
            return len(self.content)
        return self.source.stat().st_size if self.source else 0


def entries_of(folder: Path, into: str) -> list[Entry]:
    """Every file below `folder`, links as links, as it shall lie below `into`."""
    found: list[Entry] = []
    for path in sorted(folder.rglob("*")):
        name = f"{into}/{path.relative_to(folder).as_posix()}"
        if path.is_symlink():
            found.append(Entry(name, link=os.readlink(path)))
        elif path.is_file():
            found.append(Entry(name, path, executable=bool(path.stat().st_mode & stat.S_IXUSR)))
    return found


def write_tar_xz(
    target: Path, entries: Iterable[Entry], epoch: int, preset: int, prefix: str = ""
) -> None:
    """`prefix` goes before every name; Debian wants "./"."""
    filters: list[dict[str, int]] = [{"id": lzma.FILTER_LZMA2, "preset": preset}]
    if platform.machine() in ("x86_64", "AMD64"):
        filters.insert(0, {"id": lzma.FILTER_X86})  # machine code gets a tenth smaller
    with (
        lzma.open(target, "wb", filters=filters) as compressed,
        tarfile.open(fileobj=compressed, mode="w", format=tarfile.GNU_FORMAT) as tar,
    ):
        if prefix:
            tar.addfile(_folder(prefix.rstrip("/"), epoch))
        seen: set[str] = set()
        for entry in sorted(entries, key=lambda entry: entry.name):
            for parent in reversed(PurePosixPath(entry.name).parents):
                if parent.name and str(parent) not in seen:
                    seen.add(str(parent))
                    tar.addfile(_folder(f"{prefix}{parent}", epoch))
            _add(tar, entry, prefix, epoch)


def _folder(name: str, epoch: int) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.mode, info.mtime = tarfile.DIRTYPE, 0o755, epoch
    info.uname = info.gname = "root"
    return info


def _add(tar: tarfile.TarFile, entry: Entry, prefix: str, epoch: int) -> None:
    info = tarfile.TarInfo(f"{prefix}{entry.name}")
    info.mtime, info.uname, info.gname = epoch, "root", "root"
    info.mode = 0o755 if entry.executable else 0o644
    if entry.is_link:
        info.type, info.linkname, info.mode = tarfile.SYMTYPE, entry.link, 0o777
        tar.addfile(info)
        return
    info.size = entry.size
    if entry.content is not None:
        tar.addfile(info, io.BytesIO(entry.content))
    elif entry.source is not None:
        with entry.source.open("rb") as file:
            tar.addfile(info, file)


def write_zip(target: Path, entries: Iterable[Entry], epoch: int) -> None:
    """For Windows, which has no links. Raises ValueError for one."""
    # 1980 is the first year that a zip can tell, and every second second.
    moment = time.gmtime(max(epoch, 315_532_800))
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for entry in sorted(entries, key=lambda entry: entry.name):
            if entry.is_link:
                raise ValueError(f"{entry.name} is a link, which a zip for Windows cannot hold")
            info = zipfile.ZipInfo(entry.name, moment[:6])
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = (0o755 if entry.executable else 0o644) << 16
            info.file_size = entry.size  # so that more than 2 GiB are stored as such
            with archive.open(info, "w") as out:
                if entry.content is not None:
                    out.write(entry.content)
                elif entry.source is not None:
                    with entry.source.open("rb") as file:
                        while block := file.read(1 << 20):
                            out.write(block)
