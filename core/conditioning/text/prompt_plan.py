"""Which text each evaluation of the model is conditioned on. Needs no torch.

AUTOMATIC1111 counts the evaluations of a run from 0, and reads a schedule whose steps count from 1:
evaluations 0 and 1 both read step 1. The steps of its schedule are those that were asked for, also
where image-to-image runs fewer, and twice as many for the samplers that it calls second-order.
"""

from __future__ import annotations

from dataclasses import dataclass

from ...request.text_segment import A1111, SYNTAXES, TextSegment
from .prompt_parser import parse

COUNTED_TWICE = frozenset(("DPM++ SDE", "DPM++ 2S a", "Heun", "DPM2", "DPM2 a", "Restart"))
"""AUTOMATIC1111's second-order samplers."""


@dataclass(frozen=True)
class StepConditioning:
    """The text conditioning of one evaluation."""

    parts: tuple[tuple[float, TextSegment], ...]
    """The parts of the prompt (split at AND) with their weights."""
    negative: TextSegment


def plan_conditioning(
    prompt: str, negative: str, evaluations: int, syntax: str = A1111, *, steps: int | None = None
) -> tuple[StepConditioning, ...]:
    """The conditioning of each of `evaluations`; the schedule has `steps`, None: as many."""
    positive = parse(prompt, syntax).parts
    [negative_part] = parse(negative, syntax, negative=True).parts
    steps = evaluations if steps is None else steps
    switch_steps = {at for part in (*positive, negative_part) for at in part.switch_steps(steps)}
    behind = 0 if SYNTAXES[syntax].early else 1
    planned: list[StepConditioning] = []
    for evaluation in range(evaluations):
        step = max(0, evaluation - behind)
        if step in switch_steps and (step or not planned):
            parts = tuple((part.weight, part.segment(step, steps)) for part in positive)
            planned.append(StepConditioning(parts, negative_part.segment(step, steps)))
        else:
            planned.append(planned[-1])
    return tuple(planned)


def first_segment_of(prompt: str | TextSegment) -> TextSegment:
    """The text that the first step reads, in AUTOMATIC1111's syntax without AND."""
    if isinstance(prompt, TextSegment):
        return prompt
    [part] = parse(prompt, negative=True).parts
    return part.segment(0, 1)
