"""The lineage of a picture as a tree of small pictures."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QFont, QIcon, QPixmap
from PySide6.QtWidgets import QTreeWidget, QTreeWidgetItem, QWidget

from ldm_studio.history.lineage import Family, Kin
from ldm_studio.history.reader import Listed
from ldm_studio.history.schema import State

from .thumbs import ThumbnailLoader, Wanted

THUMB = 34
_ID = int(Qt.ItemDataRole.UserRole)
_LINES = 8
"""As many are seen without scrolling."""


class FamilyTree(QTreeWidget):
    """A click goes to the picture."""

    chosen = Signal(int)

    def __init__(self, loader: ThumbnailLoader, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("family")
        self.setAccessibleName("What it came from, and what came from it")
        self._loader = loader
        self._pictures: list[tuple[QTreeWidgetItem, Listed]] = []
        self.setHeaderHidden(True)
        self.setIndentation(16)
        self.setIconSize(QSize(THUMB, THUMB))
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.itemClicked.connect(self._clicked)
        self.itemActivated.connect(self._clicked)

    def show_family(self, family: Family) -> None:
        self.clear()
        self._pictures.clear()
        root = self._line(family.root, family.of)
        if family.unknown:
            top = QTreeWidgetItem(["A picture that is not in the history"])
            top.setFlags(Qt.ItemFlag.ItemIsEnabled)
            self.addTopLevelItem(top)
            top.addChild(root)
        else:
            self.addTopLevelItem(root)
        self.expandAll()
        lines = min(_LINES, len(self._pictures) + bool(family.unknown))
        self.setFixedHeight(lines * (THUMB + 6) + 10)
        for item, picture in self._pictures:
            if picture.id == family.of:
                self.setCurrentItem(item)

    def wanted(self) -> list[Wanted]:
        """The small pictures it needs."""
        side = round(THUMB * self.devicePixelRatioF())
        if self.isHidden():
            return []
        return [Wanted(one.digest, one.path, side) for _, one in self._pictures if one.digest]

    def draw(self) -> None:
        """Show the small pictures that have come."""
        ratio = self.devicePixelRatioF()
        for item, picture in self._pictures:
            image = self._loader.image(picture.digest, round(THUMB * ratio))
            if item.icon(0).isNull() and image is not None:
                pixmap = QPixmap.fromImage(image)
                pixmap.setDevicePixelRatio(ratio)
                item.setIcon(0, QIcon(pixmap))

    def _line(self, kin: Kin, of: int) -> QTreeWidgetItem:
        picture = kin.picture
        item = QTreeWidgetItem([_words(kin)])
        item.setData(0, _ID, picture.id)
        item.setSizeHint(0, QSize(0, THUMB + 6))
        item.setToolTip(0, f"{picture.path.name}\n{picture.prompt}")
        if picture.id == of:
            font = QFont(self.font())
            font.setWeight(QFont.Weight.DemiBold)
            item.setFont(0, font)
        self._pictures.append((item, picture))
        for child in kin.children:
            item.addChild(self._line(child, of))
        if kin.left_out:
            rest = QTreeWidgetItem([f"and {kin.left_out:,} more"])
            rest.setFlags(Qt.ItemFlag.ItemIsEnabled)
            item.addChild(rest)
        return item

    def _clicked(self, item: QTreeWidgetItem) -> None:
        number = item.data(0, _ID)
        if number is not None:
            self.chosen.emit(number)


def _words(kin: Kin) -> str:
    """How it came from the one above, and what it shows."""
    how = ""
    if kin.step is not None:
        how = f"Branch at step {kin.step}: "
    elif kin.masked:
        how = "Inpainted: "
    gone = "" if kin.picture.state is State.HERE else f" ({kin.picture.state.name.lower()})"
    return f"{how}{' '.join(kin.picture.prompt.split()) or kin.picture.path.name}{gone}"
