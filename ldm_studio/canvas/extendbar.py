"""Says in numbers how the picture is extended, and extends it."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QSignalBlocker, QSize, Qt
from PySide6.QtWidgets import QBoxLayout, QComboBox, QLabel, QSpinBox, QToolButton

from core.outpainting import Fill
from core.request import MAX_SIDE
from ldm_studio.canvas.controls import native
from ldm_studio.canvas.floating import Floating
from ldm_studio.canvas.folding import Folding
from ldm_studio.canvas.tools import Tool
from ldm_studio.canvas.view import CanvasView
from ldm_studio.look.theme import icon

SIDES = ("left", "top", "right", "bottom")
FILLS: tuple[Fill, ...] = ("edge", "mirror", "noise")
MAX_OVERLAP = 256


class _Line(Folding):
    """As long as all of it, where there is room."""

    def sizeHint(self) -> QSize:
        return QSize(self.need(0), super().sizeHint().height())


class ExtendBar(Floating):
    """There while the tool is in hand."""

    def __init__(self, view: CanvasView) -> None:
        super().__init__()
        self._view = view
        self._labels = {name: QLabel() for name in (*SIDES, "fill", "overlap")}
        self.sides = {name: self._number(MAX_SIDE) for name in SIDES}
        self.fill, self.overlap = QComboBox(), self._number(MAX_OVERLAP)
        self.result, self.extend = QLabel(), QToolButton()
        self.result.setObjectName("caption")
        for fill in FILLS:
            self.fill.addItem("", fill)
        controls = {**self.sides, "fill": self.fill, "overlap": self.overlap}
        folding = _Line(QBoxLayout.Direction.LeftToRight)
        line = folding.line
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(4)
        self.row.addWidget(folding)
        for name, control in controls.items():
            self._labels[name].setObjectName("caption")
            self._labels[name].setBuddy(control)
            line.addWidget(self._labels[name])
            line.addWidget(control)
        self.extend.setProperty("framed", True)
        self.extend.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.extend.setIcon(icon("check"))
        self.extend.setIconSize(QSize(16, 16))
        self.extend.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        line.addWidget(self.result)
        line.addWidget(self.extend)
        # Without the numbers there are still the edges to drag.
        groups = (("overlap",), ("fill",), SIDES)
        folding.set_optional(
            *(
                [w for name in group for w in (self._labels[name], controls[name])]
                for group in groups
            ),
            (self.result,),
        )
        self._wire()
        self.retranslate()
        self._show_state()

    def _number(self, most: int) -> QSpinBox:
        box = QSpinBox(minimum=0, maximum=most)
        box.setButtonSymbols(QSpinBox.ButtonSymbols.NoButtons)
        box.setAlignment(Qt.AlignmentFlag.AlignCenter)
        box.setKeyboardTracking(False)
        box.setFixedWidth(self.fontMetrics().horizontalAdvance("00000") + 12)
        return box

    def _wire(self) -> None:
        extending = self._view.extending
        for name, box in self.sides.items():
            box.valueChanged.connect(lambda value, name=name: extending.set_side(name, value))
        self.overlap.valueChanged.connect(lambda value: extending.change(overlap=value))
        self.fill.currentIndexChanged.connect(
            lambda: extending.change(fill=self.fill.currentData())
        )
        self.extend.clicked.connect(self._view.extend)
        extending.changed.connect(self._show_state)
        self._view.tool_changed.connect(self._show_state)
        self._view.document.replaced.connect(self._show_state)

    def _show_state(self) -> None:
        extending, document = self._view.extending, self._view.document
        extension = extending.extension
        for name, box in self.sides.items():
            with QSignalBlocker(box):
                box.setSingleStep(extending.unit)
                box.setValue(getattr(extension.border, name))
        with QSignalBlocker(self.overlap), QSignalBlocker(self.fill):
            self.overlap.setValue(extension.overlap)
            self.fill.setCurrentIndex(FILLS.index(extension.fill))
        frame, border = document.frame, extension.border
        if frame is not None:
            width, height = frame
            width, height = width + border.left + border.right, height + border.top + border.bottom
            self.result.setText(f"{width} × {height}")
        self.extend.setEnabled(not extension.is_none and document.paintable)
        self.setVisible(self._view.tool is Tool.EXTEND and document.paintable)

    def retranslate(self) -> None:
        self.setAccessibleName(self.tr("Extend the picture"))
        pixels = self.tr("Pixels to add at this side")
        words = {
            "left": ("←", self.tr("Left"), pixels),
            "top": ("↑", self.tr("Top"), pixels),
            "right": ("→", self.tr("Right"), pixels),
            "bottom": ("↓", self.tr("Bottom"), pixels),
            "fill": (
                self.tr("Fill"),
                self.tr("Fill"),
                self.tr("What the new part starts from: less than full strength keeps some of it"),
            ),
            "overlap": (
                self.tr("Overlap"),
                self.tr("Overlap"),
                self.tr("Pixels of the old picture that are drawn anew, so that both join"),
            ),
        }
        controls = {**self.sides, "fill": self.fill, "overlap": self.overlap}
        for key, (text, name, tip) in words.items():
            self._labels[key].setText(text)
            controls[key].setAccessibleName(name)
            controls[key].setToolTip(f"<b>{name}</b><br>{tip}")
        self.fill.view().setAccessibleName(self.tr("Fill"))
        fills = self.tr("Edge colours"), self.tr("Mirrored"), self.tr("Noise")
        for index, text in enumerate(fills):
            self.fill.setItemText(index, text)
        self.extend.setText(self.tr("Extend"))
        self.extend.setAccessibleName(self.tr("Extend by this"))
        tip = self.tr("Add the new part and mask it; Generate then draws it.")
        self.extend.setToolTip(f"<b>{self.tr('Extend')}</b> ({native('Return')})<br>{tip}")

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslate()
