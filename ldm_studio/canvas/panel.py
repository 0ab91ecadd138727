"""The canvas with its controls: tools and mask commands at the left, brush and view above."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QSignalBlocker, QSize, Qt
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtWidgets import (
    QBoxLayout,
    QButtonGroup,
    QFrame,
    QGridLayout,
    QLabel,
    QSizePolicy,
    QSlider,
    QSpinBox,
    QToolButton,
    QWidget,
)

from ldm_studio.canvas.folding import Folding
from ldm_studio.canvas.tools import TOOLS, Tool
from ldm_studio.canvas.view import BRUSH_SIZE_MAX, CanvasView
from ldm_studio.canvas.words import QT_TRANSLATE_NOOP
from ldm_studio.theme import icon

ICON_SIZE = 20  # logical pixels
_HLINE, _VLINE = QFrame.Shape.HLine, QFrame.Shape.VLine
SLIDER_STEPS = 200  # of the size slider; quadratic: half way is a quarter of the size


@dataclass(frozen=True, slots=True)
class ButtonRow:
    """One icon-only button. `run` names a method of CanvasView; none for a button wired by hand."""

    text: str
    hint: str
    icon: str
    keys: str
    run: str = ""


INVERT = ButtonRow(
    QT_TRANSLATE_NOOP("CanvasPanel", "Invert mask"),
    QT_TRANSLATE_NOOP("CanvasPanel", "Mask what is not masked, and the other way round."),
    "invert",
    "I",
    "invert_mask",
)
CLEAR = ButtonRow(
    QT_TRANSLATE_NOOP("CanvasPanel", "Clear mask"),
    QT_TRANSLATE_NOOP("CanvasPanel", "Remove the whole mask. Undo brings it back."),
    "trash",
    "Delete",
    "clear_mask",
)
UNDO = ButtonRow(
    QT_TRANSLATE_NOOP("CanvasPanel", "Undo"),
    QT_TRANSLATE_NOOP("CanvasPanel", "Take back the last change of the mask."),
    "undo",
    "Ctrl+Z",
    "undo",
)
REDO = ButtonRow(
    QT_TRANSLATE_NOOP("CanvasPanel", "Redo"),
    QT_TRANSLATE_NOOP("CanvasPanel", "Make the change of the mask again."),
    "redo",
    "Ctrl+Shift+Z",
    "redo",
)
OVERLAY = ButtonRow(
    QT_TRANSLATE_NOOP("CanvasPanel", "Show or hide the mask"),
    QT_TRANSLATE_NOOP("CanvasPanel", "The tint over what is masked. A hidden mask still counts."),
    "eye",
    "M",
    "toggle_overlay",
)
COMPARE = ButtonRow(
    QT_TRANSLATE_NOOP("CanvasPanel", "Compare"),
    QT_TRANSLATE_NOOP("CanvasPanel", "Hold to see the picture before the last generation."),
    "compare",
    "C",
)
FIT = ButtonRow(
    QT_TRANSLATE_NOOP("CanvasPanel", "Fit"),
    QT_TRANSLATE_NOOP("CanvasPanel", "Show the whole picture, as large as it goes."),
    "zoom-fit",
    "0",
    "fit",
)
ACTUAL_SIZE = ButtonRow(
    QT_TRANSLATE_NOOP("CanvasPanel", "100 %"),
    QT_TRANSLATE_NOOP("CanvasPanel", "One pixel of the picture on one pixel of the screen."),
    "zoom-actual",
    "1",
    "actual_size",
)


class CanvasPanel(QWidget):
    """`view` is the canvas; everything here only shows and changes its state."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.view = CanvasView(self)
        self._buttons: dict[QToolButton, tuple[str, str, str]] = {}  # text, hint, keys
        self._tools = self._tool_buttons()
        self._invert, self._clear = self._button(INVERT), self._button(CLEAR)
        self._undo, self._redo = self._button(UNDO), self._button(REDO)
        self._overlay, self._compare = self._button(OVERLAY), self._button(COMPARE)
        self._fit, self._actual_size = self._button(FIT), self._button(ACTUAL_SIZE)
        self._size_label, self._size_slider, self._size = _brush_control(1, BRUSH_SIZE_MAX)
        self._size_slider.setRange(0, SLIDER_STEPS)
        self._hardness_label, self._hardness_slider, self._hardness = _brush_control(0, 100)
        self._zoom = QLabel()
        self._lay_out()
        self._wire()
        self._retranslate()
        self._show_state()

    # --- building ---

    def _button(self, row: ButtonRow) -> QToolButton:
        button = QToolButton(self)
        button.setIcon(icon(row.icon))
        button.setIconSize(QSize(ICON_SIZE, ICON_SIZE))
        button.setAutoRaise(True)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        if row.run:
            button.clicked.connect(getattr(self.view, row.run))
        self._buttons[button] = row.text, row.hint, row.keys
        return button

    def _tool_buttons(self) -> dict[Tool, QToolButton]:
        group = QButtonGroup(self)
        buttons = {}
        for tool, row in TOOLS.items():
            button = self._button(ButtonRow(row.text, row.hint, row.icon, row.key))
            button.setCheckable(True)
            button.clicked.connect(self._setter(tool))
            group.addButton(button)
            buttons[tool] = button
        return buttons

    def _setter(self, tool: Tool) -> Callable[[], None]:
        return lambda: self.view.set_tool(tool)

    def _lay_out(self) -> None:
        column = Folding(QBoxLayout.Direction.TopToBottom)
        side, top_line, low_line = column.line, _line(_HLINE), _line(_HLINE)
        side.setSpacing(2)
        for button in self._tools.values():
            side.addWidget(button)
        for widget in (top_line, self._invert, self._clear, low_line, self._undo, self._redo):
            side.addWidget(widget)
        side.addStretch(1)
        side.setContentsMargins(6, 6, 6, 6)
        # All of these have keys; undo, redo and clear are in the menu as well.
        column.set_optional(
            (low_line, self._undo, self._redo), (top_line, self._invert, self._clear)
        )

        bar = Folding(QBoxLayout.Direction.LeftToRight)
        top, line = bar.line, _line(_VLINE)
        top.setSpacing(6)
        top.addWidget(self._size_label)
        top.addWidget(self._size_slider, 3)
        top.addWidget(self._size)
        top.addSpacing(6)
        top.addWidget(self._hardness_label)
        top.addWidget(self._hardness_slider, 3)
        top.addWidget(self._hardness)
        top.addStretch(1)
        right = (self._overlay, self._compare, line, self._zoom, self._fit, self._actual_size)
        for widget in right:
            top.addWidget(widget)
        top.setContentsMargins(6, 6, 6, 6)
        bar.set_optional(
            (self._size_slider, self._hardness_slider),
            (line, self._zoom),
            (self._hardness_label, self._hardness),
        )

        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(0)
        grid.addWidget(bar, 0, 0, 1, 2)
        grid.addWidget(column, 1, 0)
        grid.addWidget(self.view, 1, 1)
        grid.setRowStretch(1, 1)
        grid.setColumnStretch(1, 1)

    def _wire(self) -> None:
        view, document = self.view, self.view.document
        self._compare.pressed.connect(lambda: view.set_comparing(True))
        self._compare.released.connect(lambda: view.set_comparing(False))
        self._size.valueChanged.connect(self._set_size)
        self._size_slider.valueChanged.connect(lambda step: self._set_size(_size_at(step)))
        self._hardness.valueChanged.connect(self._set_hardness)
        self._hardness_slider.valueChanged.connect(self._set_hardness)
        self._zoom.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._zoom.setMinimumWidth(self._zoom.fontMetrics().horizontalAdvance("6400 %"))
        for signal in (
            view.tool_changed,
            view.brush_size_changed,
            view.brush_hardness_changed,
            view.overlay_visible_changed,
            view.zoom_changed,
            view.undo_stack.indexChanged,
            document.replaced,
            document.mask_changed,
        ):
            signal.connect(self._show_state)

    def _set_size(self, size: int) -> None:
        self.view.brush_size = size

    def _set_hardness(self, percent: int) -> None:
        self.view.brush_hardness = percent

    # --- showing ---

    def _show_state(self) -> None:
        view, document = self.view, self.view.document
        self._tools[view.tool].setChecked(True)
        self._overlay.setIcon(icon("eye" if view.overlay_visible else "eye-off"))
        masked = document.mask is not None and not document.mask.is_empty
        self._invert.setEnabled(document.mask is not None)
        self._clear.setEnabled(masked)
        self._undo.setEnabled(view.undo_stack.canUndo())
        self._redo.setEnabled(view.undo_stack.canRedo())
        self._compare.setEnabled(document.before is not None)
        shown = document.frame is not None
        self._fit.setEnabled(shown)
        self._actual_size.setEnabled(shown)
        self._zoom.setText(_percent(view.zoom) if shown else "")
        with QSignalBlocker(self._size), QSignalBlocker(self._size_slider):
            self._size.setValue(view.brush_size)
            if _size_at(self._size_slider.value()) != view.brush_size:
                self._size_slider.setValue(_step_of(view.brush_size))
        with QSignalBlocker(self._hardness), QSignalBlocker(self._hardness_slider):
            self._hardness.setValue(view.brush_hardness)
            self._hardness_slider.setValue(view.brush_hardness)

    def _retranslate(self) -> None:
        for button, (text, hint, keys) in self._buttons.items():
            native = QKeySequence(keys).toString(QKeySequence.SequenceFormat.NativeText)
            name = self.tr(text)
            button.setAccessibleName(name)
            button.setText(name)
            button.setToolTip(f"<b>{name}</b> ({native})<br>{self.tr(hint)}")
        sizes = self.tr("Brush size in pixels of the picture ([ and ])")
        hardnesses = self.tr("Brush hardness: how crisp its edge is (Shift+[ and Shift+])")
        self._size_label.setText(self.tr("Size"))
        self._size.setSuffix(self.tr(" px"))
        self._hardness_label.setText(self.tr("Hardness"))
        self._hardness.setSuffix(self.tr(" %"))
        for control in (self._size_slider, self._size):
            control.setToolTip(sizes)
            control.setAccessibleName(self.tr("Brush size"))
        for control in (self._hardness_slider, self._hardness):
            control.setToolTip(hardnesses)
            control.setAccessibleName(self.tr("Brush hardness"))
        self._zoom.setToolTip(self.tr("Zoom. The wheel changes it, at the pointer (+ and -)"))

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self._retranslate()

    # The keys of the canvas also work while one of its controls has the focus.
    def keyPressEvent(self, event: QKeyEvent) -> None:
        if not self.view.handle_key(event):
            super().keyPressEvent(event)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        if not self.view.handle_key(event):
            super().keyReleaseEvent(event)


