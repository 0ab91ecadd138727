"""The settings dialog: every control changes its setting at once, and shows the current one."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QComboBox,
    QKeySequenceEdit,
    QLineEdit,
    QSpinBox,
    QTreeWidget,
    QWidget,
)

from ldm_studio import hardware, paths
from ldm_studio.app import chosen_pipeline
from ldm_studio.hardware import Device, Memory
from ldm_studio.settings.settings import (
    Compute,
    ImageFormat,
    MetadataPolicy,
    Precision,
    Previews,
    Scheme,
    Settings,
    read,
    save,
)
from tests.ldm_studio.fakes import FakePipeline
from tests.ldm_studio.window_actions import until_idle

FOUND = (
    Device("cpu", "A CPU, 4 cores", Memory(8 << 30, 4 << 30), ("float32", "bfloat16")),
    Device("cuda:0", "A GPU", Memory(24 << 30, 20 << 30), hardware.PRECISIONS),
)


@pytest.fixture
def dialog(application, monkeypatch, qtbot):
    monkeypatch.setattr("ldm_studio.settings_dialog.compute_page.devices", lambda: FOUND)
    application.auxiliary_windows.open_settings()
    dialog = application.auxiliary_windows.settings
    qtbot.waitUntil(lambda: bool(dialog.compute.found))
    yield dialog
    dialog.close()


def page(dialog, name: str):
    dialog.show_page(name)
    return dialog.page


def choose(row, value) -> None:
    """Chooses with the keyboard, like a user."""
    box = row.control
    assert isinstance(box, QComboBox)
    place = box.findData(value)
    assert place >= 0
    box.setCurrentIndex(place)
    box.activated.emit(place)


def test_the_theme_changes_at_once_and_is_stored(application, dialog) -> None:
    choose(page(dialog, "look").rows[0], Scheme.DARK)
    assert application.theme.scheme is Scheme.DARK
    assert read(paths.config_dir() / "settings.json").look.scheme is Scheme.DARK
    application.window.actions_by_id["theme_light"].trigger()
    assert dialog.page.rows[0].control.currentData() == Scheme.LIGHT


def test_every_setting_has_a_control(dialog) -> None:
    """Found by the names of the schema's fields: a new field needs a row."""
    rows = sum(len(page.rows) for page in dialog.pages)
    fields = sum(len(getattr(Settings(), name).__struct_fields__) for name in _sections())
    assert rows >= fields


def _sections() -> list[str]:
    return [name for name in Settings.__struct_fields__ if name != "shortcuts"]


def test_existing_devices_are_listed_with_explanations(application, dialog) -> None:
    compute = page(dialog, "compute")
    box = compute.device.control
    assert [box.itemData(i) for i in range(box.count())] == ["auto", "cpu", "cuda:0"]
    assert "A GPU" in compute.device.explanation.text()
    choose(compute.device, "cpu")
    assert "A CPU, 4 cores" in compute.device.explanation.text()
    assert "after restart" in compute.device.explanation.text()
    choose(compute.precision, "float16")
    assert "Not supported" in compute.precision.explanation.text()
    assert application.settings.compute.device == "cpu"


def test_a_processor_faster_in_bfloat16_is_reported(application, dialog) -> None:
    compute = page(dialog, "compute")
    choose(compute.device, "cpu")
    for precision in ("auto", "bfloat16"):
        choose(compute.precision, precision)
        assert "much faster" not in compute.precision.explanation.text()
    compute.found = (replace(FOUND[0], prefers_bfloat16=True), *FOUND[1:])
    for precision in ("auto", "bfloat16"):
        choose(compute.precision, precision)
        assert "much faster" in compute.precision.explanation.text()
    choose(compute.device, "cuda:0")
    assert "much faster" not in compute.precision.explanation.text()


@pytest.mark.parametrize(("halves", "whole", "faster"), [(1.0, 2.0, True), (2.0, 1.0, False)])
def test_bfloat16_is_timed_on_a_processor(halves, whole, faster, monkeypatch) -> None:
    taken = iter([halves] * 5 + [whole] * 5)
    now = [0.0]

    def clock() -> float:
        """Every second reading is after the work."""
        now.append(now[-1] + (next(taken) if len(now) % 2 == 0 else 0.0))
        return now[-1]

    monkeypatch.setattr(hardware.time, "perf_counter", clock)
    assert hardware.prefers_bfloat16() is faster


def test_a_missing_device_is_reported(application, dialog) -> None:
    application.preferences.change("compute", device="cuda:7")
    compute = page(dialog, "compute")
    assert compute.device.control.currentData() == "cuda:7"
    assert "not available" in compute.device.explanation.text()


