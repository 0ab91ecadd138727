"""Saves images as PNG, JPEG or WebP, with the recipe where readers of each format look.

PNG has text chunks (see `image_files`). JPEG and WebP have EXIF: the `parameters` text is the
UserComment, as AUTOMATIC1111 writes it, and the exact request and record are the MakerNote, one
JSON object with the keywords of the PNG chunks as keys.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from PIL import Image

from core.atomic_write import replacing
from core.errors import ImageError
from core.request.request import Request

from .image_files import RECORD, REQUEST, Pixels, save_png
from .infotext import infotext
from .run_record import Record

SUFFIXES = (".png", ".jpg", ".jpeg", ".webp")

QUALITY = 95
"""Of JPEG, without chroma subsampling."""

_EXIF_IFD, _USER_COMMENT, _MAKER_NOTE, _SOFTWARE = 0x8769, 0x9286, 0x927C, 0x0131
_MAX_EXIF = 65_000
"""Bytes; the limit of a JPEG segment."""


def save(
    path: Path,
    pixels: Pixels,
    request: Request | None,
    model_name: str,
    digest: str,
    record: Record | None = None,
) -> None:
    """As `image_files.save_png`, in the format of the file's suffix; PNG for any other.

    WebP is lossless. Raises ImageError, also for transparent pixels in JPEG and for a recipe that
    is too long for JPEG.
    """
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES[1:]:
        save_png(path, pixels, request, model_name, digest, record)
        return
    exif = b""
    if request is not None:
        exif = _exif(infotext(request, model_name, digest), request, record)
    image = Image.fromarray(np.ascontiguousarray(pixels))
    try:
        if suffix == ".webp":
            with replacing(path) as file:
                image.save(file, "WEBP", lossless=True, exact=True, exif=exif)
            return
        if image.mode == "RGBA":
            raise ImageError("JPEG has no transparency.", "Save as PNG or WebP.")
        if len(exif) > _MAX_EXIF:
            raise ImageError("The recipe is too long for a JPEG.", "Save as PNG or WebP.")
        with replacing(path) as file:
            image.save(file, "JPEG", quality=QUALITY, subsampling=0, exif=exif)
    except OSError as error:
        raise ImageError(
            "{path} cannot be saved: {error}.",
            "Choose another folder or disk.",
            path=path,
            error=error,
        ) from error


def _exif(parameters: str, request: Request, record: Record | None) -> bytes:
    kept = {REQUEST: request.to_json()}
    if record is not None:
        kept[RECORD] = record.to_json()
    exif = Image.Exif()
    exif[_SOFTWARE] = "LDM Studio"
    inner = exif.get_ifd(_EXIF_IFD)
    inner[_USER_COMMENT] = b"UNICODE\0" + parameters.replace("\0", "").encode("utf-16-be")
    inner[_MAKER_NOTE] = json.dumps(kept).encode("ascii")
    return exif.tobytes()
