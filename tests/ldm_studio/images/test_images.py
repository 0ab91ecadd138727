"""Image files: exact round trips, and safe reading of malicious files."""

from __future__ import annotations

import errno
import io
import json
import os
import struct
import zlib
from pathlib import Path
from time import thread_time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from core.errors import ImageError
from core.request.request import Request
from ldm_studio.images.image_files import (
    load_image,
    load_mask,
    read_request,
    save_png,
)
from ldm_studio.images.infotext import Infotext, infotext, parse_infotext, restore
from tests.ldm_studio.infotext_of import infotext_of

DIGEST = "6ce0161689b3853acaa03779ec93eafe75a02f4ced659bee03f50797806fa2fa"
REQUEST = Request(
    prompt="a red fox, (detailed fur:1.2)", negative="blurry", sampler="Euler a", seed=42, cfg=7.0
)

# The chunk that AUTOMATIC1111 writes for its settings below: length, type, keyword, text, CRC.
REFERENCE = bytes.fromhex("""
00 00 00 e3 74 45 58 74 70 61 72 61 6d 65 74 65 72 73 00 61 20 72 65 64 20 66 6f 78 2c 20 28 64
65 74 61 69 6c 65 64 20 66 75 72 3a 31 2e 32 29 0a 4e 65 67 61 74 69 76 65 20 70 72 6f 6d 70 74
3a 20 62 6c 75 72 72 79 0a 53 74 65 70 73 3a 20 32 30 2c 20 53 61 6d 70 6c 65 72 3a 20 45 75 6c
65 72 20 61 2c 20 53 63 68 65 64 75 6c 65 20 74 79 70 65 3a 20 41 75 74 6f 6d 61 74 69 63 2c 20
43 46 47 20 73 63 61 6c 65 3a 20 37 2c 20 53 65 65 64 3a 20 34 32 2c 20 53 69 7a 65 3a 20 35 31
32 78 35 31 32 2c 20 4d 6f 64 65 6c 20 68 61 73 68 3a 20 36 63 65 30 31 36 31 36 38 39 2c 20 4d
6f 64 65 6c 3a 20 76 31 2d 35 2d 70 72 75 6e 65 64 2d 65 6d 61 6f 6e 6c 79 2c 20 56 65 72 73 69
6f 6e 3a 20 76 31 2e 31 30 2e 31 1a 80 5d 9a
""")
REFERENCE_TEXT = (
    "a red fox, (detailed fur:1.2)\nNegative prompt: blurry\nSteps: 20, Sampler: Euler a, "
    "Schedule type: Automatic, CFG scale: 7, Seed: 42, Size: 512x512, Model hash: 6ce0161689, "
    "Model: v1-5-pruned-emaonly, Version: v1.10.1"
)


def noise(height: int, width: int, channels: int) -> np.ndarray:
    return np.random.default_rng(7).integers(0, 256, (height, width, channels), np.uint8)


def chunks(data: bytes) -> list[bytes]:
    """The whole chunks of a PNG, lengths and checksums included."""
    found, at = [], 8
    while at < len(data):
        (length,) = struct.unpack_from(">I", data, at)
        found.append(data[at : at + 12 + length])
        at += 12 + length
    return found


def write_text(path: Path, key: str, text: str) -> Path:
    info = PngInfo()
    info.add_text(key, text)
    Image.new("RGB", (4, 4)).save(path, pnginfo=info)
    return path


# --- saving ------------------------------------------------------------------------------------


@pytest.mark.parametrize("channels", [3, 4])
def test_pixels_round_trip_exactly(tmp_path, channels):
    pixels = noise(17, 31, channels)
    save_png(tmp_path / "a.png", pixels, REQUEST, "m", DIGEST)
    with Image.open(tmp_path / "a.png") as image:
        assert np.array_equal(np.array(image), pixels)
    if channels == 3:
        assert np.array_equal(load_image(tmp_path / "a.png"), pixels)


@pytest.mark.parametrize(
    "prompt", ["plain", "крот 🦔 狐狸", 'quotes " and: commas, and\nlines', "a\0b", ""]
)
def test_requests_round_trip_exactly(tmp_path, prompt):
    request = Request(prompt=prompt, negative=prompt, seed=2**64 - 1, cfg=3.7, strength=0.3)
    save_png(tmp_path / "a.png", noise(8, 8, 3), request, "m", DIGEST)
    assert read_request(tmp_path / "a.png") == request