def test_device_precision_and_threads_apply_at_the_next_start(studio_home) -> None:
    path = paths.config_dir() / "settings.json"
    save(path, Settings(compute=Compute("cpu", Precision.BFLOAT16, 3)))
    pipeline = chosen_pipeline()
    assert (pipeline._device, pipeline._precision, pipeline._threads) == ("cpu", "bfloat16", 3)
    save(path, Settings())
    pipeline = chosen_pipeline()
    assert (pipeline._device, pipeline._precision, pipeline._threads) == ("", "", 0)


def test_previews_can_be_slower_smaller_or_off(start, qtbot) -> None:
    application = start(FakePipeline())
    seen = []
    application.bridge.progress.connect(lambda event: seen.append(event.preview))

    def draw() -> list[bool]:
        seen.clear()
        with until_idle(application.bridge, qtbot):
            application.studio.generate()
        return [preview is not None for preview in seen]

    assert any(draw())
    application.preferences.change("previews", shown=False)
    without = draw()
    assert without
    assert not any(without)
    application.preferences.put(Settings(previews=Previews(longest_side=64)))
    assert any(draw())
    assert application.window.canvas.view.document.preview_pixels == 64**2


def test_saving_steps_agrees_with_the_menu(application, dialog) -> None:
    previews = page(dialog, "previews")
    keep = application.window.actions_by_id["keep_steps"]
    previews.kept.control.click()
    assert not keep.isChecked()
    assert not previews.disk.control.isEnabled()
    keep.trigger()
    assert previews.kept.control.isChecked()
    assert previews.disk.control.value() == Settings().steps.trajectory_mib


def test_the_next_file_name_is_shown_while_the_pattern_is_typed(application, dialog, qtbot) -> None:
    files = page(dialog, "files")
    files.pattern.setFocus()
    files.pattern.selectAll()
    QTest.keyClicks(files.pattern, "{seed}/{numb")
    assert "partner" in files.example.explanation.text()
    assert files.pattern.property("wrong")
    assert application.settings.files.pattern == Settings().files.pattern
    QTest.keyClicks(files.pattern, "er}")
    assert not files.pattern.property("wrong")
    assert f"{application.store.seed}/00001.png" in files.example.explanation.text()
    assert application.settings.files.pattern == "{seed}/{number}"
    with qtbot.waitSignal(application.bridge.finished) as finished:
        application.studio.generate()
    path = finished.args[0].path
    assert path == paths.pictures_dir() / str(finished.args[0].image.request.seed) / "00001.png"


def test_the_next_image_is_saved_in_the_new_folder(application, dialog, qtbot, tmp_path) -> None:
    files = page(dialog, "files")
    files.use_folder(str(tmp_path / "mine"))
    choose(files.rows[2], ImageFormat.WEBP)
    assert files.folder.text() == str(tmp_path / "mine")
    with qtbot.waitSignal(application.bridge.finished) as finished:
        application.studio.generate()
    path = finished.args[0].path
    assert path.is_relative_to(tmp_path / "mine")
    assert path.suffix == ".webp"
    files.use_folder(str(paths.pictures_dir()))
    assert application.settings.files.folder == ""


def test_model_folders_are_added_and_removed(application, dialog, tmp_path) -> None:
    files = page(dialog, "files")
    files.use_models(str(tmp_path))
    assert application.store.model_folders == (str(tmp_path),)
    files.models.setCurrentRow(0)
    files.remove.click()
    assert application.store.model_folders == ()


def test_prompts_are_left_out_of_images_on_request(application, dialog, qtbot) -> None:
    application.store.prompt = "my secret garden"

    def written() -> bytes:
        with qtbot.waitSignal(application.bridge.finished) as finished:
            application.studio.generate()
        return finished.args[0].path.read_bytes()

    assert b"secret" in written()
    choose(page(dialog, "privacy").rows[0], MetadataPolicy.NO_PROMPTS)
    assert b"secret" not in written()


def test_the_search_shows_matching_settings_and_their_pages(dialog) -> None:
    def listed() -> list[str]:
        items = (dialog.list.item(i) for i in range(dialog.list.count()))
        return [item.text() for item in items if not item.isHidden()]

    assert len(listed()) == len(dialog.pages)
    dialog.search.setText("bfloat16")
    assert listed() == ["Device and Memory"]
    assert dialog.page is dialog.compute
    assert [row.isVisibleTo(dialog) for row in dialog.compute.rows].count(True) == 1
    dialog.search.setText("xyzzy")
    assert dialog.stack.currentWidget() is dialog.nothing
    dialog.search.clear()
    assert len(listed()) == len(dialog.pages)
    assert all(row.isVisibleTo(dialog) for row in dialog.compute.rows)


