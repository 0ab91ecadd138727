"""Composes more training images from the drawings, each with a matching caption.

- Moved: shifted, scaled, and flipped where that does not change the meaning.
- Coloured: in another colour, or its own, with the word for that colour.
- Composed: two drawings of one style in one image.

Only training drawings are used, and neither a colour nor a combination makes something that is
held out: neither the name of another concept ("green apple"), nor a composition that is used to
evaluate a model. Everything is a fixed function of the data set and a seed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Literal

import numpy as np

from .captions import Captions, with_article
from .colour import COLOURS, colour_name, recoloured
from .compose import (
    accompanied,
    before_fire,
    behind_glasses,
    beside,
    crowned,
    moved,
    wearing,
    with_face,
)
from .concepts import Concept, concepts, hexcode
from .data import Dataset, Drawing
from .prompts import COMPOSITIONS

Kind = Literal["plain", "moved", "coloured", "composed"]

SHARES: dict[Kind, float] = {"plain": 0.45, "moved": 0.15, "coloured": 0.15, "composed": 0.25}
"""How often the denoiser sees each kind of image."""

SEED = 5
MOVES = 10
"""Moved images of each drawing."""
COLOURS_OF_A_DRAWING = 4
COMPOSED = 20000
COMMON_WEIGHT = 3.0
"""How much more often popular concepts are used than others."""

SHIFT = 6.0
SCALES = (0.88, 1.06)
FLIPPED = 0.3

ONE_WAY = "💯 📅 🎱 🏥 🏫 🚓 🚑 🚒 🚕 🛑 ❓ ⏰ 🎵 📰 🥇 🌙 🔍 💰 🪙 🎹 🤑 🌍 ✅ 😴 🎲 📺 🗽 📱 💻"
"""Letters, digits, clock hands, and everything with a direction: not flipped."""

OWN_COLOUR = """
🤢 🤮 🥵 🥶 😡 😈 🤯 😳 🛑 🚦 ⚠️ 🌍 🌈 ✅ ❌ 💯 🔴 🟡 🟢 🔵 🎨 🎆 🥇 🍁 🍃 🌱 💧 🌊 ❄️ 🌅 🎯 🧩
❤️‍🔥 💔
"""
"""Concepts that another colour would turn into something else, or that nobody asks for."""

SPOKEN = {"yellow": ("yellow", "golden")}
"""Words for a colour, if there are more than its name."""

COLOUR_WORDS = "red orange yellow green blue purple pink brown black white golden gold"

HEADS = """
0.36 🙂 😀 😊 😉 😐 😮 😂 🤔
0.50 🐱 🐶 🦊 🐻 🐼 🐨 🐭 🐹 🐮 🦁 🐯 🐵 🐰 🐷 💀 👻
0.30 🐸 👽 🤖
"""
"""Heads seen from the front, and the height of their eyes as a share."""

HATS = "🎩 👑 🎓 🧢 🎀"
GLASSES = "🕶️ 👓"

THINGS = """
0.40 ❤️ 💙 💛 💚 🎈 🍄 🍓 🍅 💜 🧡 🌳 🍆
0.52 ⭐ ☀️ 🌕 🍊 🍋 🍐 🍑 ☁️ 🍎 🏀 🥚 🍪 🔴 🌍 🍞 🥥 🎁 🍔 🍙
0.62 💧 🔥 🌵 🍏 🍩 🧁 🎂 🚗 🏠
"""
"""Things that can have a face, and its height as a share."""

EXPRESSIONS = {
    "🙂": ("smiling", "a smile"),
    "😀": ("happy", "a happy face"),
    "😠": ("angry", "an angry face"),
    "😢": ("crying", "a crying face"),
    "😉": ("winking", "a winking face"),
    "😴": ("sleeping", "a sleeping face"),
    "🙁": ("sad", "a sad face"),
    "😮": ("surprised", "a surprised face"),
}

ARRANGEMENTS = {"beside": 0.27, "accompanied": 0.2, "hat": 0.21, "glasses": 0.1, "face": 0.18}
"""The frequency of each kind of composition; the rest is fire."""


@dataclass(frozen=True)
class Example:
    """An image to train on: uint8 [128, 128, 4], straight RGBA. `weight` is relative to others
    of its kind."""

    kind: Kind
    image: np.ndarray
    captions: Captions
    weight: float


@dataclass(frozen=True)
class Known:
    """A training drawing of a concept that the recipe's tables name."""

    drawing: Drawing
    concept: Concept
    image: np.ndarray

    @property
    def weight(self) -> float:
        return importance(self.drawing)


