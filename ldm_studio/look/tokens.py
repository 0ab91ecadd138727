"""The colours of the interface, by their use, for the light and the dark theme.

Text has a contrast of 4.5 to 1 with everything that may be behind it, edges and marks have 3 to 1
(WCAG 2.2 AA); `tests/ldm_studio/look/test_tokens.py` has the pairs.
"""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtGui import QPalette


@dataclass(frozen=True)
class Tokens:
    """Colours as `#rrggbb`."""

    app: str
    """Behind panels."""
    canvas: str
    """Around the image."""
    raised: str
    """Fields, buttons, cards."""
    floating: str
    """Bars above the canvas, menus, popovers."""
    sunken: str
    """Behind segments."""
    hover: str
    press: str
    line: str
    """Separators and edges of buttons: decoration."""
    field: str
    """Edges of what can be changed."""
    text: str
    secondary: str
    """Labels and facts."""
    disabled: str
    accent: str
    """The primary action, the chosen tool."""
    accent_hover: str
    accent_press: str
    on_accent: str
    ring: str
    """What has the keyboard, and frames of selected images."""
    fill: str
    """The part of a slider before its knob."""
    track: str
    """The part behind it."""
    soft: str
    """Behind what is on."""
    soft_hover: str
    accent_text: str
    """Text of what is on, and links."""
    danger: str
    tip: str
    """Behind tooltips and messages above the canvas."""
    on_tip: str
    checker: tuple[str, str]
    """The squares behind transparent pixels."""


LIGHT = Tokens(
    app="#f6f6f9",
    canvas="#e5e6eb",
    raised="#ffffff",
    floating="#ffffff",
    sunken="#ececf1",
    hover="#e4e4eb",
    press="#d8d8e1",
    line="#dcdde4",
    field="#80828f",
    text="#17181d",
    secondary="#595b67",
    disabled="#9a9ca8",
    accent="#5646d6",
    accent_hover="#4838c4",
    accent_press="#3a2ba8",
    on_accent="#ffffff",
    ring="#5646d6",
    fill="#5646d6",
    track="#cfd0da",
    soft="#e8e5fb",
    soft_hover="#dcd7f8",
    accent_text="#4638be",
    danger="#b3222f",
    tip="#1f2026",
    on_tip="#f4f4f7",
    checker=("#ffffff", "#f0f0f3"),
)
DARK = Tokens(
    app="#17181c",
    canvas="#0d0e11",
    raised="#22242a",
    floating="#262830",
    sunken="#101115",
    hover="#2c2e36",
    press="#363842",
    line="#2b2d35",
    field="#777a88",
    text="#ededf2",
    secondary="#a7a9b6",
    disabled="#6a6c79",
    accent="#6a5be2",
    accent_hover="#7163e6",
    accent_press="#5849cc",
    on_accent="#ffffff",
    ring="#a99fff",
    fill="#8f83ff",
    track="#3a3c47",
    soft="#2a2748",
    soft_hover="#353060",
    accent_text="#b5acff",
    danger="#ff8a92",
    tip="#3a3c47",
    on_tip="#f4f4f7",
    checker=("#1c1d22", "#24262c"),
)


def is_dark(colours: QPalette) -> bool:
    return colours.color(QPalette.ColorRole.Window).lightness() < 128


def tokens(colours: QPalette) -> Tokens:
    """Those of the theme that a palette belongs to."""
    return DARK if is_dark(colours) else LIGHT
