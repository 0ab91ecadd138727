"""The context menu of the selected images."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMenu, QWidget

from ldm_studio.look.icons import menu_icon
from ldm_studio.translation import translate

from .collections_controller import CollectionsController
from .selection import ImageSelection

MENU = (
    ("reuse", "reuse_prompt", "reuse_seed", "reuse_sampler", "start"),
    ("branch", "replay", "compare"),
    ("favourite", "collect", "take_out", "earlier", "later"),
    ("copy_prompt", "copy_parameters", "rename", "export", "open_folder", "locate"),
    ("trash", "undo"),
)
"""The context menu, in groups; `add_to_collection` stands for the menu of collections."""
HIDDEN = ("locate", "undo", "take_out", "earlier", "later")
"""Commands that are hidden instead of disabled."""


def build_menu(chosen: ImageSelection, collecting: CollectionsController, parent: QWidget) -> QMenu:
    """The context menu of the selection; deletes itself when it closes."""
    menu = QMenu(parent)
    menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    for names in MENU:
        for name in names:
            if name == "collect":
                inside = menu.addMenu(menu_icon("image"), translate("History", "Add to Collection"))
                collecting.fill_menu(inside, chosen.ids)
            elif chosen.acts[name].isEnabled() or name not in HIDDEN:
                menu.addAction(chosen.acts[name])
        menu.addSeparator()
    return menu
