"""The words of each drawing: every caption has a weight, and the trainer draws one by it.

Captions are a fixed function of concept and style, so a data set built twice is the same.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence

from .concepts import Concept

Captions = tuple[tuple[str, float], ...]

STYLED = ("{name}, {style}", "{style} {name}", "{a_name}, {style}", "{style} emoji of {a_name}")
STYLED_OF_A_RARE_CONCEPT = 2  # templates: fewer captions to encode where they matter less

STYLED_SHARE = 0.63  # a name and the style word
PLAIN_SHARE = 0.20  # a name alone
STYLED_TAGS_SHARE = 0.12  # label, tags and the style word
TAGS_SHARE = 0.05  # tags alone
ALIAS_SHARE = 0.65  # share of the names, if there are aliases: people type "cat", not "cat face"

WITHOUT_ARTICLE = (
    "bacon bawling beer boba boom bread broccoli candy cheese chocolate coffee confetti "
    "cooking corn cream crying dice earth fire flame glitter grin heartbreak honey ice "
    "joy laughing lightning locked mail meat milk money music out pasta poop popcorn "
    "rain ramen rice salad saturn sleeping smirk spaghetti star-struck steak sushi tea "
    "tennis thinking voltage warning wine yarn"
)
"""Head words, besides plurals, that read badly after "a"."""

WHOLE_WITHOUT_ARTICLE = frozenset(
    [
        "Statue of Liberty",
        "cut of meat",
        "mind blown",
        "one hundred",
        "planet earth",
    ]
)


def captions(concept: Concept, style: str, tags: Sequence[str]) -> Captions:
    """Captions of one drawing with weights that add up to 1. `tags` are emojibase's."""
    weights: dict[str, float] = {}

    def add(text: str, weight: float) -> None:
        weights[text] = weights.get(text, 0.0) + weight

    for name, share in _names(concept):
        words = {"name": name, "a_name": with_article(name), "style": style}
        templates = _templates(concept, f"{concept.hexcode}|{style}|{name}")
        for template in templates:
            add(template.format(**words), STYLED_SHARE * share / len(templates))
        add(words["a_name"], 0.6 * PLAIN_SHARE * share)
        add(name, 0.4 * PLAIN_SHARE * share)
    few = _few(tags, concept, f"{concept.hexcode}|{style}")
    styled = [concept.label, *few[: 1 + _hash(f"{concept.hexcode}|{style}|count") % 3], style]
    add(", ".join(styled), STYLED_TAGS_SHARE)
    add(", ".join(few) if few else concept.label, TAGS_SHARE)
    return tuple((text, round(weight, 6)) for text, weight in weights.items())


def _names(concept: Concept) -> list[tuple[str, float]]:
    """The label and the aliases, each with its share of the captions (adding up to 1)."""
    if not concept.aliases:
        return [(concept.label, 1.0)]
    share = ALIAS_SHARE / len(concept.aliases)
    return [(concept.label, 1 - ALIAS_SHARE), *((alias, share) for alias in concept.aliases)]


def _templates(concept: Concept, key: str) -> tuple[str, ...]:
    if concept.common:
        return STYLED
    ordered = sorted(STYLED, key=lambda template: _hash(f"{key}|{template}"))
    return tuple(ordered[:STYLED_OF_A_RARE_CONCEPT])


def _few(tags: Sequence[str], concept: Concept, key: str) -> list[str]:
    """Up to three tags that add to the label, in an order fixed by `key`."""
    telling = {tag for tag in tags if tag.isascii() and len(tag) > 2 and tag != concept.label}
    return sorted(telling, key=lambda tag: _hash(f"{key}|{tag}"))[:3]


def with_article(name: str) -> str:
    """`a cat`, `an apple`; plurals and uncounted things stay as they are."""
    noun = re.split(r" (?:of|with|in|on|covering) ", name)[0].split()[-1]
    plural = noun.endswith("s") and not noun.endswith(("ss", "us", "is", "os"))
    if plural or noun in WITHOUT_ARTICLE.split() or name in WHOLE_WITHOUT_ARTICLE:
        return name
    starts_open = re.match(r"(?!uni|ufo|ewe)[aeiou8]|hour", name.lower()) is not None
    return f"{'an' if starts_open else 'a'} {name}"


def _hash(text: str) -> int:
    """A number that is stable between runs, unlike `hash`."""
    return int.from_bytes(hashlib.md5(text.encode()).digest()[:8])
