"""Controls of panels: captions that reset, sliders with numbers, seeds, segmented controls."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from PySide6.QtCore import QEvent, QObject, QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QKeyEvent, QMouseEvent
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QButtonGroup,
    QComboBox,
    QDoubleSpinBox,
    QHBoxLayout,
    QLayout,
    QLayoutItem,
    QLineEdit,
    QMenu,
    QSizePolicy,
    QSlider,
    QSpinBox,
    QToolButton,
    QWidget,
)

from core.request.parameters import MAX_SEED
from ldm_studio.look.icons import icon
from ldm_studio.look.plain_label import PlainLabel
from ldm_studio.look.theme import GRID
from ldm_studio.translation import joined


class Caption(PlainLabel):
    """The name of a control. Double click, or its menu, resets the control to its default."""

    def __init__(
        self, text: str, control: QWidget, tip: str, reset: Callable[[], None] | None = None
    ) -> None:
        super().__init__(text)
        self.setObjectName("caption")
        self.setBuddy(control)
        self._control, self._tip, self._reset = control, tip, reset
        self._hint = ""
        hint = self.tr("Double-click the name to reset it.") if reset else ""
        self.setToolTip(joined(tip, hint))
        for widget in (control, *control.findChildren(QWidget)):
            widget.setToolTip(widget.toolTip() or tip)
            if not widget.accessibleName():
                widget.setAccessibleName(text.replace("&", ""))

    def add_hint(self, hint: str) -> None:
        """Adds a line about the chosen model to the tooltip."""
        self._hint = hint
        if self._control.isEnabled():
            self.disable("")

    def disable(self, reason: str) -> None:
        """Disables the control, with the reason in the tooltip; enables it without a reason."""
        for widget in (self, self._control):
            widget.setEnabled(not reason)
        self._control.setAccessibleDescription(reason)
        for widget in (self._control, *self._control.findChildren(QWidget)):
            widget.setToolTip(reason or "\n".join(filter(None, (self._tip, self._hint))))

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if self._reset is not None:
            self._reset()
        event.accept()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        if self._reset is None:
            return
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        name = self.text().replace("&", "")
        menu.addAction(self.tr("Reset “{name}”").format(name=name), self._reset)
        menu.popup(event.globalPos())


class WheelGuard(QObject):
    """Lets a control in a scrolling column use the wheel only while it has the focus."""

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if (
            event.type() == QEvent.Type.Wheel
            and isinstance(watched, QWidget)
            and not watched.hasFocus()
        ):
            event.ignore()
            return True
        return False

    def guard(self, root: QWidget) -> None:
        """Guards every such control inside `root`."""
        kinds = (QAbstractSpinBox, QSlider, QComboBox)
        for widget in root.findChildren(QWidget):
            if isinstance(widget, kinds):
                widget.setFocusPolicy(widget.focusPolicy() & Qt.FocusPolicy.StrongFocus)
                widget.installEventFilter(self)


class TypedNumbers(QObject):
    """Commits a number that is being typed when a shortcut is pressed, such as Generate's."""

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if (
            event.type() == QEvent.Type.ShortcutOverride
            and isinstance(event, QKeyEvent)
            and event.modifiers() & Qt.KeyboardModifier.ControlModifier
            and isinstance(watched, QAbstractSpinBox)
        ):
            watched.interpretText()
        return False

    def watch(self, root: QWidget) -> None:
        """Watches every number field inside `root`."""
        for box in root.findChildren(QAbstractSpinBox):
            box.installEventFilter(self)


class NumberBox(QDoubleSpinBox):
    """A number with as many decimals as it needs, and a minimum number of them."""

    MAX_DECIMALS = 6

    def __init__(self, low: float, high: float, step: float, decimals: int) -> None:
        """`decimals` are shown even if they are zeros."""
        super().__init__()
        self.changed = self.valueChanged
        self._least = decimals
        self.setDecimals(self.MAX_DECIMALS)
        self.setRange(low, high)
        self.setSingleStep(step)
        self.setButtonSymbols(QAbstractSpinBox.ButtonSymbols.NoButtons)
        self.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.setKeyboardTracking(False)

    def set_value(self, value: float) -> None:
        self.setValue(value)

    def textFromValue(self, value: float) -> str:  # noqa: N802
        whole, _, decimals = f"{value:.{self.MAX_DECIMALS}f}".partition(".")
        shown = decimals.rstrip("0").ljust(self._least, "0")
        return f"{whole}{self.locale().decimalPoint()}{shown}" if shown else whole


