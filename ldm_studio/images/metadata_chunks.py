"""Reads the texts in an image file without decoding its pixels.

PNG: tEXt, zTXt and iTXt chunks anywhere in the file, and the eXIf chunk (PNG specification, third
edition). JPEG and WebP: EXIF, XMP and comment. All input is untrusted: every size is limited, and
the only error raised is ImageError.
"""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field

from PIL import Image

from core.errors import ImageError
from core.untrusted_files import parse_json

MAX_TEXT = 4 << 20
"""Characters of one text; workflows of other programs reach a megabyte."""
MAX_TEXTS = 200
MAX_ALL_TEXTS = 4 * MAX_TEXT
"""Of a file; packed, they have a thousandth of that."""

USER_COMMENT = "UserComment"
MAKER_NOTE = "MakerNote"
XMP = "XML:com.adobe.xmp"
SIGNATURE = b"\x89PNG\r\n\x1a\n"
TEXT_CHUNKS = (b"tEXt", b"zTXt", b"iTXt")
_EXIF_IFD = 0x8769
_UNICODE = b"UNICODE\0"
_EXIF_TEXTS = {
    0x010E: "ImageDescription",
    0x010F: "Make",
    0x0110: "Model",
    0x0131: "Software",
    0x9286: USER_COMMENT,
    0x927C: MAKER_NOTE,
}


@dataclass(frozen=True)
class ImageFileMetadata:
    """The metadata of an image file."""

    format: str
    """PNG, JPEG or WEBP."""
    width: int
    height: int
    texts: dict[str, str] = field(default_factory=dict)
    """By the keyword of the chunk, or the name of the EXIF tag."""
    alpha: bool = False
    """Whether it has an alpha channel, in which some programs hide a text."""


def read_metadata(data: bytes) -> ImageFileMetadata:
    """The metadata of a file with these bytes. Raises ImageError if it is damaged."""
    if data.startswith(SIGNATURE):
        return _png(data)
    if data.startswith(b"\xff\xd8"):
        if b"\xff\xd9" not in data[-(1 << 16) :]:  # some cameras write on after the end
            raise ImageError("The file is cut short.")
        return _by_pillow(data, "JPEG")
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        if len(data) < struct.unpack_from("<I", data, 4)[0] + 8:
            raise ImageError("The file is cut short.")
        return _by_pillow(data, "WEBP")
    raise ImageError("The file is not a PNG, JPEG or WebP image." if data else "It is empty.")


# --- PNG ---------------------------------------------------------------------------------------


