"""The canvas document: layers, strokes, and transforms computed in the background."""

from __future__ import annotations

import numpy as np
import pytest

from core.images import mask_morphology
from ldm_studio.canvas.document import mask_operations
from ldm_studio.canvas.document.brush import Brush
from ldm_studio.canvas.document.canvas_document import PREVIEW_PIXELS, CanvasDocument
from tests.narrowing import present

pytestmark = pytest.mark.usefixtures("qapp")


def document(width: int = 600, height: int = 300) -> CanvasDocument:
    made = CanvasDocument()
    made.set_image(np.full((height, width, 3), 200, np.uint8), None)
    return made


def stroke(doc: CanvasDocument, brush: Brush, *points: tuple[float, float]) -> None:
    doc.begin_stroke(brush, "stroke")
    for x, y in points:
        doc.stroke_to(x, y)
    doc.end_stroke()


def pixels(doc: CanvasDocument) -> np.ndarray:
    assert doc.mask is not None
    return doc.mask.pixels


def test_undo_during_a_stroke_cancels_it(qtbot):
    doc = document()
    stroke(doc, Brush(20), (100, 100))
    doc.begin_stroke(Brush(20), "stroke")
    doc.stroke_to(300, 100)
    doc.undo()  # the stroke under way
    assert pixels(doc)[100, 100] == 255
    doc.stroke_to(400, 100)
    doc.end_stroke()
    assert not pixels(doc)[100, 400]
    with qtbot.waitSignal(doc.mask_changed):
        doc.undo()
    assert not pixels(doc).any()
    doc.redo()
    assert pixels(doc)[100, 100] == 255


def test_a_cancelled_stroke_leaves_no_trace():
    doc = document()
    stroke(doc, Brush(20), (100, 100))
    before = pixels(doc).copy()
    doc.begin_stroke(Brush(40, erase=True), "erase")
    doc.stroke_to(110, 100)
    doc.stroke_to(500, 250)
    doc.cancel_stroke()
    assert np.array_equal(pixels(doc), before)
    assert doc.undo_stack.count() == 1


def test_the_mask_is_kept_for_images_of_the_same_size():
    doc = document()
    stroke(doc, Brush(20), (100, 100))
    doc.set_image(np.zeros((300, 600, 3), np.uint8), None)
    assert pixels(doc)[100, 100] == 255
    assert doc.undo_stack.canUndo()
    doc.set_image(np.zeros((128, 128, 3), np.uint8), None)
    assert pixels(doc).shape == (128, 128)
    assert not pixels(doc).any()
    doc.set_image(None, None)
    assert doc.mask is None
    assert doc.frame is None
    assert not doc.undo_stack.canUndo()


def test_a_bad_image_is_refused_and_nothing_changes():
    doc = document()
    with pytest.raises(ValueError, match="uint8"):
        doc.set_image(np.zeros((4, 4, 3)), None)
    with pytest.raises(ValueError, match="alpha"):
        doc.set_image(np.zeros((4, 4, 3), np.uint8), np.zeros((5, 5), np.uint8))
    assert doc.image is not None
    assert doc.frame == (600, 300)


def test_a_mask_without_an_image_is_refused():
    with pytest.raises(ValueError, match="no image"):
        CanvasDocument().set_mask(np.zeros((4, 4), np.uint8), "set")


def test_previews_with_other_proportions_change_the_frame():
    doc = document(600, 300)
    doc.set_preview(np.zeros((150, 300, 3), np.uint8))
    assert doc.frame == (600, 300)
    assert doc.paintable
    doc.set_preview(np.zeros((128, 128, 3), np.uint8))
    assert doc.frame == (128, 128)
    assert not doc.paintable
    stroke(doc, Brush(20), (60, 60))
    assert not pixels(doc).any()
    doc.set_preview(None)
    assert doc.frame == (600, 300)


