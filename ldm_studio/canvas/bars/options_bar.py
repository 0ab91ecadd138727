"""The bar above the canvas: options of the current tool, and the view."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from PySide6.QtCore import QEvent, QPointF, QSignalBlocker, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication, QBoxLayout, QButtonGroup, QFrame, QWidget

from ldm_studio.canvas.tools.tool_options import SIZE_MAX
from ldm_studio.canvas.tools.tools import TOOLS, Tool
from ldm_studio.canvas.view.canvas_view import CanvasView
from ldm_studio.look.icons import icon
from ldm_studio.look.plain_label import PlainLabel
from ldm_studio.translation import QT_TRANSLATE_NOOP

from .canvas_controls import AmountSlider, ButtonRow, IconButton, line, translated
from .canvas_menus import PressureMenu, TintMenu, pop_up
from .overflow_row import OverflowRow

SLIDER_STEPS = 200  # of the size slider; quadratic: half way is a quarter of the size

ADD = ButtonRow(
    QT_TRANSLATE_NOOP("CanvasPanel", "Add to the mask"),
    QT_TRANSLATE_NOOP("CanvasPanel", "Hold Ctrl while pressing to do the opposite."),
    "plus",
)
SUBTRACT = ButtonRow(
    QT_TRANSLATE_NOOP("CanvasPanel", "Subtract from the mask"),
    QT_TRANSLATE_NOOP("CanvasPanel", "Hold Ctrl while pressing to do the opposite."),
    "minus",
)
CONNECTED = ButtonRow(
    QT_TRANSLATE_NOOP("CanvasPanel", "Connected only"),
    QT_TRANSLATE_NOOP("CanvasPanel", "Contiguous area only."),
    "connected",
)
LINEAR = ButtonRow(
    QT_TRANSLATE_NOOP("CanvasPanel", "Along a line"),
    QT_TRANSLATE_NOOP("CanvasPanel", "Linear fade from the start of the drag to its end."),
    "linear",
)
RADIAL = ButtonRow(
    QT_TRANSLATE_NOOP("CanvasPanel", "In circles"),
    QT_TRANSLATE_NOOP("CanvasPanel", "Radial fade outwards from the start of the drag."),
    "radial",
)
PRESSURE = ButtonRow(
    QT_TRANSLATE_NOOP("CanvasPanel", "Pen pressure"),
    QT_TRANSLATE_NOOP("CanvasPanel", "What the pressure of a pen changes."),
    "pen",
)
OVERLAY = ButtonRow(
    QT_TRANSLATE_NOOP("CanvasPanel", "Show or hide the mask"),
    QT_TRANSLATE_NOOP(
        "CanvasPanel", "The tint over the masked area. A hidden mask still has effect."
    ),
    "eye",
    "M",
    "toggle_overlay",
)
TINT = ButtonRow(
    QT_TRANSLATE_NOOP("CanvasPanel", "Tint of the mask"),
    QT_TRANSLATE_NOOP("CanvasPanel", "Its colour and opacity."),
    "chevron-down",
)
COMPARE = ButtonRow(
    QT_TRANSLATE_NOOP("CanvasPanel", "Compare"),
    QT_TRANSLATE_NOOP("CanvasPanel", "Hold to see the image before the last generation."),
    "compare",
    "C",
)
DRAG_OUT = ButtonRow(
    QT_TRANSLATE_NOOP("CanvasPanel", "Drag the image out"),
    QT_TRANSLATE_NOOP(
        "CanvasPanel", "To a folder or another program. A click copies it to the clipboard."
    ),
    "export",
)
FIT = ButtonRow(
    QT_TRANSLATE_NOOP("CanvasPanel", "Fit"),
    QT_TRANSLATE_NOOP("CanvasPanel", "Fit the whole image into the view."),
    "zoom-fit",
    "0",
    "fit",
)
ACTUAL_SIZE = ButtonRow(
    QT_TRANSLATE_NOOP("CanvasPanel", "100 %"),
    QT_TRANSLATE_NOOP("CanvasPanel", "One image pixel per screen pixel."),
    "zoom-actual",
    "1",
    "actual_size",
)


class OptionsBar(OverflowRow):
    """Shows and changes the state of `view`. Each tool shows its own options."""

    def __init__(self, view: CanvasView) -> None:
        super().__init__(QBoxLayout.Direction.LeftToRight)
        self.view = view
        self._size, self._hardness = AmountSlider(1, SIZE_MAX), AmountSlider(0, 100)
        self._size.slider.setRange(0, SLIDER_STEPS)
        self._flow, self._tolerance = AmountSlider(1, 100), AmountSlider(0, 100)
        self._add, self._subtract = self._pair(ADD, SUBTRACT, "subtract")
        self._linear, self._radial = self._pair(LINEAR, RADIAL, "radial")
        self._connected = IconButton(CONNECTED, self, checkable=True)
        self._connected.clicked.connect(lambda on: view.adjust(connected=on))
        self._pressure = IconButton(PRESSURE, self)
        pop_up(self._pressure, PressureMenu(view, self))
        self._usage = PlainLabel()
        self._usage.setObjectName("caption")
        self._overlay, self._compare = self._button(OVERLAY), self._button(COMPARE)
        self._tint = IconButton(TINT, self)
        pop_up(self._tint, TintMenu(view, self))
        self._line, self._zoom = line(QFrame.Shape.VLine), PlainLabel()
        self._fit, self._actual_size = self._button(FIT), self._button(ACTUAL_SIZE)
        self._carry = DragOutButton(view, self)
        self._lay_out()
        self._wire()
        self.retranslate()
        self._show_tool()

    def _button(self, row: ButtonRow) -> IconButton:
        button = IconButton(row, self)
        if row.run:
            button.clicked.connect(getattr(self.view, row.run))
        return button

    def _pair(self, off: ButtonRow, on: ButtonRow, option: str) -> tuple[IconButton, IconButton]:
        """Two exclusive buttons for an option that is off or on."""
        group = QButtonGroup(self)
        buttons = []
        for value, row in enumerate((off, on)):
            button = IconButton(row, self, tool=True)
            group.addButton(button)
            button.clicked.connect(self._chooser(option, bool(value)))
            buttons.append(button)
        return buttons[0], buttons[1]

    def _chooser(self, option: str, value: bool) -> Callable[[], None]:
        return lambda: self.view.adjust(**{option: value})

    def _amounts(self) -> Iterable[AmountSlider]:
        return self._size, self._hardness, self._flow, self._tolerance

    def _lay_out(self) -> None:
        row = self.line
        row.setSpacing(6)
        row.setContentsMargins(6, 6, 6, 6)
        for widget in self._add, self._subtract, self._linear, self._radial:
            row.addWidget(widget)
        for amount in self._amounts():
            row.addWidget(amount.label)
            row.addWidget(amount.slider, 3)
            row.addWidget(amount.number)
        for widget in self._connected, self._pressure, self._usage:
            row.addWidget(widget)
        row.addStretch(1)
        for widget in self._overlay, self._tint, self._compare, self._carry:
            row.addWidget(widget)
        row.addWidget(self._line)
        row.addWidget(self._zoom)
        row.addWidget(self._fit)
        row.addWidget(self._actual_size)
        self._tint.setFixedWidth(20)
        self.set_optional(
            (self._usage,),
            tuple(amount.slider for amount in self._amounts()),
            (self._line, self._zoom),
            (self._flow.label, self._flow.number, self._pressure),
            (self._hardness.label, self._hardness.number),
            (self._tolerance.label,),
            (self._carry,),
            (self._tint,),
            # These have keys, and are in the menu.
            (self._actual_size,),
            (self._fit,),
        )

    def _wire(self) -> None:
        view, document = self.view, self.view.document
        self._compare.pressed.connect(lambda: view.set_comparing(True))
        self._compare.released.connect(lambda: view.set_comparing(False))
        self._size.number.valueChanged.connect(lambda size: view.adjust(size=size))
        self._size.slider.valueChanged.connect(lambda step: view.adjust(size=_size_at(step)))
        for name, amount in (
            ("hardness", self._hardness),
            ("flow", self._flow),
            ("tolerance", self._tolerance),
        ):
            for control in amount.slider, amount.number:
                control.valueChanged.connect(self._setter(name))
        self._zoom.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._zoom.setMinimumWidth(self._zoom.fontMetrics().horizontalAdvance("6400 %"))
        view.tool_changed.connect(self._show_tool)
        view.options_changed.connect(self._show_options)
        for signal in view.overlay_visible_changed, view.zoom_changed, document.replaced:
            signal.connect(self._show_view)

    def _setter(self, name: str) -> Callable[[int], None]:
        return lambda value: self.view.adjust(**{name: value})

    # --- showing ---

    def _show_tool(self) -> None:
        paint = (*self._size.widgets, *self._hardness.widgets, *self._flow.widgets, self._pressure)
        area = self._add, self._subtract
        direction = self._linear, self._radial
        fill = (*self._tolerance.widgets, self._connected)
        tool = self.view.tool
        own = {
            Tool.BRUSH: paint,
            Tool.ERASER: paint,
            Tool.RECTANGLE: area,
            Tool.LASSO: area,
            Tool.FILL: (*area, *fill),
            Tool.GRADIENT: (*area, *direction),
            Tool.EXTEND: (),
            Tool.PAN: (),
        }[tool]
        usage = TOOLS[tool].usage
        self._usage.setText(translated(usage) if usage else "")
        absent = {*paint, *area, *direction, *fill} - set(own)
        if not usage:
            absent.add(self._usage)
        if self.view.document.frame is None:  # there is nothing to zoom
            absent |= {self._line, self._zoom}
        self.set_absent(absent)
        self._show_options()
        self._show_view()

    def _show_options(self) -> None:
        options = self.view.options
        with QSignalBlocker(self._size.number), QSignalBlocker(self._size.slider):
            self._size.number.setValue(options.size)
            if _size_at(self._size.slider.value()) != options.size:
                self._size.slider.setValue(_step_of(options.size))
        for amount, value in (
            (self._hardness, options.hardness),
            (self._flow, options.flow),
            (self._tolerance, options.tolerance),
        ):
            with QSignalBlocker(amount.number), QSignalBlocker(amount.slider):
                amount.number.setValue(value)
                amount.slider.setValue(value)
        (self._subtract if options.subtract else self._add).setChecked(True)
        (self._radial if options.radial else self._linear).setChecked(True)
        self._connected.setChecked(options.connected)

    def _show_view(self) -> None:
        view, document = self.view, self.view.document
        self._overlay.setIcon(icon("eye" if view.overlay_visible else "eye-off"))
        self._compare.setEnabled(document.before is not None)
        shown = document.frame is not None
        if shown == (self._zoom in self.absent):
            self._show_tool()
        self._carry.setEnabled(document.image is not None)
        self._fit.setEnabled(shown)
        self._actual_size.setEnabled(shown)
        self._zoom.setText(_percent(view.zoom) if shown else "")

    def retranslate(self) -> None:
        for button in self.findChildren(IconButton):
            button.retranslate()
        self._size.set_texts(
            self.tr("Size"),
            self.tr("Brush size"),
            self.tr("Brush size in pixels of the image ([ and ])"),
            self.tr(" px"),
        )
        self._hardness.set_texts(
            self.tr("Hardness"),
            self.tr("Brush hardness"),
            self.tr("Brush hardness: how crisp its edge is (Shift+[ and Shift+])"),
            self.tr(" %"),
        )
        self._flow.set_texts(
            self.tr("Flow"),
            self.tr("Brush flow"),
            self.tr("How much one stroke masks; below 100 %, strokes build up (Ctrl+[ and Ctrl+])"),
            self.tr(" %"),
        )
        self._tolerance.set_texts(
            self.tr("Tolerance"),
            self.tr("Colour tolerance"),
            self.tr("How much a colour may differ from the one you click"),
            self.tr(" %"),
        )
        self._zoom.setToolTip(self.tr("Zoom. The wheel changes it, at the pointer (+ and -)"))

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslate()
            self._show_tool()


class DragOutButton(IconButton):
    """Drags the image out; a press without movement is a click, which copies it."""

    def __init__(self, view: CanvasView, parent: QWidget) -> None:
        super().__init__(DRAG_OUT, parent)
        self._view = view
        self._from: QPointF | None = None
        self.clicked.connect(view.copy_requested)
        view.drag_out.ended.connect(self._cancel_press)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        super().mousePressEvent(event)
        self._from = event.position() if event.button() == Qt.MouseButton.LeftButton else None

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        way = None if self._from is None else event.position() - self._from
        if way is None:
            super().mouseMoveEvent(event)
        elif way.manhattanLength() >= QApplication.startDragDistance():
            self._cancel_press()
            self._view.begin_drag_out()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._view.end_drag_out()
        super().mouseReleaseEvent(event)

    def _cancel_press(self) -> None:
        self._from = None
        self.setDown(False)


def _size_at(step: int) -> int:
    return round(1 + (SIZE_MAX - 1) * (step / SLIDER_STEPS) ** 2)


def _step_of(size: int) -> int:
    return round(SLIDER_STEPS * ((size - 1) / (SIZE_MAX - 1)) ** 0.5)


def _percent(zoom: float) -> str:
    return f"{zoom * 100:.0f} %" if zoom >= 0.1 else f"{zoom * 100:.1f} %"
