"""Renaming images: their files, and the history."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import ImageError
from core.images.image_digest import digest
from core.request.request import Request
from ldm_studio.history.database_schema import State
from ldm_studio.history.file_renaming import new_name, rename
from ldm_studio.history.folder_scan import rebuild
from ldm_studio.history.image_reader import scan
from ldm_studio.history.query_language import Query, parse
from tests.ldm_studio.history.files import noise, ours

A = Path("/pictures/00001-1.png")


@pytest.fixture
def images(tmp_path, history) -> Path:
    """1 is a fox, 2 was made from it."""
    folder = tmp_path / "pictures"
    ours(folder / "a.png", Request(prompt="a fox", width=8, height=8), seed=1)
    child = Request(prompt="in snow", width=8, height=8, init=digest(noise(seed=1)), strength=0.5)
    ours(folder / "b.png", child, seed=2)
    history.put([scan(folder / "a.png"), scan(folder / "b.png")]).result()
    return folder


def test_a_renamed_image_keeps_its_history(images, history, reader):
    history.rate([1], 5).result()
    history.create_collection("Best", [1]).result()
    assert rename(history, 1, "A fox 🦊").new == images / "A fox 🦊.png"
    assert sorted(os.listdir(images)) == ["A fox 🦊.png", "b.png"]
    details = reader.details(1)
    assert details.listed.path == images / "A fox 🦊.png"
    assert (details.listed.rating, details.collections) == (5, ("Best",))
    assert [one.ids for one in reader.details(2).parents] == [(1,)]
    assert [one.id for one in reader.pages(parse('name:"A fox 🦊.png"'))] == [1]
    report = rebuild(history, [images])
    assert (report.unchanged, report.added, report.moved, report.missing) == (2, 0, 0, 0)


def test_a_scan_that_finds_the_new_name_first_changes_nothing(images, history, reader):
    (images / "a.png").rename(images / "c.png")
    rebuild(history, [images])
    history.move(1, images / "c.png").result()
    assert [one.id for one in reader.pages(Query())] == [2, 1]
    assert reader.details(1).listed.state is State.HERE


def test_a_name_that_is_taken_is_refused(images, history, reader):
    before = (images / "b.png").read_bytes()
    with pytest.raises(ImageError, match=r"Another image of the history .* b\.png"):
        rename(history, 1, "b")
    (images / "unknown.png").write_bytes(b"something")
    with pytest.raises(ImageError, match="Another file"):
        rename(history, 1, "unknown")
    assert (images / "unknown.png").read_bytes() == b"something"
    assert (images / "b.png").read_bytes() == before
    assert reader.details(1).listed.path == images / "a.png"


def test_the_name_of_an_image_in_the_trash_stays_reserved(images, history):
    (images / "b.png").unlink()
    history.set_state([2], State.DELETED).result()
    with pytest.raises(ImageError, match="Another image"):
        rename(history, 1, "b.png")


def test_a_missing_image_is_not_renamed(images, history):
    (images / "a.png").unlink()
    with pytest.raises(ImageError, match="is missing"):
        rename(history, 1, "c")
    assert os.listdir(images) == ["b.png"]
    with pytest.raises(ImageError, match="no image 99"):
        rename(history, 99, "c")


def test_a_sidecar_recipe_is_renamed_too(images, history):
    (images / "a.txt").write_text("a fox\nSteps: 20")
    rename(history, 1, "c")
    assert (images / "c.txt").read_text() == "a fox\nSteps: 20"
    assert not (images / "a.txt").exists()


def test_setting_the_same_name_changes_nothing(images, history):
    assert rename(history, 1, "a.PNG").new == images / "a.png"


@pytest.mark.parametrize(
    ("wanted", "name"),
    [
        ("fox", "fox.png"),
        ("fox.png", "fox.png"),
        ("fox.PNG", "fox.png"),
        ("fox.jpg", "fox.jpg.png"),
        ("v1.5 fox", "v1.5 fox.png"),
        ("  红狐狸 ثعلب  ", "红狐狸 ثعلب.png"),
    ],
)
def test_names_are_cleaned(wanted, name):
    assert new_name(A, wanted) == name


@pytest.mark.parametrize(
    "wanted",
    ["", "  ", ".png", "a/b", "..\\b", "a:b", 'a"b', "a\nb", "a\0b", ".hidden", "dots...", "con",
     "NUL.fox", "com1.png", "x" * 300, "狐" * 90, "\ud800"],
)  # fmt: skip
def test_names_that_are_invalid_on_some_system_are_refused(wanted):
    with pytest.raises(ImageError):
        new_name(A, wanted)


@given(st.text())
def test_any_text_is_a_valid_name_or_refused(wanted):
    try:
        name = new_name(A, wanted)
    except ImageError:
        return
    assert A.with_name(name).parent == A.parent
    assert name.endswith(".png")
    assert new_name(A, name) == name
