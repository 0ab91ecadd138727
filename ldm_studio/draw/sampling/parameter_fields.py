"""The control of a parameter, chosen by its type in the table."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractSpinBox, QCheckBox, QComboBox, QSpinBox, QWidget

from core.request.parameter import Parameter
from ldm_studio.draw.models.refiner_box import RefinerBox
from ldm_studio.draw.models.vae_box import VaeBox
from ldm_studio.store.binding import Binding, bind
from ldm_studio.store.parameter_texts import choice_title, text_of
from ldm_studio.store.store import StudioStore
from ldm_studio.widgets.fields import (
    NumberBox,
    OptionalNumber,
    SeedEdit,
    SegmentedControl,
    SliderField,
)

from .sigmas_edit import SigmasEdit

_LARGEST_INT = 2**31 - 1
"""The largest value of a spin box."""
_FEW = 2
"""This many choices are shown side by side."""

SPECIAL: Mapping[str, Callable[[StudioStore], QWidget]] = {"vae": VaeBox, "refiner": RefinerBox}
"""Parameters that are chosen from files."""


class ChoiceBox(QComboBox):
    """A choice with an explanation for each value."""

    def __init__(self, row: Parameter) -> None:
        super().__init__()
        self.changed = self.currentIndexChanged
        self.setMinimumContentsLength(6)
        for i, (value, choice) in enumerate((row.choices or {}).items()):
            self.addItem(choice_title(row, value), value)
            self.setItemData(i, text_of(choice.help), Qt.ItemDataRole.ToolTipRole)

    def value(self) -> Any:
        return self.currentData()

    def set_value(self, value: Any) -> None:
        self.setCurrentIndex(self.findData(value))


class CheckBox(QCheckBox):
    """Yes or no."""

    def __init__(self, row: Parameter) -> None:
        super().__init__(text_of(row.title))
        self.changed = self.toggled
        self.setToolTip(text_of(row.help))

    def value(self) -> bool:
        return self.isChecked()

    def set_value(self, value: bool) -> None:
        self.setChecked(value)


class IntBox(QSpinBox):
    """A whole number without a slider."""

    def __init__(self, row: Parameter) -> None:
        super().__init__(minimum=int(row.low), maximum=int(row.high), singleStep=int(row.step))
        self.changed = self.valueChanged
        self.setButtonSymbols(QAbstractSpinBox.ButtonSymbols.NoButtons)
        self.setKeyboardTracking(False)
        self.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.setFixedWidth(self.fontMetrics().horizontalAdvance("0000") + 12)  # frame, padding

    def set_value(self, value: int) -> None:
        self.setValue(value)


def field_for(row: Parameter, store: StudioStore) -> Any:
    """The control, unbound: a QWidget with `value()`, `set_value(value)` and `changed`."""
    if row.name in SPECIAL:
        return SPECIAL[row.name](store)
    if row.choices is not None:
        titled = all(choice.title for choice in row.choices.values())
        if titled and len(row.choices) <= _FEW:
            return SegmentedControl([
                (value, choice_title(row, value), text_of(choice.help))
                for value, choice in row.choices.items()
            ])  # fmt: skip
        return ChoiceBox(row)
    if row.kind is bool:
        return CheckBox(row)
    if row.kind is tuple:
        return SigmasEdit()
    if row.unset:
        return OptionalNumber(text_of(row.unset), row.low, row.high)
    if row.kind is int and row.high > _LARGEST_INT:
        return SeedEdit()
    if row.useful is not None:
        low = row.clamp(row.low)
        return SliderField(low, row.high, row.useful, step=row.step, decimals=row.decimals)
    if row.kind is int:
        return IntBox(row)
    return NumberBox(row.low, row.high, row.step, row.decimals)


def bind_field(store: StudioStore, row: Parameter, field: Any) -> Binding:
    """Binds a parameter to its control, both ways."""

    def get() -> Any:
        value = field.value()
        if row.optional and not row.unset and value == store.automatic(row.name):
            return None
        return row.default if value is None and not row.optional else row.kind_of(value)

    def put(value: Any) -> None:
        if row.optional and value is None and not row.unset:
            value = store.automatic(row.name)
            if value is None:
                return  # the sampler has no such option, and the control is hidden
        field.set_value(None if row.unset and not row.optional and not value else value)

    return bind(store, row.name, field, get, put, field.changed)
