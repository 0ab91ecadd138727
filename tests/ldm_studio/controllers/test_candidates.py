"""Several results for one mask: flipped through in place, one kept; and their announcements."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import Qt

from ldm_studio.canvas.document.qimage import from_qimage
from ldm_studio.canvas.tools.tools import Tool
from ldm_studio.store.store import Mode
from tests.ldm_studio.window_actions import disc, entries, make
from tests.narrowing import present


@pytest.fixture
def three(application, qtbot):
    """An application with three candidates, the last of which is visible."""
    make(application, qtbot, seed=1, seed_locked=True)
    application.studio.view.set_mask(disc())
    make(application, qtbot, count=3, seed=50)
    return application


def seen(application) -> np.ndarray:
    """The image or preview on the canvas."""
    document = application.studio.view.document
    return from_qimage(document.preview) if document.preview else document.image


def candidates(application) -> list[np.ndarray]:
    """In the order they were made."""
    return [entry.image.rgb for entry in reversed(entries(application)[:3])]


def press(qtbot, application, key) -> None:
    qtbot.keyClick(application.studio.view, key)


def test_arrow_keys_flip_through_candidates_in_place(three, qtbot) -> None:
    bar, made = three.window.canvas.candidates, candidates(three)
    assert bar.isVisible()
    assert bar.label.text() == "3 of 3"
    changes = three.studio.view.undo_stack.count()
    for key, at in ((Qt.Key.Key_Right, 0), (Qt.Key.Key_Right, 1), (Qt.Key.Key_Left, 0)):
        press(qtbot, three, key)
        assert np.array_equal(seen(three), made[at])
        assert bar.label.text() == f"{at + 1} of 3"
        assert three.studio.canvas_controller.shown.image.rgb is made[at]
        assert three.window.strip.current() is three.studio.canvas_controller.shown
    assert three.studio.view.undo_stack.count() == changes
    assert np.array_equal(three.studio.view.mask(), disc())


def test_enter_keeps_one_candidate_and_the_others_stay_in_the_strip(three, qtbot) -> None:
    made = candidates(three)
    press(qtbot, three, Qt.Key.Key_Left)
    press(qtbot, three, Qt.Key.Key_Return)
    view = three.studio.view
    assert np.array_equal(view.image(), made[1])
    assert view.document.preview is None
    assert view.mask() is None
    assert np.array_equal(three.studio.canvas_controller.start, made[1])
    assert not three.window.canvas.candidates.isVisible()
    assert len(entries(three)) == 4
    view.undo()
    assert np.array_equal(view.mask(), disc())


def test_without_candidates_the_keys_keep_their_meaning(application, qtbot) -> None:
    make(application, qtbot)
    view = application.studio.view
    view.zoom_to(20)
    x = view.target().x()
    press(qtbot, application, Qt.Key.Key_Left)
    assert view.target().x() > x
    assert not application.window.canvas.candidates.isVisible()


def test_painting_continues_from_the_visible_candidate(three, qtbot) -> None:
    made = candidates(three)
    press(qtbot, three, Qt.Key.Key_Right)
    view = three.studio.view
    qtbot.mouseClick(view, Qt.MouseButton.LeftButton, pos=view.to_widget(20, 20).toPoint())
    assert np.array_equal(view.image(), made[0])
    assert np.array_equal(three.studio.canvas_controller.start, made[0])
    assert three.store.mode is Mode.INPAINT
    assert view.mask()[20, 20] == 255
    assert not three.window.canvas.candidates.isVisible()


def test_another_image_ends_the_choice_and_the_strip_restores_it(three, qtbot) -> None:
    strip, bar = three.window.strip, three.window.canvas.candidates
    strip.clicked.emit(strip.entries.index(3))  # the first image of all
    assert not bar.isVisible()
    strip.clicked.emit(strip.entries.index(1))
    assert bar.isVisible()
    assert bar.label.text() == "2 of 3"


def test_buttons_flip_and_keep_candidates(three, qtbot) -> None:
    bar, made = three.window.canvas.candidates, candidates(three)
    qtbot.mouseClick(bar.forward, Qt.MouseButton.LeftButton)
    assert np.array_equal(seen(three), made[0])
    qtbot.mouseClick(bar.back, Qt.MouseButton.LeftButton)
    qtbot.mouseClick(bar.keep, Qt.MouseButton.LeftButton)
    assert np.array_equal(three.studio.canvas_controller.start, made[2])


def test_the_previous_image_is_visible_while_a_key_is_held(three, qtbot) -> None:
    view = three.studio.view
    first = entries(three)[3].image.rgb
    press(qtbot, three, Qt.Key.Key_Right)
    assert np.array_equal(from_qimage(view.document.before), first)
    place = view.to_widget(64, 64).toPoint()
    qtbot.keyPress(view, Qt.Key.Key_C)
    shown = view.grab().toImage().pixelColor(place)
    assert (shown.red(), shown.green(), shown.blue()) == tuple(first[64, 64])
    qtbot.keyRelease(view, Qt.Key.Key_C)
    assert view.grab().toImage().pixelColor(place) != shown


def test_a_badge_shows_how_much_was_changed(application, qtbot) -> None:
    badge = application.window.canvas.badge
    make(application, qtbot, seed=1, seed_locked=True)
    assert not badge.isVisible()  # an image without an init image has changed nothing
    application.studio.view.set_mask(disc())
    make(application, qtbot, seed=2)
    changed = entries(application)[0].image.changed
    assert present(changed) > 1000
    assert badge.label.text() == f"{changed:,} pixels changed, all inside the mask"
    assert badge.isVisible()
    make(application, qtbot, seed=1)  # runs the current request
    assert badge.label.text() == "No pixel changed"
    strip = application.window.strip
    strip.clicked.emit(strip.entries.index(2))
    assert not badge.isVisible()


def test_extending_continues_from_the_visible_candidate(three, qtbot) -> None:
    made, view = candidates(three), three.studio.view
    press(qtbot, three, Qt.Key.Key_Right)
    assert np.array_equal(seen(three), made[0])
    view.set_tool(Tool.EXTEND)
    view.setFocus()
    press(qtbot, three, Qt.Key.Key_Right)
    with qtbot.waitSignal(view.extended):
        press(qtbot, three, Qt.Key.Key_Return)
    assert not three.window.canvas.candidates.isVisible()
    assert view.image().shape[1] == made[0].shape[1] + view.outpaint_frame.unit
    assert np.array_equal(view.image()[:, : made[0].shape[1]], made[0])
