"""Images as PNG, JPEG and WebP: pixels, recipes, and their readers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from core.errors import ImageError
from core.request.parameters import Inpaint
from core.request.request import Request
from core.runtime.environment import Environment
from ldm_studio.history.image_reader import scan
from ldm_studio.images import image_formats
from ldm_studio.images.image_files import (
    load_image,
    read_pixels,
    read_record,
    read_request,
)
from ldm_studio.images.run_record import Record
from tests.ldm_studio.infotext_of import infotext_of

DIGEST = "a" * 64
REQUEST = Request(
    prompt="ein Fuchs, 狐 🦊", negative="blurry", seed=42, init="b" * 64, mask="c" * 64,
    inpaint=Inpaint(blur=4.0, area="masked", match=True),
)  # fmt: skip
RECORD = Record(Environment(device="cpu"), ("1" * 16, "2" * 16), "d" * 64)
RAMPS = [np.add.outer(np.arange(64), k * np.arange(80)) for k in (0, 1, 1)]
SMOOTH = np.dstack(RAMPS).astype(np.uint8)
SAVED = ("x.png", "x.webp", "x.jpg", "x.JPEG")


@pytest.mark.parametrize("name", SAVED)
def test_recipes_round_trip_exactly(tmp_path, name) -> None:
    path = tmp_path / name
    image_formats.save(path, SMOOTH, REQUEST, "Model", DIGEST, RECORD)
    assert read_request(path) == REQUEST
    assert read_record(path) == RECORD
    info = infotext_of(path)
    assert info is not None
    assert info.prompt == REQUEST.prompt
    assert info.settings["Inpaint area"] == "Only masked"


@pytest.mark.parametrize("name", SAVED)
def test_the_history_reads_the_recipe(tmp_path, name) -> None:
    path = tmp_path / name
    image_formats.save(path, SMOOTH, REQUEST, "Model", DIGEST, RECORD)
    found = scan(path)
    assert str(found.problem) == ""
    assert found.recipe is not None
    assert found.recipe.request == REQUEST.to_json()
    assert found.recipe.program == "LDM Studio"


@pytest.mark.parametrize("name", ["x.webp", "x.jpg"])
def test_other_programs_find_the_text_in_the_user_comment(tmp_path, name) -> None:
    path = tmp_path / name
    image_formats.save(path, SMOOTH, REQUEST, "Model", DIGEST)
    with Image.open(path) as image:
        comment = image.getexif().get_ifd(0x8769)[0x9286]
    assert comment[:8] == b"UNICODE\0"
    lines = comment[8:].decode("utf-16-be").split("\n")
    assert lines[:2] == [REQUEST.prompt, "Negative prompt: blurry"]
    assert lines[2].startswith("Steps: 20, Sampler: Euler")


def test_png_and_webp_are_lossless_and_jpeg_nearly(tmp_path) -> None:
    noise = np.random.default_rng(1).integers(0, 256, (40, 56, 3), np.uint8)
    for name in ("x.png", "x.webp"):
        image_formats.save(tmp_path / name, noise, REQUEST, "Model", DIGEST)
        assert np.array_equal(load_image(tmp_path / name), noise)
    image_formats.save(tmp_path / "x.jpg", SMOOTH, REQUEST, "Model", DIGEST)
    off = np.abs(load_image(tmp_path / "x.jpg").astype(int) - SMOOTH)
    assert off.mean() < 4


def test_transparency_is_kept_or_refused(tmp_path) -> None:
    rgba = np.dstack([SMOOTH, SMOOTH[..., 0]])
    image_formats.save(tmp_path / "x.webp", rgba, REQUEST, "Model", DIGEST)
    assert np.array_equal(read_pixels(tmp_path / "x.webp"), rgba)
    with pytest.raises(ImageError, match="no transparency"):
        image_formats.save(tmp_path / "x.jpg", rgba, REQUEST, "Model", DIGEST)
    assert not (tmp_path / "x.jpg").exists()


def test_a_recipe_too_long_for_jpeg_is_refused_and_not_cut(tmp_path) -> None:
    long = replace(REQUEST, prompt="word " * 10_000)
    with pytest.raises(ImageError, match="too long for a JPEG"):
        image_formats.save(tmp_path / "x.jpg", SMOOTH, long, "Model", DIGEST)
    assert not list(tmp_path.glob("*.jpg"))
    image_formats.save(tmp_path / "x.webp", SMOOTH, long, "Model", DIGEST)
    assert read_request(tmp_path / "x.webp") == long


STRANGE = (b"", b"{", b"[1]", b'{"ldm_studio": 3}', b"\xff\xfe", b"[" * 9999)


@pytest.mark.parametrize("note", STRANGE)
def test_a_cameras_maker_note_is_not_a_recipe(tmp_path, note) -> None:
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0x927C] = note
    path = tmp_path / "x.jpg"
    Image.fromarray(SMOOTH).save(path, exif=exif.tobytes())
    assert read_request(path) is None
    assert str(scan(path).problem) == ""
