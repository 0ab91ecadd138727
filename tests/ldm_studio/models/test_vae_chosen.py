"""A model without a VAE works when one is chosen for it."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from safetensors.torch import save_file

from core.checkpoints.overrides import Overrides, write_overrides
from core.errors import ModelError, RequestError
from ldm_studio import paths
from ldm_studio.command_line import cli
from ldm_studio.engine.core_pipeline import CorePipeline
from ldm_studio.exit_codes import Exit
from ldm_studio.images.image_files import read_request
from ldm_studio.models import found_models
from tests.core.checkpoints.tiny import made, original
from tests.core.conftest import randomise
from tests.ldm_studio.fakes import FakePipeline
from tests.ldm_studio.models.test_addons import vae
from tests.narrowing import present

WORDS = ["generate", "a cat", "--steps", "2", "--size", "64x64", "--seed", "1"]


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("bare") / "bare.safetensors"
    weights = original(made("SD1", randomise))
    kept = {k: v for k, v in weights.items() if not k.startswith("first_stage_model.")}
    save_file(kept, path)
    return path


@pytest.fixture
def folder(bare: Path) -> Path:
    """With the model and two VAEs."""
    folder = paths.models_dir()
    vae(folder / "VAE" / "colours.safetensors")
    vae(folder / "VAE" / "ink.safetensors", seed=8)
    os.link(bare, folder / "bare.safetensors")
    return folder


def pixels(path: Path) -> np.ndarray:
    return np.asarray(Image.open(path))


@pytest.mark.parametrize("beside_the_link", [True, False])
def test_a_linked_model_uses_the_vae_beside_link_or_target(
    folder, tmp_path, beside_the_link
) -> None:
    store = tmp_path / "store"
    store.mkdir()
    (folder / "bare.safetensors").rename(store / "12ab.safetensors")
    link = folder / "linked.safetensors"
    link.symlink_to(store / "12ab.safetensors")
    beside = folder / "linked" if beside_the_link else store / "12ab"
    (folder / "VAE" / "ink.safetensors").rename(beside.with_suffix(".vae.safetensors"))
    (found,) = [model for model in found_models.find_models() if model.name == "linked"]
    assert not found.lacks_vae
    drawn = tmp_path / "drawn.png"
    assert cli.main([*WORDS, "--model", "linked", "-o", str(drawn)]) == Exit.OK
    request = read_request(drawn)
    assert request is not None
    assert Path(request.vae).name == beside.with_suffix(".vae.safetensors").name


def test_an_override_of_a_link_applies_to_it(tiny_sd1, tmp_path) -> None:
    link = paths.models_dir() / "linked.safetensors"
    link.parent.mkdir(parents=True)
    link.symlink_to(tiny_sd1)
    write_overrides(link, Overrides(prediction="v"))
    pipeline = CorePipeline(device="cpu")
    pipeline.load("linked.safetensors")
    assert present(pipeline._model).prediction_override == "v"


def test_a_chosen_vae_works_and_replays_on_the_command_line(folder, tmp_path, capsys) -> None:
    chosen, other, beside = (tmp_path / f"{name}.png" for name in ("chosen", "other", "beside"))
    words = [*WORDS, "--model", "bare"]
    assert cli.main([*words, "-o", str(chosen)]) == Exit.MODEL
    said = capsys.readouterr().err
    assert "lacks an autoencoder (VAE)" in said
    assert "--vae" in said
    assert "bare.vae.safetensors" in said
    assert cli.main([*words, "--vae", "colours", "-o", str(chosen)]) == Exit.OK
    assert cli.main([*words, "--vae", "ink", "-o", str(other)]) == Exit.OK
    assert not np.array_equal(pixels(chosen), pixels(other))
    request = read_request(chosen)
    assert request is not None
    assert request.vae == "colours"
    assert [(one.kind, one.name) for one in request.addons] == [("vae", "colours")]
    assert cli.main(["replay", str(chosen)]) == Exit.OK
    vae(folder / "bare.vae.safetensors")
    assert cli.main([*words, "-o", str(beside)]) == Exit.OK
    assert np.array_equal(pixels(chosen), pixels(beside))


def test_the_model_list_shows_missing_components(folder, capsys) -> None:
    assert cli.main(["models"]) == Exit.OK
    assert "bare.safetensors  Stable Diffusion 1 (needs a VAE: --vae)" in capsys.readouterr().out


def test_a_pipeline_holds_a_model_only_with_its_chosen_vae(folder) -> None:
    pipeline = CorePipeline(device="cpu")
    with pytest.raises(ModelError, match="lacks an autoencoder"):
        pipeline.load("bare.safetensors")
    with pytest.raises(RequestError, match='no VAE "gone"'):
        pipeline.load("bare.safetensors", "gone")
    assert pipeline.load("bare.safetensors", "colours").vae == "colours.safetensors"
    assert pipeline.holds("bare.safetensors", "colours")
    assert not pipeline.holds("bare.safetensors", "ink")
    assert not pipeline.holds("bare.safetensors")
    with pytest.raises(ModelError, match="lacks an autoencoder"):
        pipeline.load("bare.safetensors")
    assert pipeline.holds("bare.safetensors", "colours"), "what is loaded stays"


class Watched(FakePipeline):
    """Records what it was asked to load."""

    def load(self, model: str = found_models.DEFAULT, vae: str = ""):  # type: ignore[no-untyped-def]
        self.loaded = (model, vae)
        if model != found_models.DEFAULT and not vae:
            raise ModelError("bare.safetensors lacks an autoencoder (VAE).", "Choose a VAE.")
        return super().load(model, vae)


def test_the_window_asks_for_a_vae_below_the_model(folder, start, qtbot) -> None:
    pipeline = Watched()
    application = start(pipeline)
    field, store = application.window.sampler.model, application.store
    qtbot.waitUntil(lambda: field.box.findText("bare") > 0)
    assert not field.vae.isVisible()
    field.box.setCurrentText("bare")
    field.box.activated.emit(field.box.currentIndex())
    assert field.vae.isVisible()
    assert "no VAE of its own" in field.problem.text()
    assert field.vae.currentText() == "none: choose one"
    assert pipeline.loaded == (found_models.DEFAULT, ""), "there is nothing to load yet"
    field.vae.showPopup()
    qtbot.waitUntil(lambda: field.vae.findText("ink") > 0)
    with qtbot.waitSignal(application.bridge.ready):
        field.vae.setCurrentIndex(field.vae.findText("ink"))
        field.vae.activated.emit(field.vae.currentIndex())
    assert pipeline.loaded == ("bare.safetensors", "ink")
    assert not field.problem.isVisible()
    assert store.snapshot().vae == "ink"


def test_generating_without_a_vae_is_explained(folder, start, qtbot) -> None:
    application = start(Watched())
    field, store = application.window.sampler.model, application.store
    qtbot.waitUntil(lambda: field.box.findText("bare") > 0)
    field.box.setCurrentText("bare")
    field.box.activated.emit(field.box.currentIndex())
    with qtbot.waitSignal(application.bridge.load_failed):
        application.studio.generate()
    qtbot.waitUntil(lambda: store.run.model is None or not store.run.loading)
    assert "lacks an autoencoder" in application.window.notice.text()
    assert store.model == "bare.safetensors"
    assert field.vae.isVisible()
