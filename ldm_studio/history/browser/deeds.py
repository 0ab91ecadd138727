"""What is done with pictures and their files: marks, the trash, folders, files gone elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QFileDialog, QWidget

from core.errors import PictureError, StudioError
from ldm_studio.history.export import Export
from ldm_studio.history.reader import Listed
from ldm_studio.history.reading import scan
from ldm_studio.history.rebuild import Report, locate
from ldm_studio.history.schema import State
from ldm_studio.panels.notice import NoticeStrip

from .library import Indexed, Library
from .trash import Trashed, out_of_trash, to_trash

PICTURES = "Pictures (*.png *.jpg *.jpeg *.webp)"
_TOLD = 3


@dataclass(frozen=True)
class Deletion:
    """Pictures that were put into the trash together, and can come out of it together."""

    files: tuple[tuple[int, Trashed], ...]
    missing: tuple[int, ...] = ()
    """Those that had no file: only the history has forgotten them."""
    errors: tuple[StudioError, ...] = ()

    @property
    def numbers(self) -> tuple[int, ...]:
        """Ids."""
        return (*(number for number, _ in self.files), *self.missing)

    @property
    def count(self) -> int:
        return len(self.numbers)


class Deeds(QObject):
    """Does it behind the interface, and says what came of it in the notice."""

    deleted = Signal(object)
    """Deletion"""
    restored = Signal(object)
    """Deletion"""
    located = Signal(int)

    def __init__(self, library: Library, notice: NoticeStrip, window: QWidget) -> None:
        super().__init__(window)
        self._library, self._notice, self._window = library, notice, window
        self._deletions: list[Deletion] = []
        self._folder = Path.home()
        library.indexed.connect(self._on_indexed)

    @property
    def can_undo(self) -> bool:
        return bool(self._deletions)

    def tell(self, words: str) -> None:
        """Say in the notice what was done."""
        self._notice.show_info(words)

    # Marks

    def favour(self, numbers: Sequence[int], favourite: bool) -> None:
        self._library.wrote(self._library.history.favourite(numbers, favourite))

    def rate(self, numbers: Sequence[int], stars: int) -> None:
        self._library.wrote(self._library.history.rate(numbers, stars))

    def tag(self, numbers: Sequence[int], tags: Sequence[str]) -> None:
        self._library.wrote(self._library.history.tag(numbers, tags))

    def untag(self, numbers: Sequence[int], tags: Sequence[str]) -> None:
        self._library.wrote(self._library.history.untag(numbers, tags))

    def save_search(self, name: str, query: str) -> None:
        self._library.wrote(self._library.history.save_search(name, query))

    # The trash

    def delete(self, pictures: Sequence[Listed]) -> None:
        """Move the files into the trash; what cannot be moved stays as it is."""
        history = self._library.history
        chosen = [picture for picture in pictures if picture.state is not State.DELETED]
        if not chosen:
            return

        def work() -> Deletion:
            files, missing = list[tuple[int, Trashed]](), list[int]()
            errors = list[StudioError]()
            for picture in chosen:
                if picture.state is State.MISSING and not picture.path.exists():
                    missing.append(picture.id)
                    continue
                try:
                    files.append((picture.id, to_trash(picture.path)))
                except PictureError as error:
                    errors.append(error)
            deletion = Deletion(tuple(files), tuple(missing), tuple(errors))
            history.set_state(deletion.numbers, State.DELETED).result()
            return deletion

        self._library.run(work, self._on_deleted)

    def _on_deleted(self, deletion: Deletion) -> None:
        undo = ("Undo", self.undo)
        if deletion.count:
            self._deletions.append(deletion)
        if deletion.errors:
            rest = len(deletion.errors)
            words = f"{_pictures(rest)} could not be deleted." if rest > 1 else ""
            first = deletion.errors[0]
            text = f"{words} {first.message}".strip()
            self._notice.show_error(text, first.hint, undo if deletion.count else None)
        else:
            self._notice.show_info(_deleted(deletion), "", undo)
        self.deleted.emit(deletion)
        self._library.changed.emit()

    def undo(self) -> None:
        """Take the last deletion back: files out of the trash, rows back into the history."""
        if not self._deletions:
            return
        deletion = self._deletions.pop()
        history = self._library.history

        def work() -> Deletion:
            errors, back = list[StudioError](), list[tuple[int, Trashed]]()
            for number, trashed in deletion.files:
                try:
                    out_of_trash(trashed)
                except PictureError as error:
                    errors.append(error)
                else:
                    back.append((number, trashed))
            history.put([scan(trashed.path) for _, trashed in back]).result()
            history.set_state(deletion.missing, State.MISSING).result()
            return Deletion(tuple(back), deletion.missing, tuple(errors))

        self._library.run(work, self._on_restored)

    def _on_restored(self, deletion: Deletion) -> None:
        if deletion.errors:
            first = deletion.errors[0]
            self._notice.show_error(first.message, first.hint)
        else:
            again = ("Undo the One Before", self.undo) if self._deletions else None
            words = "is back" if deletion.count == 1 else "are back"
            self._notice.show_info(f"{_pictures(deletion.count)} {words}.", "", again)
        self._library.changed.emit()
        self.restored.emit(deletion)

    # Files and folders

    def ask_where(self, picture: Listed) -> None:
        """Let the user show where the file of a missing picture is."""
        dialog = QFileDialog(self._window, f"Where is {picture.path.name}?", str(self._folder))
        dialog.setNameFilter(PICTURES)
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        self._ask(dialog, lambda path: self.locate(picture.id, path))

    def locate(self, number: int, path: Path) -> None:
        """The file of this picture is there; refused where that is another picture."""
        self._folder = path.parent
        history = self._library.history

        def done(_: None) -> None:
            self._library.changed.emit()
            self._notice.dismiss()
            self.located.emit(number)

        self._library.run(lambda: locate(history, number, path), done, self._show)

    def ask_for_folder(self) -> None:
        """Let the user choose a folder to import."""
        dialog = QFileDialog(self._window, "Import a Folder of Pictures", str(self._folder))
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setOption(QFileDialog.Option.ShowDirsOnly)
        self._ask(dialog, self._library.add_folder)

    def ask_for_export(self, pictures: Sequence[Listed]) -> None:
        """Let the user choose where to copy pictures."""
        name = str(self._folder / "pictures.zip")
        dialog = QFileDialog(self._window, "Export Pictures", name)
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setNameFilters(["Zip file (*.zip)", "Table (*.csv)", "JSON lines (*.jsonl)"])
        self._ask(dialog, lambda path: self.export(pictures, path))

    def export(self, pictures: Sequence[Listed], target: Path) -> None:
        """A copy of the files, or a table of what is known of them."""
        history = self._library.history

        def work() -> str:
            with history.reader() as reader:
                done = Export(pictures, reader.details).to(target)
            left = f", {done.left_out} without a file left out" if done.left_out else ""
            return f"{_pictures(done.pictures)} exported to {target}{left}."

        self._library.run(work, self._notice.show_info, self._show)

    def _ask(self, dialog: QFileDialog, then: Callable[[Path], None]) -> None:
        dialog.fileSelected.connect(lambda path: then(Path(path)))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _on_indexed(self, indexed: Indexed) -> None:
        if not indexed.quiet:
            self._notice.show_info(*told(indexed))

    def _show(self, error: StudioError) -> None:
        self._notice.show_error(error.message, error.hint)


def told(indexed: Indexed) -> tuple[str, str]:
    """What looking through folders came to, in two sentences."""
    report: Report = indexed.report
    where = indexed.folders[0].name if len(indexed.folders) == 1 else "the folders"
    counts = [
        f"{number:,} {what}"
        for number, what in (
            (report.added, "new"), (report.changed, "changed"), (report.moved, "moved"),
            (report.missing, "missing"), (report.unchanged, "known already"),
        )
        if number
    ]  # fmt: skip
    found = f"{_pictures(report.files)} in {where}"
    text = f"{found}: {', '.join(counts)}." if counts else f"{found}."
    if report.cancelled:
        text = f"Stopped. {text} The rest is looked through the next time."
    hints: list[str] = []
    if report.problems:
        first = report.problems[0]
        one = f"{first.path.name}: {first.message}"
        more = f" and {len(report.problems) - 1:,} more" if len(report.problems) > 1 else ""
        hints.append(f"Could not be read: {one}{more}.")
    if report.ignored:
        most = sorted(report.ignored.items(), key=lambda item: -item[1])[:_TOLD]
        hints.append(
            "Settings without an equal here: "
            + ", ".join(f"{name} ({number:,})" for name, number in most)
            + ("…" if len(report.ignored) > _TOLD else ".")
        )
    return text, " ".join(hints)


def _deleted(deletion: Deletion) -> str:
    if not deletion.files:
        return f"{_pictures(deletion.count)} removed from the history."
    words = "was" if deletion.count == 1 else "were"
    return f"{_pictures(deletion.count)} {words} moved to the trash."


def _pictures(number: int) -> str:
    return "1 picture" if number == 1 else f"{number:,} pictures"
