"""The history page with 100,000 images, as widgets: opening, searching, scrolling.

The library is that of the benchmark `history` with synthetic thumbnails: every image has one, so
each is read and decoded when it becomes visible. Times are wall-clock times, and CPU times of the
interface's thread: on a busy machine the second are the cost of the page, the first what its user
waits.
"""

from __future__ import annotations

import hashlib
import io
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image
from PySide6.QtWidgets import QApplication

from core.runtime.device import memory_in_use
from ldm_studio.app import UiGarbageCollector
from ldm_studio.history.thumbnails import SIDE, Thumbnails
from ldm_studio.history_page.history_page import HistoryPage
from ldm_studio.history_page.image_list_model import Stage
from ldm_studio.history_page.open_history import Library

from .history import ITEMS, build
from .record import Options

WINDOW = 1280, 740
SEARCHES = ("fox", "a", "fox -castle", 'model:"model 3"', "rating:>=4 fox", "zebra")
FRAMES = 200
STEP = 96
"""Pixels per frame: a page in eight frames."""
JUMPS = 60
_SECONDS = 60.0


@dataclass(frozen=True)
class BrowserResult:
    """Medians of rounds; for scrolling, over all frames. Milliseconds."""

    first_page_ms: float
    """From opening the page to painting its first images."""
    all_ms: float
    """Until the scroll bar knows all of them."""
    search_ms: float
    """The slowest search, from its start to painting its first images."""
    slowest_search: str
    frame_ms: float
    frame_p99_ms: float
    longest_frame_ms: float
    """Of scrolling evenly: moving, painting, and processing whatever arrived."""
    frame_computing_p99_ms: float
    longest_frame_computing_ms: float
    jump_ms: float
    longest_jump_ms: float
    """Of dragging the scroll bar from end to end."""
    longest_jump_computing_ms: float
    memory_mib: float
    """Growth of the process, from before the page to the end."""
    pictures: int
    rounds: int

    def line(self) -> str:
        return (
            f"{self.pictures:,} images: first page {self.first_page_ms:.0f} ms, slowest search "
            f"{self.search_ms:.0f} ms ({self.slowest_search}); scrolling: a frame "
            f"{self.frame_ms:.1f} ms, p99 {self.frame_p99_ms:.1f}, longest "
            f"{self.longest_frame_ms:.1f} (computing p99 {self.frame_computing_p99_ms:.1f}, "
            f"longest {self.longest_frame_computing_ms:.1f}); jumps at most "
            f"{self.longest_jump_ms:.1f} ms ({self.longest_jump_computing_ms:.1f}); "
            f"memory +{self.memory_mib:.0f} MiB"
        )


def measure(options: Options) -> BrowserResult:
    rounds = options.times(5)
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    app = QApplication.instance() or QApplication(["benchmark"])
    assert isinstance(app, QApplication)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        build(folder, ITEMS)
        _thumbnails(folder, ITEMS)
        collector = UiGarbageCollector()  # as in the program
        library = Library(folder, folder / "pictures")
        before = memory_in_use()
        page = _opened(library)
        try:
            return _measured(page, rounds, before)
        finally:
            page.hide()
            page.close_threads()
            library.close()
            page.deleteLater()
            collector.close()


def _opened(library: Library) -> HistoryPage:
    library.open()
    _until(lambda: library.is_open)
    page = HistoryPage(library)
    page.resize(*WINDOW)
    return page


def _measured(page: HistoryPage, rounds: int, before: int) -> BrowserResult:
    began = time.perf_counter()
    page.show()
    _until(lambda: page.model.rowCount() > 0)
    first = 1000 * (time.perf_counter() - began)
    _until(lambda: page.model.stage is Stage.DONE)
    everything = 1000 * (time.perf_counter() - began)
    searches = {
        text: statistics.median(_search(page, text) for _ in range(rounds)) for text in SEARCHES
    }
    slowest = max(searches, key=lambda text: searches[text])
    page.search.set_text_and_search("")
    _until(lambda: page.model.stage is Stage.DONE)
    bar = page.grid.verticalScrollBar()
    frames = [_frame(lambda y=y: bar.setValue(y)) for y in range(STEP, STEP * (FRAMES + 1), STEP)]
    high = bar.maximum()
    jumps = [
        _frame(lambda y=y: bar.setValue(y))
        for y in (round(high * step / JUMPS) for step in range(JUMPS + 1))
    ]
    clock, computing = zip(*frames, strict=True)
    jump_clock, jump_computing = zip(*jumps, strict=True)
    return BrowserResult(
        first_page_ms=first,
        all_ms=everything,
        search_ms=searches[slowest],
        slowest_search=slowest,
        frame_ms=statistics.median(clock),
        frame_p99_ms=_p99(clock),
        longest_frame_ms=max(clock),
        frame_computing_p99_ms=_p99(computing),
        longest_frame_computing_ms=max(computing),
        jump_ms=statistics.median(jump_clock),
        longest_jump_ms=max(jump_clock),
        longest_jump_computing_ms=max(jump_computing),
        memory_mib=(memory_in_use() - before) / 2**20,
        pictures=ITEMS,
        rounds=rounds,
    )


def _search(page: HistoryPage, text: str) -> float:
    """Without the pause after a key, which is always 120 ms."""
    page.search.setText(text)
    began = time.perf_counter()
    page.search.search()
    _until(lambda: page.model.stage is not Stage.SEARCHING)
    page.grid.viewport().repaint()
    took = 1000 * (time.perf_counter() - began)
    _until(lambda: page.model.stage is Stage.DONE)
    return took


def _frame(act: Callable[[], object]) -> tuple[float, float]:
    """Scrolls and processes events: wall-clock and CPU milliseconds."""
    start, computing = time.perf_counter(), time.thread_time()
    act()
    QApplication.processEvents()
    took = 1000 * (time.perf_counter() - start), 1000 * (time.thread_time() - computing)
    rest = start + 1 / 60 - time.perf_counter()
    if rest > 0:
        time.sleep(rest)  # the next frame's time, in which the other threads work
    return took


def _until(condition: Callable[[], bool]) -> None:
    end = time.perf_counter() + _SECONDS
    while not condition():
        QApplication.processEvents()
        if time.perf_counter() > end:
            raise TimeoutError("the page does not answer")
        time.sleep(0.001)


def _p99(times: Sequence[float]) -> float:
    return sorted(times)[int(0.99 * (len(times) - 1))]


def _thumbnails(folder: Path, items: int) -> None:
    """One for each image, from a few different ones: 256 x 256, about ten kilobytes."""
    chance = np.random.default_rng(0)
    made = []
    for _ in range(8):
        coarse = Image.fromarray(chance.integers(0, 256, (24, 24, 3), np.uint8))
        file = io.BytesIO()
        coarse.resize((SIDE, SIDE), Image.Resampling.BICUBIC).save(file, "WEBP", quality=82)
        made.append(file.getvalue())
    with Thumbnails(folder) as thumbnails:
        thumbnails.put(
            (hashlib.sha256(str(number).encode()).hexdigest(), made[number % len(made)])
            for number in range(items)
        )
