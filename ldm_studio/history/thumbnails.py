"""Thumbnails, in a database of their own.

A database rather than a folder of small files: a hundred thousand files of ten kilobytes are slow
to list, copy and delete, waste a block each, and open more slowly than a row is read. A separate
database, because it is ten times the size of the index, would be in every backup, and can be
deleted at any time; that happens if it is damaged.
"""

from __future__ import annotations

import io
import logging
import sqlite3
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from PIL import Image, ImageOps

from core.errors import ImageError, MemoryShortage
from core.untrusted_files import open_file
from ldm_studio.images.image_decoding import open_image, to_srgb, with_8_bits

from .database_schema import BUSY_MS, is_damage

log = logging.getLogger(__name__)

FORMATS = ("PNG", "JPEG", "WEBP")

DATABASE = "thumbnails.sqlite3"
SIDE = 256
"""Pixels of the longer side; shown at up to twice their size on a screen of normal density."""
MAX_PIXELS = 1 << 26
_QUALITY = 82
_SCHEMA = "CREATE TABLE IF NOT EXISTS thumbnails (digest TEXT PRIMARY KEY, webp BLOB NOT NULL)"


class Thumbnails:
    """A connection for one thread. Never raises: a thumbnail can always be made again."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / DATABASE
        self._connection = self._opened()

    def close(self) -> None:
        self._connection.close()

    def __enter__(self) -> Thumbnails:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def get(self, digest: str) -> bytes | None:
        """The WebP thumbnail of the file with this digest; None if there is none yet."""
        try:
            row = self._connection.execute(
                "SELECT webp FROM thumbnails WHERE digest = ?", (digest,)
            ).fetchone()
        except sqlite3.Error as error:
            self._failed(error)
            return None
        return None if row is None else row[0]

    def put(self, thumbnails: Iterable[tuple[str, bytes]]) -> None:
        """Stores WebP files by the digests of their images."""
        try:
            with self._connection:
                self._connection.executemany(
                    "INSERT OR REPLACE INTO thumbnails VALUES (?, ?)", thumbnails
                )
        except sqlite3.Error as error:
            self._failed(error)

    def _opened(self) -> sqlite3.Connection:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            try:
                return self._connected(self.path)
            except sqlite3.Error as error:
                if not is_damage(error):  # such as a lock: another program uses it
                    raise
                log.warning("%s: %s; it is begun anew", self.path, error)
            for suffix in ("", "-wal", "-shm"):
                self.path.with_name(DATABASE + suffix).unlink(missing_ok=True)
            return self._connected(self.path)
        except (sqlite3.Error, OSError) as error:
            log.warning("%s: %s; thumbnails are kept in memory", self.path, error)
            return self._connected(":memory:")

    @staticmethod
    def _connected(path: Path | str) -> sqlite3.Connection:
        connection = sqlite3.connect(path, timeout=BUSY_MS / 1000)
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = OFF")  # what a power cut costs is made again
            with connection:
                connection.execute(_SCHEMA)
        except BaseException:
            connection.close()
            raise
        return connection

    def _failed(self, error: sqlite3.Error) -> None:
        log.warning("%s: %s", self.path, error)
        if is_damage(error):  # met again and again, were it kept
            self._connection.close()
            for suffix in ("", "-wal", "-shm"):
                with suppress(OSError):  # a system that deletes no open files: in memory, then
                    self.path.with_name(DATABASE + suffix).unlink(missing_ok=True)
            self._connection = self._opened()


def make_thumbnail(path: Path, side: int = SIDE) -> bytes:
    """A WebP file of `small_image`. Raises ImageError, MemoryShortage."""
    file = io.BytesIO()
    small_image(path, side).save(file, "WEBP", quality=_QUALITY, method=2)
    return file.getvalue()


def small_image(path: Path, side: int) -> Image.Image:
    """RGB or RGBA in sRGB, upright, its longer side at most `side` pixels.

    Raises ImageError, MemoryShortage.
    """
    try:
        with open_file(path) as file, open_image(file, FORMATS) as image:
            if image.width * image.height > MAX_PIXELS:
                raise ImageError("{path} has too many pixels for a thumbnail.", path=path)
            image.draft("RGB", (2 * side, 2 * side))  # a JPEG is decoded at a fraction of its size
            small = with_8_bits(ImageOps.exif_transpose(image))
            transparent = small.has_transparency_data
            if small.mode not in ("L", "CMYK") or transparent:
                small = small.convert("RGBA" if transparent else "RGB")
            small.thumbnail((side, side), Image.Resampling.LANCZOS, reducing_gap=2.0)
            return to_srgb(small).convert("RGBA" if transparent else "RGB")
    except ImageError:
        raise
    except MemoryError as error:
        raise MemoryShortage("There is not enough memory to open {path}.", path=path) from error
    except Exception as error:  # decoders fail in any way on a damaged file
        raise ImageError("{path} cannot be read: {error}.", path=path, error=error) from error
