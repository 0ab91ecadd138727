"""Augmented training images: colours, compositions, and what must not be in them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from core.checkpoints.load_model import load_model
from core.networks.compact_autoencoder import CompactAutoencoder
from core.training.training_loop import Plan, save_checkpoint, start
from recipes.default_model.augment import (
    GLASSES,
    HATS,
    HEADS,
    ONE_WAY,
    OWN_COLOUR,
    SHARES,
    SPOKEN,
    THINGS,
    Example,
    concept_names,
    examples,
    heights,
    nouns,
)
from recipes.default_model.colour import COLOURS, colour_name, recoloured
from recipes.default_model.compose import beside, crowned, features, moved, wearing
from recipes.default_model.concepts import concepts, hexcode
from recipes.default_model.data import Dataset, Drawing
from recipes.default_model.encode import encode, latent_set, training_set
from recipes.default_model.prompts import COMPOSITIONS
from tests.tiny_recipe import CONFIG, write_data, write_model

NAMED = {concept.emoji: concept for concept in concepts()}
SHOWN = {
    "🐱": (240, 170, 40),
    "🎩": (40, 40, 50),
    "👑": (250, 200, 40),
    "⭐": (255, 215, 50),
    "🙂": (250, 200, 50),
    "❤️": (230, 30, 50),
    "🔥": (250, 120, 20),
    "🍎": (220, 30, 40),
    "🐶": (170, 110, 60),
    "🍏": (90, 200, 60),
}


def shape(colour: tuple[int, int, int]) -> np.ndarray:
    """A square with two dark eyes."""
    image = np.zeros((128, 128, 4), np.uint8)
    image[20:108, 24:104] = (*colour, 255)
    image[50:60, 44:54] = image[50:60, 74:84] = (20, 20, 20, 255)
    return image


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    """Ten concepts in two styles; the flat cat is held out, and so is the whole dog."""
    images: list[np.ndarray] = []
    drawings: list[Drawing] = []
    for emoji, colour in SHOWN.items():
        concept = NAMED[emoji]
        for style in ("flat", "cartoon"):
            pair = (emoji, style) == ("🐱", "flat")
            part = "concept" if emoji == "🐶" else "pair" if pair else "train"
            captions = ((f"{concept.label}, {style}", 1.0),)
            images.append(shape(colour))
            drawings.append(
                Drawing(concept.hexcode, concept.label, style, concept.group, True, part, captions)
            )
    return Dataset(np.stack(images), tuple(drawings))


@pytest.fixture(scope="module")
def made(dataset: Dataset) -> list[Example]:
    return list(examples(dataset, composed=300))


def texts(made: list[Example], kind: str) -> set[str]:
    return {text for one in made if one.kind == kind for text, _ in one.captions}


@pytest.mark.parametrize(
    ("rgb", "name"),
    [
        ((230, 30, 40), "red"),
        ((255, 140, 30), "orange"),
        ((255, 215, 50), "yellow"),
        ((40, 170, 60), "green"),
        ((40, 110, 220), "blue"),
        ((130, 50, 190), "purple"),
        ((255, 150, 190), "pink"),
        ((120, 70, 40), "brown"),
        ((30, 30, 30), "black"),
        ((250, 250, 250), "white"),
        ((130, 130, 130), "grey"),
    ],
)
def test_colours_have_their_everyday_names(rgb: tuple[int, int, int], name: str) -> None:
    assert colour_name(shape(rgb)) == name


def test_a_multicoloured_drawing_has_no_colour_name() -> None:
    image = shape((230, 30, 40))
    image[50:80, :, :3] = (40, 170, 60)
    image[80:, :, :3] = (40, 110, 220)
    assert colour_name(image) is None


@pytest.mark.parametrize("colour", [colour for colour in COLOURS if colour.name != "orange"])
def test_a_recoloured_drawing_keeps_its_eyes(colour) -> None:
    image = shape((255, 140, 30))
    other = recoloured(image, colour)
    assert other is not None
    assert colour_name(other) == colour.name
    np.testing.assert_array_equal(other[..., 3], image[..., 3])
    assert np.abs(other[50:60, 44:54].astype(int) - image[50:60, 44:54]).max() < 12


def test_white_drawings_are_recoloured_once() -> None:
    red, *_ = COLOURS
    pink = recoloured(shape((250, 250, 250)), red)
    assert pink is not None
    assert colour_name(pink) == "red"
    assert recoloured(pink, red) is None


@pytest.mark.parametrize("shift", [(0.0, 0.0), (60.0, -60.0)])
def test_a_moved_drawing_is_not_cut(shift: tuple[float, float]) -> None:
    image = shape((230, 30, 40))
    other = moved(image, 0.5, shift)
    rows, columns = np.nonzero(other[..., 3])
    assert (np.ptp(rows) + 1, np.ptp(columns) + 1) == (44, 40)
    assert moved(image, 9.0, shift).shape == (128, 128, 4)


def test_a_flip_swaps_left_and_right() -> None:
    image = shape((230, 30, 40))
    image[20:108, 24:30] = (0, 0, 255, 255)
    np.testing.assert_array_equal(moved(image, 1.0, (0, 0), flip=True), image[:, ::-1])


def test_composed_drawings_are_side_by_side_or_on_top() -> None:
    red, blue = shape((255, 0, 0)), shape((0, 0, 255))
    pair = beside(red, blue)
    assert (pair[60, 30] == (255, 0, 0, 255)).all()
    assert (pair[60, 98] == (0, 0, 255, 255)).all()
    worn = wearing(red, blue)
    assert worn[:36, :, 2].max() == 255
    assert worn[60:, :, 2].max() < 40
    stays = crowned(red, blue)
    below = int(np.flatnonzero((red[..., 3] > 0).any(axis=1)).mean())
    np.testing.assert_array_equal(stays[below:], red[below:])
    assert stays[:below, :, 2].max() == 255


def test_the_features_of_a_face_are_everything_but_skin() -> None:
    alpha = features(shape((255, 200, 60)))[..., 3]
    assert alpha[55, 49] == 255
    assert alpha[90, 64] == 0
    assert alpha[21, 25] == 0


def test_every_named_emoji_is_a_concept() -> None:
    tables = (ONE_WAY, OWN_COLOUR, HATS, GLASSES, *heights(HEADS), *heights(THINGS))
    assert {emoji for table in tables for emoji in table.split()} <= NAMED.keys()


def test_all_augmentations_are_reproducible(dataset: Dataset, made: list[Example]) -> None:
    again = list(examples(dataset, composed=300))
    assert {one.kind for one in made} == SHARES.keys() - {"plain"}
    for one, other in zip(made, again, strict=True):
        assert (one.kind, one.captions, one.weight) == (other.kind, other.captions, other.weight)
        np.testing.assert_array_equal(one.image, other.image)
        assert sum(weight for _, weight in one.captions) == pytest.approx(1)


def test_held_out_drawings_are_not_used(dataset: Dataset, made: list[Example]) -> None:
    images = dataset.images.copy()
    for i, drawing in enumerate(dataset.drawings):
        if drawing.held_out != "train":
            images[i] = 99
    for one, other in zip(
        made, examples(replace(dataset, images=images), composed=300), strict=True
    ):
        np.testing.assert_array_equal(one.image, other.image)
    assert not any("dog" in text for one in made for text, _ in one.captions)


def test_colour_words_match_the_image(made: list[Example]) -> None:
    spoken = texts(made, "coloured")
    cats = {text.split()[1] for text in spoken if text.endswith((" cat", " kitty"))}
    assert len(cats) > 2
    for one in made:
        if one.kind == "coloured":
            name = colour_name(one.image)
            names = {name, *SPOKEN.get(str(name), ())}
            assert all(names & set(text.split()) for text, _ in one.captions)


def test_recolouring_makes_no_other_concept(made: list[Example]) -> None:
    bare = {text.split(",")[0].removeprefix("a ") for text in texts(made, "coloured")}
    assert {"red heart", "red love heart"} & bare
    assert {"yellow star", "golden star"} & bare
    assert not {"blue heart", "green heart", "blue apple"} & bare
    assert not {"burning heart", "heart on fire"} & {
        text.split(",")[0].removeprefix("a ") for text in texts(made, "composed")
    }


def test_prompts_of_the_evaluation_are_never_trained_on(made: list[Example]) -> None:
    spoken = texts(made, "coloured") | texts(made, "composed")
    assert any(text.endswith((" hat", " crown")) for text in spoken)
    assert spoken.isdisjoint(prompt.text for prompt in COMPOSITIONS)
    assert not any("cat" in text and "crown" in text for text in spoken)


def test_nouns_are_names_without_the_colour() -> None:
    assert nouns(NAMED["❤️"]) == ("heart", "love heart")
    assert "red heart" in concept_names()
    assert all(nouns(concept) for concept in concepts() if concept.hexcode != hexcode("🟠"))


def test_the_denoiser_sees_each_kind_with_its_share(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, dataset: Dataset
) -> None:
    model = load_model(write_model(tmp_path / "model"))
    model.bring(*model.networks)
    write_data(tmp_path / "data")
    network = CompactAutoencoder(CONFIG.autoencoder)
    plan = Plan(samples=1, batch=1, lr=0)
    save_checkpoint(start(network, plan), plan, tmp_path / "autoencoder")
    monkeypatch.setattr("recipes.default_model.encode.CONFIG", CONFIG.autoencoder)
    monkeypatch.setattr("recipes.default_model.encode.load", lambda _: dataset)
    monkeypatch.setattr("recipes.default_model.encode.load_sentence_encoder", lambda _: model.text)
    monkeypatch.setattr("recipes.default_model.encode.COMPOSED", 40)
    encode(tmp_path / "data", tmp_path / "autoencoder", tmp_path, tmp_path / "encoded")
    tensors = load_file(tmp_path / "encoded")
    data = training_set(tensors, torch.device("cpu"))
    drawings = sum(drawing.held_out == "train" for drawing in dataset.drawings)
    assert float(data.weights[:drawings].sum()) == pytest.approx(SHARES["plain"])
    assert float(data.weights.sum()) == pytest.approx(1, abs=1e-4)
    assert len(data.latents) > 5 * drawings
    assert (data.caption_weights.sum(dim=1) - 1).abs().max() < 1e-4
    held_out = latent_set(dataset, tensors, "pair", torch.device("cpu"))
    assert len(held_out.latents) == 1
    encode(tmp_path / "data", tmp_path / "autoencoder", tmp_path, tmp_path / "plain", augment=False)
    plain = load_file(tmp_path / "plain")
    assert len(plain["latents"]) == len(dataset.drawings)
    torch.testing.assert_close(plain["latent_mean"], tensors["latent_mean"])
    assert float(plain["weights"].sum()) == pytest.approx(1, abs=1e-4)
