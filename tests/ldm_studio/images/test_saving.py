"""Folders, names and metadata of finished images."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest

from core.request.request import Change, Request
from ldm_studio import paths
from ldm_studio.images import image_files
from ldm_studio.images.file_names import FIELDS, Pattern, PatternError, facts
from ldm_studio.images.image_saving import ImageSaver
from ldm_studio.settings.settings import Files, ImageFormat, MetadataPolicy, Privacy
from tests.ldm_studio.infotext_of import infotext_of

PIXELS = np.full((8, 8, 3), 200, np.uint8)
REQUEST = Request(prompt="a secret fox: red/blue", negative="hidden", seed=7, steps=12)
NOW = datetime(2026, 3, 4, 5, 6, 7)


def test_every_field_has_a_value() -> None:
    known = facts(REQUEST, "Model", NOW) | {"number": "1"}
    assert set(known) == set(FIELDS)
    assert all(known.values())


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("{date}/{number}-{seed}", "2026-03-04/00001-7"),
        ("{number}", "00001"),
        ("{model}/{prompt}/{time}_{number}", "My- Model/a-secret-fox-red-blue/05-06-07_00001"),
        ("x {steps} {width}x{height} {number}", "x 12 512x512 00001"),
    ],
)
def test_the_example_equals_a_real_file_name(pattern, expected) -> None:
    request = Request(prompt=REQUEST.prompt, seed=7, steps=12, width=512, height=512)
    assert Pattern(pattern).example(facts(request, "My: Model", NOW)) == expected


@pytest.mark.parametrize(
    "pattern",
    [
        *("", "{date}", "{number}/x", "{number}{number}", "{nothing}-{number}", "{number"),
        *(
            "/{number}",
            "../{number}",
            "a//{number}",
            "{number:d}",
            "{seed!r}{number}",
            "{}{number}",
        ),
        *(
            "a:{number}",
            "con/{number}",
            ".hidden{number}",
            "a /{number}",
            "{number.x}",
            "{}{number}",
        ),
    ],
)
def test_an_ambiguous_pattern_is_refused_with_a_message(pattern) -> None:
    with pytest.raises(PatternError) as refused:
        Pattern(pattern)
    assert str(refused.value).endswith(".")


def saved(saver: ImageSaver, request: Request = REQUEST) -> Path:
    return saver.save(PIXELS, request, "Tiny", "0" * 64)


def test_images_are_saved_as_the_settings_say(tmp_path) -> None:
    saver = ImageSaver(Files(str(tmp_path), "{model}/{seed}-{number}-x", ImageFormat.WEBP))
    made = [saved(saver), saved(saver), saved(saver, Request(prompt="b", seed=8))]
    names = [path.relative_to(tmp_path).as_posix() for path in made]
    assert names == ["Tiny/7-00001-x.webp", "Tiny/7-00002-x.webp", "Tiny/8-00001-x.webp"]
    assert image_files.read_request(made[0]) == REQUEST


@pytest.mark.parametrize(
    "words", ["猫" * 400, "e\u0301" * 400, "\N{CAT FACE} a " * 200, "x" * 5000]
)
def test_a_long_prompt_in_any_script_fits_into_a_file_name(words, tmp_path) -> None:
    saver = ImageSaver(Files(str(tmp_path), "{prompt}/{prompt}-{number}-{prompt}"))
    path = saved(saver, replace(REQUEST, prompt=words))
    assert path.exists()
    assert len(os.fsencode(path.name)) < 255
    assert image_files.read_request(path) == replace(REQUEST, prompt=words)


def test_the_default_folder_is_that_of_the_day() -> None:
    saver = ImageSaver()
    assert saver.today() == paths.output_dir()
    assert saved(saver) == paths.output_dir() / "00001-7.png"


def test_a_damaged_pattern_loses_no_image() -> None:
    assert saved(ImageSaver(Files(pattern="{nonsense"))) == paths.output_dir() / "00001-7.png"


def test_a_transparent_image_is_not_saved_as_jpeg() -> None:
    rgba = np.zeros((8, 8, 4), np.uint8)
    path = ImageSaver(Files(format=ImageFormat.JPEG)).save(rgba, REQUEST, "Tiny", "0" * 64)
    assert path.suffix == ".png"


@pytest.mark.parametrize("kind", list(ImageFormat))
def test_prompts_can_be_left_out_of_images(kind) -> None:
    changed = Request(
        prompt="a secret fox", negative="hidden", seed=7, changes=(Change(2, prompt="secret too"),)
    )
    path = saved(ImageSaver(Files(format=kind), Privacy(MetadataPolicy.NO_PROMPTS)), changed)
    content = path.read_bytes()
    for secret in ("secret", "hidden"):
        assert secret.encode() not in content
        assert secret.encode("utf-16-be") not in content
    found = image_files.read_request(path)
    assert found is not None
    assert (found.prompt, found.negative, found.seed) == ("", "", 7)


@pytest.mark.parametrize("kind", list(ImageFormat))
def test_metadata_can_be_left_out_of_images(kind) -> None:
    path = saved(ImageSaver(Files(format=kind), Privacy(MetadataPolicy.NOTHING)))
    assert image_files.read_request(path) is None
    assert infotext_of(path) is None
    assert b"LDM Studio" not in path.read_bytes()
