"""Reads texts hidden in the lowest bit of the alpha channel, which survive hosts that strip
metadata.

Forge and NovelAI write them: column by column, `stealth_pngcomp` (or `stealth_pnginfo` for plain
text), the number of following bits in 32 bits, and those bits: a gzip file or UTF-8.
"""

from __future__ import annotations

import io
import zlib

import numpy as np

from ldm_studio.images.image_decoding import open_image
from ldm_studio.images.metadata_chunks import MAX_TEXT

_PACKED = b"stealth_pngcomp"
_PLAIN = b"stealth_pnginfo"
_GZIP = 31  # zlib's window bits for a gzip file
MAX_PIXELS = 1 << 24
"""Larger than what the programs that hide texts draw; all of them are decoded to look for one."""


def hidden_text(data: bytes) -> str | None:
    """The hidden text of a PNG with these bytes; None if there is none, or it is damaged."""
    try:
        with open_image(io.BytesIO(data), ("PNG",)) as image:
            if image.mode != "RGBA" or image.width * image.height > MAX_PIXELS:
                return None
            alpha = np.asarray(image)[..., 3]
    except Exception:  # a damaged image, which Pillow answers with any error
        return None
    bits = (alpha.T & 1).ravel()
    start = 8 * len(_PACKED)
    kind = np.packbits(bits[:start]).tobytes()
    if kind not in (_PACKED, _PLAIN) or bits.size < start + 32:
        return None
    length = int.from_bytes(np.packbits(bits[start : start + 32]).tobytes(), "big")
    body = np.packbits(bits[start + 32 : start + 32 + length]).tobytes()
    if length > bits.size - start - 32 or length > 8 * MAX_TEXT:
        return None
    try:
        if kind == _PACKED:
            body = zlib.decompressobj(_GZIP).decompress(body, MAX_TEXT)
        return body.decode("utf-8")
    except (zlib.error, UnicodeDecodeError):
        return None
