"""Simulates a disk that fills up, for everything that Python writes below a folder."""

from __future__ import annotations

import builtins
import errno
import io
import os
from pathlib import Path
from typing import Any

import pytest


class Disk:
    """Accepts `room` more bytes and then fails like a full disk; None: unlimited.

    SQLite bypasses it, as do libraries that open paths themselves.
    """

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch) -> None:
        self.room: int | None = None
        self.read_only = False
        self.written = 0
        self.refused = False
        """Whether a write has failed."""
        self.points: list[int] = []
        """The number of bytes written before each write."""
        self._folder = str(folder.absolute())
        self._open, self._os_open, self._mkdir = io.open, os.open, os.mkdir
        patch.setattr(io, "open", self.open)
        patch.setattr(builtins, "open", self.open)
        patch.setattr(os, "open", self.os_open)
        patch.setattr(os, "mkdir", self.mkdir)

    def is_here(self, path: Any) -> bool:
        return isinstance(path, str | os.PathLike) and str(path).startswith(self._folder)

    def take(self, wanted: int) -> int:
        """How many of the bytes fit. Raises OSError for none."""
        self.points.append(self.written)
        self.check()
        taken = wanted if self.room is None else min(wanted, self.room - self.written)
        self.written += taken
        return taken

    def check(self) -> None:
        if self.read_only:
            raise OSError(errno.EROFS, os.strerror(errno.EROFS))
        if self.room is not None and self.written >= self.room:
            self.refused = True
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def open(self, file: Any, mode: str = "r", buffering: int = -1, *rest: Any, **more: Any) -> Any:
        if not self.is_here(file) or not set(mode) & set("wax+"):
            return self._open(file, mode, buffering, *rest, **more)
        if self.read_only:
            self.check()
        opener = more.pop("opener", None)
        raw = _Counted(self, file, mode.replace("b", "").replace("t", ""), opener)
        if buffering == 0:
            return raw
        binary = io.BufferedRandom(raw) if "+" in mode else io.BufferedWriter(raw)
        return binary if "b" in mode else io.TextIOWrapper(binary, *rest, **more)

    def os_open(self, path: Any, flags: int, *rest: Any, **more: Any) -> int:
        if self.is_here(path) and flags & os.O_CREAT and not os.path.exists(path):
            self.check()
        return self._os_open(path, flags, *rest, **more)

    def mkdir(self, path: Any, *rest: Any, **more: Any) -> None:
        if self.is_here(path) and not os.path.exists(path):
            self.check()
        self._mkdir(path, *rest, **more)


class _Counted(io.FileIO):
    def __init__(self, disk: Disk, file: Any, mode: str, opener: Any) -> None:
        super().__init__(file, mode, opener=opener)
        self._disk = disk

    def write(self, data: Any) -> int:
        view = memoryview(data).cast("B")
        return super().write(view[: self._disk.take(len(view))]) or 0
