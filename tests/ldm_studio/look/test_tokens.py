"""Every colour has enough contrast with what may be behind it: WCAG 2.2 AA."""

from __future__ import annotations

from itertools import product

import pytest
from PySide6.QtGui import QColor

from ldm_studio.look.tokens import DARK, LIGHT, Tokens
from tests.ldm_studio.look.contrast import contrast

THEMES = pytest.mark.parametrize("tokens", [LIGHT, DARK], ids=["light", "dark"])
PANELS = ("app", "raised", "floating", "sunken", "hover")
TEXTS = [
    *product(("text", "secondary"), PANELS),
    *product(("text",), ("press", "soft")),
    *product(("danger",), ("app", "raised", "floating")),
    *product(("accent_text",), ("app", "raised", "floating", "soft", "soft_hover")),
    *product(("on_accent",), ("accent", "accent_hover", "accent_press")),
    ("on_tip", "tip"),
]
PARTS = [
    *product(("field",), ("app", "raised")),
    *product(("ring",), ("app", "raised", "floating", "canvas")),
    ("fill", "track"),
]


@THEMES
@pytest.mark.parametrize(("front", "back"), TEXTS, ids="-".join)
def test_text_is_readable(tokens: Tokens, front: str, back: str) -> None:
    assert contrast(QColor(getattr(tokens, front)), QColor(getattr(tokens, back))) >= 4.5


@THEMES
@pytest.mark.parametrize(("front", "back"), PARTS, ids="-".join)
def test_edges_and_marks_are_seen(tokens: Tokens, front: str, back: str) -> None:
    assert contrast(QColor(getattr(tokens, front)), QColor(getattr(tokens, back))) >= 3
