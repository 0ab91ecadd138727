"""The strip of this session's images below the canvas."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from PySide6.QtCore import (
    QAbstractListModel,
    QItemSelectionModel,
    QMimeData,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QPoint,
    QRectF,
    QSize,
    Qt,
    QUrl,
    Signal,
)
from PySide6.QtGui import QImage, QPainter, QPalette, QPen, QPixmap
from PySide6.QtWidgets import (
    QAbstractItemView,
    QListView,
    QMenu,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from core.errors import elide
from core.images.generated_image import GeneratedImage
from core.request.inputs import Inputs
from ldm_studio.canvas.document.qimage import to_qimage
from ldm_studio.canvas.view.layer_painting import paint_checkerboard
from ldm_studio.images.run_record import Record
from ldm_studio.look.icons import menu_icon
from ldm_studio.store.change_texts import in_force
from ldm_studio.translation import translate

Active = QPalette.ColorGroup.Active
MAX_PROMPT = 500
"""Characters that a tooltip shows."""
THUMB = 72
PAD = 4
MAX_ENTRIES = 300
MAX_BYTES = 512 << 20
"""Beyond either limit, older images leave the strip; they stay on disk. The newest always stays."""

Index = QModelIndex | QPersistentModelIndex


@dataclass(frozen=True, eq=False)
class StripEntry:
    """A finished image and its inputs."""

    image: GeneratedImage
    path: Path | None
    """Where it is on disk; None if it could not be saved."""
    inputs: Inputs = field(default_factory=Inputs)
    record: Record | None = None
    """Its run record."""
    trajectory: Path | None = None
    """The file of its steps."""
    is_live: bool = False
    """Whether it is a live image, which is not kept."""

    def start_at(self, step: int | None = None) -> np.ndarray | None:
        """The init image after `step` steps; None: the final one."""
        request = self.image.request
        named = in_force(request, step).init
        return self.inputs.image if named == request.init else self.inputs.images.get(named)

    def mask_at(self, step: int | None = None) -> np.ndarray | None:
        """The mask, likewise."""
        request = self.image.request
        named = in_force(request, step).mask
        return self.inputs.mask if named == request.mask else self.inputs.images.get(named)

    @property
    def arrays(self) -> list[np.ndarray]:
        """All pixels it keeps in memory."""
        inputs = self.inputs
        kept = (
            self.image.rgb, self.image.alpha, inputs.image, inputs.mask, *inputs.images.values()
        )  # fmt: skip
        return [array for array in kept if array is not None]


class ImageStripModel(QAbstractListModel):
    """The newest entry comes first."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._rows: list[tuple[StripEntry, QPixmap]] = []

    def add(self, entry: StripEntry) -> None:
        self.beginInsertRows(QModelIndex(), 0, 0)
        self._rows.insert(0, (entry, _thumbnail(entry.image.rgb)))
        self.endInsertRows()
        keep = self._room()
        if keep < len(self._rows):
            self.beginRemoveRows(QModelIndex(), keep, len(self._rows) - 1)
            del self._rows[keep:]
            self.endRemoveRows()

    def replace(self, known: StripEntry, entry: StripEntry) -> None:
        """Replaces the entry of the same image, if it is still here."""
        row = self.row(known)
        if row is not None:
            self._rows[row] = (entry, self._rows[row][1])
            self.dataChanged.emit(self.index(row), self.index(row))

    def of_image(self, image: GeneratedImage) -> StripEntry | None:
        """The entry that shows it, if it is still here."""
        return next((entry for entry, _ in self._rows if entry.image is image), None)

    def _room(self) -> int:
        """How many of the newest entries may stay; shared arrays count once."""
        seen: set[int] = set()
        total = 0
        for row, (entry, _) in enumerate(self._rows[:MAX_ENTRIES]):
            for array in entry.arrays:
                total += 0 if id(array) in seen else array.nbytes
                seen.add(id(array))
            if total > MAX_BYTES:
                return max(1, row)
        return MAX_ENTRIES

    def row(self, entry: StripEntry) -> int | None:
        """Its row; None if it has left."""
        return next((n for n, (known, _) in enumerate(self._rows) if known is entry), None)

    def entry(self, row: int) -> StripEntry:
        return self._rows[row][0]

    def rowCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self._rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        entry, pixmap = self._rows[index.row()]
        if role == Qt.ItemDataRole.DecorationRole:
            return pixmap
        if role in (Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole):
            return _summary(entry)
        return None

    def flags(self, index: Index) -> Qt.ItemFlag:
        own = Qt.ItemFlag.ItemIsDragEnabled if index.isValid() else Qt.ItemFlag(0)
        return super().flags(index) | own

    def mimeTypes(self) -> list[str]:  # noqa: N802
        return ["text/uri-list"]

    def mimeData(self, indexes: Sequence[QModelIndex]) -> QMimeData:  # noqa: N802
        """The file for file managers, the image itself for other programs."""
        data = QMimeData()
        entry = self.entry(indexes[0].row())
        if entry.path is not None:
            data.setUrls([QUrl.fromLocalFile(str(entry.path))])
        data.setImageData(to_qimage(entry.image.rgba()))
        return data


def _summary(entry: StripEntry) -> str:
    request = entry.image.request
    prompt = elide(request.prompt, MAX_PROMPT) or translate("ImageStrip", "(no prompt)")
    how = translate(
        "ImageStrip",
        "{sampler}, {schedule}, {steps} steps, CFG {cfg}, seed {seed}, {width} × {height}",
    ).format(
        sampler=request.sampler, schedule=request.schedule, steps=request.steps,
        cfg=f"{request.cfg:g}", seed=request.seed, width=request.width, height=request.height,
    )  # fmt: skip
    place = entry.path.name if entry.path else translate("ImageStrip", "not saved")
    return f"{prompt}\n{how}\n{place}"


