"""The command line in an empty folder, with a fake pipeline."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pytest

from core.conditioning.text.token_count import PromptTokenCounter
from core.request.inputs import Inputs
from core.request.request import Request
from core.runtime.environment import Environment
from ldm_studio.command_line import cli
from ldm_studio.engine_protocol import ModelInfo
from ldm_studio.models.found_models import find_model

ENVIRONMENT = Environment(torch="fake")
MODEL = ModelInfo(
    name="Paint",
    digest="ab" * 32,
    device="CPU",
    sampler="DPM++ 2M",
    schedule="Karras",
    steps=3,
    cfg=2.5,
    width=64,
    height=32,
    size_multiple=16,
    max_side=128,
)


@dataclass(frozen=True)
class FakeImage:
    rgb: np.ndarray
    request: Request

    def rgba(self) -> np.ndarray:
        return np.dstack([self.rgb, np.zeros(self.rgb.shape[:2], np.uint8)])


@dataclass
class FakeRun:
    request: Request
    fails: BaseException | None = None
    environment: Environment = ENVIRONMENT
    done: int = 0
    step_digests: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def total(self) -> int:
        return self.request.steps

    def steps(self) -> Iterator[int]:
        if self.fails:
            raise self.fails
        return iter(range(self.total))

    def step_digest(self, step: int) -> str:
        return f"{step:016x}"

    def finish(self, step: Any, *, tiled: bool = False) -> Any:
        assert step == self.total - 1
        if self.request.prompt == "overflow":
            self.notes = (*self.notes, "It overflowed.")
        shape = (self.request.height, self.request.width, 3)
        return FakeImage(np.full(shape, self.request.seed % 251, np.uint8), self.request)


@dataclass
class FakePipeline:
    """A pipeline that fills everything with one colour and records its requests."""

    model: str = ""
    """The requested model."""
    fails: dict[int, BaseException] = field(default_factory=dict)
    """Which image fails, and how."""
    load_error: Exception | None = None
    loaded: bool = False
    read: PromptTokenCounter | None = None
    notes: tuple[str, ...] = ()
    """Settings without effect."""
    asked: list[tuple[Request, np.ndarray | None, np.ndarray | None]] = field(default_factory=list)

    def load(self, model: str, vae: str = "") -> ModelInfo:
        find_model(model)
        self.model = model
        if self.load_error:
            raise self.load_error
        self.loaded = True
        return replace(MODEL, read=self.read)

    def begin(self, request: Request, inputs: Inputs | None = None) -> FakeRun:
        inputs = inputs or Inputs()
        self.asked.append((request, inputs.image, inputs.mask))
        return FakeRun(request, self.fails.get(len(self.asked) - 1), notes=self.notes)


@pytest.fixture
def pipeline() -> FakePipeline:
    return FakePipeline()


@pytest.fixture
def run(pipeline, tmp_path, monkeypatch):
    """Runs `ldm-studio` in an empty folder; returns the exit code."""
    monkeypatch.setenv("LDM_STUDIO_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)

    def command(*arguments: str) -> int:
        try:
            return cli.main(arguments, lambda: pipeline)
        except SystemExit as leaving:
            return int(str(leaving.code))

    return command