def _brush_control(low: int, high: int) -> tuple[QLabel, QSlider, QSpinBox]:
    slider = QSlider(Qt.Orientation.Horizontal)
    slider.setRange(low, high)
    slider.setMinimumWidth(56)
    slider.setMaximumWidth(140)
    slider.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
    number = QSpinBox()
    number.setRange(low, high)
    number.setKeyboardTracking(False)
    number.setButtonSymbols(QSpinBox.ButtonSymbols.NoButtons)
    number.setAlignment(Qt.AlignmentFlag.AlignRight)
    label = QLabel()
    label.setBuddy(number)
    return label, slider, number


def _line(shape: QFrame.Shape) -> QFrame:
    line = QFrame()
    line.setFrameShape(shape)
    line.setFrameShadow(QFrame.Shadow.Plain)
    line.setForegroundRole(line.palette().ColorRole.Mid)
    return line


def _size_at(step: int) -> int:
    return round(1 + (BRUSH_SIZE_MAX - 1) * (step / SLIDER_STEPS) ** 2)


def _step_of(size: int) -> int:
    return round(SLIDER_STEPS * ((size - 1) / (BRUSH_SIZE_MAX - 1)) ** 0.5)


def _percent(zoom: float) -> str:
    return f"{zoom * 100:.0f} %" if zoom >= 0.1 else f"{zoom * 100:.1f} %"
