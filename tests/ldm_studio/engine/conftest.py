"""Engines over a fake pipeline, ended with the test."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from ldm_studio.engine.engine import Engine
from tests.ldm_studio.engine_events import Reader, end
from tests.ldm_studio.fakes import FakePipeline, Gate, Saver
from tests.waiting import HANG_SECONDS


@pytest.fixture
def reader() -> Reader:
    return Reader()


@pytest.fixture
def saver() -> Saver:
    return Saver()


@pytest.fixture
def engines(gate: Gate) -> Iterator[list[Engine]]:
    """Those that end with the test."""
    engines: list[Engine] = []
    yield engines
    gate.open()
    for engine in engines:
        end(engine)


@pytest.fixture
def run(engines: list[Engine], reader: Reader, saver: Saver) -> Callable[..., Engine]:
    """An engine whose events `reader` collects, or another reader."""

    def run(pipeline: FakePipeline, reader: Reader = reader) -> Engine:
        engines.append(
            Engine(
                pipeline,
                reader.mailbox,
                saver,
                preview_interval=0.0,
                retry_seconds=HANG_SECONDS,  # a second attempt may warn again
            )
        )
        return engines[-1]

    return run
