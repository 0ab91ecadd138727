"""Finding and choosing models, and the changes of an applied image."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog

from core.errors import ModelError
from core.request.request import Change, Request
from ldm_studio import paths
from ldm_studio.draw.models.model_field import ModelField
from ldm_studio.draw.sampling.changes_note import ChangesLine
from ldm_studio.models import found_models
from ldm_studio.store.run_state import RunState
from ldm_studio.store.store import StudioStore
from tests.ldm_studio.fakes import MODEL


def make_model(folder: Path, name: str | None = None) -> Path:
    folder.mkdir(parents=True)
    config = json.dumps({} if name is None else {"name": name})
    (folder / found_models.CONFIG).write_text(config, encoding="utf-8")
    return folder


@pytest.fixture
def store(qapp) -> StudioStore:
    return StudioStore()


@pytest.fixture
def field(store, qtbot) -> ModelField:
    field = ModelField(store)
    qtbot.addWidget(field)
    with qtbot.waitExposed(field), qtbot.waitSignal(field.box.listed):
        field.show()
    return field


def texts(field: ModelField) -> list[str]:
    return [field.box.itemText(i) for i in range(field.box.count()) if field.box.itemText(i)]


def choose(field: ModelField, text: str) -> None:
    field.box.rescan()
    field.box.setCurrentText(text)
    field.box.activated.emit(field.box.currentIndex())


def test_the_default_model_is_first_and_the_others_are_sorted_by_name(tmp_path) -> None:
    make_model(paths.models_dir() / "b", "Foxes 10")
    make_model(paths.models_dir() / "c", "foxes 2")
    make_model(paths.models_dir() / "unnamed")
    (paths.models_dir() / "notes").mkdir()
    added = make_model(tmp_path / "elsewhere", "Owls")
    found = found_models.find_models([str(added), str(tmp_path / "gone")])
    assert [model.name for model in found] == [
        "LDM Studio Emoji", "foxes 2", "Foxes 10", "Owls", "unnamed",
    ]  # fmt: skip
    assert [model.reference for model in found] == [
        found_models.DEFAULT, "c", "b", str(added), "unnamed",
    ]  # fmt: skip
    assert all(found_models.find_model(model.reference) == model.path for model in found)


@pytest.mark.parametrize("config", ["{", "[]", '{"name": 5}', '{"name": " "}', "[" * 100_000])
def test_a_damaged_model_is_listed_under_its_folder(config) -> None:
    folder = make_model(paths.models_dir() / "broken")
    (folder / found_models.CONFIG).write_text(config, encoding="utf-8")
    assert found_models.find_models()[1].name == "broken"


def test_a_missing_model_is_named_with_advice() -> None:
    with pytest.raises(ModelError, match='no model "owls"') as caught:
        found_models.find_model("owls")
    assert str(caught.value.hint) == "Choose another, or add its folder."


def test_choosing_a_model_requests_it(store, field) -> None:
    make_model(paths.models_dir() / "foxes", "Foxes")
    assert texts(field) == ["LDM Studio Emoji (default)", "Add a Folder…"]
    choose(field, "Foxes")
    assert store.snapshot().model == "foxes"
    store.model = found_models.DEFAULT
    assert field.box.currentText() == "LDM Studio Emoji (default)"


def test_models_with_equal_names_are_distinguished_by_their_folders(store, field) -> None:
    make_model(paths.models_dir() / "old", "Foxes")
    make_model(paths.models_dir() / "new", "Foxes")
    field.box.rescan()
    assert texts(field)[1:3] == ["Foxes (new)", "Foxes (old)"]


def test_a_missing_model_is_shown_as_missing(store, field) -> None:
    store.apply(Request(model="foxes"))
    assert field.box.currentText() == "foxes (missing)"
    assert field.problem.isVisibleTo(field.problem.parentWidget())
    assert store.snapshot().model == "foxes"
    make_model(paths.models_dir() / "foxes", "Foxes")
    store.model = found_models.DEFAULT
    store.model = "foxes"
    assert field.box.currentText() == "Foxes"
    assert field.problem.text() == ""


def test_a_path_in_a_recipe_is_not_opened(store, field, tmp_path) -> None:
    """On some systems accessing a path on another computer reveals who accesses it."""
    folder = make_model(tmp_path / "elsewhere", "Owls")
    store.apply(Request(model=str(folder)))
    assert field.box.currentText() == "elsewhere (missing)"


def test_an_added_folder_is_offered_from_then_on(store, field, qtbot, tmp_path) -> None:
    make_model(tmp_path / "mine" / "owls", "Owls")
    make_model(tmp_path / "mine" / "larks", "Larks")
    with qtbot.waitSignal(field.picked):
        field.add(str(tmp_path / "mine"))
    assert store.model == str(tmp_path / "mine" / "larks")
    assert texts(field)[1:3] == ["Larks", "Owls"]
    later = StudioStore()
    later.restore(store.saved())
    assert later.model_folders == (str(tmp_path / "mine"),)


def test_a_folder_without_a_model_is_refused_with_a_message(store, field, qtbot, tmp_path) -> None:
    field.add(str(tmp_path))
    qtbot.waitUntil(lambda: "no supported model" in field.problem.text())
    assert store.model == found_models.DEFAULT
    assert store.model_folders == ()


def test_choosing_the_same_model_again_ends_the_message(store, field, qtbot, tmp_path) -> None:
    field.add(str(tmp_path))
    qtbot.waitUntil(lambda: "no supported model" in field.problem.text())
    field.box.picker.chosen.emit(found_models.DEFAULT)
    assert field.problem.text() == ""


def test_adding_asks_for_a_folder_and_keeps_the_choice(store, field) -> None:
    choose(field, "Add a Folder…")
    assert store.model == found_models.DEFAULT
    assert field.box.currentText() == "LDM Studio Emoji (default)"
    (dialog,) = field.window().findChildren(QFileDialog)
    assert dialog.isVisible()
    dialog.reject()


def test_keys_open_the_list_instead_of_changing_the_choice(
    store, field, qtbot, monkeypatch
) -> None:
    make_model(paths.models_dir() / "foxes", "Foxes")
    opened: list[bool] = []
    monkeypatch.setattr(field.box, "showPopup", lambda: opened.append(True))
    qtbot.keyClick(field.box, Qt.Key.Key_Down)
    qtbot.keyClick(field.box, Qt.Key.Key_F)
    assert opened == [True]
    assert store.model == found_models.DEFAULT


def test_the_recommended_settings_are_one_click_away(store, field, qtbot) -> None:
    assert not field.own.isEnabled()
    store.run = RunState(loading=False, model=MODEL)
    assert field.own.isEnabled()
    qtbot.mouseClick(field.own, Qt.MouseButton.LeftButton)
    assert (store.sampler, store.steps, store.cfg) == (MODEL.sampler, MODEL.steps, MODEL.cfg)
    assert not field.own.isEnabled()
    store.run = replace(store.run, model=replace(MODEL, steps=4))
    assert field.own.isEnabled()


def test_applied_changes_are_shown_and_can_be_removed(store, qtbot) -> None:
    line = ChangesLine(store)
    qtbot.addWidget(line)
    assert line.isHidden()
    changes = (Change(8, prompt="a dog"), Change(14, cfg=7.5, sampler="Euler a", mask="c" * 64))
    store.apply(Request(init="a" * 64, strength=0.5, changes=changes))
    assert line.words.text() == "With 2 changes at steps 8 and 14"
    assert "Step 8: Prompt “a dog”" in line.words.toolTip()
    assert "Step 14: CFG scale 7.5, Sampler Euler a, another mask" in line.words.toolTip()
    qtbot.mouseClick(line.forget, Qt.MouseButton.LeftButton)
    assert store.snapshot().changes == ()
    assert line.isHidden()


@pytest.mark.parametrize(
    ("steps", "words"),
    [
        ((5,), "With 1 change at step 5"),
        ((1, 2, 3), "With 3 changes at steps 1, 2 and 3"),
        (range(2, 12), "With 10 changes at steps 2 to 11"),
    ],
)
def test_many_changes_are_summarised(store, qtbot, steps, words) -> None:
    line = ChangesLine(store)
    qtbot.addWidget(line)
    store.changes = tuple(Change(step, cfg=2.0) for step in steps)
    assert line.words.text() == words
