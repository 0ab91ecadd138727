"""Marks and commands for several selected images."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QHBoxLayout,
    QMenu,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from ldm_studio.look.icons import icon
from ldm_studio.look.plain_label import PlainLabel

from .history_texts import images
from .mark_controls import Heart, StarRating, TagEditor

_ACTS = ("compare", "export", "trash")


class MultiSelectionPanel(QWidget):
    """Marks and commands, for all of them."""

    favoured = Signal(bool)
    rated = Signal(int)
    tagged = Signal(list)

    def __init__(
        self,
        actions: dict[str, QAction],
        fill: Callable[[QMenu], None],
        parent: QWidget | None = None,
    ) -> None:
        """`fill` fills the menu of collections."""
        super().__init__(parent)
        self.words = PlainLabel(wordWrap=True)
        self.words.setObjectName("title")
        hint = PlainLabel(self.tr("Actions here apply to all of them."), wordWrap=True)
        hint.setObjectName("caption")
        self.stars, self.heart, self.tags = StarRating(), Heart(), TagEditor()
        self.stars.rated.connect(self.rated)
        self.heart.toggled.connect(self.favoured)
        self.tags.added.connect(self.tagged)
        marks = QHBoxLayout()
        marks.addWidget(self.heart)
        marks.addWidget(self.stars)
        marks.addStretch(1)
        self.collect = self._button()
        self.collect.setText(self.tr("Add to Collection"))
        self.collect.setIcon(icon("image"))
        self.collect.setToolTip(self.tr("Add all of them to a collection"))
        self.collect.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        menu = QMenu(self.collect)
        menu.aboutToShow.connect(lambda: fill(menu))
        self.collect.setMenu(menu)
        column = QVBoxLayout(self)
        column.setContentsMargins(14, 14, 14, 14)
        column.setSpacing(6)
        column.addWidget(self.words)
        column.addWidget(hint)
        column.addSpacing(4)
        column.addLayout(marks)
        column.addWidget(self.tags)
        column.addSpacing(8)
        column.addWidget(self.collect)
        for name in _ACTS:
            button = self._button()
            button.setDefaultAction(actions[name])
            column.addWidget(button)
        column.addStretch(1)

    def show_number(self, number: int) -> None:
        """Shows how many are selected. Their marks differ, so none are shown."""
        self.words.setText(self.tr("{images} are selected").format(images=images(number)))
        self.stars.show_stars(0)
        self.heart.show_on(False)
        self.tags.show_tags(())

    @staticmethod
    def _button() -> QToolButton:
        button = QToolButton()
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        button.setProperty("framed", True)
        button.setIconSize(QSize(16, 16))
        button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        return button
