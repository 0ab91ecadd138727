"""The lineage of an image as a tree of thumbnails, with inpainting masks."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QPoint, QSize, Qt, Signal
from PySide6.QtGui import QFont, QIcon, QPixmap
from PySide6.QtWidgets import QHeaderView, QMenu, QTreeWidget, QTreeWidgetItem, QWidget

from ldm_studio.history.database_schema import State
from ldm_studio.history.lineage import Lineage, LineageNode
from ldm_studio.history.results import ListedImage
from ldm_studio.images.input_store import InputStore
from ldm_studio.look.icons import menu_icon

from .history_texts import digits
from .thumbnail_loader import ThumbnailLoader, ThumbnailRequest

THUMB = 34
_ID = int(Qt.ItemDataRole.UserRole)
_LINES = 8
"""Number of lines that are visible without scrolling."""


class LineageTree(QTreeWidget):
    """A click goes to the image; a double click, or Enter, restores its exact state."""

    chosen = Signal(int)
    restore_requested = Signal(int)
    """Restore the canvas and the settings with which this image was made."""
    compare_requested = Signal(int)
    """Compare it with the image whose lineage is shown."""

    def __init__(
        self, loader: ThumbnailLoader, inputs: Path, parent: QWidget | None = None
    ) -> None:
        """`inputs` is the folder of init images and masks."""
        super().__init__(parent)
        self.setObjectName("family")
        self.setAccessibleName(self.tr("The images it was made from, and those made from it"))
        self._loader, self._inputs = loader, InputStore(inputs)
        self._family: Lineage | None = None
        self._images: list[tuple[QTreeWidgetItem, int, str, Path]] = []
        self._lines: dict[int, QTreeWidgetItem] = {}
        self.setHeaderHidden(True)
        self.setColumnCount(2)
        self.header().setStretchLastSection(False)
        self.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.header().setSectionResizeMode(1, QHeaderView.ResizeMode.Fixed)
        self.header().resizeSection(1, THUMB + 8)
        self.setIndentation(16)
        self.setIconSize(QSize(THUMB, THUMB))
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.customContextMenuRequested.connect(self._menu)
        self.itemClicked.connect(self._clicked)
        self.itemActivated.connect(self._activated)

    def show_family(self, family: Lineage) -> None:
        """The tree stays if another image of the same tree is selected."""
        if self._family is None or (family.root, family.unknown) != (
            self._family.root,
            self._family.unknown,
        ):
            self._build(family)
        self._family = family
        for number, item in self._lines.items():
            font = QFont(self.font())
            if number == family.of:
                font.setWeight(QFont.Weight.DemiBold)
                self.setCurrentItem(item)
            item.setFont(0, font)

    def _build(self, family: Lineage) -> None:
        self.clear()
        self._images.clear()
        self._lines.clear()
        root = self._line(family.root)
        if family.unknown:
            start = family.unknown[0]
            top = QTreeWidgetItem([self.tr("The initial image")])
            top.setFlags(Qt.ItemFlag.ItemIsEnabled)
            top.setToolTip(0, self.tr("An image that is not in the history."))
            top.setSizeHint(0, QSize(0, THUMB + 6))
            self._show_input(top, 0, start.digest)
            self.addTopLevelItem(top)
            top.addChild(root)
        else:
            self.addTopLevelItem(root)
        self.expandAll()
        self.setColumnHidden(1, not any(column for _, column, _, _ in self._images))
        lines = min(_LINES, len(self._lines) + bool(family.unknown))
        self.setFixedHeight(lines * (THUMB + 6) + 10)

    def thumbnail_requests(self) -> list[ThumbnailRequest]:
        """The thumbnails it needs."""
        side = round(THUMB * self.devicePixelRatioF())
        if self.isHidden():
            return []
        return [
            ThumbnailRequest(digest, path, side) for _, _, digest, path in self._images if digest
        ]

    def draw(self) -> None:
        """Shows thumbnails that have been loaded."""
        ratio = self.devicePixelRatioF()
        for item, column, digest, _ in self._images:
            image = self._loader.image(digest, round(THUMB * ratio))
            if item.icon(column).isNull() and image is not None:
                pixmap = QPixmap.fromImage(image)
                pixmap.setDevicePixelRatio(ratio)
                small = QIcon(pixmap)
                small.addPixmap(pixmap, QIcon.Mode.Selected)  # otherwise it would be tinted
                item.setIcon(column, small)

    def _line(self, kin: LineageNode) -> QTreeWidgetItem:
        image = kin.image
        item = QTreeWidgetItem([self._label(kin)])
        item.setData(0, _ID, image.id)
        item.setSizeHint(0, QSize(0, THUMB + 6))
        back = self.tr("Double-click to restore its exact state.")
        item.setToolTip(0, f"{image.path.name}\n{image.prompt}\n\n{back}")
        self._lines[image.id] = item
        self._images.append((item, 0, image.digest, image.path))
        self._show_mask(item, kin.mask)
        for child in kin.children:
            item.addChild(self._line(child))
        if kin.left_out:
            rest = QTreeWidgetItem(
                [self.tr("and {number} more").format(number=digits(kin.left_out))]
            )
            rest.setFlags(Qt.ItemFlag.ItemIsEnabled)
            item.addChild(rest)
        return item

    def _show_mask(self, item: QTreeWidgetItem, digest: str) -> None:
        if digest and self._show_input(item, 1, digest):
            item.setToolTip(1, self.tr("The mask: white was inpainted."))

    def _show_input(self, item: QTreeWidgetItem, column: int, digest: str) -> bool:
        """An init image or mask, if it still exists."""
        try:
            path = self._inputs.path(digest)
        except ValueError:  # another program uses another name
            return False
        if path.exists():
            self._images.append((item, column, digest, path))
            return True
        return False

    def _label(self, kin: LineageNode) -> str:
        """Its relation to the parent, and its prompt."""
        image: ListedImage = kin.image
        what = " ".join(image.prompt.split()) or image.path.name
        if kin.step is not None:
            words = self.tr("Branch at step {step}: {prompt}").format(step=kin.step, prompt=what)
        elif kin.mask:
            words = self.tr("Inpainted: {prompt}").format(prompt=what)
        else:
            words = what
        if image.state is State.MISSING:
            return self.tr("{image} (missing)").format(image=words)
        if image.state is State.DELETED:
            return self.tr("{image} (deleted)").format(image=words)
        return words

    def _clicked(self, item: QTreeWidgetItem) -> None:
        number = item.data(0, _ID)
        if number is not None:
            self.chosen.emit(number)

    def _activated(self, item: QTreeWidgetItem) -> None:
        number = item.data(0, _ID)
        if number is not None:
            self.restore_requested.emit(number)

    def _menu(self, where: QPoint) -> None:
        item = self.itemAt(where)
        number = None if item is None else item.data(0, _ID)
        if number is None:
            return
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction(
            menu_icon("replay"),
            self.tr("Restore This State"),
            lambda: self.restore_requested.emit(number),
        )
        menu.addAction(menu_icon("search"), self.tr("Show"), lambda: self.chosen.emit(number))
        if self._family is not None and number != self._family.of:
            menu.addAction(
                menu_icon("compare"),
                self.tr("Compare with the Selected One"),
                lambda: self.compare_requested.emit(number),
            )
        menu.popup(self.viewport().mapToGlobal(where))
