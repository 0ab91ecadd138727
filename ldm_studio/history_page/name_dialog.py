"""A small dialog that asks for a name."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QInputDialog, QLineEdit, QWidget

from ldm_studio.look.theme import GRID

WIDTH = 332


def ask_for_name(
    parent: QWidget,
    title: str,
    caption: str,
    verb: str,
    then: Callable[[str], object],
    *,
    name: str = "",
) -> None:
    """`verb` is the text of the button, which passes the name to `then`; `name` is the initial
    text.
    """
    dialog = QInputDialog(parent)
    dialog.setWindowTitle(title)
    dialog.setLabelText(caption)
    dialog.setTextValue(name)
    dialog.setOkButtonText(verb)
    column = dialog.layout()
    assert column is not None
    column.setContentsMargins(3 * GRID, 3 * GRID, 3 * GRID, 2 * GRID)
    column.setSpacing(GRID)
    for field in dialog.findChildren(QLineEdit):
        field.setMinimumWidth(WIDTH)  # the dialog fits itself to what is in it
    dialog.textValueSelected.connect(then)
    dialog.finished.connect(dialog.deleteLater)
    dialog.open()