def test_other_programs_find_prompt_and_settings(tmp_path):
    save_png(tmp_path / "a.png", noise(8, 8, 3), REQUEST, "My model", DIGEST)
    with Image.open(tmp_path / "a.png") as image:
        lines = image.info["parameters"].split("\n")
    assert lines[:2] == ["a red fox, (detailed fur:1.2)", "Negative prompt: blurry"]
    assert lines[2].startswith("Steps: 20, Sampler: Euler a, Schedule type: Normal, CFG scale: 7, ")
    assert "Seed: 42, Size: 128x128, Model hash: 6ce0161689, Model: My model, " in lines[2]
    assert len(lines) == 3


def test_the_chunk_equals_the_reference_byte_for_byte(tmp_path):
    settings = {
        "Steps": "20",
        "Sampler": "Euler a",
        "Schedule type": "Automatic",
        "CFG scale": "7",
        "Seed": "42",
        "Size": "512x512",
        "Model hash": DIGEST[:10],
        "Model": "v1-5-pruned-emaonly",
        "Version": "v1.10.1",
    }
    text = str(Infotext("a red fox, (detailed fur:1.2)", "blurry", settings))
    write_text(tmp_path / "a.png", "parameters", text)
    assert len(REFERENCE) == 239
    assert REFERENCE in chunks((tmp_path / "a.png").read_bytes())


def test_text_beyond_latin_1_is_utf_8(tmp_path):
    save_png(tmp_path / "a.png", noise(8, 8, 3), Request(prompt="狐狸"), "m", DIGEST)
    start = b"iTXtparameters\0\0\0\0\0" + "狐狸\nSteps: ".encode()
    assert any(chunk[4:].startswith(start) for chunk in chunks((tmp_path / "a.png").read_bytes()))


def test_a_failed_save_keeps_the_old_file_and_leaves_no_other_file(tmp_path, monkeypatch):
    path = tmp_path / "a.png"
    save_png(path, noise(8, 8, 3), REQUEST, "m", DIGEST)
    before = path.read_bytes()

    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ImageError, match="No space left on device"):
        save_png(path, noise(9, 9, 3), REQUEST, "m", DIGEST)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_images_have_default_permissions(tmp_path):
    (tmp_path / "plain").touch()
    save_png(tmp_path / "a.png", noise(8, 8, 3), REQUEST, "m", DIGEST)
    assert (tmp_path / "a.png").stat().st_mode == (tmp_path / "plain").stat().st_mode


# --- reading the recipe ------------------------------------------------------------------------


def test_an_image_without_a_recipe_has_none(tmp_path):
    Image.new("RGB", (4, 4)).save(tmp_path / "a.jpg")
    assert read_request(tmp_path / "a.jpg") is None
    assert infotext_of(tmp_path / "a.jpg") is None


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{not json", "Not a request"),
        ("[" * 100_000, "Not a request"),
        ("[1, 2]", "JSON object"),
        ('{"version": 99}', "Update LDM Studio"),
        ('{"steps": "many"}', "steps must be int"),
        ('{"steps": 1e9}', "steps"),
        ('{"shell": "rm -rf"}', "Unknown settings"),
    ],
)
def test_an_unusable_recipe_is_a_readable_error(tmp_path, text, says):
    path = write_text(tmp_path / "a.png", "ldm_studio", text)
    with pytest.raises(ImageError, match=says):
        read_request(path)


def test_a_decompression_bomb_is_not_unpacked(tmp_path):
    bomb = b"ldm_studio\0\0" + zlib.compress(b"a" * (64 << 20))
    chunk = struct.pack(">I", len(bomb)) + b"zTXt" + bomb
    chunk += struct.pack(">I", zlib.crc32(chunk[4:]))
    data = io.BytesIO()
    Image.new("RGB", (4, 4)).save(data, "PNG")
    png = data.getvalue()
    (tmp_path / "a.png").write_bytes(png[:33] + chunk + png[33:])
    assert read_request(tmp_path / "a.png") is None
    assert load_image(tmp_path / "a.png").shape == (4, 4, 3)


# --- reading pixels ----------------------------------------------------------------------------


