"""The table of all commands, from which menus, shortcuts and tests are made."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMainWindow, QMenu

from ldm_studio.look.icons import menu_icon
from ldm_studio.translation import QT_TRANSLATE_NOOP, translate


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


FILE = QT_TRANSLATE_NOOP("Actions", "&File")
EDIT = QT_TRANSLATE_NOOP("Actions", "&Edit")
GENERATE = QT_TRANSLATE_NOOP("Actions", "&Generate")
IMAGE = QT_TRANSLATE_NOOP("Actions", "&Image")
VIEW = QT_TRANSLATE_NOOP("Actions", "&View")
HELP = QT_TRANSLATE_NOOP("Actions", "&Help")

ACTIONS: tuple[ActionSpec, ...] = (
    ActionSpec(
        "open_picture", QT_TRANSLATE_NOOP("Actions", "&Open Image…"), FILE, ("Ctrl+O",), "image"
    ),
    ActionSpec(
        "save_as", QT_TRANSLATE_NOOP("Actions", "&Save Image As…"), FILE, ("Ctrl+S",), "save"
    ),
    ActionSpec(
        "export_transparent",
        QT_TRANSLATE_NOOP("Actions", "&Export With Transparent Background…"),
        FILE,
        ("Ctrl+E",),
        "export",
    ),
    ActionSpec(
        "show_output",
        QT_TRANSLATE_NOOP("Actions", "Show Output &Folder"),
        FILE,
        ("Ctrl+Shift+O",),
        "folder",
    ),
    _line(FILE),
    ActionSpec("quit", QT_TRANSLATE_NOOP("Actions", "&Quit"), FILE, ("Ctrl+Q",)),
    ActionSpec("undo", QT_TRANSLATE_NOOP("Actions", "&Undo Stroke"), EDIT, ("Ctrl+Z",)),
    ActionSpec(
        "redo", QT_TRANSLATE_NOOP("Actions", "&Redo Stroke"), EDIT, ("Ctrl+Shift+Z", "Ctrl+Y")
    ),
    _line(EDIT),
    ActionSpec(
        "copy_picture",
        QT_TRANSLATE_NOOP("Actions", "&Copy Image"),
        EDIT,
        ("Ctrl+C", "Ctrl+Shift+C"),
        "copy",
    ),
    ActionSpec(
        "paste_picture",
        QT_TRANSLATE_NOOP("Actions", "&Paste Image"),
        EDIT,
        ("Ctrl+V", "Ctrl+Shift+V"),
        "image",
    ),
    _line(EDIT),
    ActionSpec("clear_mask", QT_TRANSLATE_NOOP("Actions", "Clear &Mask"), EDIT, ("Ctrl+D",)),
    ActionSpec(
        "earlier_prompt", QT_TRANSLATE_NOOP("Actions", "&Earlier Prompt"), EDIT, ("Alt+Up",)
    ),
    ActionSpec("later_prompt", QT_TRANSLATE_NOOP("Actions", "&Later Prompt"), EDIT, ("Alt+Down",)),
    ActionSpec(
        "reset_parameters", QT_TRANSLATE_NOOP("Actions", "Reset to Recommended &Settings"), EDIT
    ),
    _line(EDIT),
    ActionSpec(
        "settings", QT_TRANSLATE_NOOP("Actions", "Se&ttings…"), EDIT, ("Ctrl+,",), "settings"
    ),
    ActionSpec(
        "generate",
        QT_TRANSLATE_NOOP("Actions", "&Generate"),
        GENERATE,
        ("Ctrl+Return", "Ctrl+Enter"),
        "generate",
    ),
    ActionSpec("cancel", QT_TRANSLATE_NOOP("Actions", "&Cancel"), GENERATE, ("Esc",), "cancel"),
    ActionSpec("cancel_all", QT_TRANSLATE_NOOP("Actions", "Cancel &All"), GENERATE, ("Shift+Esc",)),
    _line(GENERATE),
    ActionSpec(
        "pause",
        QT_TRANSLATE_NOOP("Actions", "&Pause"),
        GENERATE,
        ("Ctrl+P",),
        "pause",
        checkable=True,
    ),
    ActionSpec(
        "apply",
        QT_TRANSLATE_NOOP("Actions", "Update the &Running Image"),
        GENERATE,
        ("Ctrl+Shift+Return", "Ctrl+Shift+Enter"),
        "check",
    ),
    ActionSpec(
        "show_queue", QT_TRANSLATE_NOOP("Actions", "Show &Queue"), GENERATE, ("Ctrl+J",), "queue"
    ),
    ActionSpec(
        "live", QT_TRANSLATE_NOOP("Actions", "&Live"), GENERATE, ("Ctrl+L",), "live", checkable=True
    ),
    ActionSpec(
        "look_at_steps",
        QT_TRANSLATE_NOOP("Actions", "View &Steps"),
        IMAGE,
        ("Ctrl+T",),
        "steps",
    ),
    ActionSpec(
        "branch",
        QT_TRANSLATE_NOOP("Actions", "&Branch From This Step"),
        IMAGE,
        ("Ctrl+B",),
        "branch",
    ),
    ActionSpec(
        "leave_branch",
        QT_TRANSLATE_NOOP("Actions", "&Leave Branch"),
        IMAGE,
        ("Ctrl+Shift+B",),
    ),
    ActionSpec("replay", QT_TRANSLATE_NOOP("Actions", "&Replay"), IMAGE, ("Ctrl+R",), "replay"),
    _line(IMAGE),
    ActionSpec(
        "enlarge", QT_TRANSLATE_NOOP("Actions", "&Enlarge…"), IMAGE, ("Ctrl+Shift+E",), "extend"
    ),
    ActionSpec(
        "candidate_before",
        QT_TRANSLATE_NOOP("Actions", "Pre&vious Candidate"),
        IMAGE,
        ("Alt+PgUp",),
        "chevron-left",
    ),
    ActionSpec(
        "next_candidate",
        QT_TRANSLATE_NOOP("Actions", "&Next Candidate"),
        IMAGE,
        ("Alt+PgDown",),
        "chevron-right",
    ),
    ActionSpec(
        "keep_candidate",
        QT_TRANSLATE_NOOP("Actions", "Keep This &Candidate"),
        IMAGE,
        ("Ctrl+Shift+K",),
        "check",
    ),
    _line(IMAGE),
    ActionSpec(
        "keep_steps",
        QT_TRANSLATE_NOOP("Actions", "Save Inter&mediate Steps"),
        IMAGE,
        checkable=True,
    ),
    ActionSpec(
        "history",
        QT_TRANSLATE_NOOP("Actions", "&History"),
        VIEW,
        ("Ctrl+H",),
        "history",
        checkable=True,
    ),
    ActionSpec("go_to_canvas", QT_TRANSLATE_NOOP("Actions", "Go to the &Canvas"), VIEW, ("F6",)),
    ActionSpec(
        "go_to_prompt", QT_TRANSLATE_NOOP("Actions", "Go to the &Prompt"), VIEW, ("Shift+F6",)
    ),
    _line(VIEW),
    ActionSpec("fit", QT_TRANSLATE_NOOP("Actions", "&Fit Image"), VIEW, ("Ctrl+0",)),
    ActionSpec(
        "actual_size", QT_TRANSLATE_NOOP("Actions", "&Actual Size (100 %)"), VIEW, ("Ctrl+1",)
    ),
    ActionSpec(
        "toggle_mask", QT_TRANSLATE_NOOP("Actions", "Show &Mask"), VIEW, ("Ctrl+M",), checkable=True
    ),
    ActionSpec(
        "transparency", QT_TRANSLATE_NOOP("Actions", "Show &Transparency"), VIEW, checkable=True
    ),
    _line(VIEW),
    ActionSpec("theme_system", QT_TRANSLATE_NOOP("Actions", "&System Theme"), VIEW, checkable=True),
    ActionSpec("theme_light", QT_TRANSLATE_NOOP("Actions", "&Light Theme"), VIEW, checkable=True),
    ActionSpec("theme_dark", QT_TRANSLATE_NOOP("Actions", "&Dark Theme"), VIEW, checkable=True),
    _line(VIEW),
    ActionSpec("palette", QT_TRANSLATE_NOOP("Actions", "C&ommands…"), VIEW, ("Ctrl+K",), "search"),
    ActionSpec("documentation", QT_TRANSLATE_NOOP("Actions", "&Documentation"), HELP, ("F1",)),
    ActionSpec(
        "shortcuts", QT_TRANSLATE_NOOP("Actions", "&Keyboard Shortcuts…"), HELP, ("Ctrl+/",)
    ),
    _line(HELP),
    ActionSpec("report", QT_TRANSLATE_NOOP("Actions", "&Report a Problem…"), HELP),
    ActionSpec("about", QT_TRANSLATE_NOOP("Actions", "&About LDM Studio"), HELP),
)

MENUS = (FILE, EDIT, GENERATE, IMAGE, VIEW, HELP)


def build_menus(
    window: QMainWindow, handlers: Mapping[str, Callable[[], object]]
) -> dict[str, QAction]:
    """Fills the window's menu bar; returns the actions by id. Raises KeyError for a missing
    handler.
    """
    menus: dict[str, QMenu] = {
        name: window.menuBar().addMenu(translate("Actions", name)) for name in MENUS
    }
    actions: dict[str, QAction] = {}
    for spec in ACTIONS:
        if not spec.text:
            menus[spec.menu].addSeparator()
            continue
        action = QAction(translate("Actions", spec.text), window)
        action.setObjectName(spec.id)
        action.setShortcuts([QKeySequence(key) for key in spec.keys])
        action.setCheckable(spec.checkable)
        if spec.icon:
            action.setIcon(menu_icon(spec.icon))
        action.triggered.connect(handlers[spec.id])
        menus[spec.menu].addAction(action)
        actions[spec.id] = action
    return actions