def test_the_image_is_a_read_only_copy():
    doc = CanvasDocument()
    rgb = np.zeros((4, 4, 3), np.uint8)
    doc.set_image(rgb, None)
    rgb[:] = 9
    assert doc.image is not None
    assert not doc.image.any()
    with pytest.raises(ValueError, match="read-only"):
        doc.image[:] = 1


def test_an_opaque_alpha_means_no_transparency():
    doc = CanvasDocument()
    doc.set_image(np.zeros((4, 4, 3), np.uint8), np.full((4, 4), 255, np.uint8))
    assert doc.transparent is None
    doc.set_image(np.zeros((4, 4, 3), np.uint8), np.zeros((4, 4), np.uint8))
    assert doc.transparent is not None


# --- changes beside the interface ---


def large() -> CanvasDocument:
    side = 1024
    assert side * side > mask_operations.AT_ONCE
    return document(side, side)


def test_a_large_mask_is_changed_in_the_background(qtbot):
    doc = large()
    stroke(doc, Brush(20), (100, 100))
    before = pixels(doc).copy()
    with qtbot.waitSignal(doc.mask_changed):
        doc.transform(lambda mask: mask_morphology.grow(mask, 9), "grow")
        assert doc.busy
        assert np.array_equal(pixels(doc), before)
    assert not doc.busy
    assert np.array_equal(pixels(doc), mask_morphology.grow(before, 9))
    doc.undo()
    assert np.array_equal(pixels(doc), before)


def test_painting_during_a_transform_is_not_lost(qtbot):
    doc = large()
    stroke(doc, Brush(20), (100, 100))
    doc.transform(lambda mask: mask_morphology.grow(mask, 9), "grow")
    doc.begin_stroke(Brush(20), "stroke")
    doc.stroke_to(500, 500)
    doc.background.wait()
    doc.end_stroke()
    with_both = pixels(doc).copy()
    qtbot.waitUntil(lambda: not doc.busy)
    assert np.array_equal(pixels(doc), mask_morphology.grow(with_both, 9))
    assert [doc.undo_stack.text(i) for i in range(3)] == ["stroke", "stroke", "grow"]


def test_transforms_run_one_after_the_other(qtbot):
    doc = large()
    stroke(doc, Brush(20), (100, 100))
    before = pixels(doc).copy()
    doc.transform(lambda mask: mask_morphology.grow(mask, 9), "grow")
    doc.transform(lambda mask: mask_morphology.shrink(mask, 3), "shrink")
    qtbot.waitUntil(lambda: not doc.busy)
    assert np.array_equal(pixels(doc), mask_morphology.shrink(mask_morphology.grow(before, 9), 3))


def test_undo_cancels_a_running_transform(qtbot):
    doc = large()
    stroke(doc, Brush(20), (100, 100))
    before = pixels(doc).copy()
    doc.transform(lambda mask: mask_morphology.grow(mask, 9), "grow")
    doc.undo()
    assert not doc.busy
    over: list[object] = []
    doc.background.run(lambda: None, over.append)  # results come in order
    with qtbot.assertNotEmitted(doc.mask_changed):
        qtbot.waitUntil(lambda: bool(over))
    assert np.array_equal(pixels(doc), before)
    assert doc.undo_stack.canUndo()


def test_a_failed_transform_is_reported_and_the_next_one_runs(qtbot):
    doc = large()

    def fail(mask: np.ndarray) -> np.ndarray:
        raise MemoryError("too little")

    with qtbot.captureExceptions() as caught:
        doc.transform(fail, "fail")
        doc.transform(lambda mask: mask | 5, "set")
        qtbot.waitUntil(lambda: not doc.busy)
        qtbot.waitUntil(lambda: pixels(doc)[0, 0] == 5)
    assert [kind for kind, _, _ in caught] == [MemoryError]


def test_a_large_preview_is_reduced_within_the_same_frame():
    doc = document(2003, 2501)
    doc.set_preview(np.full((2501, 2003, 3), 7, np.uint8))
    assert doc.frame == (2003, 2501)
    assert doc.paintable
    assert present(doc.preview).width() * present(doc.preview).height() <= PREVIEW_PIXELS
