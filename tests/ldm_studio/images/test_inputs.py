"""Inputs of recipes are found again by digest, byte for byte."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.errors import ImageError
from core.images.image_digest import digest
from core.request.request import Request
from core.runtime.environment import Environment
from ldm_studio.images.image_files import read_exact, read_record, save_png
from ldm_studio.images.input_store import InputStore
from ldm_studio.images.run_record import Parent, Record

RGB = np.random.default_rng(0).integers(0, 256, (9, 7, 3), np.uint8)
MASK = RGB[..., 0].copy()
RECORD = Record(Environment(torch="2.13", threads=2), ("ab" * 8, "cd" * 8), "ef" * 32)


@pytest.mark.parametrize("pixels", [RGB, MASK], ids=["image", "mask"])
def test_a_stored_image_is_found_by_its_digest(pixels: np.ndarray, tmp_path: Path) -> None:
    store = InputStore(tmp_path)
    assert store.find(digest(pixels)) is None
    path = store.keep(digest(pixels), pixels)
    assert store.keep(digest(pixels), pixels) == path
    found = store.find(digest(pixels))
    assert found is not None
    assert np.array_equal(found, pixels)


def test_a_file_with_other_contents_is_refused(tmp_path: Path) -> None:
    store = InputStore(tmp_path)
    path = store.keep(digest(RGB), RGB)
    Image.fromarray(255 - RGB).save(path)
    with pytest.raises(ImageError, match="damaged"):
        store.find(digest(RGB))
    path.write_bytes(b"nothing")
    with pytest.raises(ImageError, match=path.name):
        store.find(digest(RGB))
    Image.new("RGBA", (3, 3)).save(path)
    with pytest.raises(ImageError, match="RGBA"):
        read_exact(path)


@pytest.mark.parametrize("name", ["", "../" * 20, "a" * 63, "g" * 64, "/" * 64])
def test_only_digests_are_file_names(name: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="digest"):
        InputStore(tmp_path).find(name)


@pytest.mark.parametrize("parent", [None, Parent("01" * 32, "00001-5.png", 7)])
def test_an_image_contains_its_run_record(parent: Parent | None, tmp_path: Path) -> None:
    record = Record(RECORD.environment, RECORD.steps, RECORD.pixels, parent)
    save_png(tmp_path / "a.png", RGB, Request(), "m", "", record)
    assert read_record(tmp_path / "a.png") == record
    save_png(tmp_path / "b.png", RGB, Request(), "m", "")
    assert read_record(tmp_path / "b.png") is None


@pytest.mark.parametrize("text", ["", "{", "{}", '{"steps": 3}', "[" * 100_000, "null"])
def test_a_damaged_record_is_an_error(text: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        Record.from_json(text)
