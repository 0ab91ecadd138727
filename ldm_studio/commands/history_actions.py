"""The table of commands for selected images, from which buttons and menus are made."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from PySide6.QtCore import QObject
from PySide6.QtGui import QAction

from ldm_studio.look.icons import menu_icon
from ldm_studio.translation import translate


@dataclass(frozen=True)
class HistoryActionSpec:
    """One command; `keys` are shown in menus, the page handles them."""

    id: str
    text: str
    tip: str
    icon: str = ""
    keys: str = ""
    short: str = ""
    """Text of the button, if different."""


def history_action_specs() -> tuple[HistoryActionSpec, ...]:
    """All of them, in the user's language."""
    return (
        HistoryActionSpec(
            "reuse",
            translate("History", "Reuse All"),
            translate("History", "Show it on the canvas and restore all its settings (Enter)"),
            "replay",
        ),
        HistoryActionSpec(
            "reuse_prompt",
            translate("History", "Reuse Prompt"),
            translate("History", "Only its prompts"),
        ),
        HistoryActionSpec(
            "reuse_seed",
            translate("History", "Reuse Seed"),
            translate("History", "Only its seed, locked"),
        ),
        HistoryActionSpec(
            "reuse_sampler",
            translate("History", "Reuse Sampler Settings"),
            translate("History", "Sampler, schedule, steps, guidance and their options"),
        ),
        HistoryActionSpec(
            "start",
            translate("History", "Use as Initial Image"),
            translate("History", "Use this image as the initial image"),
            "image",
            short=translate("History", "To Canvas"),
        ),
        HistoryActionSpec(
            "branch",
            translate("History", "View Steps and Branch"),
            translate("History", "Branch from a step"),
            "branch",
            "Ctrl+B",
        ),
        HistoryActionSpec(
            "replay",
            translate("History", "Replay"),
            translate("History", "Make it again and compare"),
            "replay",
            "Ctrl+R",
        ),
        HistoryActionSpec(
            "compare",
            translate("History", "Compare Two"),
            translate("History", "Compare the two selected images"),
            "compare",
        ),
        HistoryActionSpec(
            "copy_prompt",
            translate("History", "Copy Prompt"),
            translate("History", "Only the prompt, as text"),
            "copy",
            "Ctrl+Shift+C",
        ),
        HistoryActionSpec(
            "copy_parameters",
            translate("History", "Copy Parameters"),
            translate("History", "As the text that other programs read"),
            "",
            "Ctrl+C",
        ),
        HistoryActionSpec(
            "rename",
            translate("History", "Rename…"),
            translate("History", "Rename the file"),
            "pen",
            "F2",
        ),
        HistoryActionSpec(
            "open_folder",
            translate("History", "Show in Folder"),
            translate("History", "Open its folder"),
            "folder",
        ),
        HistoryActionSpec(
            "locate",
            translate("History", "Locate…"),
            translate("History", "Choose the new location of the file"),
            "search",
        ),
        HistoryActionSpec(
            "export",
            translate("History", "Export…"),
            translate("History", "As a folder, a zip file, a contact sheet or a table"),
            "export",
        ),
        HistoryActionSpec(
            "favourite",
            translate("History", "Favourite"),
            translate("History", "Toggle favourite"),
            "heart",
            "F",
        ),
        HistoryActionSpec(
            "take_out",
            translate("History", "Remove from the Collection"),
            translate("History", "The image itself is kept"),
            "minus",
        ),
        HistoryActionSpec(
            "earlier",
            translate("History", "Move Earlier"),
            translate("History", "Move one place forward in the collection"),
            "",
            "Alt+Left",
        ),
        HistoryActionSpec(
            "later",
            translate("History", "Move Later"),
            translate("History", "Move one place back in the collection"),
            "",
            "Alt+Right",
        ),
        HistoryActionSpec(
            "trash",
            translate("History", "Move to the Trash"),
            translate("History", "Can be undone"),
            "trash",
            "Del",
        ),
        HistoryActionSpec(
            "undo",
            translate("History", "Undo"),
            translate("History", "Undo the last deletion, renaming or removal"),
            "undo",
            "Ctrl+Z",
        ),
    )


def build_actions(
    parent: QObject, handlers: Mapping[str, Callable[[], object]]
) -> dict[str, QAction]:
    """The actions by id. Raises KeyError for a missing handler."""
    made: dict[str, QAction] = {}
    for act in history_action_specs():
        # Shown but not set: as shortcuts they would conflict with the window's.
        action = QAction(f"{act.text}\t{act.keys}" if act.keys else act.text, parent)
        action.setIconText(act.text)  # on buttons, which have no room for keys
        action.setToolTip(act.tip)
        if act.icon:
            action.setIcon(menu_icon(act.icon))
        if act.short:
            action.setIconText(act.short)
        handler = handlers[act.id]
        action.triggered.connect(lambda _=False, handler=handler: handler())
        made[act.id] = action
    return made
