"""Which text each step of a run is conditioned on. Needs no torch."""

from __future__ import annotations

from dataclasses import dataclass

from ...request.text_segment import A1111, TextSegment
from .prompt_parser import parse


@dataclass(frozen=True)
class StepConditioning:
    """The text conditioning of one step."""

    parts: tuple[tuple[float, TextSegment], ...]
    """The parts of the prompt (split at AND) with their weights."""
    negative: TextSegment


def plan_conditioning(
    prompt: str, negative: str, steps: int, syntax: str = A1111
) -> tuple[StepConditioning, ...]:
    """The conditioning of each of `steps` steps."""
    positive = parse(prompt, syntax).parts
    [negative_part] = parse(negative, syntax, negative=True).parts
    switch_steps = {at for part in (*positive, negative_part) for at in part.switch_steps(steps)}
    planned: list[StepConditioning] = []
    for step in range(steps):
        if step in switch_steps:
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
