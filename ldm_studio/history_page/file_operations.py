"""Operations on images and their files: marks, renaming, trash, folders; with undo."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QFileDialog, QWidget

from core.errors import ImageError, StudioError
from ldm_studio.draw.run.notice_bar import NoticeBar
from ldm_studio.history.database_schema import State
from ldm_studio.history.file_renaming import RenamedFile, rename
from ldm_studio.history.folder_scan import locate
from ldm_studio.history.image_reader import scan
from ldm_studio.history.results import ListedImage
from ldm_studio.translation import translate_message

from .history_texts import images, index_summary
from .open_history import IndexResult, Library
from .trash import Trashed, out_of_trash, to_trash

ENDINGS = "*.png *.jpg *.jpeg *.webp"


@dataclass(frozen=True)
class Deletion:
    """Images that were moved to the trash together, and can be restored together."""

    files: tuple[tuple[int, Trashed], ...]
    missing: tuple[int, ...] = ()
    """Those without a file, which only the history has forgotten."""
    errors: tuple[StudioError, ...] = ()

    @property
    def numbers(self) -> tuple[int, ...]:
        """Ids."""
        return (*(number for number, _ in self.files), *self.missing)

    @property
    def count(self) -> int:
        return len(self.numbers)


class FileOperations(QObject):
    """Works in the background and reports the result in the notice."""

    deleted = Signal(object)
    """Deletion"""
    restored = Signal(object)
    """Deletion"""
    renamed = Signal(object, object)
    """Path: the old one, the new one."""
    located = Signal(int)

    def __init__(self, library: Library, notice: NoticeBar, window: QWidget) -> None:
        super().__init__(window)
        self._library, self._notice, self._window = library, notice, window
        self._undos: list[Callable[[], None]] = []
        self._folder = Path.home()
        library.indexed.connect(self._on_indexed)

    def show_undo(self, words: str, undo: Callable[[], None] | None = None) -> None:
        """Reports in the notice what was done, and offers undo."""
        if undo is None:
            self._notice.show_info(words)
        else:
            self._undos.append(undo)
            self._notice.show_info(words, "", (self.tr("Undo"), self.undo))

    def show_error(self, error: StudioError) -> None:
        """Reports an error in the notice."""
        self._notice.show_error(error.message, error.hint)

    @property
    def can_undo(self) -> bool:
        return bool(self._undos)

    def undo(self) -> None:
        """Undoes the last deletion, renaming or removal."""
        if self._undos:
            self._undos.pop()()

    # Marks

    def set_favourite(self, numbers: Sequence[int], favourite: bool) -> None:
        self._library.wrote(self._library.history.favourite(numbers, favourite))

    def rate(self, numbers: Sequence[int], stars: int) -> None:
        self._library.wrote(self._library.history.rate(numbers, stars))

    def tag(self, numbers: Sequence[int], tags: Sequence[str]) -> None:
        self._library.wrote(self._library.history.tag(numbers, tags))

    def untag(self, numbers: Sequence[int], tags: Sequence[str]) -> None:
        self._library.wrote(self._library.history.untag(numbers, tags))

    def save_search(self, name: str, query: str) -> None:
        self._library.wrote(self._library.history.save_search(name, query))

    # Names

    def rename(self, image: ListedImage, name: str) -> None:
        """Renames the file; refused if the name is taken or invalid."""
        former, number = image.path.name, image.id

        def done(new: Path) -> None:
            if new.name != former:
                self.show_undo(
                    self._named(new), lambda: self._rename(number, former, report_undone)
                )

        def report_undone(new: Path) -> None:
            self.show_undo(self._named(new))

        self._rename(number, name, done)

    def _named(self, path: Path) -> str:
        return self.tr("Renamed to {name}.").format(name=path.name)

    def _rename(self, number: int, name: str, then: Callable[[Path], None]) -> None:
        history = self._library.history

        def done(renamed: RenamedFile) -> None:
            if renamed.new != renamed.old:
                self.renamed.emit(renamed.old, renamed.new)
                self._library.changed.emit()
            then(renamed.new)

        self._library.run(lambda: rename(history, number, name), done, self.show_error)

    # The trash

    def delete(self, chosen: Sequence[ListedImage]) -> None:
        """Moves the files to the trash; failed ones stay as they are."""
        history = self._library.history
        wanted = [image for image in chosen if image.state is not State.DELETED]
        if not wanted:
            return

        def work() -> Deletion:
            files, missing = list[tuple[int, Trashed]](), list[int]()
            errors = list[StudioError]()
            for image in wanted:
                if image.state is State.MISSING and not image.path.exists():
                    missing.append(image.id)
                    continue
                try:
                    files.append((image.id, to_trash(image.path)))
                except ImageError as error:
                    errors.append(error)
            deletion = Deletion(tuple(files), tuple(missing), tuple(errors))
            history.set_state(deletion.numbers, State.DELETED).result()
            return deletion

        self._library.run(work, self._on_deleted)

    def _on_deleted(self, deletion: Deletion) -> None:
        undo = (self.tr("Undo"), self.undo)
        if deletion.count:
            self._undos.append(lambda: self._restore(deletion))
        if deletion.errors:
            rest, first = len(deletion.errors), deletion.errors[0]
            text = translate_message(first.message)
            if rest > 1:
                words = self.tr("{images} could not be deleted.").format(images=images(rest))
                text = f"{words} {text}"
            self._notice.show_error(text, first.hint, undo if deletion.count else None)
        else:
            self._notice.show_info(self._deletion_text(deletion), "", undo)
        self.deleted.emit(deletion)
        self._library.changed.emit()

    def _deletion_text(self, deletion: Deletion) -> str:
        if not deletion.files:
            words = self.tr("{images} removed from the history.")
        else:
            words = self.tr("Moved {images} to the trash.")
        return words.format(images=images(deletion.count))

    def _restore(self, deletion: Deletion) -> None:
        """Restores files from the trash and rows in the history."""
        history = self._library.history

        def work() -> Deletion:
            errors, back = list[StudioError](), list[tuple[int, Trashed]]()
            for number, trashed in deletion.files:
                try:
                    out_of_trash(trashed)
                except ImageError as error:
                    errors.append(error)
                else:
                    back.append((number, trashed))
            history.put([scan(trashed.path) for _, trashed in back]).result()
            history.set_state(deletion.missing, State.MISSING).result()
            return Deletion(tuple(back), deletion.missing, tuple(errors))

        self._library.run(work, self._on_restored)

    def _on_restored(self, deletion: Deletion) -> None:
        if deletion.errors:
            self.show_error(deletion.errors[0])
        else:
            again = (self.tr("Undo the Previous One"), self.undo) if self._undos else None
            words = self.tr("Restored {images}.")
            self._notice.show_info(words.format(images=images(deletion.count)), "", again)
        self._library.changed.emit()
        self.restored.emit(deletion)

    # Files and folders

    def ask_where(self, image: ListedImage) -> None:
        """Asks for the file of a missing image."""
        title = self.tr("Where is {name}?").format(name=image.path.name)
        dialog = QFileDialog(self._window, title, str(self._folder))
        dialog.setNameFilter(self.tr("Images ({endings})").format(endings=ENDINGS))
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        self._ask(dialog, lambda path: self.locate(image.id, path))

    def locate(self, number: int, path: Path) -> None:
        """Sets the file of this image; refused if that is another image."""
        self._folder = path.parent
        history = self._library.history

        def done(_: None) -> None:
            self._library.changed.emit()
            self._notice.dismiss()
            self.located.emit(number)

        self._library.run(lambda: locate(history, number, path), done, self.show_error)

    def ask_for_folder(self) -> None:
        """Asks for a folder to import."""
        title = self.tr("Import a Folder of Images")
        dialog = QFileDialog(self._window, title, str(self._folder))
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setOption(QFileDialog.Option.ShowDirsOnly)
        self._ask(dialog, self._library.add_folder)

    def _ask(self, dialog: QFileDialog, then: Callable[[Path], None]) -> None:
        dialog.fileSelected.connect(lambda path: then(Path(path)))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _on_indexed(self, indexed: IndexResult) -> None:
        if not indexed.quiet:
            self._notice.show_info(*index_summary(indexed))
