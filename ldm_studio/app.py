"""The composition root: builds all parts, runs the event loop, shuts everything down in order."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import signal
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from PySide6.QtCore import QObject, Qt, QTimer, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication

from core.errors import Message
from ldm_studio.canvas.document.canvas_store import CanvasStore
from ldm_studio.controllers.accessibility_announcer import AccessibilityAnnouncer
from ldm_studio.controllers.command_controller import CommandController
from ldm_studio.controllers.first_page_controller import FirstPageController
from ldm_studio.controllers.forecast_controller import ForecastController
from ldm_studio.controllers.history_controller import HistoryController
from ldm_studio.controllers.studio import Studio
from ldm_studio.draw.run.image_strip import StripEntry
from ldm_studio.engine.core_pipeline import CorePipeline
from ldm_studio.engine.engine_bridge import EngineBridge
from ldm_studio.engine.engine_storage import Storage
from ldm_studio.engine.events import Failed, LoadFailed, Ready, ReplayFailed
from ldm_studio.help.error_dialog import ErrorPresenter
from ldm_studio.history_page.open_history import Library
from ldm_studio.images.image_saving import ImageSaver
from ldm_studio.images.run_record import Record
from ldm_studio.look.fonts import use_fonts_for
from ldm_studio.look.icons import app_icon
from ldm_studio.look.reduced_motion import ReducedMotion
from ldm_studio.look.theme import Theme
from ldm_studio.models.known_checkpoints import SUFFIXES
from ldm_studio.prompts.styles import StyleBook
from ldm_studio.settings.preferences import Preferences
from ldm_studio.settings.settings import Precision, Settings, read
from ldm_studio.startup.crash_handler import CrashReporter
from ldm_studio.startup.session import Session
from ldm_studio.startup.single_instance import DocumentEvents, Instance, claim
from ldm_studio.store.store import StudioStore

from . import paths
from .auxiliary_windows import AuxiliaryWindows
from .engine_protocol import ModelInfo, Pipeline
from .main_window import MainWindow
from .threads.background import Background
from .translation import Language

if TYPE_CHECKING:
    from core.images.generated_image import GeneratedImage
from core.request.request import Request

log = logging.getLogger(__name__)

WARM_UP_MS = 150
"""Importing torch holds the interpreter lock for tenths of a second, so the window paints first."""
CLOSE_SECONDS = 5.0


class UiGarbageCollector(QObject):
    """Collects cyclic garbage on this thread only, because it may contain widgets."""

    def __init__(self, parent: QObject | None = None, interval_ms: int = 1000) -> None:
        super().__init__(parent)
        gc.disable()
        self._timer = QTimer(self, interval=interval_ms)
        self._timer.timeout.connect(self._check)
        self._timer.start()

    def freeze(self) -> None:
        """Excludes current objects from collection: the modules of torch alone take 85 ms a
        time.
        """
        gc.freeze()

    def close(self) -> None:
        self._timer.stop()
        gc.enable()

    def _check(self) -> None:
        for generation, (number, limit) in enumerate(
            zip(gc.get_count(), gc.get_threshold(), strict=True)
        ):
            if number <= limit:
                break
            gc.collect(generation)


@dataclass(frozen=True)
class Handover:
    """What one window passes to the next in addition to what is on disk."""

    entries: tuple[StripEntry, ...]
    """The images of this session, the newest first."""
    running_request: Request | None
    """The request of the running image, to resume; None if nothing runs, or if it is paused."""
    shows_history: bool
    shows_settings: bool


class Application(QObject):
    """All parts of the running program, and the order of start-up and shutdown."""

    language_changed = Signal()
    """The window must be opened again in another language."""

    def __init__(
        self, app: QApplication, pipeline: Pipeline, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self.collector = UiGarbageCollector(self)
        self.preferences = Preferences(paths.config_dir() / "settings.json", self)
        self.theme = Theme(app, self.settings.look.scheme, self)
        self.reduced_motion = ReducedMotion(self.settings.look.motion, self)
        self.store = StudioStore(self)
        self.session = Session(paths.state_dir() / "session.json", self.store, self)
        first_time = self.session.is_first
        self.session.restore_parameters()
        storage = Storage.in_user_folders(
            self.settings.steps.trajectory_mib * 2**20,
            lambda seed: self.saver.next_image(seed),
        )
        self.bridge = EngineBridge(pipeline, self._save_image, self, storage=storage)
        self.window = MainWindow(self.store, StyleBook(paths.config_dir() / "styles.json"))
        self.studio = Studio(
            self.store,
            self.bridge,
            self.window,
            self.session.prompts,
            first_time=first_time,
            parent=self,
        )
        self.errors = ErrorPresenter(self.window, self)
        self.commands = CommandController(self.studio, self.theme, lambda: self.saver.today(), self)
        self.commands.show_keep_steps(self.settings.steps.trajectory_mib > 0)
        self.commands.keep_steps.connect(self._keep_steps)
        self.announcer = AccessibilityAnnouncer(self.studio, self)
        self.first_page_controller = FirstPageController(
            self.studio, self.commands, self.session, self
        )
        self.auxiliary_windows = AuxiliaryWindows(
            self.commands, self.studio, self.preferences, self.session, self
        )
        self.errors.report_problem = self.auxiliary_windows.open_report
        self.library = Library(paths.data_dir(), self.saver.root, self)
        self.history_controller = HistoryController(self.library, self.studio, self.commands, self)
        forecasts = paths.state_dir() / "forecasts.json"
        self.forecast_controller = ForecastController(self.store, self.bridge, forecasts, self)
        self.forecast_controller.changed.connect(self.window.run_area.show_forecast)
        canvas = self.window.canvas
        canvas.problem.connect(self.window.notice.show_error)
        self.session.restore_canvas(canvas.view)
        self._show_previews(self.settings)
        self.canvas_store = CanvasStore(canvas.view.document, paths.state_dir() / "canvas", self)
        self.canvas_store.restored.connect(self.studio.on_canvas_restored)
        for kept in (self.session, self.canvas_store):
            kept.failed.connect(self.window.notice.show_error)
        self.bridge.ready.connect(self._on_ready)
        self.theme.changed.connect(lambda scheme: self.preferences.change("look", scheme=scheme))
        self.preferences.changed.connect(self._apply)
        self.preferences.failed.connect(self.window.notice.show_error)
        if problem := self.preferences.loaded.problem:
            self.window.notice.show_error(problem, self.preferences.loaded.hint)
        self._is_picked = False
        """Whether a picked model waits to be loaded."""
        self.window.sampler.model.picked.connect(self._on_model_picked)
        self.store.run_changed.connect(self._load_picked)

    @property
    def settings(self) -> Settings:
        """The current settings."""
        return self.preferences.now

    @property
    def saver(self) -> ImageSaver:
        """Saves finished images as the settings say."""
        return ImageSaver(self.settings.files, self.settings.privacy)

    def show(self) -> None:
        """Shows the window, then loads the chosen model in the background."""
        if not self.session.restore_window(self.window):
            self.window.place()
        self.window.show()
        self.canvas_store.restore()
        QTimer.singleShot(WARM_UP_MS, lambda: self.bridge.warm_up(self.store.model))
        QTimer.singleShot(WARM_UP_MS, self.library.open)

    def activate(self, files: Sequence[str]) -> None:
        """Brings the window to the front and opens the files of a second start."""
        window = self.window
        if window.isMinimized():
            window.setWindowState(window.windowState() & ~Qt.WindowState.WindowMinimized)
        window.raise_()
        window.activateWindow()
        self.open_files(files)

    def open_files(self, files: Sequence[str]) -> None:
        """Opens images on the canvas and adds models; only the first of several files."""
        if not files:
            return
        first = Path(files[0])
        self.history_controller.show_canvas()
        if first.is_dir() or first.suffix.lower() in SUFFIXES:
            self.window.sampler.model.add(str(first))
        else:
            self.commands.open(str(first))
        if len(files) > 1:
            self.window.status.showMessage(
                self.tr("Opened the first of {count} files.").format(count=len(files)), 8000
            )

    async def close(self) -> bool:
        """Ends the engine after its current step, writes the session, hides the window.

        Returns whether the engine ended in time: loading can take longer, and is not waited for.
        """
        self.session.save()
        self.window.hide()
        ended = await self._shut_down(CLOSE_SECONDS)
        if not ended:
            log.warning("the engine did not end within %s s", CLOSE_SECONDS)
        self.leave()
        return ended

    async def hand_over(self) -> Handover:
        """Ends like `close`, but waits for the current step; the window stays until `leave`.

        Returns what the next window cannot read from disk.
        """
        self.window.setEnabled(False)
        queue, store = self.window.run_area.queue.model.items, self.store
        drawn = next((item.request for item in queue if item.state == "running"), None)
        self.session.save()
        await self._shut_down(None)
        strip = self.window.strip.entries
        return Handover(
            entries=tuple(strip.entry(row) for row in range(strip.rowCount())),
            running_request=None if store.run.paused else drawn,
            shows_history=self.history_controller.is_open,
            shows_settings=self.auxiliary_windows.settings is not None,
        )

    def take_over(self, carried: Handover) -> None:
        """Continues where the previous window stopped."""
        for entry in reversed(carried.entries):
            self.window.strip.entries.add(entry)
        if carried.running_request is not None:
            self.studio.queue_controller.resume_request(carried.running_request)
        self.show()
        self.bridge.warm_up(self.store.model, self.store.vae)  # which is loaded already
        if carried.shows_history:
            self.history_controller.show_history()
        if carried.shows_settings:
            self.auxiliary_windows.open_settings("look")

    def leave(self) -> None:
        """Closes the window."""
        self.window.allow_close()
        self.window.close()
        self.window.deleteLater()
        self.deleteLater()

    async def _shut_down(self, seconds: float | None) -> bool:
        """Ends all parts; whether the engine ended within `seconds`."""
        self.canvas_store.close()
        self.bridge.close()
        background = Background(self)
        try:
            ended = await background.result_of(lambda: self.bridge.join(seconds))
        finally:
            background.close()
        self.bridge.deliver()  # an image may have been finished by the last step
        self.canvas_store.close()
        self.auxiliary_windows.close()
        self.commands.close()
        self.history_controller.close()
        self.library.close()
        self.window.canvas.view.mask_views.close()
        self.window.canvas.view.document.close()
        self.collector.close()
        return ended

    def watch(self, crash: CrashReporter) -> None:
        """Shows uncaught errors, and bugs that ended an image."""
        crash.secrets = self.session.secrets
        crash.reported.connect(self.errors.show)

        def tell(event: Failed | LoadFailed | ReplayFailed) -> None:
            if event.report and event.error is not None:
                crash.report(str(event.error.message), event.report)

        for failed in (self.bridge.failed, self.bridge.load_failed, self.bridge.replay_failed):
            failed.connect(tell)

    def _on_ready(self, event: Ready) -> None:
        self.collector.freeze()

    def _on_model_picked(self) -> None:
        self._is_picked = bool(self.store.vae or not self.store.needs_vae)
        self._load_picked()

    def _load_picked(self) -> None:
        """Loads the picked model once nothing runs with the previous one."""
        if self._is_picked and not self.store.run.busy:
            self._is_picked = False
            self.bridge.warm_up(self.store.model, self.store.vae)

    def _keep_steps(self, on: bool) -> None:
        mib = Settings().steps.trajectory_mib if on else 0
        self.preferences.change("steps", trajectory_mib=mib)

    def _apply(self, before: Settings, now: Settings) -> None:
        """Applies settings that take effect immediately."""
        self.theme.scheme = now.look.scheme
        self.reduced_motion.choice = now.look.motion
        self._show_previews(now)
        if now.look.language != before.look.language:
            self.language_changed.emit()
        if now.steps != before.steps:
            self.bridge.keep_trajectories(now.steps.trajectory_mib)
            self.commands.show_keep_steps(now.steps.trajectory_mib > 0)

    def _show_previews(self, now: Settings) -> None:
        previews = now.previews
        self.bridge.show_previews(1 / previews.per_second if previews.shown else None)
        self.window.canvas.view.document.preview_pixels = previews.longest_side**2

    def _save_image(self, image: GeneratedImage, model: ModelInfo, record: Record) -> Path:
        """Called on the engine's thread. Raises ImageError."""
        return self.saver.save_image(image, model, record)