def damaged_files() -> dict[str, bytes]:
    data = io.BytesIO()
    Image.fromarray(noise(64, 64, 3)).save(data, "PNG")
    png = data.getvalue()
    data = io.BytesIO()
    Image.fromarray(noise(64, 64, 3)).save(data, "TIFF")
    tiff = data.getvalue()
    return {
        "empty": b"",
        "text": b"Dear reader, this is not an image.",
        "cut short": png[: len(png) // 2],
        "only a header": png[:40],
        "flipped bytes": png[:100] + bytes(b ^ 0xFF for b in png[100:400]) + png[400:],
        "cut tiff": tiff[:200],
        "postscript": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n(x) run\n",
        "scalable": b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>',
    }


@pytest.mark.parametrize("name", damaged_files())
@pytest.mark.parametrize("load", [load_image, load_mask])
def test_damaged_files_are_readable_errors(tmp_path, name, load):
    path = tmp_path / "bad.png"
    path.write_bytes(damaged_files()[name])
    with pytest.raises(ImageError, match=r"bad\.png"):
        load(path)


@given(st.binary(max_size=400), st.integers(8, 700))
def test_any_bytes_raise_image_errors_only(tmp_path_factory, junk, at):
    data = io.BytesIO()
    Image.fromarray(noise(12, 12, 3)).save(data, "PNG")
    path = tmp_path_factory.mktemp("junk") / "a.png"
    path.write_bytes(data.getvalue()[:at] + junk + data.getvalue()[at + len(junk) :])
    for read in (load_image, read_request):
        try:
            read(path)
        except ImageError:
            continue


def test_missing_files_and_folders_are_named(tmp_path):
    with pytest.raises(ImageError, match="No such file"):
        load_image(tmp_path / "nothing.png")
    with pytest.raises(ImageError, match="directory"):
        load_image(tmp_path)


@pytest.mark.parametrize("side", [10_000, 60_000])
def test_huge_images_are_refused_before_decoding(tmp_path, side):
    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    png = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + b"IHDR" + header
    png += struct.pack(">I", zlib.crc32(b"IHDR" + header)) + struct.pack(">I", 0) + b"IDAT"
    (tmp_path / "huge.png").write_bytes(png + struct.pack(">I", zlib.crc32(b"IDAT")))
    with pytest.raises(ImageError, match="million pixels"):
        load_image(tmp_path / "huge.png")


@pytest.mark.parametrize(
    ("mode", "colour", "seen"),
    [
        ("1", 1, (255, 255, 255)),
        ("L", 90, (90, 90, 90)),
        ("LA", (0, 0), (255, 255, 255)),
        ("RGBA", (200, 0, 0, 0), (255, 255, 255)),
        ("RGBA", (0, 0, 0, 51), (204, 204, 204)),
        ("CMYK", (0, 255, 255, 0), (255, 0, 0)),
        ("I;16", 65535, (255, 255, 255)),
        ("I;16", 257 * 40, (40, 40, 40)),
    ],
)
def test_every_mode_becomes_rgb_on_white(tmp_path, mode, colour, seen):
    path = tmp_path / ("a.tif" if mode == "CMYK" else "a.png")
    Image.new(mode, (5, 3), colour).save(path)
    pixels = load_image(path)
    assert pixels.shape == (3, 5, 3)
    assert pixels.dtype == np.uint8
    assert (pixels == seen).all()


def test_transparent_palettes_are_composited_on_white(tmp_path):
    image = Image.new("P", (2, 1))
    image.putpalette([10, 20, 30, 40, 50, 60])
    image.putdata([0, 1])
    image.save(tmp_path / "a.gif", transparency=1)
    assert load_image(tmp_path / "a.gif").tolist() == [[[10, 20, 30], [255, 255, 255]]]


def test_photos_are_rotated_upright(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera lay on its side
    image = Image.new("RGB", (20, 10))
    image.save(tmp_path / "a.png", exif=exif)
    assert load_image(tmp_path / "a.png").shape == (20, 10, 3)
    assert load_mask(tmp_path / "a.png").shape == (20, 10)


def test_a_mask_is_white_where_it_redraws(tmp_path):
    Image.fromarray(np.array([[0, 128, 255]], np.uint8)).save(tmp_path / "grey.png")
    assert load_mask(tmp_path / "grey.png").tolist() == [[0, 128, 255]]
    strokes = np.array([[[255, 255, 255, 255], [255, 255, 255, 0], [0, 0, 0, 255]]], np.uint8)
    Image.fromarray(strokes).save(tmp_path / "strokes.png")
    assert load_mask(tmp_path / "strokes.png").tolist() == [[255, 0, 0]]


# --- infotext ----------------------------------------------------------------------------------


def test_image_to_image_and_masks_are_in_the_text():
    plain = infotext(REQUEST, "m", DIGEST)
    assert "Denoising" not in plain
    assert "Mask" not in plain
    request = Request(init="0" * 64, mask="1" * 64, strength=0.75)
    text = infotext(request, "m", DIGEST)
    assert "Denoising strength: 0.75, Mask blur: 0, Version: LDM Studio " in text


def test_values_with_commas_are_quoted():
    text = infotext(REQUEST, 'one, "two": three', DIGEST)
    assert r'Model: "one, \"two\": three"' in text
    assert parse_infotext(text).settings["Model"] == 'one, "two": three'


plain_text = st.text(st.characters(codec="utf-8", exclude_characters="\n\r"), max_size=60).map(
    str.strip
)


@given(plain_text.filter(lambda t: "Negative prompt:" not in t), plain_text)
def test_prompts_round_trip_through_the_text(prompt, negative):
    info = parse_infotext(infotext(Request(prompt=prompt, negative=negative), "m", DIGEST))
    assert info.prompt == prompt
    assert info.negative == negative


def test_settings_of_another_program_are_restored_or_listed():
    restored = restore(parse_infotext(REFERENCE_TEXT), Request(seed=1, strength=0.5))
    request = restored.request
    assert request.prompt == "a red fox, (detailed fur:1.2)"
    assert request.negative == "blurry"
    assert (request.steps, request.sampler, request.cfg, request.seed) == (20, "Euler a", 7.0, 42)
    assert (request.width, request.height) == (512, 512)
    assert request.schedule == "Automatic"
    assert restored.ignored == (
        "Model hash: 6ce0161689",
        "Model: v1-5-pruned-emaonly",
        "Version: v1.10.1",
    )


def test_old_files_append_the_schedule_to_the_sampler():
    text = "a fox\nSteps: 20, Sampler: DPM++ 2M SGMUniform, Seed: 3"
    restored = restore(parse_infotext(text), Request())
    assert (restored.request.sampler, restored.request.schedule) == ("DPM++ 2M", "SGM Uniform")
    assert restored.ignored == ()


@pytest.mark.parametrize(
    ("settings", "sampler", "schedule"),
    [
        ("Sampler: k_dpmpp_2m, Schedule type: Uniform", "DPM++ 2M", "Normal"),
        ("Sampler: euler_ancestral, Schedule type: sgm_uniform", "Euler a", "SGM Uniform"),
        ("Sampler: dpmpp_2m_k, Seed: 3", "DPM++ 2M", "Karras"),
        ("Sampler: DPM++ 2M Karras, Schedule type: Beta", "DPM++ 2M", "Beta"),
    ],
)
def test_names_of_other_programs_are_understood(settings, sampler, schedule):
    restored = restore(parse_infotext(f"a fox\nSteps: 20, {settings}"), Request())
    assert (restored.request.sampler, restored.request.schedule) == (sampler, schedule)
    assert restored.ignored == ()


def test_impossible_values_are_listed_and_the_rest_is_kept():
    text = "x\nSteps: 0, Sampler: Quantum, CFG scale: nan, Seed: -1, Size: 8x99999, RNG: CPU"
    base = Request(steps=9, seed=5)
    restored = restore(parse_infotext(text), base)
    assert restored.request == Request(prompt="x", steps=9, seed=5, noise="A1111 CPU")
    assert len(restored.ignored) == 5


def test_a_text_without_settings_is_only_a_prompt():
    info = parse_infotext("a cat\nwith: two, words: only")
    assert info == Infotext("a cat\nwith: two, words: only", "", {})


@pytest.mark.parametrize("text", ["a" * 200_000, " " * 200_000, 'ab: "' * 40_000])
def test_long_texts_are_read_in_reasonable_time(text):
    start = thread_time()
    parse_infotext("x\n" + text + "b")
    assert thread_time() - start < 10


def test_the_request_chunk_is_plain_json(tmp_path):
    save_png(tmp_path / "a.png", noise(8, 8, 3), REQUEST, "m", DIGEST)
    with Image.open(tmp_path / "a.png") as image:
        assert json.loads(image.info["ldm_studio"])["prompt"] == REQUEST.prompt
