"""The engine: one thread that loads the model and draws what is asked of it, in order.

A plain thread without Qt. It speaks only through a `Mailbox`, never waits for the interface, and
never collects cyclic garbage: cycles may hold widgets, which only the interface may free.
"""

from __future__ import annotations

import threading
import time
import traceback
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.errors import PictureError, StudioError

from .events import (
    Cancelled,
    Failed,
    Finished,
    Idle,
    LoadFailed,
    Loading,
    ModelInfo,
    Progress,
    Ready,
    Started,
    Work,
)
from .mailbox import Mailbox
from .pipeline import Pipeline, Run, memory_shortage

if TYPE_CHECKING:
    from core.pipeline import Picture
    from core.request import Request

Save = Callable[["Picture", ModelInfo], Path]
"""Writes a finished picture to disk; raises OSError or PictureError."""

THREAD_NAME = "ldm-engine"


class Engine:
    """Draws works one after the other. Every method may be called from any thread."""

    def __init__(
        self, pipeline: Pipeline, mailbox: Mailbox, save: Save, *, preview_interval: float = 0.1
    ) -> None:
        """`preview_interval`: at least this many seconds between two previews."""
        self._pipeline = pipeline
        self._mailbox = mailbox
        self._save = save
        self._preview_interval = preview_interval
        self._changed = threading.Condition()
        self._queue: deque[Work] = deque()
        self._current: int | None = None
        self._stop_current = False
        self._load_wanted = False
        self._model: ModelInfo | None = None
        self._closing = False
        self._thread = threading.Thread(target=self._work, name=THREAD_NAME, daemon=True)
        self._thread.start()

    def warm_up(self) -> None:
        """Load the model now rather than with the first work."""
        with self._changed:
            self._load_wanted = True
            self._changed.notify()

    def submit(self, work: Work) -> None:
        """Add `work` to the end of the queue."""
        with self._changed:
            if self._closing:
                raise RuntimeError("The engine is closed.")
            self._queue.append(work)
            self._changed.notify()

    def cancel(self, work_id: int) -> None:
        """Answered by `Cancelled`: at once if the work waits, after the step if it runs."""
        with self._changed:
            for work in self._queue:
                if work.id == work_id:
                    self._queue.remove(work)
                    self._mailbox.post(Cancelled(work_id))
                    return
            if self._current == work_id:
                self._stop_current = True

    def close(self) -> None:
        """Cancel everything and end the thread after the step in progress. Does not wait."""
        with self._changed:
            self._closing = True
            self._stop_current = True
            while self._queue:
                self._mailbox.post(Cancelled(self._queue.popleft().id))
            self._changed.notify()

    def join(self, timeout: float) -> bool:
        """Wait until the thread has ended; False if it has not within `timeout` seconds."""
        self._thread.join(timeout)
        return not self._thread.is_alive()

    # On the engine's thread

    def _work(self) -> None:
        while True:
            with self._changed:
                while not (self._closing or self._load_wanted or self._queue):
                    self._changed.wait()
                if self._closing:
                    return
            model = self._model or self._load()
            work = self._take() if model else None
            if model is None or work is None:
                continue
            try:
                self._draw_all(work, model)
            except BaseException as error:  # the thread must outlive every failure of a work
                self._mailbox.post(Failed(work.id, *_explain(error)))
            with self._changed:
                self._current = None
                idle = not self._queue
            del work  # and with it the pictures it started from
            if idle:
                self._mailbox.post(Idle())

    def _take(self) -> Work | None:
        with self._changed:
            self._load_wanted = False
            if self._closing or not self._queue:
                return None
            work = self._queue.popleft()
            self._current, self._stop_current = work.id, False
            return work

    def _load(self) -> ModelInfo | None:
        self._mailbox.post(Loading())
        try:
            model = self._pipeline.load()
        except BaseException as error:  # a broken model or installation is told, never fatal
            known, report = _explain(error)
            with self._changed:
                self._load_wanted = False
                waiting = list(self._queue)
                self._queue.clear()
            self._mailbox.post(LoadFailed(known, report))
            for work in waiting:
                self._mailbox.post(Cancelled(work.id))
            return None
        self._model = model
        self._mailbox.post(Ready(model))
        return model

    def _draw_all(self, work: Work, model: ModelInfo) -> None:
        count = work.request.count
        for index, request in enumerate(work.request.each()):
            self._mailbox.post(Started(work.id, request, index, count))
            picture = None if self._stop_current else self._draw(work, request)
            if picture is None:
                self._mailbox.post(Cancelled(work.id))
                return
            try:
                path = self._save(picture, model)
            except (OSError, PictureError) as error:
                self._mailbox.post(Finished(work.id, picture, None, index, count))
                self._mailbox.post(Failed(work.id, _not_saved(error)))
                return
            self._mailbox.post(Finished(work.id, picture, path, index, count))

    def _draw(self, work: Work, request: Request) -> Picture | None:
        """The picture, or None when it was cancelled."""
        run = self._pipeline.begin(request, work.image, work.mask)
        total = run.total
        last: Any = None
        seconds = 0.0
        previewed = began = time.monotonic()
        for done, step in enumerate(run.steps(), 1):
            if self._stop_current:
                return None
            now = time.monotonic()
            seconds = now - began if done <= 2 else 0.8 * seconds + 0.2 * (now - began)
            due = now - previewed >= self._preview_interval or done in (1, total)
            preview = None
            if due and (done == total or not self._mailbox.has_unread(work.id)):
                preview = run.preview(step)
                previewed = time.monotonic()
            self._mailbox.post(Progress(work.id, done, total, seconds, preview))
            last = step
            began = time.monotonic()
        return None if self._stop_current else _finish(run, last)


def _finish(run: Run, last: Any) -> Picture:
    if last is None:
        raise RuntimeError("The pipeline took no step.")
    return run.finish(last)


def _explain(error: BaseException) -> tuple[StudioError, str]:
    """The error in the user's words, and a report when it is a bug of ours."""
    if isinstance(error, StudioError):
        return error, ""
    if shortage := memory_shortage(error):
        return shortage, ""
    summary = f"{type(error).__name__}: {error}".strip().removesuffix(":")
    return (
        StudioError(f"Something went wrong inside LDM Studio: {summary}", "Please report it."),
        "".join(traceback.format_exception(error)),
    )


def _not_saved(error: OSError | PictureError) -> PictureError:
    keep = "Until you close, it is kept below: make room, or use File > Save Picture As."
    if isinstance(error, PictureError):
        return PictureError(error.message, f"{error.hint} {keep}".strip())
    folder = Path(error.filename).parent if error.filename else "the output folder"
    reason = error.strerror or str(error)
    return PictureError(f"The picture could not be saved in {folder}: {reason}.", keep)
