"""The data part of the default model's recipe."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from recipes.default_model.artwork import DEFAULT_STYLES, rasterise
from recipes.default_model.captions import captions, with_article
from recipes.default_model.concepts import concepts, hexcode
from recipes.default_model.data import Drawing, held_out, load, needed_concepts, write
from recipes.default_model.packages import RecipeError, verify
from recipes.default_model.prompts import COMMON_PROMPTS, COMPOSITIONS, PARAPHRASES

CAT = next(concept for concept in concepts() if concept.emoji == "🐱")


def test_concepts_and_names_are_unique() -> None:
    codes = Counter(concept.hexcode for concept in concepts())
    names = Counter(name for concept in concepts() for name in (concept.label, *concept.aliases))
    assert [code for code, count in codes.items() if count > 1] == []
    assert [name for name, count in names.items() if count > 1] == []


def test_every_concept_is_an_emoji_with_a_label() -> None:
    for concept in concepts():
        assert not concept.emoji.isascii()
        assert concept.label


@pytest.mark.parametrize(
    ("prompts", "count"), [(COMMON_PROMPTS, 64), (PARAPHRASES, 16), (COMPOSITIONS, 16)]
)
def test_the_concepts_cover_the_prompts(prompts: tuple, count: int) -> None:
    known = {concept.hexcode for concept in concepts()}
    assert len({prompt.text for prompt in prompts}) == count
    for prompt in prompts:
        assert known.issuperset(hexcode(emoji) for emoji in prompt.expected), prompt


def test_hexcodes_are_spelt_like_emojibase() -> None:
    assert hexcode("❤️") == "2764"
    assert hexcode("❤️‍🔥") == "2764-200D-1F525"


def test_captions_are_reproducible_and_their_weights_sum_to_one() -> None:
    first = captions(CAT, "3d", ["pet", "kitten", "feline"])
    assert first == captions(CAT, "3d", ["feline", "pet", "kitten"])
    assert sum(weight for _, weight in first) == pytest.approx(1, abs=1e-4)
    assert all(weight > 0 for _, weight in first)


def test_captions_contain_what_people_type() -> None:
    weights = dict(captions(CAT, "cartoon", []))
    assert {"a cat", "cat, cartoon", "cartoon cat", "a kitty", "a cat face"} <= weights.keys()
    plain = sum(weight for text, weight in weights.items() if "cartoon" not in text)
    assert plain == pytest.approx(0.25, abs=0.01)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("cat", "a cat"),
        ("octopus", "an octopus"),
        ("unicorn", "a unicorn"),
        ("hourglass", "an hourglass"),
        ("french fries", "french fries"),
        ("glass of milk", "a glass of milk"),
        ("popcorn", "popcorn"),
    ],
)
def test_articles_are_correct(name: str, expected: str) -> None:
    assert with_article(name) == expected


def test_the_split_is_stable() -> None:
    # Fixed points of the published rule: moving them would leak held-out drawings into training.
    assert held_out(hexcode("🚪"), "3d", 3, keep=False) == "concept"
    assert held_out(hexcode("🚪"), "3d", 3, keep=True) == "train"
    assert held_out(hexcode("🚀"), "3d", 3, keep=True) == "pair"
    assert held_out(hexcode("🚀"), "3d", 2, keep=True) == "train"
    assert held_out(hexcode("🚀"), "flat", 3, keep=True) == "train"


def test_the_split_holds_out_little_and_nothing_the_prompts_need() -> None:
    needed = needed_concepts()
    parts = {
        (concept.hexcode, style): held_out(
            concept.hexcode, style, 3, keep=concept.common or concept.hexcode in needed
        )
        for concept in concepts()
        for style in DEFAULT_STYLES
    }
    gone = {code for (code, _), part in parts.items() if part == "concept"}
    assert 0 < len(gone) < 0.04 * len(concepts())
    assert gone.isdisjoint(needed)
    pairs = [code for (code, _), part in parts.items() if part == "pair"]
    assert gone.isdisjoint(pairs)
    assert 0.02 < len(pairs) / len(parts) < 0.08
    trained = {code for (code, _), part in parts.items() if part == "train"}
    assert needed <= trained


def test_an_svg_is_rendered_centred_with_a_transparent_margin() -> None:
    svg = (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8">'
        '<rect width="8" height="8" fill="#ff0000"/></svg>'
    )
    image = rasterise(svg)
    assert image.shape == (128, 128, 4)
    assert image.dtype == np.uint8
    inside = np.zeros((128, 128), bool)
    inside[4:124, 4:124] = True
    assert (image[inside] == (255, 0, 0, 255)).all()
    assert (image[~inside] == 0).all()


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    drawing = Drawing(
        hexcode=CAT.hexcode,
        label=CAT.label,
        style="flat",
        group=CAT.group,
        common=True,
        held_out="train",
        captions=captions(CAT, "flat", ["pet"]),
    )
    write(tmp_path, np.full((1, 128, 128, 4), 7, np.uint8), [drawing])
    return tmp_path


def test_a_data_set_round_trips(saved: Path) -> None:
    dataset = load(saved)
    assert (dataset.images == 7).all()
    assert dataset.drawings[0].label == "cat face"
    assert dataset.drawings[0].captions == captions(CAT, "flat", ["pet"])


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("label", ""),
        ("style", "oil painting"),
        ("common", 1),
        ("held_out", "maybe"),
        ("captions", []),
        ("captions", [["a cat", -1.0]]),
        ("captions", [["a cat", float("nan")]]),
        ("captions", [[5, 1.0]]),
        ("unheard of", 1),
    ],
)
def test_a_damaged_record_is_refused(saved: Path, field: str, value: object) -> None:
    index = saved / "index.json"
    records = json.loads(index.read_text(encoding="utf-8"))
    records[0][field] = value
    index.write_text(json.dumps(records), encoding="utf-8")
    with pytest.raises(RecipeError, match="Drawing 0"):
        load(saved)


@pytest.mark.parametrize("text", ["{}", "[]", "[1, 2]", "[", ""])
def test_an_index_that_does_not_fit_is_refused(saved: Path, text: str) -> None:
    (saved / "index.json").write_text(text, encoding="utf-8")
    with pytest.raises(RecipeError):
        load(saved)


def test_a_package_with_other_contents_is_refused(tmp_path: Path) -> None:
    archive = tmp_path / "package.tgz"
    archive.write_bytes(b"not what was pinned")
    with pytest.raises(RecipeError, match="SHA-256"):
        verify(archive, "0" * 64)
