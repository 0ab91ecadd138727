"""Models with a control image: in the window, and on the command line."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from safetensors.torch import save_file

from core.images.image_digest import digest
from ldm_studio import paths
from ldm_studio.command_line import cli
from ldm_studio.exit_codes import Exit
from ldm_studio.images.control_images import control_of, output_size
from ldm_studio.images.image_files import read_request
from ldm_studio.store.store import Mode
from tests.core.checkpoints.tiny import made, original
from tests.core.conftest import randomise
from tests.ldm_studio.fakes import MODEL, FakePipeline
from tests.ldm_studio.window_actions import entries, make

KINDS = {
    "depth": "SD2 depth",
    "instruct-pix2pix": "instruct-pix2pix",
    "upscaling": "x4 upscaler",
    "unCLIP": "SD2 unCLIP-H",
}
NEED_ONE = ("depth", "instruct-pix2pix", "upscaling")


def model(extra: str):
    level = 0 if extra == "unCLIP" else 20
    factor = 4 if extra == "upscaling" else 8
    return replace(MODEL, input_kind=extra, factor=factor, noise_level=level)


@pytest.fixture
def image(tmp_path: Path) -> Path:
    path = tmp_path / "house.png"
    pixels = np.random.default_rng(0).integers(0, 256, (24, 32, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(path)
    return path


def drop(panel, path: Path) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    event = QDropEvent(
        QPointF(1, 1), Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )  # fmt: skip
    panel.dropEvent(event)


@pytest.mark.parametrize("extra", NEED_ONE)
def test_a_missing_control_image_is_explained(start, extra) -> None:
    pipeline = FakePipeline(model=model(extra))
    application = start(pipeline)
    panel = application.window.sampler.control
    assert panel.isVisible()
    application.studio.generate()
    notice = application.window.notice
    assert notice.isVisible()
    assert "Open or drop one" in notice.text()
    assert not pipeline.begun


def test_without_an_image_to_vary_only_the_prompt_is_used(start, qtbot) -> None:
    pipeline = FakePipeline(model=model("unCLIP"))
    application = start(pipeline)
    assert application.window.sampler.control.isVisible()
    make(application, qtbot)
    assert not pipeline.begun[-1].control
    application.studio.use_start(np.full((128, 128, 3), 90, np.uint8))
    make(application, qtbot)
    assert pipeline.begun[-1].init
    assert not pipeline.begun[-1].control


def test_the_noise_level_follows_the_model(start) -> None:
    application = start(FakePipeline(model=model("unCLIP")))
    store, field = application.store, application.window.sampler.field("noise_level")
    assert store.noise_level == 0
    field.number.setValue(999)
    assert store.noise_level == 999
    store.reset("noise_level")
    assert store.noise_level == field.value() == 0
    store.run = replace(store.run, model=model("upscaling"))
    field.number.setValue(999)
    assert store.noise_level == 350


@pytest.mark.parametrize("extra", KINDS)
def test_a_dropped_control_image_is_used_and_restored_by_the_recipe(
    start, qtbot, image, extra
) -> None:
    pipeline = FakePipeline(model=model(extra))
    application = start(pipeline)
    leading, store = application.studio.leading, application.store
    drop(application.window.sampler.control, image)
    qtbot.waitUntil(lambda: leading.image is not None)
    if extra == "upscaling":
        assert (store.width, store.height) == (128, 96)
    store.image_guidance, store.noise_level = 1.2, 35
    make(application, qtbot)
    request = pipeline.begun[-1]
    wanted = control_of(leading.image, request, pipeline.model)
    assert request.control == digest(wanted)
    assert request.guidance.image == (1.2 if extra == "instruct-pix2pix" else 1.5)
    assert request.noise_level == (35 if extra in ("upscaling", "unCLIP") else 20)
    application.window.sampler.control.clear.click()
    cleared = leading.image
    assert cleared is None
    application.studio.show_entry(entries(application)[-1])
    assert np.array_equal(leading.image, wanted)
    make(application, qtbot)
    assert pipeline.begun[-1].control == request.control


def test_the_canvas_image_can_be_the_control_image(start, qtbot) -> None:
    pipeline = FakePipeline(model=model("instruct-pix2pix"))
    application = start(pipeline)
    rgb = np.full((128, 128, 3), 90, np.uint8)
    application.studio.use_start(rgb)
    application.store.mode = Mode.TEXT
    application.window.sampler.control.canvas.click()
    make(application, qtbot)
    assert pipeline.begun[-1].control == digest(rgb)
    assert pipeline.images[-1] is None


def test_models_without_a_control_image_ignore_it(start, qtbot) -> None:
    pipeline = FakePipeline()
    application = start(pipeline)
    application.studio.leading.restore(np.zeros((8, 8, 3), np.uint8))
    assert not application.window.sampler.control.isVisible()
    make(application, qtbot)
    assert not pipeline.begun[-1].control


def test_the_output_has_the_shape_of_the_control_image() -> None:
    assert output_size((400, 200), model("depth")) == (176, 96)
    assert output_size((64, 32), model("instruct-pix2pix")) == (64, 32)
    assert output_size((40, 20), model("upscaling")) == (160, 80)
    assert output_size((400, 200), model("upscaling")) == (256, 128)
    assert output_size((40, 20), model("unCLIP")) == (176, 96)


@pytest.mark.parametrize("extra", KINDS)
def test_the_command_line_uses_and_replays_a_control_image(extra, image, tmp_path, capsys) -> None:
    paths.models_dir().mkdir(parents=True, exist_ok=True)
    weights = original(made(KINDS[extra], randomise))
    save_file(weights, paths.models_dir() / "led.safetensors")
    made_there = tmp_path / "made.png"
    words = ["generate", "winter", "--model", "led", "--steps", "2", "-o", str(made_there)]
    if extra == "depth":
        assert cli.main([*words, "--size", "64x64"]) == Exit.USAGE
        assert "--control" in capsys.readouterr().err
    if extra in ("depth", "unCLIP"):  # whose control image does not decide the size
        words += ["--size", "64x64"]
    words += ["--control", str(image), "--image-guidance", "1.2", "--noise-level", "30"]
    assert cli.main(words) == Exit.OK
    request = read_request(made_there)
    assert request is not None
    assert request.control
    if extra == "upscaling":
        assert (request.width, request.height) == (128, 96)
    assert cli.main(["replay", str(made_there)]) == Exit.OK


def test_the_command_line_varies_with_the_models_noise_level(image, tmp_path, capsys) -> None:
    paths.models_dir().mkdir(parents=True, exist_ok=True)
    weights = original(made("SD2 unCLIP-L", randomise))
    bare = {k: v for k, v in weights.items() if not k.startswith("noise_augmentor")}
    save_file(bare, paths.models_dir() / "led.safetensors")
    words = ["generate", "winter", "--model", "led", "--steps", "1", "--size", "64x64", "-o"]
    for name, more, level, known in (
        ("alone.png", [], 0, True),
        ("varied.png", ["--control", str(image)], 0, True),
        ("noised.png", ["--control", str(image), "--noise-level", "500"], 500, False),
    ):
        assert cli.main([*words, str(tmp_path / name), *more]) == Exit.OK
        request = read_request(tmp_path / name)
        assert request is not None
        assert request.noise_level == level
        assert bool(request.control) == bool(more)
        assert ("lacks the statistics" in capsys.readouterr().err) != known
        assert cli.main(["replay", str(tmp_path / name)]) == Exit.OK
        capsys.readouterr()
    assert cli.main(["inspect", "led"]) == Exit.OK
    output = capsys.readouterr().out
    assert "Stable Diffusion 2, unCLIP" in output
    assert "image encoder" in output
    assert "statistics" in output


def test_a_model_without_a_control_image_is_refused_on_the_command_line(
    image, tmp_path, capsys
) -> None:
    words = ["generate", "a cat", "--control", str(image), "-o", str(tmp_path / "a.png")]
    assert cli.main(words) == Exit.USAGE
    assert "--control" in capsys.readouterr().err