def _png(data: bytes) -> ImageFileMetadata:
    size, alpha, has_exif = None, False, False
    texts: dict[str, str] = {}
    room = MAX_ALL_TEXTS
    for kind, body in _chunks(data):
        if size is None:
            if kind != b"IHDR" or len(body) != 13:
                raise ImageError("The file has no PNG header.")
            size = struct.unpack_from(">II", body)
            if not all(0 < side < 1 << 31 for side in size):
                raise ImageError("The image has impossible sizes.")
            alpha = body[9] in (4, 6)  # grey or RGB with alpha
        elif kind in TEXT_CHUNKS and len(texts) < MAX_TEXTS and room > 0:
            key = body.partition(b"\0")[0].decode("latin-1")
            found = None if key in texts else _READERS[kind](body)
            if found is not None:
                room -= len(found[1])
                texts.setdefault(*found)
        elif kind == b"eXIf" and not has_exif:  # the specification allows one
            has_exif = True
            texts = _exif(b"Exif\0\0" + body) | texts
    if size is None:
        raise ImageError("The file is cut short.")
    return ImageFileMetadata("PNG", size[0], size[1], texts, alpha)


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Type and body of each chunk up to IEND. Raises ImageError at the first damaged one."""
    at = len(SIGNATURE)
    view = memoryview(data)
    while at + 12 <= len(data):
        (length,) = struct.unpack_from(">I", data, at)
        end = at + 12 + length
        if end > len(data):
            break
        if zlib.crc32(view[at + 4 : end - 4]) != struct.unpack_from(">I", data, end - 4)[0]:
            raise ImageError("The file is damaged: a checksum in it is wrong.")
        kind = data[at + 4 : at + 8]
        if kind == b"IEND":
            return
        yield kind, data[at + 8 : end - 4] if kind != b"IDAT" else b""
        at = end
    raise ImageError("The file is cut short.")


def _plain_text(body: bytes) -> tuple[str, str] | None:
    key, separator, text = body.partition(b"\0")
    return _named(key, _latin_or_utf_8(text)) if separator else None


def _packed_text(body: bytes) -> tuple[str, str] | None:
    key, _, rest = body.partition(b"\0")
    text = _unpacked(rest[1:]) if rest[:1] == b"\0" else None
    return None if text is None else _named(key, _latin_or_utf_8(text))


def _latin_or_utf_8(text: bytes) -> str:
    """The standard says Latin-1, but many programs write UTF-8: text that happens to be valid
    UTF-8 is hardly ever meant as Latin-1.
    """
    try:
        return text.decode("utf-8")
    except UnicodeDecodeError:
        return text.decode("latin-1")


def _international_text(body: bytes) -> tuple[str, str] | None:
    key, _, rest = body.partition(b"\0")
    parts = rest[2:].split(b"\0", 2)  # language, translated keyword, text
    if len(rest) < 2 or len(parts) != 3:
        return None
    text = _unpacked(parts[2]) if rest[0] else parts[2]
    return None if text is None else _named(key, text.decode("utf-8", "replace"))


_READERS = {b"tEXt": _plain_text, b"zTXt": _packed_text, b"iTXt": _international_text}


def _named(key: bytes, text: str) -> tuple[str, str] | None:
    return (key.decode("latin-1"), text) if key and len(text) <= MAX_TEXT else None


def _unpacked(packed: bytes) -> bytes | None:
    """The decompressed text; None if it is damaged or too large."""
    try:
        unpacker = zlib.decompressobj()
        text = unpacker.decompress(packed, MAX_TEXT + 1)
    except zlib.error:
        return None
    return text if len(text) <= MAX_TEXT else None


# --- EXIF --------------------------------------------------------------------------------------


def _by_pillow(data: bytes, kind: str) -> ImageFileMetadata:
    try:
        with Image.open(io.BytesIO(data), formats=(kind,)) as image:
            block = image.info.get("exif", b"")
            texts = _exif(block) | exif_texts(block)
            for key, value in (
                ("comment", image.info.get("comment")),
                (XMP, image.info.get("xmp")),
            ):
                if isinstance(value, bytes) and len(value) <= MAX_TEXT:
                    texts[key] = value.decode("utf-8", "replace")
            return ImageFileMetadata(
                kind, image.width, image.height, texts, image.mode in ("RGBA", "LA")
            )
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise ImageError("The image has too many pixels.") from error
    except Exception as error:  # Pillow raises any error on a damaged file
        raise ImageError("The file is damaged ({error}).", error=error) from error


def exif_texts(block: bytes) -> dict[str, str]:
    """The texts of an EXIF block under the keywords of PNG chunks, as this program wrote it: see
    `image_formats`.
    """
    texts = _exif(block)
    try:
        kept = parse_json(texts.get(MAKER_NOTE, ""))
    except ValueError:
        return {}
    if not isinstance(kept, dict) or not all(isinstance(text, str) for text in kept.values()):
        return {}
    return {"parameters": texts.get(USER_COMMENT, ""), **kept}


def _exif(block: bytes) -> dict[str, str]:
    """The texts of an EXIF block; a damaged block has none."""
    if not block or len(block) > MAX_TEXT * 2:
        return {}
    exif = Image.Exif()
    try:
        exif.load(block)
        values = dict(exif) | dict(exif.get_ifd(_EXIF_IFD))
    except Exception:  # Pillow raises any error on a damaged block
        return {}
    return {
        _EXIF_TEXTS[tag]: _exif_text(value)
        for tag, value in values.items()
        if tag in _EXIF_TEXTS and isinstance(value, str | bytes)
    }


def _exif_text(value: str | bytes) -> str:
    """A comment starts with the name of its encoding (EXIF 2.3, table 9)."""
    if isinstance(value, str):
        return value.rstrip("\0")
    prefix, body = value[:8], value[8:]
    if prefix == _UNICODE:
        return _utf16(body)
    if prefix in (b"ASCII\0\0\0", bytes(8)):
        return body.decode("utf-8", "replace").rstrip("\0")
    return value.decode("utf-8", "replace").rstrip("\0")


def _utf16(body: bytes) -> str:
    """Without a byte order mark: big-endian, as most programs write it, unless it only decodes as
    little-endian.
    """
    if body[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return body.decode("utf-16", "replace")
    little = body[1::2].count(0) > body[::2].count(0)
    return body.decode("utf-16-le" if little else "utf-16-be", "replace").rstrip("\0")