def chosen_pipeline() -> CorePipeline:
    """A pipeline with the device and precision of the settings."""
    compute = read(paths.config_dir() / "settings.json").compute
    device, precision = compute.device, compute.precision
    return CorePipeline(
        device="" if device == "auto" else device,
        precision="" if precision is Precision.AUTO else precision,
        threads=compute.threads,
        background=True,
    )


def chosen_language() -> str:
    """The language of the settings; empty follows the system."""
    return read(paths.config_dir() / "settings.json").look.language


def run(
    argv: Sequence[str] = (),
    pipeline: Pipeline | None = None,
    files: Sequence[str] = (),
    instance: Instance | None = None,
) -> int:
    """Opens the window with `files` and returns the exit status after it is closed.

    If a window with this data directory is already open, passes the files to it and returns. `argv`
    is for Qt, as in `sys.argv`; `pipeline` replaces the default one; `instance`: an already claimed
    data directory. Raises InstanceInUse if the other program does not answer.
    """
    import PySide6  # noqa: F401  # qasync takes the binding that is already imported
    from qasync import QEventLoop

    QGuiApplication.setApplicationName("ldm-studio")
    instance = instance or claim(paths.data_dir(), files)
    if instance is None:
        return 0
    QGuiApplication.setApplicationDisplayName("LDM Studio")
    QGuiApplication.setDesktopFileName("ldm-studio")
    app = QApplication(list(argv) or ["ldm-studio"])
    app.setWindowIcon(app_icon())
    app.setQuitOnLastWindowClosed(False)
    crash = CrashReporter(paths.logs_dir())
    ends = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        with QEventLoop(app) as loop:
            asyncio.set_event_loop(loop)
            loop.set_exception_handler(crash.asyncio_error)
            drawn_by = pipeline or chosen_pipeline()
            ended = loop.run_until_complete(_main(app, drawn_by, crash, instance, files))
    finally:
        instance.close()
        for number, handler in ends.items():
            signal.signal(number, handler)
        crash.close()
    if not ended:
        exit_at_once()
    return 0


