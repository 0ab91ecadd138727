"""The images of a search as a list model, with eight bytes each and details on demand.

The first page is shown as soon as it is found; then the order of all images, for a correct scroll
bar; the details of an image only when it is visible.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import (
    QAbstractListModel,
    QMimeData,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    Qt,
    QUrl,
    Signal,
)

from core.errors import StudioError
from ldm_studio.history.database_schema import State
from ldm_studio.history.history_reader import Reader
from ldm_studio.history.query_language import Query
from ldm_studio.history.results import CollectionInfo, ListedImage, Order, Page
from ldm_studio.translation import translate, translate_message

from .history_texts import dated, stars
from .query_worker import QueryWorker
from .section_layout import Section, sections_of

Ids = NDArray[np.int64]
Index = QModelIndex | QPersistentModelIndex

LISTED = int(Qt.ItemDataRole.UserRole)
IDS = "application/x-ldm-studio-images"
"""MIME type of a drag within the page: ids."""
MAX_CACHED = 4_000
"""Images whose details are cached, about a kilobyte each."""
_BLOCKS = 64
"""With more changes than this the model is reset."""


class Stage(Enum):
    """The progress of a search."""

    SEARCHING = "searching"
    BEGUN = "begun"
    """The first page is there."""
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True)
class _Blocks:
    """The rows to remove and to add, as first row and count, that turn one list into another."""

    removed: tuple[tuple[int, int], ...]
    added: tuple[tuple[int, int], ...]


@dataclass(frozen=True, eq=False)
class _Found:
    """The order of the images."""

    before: Ids
    """The ids when it was requested."""
    ids: Ids
    sections: tuple[Section, ...]
    changes: _Blocks | None
    collection: CollectionInfo | None


class ImageListModel(QAbstractListModel):
    """Rows are images, newest first, or in the order of a collection."""

    stage_changed = Signal()
    sections_changed = Signal()
    described = Signal()
    """Details of some rows arrived."""

    def __init__(self, asker: QueryWorker, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._asker = asker
        self._ids: Ids = np.empty(0, np.int64)
        self._query = Query()
        self._listed: OrderedDict[int, ListedImage] = OrderedDict()
        self._fresh: set[int] = set()
        self._requested: tuple[int, ...] = ()
        self.sections: tuple[Section, ...] = ()
        self.collection: CollectionInfo | None = None
        """The collection whose order the rows are in; None: newest first."""
        self.stage = Stage.SEARCHING
        self.error: StudioError | None = None

    @property
    def ids(self) -> Ids:
        """Of all rows. Never written to."""
        return self._ids

    @property
    def query(self) -> Query:
        """The current query."""
        return self._query

    # Queries

    def search(self, query: Query) -> None:
        """Shows the results of this query. The previous results stay until then."""
        self._query = query
        self._set_stage(Stage.SEARCHING)
        self._asker.forget("order")
        self._asker.ask("page", lambda reader: reader.page(query), self._on_page, self._on_failed)

    def refresh(self) -> None:
        """Repeats the query after a write. Remaining rows keep their selection."""
        self._fresh.clear()
        if self.stage in (Stage.SEARCHING, Stage.FAILED):
            self.search(self._query)
        else:
            self._ask_order()
            self._ask_listed()

    def _ask_order(self) -> None:
        query, before = self._query, self._ids

        def ask(reader: Reader) -> _Found:
            order: Order = reader.order(query)
            ids = np.frombuffer(order.ids, np.int64) if order.ids else np.empty(0, np.int64)
            sections = sections_of([(day.value, day.images) for day in order.days])
            return _Found(before, ids, sections, blocks(before, ids), order.collection)

        self._asker.ask("order", ask, self._on_order, self._on_failed)

    def _on_page(self, page: Page) -> None:
        self.beginResetModel()
        self._ids = np.array([image.id for image in page.images], np.int64)
        self._keep(page.images)
        self.collection = page.collection
        if page.collection is None:
            self.sections = sections_of(_days(page.images))
        else:
            self.sections = sections_of([(page.collection.title, len(page.images))])
        self.endResetModel()
        self.sections_changed.emit()
        self._set_stage(Stage.DONE if page.next is None else Stage.BEGUN)
        if page.next is not None:
            self._ask_order()

    def _on_order(self, found: _Found) -> None:
        if found.before is not self._ids:  # another answer came in between
            self._ask_order()
            return
        self.collection = found.collection
        if found.changes is not None:
            self._change(found.ids, found.changes)
            self.sections = found.sections
        elif found.collection is not None and set(self._ids) == set(found.ids):
            self._rearrange(found.ids)
            self.sections = found.sections
        else:
            self.beginResetModel()
            self._ids, self.sections = found.ids, found.sections
            self.endResetModel()
        self.sections_changed.emit()
        self._set_stage(Stage.DONE)

    def _change(self, ids: Ids, changes: _Blocks) -> None:
        root = QModelIndex()
        for first, count in reversed(changes.removed):
            self.beginRemoveRows(root, first, first + count - 1)
            self._ids = np.delete(self._ids, slice(first, first + count))
            self.endRemoveRows()
        for first, count in changes.added:
            self.beginInsertRows(root, first, first + count - 1)
            self._ids = np.insert(self._ids, first, ids[first : first + count])
            self.endInsertRows()
        self._ids = ids

    def _rearrange(self, ids: Ids) -> None:
        """The same images in another order: the selection stays."""
        self.layoutAboutToBeChanged.emit()
        old = self.persistentIndexList()
        rows = {int(number): row for row, number in enumerate(ids)}
        moved = [self.index(rows[int(self._ids[index.row()])]) for index in old]
        self._ids = ids
        self.changePersistentIndexList(old, moved)
        self.layoutChanged.emit()

    def _on_failed(self, error: StudioError) -> None:
        self.error = error
        self._set_stage(Stage.FAILED)

    def _set_stage(self, stage: Stage) -> None:
        if stage is not Stage.FAILED:
            self.error = None
        self.stage = stage
        self.stage_changed.emit()

    # Rows

    def request_rows(self, first: int, end: int) -> None:
        """Loads the details of these visible rows."""
        self._requested = tuple(int(number) for number in self._ids[first:end])
        self._ask_listed()

    def _ask_listed(self) -> None:
        missing = [number for number in self._requested if number not in self._fresh]
        if missing:
            self._asker.ask(
                "listed", lambda reader: reader.listed(missing), self._on_listed, self._on_failed
            )

    def _on_listed(self, images: tuple[ListedImage, ...]) -> None:
        self._keep(images)
        self.described.emit()

    def _keep(self, images: Iterable[ListedImage]) -> None:
        for image in images:
            self._listed[image.id] = image
            self._listed.move_to_end(image.id)
            self._fresh.add(image.id)
        while len(self._listed) > MAX_CACHED:
            number, _ = self._listed.popitem(last=False)
            self._fresh.discard(number)

    def listed(self, row: int) -> ListedImage | None:
        """None if it is not loaded yet."""
        return self._listed.get(int(self._ids[row]))

    def listed_by_id(self, number: int) -> ListedImage | None:
        return self._listed.get(number)

    def row_of(self, number: int) -> int | None:
        found = np.flatnonzero(self._ids == number)
        return int(found[0]) if found.size else None

    def index_of(self, number: int) -> QModelIndex:
        """Invalid if it is not among the images."""
        row = self.row_of(number)
        return QModelIndex() if row is None else self.index(row)

    # Qt's model interface

    def rowCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self._ids)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid() or index.row() >= len(self._ids):
            return None
        image = self.listed(index.row())
        if image is None:
            return None
        if role == LISTED:
            return image
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return summary(image)
        if role == Qt.ItemDataRole.ToolTipRole:
            return tip(image)
        return None

    def flags(self, index: Index) -> Qt.ItemFlag:
        flags = super().flags(index)
        return flags | Qt.ItemFlag.ItemIsDragEnabled if index.isValid() else flags

    def mimeTypes(self) -> list[str]:  # noqa: N802
        return ["text/uri-list", IDS]

    def mimeData(self, indexes: Sequence[QModelIndex]) -> QMimeData:  # noqa: N802
        """The files, for other programs and for the canvas."""
        data = QMimeData()
        known = (self.listed(index.row()) for index in indexes)
        data.setUrls([
            QUrl.fromLocalFile(str(image.path))
            for image in known
            if image is not None and image.state is State.HERE
        ])  # fmt: skip
        numbers = sorted(index.row() for index in indexes)
        data.setData(IDS, " ".join(str(self._ids[row]) for row in numbers).encode())
        return data


def ids_in(data: QMimeData) -> list[int]:
    """The ids of dragged images of this page; empty for other data."""
    return [int(word) for word in bytes(data.data(IDS).data()).split()]


def summary(image: ListedImage) -> str:
    """An image in a line, for screen readers."""
    words = [" ".join(image.prompt.split()) or translate("History", "no prompt")]
    words.append(dated(image.day) or image.day)
    if image.favourite:
        words.append(translate("History", "favourite"))
    if image.rating:
        words.append(stars(image.rating))
    if image.state is State.MISSING:
        words.append(translate("History", "missing"))
    elif image.state is State.DELETED:
        words.append(translate("History", "deleted"))
    return ", ".join(words)


def tip(image: ListedImage) -> str:
    """The tooltip of an image."""
    if image.problem:
        return f"{image.path.name}\n{translate_message(image.problem)}"
    prompt = " ".join(image.prompt.split())
    prompt = prompt if len(prompt) <= 200 else f"{prompt[:199]}…"
    size = f"{image.width} × {image.height}" if image.width else ""
    seed = ""
    if image.seed is not None:
        seed = translate("History", "seed {seed}").format(seed=image.seed)
    return "\n".join(
        line
        for line in (
            prompt or translate("History", "(no prompt)"),
            ", ".join(filter(None, (image.model, image.sampler, size, seed))),
            image.path.name,
        )
        if line
    )


def blocks(old: Ids, new: Ids) -> _Blocks | None:
    """The blocks to remove and to add; None if the order differs, or if there are too many."""
    stays, stayed = np.isin(old, new), np.isin(new, old)
    if not np.array_equal(old[stays], new[stayed]):
        return None
    gone, come = _runs(~stays), _runs(~stayed)
    if len(gone) + len(come) > _BLOCKS:
        return None
    return _Blocks(gone, come)


def _runs(mask: NDArray[np.bool_]) -> tuple[tuple[int, int], ...]:
    """First row and length of each run of True rows."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], mask, [False])).astype(np.int8)))
    return tuple((int(a), int(b - a)) for a, b in edges.reshape(-1, 2))


def _days(images: Iterable[ListedImage]) -> list[tuple[str, int]]:
    days: list[tuple[str, int]] = []
    for image in images:
        if days and days[-1][0] == image.day:
            days[-1] = (image.day, days[-1][1] + 1)
        else:
            days.append((image.day, 1))
    return days
