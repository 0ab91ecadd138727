"""The canvas in use: strokes on 4096 x 4096 while previews arrive, and undoing them.

Times are wall-clock times, and CPU times of the interface's thread: on a busy machine the second
are the cost of the canvas, the first what its user waits.
"""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication

from core.images.preview import Preview
from ldm_studio.canvas.bars.canvas_panel import CanvasPanel
from ldm_studio.canvas.tools.tools import Tool

from .record import Options

SIDE = 4096  # pixels
WINDOW = 936, 600  # logical pixels of canvas and controls in a window of 1280 x 800
PREVIEW = 512  # pixels; the size of a large model's previews
EVENTS = 60  # a stroke, at a second's worth of a usual mouse
CORNERS = 1000  # of a lasso
PREVIEW_EVERY = 6  # events; ten a second
VIEWS = (("fit", 0.0), ("100 %", 1.0), ("800 %", 8.0))
BRUSHES = (("small", 24, 100), ("large", 600, 100), ("large, low flow", 600, 40))

Time = tuple[float, float]  # wall-clock ms, CPU ms


@dataclass(frozen=True)
class Took:
    """Times of a repeated event, in ms."""

    median_ms: float
    p99_ms: float
    longest_ms: float
    computing_median_ms: float
    computing_p99_ms: float
    computing_longest_ms: float

    @classmethod
    def of(cls, times: Sequence[Time]) -> Took:
        clock, computing = zip(*times, strict=True)
        return cls(*_summary(clock), *_summary(computing))


@dataclass(frozen=True)
class CanvasResult:
    """Each event is handled, and its changes are painted, before the next."""

    strokes: Took
    """All events of a stroke except the end."""
    by_view: dict[str, Took]
    """Strokes, for each view and brush."""
    ends: Took
    """Ends of strokes all over the view."""
    previews: Took
    """Arrivals of a preview over the whole image."""
    parts: Took
    """Arrivals of a preview of a part of the image."""
    lasso: Took
    """Sides of an outline that crosses itself all over the image."""
    lasso_end: Took
    """The work of the main thread when such an outline is closed."""
    invert: Took
    clear: Took
    undo: Took
    """Undoing small strokes, one by one."""
    undone: int
    undo_mib: float
    """Memory of all of these."""
    niceness: int

    def line(self) -> str:
        worst = max(self.by_view, key=lambda name: self.by_view[name].computing_p99_ms)
        stroke = self.strokes
        return (
            f"stroke event median {stroke.median_ms:.1f} ms, p99 {stroke.p99_ms:.1f} ms "
            f"(computing {stroke.computing_median_ms:.1f} and {stroke.computing_p99_ms:.1f}; "
            f"worst p99 {self.by_view[worst].computing_p99_ms:.1f}: {worst}); computing p99 of a "
            f"preview {self.previews.computing_p99_ms:.1f} ms, of one of a part "
            f"{self.parts.computing_p99_ms:.1f} ms, of a wild lasso's side "
            f"{self.lasso.computing_p99_ms:.1f} ms, of a long stroke's end "
            f"{self.ends.computing_p99_ms:.1f} ms, inverting "
            f"{self.invert.computing_p99_ms:.1f} ms, clearing {self.clear.computing_p99_ms:.1f} ms;"
            f" undo {self.undo.median_ms:.1f} ms; "
            f"{self.undone} strokes take {self.undo_mib:.1f} MiB"
        )


