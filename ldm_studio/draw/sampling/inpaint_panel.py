"""The inpainting settings, visible if a mask has an effect."""

from __future__ import annotations

from PySide6.QtWidgets import QGridLayout, QLineEdit, QVBoxLayout, QWidget

from core.request.parameters import PARAMETERS, in_panel
from ldm_studio.look.plain_label import PlainLabel
from ldm_studio.look.theme import GRID
from ldm_studio.store.binding import bind
from ldm_studio.store.model_limits import side_problem
from ldm_studio.store.parameter_texts import text_of
from ldm_studio.store.store import StudioStore
from ldm_studio.widgets.collapsible import Collapsible
from ldm_studio.widgets.fields import mark_wrong

from .parameter_rows import ParameterRows


class InpaintSection(QWidget):
    """Rows in two columns, aligned with those of the panel around it."""

    def __init__(self, store: StudioStore) -> None:
        super().__init__()
        self._store = store
        self.problem = PlainLabel(wordWrap=True)
        self.problem.setObjectName("wrong")
        self.finer = Collapsible(
            self.tr("Advanced mask options"), self.tr("Show or hide the seldom used mask options.")
        )
        upper, lower = self._grids = QGridLayout(), QGridLayout(self.finer.body)
        self.rows = ParameterRows(store, upper, in_panel("inpaint"), {"area": self.problem})
        self.mask_rows = ParameterRows(store, lower, in_panel("mask"))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID)
        column.addLayout(upper)
        column.addWidget(self.finer)
        toggle = self.finer.toggle
        bind(store, "finer_open", toggle, toggle.isChecked, toggle.setChecked, toggle.toggled)
        self.finer.reset.clicked.connect(lambda: self.mask_rows.reset())
        store.modified.connect(self._refresh)
        store.run_changed.connect(self._refresh)
        self._refresh()

    def caption_width(self) -> int:
        return max(self.rows.caption_width(), self.mask_rows.caption_width())

    def set_caption_width(self, width: int) -> None:
        for grid in self._grids:
            grid.setColumnMinimumWidth(0, width)

    def _refresh(self, _changed: object = None) -> None:
        """Shows the parameters that apply and their problems, and marks those that are not at
        their default."""
        store = self._store
        self.setVisible(store.masks)
        self.rows.refresh()
        self.finer.show_changed(self.mask_rows.refresh())
        model, (width, height) = store.run.model, store.drawn_size
        cropped = store.applies("area_width")
        problem = store.problem() if store.masks else ""
        self.problem.setText(
            self.tr("Process at: {problem}").format(problem=problem) if cropped else problem
        )
        self.problem.setVisible(bool(problem))
        for name, side, own in (("area_width", width, "width"), ("area_height", height, "height")):
            field = self.mask_rows.fields[name]
            assert isinstance(field, QLineEdit)
            mark_wrong(field, cropped and bool(side_problem("", side, model)))
            field.setPlaceholderText(
                str(getattr(model, own)) if model else text_of(PARAMETERS[name].unset)
            )
