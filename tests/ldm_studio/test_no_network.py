"""The program opens no network connection. The kernel ends a process that opens a socket other
than a local one, whichever library does it."""

from __future__ import annotations

import os
import platform
import signal
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]

GUARD = """
import ctypes, platform, struct, sys

SOCKET = {"x86_64": 41, "aarch64": 198}.get(platform.machine())
AF_UNIX = 1

def guard():
    "From now on, in every thread and child: any socket but a local one ends the process."
    def refuse(event, arguments):
        if event == "socket.__new__" and arguments[1] != AF_UNIX or event == "socket.getaddrinfo":
            sys.stderr.write(f"{event} {arguments}\\n")
            sys.stderr.flush()
            import os
            os._exit(77)
    sys.addaudithook(refuse)
    if not sys.platform.startswith("linux") or SOCKET is None:
        return  # Python's own sockets are watched everywhere
    def rule(code, on_true, on_false, value):
        return struct.pack("HBBI", code, on_true, on_false, value)
    load, equal, answer = 0x20, 0x15, 0x06
    rules = b"".join((
        rule(load, 0, 0, 0),            # the number of the call
        rule(equal, 0, 3, SOCKET),
        rule(load, 0, 0, 16),           # its first argument: the family
        rule(equal, 1, 0, AF_UNIX),
        rule(answer, 0, 0, 0x80000000), # SECCOMP_RET_KILL_PROCESS
        rule(answer, 0, 0, 0x7FFF0000), # SECCOMP_RET_ALLOW
    ))
    class Program(ctypes.Structure):
        _fields_ = [("length", ctypes.c_ushort), ("rules", ctypes.c_void_p)]
    held = ctypes.create_string_buffer(rules, len(rules))
    program = Program(len(rules) // 8, ctypes.cast(held, ctypes.c_void_p))
    libc = ctypes.CDLL(None, use_errno=True)
    assert libc.prctl(38, 1, 0, 0, 0) == 0                           # PR_SET_NO_NEW_PRIVS
    assert libc.prctl(22, 2, ctypes.byref(program), 0, 0) == 0       # PR_SET_SECCOMP, filter

guard()
"""

SESSION = """
import subprocess
from PySide6.QtCore import QTimer
from ldm_studio import app
from ldm_studio.settings.settings import Scheme
from ldm_studio.help.problem_report import contents
from ldm_studio.engine.core_pipeline import CorePipeline
from ldm_studio.history_page.image_list_model import Stage

def begin(application):
    def failed(event):
        print("failed", event.error, flush=True)
        application.window.close()

    application.store.steps = 2
    application.store.prompt = "a red heart"
    application.bridge.finished.connect(lambda event: QTimer.singleShot(0, look))
    application.bridge.failed.connect(failed)
    application.studio.generate()

    def look():
        application.history_controller.show_history()
        application.history_controller.page
        application.auxiliary_windows.open_settings("compute")
        application.preferences.change("look", scheme=Scheme.DARK)
        application.auxiliary_windows.open_palette()
        application.auxiliary_windows.palette.close()
        application.auxiliary_windows.open_about()
        contents(application.settings, [])
        close_when_all_is_shown()

    def close_when_all_is_shown():
        page = application.history_controller.page
        if page.model.stage is Stage.DONE and application.auxiliary_windows.settings.compute.found:
            print("a whole session", flush=True)
            application.window.close()
        else:
            QTimer.singleShot(10, close_when_all_is_shown)

show = app.Application.show

def show_and_begin(application):
    show(application)
    application.bridge.ready.connect(lambda event: begin(application))

app.Application.show = show_and_begin
sys.exit(app.run([], CorePipeline()))
"""


def run(script: str, home: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", GUARD + script],
        cwd=ROOT,
        env={**os.environ, "LDM_STUDIO_HOME": str(home)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_whole_session_opens_only_local_sockets(studio_home) -> None:
    done = run(SESSION, studio_home)
    assert done.returncode == 0, done.stderr
    assert "a whole session" in done.stdout
    assert list((studio_home / "Pictures").rglob("*.png"))


def test_the_guard_ends_a_process_that_opens_another_socket(studio_home) -> None:
    done = run("import socket; socket.socket(socket.AF_INET)", studio_home)
    assert done.returncode == 77
    assert run("import socket; socket.socket(socket.AF_UNIX)", studio_home).returncode == 0
    if sys.platform.startswith("linux") and platform.machine() in ("x86_64", "aarch64"):
        native = "import ctypes; ctypes.CDLL(None).socket(2, 1, 0)"
        assert run(native, studio_home).returncode == -signal.SIGSYS
