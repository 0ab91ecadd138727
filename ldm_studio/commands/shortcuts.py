"""Keyboard shortcuts: the defaults, the user's, and fixed keys of places."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QKeyCombination, QObject, Qt, Signal
from PySide6.QtGui import QAction, QKeySequence

from ldm_studio.settings.preferences import Preferences
from ldm_studio.settings.settings import replace
from ldm_studio.translation import translate

from .history_actions import history_action_specs

_PORTABLE = QKeySequence.SequenceFormat.PortableText
_NATIVE = QKeySequence.SequenceFormat.NativeText

_ALONE = (Qt.Key.Key_Escape, *range(Qt.Key.Key_F1, Qt.Key.Key_F35 + 1))
"""Keys that type nothing, and may be shortcuts without a modifier."""
_MNEMONIC = re.compile(r"\(&\w\)|&")
"""As in "&File"; appended if the text has no such letter, as in "文件(&F)"."""


@dataclass(frozen=True)
class FixedKeys:
    """Fixed keys of a place, active while it has the focus."""

    what: str
    keys: tuple[str, ...]
    more: str = ""
    """Text that is shown instead of the keys, such as for holding one."""

    @property
    def shown(self) -> str:
        return self.more or ", ".join(native(key) for key in self.keys)


def fixed_keys() -> dict[str, tuple[FixedKeys, ...]]:
    """By place, in the user's language."""
    return {
        translate("Shortcuts", "In the prompt"): (
            FixedKeys(translate("Shortcuts", "Stronger, weaker words"), ("Ctrl+Up", "Ctrl+Down")),
            FixedKeys(
                translate("Shortcuts", "Move the phrase left, right"), ("Alt+Left", "Alt+Right")
            ),
        ),
        translate("Shortcuts", "On the canvas"): (
            FixedKeys(translate("Shortcuts", "Brush, eraser"), ("B", "E")),
            FixedKeys(translate("Shortcuts", "Rectangle, lasso"), ("R", "L")),
            FixedKeys(translate("Shortcuts", "Fill by colour, gradient"), ("F", "G")),
            FixedKeys(
                translate("Shortcuts", "Move the crosshair; far; by one pixel"),
                ("Left", "Right", "Up", "Down"),
                translate("Shortcuts", "arrow keys; with Shift; with Ctrl"),
            ),
            FixedKeys(
                translate("Shortcuts", "Put the tool down at the crosshair, lift it"),
                ("Space", "Return"),
            ),
            FixedKeys(translate("Shortcuts", "Extend the image"), ("O", "Return")),
            FixedKeys(
                translate("Shortcuts", "Extend: move an edge out; back; move the view"),
                ("Left", "Right", "Up", "Down"),
                translate("Shortcuts", "arrow keys; with Shift; with Ctrl"),
            ),
            FixedKeys(translate("Shortcuts", "Smaller, larger brush"), ("[", "]")),
            FixedKeys(translate("Shortcuts", "Softer, harder brush"), ("Shift+[", "Shift+]")),
            FixedKeys(translate("Shortcuts", "Grow, shrink, feather the mask"), (".", ",", "/")),
            FixedKeys(translate("Shortcuts", "Invert, mask everything, clear"), ("I", "A", "Del")),
            FixedKeys(
                translate("Shortcuts", "Move the image"),
                ("Space",),
                translate("Shortcuts", "Space + drag"),
            ),
            FixedKeys(
                translate("Shortcuts", "Compare with the previous image"),
                ("C",),
                translate("Shortcuts", "hold C"),
            ),
            FixedKeys(translate("Shortcuts", "Painted mask, latent mask, blend"), ("V",)),
            FixedKeys(
                translate("Shortcuts", "Flip through candidates, keep one"),
                ("Left", "Right", "Return"),
            ),
            FixedKeys(translate("Shortcuts", "Hand"), ("H",)),
            FixedKeys(
                translate("Shortcuts", "Move the view, with the hand; further"),
                ("Left", "Right", "Up", "Down"),
                translate("Shortcuts", "arrow keys; with Shift"),
            ),
            FixedKeys(translate("Shortcuts", "Switch between brush and eraser"), ("X",)),
            FixedKeys(
                translate("Shortcuts", "Decrease, increase the flow of the brush"),
                ("Ctrl+[", "Ctrl+]"),
            ),
            FixedKeys(translate("Shortcuts", "Show or hide the mask, its menu"), ("M", "Shift+M")),
            FixedKeys(
                translate("Shortcuts", "Fit, 100 %, zoom in, zoom out"), ("0", "1", "+", "-")
            ),
            FixedKeys(translate("Shortcuts", "Undo, redo"), ("Ctrl+Z", "Ctrl+Shift+Z", "Ctrl+Y")),
        ),
        translate("Shortcuts", "On the steps"): (
            FixedKeys(translate("Shortcuts", "Previous, next step"), ("Left", "Right")),
            FixedKeys(translate("Shortcuts", "Back to the image"), ("End",)),
            FixedKeys(translate("Shortcuts", "Branch from here"), ("Return",)),
        ),
        translate("Shortcuts", "In the queue"): (
            FixedKeys(translate("Shortcuts", "Move up, down"), ("Alt+Up", "Alt+Down")),
            FixedKeys(translate("Shortcuts", "Remove"), ("Del",)),
        ),
        translate("Shortcuts", "In the history"): (
            FixedKeys(translate("Shortcuts", "Reuse with all settings"), ("Return",)),
            FixedKeys(translate("Shortcuts", "Rate from 1 to 5"), tuple("12345")),
            FixedKeys(translate("Shortcuts", "Remove the rating"), ("0",)),
            FixedKeys(translate("Shortcuts", "Search"), ("/", "Ctrl+F")),
            FixedKeys(translate("Shortcuts", "Rescan all folders"), ("F5",)),
            FixedKeys(
                translate("Shortcuts", "Size of the images"),
                (),
                translate("Shortcuts", "Ctrl + wheel"),
            ),
            FixedKeys(translate("Shortcuts", "Back to the canvas"), ("Esc", "Ctrl+H")),
            *(
                FixedKeys(plain(act.text), (act.keys,))
                for act in history_action_specs()
                if act.keys
            ),
        ),
    }