def exit_at_once() -> NoReturn:
    """Ends the process after shutdown, even if a thread is still loading.

    The interpreter would unwind that thread, which makes torch's C++ abort: the system would report
    a crash.
    """
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            stream.flush()
    os._exit(0)


async def _main(
    app: QApplication,
    pipeline: Pipeline,
    crash: CrashReporter,
    instance: Instance,
    files: Sequence[str],
) -> bool:
    """Opens one window after another if the language changes, with the same loaded model.

    Returns whether the engine ended in time.
    """
    language = Language()
    language.install(chosen_language())
    use_fonts_for(app, language.locale)
    application = Application(app, pipeline)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: application.window.close_requested.emit())
    if crash.problem:
        application.window.notice.show_error(
            Message(
                "LDM Studio cannot write into {folder}: {error}.",
                folder=paths.state_dir(),
                error=crash.problem,
            ),
            Message("The prompt and settings will be lost when you close it."),
        )
    elif crash.crashed_before:
        application.studio.recovery_notice.after_crash(first_time=application.session.is_first)
    documents = DocumentEvents(app)
    for source in (instance, documents):
        source.opened.connect(lambda given: application.activate(given))
    wish = _wait_for_exit(application, crash)
    application.show()
    if files:
        application.open_files(files)
    QTimer.singleShot(WARM_UP_MS, instance.listen)
    QTimer.singleShot(WARM_UP_MS, crash.note_versions)
    while await wish is ExitReason.ANOTHER_LANGUAGE:
        application = await reopen_in_another_language(application, app, pipeline, language)
        wish = _wait_for_exit(application, crash)
    return await application.close()


class ExitReason(Enum):
    """Why a window ends."""

    CLOSE = auto()
    ANOTHER_LANGUAGE = auto()


def _wait_for_exit(application: Application, crash: CrashReporter) -> asyncio.Future[ExitReason]:
    """A future that is done when the window ends."""
    application.watch(crash)
    wish: asyncio.Future[ExitReason] = asyncio.get_running_loop().create_future()

    def end(what: ExitReason) -> None:
        if not wish.done():
            wish.set_result(what)

    application.window.close_requested.connect(lambda: end(ExitReason.CLOSE))
    application.language_changed.connect(lambda: end(ExitReason.ANOTHER_LANGUAGE))
    return wish


async def reopen_in_another_language(
    before: Application, app: QApplication, pipeline: Pipeline, language: Language
) -> Application:
    """Replaces `before` by a window in the language of the settings, in the same state."""
    carried = await before.hand_over()
    language.install(before.settings.look.language)
    use_fonts_for(app, language.locale)
    application = Application(app, pipeline)
    application.take_over(carried)
    before.leave()
    return application
