"""The history page: search above, filters left, images in the middle, details right."""

from __future__ import annotations

import time

from PySide6.QtCore import QEvent, QPoint, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QHideEvent,
    QKeyEvent,
    QResizeEvent,
    QShowEvent,
)
from PySide6.QtWidgets import (
    QHBoxLayout,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from core.errors import StudioError
from ldm_studio.draw.run.notice_bar import NoticeBar
from ldm_studio.history.lineage import Lineage
from ldm_studio.history.query_language import Query
from ldm_studio.history.query_terms import toggled, with_term
from ldm_studio.history.results import Details

from .collections_controller import CollectionsController
from .compare_view import ComparePane
from .compare_window import CompareController
from .context_menu import build_menu
from .details_panel import DetailsPanel
from .export_dialog import Exporter
from .file_operations import Deletion, FileOperations
from .filter_counts import FilterCounts, count_filters
from .filter_panel import FilterPanel
from .grid_keys import command_of, keys_of
from .history_texts import digits, images
from .image_list_model import ImageListModel, Stage
from .open_history import Indexing, Library
from .placeholder import Placeholder
from .progress_line import ProgressLine
from .query_worker import QueryWorker
from .reuse_part import ReusePart
from .search_bar import SearchBar
from .selection import ImageSelection
from .side_panels import MIN_GRID_WIDTH, SidePanels
from .thumbnail_grid import ThumbnailGrid
from .thumbnail_loader import ThumbnailLoader

FACETS_WIDTH = 196
_CHANGED_MS = 120
_DETAILS_MS = 30
_IMPORT_SECONDS = 2.0
"""How often the results of a running import are shown."""


class HistoryPage(QWidget):
    """Emits signals for what concerns the canvas; handles everything else itself."""

    left = Signal()
    """Return to the canvas."""
    details_shown = Signal(int)

    def __init__(self, library: Library, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("history")
        self.library = library
        self._is_stale = True
        self._target_id: int | None = None
        self._next_row: int | None = None
        self._shown_at = 0.0
        self.lists = QueryWorker(lambda: library.history.reader(), library.invoker)
        self.background_queries = QueryWorker(lambda: library.history.reader(), library.invoker)
        # Counting the results of a broad search takes a while; other queries must not wait for it.
        self.counts = QueryWorker(lambda: library.history.reader(), library.invoker)
        self.loader = ThumbnailLoader(library.folder, library.invoker, self)
        self.model = ImageListModel(self.lists, self)
        self.notice = NoticeBar()
        self.file_operations = FileOperations(library, self.notice, self)
        self.collections_controller = CollectionsController(library, self.file_operations, self)
        self.exporter = Exporter(library, self.file_operations, self)
        self.bar = SearchBar(library, self.file_operations)
        self.search = self.bar.search
        self.grid = ThumbnailGrid(self.model, self.loader)
        self.selection = ImageSelection(
            self.grid, self.model, self.file_operations, self.collections_controller,
            self.exporter, self.background_queries, self._on_failed, self,
        )  # fmt: skip
        self.placeholder = Placeholder()
        self.filter_panel = FilterPanel()
        self.details = DetailsPanel(
            self.loader, library.inputs, self.selection.acts,
            lambda menu: self.collections_controller.fill_menu(menu, self.selection.ids),
        )  # fmt: skip
        self.compare = ComparePane()
        self.compare_controller = CompareController(library, self.compare, self)
        self.progress = ProgressLine(
            self.tr("Results so far are kept; the next scan continues from there.")
        )
        self.export_progress = ProgressLine(self.tr("Stop exporting"))
        self.keys = keys_of(
            self.selection,
            self.file_operations,
            self.library,
            search=self.to_search,
            escape=self.escape,
        )
        self._lay_out()
        self.side_panels = SidePanels(
            self.filter_panel, self.bar.filters, self.details, self.bar.details, self
        )
        self._changed = QTimer(self, singleShot=True, interval=_CHANGED_MS)
        self._changed.timeout.connect(self.refresh)
        self._details_soon = QTimer(self, singleShot=True, interval=_DETAILS_MS)
        self._details_soon.timeout.connect(self._ask_details)
        self._connect()
        self._update()

    # Building

    def _lay_out(self) -> None:
        self.filter_panel.setFixedWidth(FACETS_WIDTH)
        self.results = QStackedWidget()
        self.results.addWidget(self.grid)
        self.results.addWidget(self.placeholder)
        self.results.addWidget(self.compare)
        self.results.setMinimumWidth(MIN_GRID_WIDTH)  # comparing alone needs more, and has it
        middle = QVBoxLayout()
        middle.setContentsMargins(0, 0, 0, 0)
        middle.setSpacing(0)
        middle.addWidget(self.notice)
        middle.addWidget(self.results, 1)
        middle.addWidget(self.progress)
        middle.addWidget(self.export_progress)
        body = QHBoxLayout()
        body.setContentsMargins(0, 0, 0, 0)
        body.setSpacing(0)
        body.addWidget(self.filter_panel)
        body.addLayout(middle, 1)
        body.addWidget(self.details)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.bar)
        column.addLayout(body, 1)

    def _connect(self) -> None:
        library = self.library
        library.opened.connect(self._on_opened)
        library.failed.connect(self._on_failed)
        library.changed.connect(self._changed.start)
        library.indexing.connect(self._on_indexing)
        self.progress.cancelled.connect(library.cancel_indexing)
        self.exporter.progressed.connect(self.export_progress.show_exporting)
        self.export_progress.cancelled.connect(self.exporter.cancel)
        self.bar.back.clicked.connect(self.left)
        self.search.searched.connect(self._on_searched)
        self.search.left.connect(self._into_grid)
        self.bar.zoom.valueChanged.connect(lambda side: setattr(self.grid, "side", side))
        self.grid.side_changed.connect(self.bar.zoom.setValue)
        self.grid.opened.connect(lambda: self.selection.reuse(ReusePart.ALL))
        self.grid.selectionModel().selectionChanged.connect(self._on_selection)
        self.grid.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.grid.customContextMenuRequested.connect(self._menu)
        self.model.stage_changed.connect(self._update)
        self.model.sections_changed.connect(self._on_sections)
        self.filter_panel.toggled.connect(
            lambda term: self._search(toggled(self.search.text(), term))
        )
        self.filter_panel.excluded.connect(lambda term: self.filter(_negated(term)))
        self.filter_panel.chosen.connect(self._toggle_saved)
        self.filter_panel.removed.connect(lambda name: self.file_operations.save_search(name, ""))
        self.filter_panel.collected.connect(self.collections_controller.add)
        self.filter_panel.remove_from_collection_requested.connect(
            self.collections_controller.remove_members
        )
        self.filter_panel.new_requested.connect(self.collections_controller.ask_for_new)
        self.filter_panel.rename_requested.connect(self.collections_controller.ask_for_name)
        self.filter_panel.remove_requested.connect(self.collections_controller.remove)
        self.grid.arranged.connect(self._on_arranged)
        self.details.filtered.connect(self.filter)
        self.details.favoured.connect(self.selection.set_favourite)
        self.details.rated.connect(self.selection.rate)
        self.details.tagged.connect(self.selection.tag)
        self.details.untagged.connect(self.selection.untag)
        self.details.go_to_requested.connect(self.go_to)
        self.details.restore_requested.connect(self.selection.reuse_of)
        self.details.compare_requested.connect(self._compare_with)
        self.selection.described.connect(self._on_described)
        self.selection.compare_requested.connect(lambda ids: self.compare_controller.compare(*ids))
        self.compare_controller.shown.connect(self._on_compared)
        self.compare.left.connect(self._end_compare)
        self.file_operations.deleted.connect(self._on_deleted)
        self.placeholder.pressed.connect(self._on_message_pressed)

    def close_threads(self) -> None:
        """Returns when they have ended."""
        self.exporter.cancel()
        for part in (self.lists, self.background_queries, self.counts, self.loader):
            part.close()

    # What is shown

    def _on_opened(self) -> None:
        self.refresh()

    def _on_failed(self, error: StudioError) -> None:
        if self.library.is_open:
            self.notice.show_error(error.message, error.hint)
        self._update()

    def refresh(self) -> None:
        """Queries everything again; while hidden, when it is next shown."""
        if not self.library.is_open:
            self._update()
        elif not self.isVisible():
            self._is_stale = True
        else:
            self._is_stale = False
            self.loader.forget_bad()
            self.model.refresh()
            self._ask_facets()
            self._details_soon.start()

    def _on_indexing(self, state: Indexing | None) -> None:
        self.progress.show_indexing(state)
        now = time.monotonic()
        if state is not None and now - self._shown_at > _IMPORT_SECONDS:
            self._shown_at = now
            self.refresh()

    def _on_searched(self, query: Query) -> None:
        if self.library.is_open:
            self._end_compare()
            self.model.search(query)
            self._ask_facets()

    def _search(self, text: str) -> None:
        self.search.set_text_and_search(text)

    def _toggle_saved(self, query: str) -> None:
        self._search("" if self.search.text().strip() == query else query)

    def filter(self, term: str) -> None:
        """Adds this term to the search."""
        self._search(with_term(self.search.text(), term))

    def _ask_facets(self) -> None:
        query, text = self.search.query, self.search.text()

        def show(found: FilterCounts) -> None:
            self.collections_controller.known = found.collections
            self.filter_panel.show_groups(found.groups, text)

        self.counts.ask(
            "facets", lambda reader: count_filters(reader, query, text), show, self._on_failed
        )

    def _on_sections(self) -> None:
        if self._next_row is not None and self.selection.number == 0 and self.model.rowCount():
            row = min(self._next_row, self.model.rowCount() - 1)
            self.grid.go_to(int(self.model.ids[row]))
        self._next_row = None
        if self._target_id is not None and self.grid.go_to(self._target_id):
            self._target_id = None
        self._on_selection()

    def _update(self) -> None:
        """Shows the grid or the placeholder, and the number of images."""
        rows, stage = self.model.rowCount(), self.model.stage
        comparing = self.results.currentWidget() is self.compare
        if not self.library.is_open:
            self.placeholder.show_opening(self.library.error)
        elif stage is Stage.FAILED and self.model.error is not None:
            self.placeholder.show_error(self.model.error)
        elif rows == 0 and stage is Stage.DONE:
            self.placeholder.show_nothing(self.search.text())
        elif rows == 0:
            self.placeholder.show_searching()
        show_grid = self.library.is_open and rows > 0 and stage is not Stage.FAILED
        if not comparing:
            self.results.setCurrentWidget(self.grid if show_grid else self.placeholder)
        chosen = self.selection.number
        words = images(rows)
        if stage is Stage.BEGUN:
            words = self.tr("{number}+ images").format(number=digits(rows))
        if chosen > 1:
            words = self.tr("{number} of {images}").format(number=digits(chosen), images=words)
        self.bar.count.setText(words if show_grid else "")
        self.bar.save.setEnabled(bool(self.search.text().strip()))
        self.selection.enable()
        searched = bool(self.search.text().strip())
        self.side_panels.leave_empty(rows == 0 and stage is Stage.DONE and not searched)

    # The selected images

    def _on_selection(self) -> None:
        self.selection.changed()
        self._details_soon.start()
        self._update()

    def _ask_details(self) -> None:
        self.selection.ask()
        number = self.selection.number
        if number > 1:
            self.details.show_several(number)
        elif number == 0:
            self.details.show_nothing()

    def _on_described(self, details: Details, relatives: Lineage | None) -> None:
        self.details.show_details(details, relatives)
        self.details_shown.emit(details.listed.id)

    def go_to(self, number: int) -> None:
        """Selects this image; if the search does not contain it, shows all images."""
        if not self.grid.go_to(number):
            self._target_id = number
            self._search("")

    def _on_deleted(self, deletion: Deletion) -> None:
        if deletion.count:
            rows = [self.model.row_of(number) for number in deletion.numbers[:500]]
            self._next_row = min((row for row in rows if row is not None), default=None)

    def _on_compared(self) -> None:
        self.results.setCurrentWidget(self.compare)
        self.side_panels.cover(True)
        self.compare.view.setFocus()

    def _end_compare(self) -> None:
        if self.results.currentWidget() is self.compare:
            self.compare.view.clear()
            self.side_panels.cover(False)
            self.results.setCurrentWidget(self.grid)
            self.grid.setFocus()
            self._update()

    def _compare_with(self, number: int) -> None:
        if ids := self.selection.ids:
            self.compare_controller.compare(number, ids[0])

    def _on_arranged(self, numbers: list[int], before: int | None) -> None:
        if self.model.collection is not None:
            self.collections_controller.arrange(self.model.collection.key, numbers, before)

    # Menus and keys

    def _menu(self, where: QPoint) -> None:
        if not self.grid.indexAt(where).isValid():
            return
        menu = build_menu(self.selection, self.collections_controller, self)
        menu.popup(self.grid.viewport().mapToGlobal(where))

    def _into_grid(self) -> None:
        if self.model.rowCount():
            self.grid.setFocus()
            if not self.grid.currentIndex().isValid():
                self.grid.setCurrentIndex(self.model.index(0))

    def _on_message_pressed(self) -> None:
        if not self.library.is_open:
            self.library.open()
            self._update()
        elif self.model.stage is Stage.FAILED:
            self.model.refresh()
        elif self.search.text():
            self._search("")
        else:
            self.file_operations.ask_for_folder()

    def event(self, event: QEvent) -> bool:
        """The keys of this page take precedence while it is visible."""
        if event.type() != QEvent.Type.ShortcutOverride or not isinstance(event, QKeyEvent):
            return super().event(event)
        event.setAccepted(command_of(event, self.keys) is not None)
        return event.isAccepted() or super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        command = command_of(event, self.keys)
        if command is None:
            super().keyPressEvent(event)
        else:
            command()

    def to_search(self) -> None:
        """Focuses the search field."""
        self.search.setFocus()
        self.search.selectAll()

    def escape(self) -> None:
        """Leaves the comparison, or returns to the canvas."""
        if self.results.currentWidget() is self.compare:
            self._end_compare()
        else:
            self.left.emit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.side_panels.fit(event.size().width())

    def minimumSizeHint(self) -> QSize:
        """Of the middle part; the side panels hide if they need too much room."""
        return QSize(self.bar.minimumSizeHint().width(), 240)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._is_stale:
            self.refresh()
        self.grid.setFocus()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._end_compare()


def _negated(term: str) -> str:
    return term[1:] if term.startswith("-") else f"-{term}"
