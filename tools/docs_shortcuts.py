"""Writes docs/shortcuts.md from the tables that menus and keys are made of."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from ldm_studio.commands.actions import ACTIONS, MENUS  # noqa: E402 - where it is, is said above
from ldm_studio.commands.shortcuts import fixed_keys  # noqa: E402
from ldm_studio.history.browser.acts import acts  # noqa: E402

PAGE = ROOT / "docs" / "shortcuts.md"

HEAD = """\
# Keyboard shortcuts

*Help → Keyboard Shortcuts* (`Ctrl+/`) lists those of the menus, to be searched and changed; where
two commands would have the same key it says so. `Ctrl+K` finds every command by its name. On macOS
`Ctrl` is the command key.
"""
HISTORY = (
    ("Use again with all settings", "`Return`"),
    ("Rate; no rating", "`1` to `5`; `0`"),
    ("Search", "`/` `Ctrl+F`"),
    ("Look for changes in all folders", "`F5`"),
    ("Size of the pictures", "`Ctrl` and the wheel"),
    ("Back to the canvas", "`Esc` `Ctrl+H`"),
)
"""Of the history's page, beside those of its commands (`history.browser.keys`)."""
CANVAS = (
    ("Hand", "`H`"),
    ("Brush to eraser, and back", "`X`"),
    ("Less, more flow of the brush", "`Ctrl+[` `Ctrl+]`"),
    ("Show or hide the mask; its menu", "`M`; `Shift+M`"),
    ("Fit, 100 %, closer, further", "`0` `1` `+` `-`"),
    ("Move the view, with the hand or *Extend*; further", "arrow keys; with `Shift`"),
    ("Take back, again", "`Ctrl+Z`; `Ctrl+Shift+Z` `Ctrl+Y`"),
)
"""Beside the fixed keys (`canvas.keys`)."""

WITHOUT_MOUSE = """\
## Without a mouse

Everything in the window is reached by `Tab`, in the order in which one reads, and back by
`Shift+Tab`; what has the keyboard has a frame. Choices that stand side by side, such as the tools
or *Start from*, are one stop: `Left` and `Right` go on within them. A slider is no stop of its own,
as the number beside it does the same. `Esc` closes what has opened, and the keyboard is back where
it was. `Alt` and a letter that is underlined opens a menu.

`F6` goes to the canvas, `Shift+F6` to the prompt. On the canvas, the arrow keys move a crosshair:
`Shift` far, `Ctrl` by one pixel of the picture, which moves along when the crosshair gets near the
edge. `Space` puts the tool that is in hand down there and lifts it again. In between, brush and
eraser (`B` `E`) paint what the crosshair passes; rectangle and gradient (`R` `G`) reach from one
place to another. With the lasso (`L`) each `Space` sets a corner, `Return` closes it and
`Backspace` takes the last one back; *Fill by colour* (`F`) fills with one `Space`. `Esc` takes back
what is being drawn. The canvas says what `Space` does next; the crosshair goes when the mouse is
moved. *Extend* (`O`) has its numbers in the bar below the picture.

Screen readers are told when a picture begins, at each quarter, and when it is finished, of every
notice, and where a tool goes down and up. The canvas says its size, the share that is masked, zoom,
tool and where the crosshair is. *Settings → Appearance → Motion* stops all that moves by itself, as
does such a setting of the system."""


def page() -> str:
    """In English, as long as no translation is installed."""
    return "\n".join(_lines())


def _lines() -> Iterator[str]:
    yield HEAD
    for menu in MENUS:
        rows = [
            (_plain(spec.text), " ".join(f"`{key}`" for key in spec.keys))
            for spec in ACTIONS
            if spec.menu == menu and spec.keys
        ]
        yield from _table(f"Menu {_plain(str(menu))}", rows)
    for place, keys in fixed_keys().items():
        rows = [(row.what, row.more or " ".join(f"`{key}`" for key in row.keys)) for row in keys]
        yield from _table(place, [*rows, *(CANVAS if place == "On the canvas" else ())])
    rows = [(_plain(act.text), f"`{act.keys}`") for act in acts() if act.keys]
    yield from _table("In the history", [*HISTORY, *rows])
    yield f"{WITHOUT_MOUSE}\n"


def _table(title: str, rows: list[tuple[str, str]]) -> Iterator[str]:
    yield f"## {title}\n"
    yield "| Command | Keys |"
    yield "|---|---|"
    for what, keys in rows:
        yield f"| {what} | {keys} |"
    yield ""


def _plain(text: str) -> str:
    return text.replace("&", "").removesuffix("…")


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
