"""One program owns a data directory: two real processes, and leftovers of killed ones."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtGui import QFileOpenEvent
from PySide6.QtNetwork import QLocalSocket
from PySide6.QtWidgets import QApplication

from core.request.request import Request
from ldm_studio import paths
from ldm_studio.command_line import cli
from ldm_studio.images.image_saving import ImageSaver
from ldm_studio.startup.single_instance import (
    ANSWER,
    LOCK,
    DocumentEvents,
    Instance,
    InstanceInUse,
    address,
    claim,
)
from tests.ldm_studio.fakes import FakePipeline
from tests.waiting import HANG_SECONDS

ROOT = Path(__file__).parents[3]
STARTED = """
import sys
from ldm_studio.app import run
from tests.ldm_studio.fakes import FakePipeline
"""
WINDOW = f"""
{STARTED}
from PySide6.QtCore import QTimer
from ldm_studio import app
from ldm_studio.startup import single_instance

def tell(*what):
    print(*what, flush=True)

listen = single_instance.Instance.listen
def listening(self):
    listen(self)
    self.opened.connect(lambda files: tell("given", files))
    tell("listening")
single_instance.Instance.listen = listening

async def close(application):
    await closed(application)
    tell("closed")
closed, app.Application.close = app.Application.close, close

show = app.Application.show
def shown(self):
    show(self)
    strip = self.window.notice
    def look():
        if strip.isVisible():
            tell("notice", strip.text().splitlines()[0], "|", strip.action.text())
            looking.stop()
    looking = QTimer(self, interval=20)
    looking.timeout.connect(look)
    looking.start()
app.Application.show = shown

