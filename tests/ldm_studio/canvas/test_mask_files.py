"""Masks read from files and dropped images, written to files, and restored in the next session."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QColor, QDragEnterEvent, QDropEvent, QImage
from PySide6.QtWidgets import QApplication, QFileDialog

from core.errors import ImageError
from ldm_studio.canvas.bars.canvas_panel import CanvasPanel
from ldm_studio.canvas.document.brush import Brush
from ldm_studio.canvas.document.canvas_document import CanvasDocument
from ldm_studio.canvas.document.canvas_store import (
    CanvasStore,
    SavedCanvas,
    load_canvas,
    restore_settings,
    save_canvas,
    settings_of,
)
from ldm_studio.canvas.document.mask_files import read_mask, write_mask
from ldm_studio.canvas.view.canvas_view import CanvasView
from tests.ldm_studio.canvas.canvas_actions import LEFT, NO_KEY
from tests.narrowing import present


def noise(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, shape, np.uint8)


@pytest.fixture
def panel(qtbot, rgb) -> CanvasPanel:
    made = CanvasPanel()
    qtbot.addWidget(made)
    made.resize(800, 500)
    with qtbot.waitExposed(made):
        made.show()
    made.view.set_image(rgb)
    return made


def test_a_mask_file_round_trips_exactly(tmp_path):
    mask = noise(30, 40)
    write_mask(tmp_path / "mask.png", mask)
    assert np.array_equal(read_mask(str(tmp_path / "mask.png"), (40, 30)), mask)


def test_a_mask_of_another_size_is_stretched(tmp_path):
    mask = np.zeros((10, 20), np.uint8)
    mask[:, 10:] = 255
    write_mask(tmp_path / "mask.png", mask)
    read = read_mask(str(tmp_path / "mask.png"), (200, 100))
    assert read.shape == (100, 200)
    assert (read[:, :90] == 0).all()
    assert (read[:, 110:] == 255).all()


def test_an_image_becomes_a_mask_by_its_brightness(qapp):
    image = QImage(3, 1, QImage.Format.Format_ARGB32)
    image.setPixelColor(0, 0, QColor(255, 255, 255))
    image.setPixelColor(1, 0, QColor(128, 128, 128))
    image.setPixelColor(2, 0, QColor(255, 255, 255, 0))
    assert read_mask(image, (3, 1)).tolist() == [[255, 128, 0]]


def test_a_mask_that_cannot_be_written_is_reported(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(ImageError, match="cannot be saved"):
        write_mask(tmp_path / "file" / "mask.png", noise(3, 3))


def choose(panel: CanvasPanel, path: Path) -> None:
    """Answers the open file dialog."""
    dialog = panel.findChild(QFileDialog)
    present(dialog).fileSelected.emit(str(path))
    present(dialog).reject()


def test_masks_are_saved_and_opened_from_the_menu(qtbot, panel, tmp_path):
    mask = noise(100, 200)
    panel.view.set_mask(mask)
    panel.save_mask()
    choose(panel, tmp_path / "mask.png")
    panel.view.document.background.wait()
    panel.view.clear_mask()
    qtbot.waitUntil(lambda: panel.findChild(QFileDialog) is None)
    panel.open_mask()
    with qtbot.waitSignal(panel.view.mask_changed):
        choose(panel, tmp_path / "mask.png")
    assert np.array_equal(panel.view.mask(), mask)
    panel.view.undo()
    assert panel.view.mask() is None


def test_a_file_without_an_image_is_reported_and_changes_nothing(qtbot, panel, tmp_path):
    (tmp_path / "a.png").write_bytes(b"no image")
    with qtbot.waitSignal(panel.problem) as signal:
        panel.use_as_mask(str(tmp_path / "a.png"))
    assert "a.png" in str(signal.args[0])
    assert panel.view.mask() is None


def test_an_image_dropped_at_the_bottom_becomes_the_mask(qtbot, panel, tmp_path):
    view = panel.view
    Image.fromarray(np.full((100, 200), 255, np.uint8)).save(tmp_path / "white.png")
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(tmp_path / "white.png"))])
    low = QPointF(view.width() / 2, view.height() - 20)
    copy = Qt.DropAction.CopyAction
    enter = QDragEnterEvent(QPoint(50, 50), copy, data, LEFT, NO_KEY)
    QApplication.sendEvent(view, enter)
    with qtbot.assertNotEmitted(view.image_dropped), qtbot.waitSignal(view.mask_changed):
        QApplication.sendEvent(view, QDropEvent(low, copy, data, LEFT, NO_KEY))
    assert (view.mask() == 255).all()


# --- from one session to the next ---


@pytest.mark.parametrize("alpha", [None, noise(30, 40, seed=1)])
@pytest.mark.parametrize("mask", [None, noise(30, 40, seed=2)])
def test_a_saved_canvas_is_restored_exactly(tmp_path, alpha, mask):
    save_canvas(tmp_path, SavedCanvas(noise(30, 40, 3), alpha, mask))
    kept = present(load_canvas(tmp_path))
    assert np.array_equal(kept.rgb, noise(30, 40, 3))
    assert (kept.alpha is None) == (alpha is None)
    assert (kept.mask is None) == (mask is None)
    assert alpha is None or np.array_equal(present(kept.alpha), alpha)
    assert mask is None or np.array_equal(present(kept.mask), mask)


def test_an_empty_canvas_leaves_no_files(tmp_path):
    assert load_canvas(tmp_path) is None
    save_canvas(tmp_path, SavedCanvas(noise(3, 3, 3), noise(3, 3), noise(3, 3)))
    save_canvas(tmp_path, None)
    assert load_canvas(tmp_path) is None
    assert list(tmp_path.iterdir()) == []


def test_a_mask_that_does_not_fit_is_ignored(tmp_path):
    save_canvas(tmp_path, SavedCanvas(noise(30, 40, 3), None, noise(30, 41)))
    kept = present(load_canvas(tmp_path))
    assert kept.mask is None
    assert kept.rgb.shape == (30, 40, 3)


def document(rgb: np.ndarray | None = None) -> CanvasDocument:
    made = CanvasDocument()
    if rgb is not None:
        made.set_image(rgb, None)
    return made


def test_image_and_mask_are_saved_as_they_change(qtbot, tmp_path):
    first = document()
    keeper = CanvasStore(first, tmp_path)
    first.set_image(noise(80, 120, 3), None)
    first.begin_stroke(Brush(9), "stroke")
    first.stroke_to(50, 50)
    first.end_stroke()
    keeper.close()

    second = document()
    keeper = CanvasStore(second, tmp_path)
    with qtbot.waitSignal(second.mask_changed):
        keeper.restore()
    assert np.array_equal(present(second.image), noise(80, 120, 3))
    assert np.array_equal(present(second.mask).pixels, present(first.mask).pixels)
    assert not second.undo_stack.canUndo()
    second.clear_mask("clear")
    keeper.close()
    assert present(load_canvas(tmp_path)).mask is None


def test_unchanged_files_are_not_written_again(qtbot, tmp_path):
    doc = document()
    keeper = CanvasStore(doc, tmp_path)
    doc.set_image(noise(80, 120, 3), None)
    keeper.close()
    written = (tmp_path / "picture.png").stat().st_mtime_ns
    doc.fill_mask("fill")
    keeper.close()
    assert (tmp_path / "picture.png").stat().st_mtime_ns == written
    assert (present(load_canvas(tmp_path)).mask == 255).all()


def test_restoring_does_not_replace_the_canvas(qtbot, tmp_path):
    save_canvas(tmp_path, SavedCanvas(noise(8, 8, 3), None, noise(8, 8)))
    doc = document()
    keeper = CanvasStore(doc, tmp_path)
    keeper.restore()
    doc.set_image(noise(9, 9, 3), None)
    restored: list[object] = []
    doc.background.run(lambda: None, restored.append)  # results come in order
    with qtbot.assertNotEmitted(doc.replaced):
        qtbot.waitUntil(lambda: bool(restored))
    assert doc.frame == (9, 9)


def test_damaged_files_are_logged_and_the_canvas_stays_empty(qtbot, tmp_path, caplog):
    (tmp_path / "picture.png").write_bytes(b"no image")
    doc = document()
    keeper = CanvasStore(doc, tmp_path)
    keeper.restore()
    qtbot.waitUntil(lambda: "could not be restored" in caplog.text)
    assert doc.frame is None


def test_tool_options_and_tint_are_restored(qtbot, view):
    view.adjust(size=77, radial=True)
    view.tint = QColor(10, 20, 30), 0.25
    data = json.loads(json.dumps(settings_of(view)))
    other = CanvasView()
    qtbot.addWidget(other)
    restore_settings(other, data)
    assert other.options == view.options
    assert other.tint == view.tint
    restore_settings(other, {"options": 5, "tint": "no colour", "opacity": None})
    assert other.tint == view.tint
