"""The document: layers, strokes, commands, and undo that remembers only what changed."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ldm_studio.canvas.document import CanvasDocument
from ldm_studio.canvas.mask import TILE, Brush
from ldm_studio.canvas.undo import MaskCommand

pytestmark = pytest.mark.usefixtures("qapp")


def document(width: int = 600, height: int = 300) -> CanvasDocument:
    made = CanvasDocument()
    made.set_picture(np.full((height, width, 3), 200, np.uint8), None)
    return made


def stroke(doc: CanvasDocument, brush: Brush, *points: tuple[float, float]) -> None:
    doc.begin_stroke(brush, "stroke")
    for x, y in points:
        doc.stroke_to(x, y)
    doc.end_stroke()


def pixels(doc: CanvasDocument) -> np.ndarray:
    assert doc.mask is not None
    return doc.mask.pixels


points = st.tuples(st.floats(-50, 650), st.floats(-50, 350))
brushes = st.builds(Brush, st.floats(0.5, 60), st.floats(0, 1), st.booleans())
strokes = st.tuples(brushes, st.lists(points, min_size=1, max_size=4))
commands = st.sampled_from(["clear_mask", "invert_mask", "fill_mask"])


@settings(deadline=None, max_examples=40)
@given(st.lists(st.one_of(strokes, commands), max_size=6))
def test_undo_and_redo_walk_through_the_same_masks(actions):
    doc = document()
    masks = [pixels(doc).copy()]
    for action in actions:
        if isinstance(action, str):
            getattr(doc, action)("command")
        else:
            stroke(doc, action[0], *action[1])
        if not np.array_equal(masks[-1], pixels(doc)):
            masks.append(pixels(doc).copy())
    assert doc.undo_stack.count() == len(masks) - 1  # what changed nothing is no step
    for mask in reversed(masks[:-1]):
        doc.undo_stack.undo()
        assert np.array_equal(pixels(doc), mask)
    for mask in masks[1:]:
        doc.undo_stack.redo()
        assert np.array_equal(pixels(doc), mask)
    assert doc.overlay is not None
    shown = doc.overlay.pixels.copy()
    doc.set_tint(*doc.tint)  # computed anew from the mask
    assert np.array_equal(doc.overlay.pixels, shown)


def test_a_command_holds_the_changed_tiles_only():
    doc = document(16 * TILE, 8 * TILE)
    stroke(doc, Brush(20), (100, 100), (150, 120))
    stroke(doc, Brush(20), (TILE, 100))
    first, second = doc.undo_stack.command(0), doc.undo_stack.command(1)
    assert isinstance(first, MaskCommand)
    assert isinstance(second, MaskCommand)
    assert set(first.change.before) == set(first.change.after) == {(0, 0)}
    assert set(second.change.after) == {(0, 0), (1, 0)}
    assert first.change.nbytes < 8_000


def test_tiles_that_come_out_the_same_are_dropped():
    doc = document()
    doc.fill_mask("fill")
    stroke(doc, Brush(20), (100, 100))
    assert doc.undo_stack.count() == 1


def test_undo_in_the_middle_of_a_stroke_gives_the_stroke_up(qtbot):
    doc = document()
    stroke(doc, Brush(20), (100, 100))
    doc.begin_stroke(Brush(20), "stroke")
    doc.stroke_to(300, 100)
    with qtbot.waitSignal(doc.mask_changed):
        doc.undo_stack.undo()
    assert not pixels(doc).any()
    doc.stroke_to(400, 100)
    doc.end_stroke()
    assert not pixels(doc).any()
    doc.undo_stack.redo()
    assert pixels(doc)[100, 100] == 255


def test_a_cancelled_stroke_leaves_no_trace():
    doc = document()
    stroke(doc, Brush(20), (100, 100))
    before = pixels(doc).copy()
    shown = doc.overlay.pixels.copy() if doc.overlay else None
    doc.begin_stroke(Brush(40, erase=True), "erase")
    doc.stroke_to(110, 100)
    doc.stroke_to(500, 250)
    doc.cancel_stroke()
    assert np.array_equal(pixels(doc), before)
    assert doc.overlay is not None
    assert np.array_equal(doc.overlay.pixels, shown)
    assert doc.undo_stack.count() == 1


def test_the_mask_stays_with_pictures_of_its_size():
    doc = document()
    stroke(doc, Brush(20), (100, 100))
    doc.set_picture(np.zeros((300, 600, 3), np.uint8), None)
    assert pixels(doc)[100, 100] == 255
    assert doc.undo_stack.canUndo()
    doc.set_picture(np.zeros((128, 128, 3), np.uint8), None)
    assert pixels(doc).shape == (128, 128)
    assert not pixels(doc).any()
    assert not doc.undo_stack.canUndo()
    doc.set_picture(None, None)
    assert doc.mask is None
    assert doc.frame is None


def test_a_bad_picture_is_refused_and_nothing_changes():
    doc = document()
    with pytest.raises(ValueError, match="uint8"):
        doc.set_picture(np.zeros((4, 4, 3)), None)
    with pytest.raises(ValueError, match="alpha"):
        doc.set_picture(np.zeros((4, 4, 3), np.uint8), np.zeros((5, 5), np.uint8))
    assert doc.picture is not None
    assert doc.frame == (600, 300)


def test_a_mask_without_a_picture_is_refused():
    with pytest.raises(ValueError, match="no picture"):
        CanvasDocument().set_mask(np.zeros((4, 4), np.uint8), "set")


def test_previews_of_the_same_proportions_keep_the_frame_and_others_bring_their_own():
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


def test_the_picture_is_a_copy_nobody_can_change():
    doc = CanvasDocument()
    rgb = np.zeros((4, 4, 3), np.uint8)
    doc.set_picture(rgb, None)
    rgb[:] = 9
    assert doc.picture is not None
    assert not doc.picture.any()
    with pytest.raises(ValueError, match="read-only"):
        doc.picture[:] = 1


def test_an_opaque_alpha_means_no_transparency():
    doc = CanvasDocument()
    doc.set_picture(np.zeros((4, 4, 3), np.uint8), np.full((4, 4), 255, np.uint8))
    assert doc.transparent is None
    doc.set_picture(np.zeros((4, 4, 3), np.uint8), np.zeros((4, 4), np.uint8))
    assert doc.transparent is not None
