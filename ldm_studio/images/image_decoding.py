"""Opens image files with Pillow, whatever texts they carry, and converts their colours to sRGB.

This is the one place through which pixels of files come in.
"""

from __future__ import annotations

import io
import logging
import struct
import zlib
from collections.abc import Iterator
from functools import cache
from typing import Any, BinaryIO

import numpy as np
from PIL import Image, ImageCms

from core.errors import ImageError

from .metadata_chunks import SIGNATURE, TEXT_CHUNKS

log = logging.getLogger(__name__)

MAX_PROFILE = 16 << 20
"""Bytes of a colour profile; those of printers reach a few megabytes."""
_MODES = {"GRAY": ("L", "LA", "1"), "CMYK": ("CMYK",)}
"""The modes of the images that a profile of a colour space fits; those of RGB fit any image."""


def open_image(file: BinaryIO, formats: tuple[str, ...]) -> Image.Image:
    """As `PIL.Image.open`, but texts of a PNG are left out: Pillow refuses an image for its long
    texts, and unpacks all of them. `metadata_chunks` reads them.
    """
    if file.read(len(SIGNATURE)) != SIGNATURE:
        file.seek(0)
        return Image.open(file, formats=formats)
    profile = b""
    kept: list[bytes | memoryview] = [SIGNATURE]
    for kind, chunk in _png_chunks(file.read()):
        if kind == b"iCCP":
            profile = _png_profile(chunk[8:-4])
        elif kind not in TEXT_CHUNKS:
            kept.append(chunk)
    image = Image.open(io.BytesIO(b"".join(kept)), formats=formats)
    if profile:
        image.info["icc_profile"] = profile
    return image


def _png_chunks(data: bytes) -> Iterator[tuple[bytes, memoryview]]:
    """The type of each chunk, and all of its bytes; what is not a chunk has no type."""
    view, at = memoryview(data), 0
    while at < len(data):
        length = struct.unpack_from(">I", data, at)[0] if at + 12 <= len(data) else len(data)
        end = min(at + 12 + length, len(data))
        yield data[at + 4 : at + 8] if end == at + 12 + length else b"", view[at:end]
        at = end


def _png_profile(body: memoryview) -> bytes:
    """The profile in an iCCP chunk; empty if it is damaged or too large."""
    _, _, packed = bytes(body).partition(b"\0")
    try:
        profile = zlib.decompressobj().decompress(packed[1:], MAX_PROFILE + 1)
    except zlib.error:
        return b""
    return profile if len(profile) <= MAX_PROFILE else b""


def with_8_bits(image: Image.Image) -> Image.Image:
    """The image with at most 8 bits a channel. Raises ImageError for floating-point numbers."""
    if image.mode.startswith("I"):  # 16 bits a pixel, which Pillow would cut off instead of scale
        pixels = (np.clip(np.array(image), 0, 65535) / 257).round().astype(np.uint8)
        scaled = Image.fromarray(pixels)
        scaled.info = image.info
        return scaled
    if image.mode == "F":
        raise ImageError("Images of floating-point numbers are not supported.", "Save it as PNG.")
    return image


def to_srgb(image: Image.Image) -> Image.Image:
    """The image with the colours that its embedded profile describes, as RGB or RGBA in sRGB.

    An image without a profile, or with that of sRGB, is returned as it is. It has 8 bits a
    channel (`with_8_bits`). A profile that cannot be used is ignored, as browsers do.
    """
    profile = image.info.get("icc_profile")
    if not profile:
        return image
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        core: Any = source.profile  # Pillow's stub has the type of its argument
        space = core.xcolor_space.strip()
        if space != "RGB" and image.mode not in _MODES.get(space, ()):
            log.warning("the colour profile of an image is ignored: %s for %s", space, image.mode)
            return image
        mode = "L" if space == "GRAY" else space
        # The table that Little CMS puts in place of grey curves is off by 10 levels in the dark.
        exact = ImageCms.Flags.NOOPTIMIZE if mode == "L" else ImageCms.Flags.NONE
        convert = ImageCms.buildTransform(source, _srgb(), mode, "RGB", flags=exact)
        if mode == "RGB" and _changes_nothing(convert):
            return image
        rgba = image.convert("RGBA") if image.has_transparency_data else None
        colours = image if image.mode == mode else (rgba or image).convert(mode)
        converted = ImageCms.applyTransform(colours, convert)
    except (ImageCms.PyCMSError, OSError, ValueError) as error:
        log.warning("the colour profile of an image is ignored: %s", error)
        return image
    if converted is None:  # only if it is done in place
        return image
    if rgba is not None:
        converted.putalpha(rgba.getchannel("A"))
    return converted


@cache
def _srgb() -> ImageCms.ImageCmsProfile:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))


def _changes_nothing(convert: ImageCms.ImageCmsTransform) -> bool:
    """Whether no colour changes by more than rounding does: the profile is a variant of sRGB."""
    levels = np.linspace(0, 255, 9).astype(np.uint8)
    colours = np.stack(np.meshgrid(levels, levels, levels), axis=-1).reshape(27, 27, 3)
    after = ImageCms.applyTransform(Image.fromarray(colours), convert)
    return bool(np.abs(np.asarray(after).astype(int) - colours).max() <= 1)
