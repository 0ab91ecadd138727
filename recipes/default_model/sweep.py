"""Compares settings of a model: the common prompts with each, and the time of an image."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from core.model.model import Model

from .classifier import Judge
from .drawing import Settings
from .evaluate import seconds_per_image
from .prompt_scores import PromptScore, drawn, known_to, named
from .prompts import COMMON_PROMPTS

GRID = (
    *(Settings("Euler", steps=20, cfg=cfg) for cfg in (2.0, 3.0, 4.0)),
    Settings("Heun", steps=10),
    Settings("DPM++ 2M", "SGM Uniform"),
    *(Settings("Euler a", cfg=cfg) for cfg in (2.0, 3.0, 4.0)),
    *(Settings("Euler a", steps=steps) for steps in (8, 12, 30)),
    *(Settings("DPM++ 2M SDE", "SGM Uniform", steps) for steps in (12, 20)),
    Settings("ER SDE", "SGM Uniform"),
    *(Settings("LCM", steps=steps) for steps in (8, 12)),
)
"""Samplers without fresh noise, then with."""


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    settings: Settings
    score: PromptScore
    seconds: float


def sweep(model: Model, judge: Judge, grid: Sequence[Settings], seeds: int) -> Iterator[Row]:
    """One row for each of the settings: `seeds` images of every common prompt."""
    prompts = known_to(judge, COMMON_PROMPTS * seeds)
    for settings in grid:
        found = drawn(model, prompts, settings, f"{settings}")
        yield Row(settings, named(judge, prompts, found), seconds_per_image(model, settings))


HEADER = (
    "| sampler, schedule | steps | CFG | named rightly | probability | seconds |\n"
    "|---|---|---|---|---|---|"
)


def line(row: Row) -> str:
    """A line of the Markdown table under HEADER."""
    s = row.settings
    return (
        f"| {s.sampler}, {s.schedule} | {s.steps} | {s.cfg:g} | {row.score.named:.0%} "
        f"| {row.score.probability:.2f} | {row.seconds:.2f} |"
    )
