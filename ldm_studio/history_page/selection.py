"""The selected images, and the commands for them."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, QUrl, Signal
from PySide6.QtGui import QAction, QDesktopServices
from PySide6.QtWidgets import QApplication

from ldm_studio.commands.history_actions import build_actions
from ldm_studio.history.database_schema import State
from ldm_studio.history.history_reader import Reader
from ldm_studio.history.lineage import Lineage, lineage_of
from ldm_studio.history.results import Details, ListedImage
from ldm_studio.images.infotext import Infotext
from ldm_studio.threads.main_thread import Failed

from .collections_controller import CollectionsController
from .export_dialog import Exporter
from .file_operations import FileOperations
from .image_list_model import ImageListModel
from .query_worker import QueryWorker
from .rename_dialog import RenameDialog
from .reuse_part import ReusePart
from .thumbnail_grid import ThumbnailGrid

_SLICE = 500


class ImageSelection(QObject):
    """Loads the details of a single selected image shortly after it is selected."""

    reuse_requested = Signal(object, object)
    """Details, ReusePart"""
    start_requested = Signal(object)
    """ListedImage"""
    branch_requested = Signal(object)
    replay_requested = Signal(object)
    compare_requested = Signal(list)
    """list[int]: two ids, the older first"""
    described = Signal(object, object)
    """Details of the only selected image, and its Lineage or None"""

    def __init__(
        self,
        grid: ThumbnailGrid,
        model: ImageListModel,
        deeds: FileOperations,
        collecting: CollectionsController,
        exporter: Exporter,
        asker: QueryWorker,
        failed: Failed,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._grid, self._model, self._deeds = grid, model, deeds
        self._collecting, self._exporter = collecting, exporter
        self._asker, self._failed = asker, failed
        self._details: Details | None = None
        self._pending: tuple[int, Callable[[Details], object]] | None = None
        self.acts: dict[str, QAction] = build_actions(parent, self._handlers())

    @property
    def ids(self) -> list[int]:
        """In the order of the grid."""
        return self._grid.selected_ids()

    @property
    def number(self) -> int:
        chosen = self._grid.selectionModel().selection()
        return sum(chosen.at(number).height() for number in range(chosen.count()))

    @property
    def details(self) -> Details | None:
        """Of the only selected image, once they are loaded."""
        return self._details

    def changed(self) -> None:
        """The selection changed."""
        ids = self.ids[:2]
        if self._details is not None and ids != [self._details.listed.id]:
            self._details = None
        if self._pending is not None and ids != [self._pending[0]]:
            self._pending = None
        self.enable()

    def ask(self) -> None:
        """Loads the details of a single selected image, again if need be."""
        if self.number != 1:
            self._asker.forget("details")
            return
        number = self.ids[0]

        def ask(reader: Reader) -> tuple[Details | None, Lineage | None]:
            return reader.details(number), lineage_of(reader, number)

        self._asker.ask("details", ask, self._on_details, self._failed)

    def _on_details(self, found: tuple[Details | None, Lineage | None]) -> None:
        details, relatives = found
        if details is None or self.ids[:2] != [details.listed.id]:
            return
        self._details = details
        self.enable()
        self.described.emit(details, relatives)
        pending, self._pending = self._pending, None
        if pending is not None:
            pending[1](details)

    def enable(self) -> None:
        """Enables the commands that are possible for the selection."""
        number, details = self.number, self._details
        image = None if details is None else details.listed
        here = image is not None and image.state is State.HERE and not image.problem
        ours = here and details is not None and bool(details.request)
        known = details is not None and bool(details.program)
        arranged = self._model.collection is not None and number > 0
        can = {
            "start": here,
            "rename": here,
            "take_out": arranged,
            "earlier": arranged,
            "later": arranged,
            "branch": ours,
            "replay": ours,
            "compare": number == 2,
            "open_folder": number == 1,
            "locate": image is not None and image.state is State.MISSING,
            "undo": self._deeds.can_undo,
        }
        can |= dict.fromkeys(("trash", "favourite", "export"), number > 0)
        can |= {name: known for name in self.acts if name.startswith("reuse")}
        can |= dict.fromkeys(("copy_parameters", "copy_prompt"), known)
        for name, enabled in can.items():
            self.acts[name].setEnabled(enabled)

    # What is done

    def _handlers(self) -> dict[str, Callable[[], object]]:
        deeds = self._deeds
        return {
            "reuse": lambda: self.reuse(ReusePart.ALL),
            "reuse_prompt": lambda: self.reuse(ReusePart.PROMPT),
            "reuse_seed": lambda: self.reuse(ReusePart.SEED),
            "reuse_sampler": lambda: self.reuse(ReusePart.SAMPLER),
            "start": lambda: self._with_one(lambda one: self.start_requested.emit(one.listed)),
            "branch": lambda: self._with_one(lambda one: self.branch_requested.emit(one.listed)),
            "replay": lambda: self._with_one(lambda one: self.replay_requested.emit(one.listed)),
            "compare": self.compare,
            "copy_parameters": self.copy_parameters,
            "open_folder": lambda: self._with_one(_open_folder),
            "locate": lambda: self._with_one(lambda one: deeds.ask_where(one.listed)),
            "rename": self.ask_for_name,
            "copy_prompt": self.copy_prompt,
            "export": lambda: self._with_all(self._exporter.ask),
            "take_out": self.remove_from_collection,
            "earlier": lambda: self.shift(-1),
            "later": lambda: self.shift(1),
            "favourite": self.toggle_favourite,
            "trash": self.delete,
            "undo": deeds.undo,
        }

    def reuse(self, part: ReusePart) -> None:
        """If its recipe is known."""

        def reuse(details: Details) -> None:
            if details.program:
                self.reuse_requested.emit(details, part)

        self._with_one(reuse)

    def reuse_of(self, number: int) -> None:
        """Restores the exact state of an image, which need not be selected."""

        def found(details: Details | None) -> None:
            if details is not None and details.program:
                self.reuse_requested.emit(details, ReusePart.ALL)
            elif details is not None:
                name = details.listed.path.name
                self._deeds.show_undo(self.tr("{name} contains no recipe.").format(name=name))

        self._asker.ask("again", lambda reader: reader.details(number), found, self._failed)

    def ask_for_name(self) -> None:
        """Asks for another name of the selected image."""

        def ask(details: Details) -> None:
            if details.listed.state is State.HERE:
                dialog = RenameDialog(details.listed.path, self._grid.window())
                dialog.chosen.connect(lambda name: self._deeds.rename(details.listed, name))
                dialog.open()

        self._with_one(ask)

    def remove_from_collection(self) -> None:
        """Removes the selection from the collection that is shown."""
        collection = self._model.collection
        if collection is not None and (ids := self.ids):
            self._collecting.remove_members(collection.key, ids)

    def shift(self, by: int) -> None:
        """Moves the selected images one place within the collection that is shown."""
        collection, ids = self._model.collection, self.ids
        if collection is None or not ids:
            return
        rows = [row for row in map(self._model.row_of, ids) if row is not None]
        before = max(0, min(rows) - 1) if by < 0 else max(rows) + 2
        numbers = self._model.ids
        target = int(numbers[before]) if before < len(numbers) else None
        if target not in ids:
            self._collecting.arrange(collection.key, ids, target)

    def rate(self, stars: int) -> None:
        if ids := self.ids:
            self._deeds.rate(ids, stars)

    def set_favourite(self, on: bool) -> None:
        if ids := self.ids:
            self._deeds.set_favourite(ids, on)

    def toggle_favourite(self) -> None:
        """Makes all favourites, or none if the first one is a favourite."""
        if ids := self.ids:
            first = self._model.listed_by_id(ids[0])
            self.set_favourite(not (first is not None and first.favourite))

    def tag(self, tags: list[str]) -> None:
        self._deeds.tag(self.ids, tags)

    def untag(self, tag: str) -> None:
        self._deeds.untag(self.ids, [tag])

    def delete(self) -> None:
        """Selects the image after them."""
        self._with_all(self._deeds.delete)

    def copy_prompt(self) -> None:
        """Without the negative prompt."""

        def copy(details: Details) -> None:
            if details.prompt:
                QApplication.clipboard().setText(details.prompt)
                name = details.listed.path.name
                self._deeds.show_undo(self.tr("Copied the prompt of {name}.").format(name=name))

        self._with_one(copy)

    def copy_parameters(self) -> None:
        """As A1111 writes them, which most programs read."""

        def copy(details: Details) -> None:
            if details.program:
                info = Infotext(details.prompt, details.negative, details.settings)
                QApplication.clipboard().setText(str(info))
                name = details.listed.path.name
                self._deeds.show_undo(self.tr("Copied the parameters of {name}.").format(name=name))

        self._with_one(copy)

    def compare(self) -> None:
        if len(ids := self.ids) == 2:
            self.compare_requested.emit([ids[1], ids[0]])

    def _with_one(self, act: Callable[[Details], object]) -> None:
        """Calls `act` immediately, or as soon as the details are loaded."""
        if self._details is not None:
            act(self._details)
        elif self.number == 1:
            self._pending = self.ids[0], act

    def _with_all(self, act: Callable[[list[ListedImage]], object]) -> None:
        """Loads all of them first: most may never have been visible."""
        ids = self.ids

        def look_up(reader: Reader) -> list[ListedImage]:
            slices = (ids[start : start + _SLICE] for start in range(0, len(ids), _SLICE))
            return [image for some in slices for image in reader.listed(some)]

        def go_on(images: list[ListedImage]) -> None:
            act(images)

        if ids:
            self._asker.ask("selected", look_up, go_on, self._failed)


def _open_folder(details: Details) -> None:
    QDesktopServices.openUrl(QUrl.fromLocalFile(str(details.listed.path.parent)))
