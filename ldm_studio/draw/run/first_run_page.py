"""The first-run page over the empty canvas; gone for good after the first image."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QEvent, QObject, QRect, QSize, Qt, Signal
from PySide6.QtGui import QIcon, QPainter, QPaintEvent, QPixmap, QRegion
from PySide6.QtWidgets import QBoxLayout, QLabel, QPushButton, QToolButton, QVBoxLayout, QWidget

from ldm_studio.canvas.view.layer_painting import paint_surround
from ldm_studio.look.icons import RESOURCES, icon
from ldm_studio.look.plain_label import PlainLabel
from ldm_studio.look.tab_order import tab_through
from ldm_studio.look.theme import GRID
from ldm_studio.widgets.fields import FlowLayout

IMAGES = RESOURCES / "first"
PROMPTS = {
    "1-heart": "a red heart",
    "2-cat": "a cat, 3d",
    "3-rocket": "a rocket, flat",
    "4-pizza": "pizza, flat",
    "5-owl": "an owl, 3d",
    "6-apple": "a blue apple",
}
"""The prompts of the images in IMAGES, made by the default model."""
SIDE = 72
"""Logical pixels of an image on its button."""
BUTTON = SIDE + 5 * GRID
GALLERY = 3 * BUTTON + 2 * GRID
WIDTH = 460
STEP = 8
"""Logical pixels by which a text is narrowed."""
FOCUS_EDGE = 2
"""Logical pixels at the edge of the canvas for its focus frame."""


class FirstRunPage(QWidget):
    """Three ways to start. It covers the canvas, its parent."""

    prompt_chosen = Signal(str)
    """Generate this."""
    models_requested = Signal()
    """Choose a folder of models."""
    image_requested = Signal()
    """Choose an image to start from."""

    def __init__(self, canvas: QWidget) -> None:
        super().__init__(canvas)
        self.setAccessibleName(self.tr("How to begin"))
        self.title = PlainLabel(wordWrap=True)
        self.title.setObjectName("title")
        self.title.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self.examples = [self._example(name, prompt) for name, prompt in PROMPTS.items()]
        self.gallery = QWidget()
        flow = FlowLayout(GRID)
        self.gallery.setLayout(flow)
        for button in self.examples:
            flow.addWidget(button)
        self.about = PlainLabel(
            self.tr(
                "The model that comes with LDM Studio understands English and makes small emoji "
                "of single things: hearts, animals, food, faces, in any colour you name. It is "
                "not made for photographs, people, lettering or scenes. For those, use a model of "
                "your own."
            ),
            wordWrap=True,
        )
        self.about.setObjectName("caption")
        self.about.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self.models = QPushButton(icon("folder"), self.tr("Use My Models…"))
        self.models.setToolTip(
            self.tr(
                "Add a folder of checkpoints, also of AUTOMATIC1111, ComfyUI or InvokeAI. Nothing "
                "is copied."
            )
        )
        self.image = QPushButton(icon("image"), self.tr("Open an Image…"))
        self.image.setToolTip(
            self.tr(
                "Start from an image, or restore the recipe it contains. You can also drop "
                "one here."
            )
        )
        self.drop = PlainLabel(self.tr("or drop one here"))
        self.drop.setObjectName("caption")
        self._row = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._row.setSpacing(GRID)
        self._row.addStretch(1)
        for widget in (self.models, self.image, self.drop):
            self._row.addWidget(widget)
        self._row.addStretch(1)
        self._column = QWidget(self)
        column = QVBoxLayout(self._column)
        column.setContentsMargins(GRID, GRID, GRID, GRID)
        column.setSpacing(2 * GRID)
        column.addWidget(self.title)
        column.addWidget(self.gallery, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addWidget(self.about, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addLayout(self._row)
        self.models.clicked.connect(self.models_requested)
        self.image.clicked.connect(self.image_requested)
        tab_through((canvas, *self.examples, self.models, self.image))
        canvas.installEventFilter(self)
        self._fit()
        self.show()

    def leave(self) -> None:
        """Hides it for good."""
        self.hide()
        self.deleteLater()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize and watched is self.parent():
            self._fit()
        return False

    def paintEvent(self, event: QPaintEvent) -> None:
        paint_surround(QPainter(self), QRegion(self.rect()), self.palette())

    def _example(self, name: str, prompt: str) -> QToolButton:
        button = QToolButton()
        button.setText(prompt)
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextUnderIcon)
        button.setIcon(_image(IMAGES / f"{name}.png", self.devicePixelRatioF()))
        button.setIconSize(QSize(SIDE, SIDE))
        button.setFixedWidth(BUTTON)
        button.setToolTip(self.tr("Generate it again, slightly different each time."))
        button.setAccessibleName(self.tr("Generate {prompt}").format(prompt=prompt))
        button.setProperty("framed", True)
        button.clicked.connect(lambda: self.prompt_chosen.emit(prompt))
        return button

    def _fit(self) -> None:
        """As large as the canvas, with the column centred; hides parts without room."""
        canvas = self.parent()
        assert isinstance(canvas, QWidget)
        edge = FOCUS_EDGE
        self.setGeometry(canvas.rect().adjusted(edge, edge, -edge, -edge))
        width = min(WIDTH, self.width())
        ways_in = self.models.sizeHint().width() + self.image.sizeHint().width()
        beside = width >= ways_in + 4 * GRID
        ways = QBoxLayout.Direction
        self._row.setDirection(ways.LeftToRight if beside else ways.TopToBottom)
        self.drop.setVisible(width >= ways_in + self.drop.sizeHint().width() + 4 * GRID)
        self.gallery.setFixedWidth(min(GALLERY, max(1, width - 2 * GRID)))
        flow = self.gallery.layout()
        assert flow is not None
        self.gallery.setFixedHeight(flow.heightForWidth(self.gallery.width()))
        for gallery, about in ((True, True), (True, False), (False, True), (False, False)):
            self.gallery.setVisible(gallery)
            self.title.setText(
                self.tr("Type what you want to see, or try one of these:")
                if gallery
                else self.tr("Type what you want to see.")
            )
            self.about.setVisible(about)
            self.about.setMinimumWidth(0)  # which it would be measured with
            self.about.setFixedWidth(balanced(self.about, width - 2 * GRID))
            height = self._column.heightForWidth(width)
            if height <= self.height():
                break
        left = (self.width() - width) // 2
        top = max(0, (self.height() - height) // 2)
        self._column.setGeometry(QRect(left, top, width, min(height, self.height())))


def balanced(label: QLabel, most: int) -> int:
    """The minimum width in which its text has no more lines than within `most`: avoids single words
    in a line.
    """
    lines, width = label.heightForWidth(most), most
    while width > most // 2 and label.heightForWidth(width - STEP) == lines:
        width -= STEP
    return width


def _image(path: Path, ratio: float) -> QIcon:
    """Scaled down smoothly."""
    wanted = round(SIDE * ratio)
    smooth = Qt.TransformationMode.SmoothTransformation
    kept = Qt.AspectRatioMode.KeepAspectRatio
    pixmap = QPixmap(str(path)).scaled(wanted, wanted, kept, smooth)
    pixmap.setDevicePixelRatio(ratio)
    return QIcon(pixmap)
