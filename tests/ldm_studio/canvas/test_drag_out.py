"""Dragging the image out of the canvas, as a file and as pixels."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QImage, QMouseEvent
from PySide6.QtWidgets import QApplication

from ldm_studio.canvas.bars.canvas_panel import CanvasPanel
from ldm_studio.canvas.bars.options_bar import DragOutButton
from ldm_studio.canvas.document.qimage import from_qimage
from ldm_studio.canvas.tools import drag_out
from ldm_studio.canvas.tools.tools import Tool
from tests.ldm_studio.canvas.canvas_actions import LEFT, place
from tests.narrowing import present

CTRL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def carried(monkeypatch) -> list[tuple[list[Path], np.ndarray]]:
    """The files and pixels of every drag, which would otherwise wait for a drop."""
    found: list[tuple[list[Path], np.ndarray]] = []

    def run(drag) -> None:
        data = drag.mimeData()
        assert not drag.pixmap().isNull()
        paths = [Path(url.toLocalFile()) for url in data.urls()]
        found.append((paths, from_qimage(data.imageData())))

    monkeypatch.setattr(drag_out, "run", run)
    return found


def drag_with_ctrl(qtbot, view, *, release: bool = True) -> None:
    at = place(view, 50, 50)
    qtbot.mousePress(view, LEFT, CTRL, pos=at)
    QApplication.sendEvent(view, moved(view, at + QPoint(2, 0)))
    QApplication.sendEvent(view, moved(view, at + QPoint(30, 0)))
    if release:
        qtbot.mouseRelease(view, LEFT, CTRL, pos=at + QPoint(30, 0))


def moved(view, at: QPoint):
    where = QPointF(at)
    none = Qt.MouseButton.NoButton
    return QMouseEvent(QEvent.Type.MouseMove, where, view.mapToGlobal(where), none, LEFT, CTRL)


def test_ctrl_with_the_hand_drags_the_images_file(qtbot, view, rgb, carried, tmp_path):
    view.file = tmp_path / "mine.png"
    view.file.write_bytes(b"it is there")
    view.set_tool(Tool.PAN)
    x = view.target().x()
    drag_with_ctrl(qtbot, view)
    ((paths, pixels),) = carried
    assert paths == [tmp_path / "mine.png"]
    assert np.array_equal(pixels, rgb)
    assert view.target().x() == x
    qtbot.mousePress(view, LEFT, pos=place(view, 50, 50))  # without Ctrl it pans
    qtbot.mouseMove(view, place(view, 60, 50))
    qtbot.mouseRelease(view, LEFT, pos=place(view, 60, 50))
    assert view.target().x() != x
    assert len(carried) == 1


def test_dragging_with_ctrl_keeps_its_meaning_for_other_tools(qtbot, view, carried):
    drag_with_ctrl(qtbot, view, release=False)
    view.document.background.wait()  # where its file would be written first
    QApplication.processEvents()
    assert carried == []


def test_an_image_without_a_file_is_written_once(qtbot, view, rgb, carried):
    view.set_tool(Tool.PAN)
    drag_with_ctrl(qtbot, view, release=False)
    qtbot.waitUntil(lambda: carried != [])
    drag_with_ctrl(qtbot, view)
    (first, pixels), (second, _) = carried
    assert first == second
    assert first[0].suffix == ".png"
    assert np.array_equal(from_qimage(QImage(str(first[0]))), rgb)
    assert np.array_equal(pixels, rgb)


def test_releasing_before_the_file_is_written_drags_nothing(qtbot, view, carried):
    view.set_tool(Tool.PAN)
    drag_with_ctrl(qtbot, view)
    view.document.background.wait()
    QApplication.processEvents()
    assert carried == []


def test_a_transparent_image_stays_transparent(qtbot, view, rgb, monkeypatch):
    alpha = np.zeros(rgb.shape[:2], np.uint8)
    alpha[20:40] = 255
    view.set_image(rgb, alpha)
    image = view.visible_rgb()
    assert image.hasAlphaChannel()
    assert image.pixelColor(10, 10).alpha() == 0
    assert image.pixelColor(10, 30).alpha() == 255


def test_the_button_drags_and_a_click_copies(qtbot, rgb, carried, tmp_path):
    panel = CanvasPanel()
    qtbot.addWidget(panel)
    panel.resize(900, 400)
    with qtbot.waitExposed(panel):
        panel.show()
    (button,) = panel.findChildren(DragOutButton)
    assert not button.isEnabled()
    panel.view.set_image(rgb)
    panel.view.file = tmp_path / "mine.png"
    present(panel.view.file).write_bytes(b"it is there")
    with qtbot.waitSignal(panel.view.copy_requested):
        qtbot.mouseClick(button, LEFT)
    assert carried == []
    middle = button.rect().center()
    with qtbot.assertNotEmitted(panel.view.copy_requested):
        qtbot.mousePress(button, LEFT, pos=middle)
        qtbot.mouseMove(button, middle + QPoint(40, 0))
        qtbot.mouseMove(button, middle + QPoint(80, 0))
        qtbot.mouseRelease(button, LEFT, pos=middle + QPoint(80, 0))
    assert len(carried) == 1
    assert not button.isDown()


def test_reduced_candidates_are_not_dragged(qtbot, view, monkeypatch, tmp_path):
    found = []
    monkeypatch.setattr(drag_out, "run", lambda drag: found.append(drag.mimeData()))
    huge = np.zeros((2100, 2100, 3), np.uint8)
    view.set_image(huge)
    view.set_preview(255 - huge)
    view.flips = True
    view.begin_drag_out()
    view.document.background.wait()
    assert found == []
    view.file = tmp_path / "one.png"
    view.file.write_bytes(b"it is there")
    view.begin_drag_out()
    assert found[0].hasUrls()
    assert not found[0].hasImage()
