"""Loads thumbnails for the grid: visible ones first; those out of sight are skipped."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QObject, QSize, Qt, Signal
from PySide6.QtGui import QImage, QImageReader

from core.errors import StudioError
from ldm_studio.history.thumbnails import SIDE, Thumbnails, make_thumbnail
from ldm_studio.threads.main_thread import MainThreadInvoker
from ldm_studio.threads.worker import Worker

CACHE_BYTES = 96 << 20
_THREADS = 2


@dataclass(frozen=True)
class ThumbnailRequest:
    """An image file by digest and path."""

    digest: str
    path: Path
    side: int
    """Of the longer side, in device pixels."""
    sharp: bool = False
    """Whether to read the file itself if the thumbnail is too small."""

    @property
    def key(self) -> tuple[str, int]:
        return self.digest, self.side


class ThumbnailLoader(QObject):
    """Images are scaled to their display size, so drawing only copies."""

    ready = Signal()
    """Some were loaded, or found unreadable."""

    def __init__(
        self, folder: Path, invoker: MainThreadInvoker, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._folder, self._invoker = folder, invoker
        self._cache: OrderedDict[tuple[str, int], QImage] = OrderedDict()
        self._sides: dict[str, int] = {}
        self._bytes = 0
        self._bad: set[str] = set()
        self._waiting: dict[str, list[ThumbnailRequest]] = {}
        self._running: set[tuple[str, int]] = set()
        self._done: list[tuple[str, int, QImage | None]] = []
        self._armed = False
        self._lock = threading.Lock()
        self._workers = [
            Worker(f"ldm-thumbnails-{number}", low_priority=True) for number in range(_THREADS)
        ]
        self._opened: dict[Worker, Thumbnails] = {}
        """Each is opened, used and closed on the thread of its worker."""

    def image(self, digest: str, side: int) -> QImage | None:
        """In this size, or in the last requested one; None if there is none yet."""
        found = self._cache.get((digest, side))
        if found is None and digest in self._sides:
            found = self._cache.get((digest, self._sides[digest]))
        elif found is not None:
            self._cache.move_to_end((digest, side))
        return found

    def is_bad(self, digest: str) -> bool:
        """The file cannot be read."""
        return digest in self._bad

    def request(self, who: str, images: Sequence[ThumbnailRequest]) -> None:
        """`who` needs these, most important first; replaces its pending requests."""
        with self._lock:
            self._waiting[who] = [
                wanted
                for wanted in reversed(images)
                if wanted.key not in self._cache
                and wanted.digest not in self._bad
                and wanted.key not in self._running
            ]
        for worker in self._workers:
            worker.do(partial(self._load_waiting, worker))

    def forget_bad(self) -> None:
        """Retries unreadable files."""
        self._bad.clear()

    def close(self) -> None:
        """Returns when its threads have ended."""
        with self._lock:
            self._waiting.clear()
        for worker in self._workers:
            worker.close(partial(self._close_thumbnails, worker))

    def _collect(self) -> None:
        with self._lock:
            done, self._done, self._armed = self._done, [], False
        for digest, side, image in done:
            if image is None:
                self._bad.add(digest)
                continue
            key = (digest, side)
            if (old := self._cache.pop(key, None)) is not None:
                self._bytes -= old.sizeInBytes()
            self._cache[key] = image
            self._sides[digest] = side
            self._bytes += image.sizeInBytes()
        while self._bytes > CACHE_BYTES and len(self._cache) > 1:
            (digest, side), image = self._cache.popitem(last=False)
            self._bytes -= image.sizeInBytes()
            if self._sides.get(digest) == side:
                del self._sides[digest]
        self.ready.emit()

    # On its threads

    def _load_waiting(self, worker: Worker) -> None:
        """Loads until nothing is wanted any more."""
        if worker not in self._opened:
            self._opened[worker] = Thumbnails(self._folder)
        while (wanted := self._next()) is not None:
            image = _load(self._opened[worker], wanted)
            with self._lock:
                self._running.discard(wanted.key)
                self._done.append((*wanted.key, image))
                first, self._armed = not self._armed, True
            if first:
                self._invoker.post(self._collect)

    def _next(self) -> ThumbnailRequest | None:
        with self._lock:
            waiting = min(filter(None, self._waiting.values()), key=len, default=None)
            if waiting is None:
                return None
            wanted = waiting.pop()
            self._running.add(wanted.key)
            return wanted

    def _close_thumbnails(self, worker: Worker) -> None:
        if worker in self._opened:
            self._opened.pop(worker).close()


def _load(thumbnails: Thumbnails, wanted: ThumbnailRequest) -> QImage | None:
    webp = _sharp(wanted) if wanted.sharp and wanted.side > SIDE else None
    if webp is None:
        webp = thumbnails.get(wanted.digest)
    if webp is None:
        try:
            webp = make_thumbnail(wanted.path)
        except StudioError:
            return None
        thumbnails.put([(wanted.digest, webp)])
    return decoded(webp, wanted.side)


def _sharp(wanted: ThumbnailRequest) -> bytes | None:
    try:
        return make_thumbnail(wanted.path, wanted.side)
    except StudioError:  # its small copy may still be there
        return None


def decoded(webp: bytes, side: int) -> QImage | None:
    """The image with the longer side `side`, in a format that draws quickly; None if damaged.

    QImageReader releases the interpreter lock while it decodes and scales; `QImage.fromData` and
    `QImage.scaled` do not.
    """
    buffer = QBuffer()
    buffer.setData(QByteArray(webp))
    buffer.open(QIODevice.OpenModeFlag.ReadOnly)
    reader = QImageReader(buffer, QByteArray(b"webp"))
    size = reader.size().scaled(QSize(side, side), Qt.AspectRatioMode.KeepAspectRatio)
    reader.setScaledSize(size.expandedTo(QSize(1, 1)))
    image = reader.read()
    if image.isNull():
        return None
    alpha = image.hasAlphaChannel()
    kind = QImage.Format.Format_ARGB32_Premultiplied if alpha else QImage.Format.Format_RGB32
    return image.convertToFormat(kind)
