"""The training data: images, captions and the held-out split, built once and read by the trainer.

A data set is a folder of three files:

- `pictures.npy`: uint8 [N, 128, 128, 4], straight RGBA;
- `index.json`: N records in the same order, the fields of `Drawing`;
- `split.json`: what is held out, and by which rule.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Literal

import numpy as np

from .artwork import DEFAULT_STYLES, SIDE, STYLES, open_source, read_json
from .captions import Captions, captions
from .concepts import Concept, concepts, hexcode
from .packages import EMOJIBASE, RecipeError, fetch
from .prompts import COMMON_PROMPTS

HeldOut = Literal["train", "pair", "concept"]
"""Trained on; held out though other styles of the concept are not; concept held out entirely."""

RULE = (
    "A concept is held out when md5(hexcode) % 50 == 0, unless it is a common one or a common "
    "prompt needs it. Of the others with at least 3 styles, a drawing is held out when "
    "md5(hexcode|style) % 20 == 0. md5 is the whole digest as a big-endian number."
)


@dataclass(frozen=True)
class Drawing:
    """One concept in one style. `captions` are (text, weight) with weights adding up to 1."""

    hexcode: str
    label: str
    style: str
    group: str
    common: bool
    held_out: HeldOut
    captions: Captions


@dataclass(frozen=True)
class Dataset:
    """`images`: uint8 [N, 128, 128, 4], straight RGBA, mapped from the file; N `drawings`."""

    images: np.ndarray
    drawings: tuple[Drawing, ...]


def held_out(hexcode: str, style: str, styles: int, keep: bool) -> HeldOut:
    """The part of the split that a drawing belongs to: see RULE.

    `styles` is the number of styles of the concept; `keep` protects it from being held out
    entirely.
    """
    if not keep and _md5(hexcode) % 50 == 0:
        return "concept"
    if styles >= 3 and _md5(f"{hexcode}|{style}") % 20 == 0:
        return "pair"
    return "train"


def needed_concepts() -> frozenset[str]:
    """Hexcodes that the common prompts are expected to draw."""
    return frozenset(hexcode(emoji) for prompt in COMMON_PROMPTS for emoji in prompt.expected)


def build(packages: Path, out: Path, styles: Sequence[str] = DEFAULT_STYLES) -> None:
    """Draws every concept in every style and writes the data set.

    `packages` holds the unpacked npm packages (see `packages.fetch`). Raises RecipeError if one is
    missing, or a concept is not in emojibase under its label, or has no drawing in any style.
    """
    known = _emojibase(packages)
    needed = needed_concepts()
    sources = {style: open_source(style, packages) for style in styles}
    images: list[np.ndarray] = []
    drawings: list[Drawing] = []
    for concept in concepts():
        tags = _tags(concept, known)
        drawn = {style: source.draw(concept.hexcode) for style, source in sources.items()}
        found = {style: image for style, image in drawn.items() if image is not None}
        keep = concept.common or concept.hexcode in needed
        if not found:
            raise RecipeError(
                "No style draws {emoji} {label}.", emoji=concept.emoji, label=concept.label
            )
        for style, image in found.items():
            images.append(image)
            drawings.append(
                Drawing(
                    hexcode=concept.hexcode,
                    label=concept.label,
                    style=style,
                    group=concept.group,
                    common=concept.common,
                    held_out=held_out(concept.hexcode, style, len(found), keep),
                    captions=captions(concept, style, tags),
                )
            )
    write(out, np.stack(images), drawings)


def _emojibase(packages: Path) -> dict[str, Any]:
    records = read_json(EMOJIBASE.root(packages) / "en" / "data.json", EMOJIBASE)
    return {record["hexcode"].replace("-FE0F", ""): record for record in records}


def _tags(concept: Concept, known: dict[str, Any]) -> list[str]:
    record = known.get(concept.hexcode)
    if record is None or record["label"] != concept.label:
        found = "nothing" if record is None else record["label"]
        raise RecipeError(
            "Emojibase calls {emoji} {found}, not {label}.",
            emoji=concept.emoji,
            found=found,
            label=concept.label,
        )
    return record.get("tags", [])


def write(out: Path, images: np.ndarray, drawings: Sequence[Drawing]) -> None:
    """Writes the three files of a data set into the folder `out`."""
    out.mkdir(parents=True, exist_ok=True)
    np.save(out / "pictures.npy", images)
    _write_json(out / "index.json", [asdict(drawing) for drawing in drawings])
    split = {
        "rule": RULE,
        "pairs": [[d.hexcode, d.style] for d in drawings if d.held_out == "pair"],
        "concepts": sorted({d.hexcode for d in drawings if d.held_out == "concept"}),
    }
    _write_json(out / "split.json", split)


def load(out: Path) -> Dataset:
    """Reads a data set. Raises RecipeError if a file is missing, damaged or does not fit."""
    try:
        images = np.load(out / "pictures.npy", mmap_mode="r")
        records = json.loads((out / "index.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise RecipeError(
            "The data set in {out} cannot be read: {error}", out=out, error=error
        ) from error
    if not isinstance(records, list):
        raise RecipeError("{value} is not a list of drawings.", value=out / "index.json")
    if images.dtype != np.uint8 or images.shape != (len(records), SIDE, SIDE, 4):
        raise RecipeError(
            "{value} is {dtype} {shape}, but the index promises uint8 {value_2}.",
            value=out / "pictures.npy",
            dtype=images.dtype,
            shape=images.shape,
            value_2=(len(records), SIDE, SIDE, 4),
        )
    return Dataset(images, tuple(_drawing(i, record) for i, record in enumerate(records)))


def _drawing(position: int, record: Any) -> Drawing:
    """One validated record of the index."""

    def check(holds: bool, what: str) -> None:
        if not holds:
            raise RecipeError(
                "Drawing {position} of the index is damaged: {what}.", position=position, what=what
            )

    check(isinstance(record, dict), "it is not an object")
    names = {field.name for field in fields(Drawing)}
    check(record.keys() == names, f"its fields are {sorted(record)}, not {sorted(names)}")
    for name in ("hexcode", "label", "style", "group"):
        check(isinstance(record[name], str) and record[name] != "", f"{name} is not a text")
    check(record["style"] in STYLES, f"the style {record['style']} is unknown")
    check(isinstance(record["common"], bool), "common is neither true nor false")
    check(record["held_out"] in ("train", "pair", "concept"), "held_out has an unknown value")
    texts = record["captions"]
    check(isinstance(texts, list) and len(texts) > 0, "it has no captions")
    check(all(_is_caption(text) for text in texts), "a caption is not a text and a weight above 0")
    return Drawing(**{**record, "captions": tuple((text, weight) for text, weight in texts)})


def _is_caption(value: Any) -> bool:
    match value:
        case [str(text), float(weight)]:
            return text != "" and math.isfinite(weight) and weight > 0
        case _:
            return False


def _write_json(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def _md5(text: str) -> int:
    return int(hashlib.md5(text.encode()).hexdigest(), 16)


def main(argv: Sequence[str] | None = None) -> None:
    """Fetches what is missing, builds the data set and prints its contents."""
    parser = argparse.ArgumentParser(description="Build the default model's training data.")
    parser.add_argument("--packages", type=Path, required=True, help="folder of npm packages")
    parser.add_argument("--out", type=Path, required=True, help="folder of the data set")
    parser.add_argument("--styles", nargs="+", choices=STYLES, default=DEFAULT_STYLES)
    arguments = parser.parse_args(argv)
    for package in (EMOJIBASE, *(STYLES[style] for style in arguments.styles)):
        fetch(package, arguments.packages)
    build(arguments.packages, arguments.out, arguments.styles)
    drawings = load(arguments.out).drawings
    for what in ("group", "style", "held_out"):
        counts = Counter(getattr(drawing, what) for drawing in drawings)
        print(what, dict(counts))


if __name__ == "__main__":
    main()
