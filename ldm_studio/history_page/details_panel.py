"""Details of the selected image, and commands for it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QDateTime, QLocale, QMargins, QSize, Qt, Signal
from PySide6.QtGui import QAction, QImage, QPixmap
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QMenu,
    QPushButton,
    QSizePolicy,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from ldm_studio.history.database_schema import State
from ldm_studio.history.formatting import ignored
from ldm_studio.history.lineage import Lineage
from ldm_studio.history.query_terms import term
from ldm_studio.history.results import Details, ListedImage
from ldm_studio.look.icons import icon
from ldm_studio.look.plain_label import PlainLabel
from ldm_studio.look.theme import GRID
from ldm_studio.translation import translate, translate_message
from ldm_studio.widgets.fields import tool_button
from ldm_studio.widgets.stable_scroll_area import StableScrollArea

from .field_names import setting
from .lineage_tree import LineageTree
from .mark_controls import Heart, StarRating, TagEditor
from .multi_selection import MultiSelectionPanel
from .search_link import SearchLink
from .thumbnail_loader import ThumbnailLoader, ThumbnailRequest

WIDTH = 324
PREVIEW = 292

_FIELDS = {
    "Steps": "steps",
    "CFG scale": "cfg",
    "Seed": "seed",
    "Size": "size",
    "Model hash": "hash",
    "Denoising strength": "strength",
}
"""Settings whose value can be searched for as it is written."""


class DetailsPanel(QFrame):
    """Shows one image, or how many are selected."""

    filtered = Signal(str)
    """A term to search for."""
    favoured = Signal(bool)
    rated = Signal(int)
    tagged = Signal(list)
    untagged = Signal(str)
    go_to_requested = Signal(int)
    """The id of a relative."""
    restore_requested = Signal(int)
    """The id of a relative whose exact state to restore."""
    compare_requested = Signal(int)
    """The id of a relative to compare with the shown image."""

    def __init__(
        self,
        loader: ThumbnailLoader,
        inputs: Path,
        actions: dict[str, QAction],
        fill_collections: Callable[[QMenu], None],
        parent: QWidget | None = None,
    ) -> None:
        """`inputs` is the folder of init images and masks; `fill_collections` fills the menu of
        collections.
        """
        super().__init__(parent)
        self.setObjectName("details")
        self.setFixedWidth(WIDTH)
        self._loader, self._inputs = loader, inputs
        self._image: ListedImage | None = None
        self._nothing = PlainLabel(self.tr("Select an image to see its settings."))
        self._nothing.setObjectName("caption")
        self._nothing.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._nothing.setWordWrap(True)
        self._stack = QStackedWidget()
        self._stack.addWidget(self._nothing)
        self._stack.addWidget(self._body(actions))
        self.several = MultiSelectionPanel(actions, fill_collections)
        self.several.rated.connect(self.rated)
        self.several.favoured.connect(self.favoured)
        self.several.tagged.connect(self.tagged)
        self._stack.addWidget(self.several)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(1, 0, 0, 0)
        outer.addWidget(self._stack)
        loader.ready.connect(self._draw)

    def _body(self, actions: dict[str, QAction]) -> QWidget:
        self.preview = PlainLabel()
        self.preview.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.preview.setFixedHeight(PREVIEW)
        self.preview.setObjectName("preview")
        self.name = PlainLabel()
        self.name.setObjectName("title")
        self.name.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.name.setWordWrap(True)
        self.about = PlainLabel()
        self.about.setObjectName("caption")
        self.about.setWordWrap(True)
        self.stars, self.heart, self.tags = StarRating(), Heart(), TagEditor()
        self.stars.rated.connect(self.rated)
        self.heart.toggled.connect(self.favoured)
        self.tags.added.connect(self.tagged)
        self.tags.removed.connect(self.untagged)
        self.tags.chosen.connect(lambda tag: self.filtered.emit(term("tag", tag)))
        marks = QHBoxLayout()
        marks.addWidget(self.heart)
        marks.addWidget(self.stars)
        marks.addStretch(1)

        reuse = QToolButton()
        reuse.setObjectName("reuse")
        reuse.setPopupMode(QToolButton.ToolButtonPopupMode.MenuButtonPopup)
        reuse.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        reuse.setProperty("framed", True)
        reuse.setDefaultAction(actions["reuse"])
        parts = QMenu(reuse)
        parts.addActions(
            [actions[name] for name in ("reuse_prompt", "reuse_seed", "reuse_sampler")]
        )
        reuse.setMenu(parts)
        reuse.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        start = QToolButton()
        start.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        start.setProperty("framed", True)
        start.setDefaultAction(actions["start"])
        more = tool_button(
            "more", self.tr("More"), self.tr("More actions for this image"), framed=True
        )
        more.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        rest = QMenu(more)
        for names in (
            ("branch", "replay", "compare"),
            ("copy_prompt", "copy_parameters"),
            ("rename", "open_folder", "locate"),
            ("trash",),
        ):
            rest.addActions([actions[name] for name in names])
            rest.addSeparator()
        more.setMenu(rest)
        self.buttons = QWidget()
        row = QHBoxLayout(self.buttons)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(6)
        row.addWidget(reuse, 1)
        row.addWidget(start)
        row.addWidget(more)

        self.steps = QToolButton()
        self.steps.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.steps.setProperty("framed", True)
        self.steps.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.steps.setIcon(icon("steps"))
        self.steps.clicked.connect(actions["branch"].trigger)

        self.missing = QFrame()
        self.missing.setObjectName("warned")
        self.warning = PlainLabel()
        self.warning.setWordWrap(True)
        locate = QPushButton(self.tr("Locate…"))
        locate.clicked.connect(actions["locate"].trigger)
        self._locate = locate
        line = QHBoxLayout(self.missing)
        line.setContentsMargins(GRID, 6, GRID, 6)
        line.addWidget(self.warning, 1)
        line.addWidget(locate)

        self.prompt, self.negative = _text(), _text()
        self.prompt_caption = _caption(self.tr("Prompt"))
        self.negative_caption = _caption(self.tr("Negative prompt"))
        self.values = QWidget()
        self.table = QGridLayout(self.values)
        self.table.setContentsMargins(0, 0, 0, 0)
        self.table.setHorizontalSpacing(12)
        self.table.setVerticalSpacing(3)
        self.table.setColumnStretch(1, 1)
        self.family_caption = _caption(self.tr("Lineage"))
        self.family = LineageTree(self._loader, self._inputs)
        self.family.chosen.connect(self.go_to_requested)
        self.family.restore_requested.connect(self.restore_requested)
        self.family.compare_requested.connect(self.compare_requested)
        self.unread_caption, self.unread = _caption(self.tr("Unsupported settings")), _text()

        scroll = self._scroll = StableScrollArea(QMargins(14, 14, 14, 14))
        column = scroll.column
        column.setSpacing(6)
        for widget in (self.preview, self.name, self.about, self.missing):
            column.addWidget(widget)
        column.addLayout(marks)
        column.addWidget(self.tags)
        column.addSpacing(4)
        column.addWidget(self.buttons)
        column.addWidget(self.steps)
        column.addSpacing(4)
        for widget in (
            self.prompt_caption, self.prompt, self.negative_caption, self.negative,
            _caption(self.tr("Settings")), self.values, self.family_caption, self.family,
            self.unread_caption, self.unread,
        ):  # fmt: skip
            column.addWidget(widget)
        column.addStretch(1)
        return scroll

    @property
    def image(self) -> ListedImage | None:
        return self._image

    def show_nothing(self) -> None:
        self._image = None
        self._nothing.setText(self.tr("Select an image to see its settings."))
        self._stack.setCurrentIndex(0)

    def show_several(self, number: int) -> None:
        self._image = None
        self.several.show_number(number)
        self._stack.setCurrentWidget(self.several)

    def show_details(self, details: Details, family: Lineage | None) -> None:
        """Shows everything about an image and its relatives."""
        image = details.listed
        if self._image is None or self._image.id != image.id:
            self._scroll.verticalScrollBar().setValue(0)
        self._image = image
        self.name.setText(image.path.name)
        self.name.setToolTip(str(image.path))
        self.about.setText(_about(details))
        self.stars.show_stars(image.rating)
        self.heart.show_on(image.favourite)
        self.tags.show_tags(details.tags)
        self._warn(image)
        for caption, label, text in (
            (self.prompt_caption, self.prompt, details.prompt),
            (self.negative_caption, self.negative, details.negative),
            (self.unread_caption, self.unread, "\n".join(map(translate_message, ignored(details)))),
        ):
            caption.setVisible(bool(text))
            label.setVisible(bool(text))
            label.setText(text)
        self._show_steps(details)
        self._show_values(_values(details))
        related = family is not None and not family.is_alone
        self.family_caption.setVisible(related)
        self.family.setVisible(related)
        if family is not None and related:
            self.family.show_family(family)
        self._request_thumbnails()
        self._draw()
        self._stack.setCurrentIndex(1)

    def _show_steps(self, details: Details) -> None:
        """Shows a button that opens the saved steps."""
        kept = details.kept_steps
        self.steps.setVisible(kept is not None)
        if kept is not None:
            self.steps.setText(self.tr("View %n Saved Steps", "", kept.count))
            tip = self.tr("Steps {first} to {last}: view each, and branch from it (Ctrl+B)")
            self.steps.setToolTip(tip.format(first=kept.first, last=kept.last))

    def _warn(self, image: ListedImage) -> None:
        words = {
            State.MISSING: self.tr("The file is missing."),
            State.DELETED: self.tr("The file is in the trash."),
        }.get(image.state, translate_message(image.problem))
        self.missing.setVisible(bool(words))
        self.warning.setText(words)
        self._locate.setVisible(image.state is State.MISSING)

    def _show_values(self, values: Sequence[tuple[str, str, str]]) -> None:
        while (item := self.table.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        for row, (name, value, wanted) in enumerate(values):
            caption = PlainLabel(setting(name))
            caption.setObjectName("caption")
            if wanted:
                tip = self.tr("Find images with {term}").format(term=wanted)
                label = SearchLink(wanted, value, tip)
                label.setAccessibleName(f"{caption.text()}: {value}")
                label.linkActivated.connect(self.filtered)
            else:
                label = PlainLabel()
                label.setText(value)
                label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            label.setWordWrap(True)
            self.table.addWidget(caption, row, 0, Qt.AlignmentFlag.AlignTop)
            self.table.addWidget(label, row, 1)

    def _request_thumbnails(self) -> None:
        image, pixels = self._image, round(PREVIEW * self.devicePixelRatioF())
        if image is not None and image.digest:
            wanted = ThumbnailRequest(image.digest, image.path, pixels, sharp=True)
            self._loader.request("details", [wanted, *self.family.thumbnail_requests()])

    def _draw(self) -> None:
        if self._image is None:
            return
        ratio = self.devicePixelRatioF()
        image = self._loader.image(self._image.digest, round(PREVIEW * ratio))
        self.preview.setPixmap(_pixmap(image, ratio) if image is not None else QPixmap())
        self.family.draw()


def _pixmap(image: QImage, ratio: float) -> QPixmap:
    """In the size of the preview, even if only a smaller thumbnail exists."""
    side = round(PREVIEW * ratio)
    if max(image.width(), image.height()) != side:
        image = image.scaled(QSize(side, side), Qt.AspectRatioMode.KeepAspectRatio)
    pixmap = QPixmap.fromImage(image)
    pixmap.setDevicePixelRatio(ratio)
    return pixmap


def _about(details: Details) -> str:
    image = details.listed
    made = QDateTime.fromMSecsSinceEpoch(image.made_at)
    words = [QLocale().toString(made, translate("History", "d MMMM yyyy, HH:mm"))]
    if image.width:
        words.append(f"{image.width} × {image.height} {details.format}")
    if details.program and details.program != "LDM Studio":
        words.append(translate("History", "made with {program}").format(program=details.program))
    return " · ".join(words)


def _values(details: Details) -> list[tuple[str, str, str]]:
    """Name, value and the search term, if there is one."""
    listed = details.listed
    named = {
        "Sampler": ("sampler", listed.sampler),
        "Schedule type": ("schedule", details.schedule),
        "Model": ("model", listed.model),
    }
    found: list[tuple[str, str, str]] = []
    for name, value in details.settings.items():
        if name in named and named[name][1]:
            found.append((name, value, term(*named[name])))
        elif name in _FIELDS:
            found.append((name, value, term(_FIELDS[name], value)))
        elif name != "Version":
            found.append((name, value, ""))
    found.sort(key=lambda row: not row[2])
    if not found and listed.width:
        size = f"{listed.width}x{listed.height}"
        found.append(("Size", size, term("size", size)))
    found += [("Collection", title, term("collection", title)) for title in details.collections]
    found.append(("Folder", str(listed.path.parent), term("folder", str(listed.path.parent))))
    return found


def _caption(text: str) -> QLabel:
    label = PlainLabel(text)
    label.setObjectName("section")
    label.setIndent(0)
    return label


def _text() -> QLabel:
    label = PlainLabel(wordWrap=True)
    label.setTextInteractionFlags(
        Qt.TextInteractionFlag.TextSelectableByMouse
        | Qt.TextInteractionFlag.TextSelectableByKeyboard
    )
    return label
