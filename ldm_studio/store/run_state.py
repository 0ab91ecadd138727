"""The state of the engine, as the window shows it."""

from __future__ import annotations

from dataclasses import dataclass

from ldm_studio.engine_protocol import ModelInfo


@dataclass(frozen=True)
class RunState:
    """The state of the engine."""

    loading: bool = True
    model: ModelInfo | None = None
    waiting: int = 0
    """Unfinished jobs, including the running one."""
    cancelling: bool = False
    paused: bool = False
    """The running job is paused, and nothing new starts."""
    live: bool = False
    """Live mode: every change is generated at once."""
    step: int = 0
    steps: int = 0
    index: int = 0
    """Number of the image in its batch, from 0."""
    count: int = 1
    seconds: float = 0.0
    """Seconds per step; 0 until known."""

    @property
    def busy(self) -> bool:
        return self.waiting > 0

    @property
    def fraction(self) -> float:
        """Share of the batch that is done, 0 to 1."""
        done = self.step / self.steps if self.steps else 0.0
        return min(1.0, (self.index + done) / max(1, self.count))

    @property
    def seconds_left(self) -> float | None:
        """For the running batch; None until known."""
        if not self.seconds or not self.steps:
            return None
        steps = self.steps - self.step + (self.count - self.index - 1) * self.steps
        return steps * self.seconds
