"""The canvas with its controls: tools and mask commands at the left, options and view above."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path

import numpy as np
from PySide6.QtCore import QEvent, QObject, QSizeF, Qt, Signal
from PySide6.QtGui import QImage, QKeyEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractSpinBox,
    QBoxLayout,
    QButtonGroup,
    QComboBox,
    QFileDialog,
    QFrame,
    QGridLayout,
    QWidget,
)

from core.errors import StudioError
from ldm_studio.canvas.document.mask_files import read_mask, write_mask
from ldm_studio.canvas.tools.tools import TOOLS, Tool
from ldm_studio.canvas.view.canvas_view import CanvasView
from ldm_studio.canvas.view.viewport import MARGIN
from ldm_studio.look.tab_order import tab_through
from ldm_studio.translation import QT_TRANSLATE_NOOP

from .candidate_bar import CandidateBar
from .canvas_controls import ButtonRow, IconButton, line
from .canvas_menus import MaskMenu, pop_up
from .floating_panel import Badge, ViewSwitch, float_over
from .options_bar import OptionsBar
from .outpaint_bar import OutpaintBar
from .overflow_row import OverflowRow

INVERT = ButtonRow(
    QT_TRANSLATE_NOOP("CanvasPanel", "Invert mask"),
    QT_TRANSLATE_NOOP("CanvasPanel", "Swap the masked and the unmasked area."),
    "invert",
    "I",
    "invert_mask",
)
CLEAR = ButtonRow(
    QT_TRANSLATE_NOOP("CanvasPanel", "Clear mask"),
    QT_TRANSLATE_NOOP("CanvasPanel", "Remove the whole mask. This can be undone."),
    "trash",
    "Delete",
    "clear_mask",
)
MORE = ButtonRow(
    QT_TRANSLATE_NOOP("CanvasPanel", "Mask"),
    QT_TRANSLATE_NOOP("CanvasPanel", "Grow, shrink, feather, open or save the mask."),
    "mask",
    "Shift+M",
)
UNDO = ButtonRow(
    QT_TRANSLATE_NOOP("CanvasPanel", "Undo"),
    QT_TRANSLATE_NOOP("CanvasPanel", "Undo the last change of the mask or the image."),
    "undo",
    "Ctrl+Z",
    "undo",
)
REDO = ButtonRow(
    QT_TRANSLATE_NOOP("CanvasPanel", "Redo"),
    QT_TRANSLATE_NOOP("CanvasPanel", "Redo the change."),
    "redo",
    "Ctrl+Shift+Z",
    "redo",
)
# Logical pixels of the view: for the words of a badge, for them beside candidates, for short ones.
ROOM_ALONE, ROOM_BESIDE, ROOM_SHORT = 340, 800, 440
ENDINGS = "*.png *.jpg *.jpeg *.webp *.avif *.bmp *.gif *.tif *.tiff"


class CanvasPanel(QWidget):
    """`view` is the canvas; the controls only show and change its state."""

    problem = Signal(object, object)
    """Something could not be done: message and hint."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.view = CanvasView(self)
        self._tools = self._tool_buttons()
        self._invert, self._clear = self._button(INVERT), self._button(CLEAR)
        self._more = IconButton(MORE, self)
        menu = MaskMenu(self.view, self.open_mask, self.save_mask, self)
        pop_up(self._more, menu)
        self._undo, self._redo = self._button(UNDO), self._button(REDO)
        self._bar = OptionsBar(self.view)
        self.view_switch = ViewSwitch(self.view.mask_views)
        self.badge, self.candidates = Badge("check"), CandidateBar()
        edge = Qt.AlignmentFlag
        self.extend_bar = OutpaintBar(self.view)
        float_over(self.view, self.view_switch, edge.AlignTop | edge.AlignRight)
        float_over(self.view, self.extend_bar, edge.AlignBottom | edge.AlignHCenter, row=1)
        float_over(self.view, self.badge, edge.AlignBottom | edge.AlignLeft, row=2)
        float_over(self.view, self.candidates, edge.AlignBottom | edge.AlignHCenter, row=2)
        self._lay_out()
        for widget in self.view, self.candidates:
            widget.installEventFilter(self)
        self.view.document.replaced.connect(self._arrange)
        self.view.menu_requested.connect(self._more.showMenu)
        self.view.mask_dropped.connect(self.use_as_mask)
        self.view.address_dropped.connect(self._explain_web_address)
        for signal in (
            self.view.tool_changed,
            self.view.undo_stack.indexChanged,
            self.view.document.replaced,
            self.view.document.mask_changed,
        ):
            signal.connect(self._show_state)
        self._show_state()

    # --- building ---

    def _button(self, row: ButtonRow) -> IconButton:
        button = IconButton(row, self)
        button.clicked.connect(getattr(self.view, row.run))
        return button

    def _tool_buttons(self) -> dict[Tool, IconButton]:
        group = QButtonGroup(self)
        buttons = {}
        for tool, row in TOOLS.items():
            made = ButtonRow(row.text, row.hint, row.icon, row.key)
            button = IconButton(made, self, tool=True)
            button.clicked.connect(self._setter(tool))
            group.addButton(button)
            buttons[tool] = button
        return buttons

    def _setter(self, tool: Tool) -> Callable[[], None]:
        return lambda: self.view.set_tool(tool)

    def _lay_out(self) -> None:
        column = OverflowRow(QBoxLayout.Direction.TopToBottom)
        side, top_line, low_line = column.line, line(QFrame.Shape.HLine), line(QFrame.Shape.HLine)
        side.setSpacing(2)
        for button in self._tools.values():
            side.addWidget(button)
        for widget in (top_line, self._invert, self._clear, self._more):
            side.addWidget(widget)
        for widget in (low_line, self._undo, self._redo):
            side.addWidget(widget)
        side.addStretch(1)
        side.setContentsMargins(6, 6, 6, 6)
        # All of these have keys; undo, redo and clear are in the menu as well.
        column.set_optional(
            (low_line, self._undo, self._redo),
            (top_line, self._invert, self._clear, self._more),
            tuple(
                self._tools[tool] for tool in (Tool.EXTEND, Tool.GRADIENT, Tool.FILL, Tool.LASSO)
            ),
            (self._tools[Tool.RECTANGLE],),
        )
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(0)
        grid.addWidget(self._bar, 0, 0, 1, 2)
        grid.addWidget(column, 1, 0)
        grid.addWidget(self.view, 1, 1)
        grid.setRowStretch(1, 1)
        grid.setColumnStretch(1, 1)
        over = (self.view_switch, self.extend_bar, self.badge, self.candidates)
        floating = (part for panel in over for part in panel.findChildren(QWidget))
        controls = (
            part
            for part in floating
            if isinstance(part, QAbstractButton | QAbstractSpinBox | QComboBox)
        )
        tab_through((*self._bar.widgets(), *column.widgets(), self.view, *controls))

    def _show_state(self) -> None:
        view, document = self.view, self.view.document
        self._tools[view.tool].setChecked(True)
        self._invert.setEnabled(document.mask is not None)
        self._clear.setEnabled(view.masked)
        self._undo.setEnabled(view.undo_stack.canUndo())
        self._redo.setEnabled(view.undo_stack.canRedo())

    # --- masks from files ---

    def open_mask(self) -> None:
        """Asks for an image to use as the mask."""
        dialog = QFileDialog(self, self.tr("Mask from an Image"), "", self._images())
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        self._ask(dialog, self.use_as_mask)

    def _images(self) -> str:
        """The file filter for images."""
        images = self.tr("Images ({endings})").format(endings=ENDINGS)
        return f"{images};;{self.tr('All files (*)')}"

    def use_as_mask(self, source: str | QImage) -> None:
        """A file or an image; stretched to the image's size, in the background."""
        document = self.view.document
        size = document.frame
        if size is None or not document.paintable:
            return

        def take(done: Future[np.ndarray]) -> None:
            try:
                pixels = done.result()
            except StudioError as error:
                self.problem.emit(error.message, error.hint)
                return
            if document.frame == size:  # otherwise the image has changed in the meantime
                self.view.set_mask(pixels)

        document.background.run(lambda: read_mask(source, size), take)

    def _explain_web_address(self) -> None:
        self.problem.emit(
            self.tr("Only the address of an image was dropped, not the image."),
            self.tr("Copy the image in the browser and paste it here, or save it first."),
        )

    def save_mask(self) -> None:
        """Asks for a file, and writes the mask to it."""
        pixels = self.view.mask()
        if pixels is None:
            return
        dialog = QFileDialog(
            self, self.tr("Save Mask As"), self.tr("mask.png"), self.tr("PNG image (*.png)")
        )
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix("png")

        def on_written(done: Future[None]) -> None:
            try:
                done.result()
            except StudioError as error:
                self.problem.emit(error.message, error.hint)

        background = self.view.document.background
        self._ask(
            dialog, lambda path: background.run(lambda: write_mask(Path(path), pixels), on_written)
        )

    def _ask(self, dialog: QFileDialog, then: Callable[[str], object]) -> None:
        dialog.fileSelected.connect(then)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    # --- what floats over the view ---

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.Resize, QEvent.Type.Show, QEvent.Type.Hide):
            self._arrange()
        return False

    def _arrange(self) -> None:
        room, frame = self.view.size(), self.view.document.frame
        beside = not self.candidates.isHidden()
        self.badge.fit(
            short=room.width() < (ROOM_BESIDE if beside else ROOM_ALONE),
            at_all=not beside or room.width() >= ROOM_SHORT,
        )
        if frame is not None:
            margins = QSizeF(2 * MARGIN, 2 * MARGIN)
            self.view_switch.arrange(QSizeF(room) - margins, QSizeF(*frame))

    # --- events ---

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            for button in self.findChildren(IconButton):
                button.retranslate()

    # The keys of the canvas also work while one of its controls has the focus.
    def keyPressEvent(self, event: QKeyEvent) -> None:
        if not self.view.handle_key(event):
            super().keyPressEvent(event)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        if not self.view.handle_key(event):
            super().keyReleaseEvent(event)
