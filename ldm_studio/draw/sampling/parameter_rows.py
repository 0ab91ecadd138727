"""Rows of controls for parameters of the table, visible while they have an effect."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCheckBox, QGridLayout, QHBoxLayout, QLineEdit, QWidget

from core.request.parameter import Parameter
from ldm_studio.look.plain_label import PlainLabel
from ldm_studio.look.theme import GRID
from ldm_studio.store.binding import Binding
from ldm_studio.store.parameter_texts import described, text_of
from ldm_studio.store.store import StudioStore
from ldm_studio.translation import translate
from ldm_studio.widgets.fields import Caption, NumberBox

from .parameter_fields import bind_field, field_for


class ParameterRows:
    """The names of the parameters in one column, their controls in another."""

    def __init__(
        self,
        store: StudioStore,
        grid: QGridLayout,
        parameters: Sequence[Parameter],
        problems: Mapping[str, QWidget] | None = None,
    ) -> None:
        """`problems`: labels below the row of a parameter."""
        self.parameters = tuple(parameters)
        self.names = tuple(row.name for row in parameters)
        self.fields: dict[str, Any] = {row.name: field_for(row, store) for row in parameters}
        self._store = store
        self._rows: list[tuple[tuple[Parameter, ...], Caption | None, QWidget]] = []
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(GRID)
        grid.setColumnStretch(1, 1)
        for together in _together(self.parameters):
            self._add(grid, together, problems or {})
        self._bindings: list[Binding] = [
            bind_field(store, row, self.fields[row.name]) for row in parameters
        ]

    def control(self, name: str) -> QWidget:
        """The contents of a parameter's row, which it may share."""
        return next(
            control for rows, _, control in self._rows if name in [row.name for row in rows]
        )

    def caption_width(self) -> int:
        """The width of the widest name, visible or not."""
        captions = [caption for _, caption, _ in self._rows if caption is not None]
        return max((caption.sizeHint().width() for caption in captions), default=0)

    def refresh(self) -> list[str]:
        """Shows the parameters with an effect; returns those that are not at their default, with
        their value."""
        context = self._store.context
        for binding, row in zip(self._bindings, self.parameters, strict=True):
            if row.optional:
                binding.refresh()  # the automatic value may have changed
        for rows, caption, control in self._rows:
            shown = any(row.applies(context) for row in rows)
            for widget in filter(None, (caption, control)):
                widget.setVisible(shown)
        edited = self._store.edited(self.names)
        return [
            described(row, getattr(self._store, row.name))
            for row in self.parameters
            if row.name in edited
        ]

    def reset(self, names: Sequence[str] | None = None) -> None:
        names = self.names if names is None else names
        self._store.reset(*names)
        if "sigmas" in names:
            self.fields["sigmas"].set_value(())  # and their problems

    def _add(
        self, grid: QGridLayout, rows: tuple[Parameter, ...], problems: Mapping[str, QWidget]
    ) -> None:
        first, at = rows[0], grid.rowCount()
        if self._rows and self._rows[-1][0][0].group != first.group:
            grid.setRowMinimumHeight(at, GRID // 2)
            at += 1
        fields = [self.fields[row.name] for row in rows]
        control = fields[0] if len(rows) == 1 else _side_by_side(rows, fields)
        caption = None
        if not isinstance(control, QCheckBox):
            names = tuple(row.name for row in rows)
            title, tip = text_of(first.row or first.title), text_of(first.help)
            caption = Caption(title, control, tip, partial(self.reset, names))
            grid.addWidget(caption, at, 0)
        grid.addWidget(control, at, 1)
        problem = problems.get(first.name) or getattr(fields[0], "problem", None)
        if problem is not None:
            grid.addWidget(problem, at + 1, 1)
        self._rows.append((rows, caption, control))


def _together(parameters: Sequence[Parameter]) -> list[tuple[Parameter, ...]]:
    """The parameters of one row."""
    found: list[tuple[Parameter, ...]] = []
    for row in parameters:
        if row.follows and found:
            found[-1] = (*found[-1], row)
        else:
            found.append((row,))
    return found


def _side_by_side(rows: Sequence[Parameter], fields: Sequence[QWidget]) -> QWidget:
    holder = QWidget()
    line = QHBoxLayout(holder)
    line.setContentsMargins(0, 0, 0, 0)
    line.setSpacing(GRID)
    size = rows[0].name.endswith("width")
    for i, (row, field) in enumerate(zip(rows, fields, strict=True)):
        if i:
            line.addWidget(PlainLabel("×" if size else translate("ParameterRows", "to")))
        line.addWidget(field, 1)
        field.setAccessibleName(text_of(row.title))
        field.setToolTip(text_of(row.help))
        if isinstance(field, NumberBox | QLineEdit):
            field.setAlignment(Qt.AlignmentFlag.AlignCenter)
    holder.setFocusProxy(fields[0])
    return holder
