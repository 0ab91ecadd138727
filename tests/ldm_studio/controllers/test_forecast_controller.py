"""Time estimates for the next image, learnt from finished images."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest
from PySide6.QtCore import QObject, Signal

from core.images.generated_image import GeneratedImage
from core.request.parameters import Inpaint
from core.request.request import Request
from core.runtime.forecast import BackboneCost, Forecast
from ldm_studio.controllers.forecast_controller import ForecastController, task_of
from ldm_studio.draw.run.run_area import RunArea
from ldm_studio.engine.engine_bridge import EngineBridge
from ldm_studio.engine.events import Finished, Progress, Ready, Started
from ldm_studio.store.run_state import RunState
from ldm_studio.store.store import StudioStore
from tests.ldm_studio.fakes import MODEL

INFO = replace(MODEL, load=BackboneCost(1e6, 0.0))


class Bridge(QObject):
    ready = Signal(object)
    started = Signal(object)
    progress = Signal(object)
    finished = Signal(object)
    paused = Signal(object)
    steered = Signal(object)
    ended = Signal(int)


class Bench:
    """A store, the events of an engine, and a fake clock."""

    def __init__(self, file: Path) -> None:
        self.now = 0.0
        self.store = StudioStore()
        self.store.run = RunState(loading=False, model=INFO)
        self.store.sampler, self.store.schedule, self.store.steps = "Euler", "Normal", 10
        self.bridge = Bridge()
        self.forecasting = ForecastController(
            self.store,
            cast("EngineBridge", self.bridge),
            file,
            clock=lambda: self.now,
        )

    def draw(self, request: Request, step: float, *, first: float = 0.0, last: float = 0.0) -> None:
        """`first` and `last`: seconds before the first and after the last step."""
        self.bridge.started.emit(Started(1, request, 0, 1))
        self.now += first
        for done in range(1, request.steps + 1):
            self.now += step
            self.bridge.progress.emit(Progress(1, done, request.steps, step))
        self.now += last
        image = GeneratedImage(None, None, request)  # pyright: ignore[reportArgumentType]
        self.bridge.finished.emit(Finished(1, image, Path("a.png"), memory=500_000_000))  # pyright: ignore[reportArgumentType]
        self.bridge.ended.emit(1)


@pytest.fixture
def bench(qtbot, tmp_path: Path) -> Bench:
    return Bench(tmp_path / "forecasts.json")


def test_there_is_no_estimate_before_the_first_image(bench: Bench) -> None:
    assert bench.forecasting.forecast() is None


def test_the_same_request_is_estimated_as_measured(bench: Bench) -> None:
    bench.draw(bench.store.snapshot(), 0.5, first=0.2, last=0.3)
    forecast = bench.forecasting.forecast()
    assert forecast is not None
    assert forecast.seconds == pytest.approx(5.5)
    assert forecast.memory == 500_000_000


def test_the_estimate_follows_the_settings(bench: Bench) -> None:
    bench.draw(bench.store.snapshot(), 0.5)

    def seconds() -> float:
        forecast = bench.forecasting.forecast()
        assert forecast is not None
        return forecast.seconds

    bench.store.steps = 20
    assert seconds() == pytest.approx(10)
    bench.store.sampler = "Heun"  # two evaluations at each step except the last
    assert seconds() == pytest.approx(0.5 * 39)
    bench.store.count = 3
    assert seconds() == pytest.approx(3 * 0.5 * 39)
    bench.store.count, bench.store.sampler, bench.store.cfg = 1, "Euler", 1.0
    assert seconds() == pytest.approx(5)
    bench.store.width = 256
    assert seconds() == pytest.approx(10)


def test_an_adaptive_sampler_is_not_estimated(bench: Bench) -> None:
    bench.draw(bench.store.snapshot(), 0.5)
    bench.store.sampler = "DPM adaptive"
    assert bench.forecasting.forecast() is None


def test_paused_runs_are_not_measured(bench: Bench) -> None:
    request = bench.store.snapshot()
    bench.bridge.started.emit(Started(1, request, 0, 1))
    bench.bridge.progress.emit(Progress(1, 1, 10, 0.5))
    bench.bridge.paused.emit(Progress(1, 1, 10, 0.5))
    bench.bridge.progress.emit(Progress(1, 10, 10, 0.5))
    image = GeneratedImage(None, None, request)  # pyright: ignore[reportArgumentType]
    bench.bridge.finished.emit(Finished(1, image, None))  # pyright: ignore[reportArgumentType]
    assert bench.forecasting.forecast() is None


def test_measurements_are_kept_for_the_next_start(bench: Bench, tmp_path: Path) -> None:
    bench.draw(bench.store.snapshot(), 0.5)
    later = Bench(tmp_path / "forecasts.json")
    assert later.forecasting.forecast() == bench.forecasting.forecast()


def test_a_damaged_file_is_ignored(qtbot, tmp_path: Path) -> None:
    (tmp_path / "forecasts.json").write_text('{"fake, CPU, float32": {"task": 3}}')
    assert Bench(tmp_path / "forecasts.json").forecasting.forecast() is None


def test_the_estimate_is_shown_beside_generate_until_something_runs(bench: Bench, qtbot) -> None:
    area = RunArea(bench.store)
    qtbot.addWidget(area)
    bench.forecasting.changed.connect(area.show_forecast)
    assert area.forecast.isHidden()
    bench.draw(bench.store.snapshot(), 0.5)
    assert area.forecast.text() == "≈ 5.0 s · 500 MB"
    assert not area.forecast.isHidden()
    with qtbot.waitSignal(bench.forecasting.changed):
        bench.store.steps = 20
    assert area.forecast.text() == "≈ 10 s · 500 MB"
    bench.store.run = replace(bench.store.run, waiting=1)
    assert area.forecast.isHidden()


def test_a_loaded_model_is_estimated_at_once(bench: Bench, qtbot) -> None:
    bench.draw(bench.store.snapshot(), 0.5)
    with qtbot.waitSignal(bench.forecasting.changed) as signal:
        bench.bridge.ready.emit(Ready(INFO))
    assert signal.args is not None
    assert signal.args[0] is not None


def test_only_the_sampled_region_counts() -> None:
    masked = Request(
        init="0" * 64, mask="1" * 64, width=1024, height=1024, steps=10, strength=0.5,
        inpaint=Inpaint(area="masked", width=128, height=128),
    )  # fmt: skip
    task = task_of(masked, INFO, (128, 128))
    assert task is not None
    assert (task.evaluations, task.cells) == (5, 16 * 16)


def test_a_model_with_guidance_embedding_counts_one_evaluation() -> None:
    tasks = [
        task_of(Request(cfg=8.0), replace(INFO, has_guidance_embedding=reported), (128, 128))
        for reported in (False, True)
    ]
    assert [task.conditions for task in tasks if task] == [2, 1]


def test_tiles_are_counted() -> None:
    task = task_of(Request(width=512, height=256, tile=128), INFO, (512, 256))
    assert task is not None
    assert (task.cells, task.tiles) == (256, 5 * 3)


@pytest.mark.parametrize(
    ("forecast", "words"),
    [
        (Forecast(3.21, 1_430_000_000), "≈ 3.2 s · 1.4 GB"),
        (Forecast(42.3, 310_000_000), "≈ 42 s · 310 MB"),
        (Forecast(42.3, 90_000_000), "≈ 42 s"),
        (Forecast(130.0, None), "≈ 3 min"),
        (Forecast(1.0, 4096), "≈ 1.0 s"),
        (None, ""),
    ],
)
def test_a_forecast_is_shown_as_text(forecast, words, qtbot) -> None:
    area = RunArea(StudioStore())
    qtbot.addWidget(area)
    area.show_forecast(forecast)
    assert area.forecast.text() == words
