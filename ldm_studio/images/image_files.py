"""Image files: PNG with the whole recipe inside, saved atomically; safe reading of any image.

A saved PNG has three text chunks: `parameters`, which other programs read (see `infotext`),
`ldm_studio`, the exact Request as JSON, which this program reads back, and `ldm_studio_run`, the
Record of the run, which a replay is compared with.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from core.atomic_write import replacing
from core.errors import ImageError, MemoryShortage, RequestError, StudioError
from core.request.request import Request
from core.untrusted_files import open_file
from ldm_studio.paths import next_image

from .image_decoding import open_image, to_srgb, with_8_bits
from .infotext import infotext
from .metadata_chunks import read_metadata
from .run_record import Record

Pixels = NDArray[np.uint8]

PARAMETERS = "parameters"
REQUEST = "ldm_studio"
RECORD = "ldm_studio_run"
MAX_PIXELS = 1 << 26  # 8192 x 8192
MAX_TEXT = 1 << 20

# Only raster formats that need no outside program (Pillow hands EPS to Ghostscript).
_FORMATS = ("PNG", "JPEG", "WEBP", "AVIF", "BMP", "GIF", "TIFF")


# --- writing -----------------------------------------------------------------------------------


def save_png(
    path: Path,
    pixels: Pixels,
    request: Request | None,
    model_name: str,
    digest: str,
    record: Record | None = None,
) -> None:
    """Writes [H, W, 3] pixels, or [H, W, 4] with straight alpha, and their recipe.

    `request` is the one of this single image, or None to leave it out; `model_name` and `digest`
    (SHA-256 hex) name the model. The file is written atomically. Raises ImageError.
    """
    from PIL.PngImagePlugin import PngInfo

    info = PngInfo()
    if request is not None:
        # A tEXt chunk where Latin-1 is enough, iTXt elsewhere; neither may hold NUL.
        info.add_text(PARAMETERS, infotext(request, model_name, digest).replace("\0", ""))
        info.add_text(REQUEST, request.to_json())
    if record is not None:
        info.add_text(RECORD, record.to_json())
    image = Image.fromarray(np.ascontiguousarray(pixels))
    try:
        with replacing(path) as file:
            image.save(file, "PNG", pnginfo=info)
    except OSError as error:
        raise ImageError(
            "{path} cannot be saved: {error}.",
            "Choose another folder or disk.",
            path=path,
            error=error,
        ) from error


def save_next(
    folder: Path,
    pixels: Pixels,
    request: Request,
    model_name: str,
    digest: str,
    record: Record | None = None,
) -> Path:
    """Saves under the next free number in `folder` and returns the path. Raises ImageError."""
    with next_image(folder, request.seed) as path:
        save_png(path, pixels, request, model_name, digest, record)
    return path


# --- reading -----------------------------------------------------------------------------------


def load_image(path: Path) -> Pixels:
    """The image as a viewer shows it: upright, in sRGB, on white, uint8 [H, W, 3].

    Raises ImageError if it is not an image, is damaged, or has more than MAX_PIXELS.
    """
    with _opened(path) as image:
        upright = to_srgb(with_8_bits(ImageOps.exif_transpose(image)))
        return np.array(_on(upright, "white").convert("RGB"))


def read_exact(path: Path) -> Pixels:
    """The exact pixels of a file, uint8 [H, W, 3] or [H, W]. Raises ImageError for others."""
    with _opened(path) as image:
        if image.mode not in ("RGB", "L"):
            raise ImageError("{path} is {mode}, neither RGB nor grey.", path=path, mode=image.mode)
        return np.array(image)


def read_pixels(path: Path) -> Pixels:
    """As `load_image`, but [H, W, 4] with straight alpha if the image was saved with it."""
    with _opened(path) as image:
        if image.mode == "RGBA":
            return np.array(to_srgb(image))
    return load_image(path)


def load_mask(path: Path) -> Pixels:
    """A mask, uint8 [H, W]: white is inpainted, black kept, grey blended.

    Transparent parts count as black, so white strokes on a transparent layer are a mask too. A
    colour profile is ignored: the values are shares, not colours. Raises ImageError as `load_image`
    does.
    """
    with _opened(path) as image:
        upright = ImageOps.exif_transpose(image)
        return np.array(_on(with_8_bits(upright), "black").convert("L"))


def read_request(path: Path) -> Request | None:
    """The exact request in an image of this program; None if there is none.

    Raises ImageError if it, or the file, is damaged or from a newer version.
    """
    text = _text(path, REQUEST)
    if text is None:
        return None
    try:
        return Request.from_json(text)
    except RequestError as error:
        raise ImageError(
            "The recipe in {path} cannot be used. {error}", path=path, error=error
        ) from error


def read_record(path: Path) -> Record | None:
    """The record of the run in an image of this program; None if there is none.

    Raises ImageError if it, or the file, is damaged.
    """
    text = _text(path, RECORD)
    if text is None:
        return None
    try:
        return Record.from_json(text)
    except ValueError as error:
        raise ImageError(
            "The record in {path} cannot be used: {error}.", path=path, error=error
        ) from error


def frames(path: Path) -> int:
    """The number of frames in a file, of which the first is read. Raises ImageError."""
    with _opened(path) as image:
        return getattr(image, "n_frames", 1)


def _text(path: Path, key: str) -> str | None:
    with _opened(path) as image, open_file(path) as file:
        if image.format not in ("PNG", "JPEG", "WEBP"):
            return None
        try:
            text = read_metadata(file.read()).texts.get(key)
        except ImageError as error:
            raise ImageError("{path} cannot be read. {error}", path=path, error=error) from error
    if text is not None and len(text) > MAX_TEXT:
        raise ImageError("The {key} text in {path} cannot be used.", key=key, path=path)
    return text


@contextmanager
def _opened(path: Path) -> Iterator[Image.Image]:
    """An open image of acceptable size; any failure becomes a ImageError."""
    try:
        with open_file(path) as file, open_image(file, _FORMATS) as image:
            if image.width * image.height > MAX_PIXELS:
                raise _too_large(path)
            yield image
    except StudioError:
        raise
    except MemoryError as error:
        raise MemoryShortage("There is not enough memory to open {path}.", path=path) from error
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise _too_large(path) from error
    except Image.UnidentifiedImageError as error:
        raise ImageError(
            "{path} is not an image, or is damaged.",
            "Supported image formats: {formats}.",
            path=path,
            formats=", ".join(_FORMATS),
        ) from error
    except OSError as error:
        reason = error.strerror or "it is damaged or cut short"
        raise ImageError("{path} cannot be read: {error}.", path=path, error=reason) from error
    except Exception as error:  # decoders fail in any way on a damaged file
        raise ImageError(
            "{path} cannot be read: it is damaged ({error}).", path=path, error=error
        ) from error


def _too_large(path: Path) -> ImageError:
    return ImageError(
        "{path} has more than {most} million pixels.",
        "Scale it down first.",
        path=path,
        most=round(MAX_PIXELS / 1e6),
    )


def _on(image: Image.Image, background: str) -> Image.Image:
    """The image without transparency."""
    if not image.has_transparency_data:
        return image
    rgba = image.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", rgba.size, background), rgba).convert("RGB")
