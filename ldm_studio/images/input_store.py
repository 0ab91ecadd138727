"""The images that recipes start from, kept by digest so that every recipe can be made again."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
from PIL import Image

from core.atomic_write import replacing
from core.errors import ImageError, InvalidError, quoted
from core.images.image_digest import digest as pixel_digest

from .image_files import Pixels, read_exact


class InputStore:
    """A folder of lossless PNGs, named by the `image_digest` of their pixels."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def keep(self, digest: str, pixels: Pixels) -> Path:
        """Write [H, W, 3] or [H, W] pixels, if they are not there yet. Raises OSError."""
        path = self.path(digest)
        try:
            os.utime(path)  # used now, see cleaning.py
        except FileNotFoundError:
            with replacing(path) as file:
                Image.fromarray(np.ascontiguousarray(pixels)).save(file, "PNG")
        return path

    def find(self, digest: str) -> Pixels | None:
        """What was kept under `digest`; None if nothing was. Raises ImageError if damaged."""
        path = self.path(digest)
        if not path.exists():
            return None
        pixels = read_exact(path)
        if pixel_digest(pixels) != digest:
            raise ImageError("{path} does not match its name, a digest: it is damaged.", path=path)
        return pixels

    def path(self, digest: str) -> Path:
        """Raises ValueError for what is not a digest, and could be a path out of the folder."""
        if len(digest) != 64 or set(digest) - set("0123456789abcdef"):
            raise InvalidError("{digest} is not a SHA-256 digest in hex.", digest=quoted(digest))
        return self._folder / digest[:2] / f"{digest}.png"