def test_resetting_a_page_can_be_undone(application, dialog) -> None:
    application.preferences.change("previews", per_second=3)
    application.preferences.change("privacy", told=MetadataPolicy.NOTHING)
    page(dialog, "previews")
    dialog.reset.click()
    assert application.settings.previews == Settings().previews
    assert application.settings.privacy.told is MetadataPolicy.NOTHING
    dialog.notice.action.click()
    assert application.settings.previews.per_second == 3
    assert dialog.page.rate.control.value() == 3


def test_settings_are_exported_and_imported(application, dialog, tmp_path) -> None:
    application.preferences.change("previews", per_second=3)
    path = tmp_path / "mine.json"
    dialog.export_to(str(path))
    assert str(path) in dialog.notice.text()
    application.preferences.reset("previews")
    dialog.import_from(str(path))
    assert application.settings.previews.per_second == 3
    dialog.notice.action.click()
    assert application.settings.previews.per_second == 10


@pytest.mark.parametrize("content", ["", "[]", "{", "\x00"])
def test_importing_a_file_without_settings_changes_nothing(
    application, dialog, tmp_path, content
) -> None:
    before = application.settings
    (tmp_path / "x.json").write_text(content)
    dialog.import_from(str(tmp_path / "x.json"))
    assert dialog.notice.is_error
    assert application.settings == before
    dialog.import_from(str(tmp_path / "missing.json"))
    assert dialog.notice.is_error


def test_invalid_values_in_an_imported_file_are_named(application, dialog, tmp_path) -> None:
    path = tmp_path / "x.json"
    path.write_text(json.dumps({"look": {"scheme": "sepia"}, "previews": {"per_second": 4}}))
    dialog.import_from(str(path))
    assert "look.scheme" in dialog.notice.text()
    assert application.settings.previews.per_second == 4


@pytest.mark.parametrize(
    ("written", "reported"), [(b"{not json", "line 1 is not JSON"), (b"\xff\xfe", "it is not text")]
)
def test_a_file_without_settings_is_refused_with_a_message(
    dialog, tmp_path, written, reported
) -> None:
    path = tmp_path / "x.json"
    path.write_bytes(written)
    dialog.import_from(str(path))
    assert dialog.notice.text() == f"x.json contains no settings: {reported}."


def test_a_failed_export_is_reported(dialog, tmp_path) -> None:
    (tmp_path / "file").touch()
    dialog.export_to(str(tmp_path / "file" / "x.json"))
    assert dialog.notice.is_error


def test_every_control_is_reachable_and_named(dialog, qtbot) -> None:
    kinds = (QAbstractButton, QComboBox, QLineEdit, QSpinBox, QTreeWidget)
    for page_ in dialog.pages:
        dialog.show_page(page_.name)
        for widget in page_.findChildren(QWidget):
            inside = QComboBox | QSpinBox | QLineEdit | QKeySequenceEdit
            inner = isinstance(widget.parent(), inside)
            if not isinstance(widget, kinds) or inner:
                continue
            said = widget.accessibleName() or getattr(widget, "text", str)()
            assert said, (page_.name, widget)
            assert widget.focusPolicy() & Qt.FocusPolicy.TabFocus, (page_.name, widget)


@pytest.mark.parametrize("size", [(640, 400), (1280, 800)])
def test_no_text_is_cut_off(dialog, size) -> None:
    dialog.setMinimumSize(0, 0)
    dialog.resize(*(min(side, most) for side, most in zip(size, (760, 560), strict=True)))
    rows = 0
    for page_ in dialog.pages:
        dialog.show_page(page_.name)
        shown = [row for row in page_.rows if row.isVisible()]
        rows += len(shown)
        assert all(row.width() <= page_.width() for row in shown)
        for above, below in pairwise(shown):
            assert above.geometry().bottom() < below.geometry().top()
    assert rows > len(dialog.pages)


def test_the_dialog_is_opened_once(application, dialog) -> None:
    application.auxiliary_windows.open_settings("privacy")
    assert application.auxiliary_windows.settings is dialog
    assert dialog.page.name == "privacy"


def test_the_settings_file_is_not_written_without_a_change(application, dialog) -> None:
    assert not Path(paths.config_dir() / "settings.json").exists()
