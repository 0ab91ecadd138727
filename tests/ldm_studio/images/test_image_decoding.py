"""Pixels come in whatever texts a file carries, and in sRGB."""

from __future__ import annotations

import io
import json
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms
from PIL.PngImagePlugin import PngInfo
from PySide6.QtGui import QImage

from ldm_studio.canvas.document.qimage import from_qimage
from ldm_studio.history.image_reader import scan
from ldm_studio.history.thumbnails import small_image
from ldm_studio.images.image_files import load_image, load_mask, read_pixels
from ldm_studio.images.metadata_chunks import read_metadata

RED = Image.new("RGB", (8, 8), (255, 0, 0))


def profile(colour_space: bytes = b"RGB ", swap: bool = False) -> bytes:
    """A profile with linear light; with `swap`, red and blue are exchanged."""
    colours = {b"rXYZ": (0.4361, 0.2225, 0.0139), b"gXYZ": (0.3851, 0.7169, 0.0971),
               b"bXYZ": (0.1431, 0.0606, 0.7141)}  # fmt: skip
    if swap:
        colours[b"rXYZ"], colours[b"bXYZ"] = colours[b"bXYZ"], colours[b"rXYZ"]
    linear = b"curv" + bytes(8)
    tags = {b"wtpt": _xyz(0.9642, 1, 0.8249)}
    if colour_space == b"GRAY":
        tags[b"kTRC"] = linear
    else:
        tags |= {name: _xyz(*value) for name, value in colours.items()}
        tags |= dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), linear)
    table, data = b"", b""
    begin = 132 + 12 * len(tags)
    for name, value in tags.items():
        table += name + struct.pack(">II", begin + len(data), len(value))
        data += value
    head = bytearray(128)
    struct.pack_into(">I", head, 0, begin + len(data))
    struct.pack_into(">I4s4s4s", head, 8, 0x02400000, b"mntr", colour_space, b"XYZ ")
    head[36:40] = b"acsp"
    struct.pack_into(">3i", head, 68, *_fixed(0.9642, 1, 0.8249))
    return bytes(head) + struct.pack(">I", len(tags)) + table + data


def _xyz(*values: float) -> bytes:
    return b"XYZ \0\0\0\0" + struct.pack(">3i", *_fixed(*values))


def _fixed(*values: float) -> list[int]:
    return [round(value * 65536) for value in values]


def as_srgb(linear: np.ndarray) -> np.ndarray:
    """IEC 61966-2-1, of levels from 0 to 255."""
    share = linear / 255
    return 255 * np.where(share <= 0.0031308, 12.92 * share, 1.055 * share ** (1 / 2.4) - 0.055)


# --- texts ---------------------------------------------------------------------------------------


def png_chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


LONG = json.dumps({"nodes": ["x" * 3_000_000]})
TEXTS = {
    "packed": png_chunk(b"zTXt", b"workflow\0\0" + zlib.compress(LONG.encode())),
    "international": png_chunk(b"iTXt", b"workflow\0\1\0\0\0" + zlib.compress(LONG.encode())),
    "plain": png_chunk(b"tEXt", b"workflow\0" + LONG.encode()),
    "bomb": png_chunk(b"zTXt", b"workflow\0\0" + zlib.compress(bytes(64 << 20))),
    "many": png_chunk(b"zTXt", b"note\0\0" + zlib.compress(b"x" * 1_000_000)) * 80,
    "not compressed": png_chunk(b"zTXt", b"workflow\0\0abc"),
}


@pytest.mark.parametrize("name", TEXTS)
@pytest.mark.parametrize("behind", [False, True], ids=["before the pixels", "behind the pixels"])
def test_no_text_of_a_png_blocks_its_pixels(tmp_path: Path, name: str, behind: bool) -> None:
    file = io.BytesIO()
    info = PngInfo()
    info.add_text("parameters", "a cat\nSteps: 20, Sampler: Euler, CFG scale: 7, Seed: 5")
    RED.save(file, "PNG", pnginfo=info)
    data = file.getvalue()
    at = len(data) - 12 if behind else 33
    path = tmp_path / "a.png"
    path.write_bytes(data[:at] + TEXTS[name] + data[at:])
    for read in (load_image, read_pixels):
        assert np.array_equal(read(path), np.array(RED))
    assert small_image(path, 8).getpixel((0, 0)) == (255, 0, 0)
    found = scan(path)
    assert not found.problem
    assert found.recipe is not None
    assert found.recipe.info.prompt == "a cat"
    if name in ("packed", "international", "plain"):
        assert read_metadata(path.read_bytes()).texts["workflow"] == LONG


