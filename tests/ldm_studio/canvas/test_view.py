"""The canvas by hand: mouse, pen, wheel, keys and drops."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QMimeData, QObject, QPoint, QPointF, QRect, Qt, QUrl
from PySide6.QtGui import (
    QAction,
    QColor,
    QDragEnterEvent,
    QDropEvent,
    QImage,
    QInputDevice,
    QNativeGestureEvent,
    QPointingDevice,
    QTabletEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QApplication, QMainWindow

from ldm_studio.canvas.compose import from_qimage
from ldm_studio.canvas.mask import Brush, Mask, Stroke
from ldm_studio.canvas.tools import Tool
from ldm_studio.canvas.view import CanvasView

LEFT, MIDDLE = Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton
NO_KEY = Qt.KeyboardModifier.NoModifier


def place(view: CanvasView, x: float, y: float) -> QPoint:
    """The widget position of a picture point."""
    return view.to_widget(x, y).toPoint()


def drag(qtbot, view: CanvasView, *points: tuple[float, float], button=LEFT) -> None:
    first, *rest = [place(view, *point) for point in points]
    qtbot.mousePress(view, button, pos=first)
    for position in rest:
        qtbot.mouseMove(view, position)
    qtbot.mouseRelease(view, button, pos=rest[-1] if rest else first)


def wheel(view: CanvasView, at: QPoint, notches: float) -> None:
    where = QPointF(at)
    turn = QPoint(0, round(120 * notches))
    phase = Qt.ScrollPhase.NoScrollPhase
    event = QWheelEvent(
        where,
        view.mapToGlobal(where),
        QPoint(),
        turn,
        Qt.MouseButton.NoButton,
        NO_KEY,
        phase,
        False,
    )
    QApplication.sendEvent(view, event)


def pen(view: CanvasView, kind: QEvent.Type, x: float, y: float, pressure: float, eraser=False):
    """A report of a tablet, sent to the canvas; the event."""
    tip = QPointingDevice.PointerType.Eraser if eraser else QPointingDevice.PointerType.Pen
    device = QPointingDevice(
        "pen",
        1,
        QInputDevice.DeviceType.Stylus,
        tip,
        QInputDevice.Capability.Position | QInputDevice.Capability.Pressure,
        1,
        3,
    )
    where = view.to_widget(x, y)
    held = Qt.MouseButton.NoButton if kind == QEvent.Type.TabletRelease else LEFT
    button = Qt.MouseButton.NoButton if kind == QEvent.Type.TabletMove else LEFT
    event = QTabletEvent(
        kind, device, where, view.mapToGlobal(where), pressure, 0, 0, 0, 0, 0, NO_KEY, button, held
    )
    QApplication.sendEvent(view, event)
    return event


def stroke_of(view: CanvasView, *points: tuple[float, float]) -> np.ndarray:
    """The mask that the document makes of these points with the view's brush."""
    mask = Mask(200, 100)
    stroke = Stroke(mask, Brush(view.brush_size / 2, view.brush_hardness / 100))
    for point in points:
        stroke.move_to(*point)
    return mask.pixels


# --- painting ---


def test_press_move_release_paints_the_stroke(qtbot, view):
    points = (40, 30), (90, 60), (160, 40)
    with qtbot.waitSignal(view.mask_changed):
        drag(qtbot, view, *points)
    assert np.array_equal(view.mask(), stroke_of(view, *points))


def test_a_click_paints_one_dab(qtbot, view):
    drag(qtbot, view, (100, 50))
    assert np.array_equal(view.mask(), stroke_of(view, (100, 50)))


def test_the_eraser_erases_and_an_empty_mask_is_none(qtbot, view):
    assert view.mask() is None
    drag(qtbot, view, (100, 50))
    view.set_tool(Tool.ERASER)
    view.brush_size = 60
    view.brush_hardness = 100
    drag(qtbot, view, (100, 50))
    assert view.mask() is None


def test_moving_without_a_button_paints_nothing(qtbot, view):
    qtbot.mouseMove(view, place(view, 50, 50))
    qtbot.mouseMove(view, place(view, 90, 50))
    qtbot.mousePress(view, Qt.MouseButton.RightButton, pos=place(view, 50, 50))
    qtbot.mouseRelease(view, Qt.MouseButton.RightButton, pos=place(view, 50, 50))
    assert view.mask() is None