sys.exit(app.run([], FakePipeline(), sys.argv[1:]))
"""
SECOND = f"""
import sys
from ldm_studio.command_line.cli import main
from ldm_studio.startup import single_instance
single_instance.TRY_MS = {round(HANG_SECONDS * 1000)}
status = main(["open", *sys.argv[1:]])
assert "ldm_studio.app" not in sys.modules
sys.exit(status)
"""

Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def start(studio_home: Path) -> Iterator[Start]:
    """Starts the program in its own process, which ends with the test."""
    running: list[subprocess.Popen[str]] = []

    def start(script: str, *files: str, home: Path = studio_home) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-c", script, *files],
            cwd=ROOT,
            env={**os.environ, "LDM_STUDIO_HOME": str(home)},
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        running.append(process)
        return process

    yield start
    for process in running:
        process.kill()
        process.communicate()


def until(process: subprocess.Popen[str], word: str) -> str:
    """The next line that starts with `word`."""
    assert process.stdout is not None
    line = next((line for line in process.stdout if line.startswith(word)), None)
    assert line is not None, f"it ended without saying {word}"
    return line.removeprefix(word).strip()


def image(folder: Path) -> Path:
    import numpy as np

    pixels = np.zeros((8, 8, 3), np.uint8)
    made = ImageSaver().save(pixels, Request(prompt="a red fox", seed=3), "Tiny", "0" * 64)
    return made.rename(folder / "a fox ü.png")


def test_a_second_start_passes_its_image_and_its_recipe_is_offered(start, tmp_path) -> None:
    file = image(tmp_path)
    first = start(WINDOW)
    until(first, "listening")
    second = start(SECOND, str(file))
    assert second.wait(HANG_SECONDS) == 0
    assert until(first, "given") == str([str(file)])
    assert (
        until(first, "notice")
        == "This image contains its settings: “a red fox”. | Restore Settings"
    )
    assert start(SECOND).wait(HANG_SECONDS) == 0
    assert until(first, "given") == "[]"
    first.send_signal(signal.SIGTERM)
    until(first, "closed")
    assert first.wait(HANG_SECONDS) == 0


def test_the_first_start_opens_its_files(start, tmp_path) -> None:
    first = start(WINDOW, str(image(tmp_path)))
    assert "a red fox" in until(first, "notice")


def test_a_stale_lock_does_not_block_a_start(start) -> None:
    first = start(WINDOW)
    until(first, "listening")
    first.kill()
    first.wait(HANG_SECONDS)
    assert (paths.data_dir() / LOCK).exists()
    second = start(WINDOW)
    until(second, "listening")
    assert start(SECOND).wait(HANG_SECONDS) == 0
    assert until(second, "given") == "[]"


def test_other_directories_are_independent(start, tmp_path) -> None:
    for home in (tmp_path / "one", tmp_path / "two"):
        until(start(WINDOW, home=home), "listening")


def test_the_command_line_works_while_the_window_is_open(start) -> None:
    until(start(WINDOW), "listening")
    done = subprocess.run(
        [sys.executable, "-m", "ldm_studio", "models", "--json"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


@pytest.fixture
def owner(qapp, tmp_path) -> Iterator[Instance]:
    owner = claim(tmp_path / "data")
    assert owner is not None
    yield owner
    owner.close()


def test_an_owner_that_does_not_answer_is_named(owner, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr("ldm_studio.startup.single_instance.TRY_MS", 100)
    with pytest.raises(InstanceInUse, match=str(os.getpid())):
        claim(tmp_path / "data")


def test_a_read_only_directory_is_used_without_a_lock(qapp, tmp_path) -> None:
    (tmp_path / "file").touch()
    instance = claim(tmp_path / "file" / "data")
    assert instance is not None
    instance.listen()
    another = claim(tmp_path / "file" / "data")
    assert another is not None
    another.close()
    instance.close()


def test_a_released_directory_is_free(owner, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr("ldm_studio.startup.single_instance.TRY_MS", 100)
    owner.listen()
    owner.close()
    again = claim(tmp_path / "data")
    assert again is not None
    with pytest.raises(InstanceInUse):
        claim(tmp_path / "data")
    again.close()


@pytest.mark.parametrize(
    "message",
    [
        b"nonsense\n",
        b"[]\n",
        b'{"files": [1]}\n',
        b'{"tokens": 3}\n',
        b"\xff\n",
        b"[" * 9999 + b"\n",
    ],
)
def test_invalid_messages_are_refused_and_the_next_is_read(owner, tmp_path, qtbot, message) -> None:
    owner.listen()
    with qtbot.assertNotEmitted(owner.opened):
        bad = QLocalSocket()
        bad.connectToServer(address(tmp_path / "data"))
        with qtbot.waitSignal(bad.disconnected):
            bad.write(message)
    good = QLocalSocket()
    good.connectToServer(address(tmp_path / "data"))
    with qtbot.waitSignal(owner.opened) as signal, qtbot.waitSignal(good.readyRead):
        good.write(json.dumps({"files": ["a"], "tokens": {}}).encode() + b"\n")
    assert signal.args == [["a"]]
    assert bytes(good.readAll().data()) == ANSWER


def test_other_users_cannot_reach_the_socket(owner, tmp_path) -> None:
    owner.listen()
    assert owner._server is not None
    if sys.platform != "win32":  # where access lists guard pipes
        assert Path(owner._server.fullServerName()).stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("given", ["{file}", "file://{file}", "--data {home} {file}"])
def test_a_single_file_argument_opens_the_window(tmp_path, monkeypatch, given) -> None:
    file, home = tmp_path / "a.png", tmp_path / "elsewhere"
    file.touch()
    opened: list[list[str]] = []

    def run(files: list[str], instance: Instance) -> int:
        instance.close()
        opened.append(files)
        return 0

    monkeypatch.setattr("ldm_studio.app.run", run)
    assert cli.main(given.format(file=file, home=home).split(" "), FakePipeline) == 0
    assert opened == [[str(file)]]
    if home.name in given:
        assert paths.data_dir() == home / "data"


def test_files_that_macos_asks_to_open_are_opened(qapp, qtbot, tmp_path) -> None:
    documents = DocumentEvents(qapp)
    with qtbot.waitSignal(documents.opened) as signal:
        QApplication.sendEvent(qapp, QFileOpenEvent(str(tmp_path / "a fox ü.png")))
    assert signal.args == [[str(tmp_path / "a fox ü.png")]]
    qapp.removeEventFilter(documents)
    documents.deleteLater()


@pytest.mark.parametrize("seen", [True, False])
def test_a_failed_start_from_a_menu_is_shown_in_a_window(owner, monkeypatch, seen) -> None:
    """The data directory belongs to another program, which does not answer."""
    shown: list[str] = []
    monkeypatch.setattr("ldm_studio.startup.single_instance.TRY_MS", 0)
    monkeypatch.setattr(cli, "data_dir", lambda: owner._folder)
    monkeypatch.setattr(cli, "show_problem", shown.append)
    if seen:
        for name in ("GIO_LAUNCHED_DESKTOP_FILE", "XDG_ACTIVATION_TOKEN"):
            monkeypatch.delenv(name, raising=False)
    else:
        monkeypatch.setattr(sys, "stderr", None)
    assert cli.main([], FakePipeline) == cli.Exit.NO_WINDOW
    assert len(shown) == (0 if seen else 1)
    assert all("does not answer" in text for text in shown)
