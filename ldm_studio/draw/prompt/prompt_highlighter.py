"""Highlighting of prompts: markup, weights, problems, unread text. No layout changes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import groupby
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPalette, QTextCharFormat

from core.conditioning.text.prompt_parser import Problem, Prompt

if TYPE_CHECKING:
    from core.conditioning.text.token_count import TokenCount

Role = QPalette.ColorRole

FULL_AT = 0.6
"""Distance of a weight from 1 at which the text is fully tinted."""
WASH = 0.22
"""Maximum opacity of the accent behind emphasised text."""


@dataclass(frozen=True)
class TextLook:
    """The look of a character."""

    weight: float = 1.0
    markup: bool = False
    wrong: bool = False
    unknown: bool = False
    unread: bool = False


PLAIN = TextLook()


def text_looks(
    prompt: Prompt,
    reading: TokenCount | None,
    marks: Iterable[tuple[int, int]] = (),
    problems: Iterable[Problem] = (),
) -> list[tuple[int, int, TextLook]]:
    """(start, end, look) of all text that is not plain, in order, without overlap.

    `marks` and `problems`: in addition to the prompt's own.
    """
    of = [PLAIN] * len(prompt.source)

    def mark(start: int, end: int, **what: bool | float) -> None:
        last, changed = PLAIN, replace(PLAIN, **what)  # type: ignore[arg-type]  # fields of Look
        for at in range(start, min(end, len(of))):
            if of[at] is not last:
                last, changed = of[at], replace(of[at], **what)  # type: ignore[arg-type]
            of[at] = changed

    for piece in prompt.spans:
        if piece.weight != 1:
            mark(piece.start, piece.end, weight=piece.weight)
        if piece.breaks:
            mark(piece.start, piece.end, markup=True)
        elif len(piece.text) < piece.end - piece.start:
            mark(piece.start, piece.start + 1, markup=True)
    for pair in (*prompt.groups, *prompt.choices):
        mark(pair.start, pair.inner_start, markup=True)
        mark(pair.inner_end, pair.end, markup=True)
    for choice in prompt.choices:
        for at in choice.separators:
            mark(at, at + 1, markup=True)
    for start, end in (*prompt.marks, *marks):
        mark(start, end, markup=True)
    for problem in (*prompt.problems, *problems):
        mark(problem.start, problem.end, wrong=True)
    if reading is not None:
        for start, end in reading.unknown:
            mark(start, end, unknown=True)
        for start, end in reading.unread:
            mark(start, end, unread=True)
    runs, at = [], 0
    for look, same in groupby(of):
        end = at + sum(1 for _ in same)
        if look != PLAIN:
            runs.append((at, end, look))
        at = end
    return runs


def text_format(look: TextLook, colours: QPalette) -> QTextCharFormat:
    """Emphasised text gets the accent, weak text fades, markup is muted."""
    text, muted = colours.color(Role.Text), colours.color(Role.PlaceholderText)
    ink, wash = text, QColor(Qt.GlobalColor.transparent)
    format_ = QTextCharFormat()
    if look.wrong or look.unknown:
        styles = QTextCharFormat.UnderlineStyle
        format_.setUnderlineStyle(styles.WaveUnderline if look.wrong else styles.DotLine)
        format_.setUnderlineColor(colours.color(Role.BrightText))
    share = min(1.0, 0.35 + 0.65 * abs(look.weight - 1) / FULL_AT)
    if look.unread:
        ink = muted
        format_.setFontStrikeOut(True)
    elif look.markup:
        ink = muted
    elif look.weight < 1:
        ink = _between(text, muted, share)
    elif look.weight > 1:
        ink = _between(text, colours.color(Role.Link), share)
        wash = colours.color(Role.Highlight)
        wash.setAlphaF(WASH * share)
    format_.setForeground(ink)
    format_.setBackground(wash)  # always: Qt leaves out text without one where runs touch
    return format_


def _between(one: QColor, other: QColor, share: float) -> QColor:
    def mix(a: float, b: float) -> float:
        return a + (b - a) * share

    return QColor.fromRgbF(
        mix(one.redF(), other.redF()),
        mix(one.greenF(), other.greenF()),
        mix(one.blueF(), other.blueF()),
    )
