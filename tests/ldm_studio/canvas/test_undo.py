"""Undo restores the same masks and images, with memory in proportion to what was painted."""

from __future__ import annotations

from time import thread_time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.images.mask_morphology import feather
from ldm_studio.canvas.document.brush import Brush
from ldm_studio.canvas.document.canvas_document import CanvasDocument
from ldm_studio.canvas.document.undo import COMMAND_BYTES, MaskStep, UndoCommand
from ldm_studio.canvas.document.undo_tiles import TILE
from tests.narrowing import present

pytestmark = pytest.mark.usefixtures("qapp")


def document(width: int = 600, height: int = 300, budget: int = 1 << 28) -> CanvasDocument:
    made = CanvasDocument(undo_bytes=budget)
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


def step(doc: CanvasDocument, index: int) -> MaskStep:
    command = doc.undo_stack.command(index)
    assert isinstance(command, UndoCommand)
    assert isinstance(command.step, MaskStep)
    return command.step


State = tuple[bytes, bytes, tuple[int, ...]]


def state(doc: CanvasDocument) -> State:
    assert doc.image is not None
    return pixels(doc).tobytes(), doc.image.tobytes(), doc.image.shape


points = st.tuples(st.floats(-50, 650), st.floats(-50, 350))
brushes = st.builds(
    Brush, st.floats(0.5, 60), st.floats(0, 1), st.sampled_from([1.0, 0.4]), st.booleans()
)
strokes = st.tuples(brushes, st.lists(points, min_size=1, max_size=4))
commands = st.sampled_from(["clear", "invert", "fill", "feather", "redraw", "resize"])
moves = st.sampled_from(["undo", "redo"])


def act(doc: CanvasDocument, action: object) -> None:
    assert doc.image is not None
    if isinstance(action, tuple):
        stroke(doc, action[0], *action[1])
    elif action in ("clear", "invert", "fill"):
        getattr(doc, f"{action}_mask")("command")
    elif action == "feather":
        doc.transform(lambda mask: feather(mask, 5), "feather")
    elif action == "redraw":
        doc.set_image(255 - doc.image, None)
    elif action == "resize":
        doc.set_image(np.rot90(doc.image), None)


@settings(deadline=None, max_examples=60)
@given(st.lists(st.one_of(strokes, commands, moves), max_size=14))
def test_undo_and_redo_visit_the_same_states(actions):
    doc = document()
    states, at = [state(doc)], 0
    for action in actions:
        if action == "undo":
            doc.undo()
            at = max(at - 1, 0)
        elif action == "redo":
            doc.redo()
            at = min(at + 1, len(states) - 1)
        else:
            act(doc, action)
            if state(doc) != states[at]:
                at += 1
                states[at:] = [state(doc)]
        assert state(doc) == states[at]
        assert doc.undo_stack.index() == at  # a change without effect is no step
        assert doc.undo_stack.count() == len(states) - 1
    for wanted in reversed(states[:at]):
        doc.undo()
        assert state(doc) == wanted
    for wanted in states[1:]:
        doc.redo()
        assert state(doc) == wanted
    doc.close()


@settings(deadline=None, max_examples=25)
@given(st.lists(st.one_of(strokes, commands), min_size=1, max_size=25))
def test_memory_stays_within_its_budget_by_dropping_the_oldest(actions):
    budget = 60_000
    doc = document(budget=budget)
    states = [state(doc)]
    for action in actions:
        act(doc, action)
        doc.background.wait()
        if state(doc) != states[-1]:
            states.append(state(doc))
    newest = step_bytes(doc, doc.undo_stack.count() - 1) if doc.undo_stack.count() else 0
    assert doc.history.nbytes <= max(budget, newest + COMMAND_BYTES)
    for wanted in reversed(
        states[:-1][-doc.undo_stack.count() :] if doc.undo_stack.count() else []
    ):
        doc.undo()
        assert state(doc) == wanted
    assert not doc.undo_stack.canUndo()
    doc.close()