class OptionalNumber(QLineEdit):
    """A number or nothing; the placeholder says what nothing means. Invalid text is not used."""

    changed = Signal()

    def __init__(self, placeholder: str, low: float, high: float) -> None:
        super().__init__()
        self.setPlaceholderText(placeholder)
        self._low, self._high = low, high
        self._value: float | None = None
        self.textEdited.connect(self._edited)
        self.editingFinished.connect(self._show)

    def value(self) -> float | None:
        return self._value

    def set_value(self, value: float | None) -> None:
        self._value = value
        self._show()

    def _edited(self, text: str) -> None:
        try:
            value = float(text.replace(",", ".")) if text.strip() else None
        except ValueError:
            mark_wrong(self, True)
            return
        fits = value is None or self._low <= value <= self._high
        mark_wrong(self, not fits)
        if fits and value != self._value:
            self._value = value
            self.changed.emit()

    def _show(self) -> None:
        self.setText("" if self._value is None else brief(self._value))
        mark_wrong(self, False)


def brief(number: float) -> str:
    """The number with all of its digits and no others."""
    return repr(float(number)).removesuffix(".0")


def mark_wrong(widget: QWidget, wrong: bool) -> None:
    """Shows or hides the look of an invalid value."""
    if bool(widget.property("wrong")) != wrong:
        widget.setProperty("wrong", wrong)
        widget.style().polish(widget)


class SliderField(QWidget):
    """A slider over the useful range and a number field over the whole range."""

    changed = Signal()

    def __init__(
        self,
        low: float,
        high: float,
        slider: tuple[float, float],
        *,
        step: float = 1.0,
        decimals: int = 0,
    ) -> None:
        """`step` is what one notch of the slider and one arrow key change."""
        super().__init__()
        self._step = step
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setRange(round(slider[0] / step), round(slider[1] / step))
        self.slider.setFocusPolicy(Qt.FocusPolicy.ClickFocus)  # keys change the number beside it
        self.slider.setPageStep(max(1, round((slider[1] - slider[0]) / step / 10)))
        self.number: QSpinBox | NumberBox
        if decimals:
            self.number = NumberBox(low, high, step, decimals)
        else:
            self.number = QSpinBox()
            self.number.setRange(int(low), int(high))
            self.number.setSingleStep(int(step))
            self.number.setButtonSymbols(QAbstractSpinBox.ButtonSymbols.NoButtons)
            self.number.setAlignment(Qt.AlignmentFlag.AlignRight)
            self.number.setKeyboardTracking(False)
        self.number.setFixedWidth(self.fontMetrics().horizontalAdvance("0000.0") + GRID)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(GRID)
        row.addWidget(self.slider, 1)
        row.addWidget(self.number)
        self.setFocusProxy(self.number)
        self.slider.valueChanged.connect(self._slid)
        self.number.valueChanged.connect(self._typed)
        self._typed()

    def value(self) -> float | int:
        return self.number.value()

    def set_useful(self, low: float, high: float) -> None:
        """Sets the slider's range."""
        self.slider.blockSignals(True)  # a number beyond the slider must not be pulled back
        self.slider.setRange(round(low / self._step), round(high / self._step))
        self.slider.setValue(round(self.number.value() / self._step))
        self.slider.blockSignals(False)

    def set_value(self, value: float) -> None:
        self.number.setValue(value)  # type: ignore[arg-type]  # an int for an int field

    def _slid(self, notch: int) -> None:
        value = notch * self._step
        if round(self.number.value() / self._step) != notch:
            self.set_value(int(value) if isinstance(self.number, QSpinBox) else value)

    def _typed(self) -> None:
        notch = round(self.number.value() / self._step)
        self.slider.blockSignals(True)  # a number beyond the slider must not be pulled back
        self.slider.setValue(notch)
        self.slider.blockSignals(False)
        self.changed.emit()


