"""Small panels that float at the edges of the canvas."""

from __future__ import annotations

from enum import Enum, auto

from PySide6.QtCore import QEvent, QSize, QSizeF, Qt
from PySide6.QtWidgets import (
    QBoxLayout,
    QButtonGroup,
    QFrame,
    QGridLayout,
    QLabel,
    QLayout,
    QSizePolicy,
    QToolButton,
    QWidget,
)

from ldm_studio.canvas.document.mask_views import MaskView, MaskViews
from ldm_studio.look.icons import icon
from ldm_studio.look.plain_label import PlainLabel
from ldm_studio.look.theme import GRID
from ldm_studio.translation import QT_TRANSLATE_NOOP

from .canvas_controls import native, translated

MARGIN = GRID  # logical pixels to the edge of the canvas
ICON = QSize(14, 14)


class FloatingPanel(QFrame):
    """A row of controls with its own background, hidden until needed."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("floating")
        self.setCursor(Qt.CursorShape.ArrowCursor)
        self.row = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        self.row.setContentsMargins(GRID, 4, 4, 4)
        self.row.setSpacing(4)
        self.hide()

    def caption(self, text: str = "") -> QLabel:
        """A label in the row."""
        made = PlainLabel(text)
        made.setObjectName("caption")
        self.row.addWidget(made)
        return made


def float_over(view: QWidget, widget: FloatingPanel, edge: Qt.AlignmentFlag, row: int = 0) -> None:
    """Keeps `widget` at an edge or in a corner of `view` without affecting its size. Widgets with a
    higher `row` are below.
    """
    grid = view.layout()
    if grid is None:
        grid = QGridLayout(view)
        grid.setContentsMargins(MARGIN, MARGIN, MARGIN, MARGIN)
        grid.setSizeConstraint(QLayout.SizeConstraint.SetNoConstraint)
        grid.setRowStretch(0, 1)
    assert isinstance(grid, QGridLayout)
    grid.addWidget(widget, row, 0, edge)


class SwitchLayout(Enum):
    """The largest layout first."""

    ROW = auto()
    COLUMN = auto()
    ONE = auto()


class ViewSwitch(FloatingPanel):
    """Chooses which mask is shown, and says what it is."""

    VIEW_TEXTS = (
        (
            MaskView.PAINTED,
            QT_TRANSLATE_NOOP("CanvasPanel", "Painted"),
            QT_TRANSLATE_NOOP("CanvasPanel", "The mask as it was painted."),
        ),
        (
            MaskView.LATENT,
            QT_TRANSLATE_NOOP("CanvasPanel", "Latent"),
            QT_TRANSLATE_NOOP(
                "CanvasPanel",
                "The latent cells that change, each by its most strongly masked pixel.",
            ),
        ),
        (
            MaskView.BLEND,
            QT_TRANSLATE_NOOP("CanvasPanel", "Blend"),
            QT_TRANSLATE_NOOP(
                "CanvasPanel",
                "How much of the result is pasted over the image, after growing and blurring the "
                "mask. Without tint, not one byte changes.",
            ),
        ),
    )

    def __init__(self, views: MaskViews) -> None:
        super().__init__()
        self._views = views
        self._form = SwitchLayout.ROW
        self.row.setContentsMargins(4, 4, 4, 4)
        self._group = QButtonGroup(self)
        self.buttons: dict[MaskView, QToolButton] = {}
        for view, _, _ in self.VIEW_TEXTS:
            button = QToolButton()
            button.setCheckable(True)
            button.setProperty("segment", True)
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
            button.clicked.connect(lambda _=False, view=view: self._press(view))
            self._group.addButton(button)
            self.row.addWidget(button)
            self.buttons[view] = button
        views.changed.connect(self.show_state)
        self.show_state()

    def arrange(self, room: QSizeF, image: QSizeF) -> None:
        """Uses the largest layout that leaves a fitted image free: a row, a column, or one button
        for the current view that switches to the next.
        """
        scale = min(room.width() / image.width(), room.height() / image.height())
        beside = (room.width() - image.width() * scale) / 2
        above = (room.height() - image.height() * scale) / 2
        for form in SwitchLayout:
            self._form = form
            self.show_state()
            hint = self.sizeHint()
            if beside >= hint.width() + MARGIN or above >= hint.height() + MARGIN:
                return

    def show_state(self) -> None:
        self.setAccessibleName(self.tr("Mask view"))
        across = self._form is not SwitchLayout.COLUMN
        self.row.setDirection(
            QBoxLayout.Direction.LeftToRight if across else QBoxLayout.Direction.TopToBottom
        )
        for view, text, tip in self.VIEW_TEXTS:
            button, more = self.buttons[view], ""
            if view is MaskView.LATENT:
                more = f"\n{self._size()}"
            button.setText(translated(text))
            button.setAccessibleName(translated(text))
            button.setToolTip(f"{translated(text)} ({native('V')})\n{translated(tip)}{more}")
            button.setVisible(self._form is not SwitchLayout.ONE or view is self._views.view)
        self.buttons[self._views.view].setChecked(True)
        self.row.activate()

    def _press(self, view: MaskView) -> None:
        if self._form is SwitchLayout.ONE:
            self._views.next_view()
        else:
            self._views.choose(view)

    def _size(self) -> str:
        found = self._views.used
        if found is None:
            return ""
        rows, columns = found.cells.shape
        width, height = found.usage.drawn
        across, down = found.region.size
        return self.tr(
            "{columns} × {rows} cells of {factor} pixels: {across} × {down} image pixels, "
            "processed at {width} × {height}."
        ).format(
            columns=columns, rows=rows, factor=found.usage.factor, across=across, down=down,
            width=width, height=height,
        )  # fmt: skip

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self.show_state()


class Badge(FloatingPanel):
    """A remark on the image."""

    def __init__(self, name: str) -> None:
        """`name` of its icon."""
        super().__init__()
        self._sign = PlainLabel()
        self._name = name
        self._texts, self._short, self._has_room = ("", ""), False, True
        self.row.setContentsMargins(GRID, 4, GRID, 4)
        self.row.addWidget(self._sign)
        self.label = PlainLabel()
        self.row.addWidget(self.label)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._draw()

    def show_text(self, text: str, short: str = "") -> None:
        """Hides it without text. `short`: a shorter text for little room."""
        self._texts = text, short or text
        self.label.setText(self._texts[1 if self._short else 0])
        self.setAccessibleName(text)
        self.setVisible(bool(text) and self._has_room)

    def fit(self, *, short: bool, at_all: bool = True) -> None:
        """Sets how much room there is."""
        self._short, self._has_room = short, at_all
        self.show_text(*self._texts)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._draw()

    def _draw(self) -> None:
        self._sign.setPixmap(icon(self._name).pixmap(ICON, self.devicePixelRatioF()))