def importance(drawing: Drawing) -> float:
    return COMMON_WEIGHT if drawing.common else 1.0


def examples(dataset: Dataset, composed: int) -> Iterator[Example]:
    """All augmented images of a data set: moved, coloured, and about this many composed ones."""
    rng = np.random.default_rng(SEED)
    named = {concept.hexcode: concept for concept in concepts()}
    one_way = {hexcode(emoji) for emoji in ONE_WAY.split()}
    known: list[Known] = []
    for drawing, image in zip(dataset.drawings, dataset.images, strict=True):
        if drawing.held_out != "train":
            continue
        flips = drawing.hexcode not in one_way
        for _ in range(MOVES):
            shown = _jittered(image, rng, flips=flips)
            yield Example("moved", shown, drawing.captions, importance(drawing))
        if concept := named.get(drawing.hexcode):
            known.append(Known(drawing, concept, np.asarray(image)))
    for one in known:
        yield from coloured(one, rng)
    yield from compositions(known, composed, rng)


def coloured(one: Known, rng: np.random.Generator) -> Iterator[Example]:
    """A drawing captioned with its own colour, and in others."""
    if one.concept.emoji in OWN_COLOUR.split():
        return
    own = colour_name(one.image)
    if own and (word := _colour_word(own, one.concept, rng)):
        yield Example("coloured", one.image, _colour_captions(word, one, rng), one.weight)
    left = COLOURS_OF_A_DRAWING
    for i in rng.permutation(len(COLOURS)):
        colour = COLOURS[int(i)]
        word = _colour_word(colour.name, one.concept, rng)
        if not left or word is None:
            continue
        image = recoloured(one.image, colour)
        if image is not None:
            left -= 1
            words = _colour_captions(word, one, rng)
            yield Example("coloured", _jittered(image, rng, flips=False), words, one.weight)


def compositions(known: list[Known], count: int, rng: np.random.Generator) -> Iterator[Example]:
    """Two drawings of one style in one image, many times."""
    for style in dict.fromkeys(one.drawing.style for one in known):
        found = {one.concept.emoji: one for one in known if one.drawing.style == style}
        share = sum(one.drawing.style == style for one in known) / len(known)
        for _ in range(round(count * share)):
            example = _composition(found, style, rng)
            if example is not None:
                yield example


def _composition(found: dict[str, Known], style: str, rng: np.random.Generator) -> Example | None:
    """One composition; None if a chosen drawing is missing, or the result is kept for evaluation
    or is a concept of its own ("burning heart")."""
    ways = [*ARRANGEMENTS, "fire"]
    chances = [*ARRANGEMENTS.values(), 1 - sum(ARRANGEMENTS.values())]
    way = ways[int(rng.choice(len(ways), p=chances))]
    anything, heads, things = list(found), heights(HEADS), heights(THINGS)
    firsts, seconds = {
        "beside": (anything, anything),
        "accompanied": (anything, anything),
        "hat": (list(heads), HATS.split()),
        "glasses": ([*heads, *things], GLASSES.split()),
        "face": (list(things), list(EXPRESSIONS)),
        "fire": (anything, ["🔥"]),
    }[way]
    first, second = _pick(found, firsts, rng), _pick(found, seconds, rng)
    if first is None or second is None or first is second or _judged_by(first, second):
        return None
    a, b = _name(first, rng), _name(second, rng)
    one, two, emoji = first.image, second.image, first.concept.emoji
    match way:
        case "beside":
            image = beside(one, two)
            texts = (f"{with_article(a)} and {with_article(b)}", f"{a} and {b}")
        case "accompanied":
            image = accompanied(one, two)
            texts = (f"{with_article(a)} with {with_article(b)}", f"{a} with {b}")
        case "hat":
            image = (wearing if rng.random() < 0.5 else crowned)(one, two)
            texts = (f"{with_article(a)} with {with_article(b)}", f"{a} wearing {with_article(b)}")
        case "glasses":
            image = behind_glasses(one, two, (heads | things)[emoji])
            texts = (f"{with_article(a)} with {b}", f"{a} wearing {b}")
        case "face":
            image = with_face(one, two, things[emoji])
            how, what = EXPRESSIONS[second.concept.emoji]
            texts = (with_article(f"{how} {a}"), f"{with_article(a)} with {what}")
        case _:
            image = before_fire(one, two)
            texts = (f"{with_article(a)} on fire", f"burning {a}")
    kept = concept_names() | judging_texts()
    if any(without_article(text) in kept for text in texts):
        return None
    words = ((texts[0], 0.4), (f"{texts[0]}, {style}", 0.3), (f"{texts[1]}, {style}", 0.3))
    return Example("composed", image, words, 1.0)


