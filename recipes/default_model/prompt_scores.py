"""Does a model draw what the fixed prompts ask for? Judged by the classifier, and by colour.

- Named: the classifier's likeliest concept is one that the prompt expects.
- Probability: what the classifier gives to all that the prompt expects. It tells apart what is
  named rightly either way.
- Common prompts are drawn as typed, and again with each style word, where they have none yet.
- A composition cannot be judged whole by a classifier that knows single things. What can be: that
  one of its parts is among the five likeliest, and that a thing asked for in a colour mostly has
  that colour.

Prompts whose concepts the data set does not have are left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from core.model.model import Model

from .artwork import DEFAULT_STYLES, STYLES
from .classifier import Judge
from .colour import COLOURS, colour_name
from .concepts import hexcode
from .drawing import Settings, images
from .prompts import COMMON_PROMPTS, COMPOSITIONS, PARAPHRASES, Prompt
from .sheets import to_pixels

COMPOSITION_SEEDS = 4


@dataclass(frozen=True)
class PromptScore:
    """Shares of `images`, 0 to 1 (0 when there are none)."""

    named: float
    within_five: float
    probability: float
    """Mean over the images."""
    images: int


@dataclass(frozen=True)
class ColourScore:
    """The share of things asked for in a colour that mostly have it."""

    coloured: float
    images: int


@dataclass(frozen=True)
class PromptScores:
    """See the module's definitions."""

    common: PromptScore
    common_in_style: dict[str, PromptScore]
    """Style word -> score."""
    paraphrases: PromptScore
    composition_parts: PromptScore
    composition_colours: ColourScore


def prompt_scores(judge: Judge, model: Model, settings: Settings) -> PromptScores:
    """All scores, image i of each list from seed i."""

    def score(prompts: Sequence[Prompt], what: str) -> PromptScore:
        known = known_to(judge, prompts)
        return named(judge, known, drawn(model, known, settings, what))

    compositions = known_to(judge, COMPOSITIONS * COMPOSITION_SEEDS)
    composed = drawn(model, compositions, settings, "compositions")
    return PromptScores(
        common=score(COMMON_PROMPTS, "common prompts"),
        common_in_style={
            style: score(in_style(COMMON_PROMPTS, style), f"common prompts, {style}")
            for style in DEFAULT_STYLES
        },
        paraphrases=score(PARAPHRASES, "paraphrases"),
        composition_parts=named(judge, compositions, composed),
        composition_colours=in_their_colour(compositions, composed),
    )


def known_to(judge: Judge, prompts: Sequence[Prompt]) -> tuple[Prompt, ...]:
    """Prompts whose expectations are reduced to the concepts that the judge knows, if any."""
    cut = (
        replace(
            prompt,
            expected=tuple(emoji for emoji in prompt.expected if hexcode(emoji) in judge.concepts),
        )
        for prompt in prompts
    )
    return tuple(prompt for prompt in cut if prompt.expected)


def in_style(prompts: Sequence[Prompt], style: str) -> tuple[Prompt, ...]:
    """The prompts without a style, with this one."""
    plain = (prompt for prompt in prompts if not set(STYLES) & set(words(prompt.text)))
    return tuple(replace(prompt, text=f"{prompt.text}, {style}") for prompt in plain)


def words(text: str) -> list[str]:
    return text.replace(",", " ").split()


def drawn(model: Model, prompts: Sequence[Prompt], settings: Settings, what: str) -> Tensor:
    """RGB on white, [N, 3, H, W] in [-1, 1]; image i with seed i."""
    if not prompts:
        return torch.empty(0, 3, model.defaults.height, model.defaults.width)
    texts = [prompt.text for prompt in prompts]
    return images(model, texts, range(len(texts)), settings, what)


def named(judge: Judge, prompts: Sequence[Prompt], drawn: Tensor) -> PromptScore:
    """How often the classifier recognises the prompt's concept."""
    if not prompts:
        return PromptScore(0.0, 0.0, 0.0, 0)
    expected = [[hexcode(emoji) for emoji in prompt.expected] for prompt in prompts]
    ranks = judge.best_ranks(drawn, expected)
    within = [float((ranks < count).float().mean()) for count in (1, 5)]
    probability = float(judge.probabilities(drawn, expected).mean())
    return PromptScore(within[0], within[1], probability, len(prompts))


def in_their_colour(prompts: Sequence[Prompt], drawn: Tensor) -> ColourScore:
    """How many single things asked for in a colour mostly have it."""
    colours = {colour.name for colour in COLOURS}
    hits = [
        colour_name(opaque(image)) in words(prompt.text)
        for prompt, image in zip(prompts, drawn, strict=True)
        if len(prompt.expected) == 1 and colours & set(words(prompt.text))
    ]
    return ColourScore(sum(hits) / len(hits) if hits else 0.0, len(hits))


def opaque(image: Tensor) -> np.ndarray:
    """RGB on white [3, H, W] -> uint8 [H, W, 4]: everything that is not white is opaque."""
    rgb = to_pixels(image)
    there = np.where(rgb.min(axis=-1, keepdims=True) < 235, 255, 0)
    return np.concatenate([rgb, there.astype(np.uint8)], axis=-1)
