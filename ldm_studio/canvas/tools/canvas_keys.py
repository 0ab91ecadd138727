"""Keys of the canvas while it has the focus."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent, QKeySequence

from ldm_studio.canvas.view.layer_view import LayerView

from .tool_options import STEP
from .tools import TOOLS, KeyboardMode, Tool

REACH = {"": (8.0, 40.0), "Shift+": (40.0, 200.0), "Ctrl+": (0.0, 1.0)}
"""Distance of an arrow key by held modifier, in logical pixels, for the crosshair (at least one
image pixel) and for the view.
"""
Move = Callable[[int, int, str], None]
ARROWS = {"Left": (-1, 0), "Right": (1, 0), "Up": (0, -1), "Down": (0, 1)}


def key_table(view: LayerView, move: Move) -> dict[str, Callable[[], None]]:
    """The action of each combination, in Qt's notation. `move` gets the direction of an arrow, and
    the held modifier.
    """

    def go(dx: int, dy: int, held: str) -> Callable[[], None]:
        return lambda: move(dx, dy, held)

    def turn(sign: int) -> Callable[[], None]:
        along = go(sign, 0, "")
        return lambda: view.flipped.emit(sign) if view.flips and not edges() else along()

    def edges() -> bool:
        return TOOLS[view.tool].by_keys is KeyboardMode.EDGES

    def choose(tool: Tool) -> Callable[[], None]:
        return lambda: view.set_tool(tool)

    def resize(sign: int) -> Callable[[], None]:
        return lambda: view.adjust(size=view.options.size + sign * max(1, view.options.size // 8))

    def harden(sign: int) -> Callable[[], None]:
        return lambda: view.adjust(hardness=view.options.hardness + sign * STEP)

    def flow(sign: int) -> Callable[[], None]:
        return lambda: view.adjust(flow=view.options.flow + sign * STEP)

    return {
        **{row.key: choose(tool) for tool, row in TOOLS.items()},
        "X": view.swap_tool,
        "[": resize(-1),
        "]": resize(1),
        "Shift+[": harden(-1),
        "Shift+]": harden(1),
        "Shift+{": harden(-1),  # what Shift+[ is on a US keyboard
        "Shift+}": harden(1),
        "Ctrl+[": flow(-1),
        "Ctrl+]": flow(1),
        "I": view.invert_mask,
        "A": view.fill_mask,
        "Del": view.clear_mask,
        ".": view.grow_mask,
        ",": view.shrink_mask,
        "/": view.feather_mask,
        "M": view.toggle_overlay,
        "Shift+M": view.menu_requested.emit,
        "V": view.mask_views.next_view,
        "0": view.fit,
        "1": view.actual_size,
        "+": view.zoom_in,
        "Shift++": view.zoom_in,
        "=": view.zoom_in,
        "-": view.zoom_out,
        "Ctrl+Z": view.undo,
        "Ctrl+Shift+Z": view.redo,
        "Ctrl+Y": view.redo,
        **{f"{held}{key}": go(*way, held) for held in REACH for key, way in ARROWS.items()},
        "Left": turn(-1),
        "Right": turn(1),
    }


def modifiers(event: QKeyEvent) -> Qt.KeyboardModifier:
    """Without the keypad modifier."""
    return event.modifiers() & ~(
        Qt.KeyboardModifier.KeypadModifier | Qt.KeyboardModifier.GroupSwitchModifier
    )


def combination(event: QKeyEvent) -> str:
    """Like "Ctrl+Z"."""
    return QKeySequence(modifiers(event).value | event.key()).toString()


def is_compare(event: QKeyEvent) -> bool:
    keys = Qt.Key.Key_C, Qt.Key.Key_Backslash
    return modifiers(event) == Qt.KeyboardModifier.NoModifier and event.key() in keys
