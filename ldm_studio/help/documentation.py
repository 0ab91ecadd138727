"""The documentation window, which shows the installed Markdown files."""

from __future__ import annotations

import re
from pathlib import Path

from PySide6.QtCore import QSize, Qt, QUrl
from PySide6.QtGui import QKeySequence, QShortcut, QTextDocument
from PySide6.QtWidgets import (
    QHBoxLayout,
    QListWidget,
    QListWidgetItem,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from ldm_studio.look.icons import RESOURCES, app_icon
from ldm_studio.look.theme import GRID
from ldm_studio.translation import SOURCE
from ldm_studio.widgets.fields import tool_button

from .help_page import HelpPage

SIZE = QSize(900, 680)
LIST_WIDTH = 190
_OVERVIEW = ("index.md", "README.md")
PLACES = (RESOURCES / "docs", RESOURCES.parent / "docs")
"""As installed, and in the source tree."""


def pages(locale: str = SOURCE, places: tuple[Path, ...] = PLACES) -> list[Path]:
    """The Markdown files of the first folder that has any, the overview first, the others in its
    order; translated pages where they exist.
    """
    for folder in places:
        if found := {page.name: page for page in sorted(folder.glob("*.md"))}:
            found |= {page.name: page for page in (folder / locale).glob("*.md")}
            order = _order(list(found.values()))
            return sorted(
                found.values(),
                key=lambda page: (page.name not in _OVERVIEW, order.get(page.name, len(order))),
            )
    return []


def _order(found: list[Path]) -> dict[str, int]:
    """The pages that the overview links to."""
    overview = next((page for page in found if page.name in _OVERVIEW), None)
    if overview is None:
        return {}
    linked = re.findall(r"\]\((?:\.\./)?([\w-]+\.md)\)", overview.read_text(encoding="utf-8"))
    return {name: place for place, name in enumerate(dict.fromkeys(linked))}


def title(page: Path) -> str:
    """Its first heading."""
    with page.open(encoding="utf-8") as file:
        for line in file:
            if line.startswith("# "):
                return line[2:].strip()
    return page.stem.replace("-", " ").capitalize()


class Documentation(QWidget):
    """The list of pages at the left, the page at the right, and a back button."""

    def __init__(self, found: list[Path]) -> None:
        super().__init__()
        self.setWindowTitle(self.tr("LDM Studio Documentation"))
        self.setWindowIcon(app_icon())
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setAttribute(Qt.WidgetAttribute.WA_QuitOnClose, False)
        self.list = QListWidget()
        self.list.setAccessibleName(self.tr("Pages"))
        self.list.setAccessibleDescription(self.tr("Up and Down turn to another page."))
        self.list.setMinimumWidth(LIST_WIDTH // 2)
        for page in found:
            item = QListWidgetItem(title(page))
            item.setData(Qt.ItemDataRole.UserRole, str(page))
            item.setSizeHint(QSize(0, self.list.fontMetrics().height() + 12))
            self.list.addItem(item)
        self.text = HelpPage()
        self.text.setAccessibleName(self.tr("Documentation"))
        self.text.setAccessibleDescription(self.tr("Tab goes to the next link, Return follows it."))
        self.text.setOpenExternalLinks(True)
        self.back = tool_button(
            "chevron-left", self.tr("Back"), self.tr("To the previous page (Alt+Left).")
        )
        self.back.setEnabled(False)
        self.back.clicked.connect(self.text.backward)
        self.text.backwardAvailable.connect(self.back.setEnabled)
        self.text.sourceChanged.connect(self._show_place)
        self.list.currentItemChanged.connect(self._show)
        bar = QHBoxLayout()
        bar.addWidget(self.back)
        bar.addStretch(1)
        split = QSplitter()
        split.addWidget(self.list)
        split.addWidget(self.text)
        split.setStretchFactor(1, 1)
        split.setSizes([LIST_WIDTH, SIZE.width() - LIST_WIDTH])
        column = QVBoxLayout(self)
        column.setContentsMargins(GRID, GRID, GRID, GRID)
        column.setSpacing(GRID // 2)
        column.addLayout(bar)
        column.addWidget(split, 1)
        QShortcut(QKeySequence(Qt.Key.Key_Escape), self, self.close)
        QShortcut(QKeySequence(QKeySequence.StandardKey.Back), self, self.text.backward)
        self.list.setCurrentRow(0)

    def begin(self) -> None:
        self.resize(SIZE.boundedTo(self.screen().availableGeometry().size()))
        self.show()
        self.raise_()
        self.activateWindow()

    def _show(self, item: QListWidgetItem | None) -> None:
        if item is not None:
            url = QUrl.fromLocalFile(item.data(Qt.ItemDataRole.UserRole))
            if url != self.text.source():
                self.text.setSource(url, QTextDocument.ResourceType.MarkdownResource)

    def _show_place(self, url: QUrl) -> None:
        """Selects the page of a link in the list."""
        path = url.toLocalFile()
        for row in range(self.list.count()):
            if self.list.item(row).data(Qt.ItemDataRole.UserRole) == path:
                self.list.setCurrentRow(row)
