"""The outpainting bar: shows the sides as numbers, and extends the image."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPoint, QSize, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QBoxLayout, QFrame, QGridLayout, QToolButton, QWidget

from ldm_studio.canvas.tools.outpaint_frame import OutpaintFrame
from ldm_studio.canvas.tools.tools import Tool
from ldm_studio.canvas.view.canvas_view import CanvasView
from ldm_studio.look.icons import icon
from ldm_studio.look.plain_label import PlainLabel
from ldm_studio.look.theme import GRID

from .canvas_controls import native
from .floating_panel import FloatingPanel
from .outpaint_fields import SIDES, OutpaintFields
from .overflow_row import OverflowRow

ICON = QSize(16, 16)


class _Line(OverflowRow):
    """As long as its contents if there is room."""

    def sizeHint(self) -> QSize:
        return QSize(self.need(0), super().sizeHint().height())


class NumbersPopup(QFrame):
    """All numbers, if the bar has no room for them. Enter and Esc close it."""

    def __init__(self, extending: OutpaintFrame, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setObjectName("floating")
        self.fields = OutpaintFields(extending, self, in_words=True)
        grid = QGridLayout(self)
        grid.setContentsMargins(GRID, GRID, GRID, GRID)
        grid.setSpacing(4)
        for row, (name, control) in enumerate(self.fields.controls.items()):
            grid.addWidget(self.fields.labels[name], row, 0)
            grid.addWidget(control, row, 1)

    def open_above(self, widget: QWidget) -> None:
        room, size = widget.screen().availableGeometry(), self.sizeHint()
        corner = widget.mapToGlobal(QPoint(0, -2)) - QPoint(0, size.height())
        left = min(max(room.left(), corner.x()), room.right() + 1 - size.width())
        self.move(left, max(room.top(), corner.y()))
        self.show()
        self.fields.sides["left"].setFocus(Qt.FocusReason.TabFocusReason)  # selects it

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Keys that no control inside has handled."""
        if event.key() in (Qt.Key.Key_Escape, Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.close()
        else:
            super().keyPressEvent(event)


class OutpaintBar(FloatingPanel):
    """Visible while the outpainting tool is selected."""

    def __init__(self, view: CanvasView) -> None:
        super().__init__()
        self._view = view
        self.fields = OutpaintFields(view.outpaint_frame, self)
        self.result, self.numbers, self.extend = PlainLabel(), QToolButton(), QToolButton()
        self.popup = NumbersPopup(view.outpaint_frame, self)
        self.result.setObjectName("caption")
        self.extend.setIcon(icon("check"))
        self.extend.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        for button in self.numbers, self.extend:
            button.setProperty("framed", True)
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            button.setIconSize(ICON)
        folding, labels, controls = self._line(), self.fields.labels, self.fields.controls
        groups = (("overlap",), ("fill",), SIDES)
        folding.set_optional(
            *([w for name in group for w in (labels[name], controls[name])] for group in groups),
            (self.result,),
            instead=self.numbers,
        )
        self.numbers.clicked.connect(lambda: self.popup.open_above(self.numbers))
        self.extend.clicked.connect(self._extend)
        view.outpaint_frame.changed.connect(self._show_state)
        view.tool_changed.connect(self._show_state)
        view.document.replaced.connect(self._show_state)
        self.retranslate()
        self._show_state()

    def _line(self) -> OverflowRow:
        folding = _Line(QBoxLayout.Direction.LeftToRight)
        line = folding.line
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(4)
        self.row.addWidget(folding)
        for name, control in self.fields.controls.items():
            line.addWidget(self.fields.labels[name])
            line.addWidget(control)
        line.addWidget(self.result)
        line.addStretch(1)
        line.addWidget(self.numbers)
        line.addWidget(self.extend)
        return folding

    def _extend(self) -> None:
        self._view.setFocus(Qt.FocusReason.OtherFocusReason)  # the bar is going to hide
        self._view.extend()

    def _show_state(self) -> None:
        extending, document = self._view.outpaint_frame, self._view.document
        if document.frame is not None:
            width, height = extending.whole(document.frame)
            self.result.setText(f"{width} × {height}")
        self.extend.setEnabled(not extending.extension.is_none and document.paintable)
        self.setVisible(self._view.tool is Tool.EXTEND and document.paintable)

    def retranslate(self) -> None:
        self.setAccessibleName(self.tr("Extend the image"))
        self.popup.setAccessibleName(self.tr("Extend the image"))
        name = self.tr("Numbers")
        self.numbers.setText(name)
        self.numbers.setAccessibleName(name)
        tip = self.tr("How far each side is extended, what fills it, and how far both overlap")
        self.numbers.setToolTip(f"{name}\n{tip}")
        self.extend.setText(self.tr("Extend"))
        self.extend.setAccessibleName(self.tr("Extend by this"))
        tip = self.tr("Add the new part and mask it; then generate it.")
        self.extend.setToolTip(f"{self.tr('Extend')} ({native('Return')})\n{tip}")

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslate()