@cache
def heights(table: str) -> dict[str, float]:
    """Each emoji of a table and the number at the start of its line."""
    lines = (line.split() for line in table.strip().splitlines())
    return {emoji: float(share) for share, *emojis in lines for emoji in emojis}


def _pick(found: dict[str, Known], emojis: list[str], rng: np.random.Generator) -> Known | None:
    there = [found[emoji] for emoji in emojis if emoji in found]
    if not there:
        return None
    weights = np.array([one.weight for one in there])
    return there[int(rng.choice(len(there), p=weights / weights.sum()))]


def _judged_by(first: Known, second: Known) -> bool:
    """Whether a prompt of the evaluation names both together."""
    both = {first.concept.emoji, second.concept.emoji}
    return any(both <= set(prompt.expected) for prompt in COMPOSITIONS)


def _colour_word(colour: str, concept: Concept, rng: np.random.Generator) -> str | None:
    """One of the colour's names; None if the concept of that name exists."""
    words = SPOKEN.get(colour, (colour,))
    word = words[int(rng.integers(len(words)))]
    return None if _taken(word, concept) else word


def _taken(colour: str, concept: Concept) -> bool:
    """Whether the concept in this colour is another one, or is used for evaluation."""
    judged = any(
        prompt.expected == (concept.emoji,) and colour in prompt.text.split()
        for prompt in COMPOSITIONS
    )
    spoken = {f"{colour} {noun}" for noun in nouns(concept)}
    own = {concept.label, *concept.aliases}
    return judged or not spoken.isdisjoint((concept_names() | judging_texts()) - own)


@cache
def judging_texts() -> frozenset[str]:
    """The texts of the prompts for evaluating compositions."""
    return frozenset(without_article(prompt.text) for prompt in COMPOSITIONS)


def without_article(text: str) -> str:
    return text.removeprefix("a ").removeprefix("an ")


@cache
def concept_names() -> frozenset[str]:
    """All names of all concepts."""
    return frozenset(name for one in concepts() for name in (one.label, *one.aliases))


def nouns(concept: Concept) -> tuple[str, ...]:
    """Its names, aliases first, without words for its colour."""
    names = (*concept.aliases, concept.label)
    bare = (" ".join(w for w in name.split() if w not in COLOUR_WORDS.split()) for name in names)
    return tuple(dict.fromkeys(noun for noun in bare if noun))


def _colour_captions(colour: str, one: Known, rng: np.random.Generator) -> Captions:
    known = nouns(one.concept)
    name = f"{colour} {known[int(rng.integers(min(2, len(known))))]}"
    style = one.drawing.style
    return ((with_article(name), 0.4), (f"{name}, {style}", 0.3), (f"{style} {name}", 0.3))


def _name(one: Known, rng: np.random.Generator) -> str:
    """One of its two plainest names."""
    plain = (*one.concept.aliases, one.concept.label)[:2]
    return plain[int(rng.integers(len(plain)))]


def _jittered(image: np.ndarray, rng: np.random.Generator, *, flips: bool) -> np.ndarray:
    scale = float(rng.uniform(*SCALES))
    shift = (float(rng.uniform(-SHIFT, SHIFT)), float(rng.uniform(-SHIFT, SHIFT)))
    return moved(np.asarray(image), scale, shift, flips and bool(rng.random() < FLIPPED))