def test_a_stroke_may_begin_outside_the_picture(qtbot, view):
    drag(qtbot, view, (-30, 50), (230, 50))
    mask = view.mask()
    assert mask is not None
    assert (mask[50] == 255).all()


def test_without_a_picture_there_is_nothing_to_paint(qtbot):
    view = CanvasView()
    qtbot.addWidget(view)
    view.resize(300, 300)
    drag(qtbot, view, (50, 50), (100, 100))
    view.invert_mask()
    view.clear_mask()
    assert view.mask() is None
    assert not view.undo_stack.canUndo()


@pytest.mark.parametrize("zoom", [0.37, 1.0, 2.0, 13.0])
def test_zoomed_and_panned_the_stroke_hits_the_same_pixels(qtbot, view, zoom):
    view.resize(380, 310)
    view.brush_hardness = 100
    view.zoom_to(zoom)
    view.pan_by(31, -17)
    spot = view.to_widget(100.5, 50.5).toPoint()
    drag(qtbot, view, view.to_image(QPointF(spot)))
    mask = view.mask()
    assert mask is not None
    rows, columns = np.nonzero(mask > 127)
    slack = 0.5 / zoom + 0.3  # a mouse reports whole pixels of the screen
    assert columns.mean() + 0.5 == pytest.approx(100.5, abs=slack)
    assert rows.mean() + 0.5 == pytest.approx(50.5, abs=slack)


HIDPI = """
import numpy as np
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from ldm_studio.canvas.view import CanvasView
app = QApplication([])
view = CanvasView()
view.resize(300, 200)
view.show()
view.set_picture(np.full((100, 200, 3), 255, np.uint8))
view.actual_size()
assert view.devicePixelRatioF() == 2
assert view.target().width() == 100  # logical: 200 device pixels
view.brush_size = 6
QTest.mouseClick(view, Qt.MouseButton.LeftButton, pos=view.to_widget(60, 40).toPoint())
rows, columns = np.nonzero(view.mask() > 127)
assert (columns.mean() + 0.5, rows.mean() + 0.5) == (60, 40)
view.use_hand()  # no brush ring
shown = view.grab().toImage()
assert shown.width() == 600
corner = view.target().topLeft() * 2
spots = [(corner + QPointF(x, 40)).toPoint() for x in (60, 80)]
assert [shown.pixelColor(spot).green() < 200 for spot in spots] == [True, False]
"""


