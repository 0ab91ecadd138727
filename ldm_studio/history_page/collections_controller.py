"""Creates, fills, renames, sorts and removes collections."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QMenu, QWidget

from core.errors import Message, StudioError
from ldm_studio.history.collections import MAX_TITLE, CollectionContents, clean_title
from ldm_studio.history.results import CollectionInfo
from ldm_studio.history.user_journal import Member, Saying
from ldm_studio.look.icons import menu_icon

from .file_operations import FileOperations
from .history_texts import images
from .name_dialog import ask_for_name
from .open_history import Library


class CollectionsController(QObject):
    """Reports each change in the notice, where it can be undone."""

    def __init__(self, library: Library, deeds: FileOperations, window: QWidget) -> None:
        super().__init__(window)
        self._library, self._deeds, self._window = library, deeds, window
        self.known: tuple[CollectionInfo, ...] = ()
        """All collections by name; the page keeps them up to date."""

    def find(self, key: str) -> CollectionInfo | None:
        return next((one for one in self.known if one.key == key), None)

    def is_taken(self, title: str, key: str = "") -> bool:
        """Whether another collection has this name."""
        wanted = clean_title(title).casefold()
        return any(one.title.casefold() == wanted and one.key != key for one in self.known)

    # What is done

    def create(self, title: str, numbers: Sequence[int] = ()) -> None:
        """Creates a collection of these images."""

        def done(made: CollectionContents) -> None:
            name, count = made.collection.title, len(made.members)
            words = self.tr("{images} added to the new collection “{name}”.")
            self._deeds.show_undo(
                words.format(images=images(count), name=name),
                lambda: self._remove(made.collection.collection, lambda _: None),
            )

        self._library.wrote(self._library.history.create_collection(title, numbers), done)

    def rename(self, key: str, title: str) -> None:
        self._library.wrote(self._library.history.rename_collection(key, title))

    def remove(self, key: str) -> None:
        """Removes the collection, not its images."""

        def done(removed: CollectionContents) -> None:
            words = self.tr("Removed the collection “{name}”; its images stay.")
            self._deeds.show_undo(
                words.format(name=removed.collection.title),
                lambda: self._apply_sayings(removed.sayings),
            )

        self._remove(key, done)

    def add(self, key: str, numbers: Sequence[int]) -> None:
        """Appends images."""

        def done(added: list[Saying]) -> None:
            new = [one.picture for one in added if isinstance(one, Member)]
            title = self._title(key)
            if not new:
                self._deeds.show_undo(self.tr("They are in “{name}” already.").format(name=title))
                return
            back = [Member(key, digest, None) for digest in new]
            words = self.tr("{images} added to “{name}”.")
            self._deeds.show_undo(
                words.format(images=images(len(new)), name=title),
                lambda: self._apply_sayings(back),
            )

        self._library.wrote(self._library.history.add_to_collection(key, numbers), done)

    def remove_members(self, key: str, numbers: Sequence[int]) -> None:
        def done(gone: list[Member]) -> None:
            if gone:
                words = self.tr("{images} removed from “{name}”.").format(
                    images=images(len(gone)), name=self._title(key)
                )
                self._deeds.show_undo(words, lambda: self._apply_sayings(gone))

        self._library.wrote(self._library.history.remove_from_collection(key, numbers), done)

    def arrange(self, key: str, numbers: Sequence[int], before: int | None) -> None:
        """Moves images of a collection before another one; None: to the end."""
        self._library.wrote(self._library.history.move_in_collection(key, numbers, before))

    def _remove(self, key: str, done: Callable[[CollectionContents], None]) -> None:
        self._library.wrote(self._library.history.remove_collection(key), done)

    def _apply_sayings(self, sayings: Sequence[Saying]) -> None:
        self._library.wrote(self._library.history.apply_sayings(sayings))

    def _title(self, key: str) -> str:
        found = self.find(key)
        return "" if found is None else found.title

    # Dialogs

    def ask_for_new(self, numbers: Sequence[int] = ()) -> None:
        """Asks for the name of a new collection."""
        self._ask(
            self.tr("New Collection"),
            self.tr("Create"),
            "",
            lambda title: self.create(title, numbers),
        )

    def ask_for_name(self, key: str) -> None:
        """Asks for another name of a collection."""
        self._ask(
            self.tr("Rename Collection"),
            self.tr("Rename"),
            self._title(key),
            lambda title: self.rename(key, title),
            key,
        )

    def _ask(
        self, title: str, verb: str, name: str, then: Callable[[str], None], key: str = ""
    ) -> None:
        def chosen(text: str) -> None:
            if not clean_title(text):
                return
            if self.is_taken(text, key):
                message = Message(
                    "There is already a collection “{title}”.", title=clean_title(text)
                )
                self._deeds.show_error(StudioError(message, "Choose another name."))
                return
            then(text[: 2 * MAX_TITLE])

        ask_for_name(self._window, title, self.tr("Name:"), verb, chosen, name=name)

    def fill_menu(self, menu: QMenu, numbers: Sequence[int]) -> None:
        """Fills a menu with the collections that these images can be added to."""
        menu.clear()
        new = menu.addAction(menu_icon("plus"), self.tr("New Collection…"))
        new.triggered.connect(lambda: self.ask_for_new(numbers))
        if self.known:
            menu.addSeparator()
        for one in self.known:
            act = menu.addAction(one.title.replace("&", "&&"))
            act.triggered.connect(lambda _=False, key=one.key: self.add(key, numbers))
