"""Types of command line arguments; errors say what would be valid."""

from __future__ import annotations

import math
import re
from argparse import ArgumentTypeError
from collections.abc import Callable, Collection
from pathlib import Path
from typing import get_args

from core.images.outpainting import Border, Fill
from ldm_studio.images.image_formats import SUFFIXES
from ldm_studio.paths import expanded

FILLS: tuple[str, ...] = get_args(Fill)

OTHER_FORMATS = frozenset((".avif", ".bmp", ".gif", ".tif", ".tiff"))


def named(find: Callable[[str], object]) -> Callable[[str], object]:
    """Converts a name with `find`, which raises ValueError for unknown ones."""

    def read(text: str) -> object:
        try:
            return find(text)
        except ValueError as error:
            raise ArgumentTypeError(f"{error}") from error

    return read


def whole(low: int, high: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            value = low - 1
        if not low <= value <= high:
            raise ArgumentTypeError(f"{text!r} is not a whole number from {low} to {high}.")
        return value

    return read


def real(low: float, high: float, *, exclusive: bool = False) -> Callable[[str], float]:
    """`exclusive`: `low` itself is outside."""

    def read(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not low <= value <= high or (exclusive and value == low):
            above = "above" if exclusive else "from"
            raise ArgumentTypeError(f"{text!r} is not a number {above} {low:g} to {high:g}.")
        return value

    return read


def one_of(names: Collection[str]) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text not in names:
            raise ArgumentTypeError(f"{text!r} is none of {', '.join(names)}.")
        return text

    return read


def border(text: str) -> Border:
    """Pixels to add at the left, top, right and bottom."""
    match = re.fullmatch(r"(\d{1,5}),(\d{1,5}),(\d{1,5}),(\d{1,5})", text)
    if match is None or not any(sides := [int(side) for side in match.groups()]):
        raise ArgumentTypeError(f"{text!r} is not LEFT,TOP,RIGHT,BOTTOM such as 64,0,64,0.")
    return Border(*sides)


def size(text: str) -> tuple[int, int]:
    match = re.fullmatch(r"(\d{1,5})[xX×](\d{1,5})", text)
    if match is None:
        raise ArgumentTypeError(f"{text!r} is not a size such as 128x128.")
    return int(match[1]), int(match[2])


def output(text: str) -> Path:
    """A file in a supported image format, or a folder."""
    if not text:
        raise ArgumentTypeError("the name is empty.")
    path = expanded(text)
    if path.suffix.lower() in OTHER_FORMATS and not path.is_dir():
        raise ArgumentTypeError(
            f"images are saved as {', '.join(SUFFIXES)}, not as {path.suffix}; "
            f"use {path.with_suffix('.png')}."
        )
    return path


def file(text: str) -> Path:
    if not text:
        raise ArgumentTypeError("the name is empty.")
    return expanded(text)
