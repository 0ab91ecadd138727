"""Each control of the window: names, resets, limits, keyboard, persistence."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication, QScrollArea, QWidget

from core.request.request import Request
from ldm_studio.canvas.tools.tools import Tool
from tests.ldm_studio.fakes import MODEL, FakePipeline
from tests.ldm_studio.long_texts import cut


def test_every_control_has_a_name_and_a_tooltip(application) -> None:
    from PySide6.QtWidgets import (
        QAbstractButton,
        QAbstractSpinBox,
        QComboBox,
        QLineEdit,
        QPlainTextEdit,
        QSlider,
    )

    kinds = (QAbstractButton, QAbstractSpinBox, QComboBox, QLineEdit, QPlainTextEdit, QSlider)
    window = application.window
    for panel in (window.prompt, window.run_area, window.sampler, window.timeline):
        controls = [control for kind in kinds for control in panel.findChildren(kind)]
        assert controls
        for control in controls:
            if control.objectName().startswith("qt_"):
                continue
            name = control.accessibleName() or getattr(control, "text", lambda: "")()
            assert name, control
            assert control.toolTip(), control


def test_a_double_click_on_a_name_resets_the_control(application, qtbot) -> None:
    from ldm_studio.widgets.fields import Caption

    application.store.steps = 99
    captions = application.window.sampler.findChildren(Caption)
    (steps,) = [caption for caption in captions if caption.text() == "Steps"]
    qtbot.mouseDClick(steps, Qt.MouseButton.LeftButton)
    assert application.store.steps == MODEL.steps


def test_example_prompts_fill_an_empty_prompt(application, qtbot) -> None:
    from PySide6.QtWidgets import QPushButton

    panel = application.window.prompt
    assert panel.examples.isVisible()
    chip = panel.examples.findChildren(QPushButton)[0]
    qtbot.mouseClick(chip, Qt.MouseButton.LeftButton)
    assert application.store.prompt == chip.text()
    assert not panel.examples.isVisible()
    text = application.store.prompt
    qtbot.keyClicks(application.window.prompt.prompt, ", 3d")
    assert application.store.prompt == text + ", 3d"


def test_the_seed_is_random_locked_or_typed(application, qtbot) -> None:
    panel, store = application.window.sampler, application.store
    qtbot.mouseClick(panel.dice, Qt.MouseButton.LeftButton)
    assert store.seed_locked
    panel.lock.click()
    assert not store.seed_locked
    panel.field("seed").selectAll()
    qtbot.keyClicks(panel.field("seed"), "12x34")
    assert store.seed == 1234
    assert store.seed_locked


def test_sizes_are_swapped_and_chosen_from_presets(application, qtbot) -> None:
    panel, store = application.window.sampler, application.store
    panel.size_row.preset.setCurrentText("Portrait")
    panel.size_row.preset.activated.emit(panel.size_row.preset.currentIndex())
    assert (store.width, store.height) == (96, 128)
    qtbot.mouseClick(panel.size_row.swap, Qt.MouseButton.LeftButton)
    assert (store.width, store.height) == (128, 96)
    assert panel.size_row.preset.currentText() == "Landscape"


def test_the_left_column_shows_its_controls_in_full(application) -> None:
    window = application.window
    window.resize(1280, 800)
    room = window.prompt.parentWidget().parentWidget().width()
    for panel in (window.prompt, window.sampler):
        assert panel.minimumSizeHint().width() <= panel.width()
        assert panel.geometry().right() < room


def test_rows_of_the_left_column_are_evenly_spaced(application) -> None:
    application.window.resize(1280, 800)
    QApplication.processEvents()
    panel = application.window.sampler
    names = ("strength", "sampler", "schedule", "steps", "cfg")
    seed = panel.field("seed").parentWidget()
    rows = (panel.mode, *map(panel.field, names), panel.size_row, seed, panel.field("count"))
    middles = [row.geometry().top() + row.height() / 2 for row in rows]
    steps = [after - before for before, after in pairwise(middles)]
    assert max(steps) - min(steps) <= 1


def test_the_left_column_does_not_move_when_a_scroll_bar_appears(application) -> None:
    window = application.window
    places = set()
    for size in ((1280, 800), (640, 400)):
        window.resize(*size)
        QApplication.processEvents()
        (scroll,) = window.findChildren(QScrollArea)
        assert scroll.verticalScrollBar().isVisible() == (size == (640, 400))
        assert scroll.horizontalScrollBar().maximum() == 0
        places |= {(panel.x(), panel.width()) for panel in (window.prompt, window.sampler)}
    assert len(places) == 1


@pytest.mark.parametrize("size", [(1280, 800), (640, 400)], ids=["large", "small"])
def test_prompt_and_generate_stay_in_sight_however_far_the_settings_are_scrolled(
    application, size
) -> None:
    window = application.window
    window.resize(*size)
    window.sampler.more.toggle.setChecked(True)
    QApplication.processEvents()
    (scroll,) = window.findChildren(QScrollArea)
    bar = scroll.verticalScrollBar()
    assert bar.maximum() > 0
    pinned = (window.prompt.prompt, window.run_area.button, window.run_area.live)
    before = [widget.mapTo(window, QPoint(0, 0)) for widget in pinned]
    bar.setValue(bar.maximum())
    QApplication.processEvents()
    assert [widget.mapTo(window, QPoint(0, 0)) for widget in pinned] == before
    for widget in pinned:
        assert widget.visibleRegion().boundingRect() == widget.rect()


def test_a_refused_model_scrolls_to_its_message(application, qtbot, tmp_path) -> None:
    window = application.window
    window.resize(640, 400)
    QApplication.processEvents()
    (scroll,) = window.findChildren(QScrollArea)
    scroll.verticalScrollBar().setValue(scroll.verticalScrollBar().maximum())
    problem = window.sampler.model.problem
    file = tmp_path / "damaged.safetensors"
    file.write_bytes(b"\x02" + bytes(7) + b"{}")
    application.open_files([str(file)])
    qtbot.waitUntil(lambda: problem.isVisible() and not problem.visibleRegion().isEmpty())
    assert problem.visibleRegion().boundingRect().height() == problem.height()


def test_long_status_texts_widen_nothing(start) -> None:
    name = "a-checkpoint-with-a-name-of-many-words-pruned-fp16"
    model = replace(MODEL, name=name, device="NVIDIA GeForce RTX 4090 Laptop GPU, float16")
    window = start(FakePipeline(model=model)).window
    window.resize(640, 400)
    QApplication.processEvents()
    assert window.width() == 640
    assert name in window.status.model.toolTip()


def test_the_window_fits_a_small_screen_of_double_scale(application) -> None:
    window = application.window
    notice = "The image was shrunk from 5000 × 4000 and padded to 512 × 416."
    window.notice.show_info(notice, action=("Restore Settings", lambda: None))
    window.resize(640, 400)
    window.layout().activate()
    assert (window.width(), window.height()) == (640, 400)
    assert window.canvas.view.width() >= 96
    assert window.run_area.button.isVisible()


def test_a_long_notice_does_not_shrink_the_tools(application) -> None:
    window = application.window
    window.resize(640, 400)
    text, hint = (
        "The image could not be saved: the disk is full.",
        "Make room, or choose another.",
    )
    window.notice.show_error(text, f"{hint} {hint}", ("Save As…", lambda: None))
    QApplication.processEvents()
    tools = [button for button in window.canvas._tools.values() if button.isVisible()]
    assert len(tools) > 2
    assert all(tool.height() >= tool.minimumSizeHint().height() for tool in tools)
    assert not window.strip_frame.isVisible()
    window.notice.dismiss()
    assert window.strip_frame.isVisible()
    window.banner.show_info("Branching from step 4.", "Edit any, then generate.")
    assert not window.strip_frame.isVisible()


def test_actions_of_a_notice_move_below_its_text_in_a_narrow_window(application) -> None:
    window = application.window
    notice = window.notice
    offers = [(words, lambda: None) for words in ("Resume All", "Discard All")]
    for size, below in (((1280, 800), False), ((640, 400), True), ((1280, 800), False)):
        window.resize(*size)
        notice.show_info("An image was interrupted at step 12 of 20.", "It goes on.", *offers)
        QApplication.processEvents()
        assert (window.width(), window.height()) == size
        top = notice.action.mapTo(notice, QPoint(0, 0)).y()
        assert (top > notice.label.geometry().bottom()) == below
        assert notice.label.width() > 180


def test_no_option_of_a_tool_is_cut_off_in_a_window_of_any_width(application) -> None:
    window = application.window
    window.canvas.view.set_image(np.full((64, 64, 3), 200, np.uint8))
    for tool in Tool:
        window.canvas.view.set_tool(tool)
        for width in range(640, 1300, 15):
            window.resize(width, 600)
            assert (tool, width, cut(window.canvas)) == (tool, width, [])


def test_every_choice_of_a_box_fits_in_a_small_window(application) -> None:
    window = application.window
    window.resize(640, 400)
    application.store.width = 112  # no preset
    QApplication.processEvents()
    assert (window.width(), window.height()) == (640, 400)
    assert cut(window) == []


def test_every_tool_fits_a_small_screen(application) -> None:
    window = application.window
    view = window.canvas.view
    view.set_image(np.full((64, 64, 3), 200, np.uint8))
    for tool in Tool:
        view.set_tool(tool)
        window.resize(640, 400)
        window.layout().activate()
        assert (tool, window.width(), window.height()) == (tool, 640, 400)


def test_tab_visits_the_prompt_panel_from_top_to_bottom(application) -> None:
    panel, below = application.window.prompt, application.window.run_area
    at, seen = panel.prompt, []
    while at is not below.pause:
        seen.append(at)
        at = at.nextInFocusChain()
    named = [widget.accessibleName() or widget.text() for widget in seen if widget.focusPolicy()]
    first, *chips, toggle, negative, button = [name for name in named if name]
    assert first == "Prompt"
    assert "a cat, 3d" in chips
    assert (toggle, negative) == ("Negative prompt", "Negative prompt")
    assert button == "Generate"


def test_every_focusable_control_has_a_name(application) -> None:
    application.window.notice.show_info("Something happened.", "", ("Act", lambda: None))
    nameless = [
        widget
        for widget in application.window.findChildren(QWidget)
        if widget.focusPolicy() & Qt.FocusPolicy.TabFocus
        and not widget.objectName().startswith("qt_")
        and not (widget.accessibleName() or getattr(widget, "text", str)())
        and not widget.isHidden()
    ]
    assert nameless == []


def test_settings_are_restored_at_the_next_start(start, qtbot) -> None:
    first = start(FakePipeline())
    first.store.prompt, first.store.steps = "a kite", 17
    first.window.resize(1100, 700)
    first.session.save()
    second = start(FakePipeline())
    assert (second.store.prompt, second.store.steps) == ("a kite", 17)
    assert second.window.prompt.prompt.toPlainText() == "a kite"


def test_help_is_not_modal(application, qtbot) -> None:
    from PySide6.QtWidgets import QDialog

    for name in ("settings", "shortcuts", "report", "about"):
        application.window.actions_by_id[name].trigger()
        (dialog,) = application.window.findChildren(QDialog)
        assert dialog.isVisible()
        assert dialog.height() < dialog.screen().availableGeometry().height()
        dialog.close()
        dialog.deleteLater()
        qtbot.waitUntil(lambda: not application.window.findChildren(QDialog))


def test_requests_of_the_window_are_valid(application) -> None:
    assert Request.from_json(application.store.snapshot().to_json())