def _thumbnail(rgb: np.ndarray) -> QPixmap:
    height, width = rgb.shape[:2]
    packed = np.ascontiguousarray(rgb)
    image = QImage(packed.data, width, height, 3 * width, QImage.Format.Format_RGB888)
    side = 2 * THUMB
    scaled = image.scaled(
        side,
        side,
        Qt.AspectRatioMode.KeepAspectRatio,
        Qt.TransformationMode.SmoothTransformation,
    )
    return QPixmap.fromImage(scaled)


class _Tile(QStyledItemDelegate):
    """A rounded image; the current one has a ring in the accent colour."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        box = option.rect.adjusted(PAD, PAD, -PAD, -PAD)  # type: ignore[attr-defined]  # a QStyleOption has it
        colours: QPalette = option.palette  # type: ignore[attr-defined]
        state = option.state  # type: ignore[attr-defined]
        painter.save()
        painter.setRenderHints(
            QPainter.RenderHint.SmoothPixmapTransform | QPainter.RenderHint.Antialiasing
        )
        pixmap: QPixmap = index.data(Qt.ItemDataRole.DecorationRole)
        size = pixmap.size().scaled(box.size(), Qt.AspectRatioMode.KeepAspectRatio)
        where = box.adjusted(0, 0, 0, 0)
        where.setSize(size)
        where.moveCenter(box.center())
        painter.fillRect(box, colours.color(Active, QPalette.ColorRole.AlternateBase))
        if pixmap.hasAlphaChannel():
            paint_checkerboard(painter, QRectF(where), colours)
        painter.drawPixmap(where, pixmap)
        chosen = bool(state & QStyle.StateFlag.State_Selected)
        hover = bool(state & QStyle.StateFlag.State_MouseOver)
        role = QPalette.ColorRole.Highlight if chosen else QPalette.ColorRole.Mid
        if hover and not chosen:
            role = QPalette.ColorRole.Dark
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(colours.color(Active, role), 3 if chosen else 1))
        painter.drawRoundedRect(box.adjusted(-1, -1, 1, 1), 4, 4)
        painter.restore()

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(THUMB + 2 * PAD, THUMB + 2 * PAD)


class ImageStrip(QListView):
    """Requests commands for an entry by signals."""

    chosen = Signal(object)
    """StripEntry: show it and restore its settings."""
    start_requested = Signal(object)
    replay_requested = Signal(object)
    save_requested = Signal(object)
    export_requested = Signal(object)
    copy_requested = Signal(object)
    folder_requested = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("strip")
        self.entries = ImageStripModel(self)
        self.setModel(self.entries)
        self.setItemDelegate(_Tile(self))
        self.setFlow(QListView.Flow.LeftToRight)
        self.setDragDropMode(QAbstractItemView.DragDropMode.DragOnly)
        self.setDefaultDropAction(Qt.DropAction.CopyAction)
        self.setWrapping(False)
        self.setUniformItemSizes(True)
        self.setMouseTracking(True)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFixedHeight(THUMB + 2 * PAD + 12)
        self.setAccessibleName(self.tr("Images of this session"))
        self.setToolTip(
            self.tr(
                "Images of this session: click one to restore it with its settings; drag one out "
                "to copy its file."
            )
        )
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.customContextMenuRequested.connect(self._menu)
        self.clicked.connect(self._chosen)
        self.activated.connect(self._chosen)

    def add(self, entry: StripEntry) -> None:
        """Adds `entry` at the front and makes it the current one."""
        self.entries.add(entry)
        first = self.entries.index(0)
        flag = QItemSelectionModel.SelectionFlag.ClearAndSelect
        self.selectionModel().setCurrentIndex(first, flag)
        self.scrollTo(first)

    def mark(self, entry: StripEntry) -> None:
        """Makes `entry` the current one, if it is still here."""
        row = self.entries.row(entry)
        if row is not None:
            self.setCurrentIndex(self.entries.index(row))

    def forget_current(self) -> None:
        """The canvas shows no entry."""
        self.setCurrentIndex(QModelIndex())

    def current(self) -> StripEntry | None:
        index = self.currentIndex()
        return self.entries.entry(index.row()) if index.isValid() else None

    def _chosen(self, index: QModelIndex) -> None:
        self.chosen.emit(self.entries.entry(index.row()))

    def _menu(self, where: QPoint) -> None:
        index = self.indexAt(where)
        if index.isValid():
            self.menu_for(self.entries.entry(index.row())).popup(self.viewport().mapToGlobal(where))

    def menu_for(self, entry: StripEntry) -> QMenu:
        """The context menu of `entry`; deletes itself when it closes."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        rows = (
            (self.tr("Show and Restore Settings"), "", self.chosen, True),
            (self.tr("Use as Initial Image"), "image", self.start_requested, True),
            (self.tr("Replay"), "replay", self.replay_requested, entry.path is not None),
            (self.tr("Save Image As…"), "save", self.save_requested, True),
            (self.tr("Export With Transparent Background…"), "export", self.export_requested,
             entry.image.alpha is not None),
            (self.tr("Copy Image"), "copy", self.copy_requested, True),
            (self.tr("Show in Folder"), "folder", self.folder_requested, entry.path is not None),
        )  # fmt: skip
        for text, name, signal, enabled in rows:
            action = menu.addAction(text, lambda signal=signal: signal.emit(entry))
            action.setEnabled(enabled)
            if name:
                action.setIcon(menu_icon(name))
        return menu