class SeedEdit(QLineEdit):
    """A whole number from 0 to 2^64 - 1, more than a spin box can hold."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__("0")
        self.setMaxLength(len(str(MAX_SEED)))
        self._value = 0
        self.textEdited.connect(self._edited)
        self.editingFinished.connect(self._show)

    def value(self) -> int:
        return self._value

    def set_value(self, value: int) -> None:
        self._value = value
        self._show()

    def _edited(self, text: str) -> None:
        digits = "".join(char for char in text if char in "0123456789")
        if digits != text:
            place = self.cursorPosition() - (len(text) - len(digits))
            self.setText(digits)
            self.setCursorPosition(max(0, place))
        if digits:
            self._value = min(int(digits), MAX_SEED)
            self.changed.emit()

    def _show(self) -> None:
        if self.text() != str(self._value):
            self.setText(str(self._value))
            self.setCursorPosition(0)


def row_height(widget: QWidget) -> int:
    """The height of every row in a panel, that of a combo box, so that rows are evenly spaced."""
    return max(28, widget.fontMetrics().height() + 10)


class SegmentedControl(QWidget):
    """A few exclusive choices side by side."""

    changed = Signal()

    def __init__(self, choices: Sequence[tuple[Any, str, str]]) -> None:
        """`choices`: (value, text, tooltip)."""
        super().__init__()
        self._values = [value for value, _, _ in choices]
        self._group = QButtonGroup(self)
        self.setObjectName("segments")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        row = QHBoxLayout(self)
        row.setContentsMargins(2, 2, 2, 2)
        row.setSpacing(2)
        for i, (_, text, tip) in enumerate(choices):
            button = QToolButton()
            button.setText(text)
            button.setCheckable(True)
            button.setToolTip(tip)
            button.setAccessibleName(text)
            button.setProperty("segment", True)
            button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
            button.setFixedHeight(row_height(self) - 4)
            self._group.addButton(button, i)
            row.addWidget(button, 1)
        self._group.button(0).setChecked(True)
        self._group.idToggled.connect(self._toggled)

    def value(self) -> Any:
        return self._values[self._group.checkedId()]

    def set_value(self, value: Any) -> None:
        self._group.button(self._values.index(value)).setChecked(True)

    def button(self, value: Any) -> QToolButton:
        found = self._group.button(self._values.index(value))
        assert isinstance(found, QToolButton)
        return found

    def _toggled(self, _id: int, checked: bool) -> None:
        if checked:
            self.changed.emit()


def tool_button(
    name: str, label: str, tip: str, *, checkable: bool = False, framed: bool = False
) -> QToolButton:
    """A button with an icon alone; `label` is its accessible name."""
    button = QToolButton()
    button.setToolTip(tip)
    button.setCheckable(checkable)
    button.setIcon(icon(name))
    button.setIconSize(QSize(18, 18))
    button.setAccessibleName(label)
    button.setProperty("framed", framed)
    return button


class FlowLayout(QLayout):
    """Items from left to right, in as many rows as the width requires."""

    def __init__(self, spacing: int) -> None:
        super().__init__()
        self.setContentsMargins(0, 0, 0, 0)
        self.setSpacing(spacing)
        self._items: list[QLayoutItem] = []

    def addItem(self, item: QLayoutItem) -> None:  # noqa: N802
        self._items.append(item)

    def count(self) -> int:
        return len(self._items)

    def itemAt(self, index: int) -> QLayoutItem | None:  # noqa: N802  # type: ignore[override]  # None ends
        return self._items[index] if 0 <= index < len(self._items) else None

    def takeAt(self, index: int) -> QLayoutItem | None:  # noqa: N802  # type: ignore[override]  # None ends
        return self._items.pop(index) if 0 <= index < len(self._items) else None

    def expandingDirections(self) -> Qt.Orientation:  # noqa: N802
        return Qt.Orientation(0)

    def hasHeightForWidth(self) -> bool:  # noqa: N802
        return True

    def heightForWidth(self, width: int) -> int:  # noqa: N802
        return self._arrange(QRect(0, 0, width, 0), move=False)

    def setGeometry(self, rect: QRect) -> None:  # noqa: N802
        super().setGeometry(rect)
        self._arrange(rect, move=True)

    def sizeHint(self) -> QSize:
        return self.minimumSize()

    def minimumSize(self) -> QSize:  # noqa: N802
        size = QSize()
        for item in self._items:
            size = size.expandedTo(item.minimumSize())
        return size

    def _arrange(self, rect: QRect, *, move: bool) -> int:
        x, y, row = rect.x(), rect.y(), 0
        for item in self._items:
            hint = item.sizeHint()
            if x > rect.x() and x + hint.width() > rect.right() + 1:
                x, y, row = rect.x(), y + row + self.spacing(), 0
            if move:
                item.setGeometry(QRect(QPoint(x, y), hint))
            x += hint.width() + self.spacing()
            row = max(row, hint.height())
        return y + row - rect.y()
