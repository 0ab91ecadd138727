"""Every command of the window as a row: menus, shortcuts and tests are made from this table."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMainWindow, QMenu

from .theme import icon


@dataclass(frozen=True)
class ActionSpec:
    """One command. `id` is also the name of its handler; an empty `text` is a separator."""

    id: str
    text: str
    menu: str
    keys: tuple[str, ...] = ()
    icon: str = ""
    checkable: bool = False
    tip: str = ""


def _line(menu: str) -> ActionSpec:
    return ActionSpec("", "", menu)


ACTIONS: tuple[ActionSpec, ...] = (
    ActionSpec("open_picture", "&Open Picture…", "&File", ("Ctrl+O",), "image"),
    ActionSpec("save_as", "&Save Picture As…", "&File", ("Ctrl+S",), "save"),
    ActionSpec(
        "export_transparent", "&Export With Transparent Background…", "&File", ("Ctrl+E",), "export"
    ),
    ActionSpec("show_output", "Show Output &Folder", "&File", ("Ctrl+Shift+O",), "folder"),
    _line("&File"),
    ActionSpec("quit", "&Quit", "&File", ("Ctrl+Q",)),
    ActionSpec("undo", "&Undo Stroke", "&Edit", ("Ctrl+Z",)),
    ActionSpec("redo", "&Redo Stroke", "&Edit", ("Ctrl+Shift+Z", "Ctrl+Y")),
    _line("&Edit"),
    ActionSpec("copy_picture", "&Copy Picture", "&Edit", ("Ctrl+C", "Ctrl+Shift+C"), "copy"),
    ActionSpec("paste_picture", "&Paste Picture", "&Edit", ("Ctrl+V", "Ctrl+Shift+V"), "image"),
    _line("&Edit"),
    ActionSpec("clear_mask", "Clear &Mask", "&Edit", ("Ctrl+D",)),
    ActionSpec("earlier_prompt", "&Earlier Prompt", "&Edit", ("Alt+Up",)),
    ActionSpec("later_prompt", "&Later Prompt", "&Edit", ("Alt+Down",)),
    ActionSpec("reset_parameters", "Reset &Settings to the Model's", "&Edit"),
    _line("&Edit"),
    ActionSpec("settings", "Se&ttings…", "&Edit", ("Ctrl+,",), "settings"),
    ActionSpec("generate", "&Generate", "&Generate", ("Ctrl+Return", "Ctrl+Enter"), "generate"),
    ActionSpec("cancel", "&Cancel", "&Generate", ("Esc",), "cancel"),
    ActionSpec("cancel_all", "Cancel &All", "&Generate", ("Shift+Esc",)),
    _line("&Generate"),
    ActionSpec("pause", "&Pause", "&Generate", ("Ctrl+P",), "pause", checkable=True),
    ActionSpec(
        "apply",
        "Apply to the &Running Picture",
        "&Generate",
        ("Ctrl+Shift+Return", "Ctrl+Shift+Enter"),
        "check",
    ),
    ActionSpec("show_queue", "Show &Queue", "&Generate", ("Ctrl+J",), "queue"),
    ActionSpec("live", "&Live", "&Generate", ("Ctrl+L",), "live", checkable=True),
    ActionSpec("look_at_steps", "Look at the &Steps", "&Picture", ("Ctrl+T",), "steps"),
    ActionSpec("branch", "&Branch From This Step", "&Picture", ("Ctrl+B",), "branch"),
    ActionSpec("leave_branch", "&Leave the Branch", "&Picture", ("Ctrl+Shift+B",)),
    ActionSpec("replay", "&Replay", "&Picture", ("Ctrl+R",), "replay"),
    _line("&Picture"),
    ActionSpec("enlarge", "&Enlarge…", "&Picture", ("Ctrl+Shift+E",), "extend"),
    ActionSpec("candidate_before", "Candidate Be&fore", "&Picture", ("Alt+PgUp",), "chevron-left"),
    ActionSpec("next_candidate", "&Next Candidate", "&Picture", ("Alt+PgDown",), "chevron-right"),
    ActionSpec("keep_candidate", "Keep This &Candidate", "&Picture", ("Ctrl+Shift+K",), "check"),
    _line("&Picture"),
    ActionSpec("keep_steps", "&Keep the Steps of Pictures", "&Picture", checkable=True),
    ActionSpec("history", "&History", "&View", ("Ctrl+H",), "history", checkable=True),
    _line("&View"),
    ActionSpec("fit", "&Fit Picture", "&View", ("Ctrl+0",)),
    ActionSpec("actual_size", "&Actual Size (100 %)", "&View", ("Ctrl+1",)),
    ActionSpec("toggle_mask", "Show &Mask", "&View", ("Ctrl+M",), checkable=True),
    _line("&View"),
    ActionSpec("theme_system", "Theme of the &System", "&View", checkable=True),
    ActionSpec("theme_light", "&Light Theme", "&View", checkable=True),
    ActionSpec("theme_dark", "&Dark Theme", "&View", checkable=True),
    _line("&View"),
    ActionSpec("palette", "&Commands…", "&View", ("Ctrl+K",), "search"),
    ActionSpec("documentation", "&Documentation", "&Help", ("F1",)),
    ActionSpec("shortcuts", "&Keyboard Shortcuts…", "&Help", ("Ctrl+/",)),
    _line("&Help"),
    ActionSpec("report", "&Report a Problem…", "&Help"),
    ActionSpec("about", "&About LDM Studio", "&Help"),
)

MENUS = ("&File", "&Edit", "&Generate", "&Picture", "&View", "&Help")


def build_menus(
    window: QMainWindow, handlers: Mapping[str, Callable[[], object]]
) -> dict[str, QAction]:
    """Fill the window's menu bar; returns the actions by id. Raises KeyError without a handler."""
    menus: dict[str, QMenu] = {name: window.menuBar().addMenu(name) for name in MENUS}
    actions: dict[str, QAction] = {}
    for spec in ACTIONS:
        if not spec.text:
            menus[spec.menu].addSeparator()
            continue
        action = QAction(spec.text, window)
        action.setObjectName(spec.id)
        action.setShortcuts([QKeySequence(key) for key in spec.keys])
        action.setCheckable(spec.checkable)
        if spec.icon:
            action.setIcon(icon(spec.icon))
        action.triggered.connect(handlers[spec.id])
        menus[spec.menu].addAction(action)
        actions[spec.id] = action
    return actions
