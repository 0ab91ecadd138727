"""One program per data directory: a second start passes its files to the first and exits.

A lock file in the data directory names the owner, and is stale as soon as that process has ended. A
local socket, named after the directory, receives the files of a second start.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import (
    QCoreApplication,
    QDeadlineTimer,
    QEvent,
    QLockFile,
    QObject,
    QThread,
    Signal,
)
from PySide6.QtGui import QFileOpenEvent

from core.errors import InvalidError
from core.untrusted_files import parse_json

if TYPE_CHECKING:
    from PySide6.QtNetwork import QLocalServer, QLocalSocket

log = logging.getLogger(__name__)

LOCK = "running.lock"
ANSWER = b"taken\n"
TRY_MS = 10_000
"""How long a second start tries: the first may be starting or busy."""
PAUSE_MS = 50
MAX_MESSAGE = 1 << 20
_TOKENS = ("XDG_ACTIVATION_TOKEN", "DESKTOP_STARTUP_ID")
"""Activation tokens with which a desktop lets a window come to the front."""


class InstanceInUse(Exception):
    """Another program owns the data directory and does not answer."""


class Instance(QObject):
    """Ownership of `folder`, from `claim` until `close`."""

    opened = Signal(object)
    """The files of a second start, list[str]; empty if it had none."""

    def __init__(self, folder: Path, lock: QLockFile | None, parent: QObject | None = None) -> None:
        """`lock`: held; None if the folder is not writable, so nothing is owned."""
        super().__init__(parent)
        self._folder, self._lock = folder, lock
        self._server: QLocalServer | None = None

    def listen(self) -> None:
        """Starts to answer second starts. Not before the window shows: importing takes long."""
        if self._lock is None:
            return
        from PySide6.QtNetwork import QLocalServer

        name = address(self._folder)
        QLocalServer.removeServer(name)  # left by a killed process: the lock is ours
        server = QLocalServer(self)
        server.setSocketOptions(QLocalServer.SocketOption.UserAccessOption)
        server.newConnection.connect(self._connected)
        if not server.listen(name):
            log.warning("a second start cannot be answered: %s", server.errorString())
            return
        self._server = server

    def close(self) -> None:
        """Releases the folder."""
        if self._server is not None:
            self._server.close()
            self._server = None
        if self._lock is not None:
            self._lock.unlock()
            self._lock = None

    def _connected(self) -> None:
        assert self._server is not None
        while (socket := self._server.nextPendingConnection()) is not None:
            visit = _Connection(socket, self)
            visit.received.connect(self._on_received)
            visit.receive()

    def _on_received(self, message: dict[str, Any]) -> None:
        for name in _TOKENS:
            if token := message["tokens"].get(name):
                os.environ[name] = token
        self.opened.emit(message["files"])


class _Connection(QObject):
    """The connection of one second start."""

    received = Signal(object)
    """The parsed message."""

    def __init__(self, socket: QLocalSocket, parent: QObject) -> None:
        super().__init__(parent)
        self._socket = socket
        self._message = b""
        self._is_over = False
        socket.readyRead.connect(self.receive)
        socket.setParent(self)
        socket.disconnected.connect(self.deleteLater)

    def receive(self) -> None:
        """Reads what has arrived; a message is one line."""
        self._message += bytes(self._socket.readAll().data())
        if self._is_over or (b"\n" not in self._message and len(self._message) < MAX_MESSAGE):
            return
        self._is_over = True
        try:
            message = _parsed(self._message.partition(b"\n")[0])
        except ValueError as error:
            log.warning("a second start sent an invalid message: %s", error)
            self._socket.disconnectFromServer()
            return
        self._socket.write(ANSWER)
        self._socket.flush()
        self.received.emit(message)


class DocumentEvents(QObject):
    """Files that macOS asks a running program to open; it starts no second process and passes no
    files on the command line.
    """

    opened = Signal(object)
    """list[str], of one file."""

    def __init__(self, app: QCoreApplication) -> None:
        super().__init__(app)
        app.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QFileOpenEvent) and (file := event.file()):
            self.opened.emit([file])
            return True
        return False


def claim(folder: Path, files: Sequence[str] = ()) -> Instance | None:
    """The ownership of `folder`; None if another program has it and took `files`.

    Raises InstanceInUse if the other does not answer: it hangs, or belongs to another user.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        log.warning("%s cannot be made: %s", folder, error.strerror or error)
        return Instance(folder, None)
    lock = QLockFile(str(folder / LOCK))
    lock.setStaleLockTime(0)  # only the end of its process makes a lock stale, never its age
    deadline = QDeadlineTimer(TRY_MS)
    while True:
        if lock.tryLock(0):
            return Instance(folder, lock)
        if lock.error() != QLockFile.LockError.LockFailedError:
            log.warning("no lock can be made in %s", folder)
            return Instance(folder, None)
        if _hand_over(folder, files):
            return None
        if deadline.hasExpired():
            raise InstanceInUse(_owner(lock))
        QThread.msleep(PAUSE_MS)  # it is just starting or ending


def address(folder: Path) -> str:
    """Name of the socket: short, as required, and unique for each directory."""
    real = os.path.realpath(folder)
    name = f"ldm-studio-{hashlib.sha256(os.fsencode(real)).hexdigest()[:20]}"
    private = os.environ.get(
        "XDG_RUNTIME_DIR", ""
    )  # in a place that other users cannot occupy first
    return str(Path(private) / name) if private and os.path.isdir(private) else name


def _hand_over(folder: Path, files: Sequence[str]) -> bool:
    """Whether the owner accepted the files."""
    from PySide6.QtNetwork import QLocalSocket

    tokens = {name: os.environ[name] for name in _TOKENS if name in os.environ}
    socket = QLocalSocket()
    socket.connectToServer(address(folder))
    if not socket.waitForConnected(1000):
        return False
    socket.write(json.dumps({"files": list(files), "tokens": tokens}).encode() + b"\n")
    answer = b""
    deadline = QDeadlineTimer(TRY_MS)
    while ANSWER not in answer and socket.waitForReadyRead(max(0, deadline.remainingTime())):
        answer += bytes(socket.readAll().data())
    socket.disconnectFromServer()
    return ANSWER in answer


def _parsed(message: bytes) -> dict[str, Any]:
    """Raises ValueError."""
    data = parse_json(message)
    if not isinstance(data, dict):
        raise InvalidError("it is not an object")
    files, tokens = data.get("files", []), data.get("tokens", {})
    if not isinstance(files, list) or not all(isinstance(file, str) for file in files):
        raise InvalidError("it has no list of files")
    if not isinstance(tokens, dict) or not all(isinstance(t, str) for t in tokens.values()):
        raise InvalidError("it has no tokens")
    return {"files": files, "tokens": tokens}


def _owner(lock: QLockFile) -> str:
    info = lock.getLockInfo()
    if not info or not info[0]:  # the file is another user's, or not yet written
        return "another process"
    process, computer, program = info[0], info[1], info[2]
    return f"process {process} ({program}) on {computer}"
