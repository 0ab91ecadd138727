"""How long the window freezes while the engine runs: gaps between 16 ms timer ticks."""

from __future__ import annotations

import statistics
import time
from dataclasses import dataclass

from PySide6.QtCore import QObject, Qt, QTimer

from ldm_studio.app import Application
from ldm_studio.scripted_app import generate, model_ready, with_window

from .record import Options

TICK_MS = 16


@dataclass(frozen=True)
class InterfaceResult:
    """Times between ticks, in ms; always 16 if the window never waits."""

    median_ms: float
    p99_ms: float
    longest_ms: float
    longest_while_loading_ms: float
    """From showing the window to the loaded model, including the import of torch."""
    ticks: int
    pictures: int

    def line(self) -> str:
        return (
            f"longest stall while generating {self.longest_ms:.0f} ms, p99 {self.p99_ms:.0f}, "
            f"median {self.median_ms:.0f}; while loading {self.longest_while_loading_ms:.0f} ms"
        )


class Ticks(QObject):
    """Measures the gaps between 16 ms ticks of the event loop, in ms."""

    def __init__(self) -> None:
        super().__init__()
        self.gaps: list[float] = []
        self._last = time.perf_counter()
        self._timer = QTimer(self, interval=TICK_MS)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._tick)

    def start(self) -> None:
        self._last = time.perf_counter()
        self._timer.start()

    def take(self) -> list[float]:
        """The gaps since the last call, including the unfinished one."""
        self._tick()
        gaps, self.gaps = self.gaps, []
        return gaps

    def _tick(self) -> None:
        now = time.perf_counter()
        self.gaps.append(1000 * (now - self._last))
        self._last = now


def measure(options: Options) -> InterfaceResult:
    """Opens the real window, and generates images with live previews as a user would."""
    pictures = options.times(5)

    async def scenario(application: Application) -> tuple[list[float], list[float]]:
        ticks = Ticks()
        application.show()
        ticks.start()
        await model_ready(application)
        loading = ticks.take()
        application.store.steps = options.steps
        await generate(application, "a red heart with a smile", pictures)
        return loading, ticks.take()

    loading, gaps = with_window(options.model, scenario)
    return InterfaceResult(
        median_ms=statistics.median(gaps),
        p99_ms=sorted(gaps)[int(0.99 * (len(gaps) - 1))],
        longest_ms=max(gaps),
        longest_while_loading_ms=max(loading),
        ticks=len(gaps),
        pictures=pictures,
    )
