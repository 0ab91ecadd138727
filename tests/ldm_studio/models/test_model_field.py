"""Checkpoints in the window: listed as they are found, chosen, their settings applied."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt, QTimer

from core.checkpoints.overrides import read_overrides
from core.errors import ModelError
from core.request.request import Request
from ldm_studio import app, paths
from ldm_studio.draw.models import model_scan
from ldm_studio.draw.models.model_field import ModelField
from ldm_studio.draw.sampling.advanced_settings import MoreSection
from ldm_studio.draw.sampling.sampler_panel import SamplerPanel
from ldm_studio.models import found_models
from ldm_studio.store.run_state import RunState
from ldm_studio.store.store import Mode, StudioStore
from tests.ldm_studio.fakes import MODEL, FakePipeline
from tests.ldm_studio.models.files import lora, put, truncated, with_nan
from tests.ldm_studio.models.test_addons import vae


@pytest.fixture
def store(qapp) -> StudioStore:
    store = StudioStore()
    store.run = RunState(loading=False, model=MODEL)
    return store


@pytest.fixture
def field(store, qtbot, tiny_sd1) -> ModelField:
    put(tiny_sd1, paths.models_dir() / "dream.safetensors")
    truncated(tiny_sd1, paths.models_dir() / "broken.safetensors")
    lora(paths.models_dir() / "style.safetensors")
    field = ModelField(store)
    qtbot.addWidget(field)
    with qtbot.waitSignal(field.box.listed):
        field.show()
    return field


def test_the_model_list_describes_its_models(field) -> None:
    box = field.box
    names = [box.itemText(i) for i in range(box.count()) if box.itemText(i)]
    assert names == ["LDM Studio Emoji (default)", "dream", "broken", "Add a Folder…"]
    tips = [box.itemData(i, Qt.ItemDataRole.ToolTipRole) for i in range(3)]
    assert "incomplete" in tips[2]
    assert tips[1].startswith("Stable Diffusion 1\n")
    enabled = [bool(box.model().flags(box.model().index(i, 0)) & Qt.ItemFlag.ItemIsEnabled)
               for i in range(3)]  # fmt: skip
    assert enabled == [True, True, False]


def test_the_tooltip_describes_the_loaded_model(field, store) -> None:
    store.model = "dream.safetensors"
    assert "float32" in field.box.toolTip()
    assert "During a run" not in field.box.toolTip()
    plan = "one at a time on the GPU: about 3.1 of the 7.9 GB that were free"
    loaded = replace(MODEL, name="dream", plan=plan, vae="/m/dream.vae.pt")
    store.run = RunState(loading=False, model=loaded)
    assert f"During a run: {plan}" in field.box.toolTip()
    assert "With the VAE beside it: dream.vae.pt" in field.box.toolTip()
    store.run = replace(store.run, model=replace(loaded, plan="all in main memory"))
    assert "During a run: all in main memory" in field.box.toolTip()


def test_offloading_is_shown_at_once(start, qtbot, gate) -> None:
    pipeline = FakePipeline(before_step=gate)
    application = start(pipeline)
    box = application.window.sampler.model.box
    application.store.steps = 10
    with qtbot.waitSignal(application.bridge.started):
        application.studio.generate()
    assert pipeline.info is not None
    pipeline.info = replace(pipeline.info, name=box.chosen.name, plan="all in main memory")
    with qtbot.waitSignal(application.bridge.ready):
        gate.let(1)
    pipeline.info = replace(pipeline.info, plan="one at a time")
    with qtbot.waitSignal(application.bridge.model_offloaded):
        gate.let(1)
    assert box.toolTip().endswith("During a run: one at a time")


def test_few_steps_limit_the_strength(qtbot, store) -> None:
    panel = SamplerPanel(store)
    qtbot.addWidget(panel)
    store.mode, store.steps = Mode.IMAGE, 4
    assert panel.field("strength").slider.minimum() == 1
    store.run = RunState(loading=False, model=replace(MODEL, steps=4))
    assert panel.field("strength").slider.minimum() * 0.05 == 0.25
    assert "with 4 steps, a strength of 0.25" in panel.field("strength").toolTip()
    store.steps = 8
    assert "with 8 steps, a strength of 0.12" in panel.field("strength").toolTip()
    store.run = RunState(loading=False, model=MODEL)
    assert panel.field("strength").slider.minimum() == 1
    assert "At least one step" not in panel.field("strength").toolTip()


def test_new_files_appear_without_a_restart(field, qtbot, tiny_sd1) -> None:
    put(tiny_sd1, paths.models_dir() / "later.safetensors")
    with qtbot.waitSignal(field.box.listed):
        field.box.rescan()
    assert field.box.findText("later") > 0


def test_known_files_are_listed_while_others_are_scanned(
    qtbot, store, tiny_sd1, monkeypatch
) -> None:
    for name in ("a", "b", "c"):
        put(tiny_sd1, paths.models_dir() / f"{name}.safetensors")
    monkeypatch.setattr(model_scan, "BATCH_SECONDS", 1e-9)
    field = ModelField(store)
    qtbot.addWidget(field)
    seen: list[tuple[int, str]] = []

    def look() -> None:
        listed = sum(field.box.findText(name) > 0 for name in ("a", "b", "c"))
        unread = field.box.unread
        seen.append((listed, "" if unread.isHidden() else unread.text()))

    field.box.listed.connect(look)
    field.show()
    qtbot.waitUntil(lambda: field.box.findText("c") > 0)
    assert [listed for listed, _ in seen] == [1, 2, 3]
    assert [text for _, text in seen] == ["Checking 2 more files…", "Checking 1 more file…", ""]


def test_no_header_is_read_before_the_engine_starts(qtbot, tiny_sd1) -> None:
    put(tiny_sd1, paths.models_dir() / "dream.safetensors")
    store = StudioStore()
    field = ModelField(store)
    qtbot.addWidget(field)
    with qtbot.waitSignal(field.box.listed):
        field.show()
    assert field.box.findText("dream") == -1
    store.model = "dream.safetensors"
    assert not field.box.is_missing
    with qtbot.waitSignal(field.box.listed):
        pass
    with qtbot.waitSignal(field.box.listed):
        store.run = RunState(loading=False, model=MODEL)
    assert field.box.currentText() == "dream"


def test_unchanged_model_settings_follow_the_next_model(field, store) -> None:
    store.apply_defaults(MODEL)
    store.cfg = 3.25
    choose(field, "dream")
    other = replace(MODEL, name="dream", steps=25, cfg=7.0, width=512, height=512)
    store.run = RunState(loading=True, model=MODEL)
    store.run = RunState(loading=False, model=other)
    assert (store.steps, store.width, store.height) == (25, 512, 512)
    assert store.cfg == 3.25


@pytest.mark.parametrize("loaded", [False, True], ids=["alone", "behind the one before"])
def test_a_model_opened_before_any_is_loaded_applies_its_settings(
    loaded: bool, qtbot, tiny_sd1, tmp_path: Path
) -> None:
    path = put(tiny_sd1, tmp_path / "dream.safetensors")
    store = StudioStore()
    store.apply_defaults(MODEL)  # of the last session
    store.cfg = 3.25
    field = ModelField(store)
    qtbot.addWidget(field)
    with qtbot.waitSignal(field.picked):
        field.add(str(path))
    other = replace(MODEL, name="dream", steps=25, cfg=7.0, width=512, height=512, path=path)
    if loaded:
        store.run = RunState(loading=False, model=MODEL)
        store.run = RunState(loading=True, model=MODEL)
    store.run = RunState(loading=False, model=other)
    assert (store.steps, store.width, store.height) == (25, 512, 512)
    assert store.cfg == (3.25 if loaded else 7.0)


def choose(field: ModelField, text: str) -> None:
    field.box.setCurrentText(text)
    field.box.activated.emit(field.box.currentIndex())


def test_a_damaged_checkpoint_is_reported_and_the_model_stays(start, qtbot, tiny_sd1) -> None:
    class Breaking(FakePipeline):
        def load(self, model: str = found_models.DEFAULT, vae: str = ""):  # type: ignore[no-untyped-def]
            if model != found_models.DEFAULT:
                raise ModelError("bad.safetensors is damaged.", "Download it again.")
            return super().load(model)

    with_nan(tiny_sd1, paths.models_dir() / "bad.safetensors")
    application = start(Breaking())
    field = application.window.sampler.model
    qtbot.waitUntil(lambda: field.box.findText("bad") > 0)
    with qtbot.waitSignal(application.bridge.load_failed):
        choose(field, "bad")
    qtbot.waitUntil(lambda: application.store.run.model is not None)
    assert "bad.safetensors is damaged." in application.window.notice.text()
    assert application.store.model == found_models.DEFAULT
    assert application.window.status.model.text().startswith(MODEL.name)


def test_a_model_picked_during_a_run_is_loaded_afterwards(start, qtbot, gate, tiny_sd1) -> None:
    put(tiny_sd1, paths.models_dir() / "dream.safetensors")
    pipeline = FakePipeline(before_step=lambda step: gate())
    application = start(pipeline)
    field, store = application.window.sampler.model, application.store
    qtbot.waitUntil(lambda: field.box.findText("dream") > 0)
    with qtbot.waitSignal(application.bridge.started):
        application.studio.generate()
    choose(field, "dream")
    assert store.run.busy
    assert pipeline.named == found_models.DEFAULT
    with qtbot.waitSignal(application.bridge.ready):
        gate.open()
    assert pipeline.named == store.model == "dream.safetensors"
    assert [request.model for request in pipeline.begun] == [found_models.DEFAULT]


def test_the_model_of_the_last_session_is_loaded(start, qtbot, tiny_sd1, monkeypatch) -> None:
    put(tiny_sd1, paths.models_dir() / "dream.safetensors")
    folder = paths.state_dir()
    folder.mkdir(parents=True, exist_ok=True)
    session = {"parameters": {"model": "dream.safetensors"}}
    (folder / "session.json").write_text(json.dumps(session), encoding="utf-8")
    pipeline = FakePipeline()
    monkeypatch.setattr(app, "QTimer", QTimer)
    application = start(pipeline, ready=False)
    qtbot.waitUntil(lambda: application.store.run.model is not None)
    assert pipeline.named == application.store.model == "dream.safetensors"


def test_the_picker_shows_family_size_and_precision(field, store, qtbot) -> None:
    field.box.showPopup()
    picker = field.box.picker
    details = {item.title: (item.detail, str(item.problem)) for item in picker.items.shown}
    assert details["dream"][0].startswith("Stable Diffusion 1 · ")
    assert details["dream"][0].endswith(" · float32")
    assert picker.isVisible()
    picker.search.setText("dre")
    with qtbot.waitSignal(field.picked):
        qtbot.keyClick(picker.search, Qt.Key.Key_Return)
    assert store.model == "dream.safetensors"
    assert not picker.isVisible()


def test_new_files_are_noticed_without_a_scan(field, qtbot, tiny_sd1) -> None:
    put(tiny_sd1, paths.models_dir() / "later.safetensors")
    qtbot.waitUntil(lambda: field.box.findText("later") > 0)


def test_a_prediction_override_is_chosen_and_remembered(field, store, qtbot) -> None:
    choose(field, "dream")
    field.box.showPopup()
    predicts = field.box._predicts
    assert (predicts.isEnabled(), predicts.currentData()) == (True, "")
    with qtbot.waitSignal(field.picked):
        predicts.setCurrentIndex(predicts.findData("v"))
        predicts.activated.emit(predicts.currentIndex())
    assert read_overrides(paths.models_dir() / "dream.safetensors").prediction == "v"
    choose(field, "LDM Studio Emoji (default)")
    field.box.showPopup()
    assert not predicts.isEnabled()


def test_the_vae_is_chosen_from_the_folders(qtbot, tiny_sd1) -> None:
    put(tiny_sd1, paths.models_dir() / "dream.safetensors")
    vae(paths.models_dir() / "VAE" / "colours.safetensors")
    store = StudioStore()
    more = MoreSection(store)
    qtbot.addWidget(more)
    store.run = RunState(loading=False, model=replace(MODEL, takes_vae=True))
    assert more.rows.fields["vae"].currentText() == "Auto"
    more.rows.fields["vae"].showPopup()
    qtbot.waitUntil(lambda: more.rows.fields["vae"].findText("colours") > 0)
    assert more.rows.fields["vae"].findText("dream") == -1
    more.rows.fields["vae"].setCurrentIndex(more.rows.fields["vae"].findText("colours"))
    more.rows.fields["vae"].activated.emit(more.rows.fields["vae"].currentIndex())
    assert store.snapshot().vae == "colours"
    assert "vae" in store.edited()
    store.run = RunState(loading=False, model=MODEL)
    assert store.snapshot().vae == ""
    store.apply(Request(vae="gone"))
    assert more.rows.fields["vae"].currentText() == "gone"


def test_the_panel_adapts_to_the_model(qtbot, store) -> None:
    panel = SamplerPanel(store)
    qtbot.addWidget(panel)
    assert panel.mode.button(Mode.TEXT).isEnabled()
    few = replace(MODEL, name="quick", steps=4, cfg=1.0, input_kind="upscaling")
    store.run = RunState(loading=False, model=few)
    assert panel.field("steps").slider.maximum() == 30
    assert panel.field("cfg").slider.maximum() * 0.5 == 5
    assert "quick was made for about 4 steps" in panel.field("steps").toolTip()
    text = panel.mode.button(Mode.TEXT)
    assert "Enlarge the image below" in text.toolTip()
    store.run = RunState(loading=False, model=MODEL)
    assert panel.field("steps").slider.maximum() == 60
    assert "quick" not in panel.field("steps").toolTip()
    assert "Enlarge" not in text.toolTip()
