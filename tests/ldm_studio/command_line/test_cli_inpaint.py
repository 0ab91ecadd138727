"""Inpainting and outpainting from the command line: flags, files, errors."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from core.images.outpainting import Border, extended
from core.request.parameters import Inpaint
from ldm_studio.command_line import cli
from ldm_studio.images.image_files import load_image, read_request

PHOTO = np.random.default_rng(0).integers(0, 256, (203, 301, 3), np.uint8)


@pytest.fixture(autouse=True)
def images(run, tmp_path):
    Image.fromarray(PHOTO).save(tmp_path / "photo.png")
    Image.fromarray(np.full((203, 301), 255, np.uint8)).save(tmp_path / "mask.png")
    Image.fromarray(PHOTO[:64, :96]).save(tmp_path / "small.png")
    Image.fromarray(np.full((64, 96), 255, np.uint8)).save(tmp_path / "small-mask.png")


def test_every_flag_reaches_the_request(run, pipeline) -> None:
    command = (
        "generate hat --init photo.png --mask mask.png --area masked --padding 9 --area-width 64 "
        "--area-height 32 --content fill --grow -3 --blur 2.5 --soft --invert --match --tile 64"
    )
    assert run(*command.split()) == 0
    ((request, image, _mask),) = pipeline.asked
    assert request.inpaint == Inpaint(True, -3, 2.5, "fill", True, "masked", 9, 64, 32, True)
    assert request.tile == 64
    assert (request.width, request.height) == (301, 203)  # the image keeps its size
    assert np.array_equal(image, PHOTO)


def test_options_can_be_turned_off(run, pipeline) -> None:
    command = "generate hat --init small.png --mask small-mask.png --no-match --no-soft"
    assert run(*command.split()) == 0
    ((request, *_),) = pipeline.asked
    assert request.inpaint == Inpaint()


def test_outpainting_extends_image_and_mask(run, pipeline, capsys, tmp_path) -> None:
    command = "generate fox --init small.png --outpaint 32,0,0,16 --fill mirror --blur 1"
    assert run(*command.split(), "-o", "wide.webp") == 0
    ((request, image, mask),) = pipeline.asked
    larger, drawn = extended(PHOTO[:64, :96], Border(32, 0, 0, 16), "mirror")
    assert np.array_equal(image, larger)
    assert np.array_equal(mask, drawn)
    assert (request.width, request.height, request.strength) == (128, 80, 1.0)
    assert load_image(tmp_path / "wide.webp").shape == (80, 128, 3)
    saved = read_request(tmp_path / "wide.webp")
    assert saved is not None
    assert saved.inpaint.blur == 1.0


def test_tiles_allow_a_large_image(run, pipeline) -> None:
    assert (
        run(*["generate", "fox", "--init", "photo.png", "--size", "1024x512", "--tile", "64"]) == 0
    )
    ((request, *_),) = pipeline.asked
    assert (request.width, request.tile) == (1024, 64)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ("--area masked", "--area has no effect without --mask"),
        ("--soft", "--soft has no effect without --mask"),
        ("--init small.png --mask small-mask.png --padding 3", "has no effect without --area"),
        ("--init small.png --mask small-mask.png --content sky", "'sky' is none of original, fill"),
        ("--init small.png --mask small-mask.png --grow 999", "not a whole number from -256"),
        ("--outpaint 8,0,0,0", "--outpaint needs an image to start from"),
        ("--init small.png --outpaint 8,0,0", "is not LEFT,TOP,RIGHT,BOTTOM"),
        ("--init small.png --outpaint 0,0,0,0", "is not LEFT,TOP,RIGHT,BOTTOM"),
        ("--init small.png --outpaint 8,0,0,0 --mask mask.png", "--outpaint makes the mask"),
        ("--init small.png --fill edge", "--fill has no effect without --outpaint"),
        ("--init photo.png --mask mask.png", "or add --tile"),
    ],
)
def test_problems_are_reported(run, capsys, arguments, says) -> None:
    assert run("generate", "fox", *arguments.split()) == cli.Exit.USAGE
    assert says in " ".join(capsys.readouterr().err.split())
