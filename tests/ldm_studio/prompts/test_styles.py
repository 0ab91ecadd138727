"""Prompt styles: their effect on prompts, and their file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ldm_studio.prompts.styles import BUILT_IN, Style, StyleBook, StyleError, read_csv
from tests.narrowing import present


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "config" / "styles.json"


def names(book: StyleBook) -> list[str]:
    return [style.name for style in book.styles]


@pytest.mark.parametrize(
    ("template", "prompt", "expected"),
    [
        ("3d", "a cat", "a cat, 3d"),
        ("3d", " a cat ", "a cat, 3d"),
        ("3d", "", "3d"),
        ("", "a cat", "a cat"),
        ("photo of {prompt}, {prompt}", "a cat", "photo of a cat, a cat"),
        ("photo of {prompt}", "", "photo of "),
        ("{other} x", "a {b}", "a {b}, {other} x"),
    ],
)
def test_a_style_inserts_the_prompt_or_is_appended(
    template: str, prompt: str, expected: str
) -> None:
    assert Style("s", template, "").apply(prompt, "no")[0] == expected
    assert Style("s", "", template).apply("yes", prompt) == ("yes", expected)


def test_built_in_styles_can_be_removed_for_good(path: Path) -> None:
    book = StyleBook(path)
    assert book.styles == BUILT_IN
    assert not path.exists()
    for style in book.styles:
        book.remove(style)
    assert StyleBook(path).styles == ()


def test_styles_are_stored_replaced_and_renamed(path: Path) -> None:
    book = StyleBook(path)
    book.add(Style(" Night  sky ", "at night", "day"))
    book.add(Style("night SKY", "dark"))
    assert names(StyleBook(path))[-1] == "night SKY"
    assert names(StyleBook(path)).count("night SKY") == 1
    found = book.find("Night sky")
    assert found == Style("night SKY", "dark")
    book.rename(present(found), "Night Sky")
    assert StyleBook(path).find("night sky") == Style("Night Sky", "dark")
    with pytest.raises(StyleError, match="already"):
        book.rename(book.styles[0], "NIGHT SKY")
    with pytest.raises(StyleError, match="needs a name"):
        book.add(Style("  "))


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"styles": 3}', b"\xff\xfe", b"[" * 10**5])
def test_a_damaged_file_is_reported_and_kept(path: Path, content: bytes) -> None:
    path.parent.mkdir()
    path.write_bytes(content)
    book = StyleBook(path)
    assert book.styles == BUILT_IN
    assert book.problem is not None
    assert "damaged" in str(book.problem)
    book.add(Style("Mine", "x"))
    kept = path.with_name("styles.damaged-1.json")
    assert str(kept) in str(book.problem)
    assert kept.read_bytes() == content
    assert StyleBook(path).problem is None


def test_readable_styles_of_a_damaged_file_remain(path: Path) -> None:
    path.parent.mkdir()
    good = {"name": "Good", "prompt": "good"}
    path.write_text(json.dumps({"styles": [good, {"name": 3}, good]}))
    path.with_name("styles.damaged-1.json").write_text("an earlier one")
    book = StyleBook(path)
    assert book.styles == (Style("Good", "good"),)
    assert book.problem is not None
    assert "1 readable" in str(book.problem)
    assert path.with_name("styles.damaged-1.json").read_text() == "an earlier one"
    assert path.with_name("styles.damaged-2.json").exists()


def test_an_unreadable_file_is_never_overwritten(path: Path) -> None:
    path.mkdir(parents=True)  # unreadable for every user
    book = StyleBook(path)
    assert book.problem is not None
    assert "cannot be read" in str(book.problem)
    with pytest.raises(StyleError, match="not overwritten"):
        book.add(Style("Mine"))
    assert book.styles == BUILT_IN


def test_a_full_disk_changes_nothing(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    book = StyleBook(path)

    def full(*_args: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.replace", full)
    with pytest.raises(StyleError, match="No space left"):
        book.remove(book.styles[0])
    assert book.styles == BUILT_IN


def test_a_styles_csv_of_a1111_is_read(tmp_path: Path) -> None:
    path = tmp_path / "styles.csv"
    path.write_text(
        "name,prompt,negative_prompt\nNone,,\n"
        'Film,"film still, {prompt}, grain","blurry, ""soft"""\nShort,only\n',
        encoding="utf-8-sig",
    )
    assert read_csv(path) == (
        Style("Film", "film still, {prompt}, grain", 'blurry, "soft"'),
        Style("Short", "only"),
    )


@pytest.mark.parametrize(
    "content", ["", "a,b\n1,2\n", "name,prompt,negative_prompt\n", "name,prompt\n\0"]
)
def test_other_files_are_refused_with_a_message(tmp_path: Path, content: str) -> None:
    path = tmp_path / "styles.csv"
    path.write_text(content)
    with pytest.raises(StyleError, match=r"styles\.csv"):
        read_csv(path)