def test_on_a_dense_screen_the_stroke_hits_the_same_pixels():
    env = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "QT_SCALE_FACTOR": "2"}
    done = subprocess.run(
        [sys.executable, "-c", HIDPI], env=env, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr


def test_a_new_picture_of_the_same_size_keeps_the_mask(qtbot, view, rgb):
    drag(qtbot, view, (40, 30), (90, 60))
    mask = view.mask()
    view.set_picture(rgb // 2)
    assert np.array_equal(view.mask(), mask)
    view.set_picture(np.zeros((64, 64, 3), np.uint8))
    assert view.mask() is None


def test_mask_commands_can_be_undone(qtbot, view):
    drag(qtbot, view, (40, 30), (90, 60))
    painted = view.mask()
    view.invert_mask()
    assert np.array_equal(view.mask(), 255 - painted)
    view.clear_mask()
    assert view.mask() is None
    view.undo()
    view.undo()
    assert np.array_equal(view.mask(), painted)
    view.undo()
    assert view.mask() is None
    view.redo()
    assert np.array_equal(view.mask(), painted)
    view.set_mask(np.full((100, 200), 9, np.uint8))
    view.undo()
    assert np.array_equal(view.mask(), painted)


def test_the_mask_handed_out_is_a_copy(qtbot, view):
    drag(qtbot, view, (40, 30))
    mask = view.mask()
    mask[:] = 7
    assert not np.array_equal(view.mask(), mask)


def test_escape_gives_the_stroke_up(qtbot, view):
    qtbot.mousePress(view, LEFT, pos=place(view, 50, 50))
    qtbot.mouseMove(view, place(view, 90, 50))
    qtbot.keyClick(view, Qt.Key.Key_Escape)
    qtbot.mouseRelease(view, LEFT, pos=place(view, 90, 50))
    assert view.mask() is None
    assert not view.undo_stack.canUndo()


# --- the pen ---


def test_pen_pressure_widens_the_stroke(view):
    view.brush_size, view.brush_hardness = 40, 100
    widths = []
    for x, pressure in (50, 0.25), (150, 1.0):
        assert pen(view, QEvent.Type.TabletPress, x, 50, pressure).isAccepted()
        assert pen(view, QEvent.Type.TabletRelease, x, 50, 0.0).isAccepted()
        widths.append(np.count_nonzero(view.mask()[50, x - 40 : x + 40] > 127))
        view.clear_mask()
    assert widths[0] == pytest.approx(10, abs=2)
    assert widths[1] == pytest.approx(40, abs=3)


def test_the_other_end_of_the_pen_erases(view):
    view.set_mask(np.full((100, 200), 255, np.uint8))
    pen(view, QEvent.Type.TabletPress, 50, 50, 1.0, eraser=True)
    pen(view, QEvent.Type.TabletMove, 90, 50, 1.0, eraser=True)
    pen(view, QEvent.Type.TabletRelease, 90, 50, 0.0, eraser=True)
    assert (view.mask()[50, 50:90] == 0).all()
    assert view.tool is Tool.BRUSH


# --- zoom and pan ---


def test_the_wheel_zooms_to_the_pointer(qtbot, view):
    at = place(view, 150, 30)
    under = view.to_image(QPointF(at))
    with qtbot.waitSignal(view.zoom_changed) as zoomed:
        wheel(view, at, 4)
    assert zoomed.args == [pytest.approx(2.0)]
    assert view.to_image(QPointF(at)) == pytest.approx(under, abs=0.5)
    assert not view.fitting


def test_the_wheel_does_not_step_over_100_percent(view):
    view.zoom_to(0.93)
    wheel(view, QPoint(200, 150), 1)
    assert view.zoom == 1.0


def test_the_middle_button_and_space_pan(qtbot, view):
    def corner() -> QPointF:
        return view.to_widget(0, 0)

    before = corner()
    qtbot.mousePress(view, MIDDLE, pos=QPoint(200, 150))
    qtbot.mouseMove(view, QPoint(230, 160))
    qtbot.mouseRelease(view, MIDDLE, pos=QPoint(230, 160))
    assert corner() - before == QPointF(30, 10)

    before = corner()
    qtbot.keyPress(view, Qt.Key.Key_Space)
    qtbot.mousePress(view, LEFT, pos=QPoint(200, 150))
    qtbot.mouseMove(view, QPoint(190, 150))
    qtbot.mouseRelease(view, LEFT, pos=QPoint(190, 150))
    qtbot.keyRelease(view, Qt.Key.Key_Space)
    assert corner() - before == QPointF(-10, 0)
    assert view.mask() is None
    drag(qtbot, view, (100, 50))
    assert view.mask() is not None


def test_pinching_zooms(view):
    device = QPointingDevice.primaryPointingDevice()
    at = QPointF(200, 150)
    kind = Qt.NativeGestureType.ZoomNativeGesture
    event = QNativeGestureEvent(kind, device, 2, at, at, at, 0.5, QPointF(), 1)
    QApplication.sendEvent(view, event)
    assert view.zoom == pytest.approx(1.5)


def test_fit_follows_the_size_of_the_widget(qtbot, view):
    view.fit()
    narrow = view.zoom
    with qtbot.waitSignal(view.zoom_changed):
        view.resize(800, 600)
    assert view.zoom > narrow
    assert view.target().center().toPoint() == QPoint(400, 300)
    view.actual_size()
    view.resize(500, 500)
    assert view.zoom == 1.0


# --- keys ---


@pytest.mark.parametrize(
    ("key", "modifier", "name", "value"),
    [
        (Qt.Key.Key_E, NO_KEY, "tool", Tool.ERASER),
        (Qt.Key.Key_X, NO_KEY, "tool", Tool.ERASER),
        (Qt.Key.Key_H, NO_KEY, "tool", Tool.PAN),
        (Qt.Key.Key_BracketRight, NO_KEY, "brush_size", 27),
        (Qt.Key.Key_BracketLeft, NO_KEY, "brush_size", 21),
        (Qt.Key.Key_BracketRight, Qt.KeyboardModifier.ShiftModifier, "brush_hardness", 90),
        (Qt.Key.Key_BraceLeft, Qt.KeyboardModifier.ShiftModifier, "brush_hardness", 70),
        (Qt.Key.Key_0, NO_KEY, "fitting", True),
        (Qt.Key.Key_1, Qt.KeyboardModifier.KeypadModifier, "zoom", 1.0),
        (Qt.Key.Key_M, NO_KEY, "overlay_visible", False),
        (
            Qt.Key.Key_Plus,
            Qt.KeyboardModifier.ShiftModifier,
            "zoom",
            pytest.approx(1.1892, abs=1e-4),
        ),
    ],
)
def test_single_keys(qtbot, view, key, modifier, name, value):
    qtbot.keyClick(view, key, modifier)
    assert getattr(view, name) == value


def test_x_comes_back_to_the_brush(qtbot, view):
    qtbot.keyClick(view, Qt.Key.Key_X)
    qtbot.keyClick(view, Qt.Key.Key_X)
    assert view.tool is Tool.BRUSH
    qtbot.keyClick(view, Qt.Key.Key_E)
    qtbot.keyClick(view, Qt.Key.Key_B)
    assert view.tool is Tool.BRUSH


def test_mask_keys(qtbot, view):
    qtbot.keyClick(view, Qt.Key.Key_I)
    assert (view.mask() == 255).all()
    qtbot.keyClick(view, Qt.Key.Key_Delete)
    assert view.mask() is None


def test_a_result_of_the_same_size_does_not_break_the_stroke_under_way(qtbot, view, rgb):
    qtbot.mousePress(view, LEFT, pos=place(view, 40, 50))
    view.set_picture(rgb // 2)
    qtbot.mouseMove(view, place(view, 120, 50))
    qtbot.mouseRelease(view, LEFT, pos=place(view, 120, 50))
    assert np.array_equal(view.mask(), stroke_of(view, (40, 50), (120, 50)))
    qtbot.mousePress(view, LEFT, pos=place(view, 40, 50))
    view.set_picture(np.zeros((64, 64, 3), np.uint8))
    qtbot.mouseMove(view, place(view, 30, 30))
    qtbot.mouseRelease(view, LEFT, pos=place(view, 30, 30))
    assert view.mask() is None


def test_undo_keys(qtbot, view):
    control, shift = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
    drag(qtbot, view, (40, 30))
    qtbot.keyClick(view, Qt.Key.Key_Z, control)
    assert view.mask() is None
    qtbot.keyClick(view, Qt.Key.Key_Z, control | shift)
    assert view.mask() is not None


def test_keys_of_the_canvas_win_over_shortcuts_of_the_window_only_with_its_focus(qtbot, rgb):
    window = QMainWindow()
    qtbot.addWidget(window)
    view = CanvasView()
    window.setCentralWidget(view)
    view.set_picture(rgb)
    action = QAction("Undo", window)
    action.setShortcut("Ctrl+Z")
    window.addAction(action)
    triggered = []
    action.triggered.connect(triggered.append)
    with qtbot.waitExposed(window):
        window.show()
    view.setFocus()
    view.set_mask(np.full((100, 200), 255, np.uint8))
    qtbot.keyClick(view, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert view.mask() is None
    assert not triggered


def test_brush_settings_have_limits_and_tell_changes(qtbot, view):
    with qtbot.waitSignal(view.brush_size_changed) as size:
        view.brush_size = 10**6
    assert size.args == [view.brush_size] == [1000]
    view.brush_size = -5
    assert view.brush_size == 1
    view.smaller_brush()
    assert view.brush_size == 1
    view.larger_brush()
    assert view.brush_size == 2
    with qtbot.waitSignal(view.brush_hardness_changed):
        view.brush_hardness = 200
    assert view.brush_hardness == 100
    with qtbot.assertNotEmitted(view.brush_hardness_changed):
        view.brush_hardness = 100


# --- what it looks like ---


def shot(view: CanvasView) -> QImage:
    return view.grab().toImage()


def color(view: CanvasView, x: float, y: float) -> tuple[int, int, int]:
    """What the widget shows at a picture point."""
    found = shot(view).pixelColor(place(view, x, y))
    return found.red(), found.green(), found.blue()


def test_the_empty_canvas_invites(qtbot):
    view = CanvasView()
    qtbot.addWidget(view)
    view.resize(500, 400)
    drawn = from_qimage(shot(view))
    assert len(np.unique(drawn.reshape(-1, 3), axis=0)) > 10  # words and a drawing
    view.resize(160, 160)
    shot(view)
    view.set_picture(np.zeros((20, 20, 3), np.uint8))
    view.set_picture(None)
    view.resize(500, 400)
    assert np.array_equal(from_qimage(shot(view)), drawn)


def test_the_picture_shows_pixel_by_pixel_at_100_percent(view, rgb):
    noise = np.random.default_rng(0).integers(0, 256, rgb.shape, np.uint8)
    view.set_picture(noise)
    shown = from_qimage(shot(view).copy(view.target().toRect()))
    assert np.array_equal(shown, noise)


def test_the_preview_covers_the_picture_until_it_ends(view, rgb):
    view.set_preview(np.full((50, 100, 3), (0, 90, 0), np.uint8))
    assert color(view, 5, 5) == (0, 90, 0)
    assert color(view, 195, 95) == (0, 90, 0)
    view.set_preview(None)
    assert color(view, 5, 5) == (210, 210, 210)
    view.set_preview(np.full((50, 100, 3), (0, 90, 0), np.uint8))
    view.set_picture(rgb)
    assert color(view, 5, 5) == (210, 210, 210)


def test_a_preview_shows_without_a_picture(view):
    view.set_picture(None)
    view.set_preview(np.full((64, 64, 3), (0, 90, 0), np.uint8))
    assert color(view, 32, 32) == (0, 90, 0)
    assert view.fitting


def test_the_mask_tints_and_can_be_hidden(qtbot, view):
    view.overlay_color = QColor(255, 0, 0)
    view.overlay_opacity = 0.5
    drag(qtbot, view, (60, 50), (100, 50))
    qtbot.mouseMove(view, place(view, 180, 90))
    assert color(view, 80, 50) == pytest.approx((233, 105, 105), abs=2)
    assert color(view, 150, 20) == (210, 210, 210)
    view.toggle_overlay()
    assert color(view, 80, 50) == (210, 210, 210)
    assert view.mask() is not None
    view.toggle_overlay()
    view.set_preview(np.full((100, 200, 3), (0, 90, 0), np.uint8))
    assert color(view, 80, 50) == (0, 90, 0)


def test_a_result_is_shown_without_the_tint_until_the_pointer_comes_back(qtbot, view):
    view.overlay_color = QColor(255, 0, 0)
    view.overlay_opacity = 0.5
    drag(qtbot, view, (60, 50), (100, 50))
    result = np.full((100, 200, 3), (0, 90, 0), np.uint8)
    view.set_preview(result)
    view.set_picture(result)
    assert color(view, 80, 50) == (0, 90, 0)
    assert view.mask() is not None
    qtbot.mouseMove(view, place(view, 181, 91))
    assert color(view, 80, 50) != (0, 90, 0)


def test_holding_c_compares_with_the_picture_before(qtbot, view):
    view.set_before(np.full((100, 200, 3), (0, 0, 90), np.uint8))
    for key in Qt.Key.Key_C, Qt.Key.Key_Backslash:
        qtbot.keyPress(view, key)
        assert color(view, 150, 80) == (0, 0, 90)
        qtbot.keyRelease(view, key)
        assert color(view, 150, 80) == (210, 210, 210)


def test_transparency_shows_a_checkerboard_or_white(view):
    rgb = np.full((100, 200, 3), 255, np.uint8)
    alpha = np.zeros((100, 200), np.uint8)
    alpha[:, :100] = 255
    rgb[:, :100] = (10, 20, 30)
    view.set_picture(rgb, alpha)
    assert color(view, 150, 50) == (255, 255, 255)
    view.show_transparency = True
    assert color(view, 50, 50) == (10, 20, 30)
    squares = {color(view, x, 50) for x in range(110, 190, 8)}
    assert len(squares) == 2


@pytest.mark.parametrize("ground", [0, 255])
def test_the_brush_ring_is_seen_on_light_and_on_dark(qtbot, view, ground):
    view.set_picture(np.full((100, 200, 3), ground, np.uint8))
    view.brush_size = 40
    qtbot.mouseMove(view, place(view, 10, 10))  # a move to where the pointer is is no event
    qtbot.mouseMove(view, place(view, 100, 50))
    view.set_tool(Tool.PAN)
    without = from_qimage(shot(view)).astype(int)
    view.set_tool(Tool.BRUSH)
    ring = np.abs(from_qimage(shot(view)) - without).max(-1) > 80
    rows, columns = np.nonzero(ring)
    centre = place(view, 100, 50)
    assert np.hypot(columns - centre.x(), rows - centre.y()) == pytest.approx(20, abs=2.5)
    assert len(rows) > 80


class Repaints(QObject):
    """The area of each repaint of a widget."""

    def __init__(self) -> None:
        super().__init__()
        self.rects: list[QRect] = []

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Paint:
            self.rects.append(event.rect())
        return False


def test_a_dab_repaints_its_surroundings_only(qtbot, view):
    view.brush_size = 10
    qtbot.mouseMove(view, place(view, 40, 40))
    QApplication.processEvents()
    repaints = Repaints()
    view.installEventFilter(repaints)
    qtbot.mousePress(view, LEFT, pos=place(view, 40, 40))
    qtbot.waitUntil(lambda: repaints.rects != [])
    qtbot.mouseRelease(view, LEFT, pos=place(view, 40, 40))
    assert all(rect.width() < 40 and rect.height() < 40 for rect in repaints.rects)
    assert any(rect.contains(place(view, 40, 40)) for rect in repaints.rects)


def test_partial_repaints_add_up_to_the_whole(qtbot, view):
    """At an odd zoom, where interpolation reaches over the edges of what changed."""
    noise = np.random.default_rng(1).integers(0, 256, (100, 200, 3), np.uint8)
    view.set_picture(noise)
    view.zoom_to(2.37)
    view.brush_size = 9
    QApplication.processEvents()
    drag(qtbot, view, (60, 30), (120, 70), (90, 20))
    QApplication.processEvents()
    shown = from_qimage(view.screen().grabWindow(view.winId()).toImage()).astype(int)
    # Qt interpolates in fixed point from the left edge of what it repaints: a level or two
    assert np.abs(shown - from_qimage(shot(view))).max() <= 3


def test_the_description_says_what_is_there(qtbot, view):
    assert view.accessibleName() == "Canvas"
    assert view.accessibleDescription() == "Canvas 200 by 100, nothing masked"
    mask = np.zeros((100, 200), np.uint8)
    mask[:, :24] = 255
    view.set_mask(mask)
    assert view.accessibleDescription() == "Canvas 200 by 100, mask covers 12 %"
    view.set_picture(None)
    assert view.accessibleDescription() == "Canvas, no picture yet"


# --- drops ---


def drop(view: CanvasView, data: QMimeData) -> bool:
    """Whether the view takes it."""
    copy = Qt.DropAction.CopyAction
    enter = QDragEnterEvent(QPoint(50, 50), copy, data, LEFT, NO_KEY)
    QApplication.sendEvent(view, enter)
    if enter.isAccepted():
        QApplication.sendEvent(view, QDropEvent(QPointF(50, 50), copy, data, LEFT, NO_KEY))
    return enter.isAccepted()


def test_dropping_a_file_tells_its_path(qtbot, view, tmp_path):
    data = QMimeData()
    names = "notes.txt", "Heart 1.PNG", "other.jpg"
    data.setUrls([QUrl.fromLocalFile(str(tmp_path / name)) for name in names])
    with qtbot.waitSignal(view.picture_dropped) as dropped:
        assert drop(view, data)
    assert dropped.args == [(tmp_path / "Heart 1.PNG").as_posix()]


def test_dropping_an_image_hands_it_over(qtbot, view):
    image = QImage(3, 2, QImage.Format.Format_RGB32)
    image.fill(QColor(1, 2, 3))
    data = QMimeData()
    data.setImageData(image)
    with qtbot.waitSignal(view.picture_dropped) as dropped:
        assert drop(view, data)
    assert from_qimage(dropped.args[0])[0, 0].tolist() == [1, 2, 3]


def test_other_things_cannot_be_dropped(qtbot, view):
    data = QMimeData()
    data.setText("hello")
    data.setUrls([QUrl("https://example.org/a.png"), QUrl.fromLocalFile("/tmp/a.txt")])
    with qtbot.assertNotEmitted(view.picture_dropped):
        assert not drop(view, data)
