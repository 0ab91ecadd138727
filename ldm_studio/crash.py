"""What nobody caught: written down, shown in one place, and the application goes on."""

from __future__ import annotations

import faulthandler
import logging
import logging.handlers
import platform
import sys
import threading
import traceback
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from types import TracebackType
from typing import Any, TextIO

from PySide6.QtCore import (
    QMessageLogContext,
    QObject,
    Qt,
    QtMsgType,
    Signal,
    qInstallMessageHandler,
)

log = logging.getLogger(__name__)

CRASH_FILE = "crash.log"

_LEVELS = {
    QtMsgType.QtDebugMsg: logging.DEBUG,
    QtMsgType.QtInfoMsg: logging.INFO,
    QtMsgType.QtWarningMsg: logging.WARNING,
    QtMsgType.QtCriticalMsg: logging.ERROR,
    QtMsgType.QtFatalMsg: logging.CRITICAL,
}


class CrashReporter(QObject):
    """Takes over every hook for errors that nobody caught until `close` gives them back."""

    reported = Signal(str, str)
    """(summary, report), on the thread of this object."""

    _caught = Signal(str, str)

    def __init__(self, folder: Path, parent: QObject | None = None) -> None:
        """`folder` is for logs. Raises OSError when it cannot be written."""
        super().__init__(parent)
        folder.mkdir(parents=True, exist_ok=True)
        self._crash_path = folder / CRASH_FILE
        self.crashed_before = self._crash_path.exists() and self._crash_path.stat().st_size > 0
        self._crash_file: TextIO = self._crash_path.open("w", encoding="utf-8")
        faulthandler.enable(self._crash_file)
        self._handler = logging.handlers.RotatingFileHandler(
            folder / "ldm-studio.log", maxBytes=1_000_000, backupCount=2, encoding="utf-8"
        )
        line = "%(asctime)s %(levelname)s %(name)s: %(message)s"
        self._handler.setFormatter(logging.Formatter(line))
        logging.getLogger().addHandler(self._handler)
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

    def asyncio_error(self, _loop: object, context: dict[str, Any]) -> None:
        """For `loop.set_exception_handler`."""
        error = context.get("exception")
        if error is None:
            log.error("asyncio: %s", context.get("message"))
        else:
            self._exception(type(error), error, error.__traceback__)

    def close(self) -> None:
        """Give the hooks back; the crash file goes, for this was no crash."""
        sys.excepthook, threading.excepthook, sys.unraisablehook = self._hooks
        qInstallMessageHandler(self._qt_handler)
        faulthandler.disable()
        self._crash_file.close()
        self._crash_path.unlink(missing_ok=True)
        logging.getLogger().removeHandler(self._handler)
        self._handler.close()

    def _exception(
        self,
        kind: type[BaseException],
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        text = "".join(traceback.format_exception(kind, error, trace))
        log.error("nobody caught this:\n%s", text)
        summary = f"{kind.__name__}: {error}".removesuffix(": None").removesuffix(": ")
        self._caught.emit(summary, report(text))


def report(text: str) -> str:
    """`text` with what a developer asks first; names of home folders are taken out."""
    lines = [
        f"LDM Studio on Python {platform.python_version()}, {platform.platform()}",
        *(f"{name} {_version(name)}" for name in ("PySide6-Essentials", "torch", "numpy")),
        "",
        text,
    ]
    return "\n".join(lines).replace(str(Path.home()), "~")


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "is not installed"


def _qt_message(kind: QtMsgType, context: QMessageLogContext, message: str) -> None:
    logging.getLogger("qt").log(_LEVELS[kind], "%s", message)