class Shortcuts(QObject):
    """Sets the keys of the actions, and stores the user's changes."""

    changed = Signal()

    def __init__(
        self,
        actions: Mapping[str, QAction],
        preferences: Preferences,
        parent: QObject | None = None,
    ) -> None:
        """`actions` have their default keys."""
        super().__init__(parent)
        self.actions = actions
        self._preferences = preferences
        self._usual = {name: _texts(action.shortcuts()) for name, action in actions.items()}
        self._applied: dict[str, tuple[str, ...]] = {}
        preferences.changed.connect(lambda before, now: self._apply())
        self._apply()

    def usual(self, name: str) -> tuple[str, ...]:
        return self._usual[name]

    def keys(self, name: str) -> tuple[str, ...]:
        """The current keys in Qt's portable notation."""
        return _texts(self.actions[name].shortcuts())

    def is_usual(self, name: str) -> bool:
        return self.keys(name) == self._usual[name]

    def taken_by(self, key: str, but: str = "") -> str | None:
        """The command that has `key`, except `but`."""
        return next((name for name in self.actions if name != but and key in self.keys(name)), None)

    def set(self, name: str, keys: Sequence[str]) -> None:
        """Sets the keys of a command, removing them from others. Raises ValueError for a refused
        key.
        """
        wanted = tuple(dict.fromkeys(keys))
        for key in wanted:
            if reason := refused(key):
                raise ValueError(reason)
        own = dict(self._preferences.now.shortcuts)
        for other in self.actions:
            rest = tuple(key for key in self.keys(other) if key not in wanted)
            if other != name and rest != self.keys(other):
                own[other] = rest
        own[name] = wanted
        self._keep(own)

    def reset(self, name: str) -> None:
        """Restores the default keys, removing them from other commands."""
        self.set(name, self._usual[name])

    def _keep(self, own: dict[str, tuple[str, ...]]) -> None:
        unusual = {name: keys for name, keys in own.items() if keys != self._usual.get(name)}
        self._preferences.put(replace(self._preferences.now, shortcuts=unusual))

    def _apply(self) -> None:
        own = self._preferences.now.shortcuts
        if own == self._applied:
            return
        for name, action in self.actions.items():
            wanted = [key for key in own.get(name, self._usual[name]) if _pressed(key)]
            if wanted != list(self.keys(name)):
                action.setShortcuts([QKeySequence(key) for key in wanted])
        self._applied = dict(own)
        self.changed.emit()


def refused(key: str) -> str:
    """Why `key` cannot be a shortcut; empty if it can."""
    pressed = _pressed(key)
    if pressed is None:
        return translate("Shortcuts", "This is not a single key.")
    held = pressed.keyboardModifiers() & ~Qt.KeyboardModifier.ShiftModifier
    held &= ~Qt.KeyboardModifier.KeypadModifier
    if not held and pressed.key() not in _ALONE:
        return translate(
            "Shortcuts", "Keys without Ctrl or Alt are reserved for typing and the canvas."
        )
    return ""


def _pressed(key: str) -> QKeyCombination | None:
    """None if `key` is invalid, or a sequence."""
    sequence = QKeySequence(key)
    if sequence.count() != 1:
        return None
    pressed: QKeyCombination = sequence[0]  # type: ignore[index]  # missing in the stubs
    return None if pressed.key() == Qt.Key.Key_unknown else pressed


def place_of(key: str) -> tuple[str, str] | None:
    """A place where a key has a fixed meaning, and the meaning: a shortcut does not work there."""
    for place, rows in fixed_keys().items():
        for row in rows:
            if key in row.keys:
                return place, row.what
    return None


def native(key: str) -> str:
    """In the notation of this system."""
    return QKeySequence(key).toString(_NATIVE)


def label(action: QAction) -> str:
    """The name of a command or a menu, without menu markup."""
    return plain(action.text())


def plain(text: str) -> str:
    """Without mnemonic and ellipsis."""
    return _MNEMONIC.sub("", text).removesuffix("…")


def _texts(sequences: Sequence[QKeySequence]) -> tuple[str, ...]:
    return tuple(sequence.toString(_PORTABLE) for sequence in sequences)