class Hand:
    """Sends events to the real widget and waits until each is painted."""

    def __init__(self) -> None:
        rgb = np.random.default_rng(0).integers(0, 256, (SIDE // 8, SIDE // 8, 3), np.uint8)
        self.panel = CanvasPanel()
        self.view = self.panel.view
        self.panel.resize(*WINDOW)
        self.panel.show()
        self.view.set_image(rgb.repeat(8, 0).repeat(8, 1))
        QApplication.processEvents()

    def send(self, kind: QEvent.Type, at: QPointF) -> Time:
        """The time until it is painted."""
        left, none = Qt.MouseButton.LeftButton, Qt.MouseButton.NoButton
        button = none if kind == QEvent.Type.MouseMove else left
        held = none if kind == QEvent.Type.MouseButtonRelease else left
        event = QMouseEvent(
            kind, at, self.view.mapToGlobal(at), button, held, Qt.KeyboardModifier.NoModifier
        )
        return self.timed(lambda: QApplication.sendEvent(self.view, event))

    def timed(self, act: Callable[[], object]) -> Time:
        start, computing = time.perf_counter(), time.thread_time()
        act()
        QApplication.processEvents()
        return 1000 * (time.perf_counter() - start), 1000 * (time.thread_time() - computing)

    def stroke(self, way: Iterator[QPointF]) -> None:
        first, *rest = way
        self.send(QEvent.Type.MouseButtonPress, first)
        for point in rest:
            self.send(QEvent.Type.MouseMove, point)
        self.send(QEvent.Type.MouseButtonRelease, rest[-1])


def measure(options: Options) -> CanvasResult:
    """`options.repeats` scales the strokes, 1 for a quick run."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    app = QApplication.instance() or QApplication(["benchmark"])
    hand = Hand()
    try:
        return _measure(hand, options.times(5))
    finally:
        hand.view.document.close()
        hand.panel.close()
        hand.panel.deleteLater()
        app.processEvents()


def _measure(hand: Hand, scale: int) -> CanvasResult:
    view = hand.view
    ends: list[Time] = []
    previews: list[Time] = []
    parts: list[Time] = []
    by_view: dict[str, list[Time]] = {}
    rgb = np.random.default_rng(1).integers(0, 256, (PREVIEW, PREVIEW, 3), np.uint8)
    whole, part = Preview(rgb), Preview(rgb, view.image(), SIDE // 3, SIDE // 3)
    for shown, zoom in VIEWS:
        for brush, size, flow in BRUSHES:
            if zoom:
                view.zoom_to(zoom)
            else:
                view.fit()
            view.adjust(size=size, flow=flow)
            view.document.background.wait()  # as long as the hand moves from there to the image
            QApplication.processEvents()
            here = by_view.setdefault(f"{shown}, {brush} brush", [])
            for turn in range(2 * scale):
                taken, shown_as = (parts, part) if turn % 2 else (previews, whole)
                way = list(_scribble(view.width(), view.height(), turn))
                here.append(hand.send(QEvent.Type.MouseButtonPress, way[0]))
                for number, point in enumerate(way[1:]):
                    if number % PREVIEW_EVERY == 0:
                        taken.append(hand.timed(partial(view.show_preview, shown_as)))
                    here.append(hand.send(QEvent.Type.MouseMove, point))
                ends.append(hand.send(QEvent.Type.MouseButtonRelease, way[-1]))
    view.set_preview(None)
    view.fit()
    QApplication.processEvents()
    invert = [hand.timed(view.invert_mask) for _ in range(4 * scale)]
    clear = []
    for _ in range(2 * scale):
        clear.append(hand.timed(view.clear_mask))
        hand.timed(view.undo)
        view.document.background.wait()
    lasso = [_lasso(hand, turn) for turn in range(2)]
    undo, memory = _undo(hand, 200 * scale)
    return CanvasResult(
        strokes=Took.of([took for times in by_view.values() for took in times]),
        by_view={name: Took.of(times) for name, times in by_view.items()},
        ends=Took.of(ends),
        previews=Took.of(previews),
        parts=Took.of(parts),
        lasso=Took.of([took for sides, _ in lasso for took in sides]),
        lasso_end=Took.of([took for _, end in lasso for took in end]),
        invert=Took.of(invert),
        clear=Took.of(clear),
        undo=Took.of(undo),
        undone=len(undo),
        undo_mib=memory / 2**20,
        niceness=os.nice(0) if hasattr(os, "nice") else 0,
    )


def _lasso(hand: Hand, turn: int) -> tuple[list[Time], list[Time]]:
    """Times of each side, and of the release with the resulting work."""
    view = hand.view
    view.set_tool(Tool.LASSO)
    places = np.random.default_rng(turn).uniform(0.1, 0.9, (CORNERS, 2))
    first, *rest = (QPointF(x * view.width(), y * view.height()) for x, y in places)
    hand.send(QEvent.Type.MouseButtonPress, first)
    sides = [hand.send(QEvent.Type.MouseMove, point) for point in rest]
    end = [hand.send(QEvent.Type.MouseButtonRelease, rest[-1])]
    view.document.background.wait()
    end.append(hand.timed(lambda: None))
    view.set_tool(Tool.BRUSH)
    return sides, end


def _undo(hand: Hand, count: int) -> tuple[list[Time], int]:
    """Times of undoing `count` strokes, and the bytes they took."""
    view = hand.view
    view.clear_mask()
    view.undo_stack.clear()
    view.adjust(size=24, flow=100)
    rng = np.random.default_rng(2)
    for x, y in rng.uniform(0.1, 0.9, (count, 2)) * SIDE:
        start = view.to_widget(x, y)
        hand.stroke(start + QPointF(step, step / 2) for step in range(0, 20, 5))
    view.document.background.wait()
    memory = view.document.history.nbytes
    return [hand.timed(view.undo) for _ in range(view.undo_stack.count())], memory


def _scribble(width: int, height: int, turn: int) -> Iterator[QPointF]:
    """Back and forth over the widget, fast."""
    for i in range(EVENTS):
        share = i / EVENTS
        x = 0.5 + 0.48 * np.cos(7 * share * np.pi + turn)
        y = 0.05 + 0.9 * share
        yield QPointF(width * float(x), height * y)


def _summary(times: Sequence[float]) -> tuple[float, float, float]:
    """Median, p99, longest."""
    ordered = sorted(times)
    return statistics.median(ordered), ordered[int(0.99 * (len(ordered) - 1))], ordered[-1]
