"""Exports: progress, cancelling, and contact sheets."""

from __future__ import annotations

import csv
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.errors import ImageError
from core.request.request import Request
from ldm_studio.history.contact_sheet import CAPTIONS, GAP, Sheet, draw
from ldm_studio.history.exporters import Export, Exported
from ldm_studio.history.image_reader import scan
from ldm_studio.history.query_language import Query
from tests.ldm_studio.history.files import ours

PROMPTS = ("a red fox", "一只红狐狸 🦊 ثعلب", "word " * 500, "", "a\nb", 'quotes " & <b>')


@pytest.fixture
def images(tmp_path: Path, history) -> Path:
    folder = tmp_path / "pictures"
    for number, prompt in enumerate(PROMPTS):
        request = Request(prompt=prompt, width=8 * (1 + number % 2), height=8, seed=number)
        ours(folder / f"{number}.png", request, seed=number)
    history.put([scan(path) for path in sorted(folder.iterdir())]).result()
    return folder


def export(reader, target: Path, sheet: Sheet | None = None, **options) -> Exported:
    return Export(list(reader.pages(Query())), reader.details, **options).export_to(target, sheet)


@pytest.mark.parametrize("name", ["folder", "a.zip", "a.csv", "a.jsonl", "a.png", "a.jpg"])
def test_an_export_reports_progress(images, reader, tmp_path, name):
    seen: list[int] = []
    done = export(reader, tmp_path / name, progress=seen.append)
    assert done == Exported(images=6)
    assert seen == [1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize("name", ["a.zip", "a.csv", "a.jsonl", "a.png"])
def test_a_cancelled_export_leaves_no_file(images, reader, tmp_path, name):
    (tmp_path / "out").mkdir()
    done = export(reader, tmp_path / "out" / name, cancelled=lambda: True)
    assert done.cancelled
    assert os.listdir(tmp_path / "out") == []


def test_a_cancelled_folder_export_keeps_copied_files(images, reader, tmp_path):
    seen: list[int] = []
    done = export(reader, tmp_path / "out", progress=seen.append, cancelled=lambda: len(seen) == 2)
    assert (done.cancelled, done.images) == (True, 2)
    assert len(os.listdir(tmp_path / "out")) == 2


@pytest.mark.parametrize("suffix", [".png", ".jpg"])
def test_a_contact_sheet_has_every_image_in_place(qapp, images, reader, tmp_path, suffix):
    sheet = Sheet(columns=4, side=64, captions=())
    export(reader, tmp_path / f"a{suffix}", sheet)
    with Image.open(tmp_path / f"a{suffix}") as image:
        assert image.format == {".png": "PNG", ".jpg": "JPEG"}[suffix]
        assert image.size == (GAP + 4 * (64 + GAP), GAP + 2 * (64 + GAP))
        drawn = np.asarray(image.convert("RGB"))
    listed = list(reader.pages(Query()))
    with Image.open(listed[0].path) as original:
        colour = np.asarray(original.convert("RGB"))[0, 0].astype(int)
    width, height = listed[0].width, listed[0].height
    left, top = GAP + (64 - width) // 2, GAP + (64 - height) // 2
    assert np.abs(drawn[top, left].astype(int) - colour).max() < 40


def test_captions_in_any_script_are_drawn(qapp, images, reader):
    details = [reader.details(one.id) for one in reader.pages(Query())]
    sheet = Sheet(columns=3, side=96, captions=tuple(CAPTIONS))
    image = draw(details, sheet)
    assert image.size() == sheet.size(6)
    plain = draw([replace(one, prompt="") for one in details], sheet)
    assert image != plain


def test_unreadable_images_leave_an_empty_frame(qapp, images, reader, tmp_path):
    (images / "0.png").write_bytes(b"damaged")
    (images / "1.png").unlink()
    done = export(reader, tmp_path / "a.png", Sheet(side=32))
    assert (done.images, done.left_out) == (5, 1)


def test_a_sheet_that_would_be_too_large_is_refused(qapp, images, reader, tmp_path):
    with pytest.raises(ImageError, match="too large"):
        export(reader, tmp_path / "a.png", Sheet(columns=1, side=30_000))
    assert not (tmp_path / "a.png").exists()


@pytest.mark.parametrize("columns", [1, 3, 100])
def test_the_size_of_a_sheet_is_known_in_advance(columns):
    sheet = Sheet(columns=columns, side=100, captions=("name",))
    width, height = sheet.size(5).toTuple()
    used = min(columns, 5)
    assert width == GAP + used * (100 + GAP)
    assert height == GAP + -(-5 // used) * (sheet.cell.height() + GAP)


def test_no_cell_of_a_table_is_a_formula(history, reader, tmp_path):
    folder = tmp_path / "pictures"
    for number, prompt in enumerate(("=HYPERLINK(A1)", "+1", "-cat", "@x", "\t=1", "a = b")):
        ours(folder / f"{number}.png", Request(prompt=prompt, width=8, height=8), seed=number)
    history.put([scan(path) for path in sorted(folder.iterdir())]).result()
    export(reader, tmp_path / "a.csv")
    with (tmp_path / "a.csv").open(encoding="utf-8", newline="") as file:
        prompts = {row["prompt"] for row in csv.DictReader(file)}
    assert prompts == {"'=HYPERLINK(A1)", "'+1", "'-cat", "'@x", "'\t=1", "a = b"}


def test_copies_of_files_with_the_longest_names_are_all_exported(history, reader, tmp_path):
    name = "猫" * 83 + ".png"
    for folder in ("a", "b"):
        ours(tmp_path / folder / name, Request(prompt=folder, width=8, height=8))
        history.put([scan(tmp_path / folder / name)]).result()
    assert export(reader, tmp_path / "out").images == 2
    assert {len(os.fsencode(one)) for one in os.listdir(tmp_path / "out")} <= {*range(240, 256)}
