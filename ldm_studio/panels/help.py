"""Two small windows: the keyboard shortcuts, and what this program is."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFrame,
    QGridLayout,
    QLabel,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from ldm_studio import __version__
from ldm_studio.actions import shortcut_table
from ldm_studio.theme import GRID, app_icon

AROUND = 160
"""Logical pixels of a screen's height for what is around the table: margins, button, frame."""
SCROLL_BAR = 12

CANVAS_KEYS = (
    ("Brush, eraser", "B, E"),
    ("Rectangle, lasso", "R, L"),
    ("Fill by colour, gradient", "F, G"),
    ("Extend the picture", "O, Enter"),
    ("Smaller, larger brush", "[ ]"),
    ("Softer, harder brush", "Shift+[ ]"),
    ("Grow, shrink, feather the mask", ". , /"),
    ("Invert, mask everything, clear", "I, A, Del"),
    ("Move the picture", "Space + drag"),
    ("Compare with the picture before", "hold C"),
    ("Painted mask, latent mask, blend", "V"),
    ("Flip through candidates, keep one", "Left, Right, Enter"),
)

PROMPT_KEYS = (
    ("Stronger, weaker words", "Ctrl+Up, Ctrl+Down"),
    ("Move the phrase back, on", "Alt+Left, Alt+Right"),
)


STEP_KEYS = (
    ("Steps: back, on", "Left, Right"),
    ("Steps: back to the picture", "End"),
    ("Steps: branch from here", "Enter"),
)

QUEUE_KEYS = (
    ("Queue: draw earlier, later", "Alt+Up, Alt+Down"),
    ("Queue: take out", "Del"),
)

MORE_KEYS = (*PROMPT_KEYS, *CANVAS_KEYS, *STEP_KEYS, *QUEUE_KEYS)
"""Where the focus is there."""


def _dialog(parent: QWidget, title: str) -> tuple[QDialog, QVBoxLayout]:
    dialog = QDialog(parent)
    dialog.setWindowTitle(title)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    column = QVBoxLayout(dialog)
    column.setContentsMargins(3 * GRID, 3 * GRID, 3 * GRID, 2 * GRID)
    column.setSpacing(2 * GRID)
    return dialog, column


def _open(dialog: QDialog, column: QVBoxLayout) -> QDialog:
    buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
    buttons.button(QDialogButtonBox.StandardButton.Close).setIcon(QIcon())  # made for light themes
    buttons.rejected.connect(dialog.reject)
    column.addWidget(buttons)
    dialog.open()
    return dialog


def show_shortcuts(parent: QWidget) -> QDialog:
    dialog, column = _dialog(parent, "Keyboard Shortcuts")
    table = QWidget()
    grid = QGridLayout(table)
    grid.setContentsMargins(0, 0, GRID, 0)
    grid.setHorizontalSpacing(4 * GRID)
    grid.setVerticalSpacing(GRID)
    for row, (what, keys) in enumerate((*shortcut_table(), *MORE_KEYS)):
        grid.addWidget(QLabel(what), row, 0)
        label = QLabel(keys)
        label.setObjectName("caption")
        grid.addWidget(label, row, 1, Qt.AlignmentFlag.AlignRight)
    scroll = QScrollArea(widgetResizable=True)
    scroll.setFrameShape(QFrame.Shape.NoFrame)
    scroll.setWidget(table)
    scroll.setAccessibleName("Keyboard shortcuts")
    whole, room = table.sizeHint(), parent.screen().availableGeometry().height() - AROUND
    scroll.setMinimumSize(whole.width() + SCROLL_BAR, max(0, min(whole.height(), room)))
    column.addWidget(scroll)
    return _open(dialog, column)


def show_about(parent: QWidget) -> QDialog:
    dialog, column = _dialog(parent, "About LDM Studio")
    picture = QLabel(alignment=Qt.AlignmentFlag.AlignHCenter)
    picture.setPixmap(app_icon().pixmap(QSize(72, 72), parent.devicePixelRatioF()))
    words = QLabel(
        f"<h2>LDM Studio {__version__}</h2><p>Pictures from latent diffusion models,<br>"
        "made on this computer and nowhere else.</p>"
    )
    words.setAlignment(Qt.AlignmentFlag.AlignHCenter)
    column.addWidget(picture)
    column.addWidget(words)
    return _open(dialog, column)
