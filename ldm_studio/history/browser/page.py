"""The page of the history: search above, filters left, pictures in the middle, details right."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QEvent, QPoint, Qt, QTimer, Signal
from PySide6.QtGui import (
    QHideEvent,
    QImage,
    QKeyEvent,
    QShowEvent,
)
from PySide6.QtWidgets import (
    QHBoxLayout,
    QInputDialog,
    QMenu,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from core.errors import StudioError
from ldm_studio.history.lineage import Family
from ldm_studio.history.query import Query
from ldm_studio.history.reader import Details
from ldm_studio.history.terms import toggled, with_term
from ldm_studio.panels.notice import NoticeStrip
from ldm_studio.pictures import images

from .acts import MENU
from .asker import Asker
from .bar import SearchBar
from .chosen import Chosen, Part
from .compare import ComparePane
from .deeds import Deeds, Deletion
from .details import DetailsPane
from .facets import FacetPanel, Group, gather
from .grid import Grid
from .library import Indexing, Library
from .message import Message
from .model import PictureModel, Stage
from .progress import ProgressRow
from .thumbs import ThumbnailLoader

FACETS_WIDTH = 196
_CHANGED_MS = 120
_DETAILS_MS = 30
_IMPORT_SECONDS = 2.0
"""How often the pictures that an import has found so far are shown."""


class HistoryPage(QWidget):
    """Asks for what concerns the canvas by signal; does all else itself."""

    left = Signal()
    """Back to the canvas."""
    details_shown = Signal(int)

    def __init__(self, library: Library, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("history")
        self.library = library
        self._is_stale = True
        self._asked_to_go: int | None = None
        self._next_row: int | None = None
        self._shown_at = 0.0
        self.lists = Asker(lambda: library.history.reader(), library.relay)
        self.others = Asker(lambda: library.history.reader(), library.relay)
        self.loader = ThumbnailLoader(library.folder, library.relay, self)
        self.model = PictureModel(self.lists, self)
        self.notice = NoticeStrip()
        self.deeds = Deeds(library, self.notice, self)
        self.bar = SearchBar(library, self.deeds)
        self.search = self.bar.search
        self.grid = Grid(self.model, self.loader)
        self.chosen = Chosen(self.grid, self.model, self.deeds, self.others, self._on_failed, self)
        self.message = Message()
        self.facets = FacetPanel()
        self.details = DetailsPane(self.loader, self.chosen.acts)
        self.compare = ComparePane()
        self.progress = ProgressRow()
        self._lay_out()
        self._changed = QTimer(self, singleShot=True, interval=_CHANGED_MS)
        self._changed.timeout.connect(self.refresh)
        self._details_soon = QTimer(self, singleShot=True, interval=_DETAILS_MS)
        self._details_soon.timeout.connect(self._ask_details)
        self._connect()
        self._update()

    # Building

    def _lay_out(self) -> None:
        self.facets.setFixedWidth(FACETS_WIDTH)
        self.results = QStackedWidget()
        self.results.addWidget(self.grid)
        self.results.addWidget(self.message)
        self.results.addWidget(self.compare)
        middle = QVBoxLayout()
        middle.setContentsMargins(0, 0, 0, 0)
        middle.setSpacing(0)
        middle.addWidget(self.notice)
        middle.addWidget(self.results, 1)
        middle.addWidget(self.progress)
        body = QHBoxLayout()
        body.setContentsMargins(0, 0, 0, 0)
        body.setSpacing(0)
        body.addWidget(self.facets)
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
        self.bar.back.clicked.connect(self.left)
        self.search.searched.connect(self._on_searched)
        self.search.left.connect(self._into_grid)
        self.bar.save.clicked.connect(self.ask_for_name)
        self.bar.zoom.valueChanged.connect(lambda side: setattr(self.grid, "side", side))
        self.grid.side_changed.connect(self.bar.zoom.setValue)
        self.grid.opened.connect(lambda: self.chosen.reuse(Part.ALL))
        self.grid.selectionModel().selectionChanged.connect(self._on_selection)
        self.grid.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.grid.customContextMenuRequested.connect(self._menu)
        self.model.stage_changed.connect(self._update)
        self.model.sections_changed.connect(self._on_sections)
        self.facets.toggled.connect(lambda term: self._search(toggled(self.search.text(), term)))
        self.facets.excluded.connect(lambda term: self.filter(_negated(term)))
        self.facets.chosen.connect(self._toggle_saved)
        self.facets.removed.connect(lambda name: self.deeds.save_search(name, ""))
        self.details.filtered.connect(self.filter)
        self.details.favoured.connect(self.chosen.favour)
        self.details.rated.connect(self.chosen.rate)
        self.details.tagged.connect(self.chosen.tag)
        self.details.untagged.connect(self.chosen.untag)
        self.details.gone_to.connect(self.go_to)
        self.chosen.described.connect(self._on_described)
        self.chosen.compare_requested.connect(self.compare_two)
        self.compare.left.connect(self._end_compare)
        self.deeds.deleted.connect(self._on_deleted)
        self.message.pressed.connect(self._on_message_pressed)

    def close_threads(self) -> None:
        """Returns when they have ended."""
        for part in (self.lists, self.others, self.loader):
            part.close()

    # What is shown

    def _on_opened(self) -> None:
        self.refresh()

    def _on_failed(self, error: StudioError) -> None:
        if self.library.is_open:
            self.notice.show_error(error.message, error.hint)
        self._update()

    def refresh(self) -> None:
        """Ask again for everything that is seen; while it is not seen, when it is."""
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
        self.progress.show_state(state)
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
        """Look for this term, too."""
        self._search(with_term(self.search.text(), term))

    def _ask_facets(self) -> None:
        query, text = self.search.query, self.search.text()

        def show(groups: tuple[Group, ...]) -> None:
            self.facets.show_groups(groups, text)

        self.others.ask("facets", lambda reader: gather(reader, query, text), show, self._on_failed)

    def _on_sections(self) -> None:
        if self._next_row is not None and self.chosen.number == 0 and self.model.rowCount():
            row = min(self._next_row, self.model.rowCount() - 1)
            self.grid.go_to(int(self.model.ids[row]))
        self._next_row = None
        if self._asked_to_go is not None and self.grid.go_to(self._asked_to_go):
            self._asked_to_go = None
        self._on_selection()

    def _update(self) -> None:
        """Grid or message, and how many pictures there are."""
        rows, stage = self.model.rowCount(), self.model.stage
        comparing = self.results.currentWidget() is self.compare
        if not self.library.is_open:
            self.message.show_opening(self.library.error)
        elif stage is Stage.FAILED and self.model.error is not None:
            self.message.show_error(self.model.error)
        elif rows == 0 and stage is Stage.DONE:
            self.message.show_nothing(self.search.text())
        elif rows == 0:
            self.message.show_searching()
        show_grid = self.library.is_open and rows > 0 and stage is not Stage.FAILED
        if not comparing:
            self.results.setCurrentWidget(self.grid if show_grid else self.message)
        chosen = self.chosen.number
        words = f"{rows:,}{'+' if stage is Stage.BEGUN else ''} picture{'' if rows == 1 else 's'}"
        if chosen > 1:
            words = f"{chosen:,} of {words}"
        self.bar.count.setText(words if show_grid else "")
        self.bar.save.setEnabled(bool(self.search.text().strip()))
        self.chosen.enable()

    # The selected pictures

    def _on_selection(self) -> None:
        self.chosen.changed()
        self._details_soon.start()
        self._update()

    def _ask_details(self) -> None:
        self.chosen.ask()
        number = self.chosen.number
        if number > 1:
            self.details.show_several(number)
        elif number == 0:
            self.details.show_nothing()

    def _on_described(self, details: Details, relatives: Family | None) -> None:
        self.details.show_details(details, relatives)
        self.details_shown.emit(details.listed.id)

    def go_to(self, number: int) -> None:
        """Select this picture; where the search does not find it, look at all."""
        if not self.grid.go_to(number):
            self._asked_to_go = number
            self._search("")

    def _on_deleted(self, deletion: Deletion) -> None:
        if deletion.count:
            rows = [self.model.row_of(number) for number in deletion.numbers[:500]]
            self._next_row = min((row for row in rows if row is not None), default=None)

    def compare_two(self, ids: list[int]) -> None:
        """The first is A, the second B."""
        one, other = ids
        history = self.library.history

        def work() -> tuple[Details, Details, tuple[QImage, QImage]]:
            with history.reader() as reader:
                found = [reader.details(number) for number in (one, other)]
            first, second = found
            if first is None or second is None:
                raise StudioError("One of these pictures is not in the history any more.")
            return first, second, (_image(first.listed.path), _image(second.listed.path))

        def show(found: tuple[Details, Details, tuple[QImage, QImage]]) -> None:
            self.compare.compare(*found)
            self.results.setCurrentWidget(self.compare)
            self.details.hide()
            self.compare.view.setFocus()

        self.library.run(work, show)

    def _end_compare(self) -> None:
        if self.results.currentWidget() is self.compare:
            self.compare.view.clear()
            self.details.show()
            self.results.setCurrentWidget(self.grid)
            self.grid.setFocus()
            self._update()

    def ask_for_name(self) -> None:
        """Save the search under a name."""
        dialog = QInputDialog(self)
        dialog.setWindowTitle("Save Search")
        dialog.setLabelText(f"A name for “{self.search.text().strip()}”:")
        dialog.textValueSelected.connect(self.save_search)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def save_search(self, name: str) -> None:
        if name.strip() and self.search.text().strip():
            self.deeds.save_search(name.strip(), self.search.text().strip())

    # Menus and keys

    def _menu(self, where: QPoint) -> None:
        if not self.grid.indexAt(where).isValid():
            return
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for names in MENU:
            for name in names:
                if self.chosen.acts[name].isEnabled() or name not in ("locate", "undo"):
                    menu.addAction(self.chosen.acts[name])
            menu.addSeparator()
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
            self.deeds.ask_for_folder()

    def event(self, event: QEvent) -> bool:
        """The keys of this page are its own while it is seen, whatever else they mean."""
        if event.type() != QEvent.Type.ShortcutOverride or not isinstance(event, QKeyEvent):
            return super().event(event)
        event.setAccepted(self._command(event) is not None)
        return event.isAccepted() or super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        command = self._command(event)
        if command is None:
            super().keyPressEvent(event)
        else:
            command()

    def _command(self, event: QKeyEvent) -> Callable[[], None] | None:
        none, ctrl = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ControlModifier
        modifiers = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        key = Qt.Key(event.key())
        if modifiers == none and Qt.Key.Key_0 <= key <= Qt.Key.Key_5:
            stars = int(key) - int(Qt.Key.Key_0)
            return lambda: self.chosen.rate(stars)
        commands: dict[tuple[Qt.KeyboardModifier, Qt.Key], Callable[[], None]] = {
            (none, Qt.Key.Key_Delete): self.chosen.delete,
            (none, Qt.Key.Key_Backspace): self.chosen.delete,
            (none, Qt.Key.Key_F): self.chosen.toggle_favourite,
            (none, Qt.Key.Key_Slash): self._find,
            (none, Qt.Key.Key_Escape): self._escape,
            (none, Qt.Key.Key_F5): lambda: self.library.index(self.library.folders),
            (ctrl, Qt.Key.Key_F): self._find,
            (ctrl, Qt.Key.Key_Z): self.deeds.undo,
            (ctrl, Qt.Key.Key_C): self.chosen.copy_parameters,
            (ctrl, Qt.Key.Key_R): self.chosen.acts["replay"].trigger,
            (ctrl, Qt.Key.Key_B): self.chosen.acts["branch"].trigger,
        }
        return commands.get((modifiers, key))

    def _find(self) -> None:
        self.search.setFocus()
        self.search.selectAll()

    def _escape(self) -> None:
        if self.results.currentWidget() is self.compare:
            self._end_compare()
        else:
            self.left.emit()

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


def _image(path: Path) -> QImage:
    """Raises PictureError."""
    rgb = images.load_image(path)
    height, width = rgb.shape[:2]
    return QImage(rgb.data, width, height, 3 * width, QImage.Format.Format_RGB888).copy()
