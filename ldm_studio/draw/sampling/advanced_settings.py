"""The advanced parameters, collapsed by default."""

from __future__ import annotations

from PySide6.QtWidgets import QGridLayout

from core.request.parameters import in_panel
from ldm_studio.look.plain_label import PlainLabel
from ldm_studio.store.binding import bind
from ldm_studio.store.run_state import RunState
from ldm_studio.store.store import StudioStore
from ldm_studio.translation import translate
from ldm_studio.widgets.collapsible import Collapsible

from .parameter_rows import ParameterRows


class MoreSection(Collapsible):
    """One row for each parameter that applies."""

    def __init__(self, store: StudioStore) -> None:
        super().__init__(
            translate("MoreSection", "More"),
            translate("MoreSection", "Show or hide the seldom used settings."),
        )
        self._store = store
        self._model = store.run.model
        self.range_problem = PlainLabel(
            self.tr("The first must be below the second."), wordWrap=True
        )
        self.range_problem.setObjectName("wrong")
        self._grid = QGridLayout(self.body)
        self.rows = ParameterRows(
            store, self._grid, in_panel("more"), {"sigma_min": self.range_problem}
        )
        toggle = self.toggle
        bind(store, "more_open", toggle, toggle.isChecked, toggle.setChecked, toggle.toggled)
        self.reset.clicked.connect(lambda: self.rows.reset())
        store.modified.connect(self._modified)
        store.run_changed.connect(self._on_run)
        store.needs_vae_changed.connect(self._refresh)
        self._refresh()

    def caption_width(self) -> int:
        return self.rows.caption_width()

    def set_caption_width(self, width: int) -> None:
        self._grid.setColumnMinimumWidth(0, width)

    def _modified(self, name: str) -> None:
        if name in self.rows.names or name in ("sampler", "schedule"):
            self._refresh()

    def _on_run(self, run: RunState) -> None:
        if run.model is not self._model:  # which may not support some of them
            self._model = run.model
            self._refresh()

    def _refresh(self) -> None:
        """Shows the parameters that apply, and marks those that are not at their default."""
        store = self._store
        low, high = store.sigma_min, store.sigma_max
        crossed = low is not None and high is not None and low >= high
        self.show_changed(self.rows.refresh())
        self.range_problem.setVisible(crossed and store.applies("sigma_min"))
