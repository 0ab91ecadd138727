"""What can be done with selected pictures, as rows: buttons and menus are made from this table."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from PySide6.QtCore import QObject
from PySide6.QtGui import QAction

from ldm_studio.theme import icon


@dataclass(frozen=True)
class Act:
    """One command; `keys` are shown beside it in menus, the page handles them."""

    id: str
    text: str
    tip: str
    icon: str = ""
    keys: str = ""


ACTS: tuple[Act, ...] = (
    Act("reuse", "Reuse All", "Show it on the canvas with all its settings (Enter)", "replay"),
    Act("reuse_prompt", "Reuse Prompt", "Only its prompts"),
    Act("reuse_seed", "Reuse Seed", "Only its seed, locked"),
    Act(
        "reuse_sampler",
        "Reuse Sampler Settings",
        "Sampler, schedule, steps, guidance and what belongs to them",
    ),
    Act("start", "Start", "Start the next picture from this one", "image"),
    Act("branch", "Look at Steps and Branch", "Go another way from a step", "branch", "Ctrl+B"),
    Act("replay", "Replay", "Make it again and compare", "replay", "Ctrl+R"),
    Act("compare", "Compare Two", "Compare the two selected pictures", "compare"),
    Act(
        "copy_parameters",
        "Copy Parameters",
        "As the text that other programs read",
        "copy",
        "Ctrl+C",
    ),
    Act("open_folder", "Show in Folder", "Open its folder", "folder"),
    Act("locate", "Locate…", "Show where the file is now", "search"),
    Act("export", "Export…", "Copy the selected pictures out", "export"),
    Act("favourite", "Favourite", "Mark as favourite, or no more", "heart", "F"),
    Act("trash", "Move to the Trash", "Can be undone", "trash", "Del"),
    Act("undo", "Undo Deleting", "Take them out of the trash", "undo", "Ctrl+Z"),
)

MENU = (
    ("reuse", "reuse_prompt", "reuse_seed", "reuse_sampler", "start"),
    ("branch", "replay", "compare"),
    ("favourite", "copy_parameters", "export", "open_folder", "locate"),
    ("trash", "undo"),
)
"""The context menu, in groups."""


def build_actions(
    parent: QObject, handlers: Mapping[str, Callable[[], object]]
) -> dict[str, QAction]:
    """The actions by id. Raises KeyError for an act without a handler."""
    made: dict[str, QAction] = {}
    for act in ACTS:
        # Shown, not set: as shortcuts they would get in the way of those of the window.
        action = QAction(f"{act.text}\t{act.keys}" if act.keys else act.text, parent)
        action.setToolTip(act.tip)
        if act.icon:
            action.setIcon(icon(act.icon))
        handler = handlers[act.id]
        action.triggered.connect(lambda _=False, handler=handler: handler())
        made[act.id] = action
    return made
