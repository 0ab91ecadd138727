"""Number fields for the sides of an outpainting."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QSignalBlocker, Qt
from PySide6.QtWidgets import QComboBox, QSpinBox, QWidget

from core.images.outpainting import Fill
from core.request.parameters import MAX_SIDE
from ldm_studio.canvas.tools.outpaint_frame import OutpaintFrame
from ldm_studio.look.plain_label import PlainLabel

SIDES = ("left", "top", "right", "bottom")
FILLS: tuple[Fill, ...] = ("edge", "mirror", "noise")
MAX_OVERLAP = 256


class OutpaintFields(QObject):
    """Controls with their labels, by name, for `holder` to lay out. Sides are arrows or words."""

    def __init__(
        self, extending: OutpaintFrame, holder: QWidget, *, in_words: bool = False
    ) -> None:
        super().__init__(holder)
        self._extending, self._in_words = extending, in_words
        self.sides = {name: _number(holder, MAX_SIDE) for name in SIDES}
        self.fill, self.overlap = QComboBox(), _number(holder, MAX_OVERLAP)
        for fill in FILLS:
            self.fill.addItem("", fill)
        self.controls: dict[str, QSpinBox | QComboBox] = {
            **self.sides,
            "fill": self.fill,
            "overlap": self.overlap,
        }
        self.labels = {name: PlainLabel() for name in self.controls}
        for name, label in self.labels.items():
            label.setObjectName("caption")
            label.setBuddy(self.controls[name])
        for name, box in self.sides.items():
            box.valueChanged.connect(lambda value, name=name: extending.set_side(name, value))
        self.overlap.valueChanged.connect(lambda value: extending.change(overlap=value))
        self.fill.currentIndexChanged.connect(
            lambda: extending.change(fill=self.fill.currentData())
        )
        extending.changed.connect(self.show_state)
        holder.installEventFilter(self)
        self.retranslate()
        self.show_state()

    def show_state(self) -> None:
        extending = self._extending
        extension = extending.extension
        for name, box in self.sides.items():
            with QSignalBlocker(box):
                box.setSingleStep(extending.unit)
                box.setValue(getattr(extension.border, name))
        with QSignalBlocker(self.overlap), QSignalBlocker(self.fill):
            self.overlap.setValue(extension.overlap)
            self.fill.setCurrentIndex(FILLS.index(extension.fill))

    def retranslate(self) -> None:
        pixels = self.tr("Pixels to add at this side")
        fill = self.tr("The initial content of the new part; a strength below 1 keeps some of it")
        overlap = self.tr("Pixels of the old image that are inpainted as well, so that both blend")
        words = {
            "left": ("←", self.tr("Left"), pixels),
            "top": ("↑", self.tr("Top"), pixels),
            "right": ("→", self.tr("Right"), pixels),
            "bottom": ("↓", self.tr("Bottom"), pixels),
            "fill": (self.tr("Fill"), self.tr("Fill"), fill),
            "overlap": (self.tr("Overlap"), self.tr("Overlap"), overlap),
        }
        for key, (text, name, tip) in words.items():
            self.labels[key].setText(name if self._in_words else text)
            self.controls[key].setAccessibleName(name)
            self.controls[key].setToolTip(f"{name}\n{tip}")
        self.fill.view().setAccessibleName(self.tr("Fill"))
        fills = self.tr("Edge colours"), self.tr("Mirrored"), self.tr("Noise")
        for index, text in enumerate(fills):
            self.fill.setItemText(index, text)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslate()
        return False


def _number(holder: QWidget, most: int) -> QSpinBox:
    box = QSpinBox(minimum=0, maximum=most)
    box.setButtonSymbols(QSpinBox.ButtonSymbols.NoButtons)
    box.setAlignment(Qt.AlignmentFlag.AlignCenter)
    box.setKeyboardTracking(False)
    box.setFixedWidth(holder.fontMetrics().horizontalAdvance("00000") + 12)
    return box
