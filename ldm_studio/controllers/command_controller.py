"""The commands of the menus: files, clipboard, view, help."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from PySide6.QtCore import QObject, Qt, QUrl, Signal
from PySide6.QtGui import QDesktopServices, QImage
from PySide6.QtWidgets import QApplication, QFileDialog, QWidget

from core.errors import StudioError
from core.request.request import Request
from ldm_studio.canvas.document.qimage import to_qimage
from ldm_studio.canvas.tools.drop_data import dropped_image
from ldm_studio.draw.run.image_strip import StripEntry
from ldm_studio.engine.events import Ready
from ldm_studio.engine_protocol import ModelInfo
from ldm_studio.images import image_formats
from ldm_studio.look.theme import Theme
from ldm_studio.settings.settings import Scheme
from ldm_studio.store.model_limits import admit
from ldm_studio.store.run_state import RunState
from ldm_studio.threads.background import Background
from ldm_studio.translation import QT_TRANSLATE_NOOP, joined

from .image_opening import OpenedImage, load
from .studio import Studio

OPEN_FILTER = QT_TRANSLATE_NOOP(
    "CommandController",
    "Images (*.png *.jpg *.jpeg *.webp *.avif *.bmp *.gif *.tif *.tiff);;All files (*)",
)
SAVE_FILTERS = QT_TRANSLATE_NOOP(
    "CommandController", "PNG, exact (*.png);;WebP, exact and smaller (*.webp);;JPEG (*.jpg *.jpeg)"
)
TRANSPARENT_FILTERS = QT_TRANSLATE_NOOP("CommandController", "PNG (*.png);;WebP, smaller (*.webp)")

OPENS_WINDOW = ("palette", "settings", "documentation", "shortcuts", "report", "about")
"""Commands that open a window beside the panels."""


class CommandController(QObject):
    """One method for each id of `actions.ACTIONS`; `handlers` is the table of them."""

    keep_steps = Signal(bool)
    """Whether the steps of finished images are saved."""
    window_requested = Signal(str)
    """The id of an action that opens a window; see `auxiliary_windows`."""
    history_requested = Signal()
    """Show the history, or the canvas again."""

    def __init__(
        self,
        studio: Studio,
        theme: Theme,
        output: Callable[[], Path],
        parent: QObject | None = None,
    ) -> None:
        """`output`: the folder of the next image."""
        super().__init__(parent)
        self._studio, self._theme, self._output = studio, theme, output
        self._window, self._view = studio.window, studio.window.canvas.view
        self._background = Background(self)
        self._tasks: set[asyncio.Task[None]] = set()
        self._folder = output().parent.parent
        self._window.install_actions(self.handlers())
        self._actions = self._window.actions_by_id
        strip = self._window.strip
        strip.save_requested.connect(self.save_entry)
        strip.export_requested.connect(self.export_entry)
        strip.copy_requested.connect(lambda entry: _to_clipboard(entry.image.rgba()))
        strip.folder_requested.connect(lambda entry: show_folder(entry.path.parent))
        studio.canvas_controller.changed.connect(self._update)
        self._view.image_dropped.connect(self.open)
        self._view.copy_requested.connect(self.copy_image)
        self._window.image_dropped.connect(self.open)
        self._window.prompt.image_pasted.connect(self.paste_image)
        self._view.overlay_visible_changed.connect(self._actions["toggle_mask"].setChecked)
        self._window.sampler.start.open_requested.connect(self.open_image)
        studio.bridge.ready.connect(self._on_ready)
        theme.changed.connect(self._update)
        self._window.timeline.changed.connect(self._update)
        self._window.run_area.offer_changed.connect(self._update)
        studio.branch_controller.changed.connect(self._update)
        studio.candidates.changed.connect(self._update)
        studio.replay_controller.changed.connect(self._update_cancel)
        self._view.document.replaced.connect(self._update)
        studio.store.run_changed.connect(self._show_run)
        self._actions["toggle_mask"].setChecked(self._view.overlay_visible)
        self._show_run(studio.store.run)
        self._update()

    def handlers(self) -> dict[str, Callable[[], object]]:
        studio, view = self._studio, self._view
        return {
            "open_picture": self.open_image,
            "save_as": lambda: self.save_entry(studio.canvas_controller.shown),
            "export_transparent": lambda: self.export_entry(studio.canvas_controller.shown),
            "show_output": lambda: show_folder(self._output()),
            "quit": lambda: self._window.close_requested.emit(),
            "undo": view.undo,
            "redo": view.redo,
            "copy_picture": self.copy_image,
            "paste_picture": self.paste_image,
            "clear_mask": view.clear_mask,
            "reset_parameters": studio.reset_parameters,
            "earlier_prompt": studio.earlier_prompt,
            "later_prompt": studio.later_prompt,
            "generate": studio.generate,
            "cancel": self._cancel,
            "cancel_all": studio.run_state.cancel_all,
            "pause": studio.queue_controller.toggle_pause,
            "apply": studio.steering_controller.apply,
            "show_queue": self._window.run_area.toggle_queue,
            "live": lambda: studio.set_live(not studio.live.is_on),
            "look_at_steps": self._window.timeline.show_chosen_step,
            "branch": self._window.timeline.ask_to_branch,
            "leave_branch": studio.branch_controller.leave,
            "replay": lambda: studio.replay_controller.replay(studio.canvas_controller.shown),
            "keep_steps": lambda: self.keep_steps.emit(self._actions["keep_steps"].isChecked()),
            "history": lambda: self.history_requested.emit(),
            "enlarge": studio.enlarging.ask,
            "candidate_before": lambda: studio.candidates.flip(-1),
            "next_candidate": lambda: studio.candidates.flip(1),
            "keep_candidate": studio.candidates.keep,
            "go_to_canvas": lambda: self._focus(view),
            "go_to_prompt": lambda: self._focus(self._window.prompt.prompt),
            "fit": view.fit,
            "actual_size": view.actual_size,
            "toggle_mask": view.toggle_overlay,
            "transparency": lambda: view.set_show_transparency(
                self._actions["transparency"].isChecked()
            ),
            "theme_system": lambda: self._choose(Scheme.SYSTEM),
            "theme_light": lambda: self._choose(Scheme.LIGHT),
            "theme_dark": lambda: self._choose(Scheme.DARK),
            **{name: partial(self.window_requested.emit, name) for name in OPENS_WINDOW},
        }

    def _focus(self, part: QWidget) -> None:
        """Moves the focus there."""
        if self._actions["history"].isChecked():
            self.history_requested.emit()
        part.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def show_keep_steps(self, on: bool) -> None:
        self._actions["keep_steps"].setChecked(on)

    def close(self) -> None:
        """Cancels loading; waits for images that are being written."""
        for task in self._tasks:
            task.cancel()
        self._background.close()

    # Files

    def open_image(self) -> None:
        dialog = QFileDialog(
            self._window, self.tr("Open Image"), str(self._folder), self.tr(OPEN_FILTER)
        )
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        self._ask(dialog, self._open_chosen)

    def _open_chosen(self, path: str) -> None:
        self._folder = Path(path).parent
        self.open(path)

    def open(self, source: str | QImage) -> None:
        """Starts from an image file or an image in the clipboard."""
        self._spawn(self._open(source))

    async def _open(self, source: str | QImage) -> None:
        notice, store = self._window.notice, self._studio.store
        self._window.status.showMessage(self.tr("Opening the image…"))
        try:
            base = store.snapshot()
            opened = await self._background.result_of(
                partial(load, source, store.run.model, base, store.model_folders)
            )
        except StudioError as error:
            notice.show_error(error.message, error.hint)
            return
        finally:
            self._window.status.clearMessage()
        self._studio.use_start(opened.rgb)
        request = opened.request
        if request is not None:
            text = self.tr("This image contains its settings: “{prompt}”.").format(
                prompt=_short(request.prompt)
            )
            restore = (self.tr("Restore Settings"), lambda: self._restore(request, opened))
            notice.show_info(text, opened.note, restore)
        elif opened.note:
            notice.show_info(opened.note)
        else:
            notice.dismiss()
            self._studio.size_fixer.explain(opened.rgb)

    def _restore(self, request: Request, opened: OpenedImage) -> None:
        """Restores the settings of a file. Its init image is unknown: the file itself is used."""
        self._studio.store.apply(request)
        if request.init:
            self._studio.use_start(opened.rgb)
            self._window.notice.show_info(
                self.tr("It was made from another image."),
                self.tr("This one is used as the initial image instead."),
            )
        elif opened.differing:
            self._window.notice.show_info(
                self.tr("It was made with other files than the ones here."),
                joined(*opened.differing),
            )
        elif opened.ignored:
            rest = _short("; ".join(opened.ignored), 200)
            self._window.notice.show_info(
                self.tr("Some settings are not supported here and were ignored."), rest
            )

    def _on_ready(self, event: Ready) -> None:
        if (
            self._studio.canvas_controller.start is not None
        ):  # opened before the model's sizes were known
            self._spawn(self._fit(self._studio.canvas_controller.start, event.model))

    async def _fit(self, start: np.ndarray, model: ModelInfo) -> None:
        rgb, note = await self._background.result_of(partial(admit, start, model))
        if self._studio.canvas_controller.start is not start:
            return
        if note:
            self._studio.use_start(rgb)
            self._window.notice.show_info(note)
        else:
            self._studio.size_fixer.explain(start)

    def save_entry(self, entry: StripEntry | None) -> None:
        self._save(entry, self.tr("Save Image As"), transparent=False)

    def export_entry(self, entry: StripEntry | None) -> None:
        self._save(entry, self.tr("Export With Transparent Background"), transparent=True)

    def _save(self, entry: StripEntry | None, title: str, *, transparent: bool) -> None:
        if entry is None:
            return
        suffix = "-transparent" if transparent else ""
        stem = entry.path.stem if entry.path else f"image-{entry.image.request.seed}"
        name = str(self._output() / f"{stem}{suffix}.png")
        filters = self.tr(TRANSPARENT_FILTERS if transparent else SAVE_FILTERS)
        dialog = QFileDialog(self._window, title, name, filters)
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix("png")
        dialog.filterSelected.connect(lambda chosen: dialog.setDefaultSuffix(_suffix(chosen)))
        self._ask(dialog, lambda path: self._spawn(self._write(entry, Path(path), transparent)))

    async def _write(self, entry: StripEntry, path: Path, transparent: bool) -> None:
        model = self._studio.store.run.model
        image, request = entry.image, entry.image.request
        name = model.name if model else request.model

        def write() -> None:
            pixels = image.rgba() if transparent else image.rgb
            exact = not transparent and path.suffix.lower() not in (".jpg", ".jpeg")
            record = entry.record if exact else None
            image_formats.save(path, pixels, request, name, request.model_digest, record)

        try:
            await self._background.result_of(write)
        except StudioError as error:
            self._window.notice.show_error(error.message, error.hint)
        else:
            if self._window.notice.is_error:
                self._window.notice.dismiss()
            self._window.status.showMessage(self.tr("Saved {name}").format(name=path.name), 4000)

    def _ask(self, dialog: QFileDialog, then: Callable[[str], None]) -> None:
        dialog.setParent(self._window, dialog.windowFlags())
        dialog.fileSelected.connect(then)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    # Clipboard

    def copy_image(self) -> None:
        """Copies the image on the canvas, without the white background if it is transparent."""
        image, shown = self._view.image(), self._studio.canvas_controller.shown
        if shown is not None:
            _to_clipboard(shown.image.rgb if shown.image.alpha is None else shown.image.rgba())
        elif image is not None:
            _to_clipboard(image)

    def paste_image(self) -> None:
        source = dropped_image(QApplication.clipboard().mimeData())
        if source is None:
            self._window.notice.show_info(self.tr("There is no image on the clipboard."))
        else:
            self.open(source)

    # Helpers

    def _choose(self, scheme: Scheme) -> None:
        self._theme.scheme = scheme
        self._update()

    def _cancel(self) -> None:
        """The running job first; a replay waits while one runs."""
        if self._studio.store.run.busy:
            self._studio.run_state.cancel()
        else:
            self._studio.replay_controller.stop()

    def _update_cancel(self) -> None:
        busy = self._studio.store.run.busy or self._studio.replay_controller.replaying
        self._actions["cancel"].setEnabled(busy)

    def _show_run(self, run: RunState) -> None:
        self._update_cancel()
        self._actions["cancel_all"].setEnabled(run.waiting > 1)
        self._actions["pause"].setEnabled(run.busy)
        self._actions["pause"].setChecked(run.paused)
        self._actions["live"].setChecked(run.live)
        self._actions["reset_parameters"].setEnabled(run.model is not None)

    def _update(self) -> None:
        shown = self._studio.canvas_controller.shown
        self._actions["save_as"].setEnabled(shown is not None)
        self._actions["replay"].setEnabled(shown is not None and shown.path is not None)
        has_alpha = shown is not None and shown.image.alpha is not None
        self._actions["export_transparent"].setEnabled(has_alpha)
        timeline, run_area = self._window.timeline, self._window.run_area
        self._actions["look_at_steps"].setEnabled(timeline.ticks.is_open)
        self._actions["branch"].setEnabled(timeline.can_branch)
        self._actions["leave_branch"].setEnabled(self._studio.branch_controller.branch is not None)
        self._actions["apply"].setEnabled(run_area.can_apply)
        self._actions["show_queue"].setEnabled(run_area.has_queue)
        self._actions["enlarge"].setEnabled(self._view.image() is not None)
        for name in ("candidate_before", "next_candidate", "keep_candidate"):
            self._actions[name].setEnabled(self._studio.candidates.offered)
        for scheme in Scheme:
            self._actions[f"theme_{scheme}"].setChecked(self._theme.scheme is scheme)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _to_clipboard(pixels: np.ndarray) -> None:
    """uint8 [H, W, 3], or [H, W, 4] with straight alpha."""
    image = to_qimage(pixels).copy()  # without Python memory: the clipboard outlives it
    QApplication.clipboard().setImage(image)


def _suffix(name_filter: str) -> str:
    """The first suffix of a file dialog's filter."""
    return name_filter.partition("*.")[2].rstrip(")").split()[0]


def show_folder(folder: Path) -> None:
    """Opens `folder` in the system's file manager."""
    QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder)))


def _short(text: str, most: int = 60) -> str:
    line = " ".join(text.split())
    return line if len(line) <= most else f"{line[: most - 1]}…"