def test_utf_8_in_plain_text_chunks_is_read(tmp_path: Path) -> None:
    file = io.BytesIO()
    RED.save(file, "PNG")
    data = file.getvalue()
    for kind, body, text in [
        (b"tEXt", "süßer Kater, 猫".encode(), "süßer Kater, 猫"),
        (b"tEXt", "süßer Kater".encode("latin-1"), "süßer Kater"),
        (b"zTXt", b"\0" + zlib.compress("ein süßer Kater".encode()), "ein süßer Kater"),
    ]:
        chunk = png_chunk(kind, b"parameters\0" + body)
        assert read_metadata(data[:33] + chunk + data[33:]).texts == {"parameters": text}


# --- colours -------------------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", ["png", "jpg", "webp", "tiff", "avif"])
def test_embedded_profiles_are_converted_to_srgb(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a.{suffix}"
    RED.save(path, icc_profile=profile(swap=True), quality=100)
    tolerance = 15  # lossy formats lose a level or two, which linear light makes more of
    for pixels in (load_image(path), read_pixels(path)):
        assert np.abs(pixels.astype(int) - (0, 0, 255)).max() <= tolerance
    if suffix not in ("tiff", "avif"):
        assert np.abs(np.array(small_image(path, 4)).astype(int) - (0, 0, 255)).max() <= tolerance


def test_a_converted_colour_follows_the_standard(tmp_path: Path) -> None:
    levels = np.arange(256, dtype=np.uint8).reshape(16, 16)
    for mode, pixels in (("RGB", np.dstack([levels] * 3)), ("GRAY", levels)):
        given = profile(f"{mode:4}".encode())
        Image.fromarray(pixels).save(tmp_path / "a.png", icc_profile=given)
        expected = np.dstack([as_srgb(levels)] * 3)
        assert np.abs(load_image(tmp_path / "a.png") - expected).max() < 1.5
    deep = Image.fromarray(levels.astype(np.uint16) * 257)
    deep.save(tmp_path / "deep.png", icc_profile=profile(b"GRAY"))
    assert np.abs(load_image(tmp_path / "deep.png") - expected).max() < 1.5


def test_transparency_survives_the_conversion(tmp_path: Path) -> None:
    pixels = np.zeros((4, 4, 4), np.uint8)
    pixels[..., 0], pixels[..., 3] = 255, [[0], [85], [170], [255]]
    given = profile(swap=True)
    Image.fromarray(pixels).save(tmp_path / "a.png", icc_profile=given)
    Image.fromarray(pixels).quantize().save(tmp_path / "b.png", icc_profile=given)
    found = read_pixels(tmp_path / "a.png")
    assert np.array_equal(found[..., 3], pixels[..., 3])
    assert np.array_equal(found[3, 0], (0, 0, 255, 255))
    on_white = load_image(tmp_path / "a.png")
    assert np.abs(load_image(tmp_path / "b.png").astype(int) - on_white).max() <= 3
    assert np.array_equal(on_white[:, 0], [[255] * 3, [170, 170, 255], [85, 85, 255], [0, 0, 255]])


@pytest.mark.parametrize("tail", [0, 2_000_000], ids=["usual", "of 2 MB"])
def test_a_profile_of_srgb_changes_no_byte(tmp_path: Path, tail: int) -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (32, 32, 3), np.uint8)
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes() + bytes(tail)
    Image.fromarray(pixels).save(tmp_path / "a.png", icc_profile=srgb)
    assert np.array_equal(load_image(tmp_path / "a.png"), pixels)


@pytest.mark.parametrize("given", [b"junk", profile(b"GRAY"), profile()[:200]])
def test_a_profile_that_does_not_fit_is_ignored(tmp_path: Path, given: bytes) -> None:
    RED.save(tmp_path / "a.png", icc_profile=given)
    assert np.array_equal(load_image(tmp_path / "a.png"), np.array(RED))


def test_a_mask_keeps_its_values(tmp_path: Path) -> None:
    grey = Image.new("L", (4, 4), 100)
    grey.save(tmp_path / "a.png", icc_profile=profile(b"GRAY"))
    assert (load_mask(tmp_path / "a.png") == 100).all()


def test_images_of_the_clipboard_are_converted_to_srgb(tmp_path: Path) -> None:
    RED.save(tmp_path / "a.png", icc_profile=profile(swap=True))
    assert from_qimage(QImage(str(tmp_path / "a.png")))[0, 0].tolist() == [0, 0, 255]
