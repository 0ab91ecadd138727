"""The menus behind the buttons of the canvas."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QSignalBlocker, QSize, Qt
from PySide6.QtGui import QAction, QColor, QIcon, QPainter, QPixmap
from PySide6.QtWidgets import (
    QButtonGroup,
    QHBoxLayout,
    QMenu,
    QSlider,
    QSpinBox,
    QToolButton,
    QVBoxLayout,
    QWidget,
    QWidgetAction,
)

from core.images.mask_morphology import RADIUS_MAX
from ldm_studio.canvas.view.canvas_view import CanvasView
from ldm_studio.look.plain_label import PlainLabel

from .canvas_controls import native

SWATCH = 20  # logical pixels
# Visible on skin, sky, leaves, ink and paper; the first is the default.
TINTS = ("#ff14af", "#ff3b30", "#ff9f0a", "#34c759", "#0a84ff", "#bf5af2", "#ffffff", "#000000")


def pop_up(button: QToolButton, menu: QMenu) -> None:
    """Opens `menu` when the button is pressed, without an arrow next to the icon."""
    button.setMenu(menu)
    button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
    button.setStyleSheet("QToolButton::menu-indicator { width: 0; image: none; }")


class MaskMenu(QMenu):
    """Commands for the whole mask that have no button."""

    def __init__(
        self,
        view: CanvasView,
        open_file: Callable[[], None],
        save_file: Callable[[], None],
        parent: QWidget,
    ) -> None:
        super().__init__(parent)
        self._view = view
        self._radius = QSpinBox()
        self._radius.setRange(1, RADIUS_MAX)
        self._radius.setSuffix(self.tr(" px"))
        self._radius.setButtonSymbols(QSpinBox.ButtonSymbols.NoButtons)
        self._radius.setAlignment(Qt.AlignmentFlag.AlignRight)
        self._radius.setAccessibleName(self.tr("Radius"))
        self._radius.setToolTip(self.tr("The radius of growing, shrinking and feathering"))
        self._radius.valueChanged.connect(lambda radius: view.adjust(radius=radius))
        self.addAction(_holding(self, _row(PlainLabel(self.tr("By")), self._radius)))
        self._needs_mask = [
            self._add(self.tr("Grow"), view.grow_mask, "."),
            self._add(self.tr("Shrink"), view.shrink_mask, ","),
            self._add(self.tr("Feather"), view.feather_mask, "/"),
        ]
        self.addSeparator()
        self._needs_image = [
            self._add(self.tr("Mask everything"), view.fill_mask, "A"),
        ]
        self._from_alpha = self._add(self.tr("Mask transparent pixels"), view.mask_transparent)
        self.addSeparator()
        self._needs_image.append(self._add(self.tr("Mask from an image…"), open_file))
        self._needs_mask.append(self._add(self.tr("Save the mask as…"), save_file))
        self.aboutToShow.connect(self._refresh)

    def _add(self, text: str, run: Callable[[], None], keys: str = "") -> QAction:
        # The keys belong to the canvas: shown next to the text, not registered with the window.
        action = self.addAction(f"{text}\t{native(keys)}" if keys else text)
        action.triggered.connect(run)
        return action

    def _refresh(self) -> None:
        document = self._view.document
        with QSignalBlocker(self._radius):
            self._radius.setValue(self._view.options.radius)
        for action in self._needs_mask:
            action.setEnabled(self._view.masked)
        for action in self._needs_image:
            action.setEnabled(document.paintable)
        self._from_alpha.setEnabled(document.alpha is not None and document.paintable)


class PressureMenu(QMenu):
    """What pen pressure changes."""

    def __init__(self, view: CanvasView, parent: QWidget) -> None:
        super().__init__(parent)
        self._view = view
        self._size = self.addAction(self.tr("Pressure changes the size"))
        self._flow = self.addAction(self.tr("Pressure changes the flow"))
        for action in self._size, self._flow:
            action.setCheckable(True)
        self._size.toggled.connect(lambda on: view.adjust(pressure_size=on))
        self._flow.toggled.connect(lambda on: view.adjust(pressure_flow=on))
        self.aboutToShow.connect(self._refresh)

    def _refresh(self) -> None:
        options = self._view.options
        with QSignalBlocker(self._size), QSignalBlocker(self._flow):
            self._size.setChecked(options.pressure_size)
            self._flow.setChecked(options.pressure_flow)


class TintMenu(QMenu):
    """The colour of the mask's tint, and its opacity."""

    def __init__(self, view: CanvasView, parent: QWidget) -> None:
        super().__init__(parent)
        self._view = view
        self._swatches = QButtonGroup(self)
        row = []
        for number, color in enumerate(TINTS):
            swatch = QToolButton()
            swatch.setIcon(_swatch(QColor(color)))
            swatch.setIconSize(QSize(SWATCH, SWATCH))
            swatch.setCheckable(True)
            swatch.setAutoRaise(True)
            name = self.tr("Tint {color}").format(color=color)
            swatch.setAccessibleName(name)
            swatch.setToolTip(name)
            self._swatches.addButton(swatch, number)
            row.append(swatch)
        self._swatches.idClicked.connect(self._choose)
        self._opacity = QSlider(Qt.Orientation.Horizontal)
        self._opacity.setRange(10, 90)
        self._opacity.setAccessibleName(self.tr("Opacity of the tint"))
        self._opacity.setToolTip(self.tr("Opacity of the tint over the image"))
        self._opacity.valueChanged.connect(lambda p: self._set(view.tint[0], p / 100))
        column = QWidget()
        stack = QVBoxLayout(column)
        stack.setContentsMargins(4, 4, 4, 4)
        stack.addWidget(_row(*row))
        stack.addWidget(_row(PlainLabel(self.tr("Opacity")), self._opacity))
        self.addAction(_holding(self, column))
        self.aboutToShow.connect(self._refresh)

    def _choose(self, number: int) -> None:
        self._set(QColor(TINTS[number]), self._view.tint[1])

    def _set(self, color: QColor, opacity: float) -> None:
        self._view.tint = color, opacity
        self._view.overlay_visible = True

    def _refresh(self) -> None:
        color, opacity = self._view.tint
        with QSignalBlocker(self._opacity):
            self._opacity.setValue(round(100 * opacity))
        for swatch in self._swatches.buttons():
            swatch.setChecked(TINTS[self._swatches.id(swatch)] == color.name())


def _row(*widgets: QWidget) -> QWidget:
    holder = QWidget()
    row = QHBoxLayout(holder)
    row.setContentsMargins(8, 2, 8, 2)
    row.setSpacing(4)
    for widget in widgets:
        row.addWidget(widget)
    return holder


def _holding(menu: QMenu, widget: QWidget) -> QWidgetAction:
    action = QWidgetAction(menu)
    action.setDefaultWidget(widget)
    return action


def _swatch(color: QColor) -> QIcon:
    pixmap = QPixmap(2 * SWATCH, 2 * SWATCH)
    pixmap.setDevicePixelRatio(2)
    pixmap.fill(Qt.GlobalColor.transparent)
    with QPainter(pixmap) as painter:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QColor(128, 128, 128))
        painter.setBrush(color)
        painter.drawEllipse(2, 2, SWATCH - 4, SWATCH - 4)
    return QIcon(pixmap)
