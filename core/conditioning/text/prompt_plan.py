"""What is read at each step of a trajectory. Needs no torch."""

from __future__ import annotations

from dataclasses import dataclass

from .prompt_parser import parse
from .text_segment import A1111, Passage


@dataclass(frozen=True)
class Told:
    """What the network is told at a step."""

    parts: tuple[tuple[float, Passage], ...]
    """What AND divides, with its weight."""
    negative: Passage


def plan(prompt: str, negative: str, steps: int, syntax: str = A1111) -> tuple[Told, ...]:
    """What each of `steps` steps is told."""
    positive = parse(prompt, syntax).parts
    [avoided] = parse(negative, syntax, negative=True).parts
    moments = {at for part in (*positive, avoided) for at in part.moments(steps)}
    told: list[Told] = []
    for step in range(steps):
        if step in moments:
            parts = tuple((part.weight, part.passage(step, steps)) for part in positive)
            told.append(Told(parts, avoided.passage(step, steps)))
        else:
            told.append(told[-1])
    return tuple(told)


def passage_of(prompt: str | Passage) -> Passage:
    """What the first step reads of a prompt in words, in AUTOMATIC1111's syntax and without AND."""
    if isinstance(prompt, Passage):
        return prompt
    [part] = parse(prompt, negative=True).parts
    return part.passage(0, 1)
