"""Connects the history page with canvas and engine."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from core.errors import RequestError, StudioError
from core.request.request import Request
from ldm_studio.draw.run.image_strip import StripEntry
from ldm_studio.engine.events import Finished, Saved
from ldm_studio.history_page.open_history import Library
from ldm_studio.history_page.reuse_part import ReusePart
from ldm_studio.models.model_mismatch import compare_with_local, find_mismatches
from ldm_studio.prompts.wildcard_files import templates_of
from ldm_studio.store.model_limits import unused_settings
from ldm_studio.translation import QT_TRANSLATE_NOOP

from .command_controller import CommandController
from .studio import Studio

if TYPE_CHECKING:
    from ldm_studio.history.database_watch import RestoredDatabase
    from ldm_studio.history.history_store import Recovery
    from ldm_studio.history.results import Details, ListedImage
    from ldm_studio.history_page.history_page import HistoryPage

_NOT_SAMPLER = (
    "prompt", "negative", "template", "negative_template", "syntax", "clip_skip", "seed", "width",
    "height", "count", "model",
)  # fmt: skip


class HistoryController(QObject):
    """Connects the history with the engine and the canvas."""

    def __init__(
        self,
        library: Library,
        studio: Studio,
        commands: CommandController,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._library, self._studio, self._commands = library, studio, commands
        self._window = studio.window
        self._page: HistoryPage | None = None
        self._reported = ""
        """The reported error of the history that still exists."""
        self._toggle = self._window.actions_by_id["history"]
        commands.history_requested.connect(self.toggle)
        studio.bridge.finished.connect(self._on_finished)
        studio.bridge.saved.connect(self._on_saved)
        library.recovered.connect(self._on_recovered)
        library.failed.connect(self._on_failed)
        library.changed.connect(self._on_well)

    @property
    def page(self) -> HistoryPage:
        """Created on demand, so that the program starts without it."""
        if self._page is None:
            from ldm_studio.history_page.history_page import HistoryPage

            page = self._page = HistoryPage(self._library)
            self._window.pages.addWidget(page)
            page.left.connect(self.show_canvas)
            page.selection.reuse_requested.connect(self.reuse)
            page.selection.start_requested.connect(self.start_from)
            page.selection.branch_requested.connect(self.branch)
            page.selection.replay_requested.connect(self.replay)
            page.file_operations.renamed.connect(self._studio.canvas_controller.renamed)
        return self._page

    @property
    def is_open(self) -> bool:
        return self._page is not None and self._window.pages.currentWidget() is self._page

    def close(self) -> None:
        """Ends the threads of the page; the library is closed by its owner."""
        if self._page is not None:
            self._page.close_threads()

    # Pages

    def toggle(self) -> None:
        """Shows the history, or the canvas again."""
        (self.show_canvas if self.is_open else self.show_history)()

    def show_history(self) -> None:
        self._window.pages.setCurrentWidget(self.page)
        self._toggle.setChecked(True)

    def show_canvas(self) -> None:
        self._window.pages.setCurrentIndex(0)
        self._toggle.setChecked(False)

    # From the page

    def reuse(self, details: Details, part: ReusePart) -> None:
        """Applies the settings of an image, or a part of them, to the panels."""
        if part is ReusePart.ALL and details.request and details.listed.path.exists():
            self._with_entry(details.listed, lambda entry: None)
            return
        try:
            request, ignored = self._request(details)
        except RequestError as error:
            self._window.notice.show_error(error.message, error.hint)
            self.show_canvas()
            return
        store, name = self._studio.store, details.listed.path.name
        match part:
            case ReusePart.PROMPT:
                typed = templates_of(request)
                store.syntax = typed.syntax
                store.prompt, store.negative = typed.prompt, typed.negative
            case ReusePart.SEED:
                store.seed, store.seed_locked = request.seed, True
            case ReusePart.SAMPLER:
                self._apply_sampler(request)
            case ReusePart.ALL:
                store.apply(request)
        self.show_canvas()
        hint = (
            self.tr("Unsupported settings: {settings}").format(settings="; ".join(ignored))
            if ignored
            else ""
        )
        if part is ReusePart.ALL and hint:
            self._window.notice.show_info(
                self.tr("The settings of {name}, as far as they are supported.").format(name=name),
                hint,
            )
        else:
            self._window.status.showMessage(self.tr(_PART_TEXTS[part]).format(name=name), 4000)

    def _request(self, details: Details) -> tuple[Request, tuple[str, ...]]:
        """Its request without init images. Raises RequestError."""
        from ldm_studio.history.formatting import recipe  # not before the history is used

        without = {"init": "", "mask": "", "control": "", "strength": 1.0, "changes": ()}
        base = replace(self._studio.store.snapshot(), **without)
        if details.request:
            request = Request.from_json(details.request)
            return replace(request, **without), ()
        restored = recipe(details).restored(base)
        folders = self._studio.store.model_folders
        unused = unused_settings(restored.request, self._studio.store.run.model)
        others = find_mismatches(details.settings, folders)
        return compare_with_local(restored.request, folders), (*others, *restored.ignored, *unused)

    def _apply_sampler(self, request: Request) -> None:
        store = self._studio.store
        now = store.snapshot()
        mode, locked = store.mode, store.seed_locked
        kept = {name: getattr(now, name) for name in _NOT_SAMPLER}
        store.apply(replace(request, **kept, variation=now.variation))
        store.mode, store.seed_locked = mode, locked

    def start_from(self, image: ListedImage) -> None:
        """Makes it the init image."""
        self.show_canvas()
        self._commands.open(str(image.path))

    def branch(self, image: ListedImage) -> None:
        """Shows its steps, from any of which it can be branched."""
        self._with_entry(image, lambda entry: self._window.timeline.show_chosen_step())

    def replay(self, image: ListedImage) -> None:
        self._with_entry(image, self._studio.replay_controller.replay)

    def _with_entry(self, image: ListedImage, then: Callable[[StripEntry], None]) -> None:
        """Reads the file, shows it with all its settings, then calls `then`."""
        from ldm_studio.history_page.image_entry import entry_of_file

        path: Path = image.path

        def show(entry: StripEntry) -> None:
            self.show_canvas()
            self._window.strip.forget_current()
            self._studio.show_entry(entry)
            then(entry)

        def fail(error: StudioError) -> None:
            self.page.notice.show_error(error.message, error.hint)

        self._library.run(lambda: entry_of_file(path), show, fail)

    # From the engine and the library

    def _on_finished(self, event: Finished) -> None:
        if event.path is not None:
            self._library.note([event.path])

    def _on_saved(self, event: Saved) -> None:
        self._library.note([event.path])

    def _on_failed(self, error: StudioError) -> None:
        """Reported once here, and by the page if it is visible."""
        if not self.is_open and error.message != self._reported:
            self._window.notice.show_error(error.message, error.hint)
        self._reported = error.message

    def _on_well(self) -> None:
        self._reported = ""

    def _on_recovered(self, recovery: Recovery | RestoredDatabase) -> None:
        self._window.notice.show_info(recovery.message)


_PART_TEXTS = {
    ReusePart.ALL: QT_TRANSLATE_NOOP("HistoryController", "The settings of {name}"),
    ReusePart.PROMPT: QT_TRANSLATE_NOOP("HistoryController", "The prompts of {name}"),
    ReusePart.SEED: QT_TRANSLATE_NOOP("HistoryController", "The seed of {name}"),
    ReusePart.SAMPLER: QT_TRANSLATE_NOOP("HistoryController", "The sampler settings of {name}"),
}