def step_bytes(doc: CanvasDocument, index: int) -> int:
    command = doc.undo_stack.command(index)
    assert isinstance(command, UndoCommand)
    return command.step.nbytes


def test_a_step_stores_only_changed_tiles():
    doc = document(16 * TILE, 8 * TILE)
    stroke(doc, Brush(20), (100, 100), (150, 120))
    stroke(doc, Brush(20), (TILE, 100))
    assert step(doc, 0).tiles.indices == {(0, 0)}
    assert step(doc, 1).tiles.indices == {(0, 0), (1, 0)}
    doc.background.wait()
    assert step(doc, 0).nbytes < 4_000


def test_unchanged_tiles_are_dropped():
    doc = document()
    doc.fill_mask("fill")
    stroke(doc, Brush(20), (100, 100))
    assert doc.undo_stack.count() == 1


def test_inverting_a_large_mask_takes_little_memory():
    doc = document(4096, 4096)
    doc.invert_mask("invert")
    assert doc.history.nbytes < 8_000


def test_a_thousand_strokes_are_undone_quickly():
    doc = document(4096, 4096)
    places = np.random.default_rng(0).uniform(100, 3900, (1000, 2))
    for x, y in places:
        stroke(doc, Brush(12), (x, y), (x + 60, y + 30))
    doc.background.wait()
    assert doc.undo_stack.count() == 1000
    assert doc.history.nbytes < 4 << 20  # of 16 MiB a mask
    start = thread_time()
    doc.undo()
    once = thread_time() - start
    assert once < 0.1
    while doc.undo_stack.canUndo():
        doc.undo()
    assert not pixels(doc).any()
    doc.close()


def test_memory_follows_the_painted_area():
    def used(radius: float) -> int:
        doc = document(4096, 4096)
        rng = np.random.default_rng(1)
        for x, y in rng.uniform(0, 4096, (60, 2)):
            stroke(doc, Brush(radius, 0.2), (x, y), (x + 4 * radius, y + radius))
        doc.background.wait()
        doc.close()
        return doc.history.nbytes

    small, wide = used(20), used(80)
    assert wide > 2 * small
    assert wide < 20 * small  # sixteen times the area


def test_redrawing_a_part_takes_the_memory_of_that_part():
    doc = document(1024, 1024)
    assert doc.image is not None
    image = doc.image.copy()
    rng = np.random.default_rng(2)
    image[100:164, 200:264] = rng.integers(0, 256, (64, 64, 3), np.uint8)
    doc.set_image(image, None)
    doc.background.wait()
    assert doc.history.nbytes < 40_000  # 12 288 bytes of noise in 3 MiB of the same
    doc.undo()
    assert (doc.image == 200).all()
    doc.redo()
    assert np.array_equal(doc.image, image)


def test_undo_restores_transparency():
    doc = document(64, 64)
    alpha = np.zeros((64, 64), np.uint8)
    alpha[:32] = 255
    doc.set_image(np.zeros((64, 64, 3), np.uint8), alpha)
    doc.undo()
    assert (doc.alpha, doc.transparent) == (None, None)
    doc.redo()
    assert np.array_equal(present(doc.alpha), alpha)
    assert doc.transparent is not None


def test_undoing_an_image_emits_a_signal(qtbot):
    doc = document(64, 64)
    stroke(doc, Brush(5), (20, 20))
    doc.set_image(np.zeros((32, 48, 3), np.uint8), None)
    with qtbot.waitSignals([doc.image_restored, doc.mask_changed]):
        doc.undo()
    assert pixels(doc)[20, 20] == 255
    assert doc.frame == (64, 64)


def test_setting_the_same_image_adds_no_undo_step():
    doc = document(64, 64)
    doc.set_image(np.full((64, 64, 3), 200, np.uint8), None)
    assert not doc.undo_stack.canUndo()
