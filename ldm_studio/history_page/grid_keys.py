"""Keys of the history page, which take precedence while it is visible."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent

from .file_operations import FileOperations
from .open_history import Library
from .selection import ImageSelection

Key, Modifier = Qt.Key, Qt.KeyboardModifier
Keys = Mapping[tuple[Modifier, Key], Callable[[], object]]


def keys_of(
    chosen: ImageSelection,
    deeds: FileOperations,
    library: Library,
    *,
    search: Callable[[], object],
    escape: Callable[[], object],
) -> Keys:
    """The action of each key."""
    none, ctrl, alt = Modifier.NoModifier, Modifier.ControlModifier, Modifier.AltModifier
    acts = chosen.acts
    stars = {
        (none, Key(int(Key.Key_0) + number)): partial(chosen.rate, number) for number in range(6)
    }
    return stars | {
        (none, Key.Key_Delete): chosen.delete,
        (none, Key.Key_Backspace): chosen.delete,
        (none, Key.Key_F): chosen.toggle_favourite,
        (none, Key.Key_F2): chosen.ask_for_name,
        (none, Key.Key_Slash): search,
        (none, Key.Key_Escape): escape,
        (none, Key.Key_F5): lambda: library.index(library.folders),
        (ctrl, Key.Key_F): search,
        (ctrl, Key.Key_Z): deeds.undo,
        (ctrl, Key.Key_C): chosen.copy_parameters,
        (ctrl | Modifier.ShiftModifier, Key.Key_C): chosen.copy_prompt,
        (ctrl, Key.Key_R): acts["replay"].trigger,
        (ctrl, Key.Key_B): acts["branch"].trigger,
        (alt, Key.Key_Left): partial(chosen.shift, -1),
        (alt, Key.Key_Right): partial(chosen.shift, 1),
    }


def command_of(event: QKeyEvent, keys: Keys) -> Callable[[], object] | None:
    """The action of a key, if any."""
    modifiers = event.modifiers() & ~Modifier.KeypadModifier
    return keys.get((modifiers, Key(event.key())))
