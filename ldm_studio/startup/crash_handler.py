"""Handles uncaught errors: logs them and shows them; the application continues."""

from __future__ import annotations

import faulthandler
import json
import logging
import logging.handlers
import sys
import threading
import traceback
from collections.abc import Callable, Iterable
from pathlib import Path
from types import TracebackType
from typing import Any, TextIO

from PySide6.QtCore import (
    QLockFile,
    QMessageLogContext,
    QObject,
    Qt,
    QtMsgType,
    Signal,
    qInstallMessageHandler,
)

from ldm_studio.versions import versions

log = logging.getLogger(__name__)

LOG_BYTES = 1_000_000
LOG_NAME = "ldm-studio.log"
HIDDEN = "[prompt]"
MIN_SECRET_LENGTH = 4
"""Characters; shorter words would match everywhere and are not redacted."""

_LEVELS = {
    QtMsgType.QtDebugMsg: logging.DEBUG,
    QtMsgType.QtInfoMsg: logging.INFO,
    QtMsgType.QtWarningMsg: logging.WARNING,
    QtMsgType.QtCriticalMsg: logging.ERROR,
    QtMsgType.QtFatalMsg: logging.CRITICAL,
}


class CrashReporter(QObject):
    """Installs every hook for uncaught errors until `close` restores them."""

    reported = Signal(str, str)
    """(summary, report), on the thread of this object."""

    _caught = Signal(str, str)

    def __init__(self, folder: Path, parent: QObject | None = None) -> None:
        """`folder` is for logs."""
        super().__init__(parent)
        self.secrets: Callable[[], Iterable[str]] = tuple
        """The current prompts, which must not be logged; called on any thread."""
        self.crashed_before = False
        """Whether an earlier run crashed or was killed."""
        self.problem = ""
        """Why there are no logs; empty if there are."""
        self._lock: QLockFile | None = None
        self._crash_file: TextIO | None = None
        self._handler: logging.Handler | None = None
        try:
            self._open_logs(folder)
        except OSError as error:
            self.problem = error.strerror or str(error)
        self._hooks = (sys.excepthook, threading.excepthook, sys.unraisablehook)
        sys.excepthook = self._exception
        threading.excepthook = lambda args: self._exception(
            args.exc_type, args.exc_value, args.exc_traceback
        )
        sys.unraisablehook = lambda args: self._exception(
            args.exc_type, args.exc_value, args.exc_traceback
        )
        self._qt_handler: Callable[..., Any] | None = qInstallMessageHandler(_qt_message)
        self._caught.connect(self.reported, Qt.ConnectionType.QueuedConnection)

    def _open_logs(self, folder: Path) -> None:
        """Raises OSError if `folder` is not writable."""
        folder.mkdir(parents=True, exist_ok=True)
        self._lock, self.crashed_before, number = _run_lock(folder)
        self._crash_file = (folder / f"crash-{number}.log").open("a", encoding="utf-8")
        faulthandler.enable(self._crash_file)
        self._handler = _LogFile(
            folder / LOG_NAME, maxBytes=LOG_BYTES, backupCount=2, encoding="utf-8"
        )
        self._handler.setFormatter(_RedactingFormatter(lambda: self.secrets()))
        logging.getLogger().addHandler(self._handler)
        logging.getLogger("ldm_studio").setLevel(logging.INFO)

    def asyncio_error(self, _loop: object, context: dict[str, Any]) -> None:
        """For `loop.set_exception_handler`."""
        error = context.get("exception")
        if error is None:
            log.error("asyncio: %s", context.get("message"))
        else:
            self._exception(type(error), error, error.__traceback__)

    def note_versions(self) -> None:
        """Logs versions; called late, because collecting them takes long."""
        log.info("%s", " | ".join(versions()))

    def report(self, summary: str, text: str) -> None:
        """Logs and reports a bug that was caught, such as one that ended an image."""
        log.error("%s\n%s", summary, text)
        self._caught.emit(summary, report(text))

    def close(self) -> None:
        """Restores the hooks and marks a clean exit."""
        sys.excepthook, threading.excepthook, sys.unraisablehook = self._hooks
        qInstallMessageHandler(self._qt_handler)
        if self._crash_file is not None:
            faulthandler.disable()
            self._crash_file.close()
        if self._handler is not None:
            logging.getLogger("ldm_studio").setLevel(logging.NOTSET)
            logging.getLogger().removeHandler(self._handler)
            self._handler.close()
        if self._lock is not None:
            self._lock.unlock()

    def _exception(
        self,
        kind: type[BaseException],
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        text = "".join(traceback.format_exception(kind, error, trace))
        log.error("uncaught error:\n%s", text)
        summary = f"{kind.__name__}: {error}".removesuffix(": None").removesuffix(": ")
        self._caught.emit(summary, report(text))


class _LogFile(logging.handlers.RotatingFileHandler):
    """A log file that ignores a full disk."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802
        if not isinstance(sys.exc_info()[1], OSError):
            super().handleError(record)


class _RedactingFormatter(logging.Formatter):
    """Removes prompts, which may be part of an error's text."""

    def __init__(self, secrets: Callable[[], Iterable[str]]) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")
        self._secrets = secrets

    def format(self, record: logging.LogRecord) -> str:
        return redact(super().format(record), self._secrets())


def redact(text: str, secrets: Iterable[str]) -> str:
    """`text` without any of `secrets`, literally or as Python's repr."""
    ordered = sorted({secret.strip() for secret in secrets}, key=len, reverse=True)
    for secret in ordered:
        if len(secret) >= MIN_SECRET_LENGTH:
            for written in (secret, repr(secret)[1:-1], json.dumps(secret)[1:-1]):
                text = text.replace(written, HIDDEN)
    return text


def _run_lock(folder: Path) -> tuple[QLockFile, bool, int]:
    """A lock held while this process runs, whether a process left one behind by crashing, and the
    number of this lock among concurrent processes.

    Raises OSError if `folder` is not writable.
    """
    for number in range(1000):
        path = folder / f"running-{number}.lock"
        lock = QLockFile(str(path))
        lock.setStaleLockTime(0)  # a lock is stale only if its process has ended
        left_behind = path.exists()
        if lock.tryLock(0):
            return lock, left_behind, number
        if lock.error() != QLockFile.LockError.LockFailedError:
            raise OSError(f"no file can be made in {folder}")
    raise OSError(f"{folder} is full of locks")


def report(text: str) -> str:
    """`text` preceded by what a developer asks first; home folders are removed."""
    return "\n".join([*versions(), "", text]).replace(str(Path.home()), "~")


def _qt_message(kind: QtMsgType, context: QMessageLogContext, message: str) -> None:
    logging.getLogger("qt").log(_LEVELS[kind], "%s", message)
