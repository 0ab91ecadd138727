"""Help: a report without prompts, the doctor's advice, documentation, about."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from ldm_studio import diagnostics, hardware, paths
from ldm_studio.command_line import cli
from ldm_studio.exit_codes import Exit
from ldm_studio.hardware import Device, Memory
from ldm_studio.help import documentation, problem_report
from ldm_studio.help.about import AboutDialog, licences
from ldm_studio.help.problem_report import ReportDialog, contents, write
from ldm_studio.settings.settings import Files, Settings
from tests.ldm_studio.fakes import FakePipeline

ROOT = Path(__file__).parents[3]
CPU = Device("cpu", "A CPU", Memory(8 << 30, 4 << 30), ("float32",))


@pytest.fixture
def quick(monkeypatch):
    """The doctor without its slow checks."""
    monkeypatch.setattr(diagnostics, "_window", lambda: diagnostics.Check("window", "offscreen"))
    monkeypatch.setattr(diagnostics, "devices", lambda: (CPU,))
    monkeypatch.setattr(diagnostics, "_models", lambda: iter(()))


# The report


def test_a_report_contains_log_versions_device_and_settings_but_no_prompts(
    quick, monkeypatch
) -> None:
    monkeypatch.setattr(Path, "home", lambda: Path("/home/somebody"))
    paths.logs_dir().mkdir(parents=True)
    (paths.logs_dir() / "ldm-studio.log").write_text("'my secret garden' in /home/somebody/x")
    settings = Settings(files=Files("/home/somebody/Pictures/here"))
    made = contents(settings, ["my secret garden"])
    assert set(made) == {"versions.txt", "doctor.txt", "settings.json", "logs/ldm-studio.log"}
    everything = "\n".join(made.values())
    assert "secret" not in everything
    assert "somebody" not in everything
    assert "~/Pictures/here" in made["settings.json"]
    assert "torch" in made["versions.txt"]
    assert "A CPU" in made["doctor.txt"]


def test_prompts_of_the_stored_session_are_redacted(quick) -> None:
    paths.logs_dir().mkdir(parents=True)
    (paths.logs_dir() / "ldm-studio.log").write_text("an older prompt, and the current one")
    session = {"prompts": ["an older prompt"], "parameters": {"prompt": "the current one"}}
    (paths.state_dir() / "session.json").write_text(json.dumps(session))
    made = contents(Settings(), [])
    assert "older" not in made["logs/ldm-studio.log"]
    assert "current" not in made["logs/ldm-studio.log"]


def test_prompts_are_included_on_request(quick) -> None:
    made = contents(Settings(), ["my secret garden", ""], with_prompts=True)
    assert made[problem_report.PROMPTS] == "my secret garden"


def test_the_dialog_shows_and_saves_the_report(quick, application, qtbot, tmp_path) -> None:
    application.store.prompt = "my secret garden"
    application.window.actions_by_id["report"].trigger()
    (dialog,) = application.window.findChildren(ReportDialog)
    qtbot.waitUntil(dialog.save.isEnabled)
    names = [dialog.list.item(row).text() for row in range(dialog.list.count())]
    assert problem_report.PROMPTS not in names
    dialog.list.setCurrentRow(names.index("doctor.txt"))
    assert "A CPU" in dialog.text.toPlainText()
    dialog.prompts.click()
    qtbot.waitUntil(dialog.save.isEnabled)
    path = tmp_path / "report.zip"
    dialog.save_as(str(path))
    with zipfile.ZipFile(path) as archive:
        assert archive.read(problem_report.PROMPTS).decode() == "my secret garden"
        assert archive.testzip() is None
    assert str(path) in application.window.notice.text()
    assert not dialog.isVisible()


def test_a_report_that_cannot_be_written_is_reported_and_leaves_nothing(tmp_path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OSError):  # noqa: PT011  # the system names the reason
        write(tmp_path / "file" / "report.zip", {"a": "b"})
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


# The doctor


def test_the_doctor_lists_its_checks(quick, capsys) -> None:
    assert cli.main(["doctor"], FakePipeline) == 0
    out = capsys.readouterr().out
    for word in ("Python", "torch", "offscreen", "A CPU", "float32", "memory", "GiB free"):
        assert word in out


def test_the_doctor_prints_json(quick, capsys) -> None:
    assert cli.main(["doctor", "--json"], FakePipeline) == 0
    found = {check["name"]: check for check in json.loads(capsys.readouterr().out)}
    assert found["cpu"]["found"].startswith("A CPU")
    assert found["pictures"]["exit"] == 0


def test_the_doctor_advises_on_a_read_only_folder(quick, capsys, monkeypatch) -> None:
    def refuse(*_args: object, **_options: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(diagnostics.tempfile, "TemporaryFile", refuse)
    assert cli.main(["doctor"], FakePipeline) == Exit.IMAGE
    out = capsys.readouterr().out
    assert "not writable: Permission denied" in out
    assert "Choose another folder" in out


def test_the_doctor_advises_on_a_broken_torch(quick, capsys, monkeypatch) -> None:
    def broken() -> None:
        raise ImportError("libtorch_cpu.so: cannot open shared object file")

    monkeypatch.setattr(diagnostics, "devices", broken)
    assert cli.main(["doctor"], FakePipeline) == Exit.MODEL
    assert "Install it again" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("error", "display", "advice"),
    [
        ("error while loading libGL.so.1", ":0", "apt install"),
        ("xcb-cursor0 or libxcb-cursor0 is needed", ":0", "apt install"),
        ("could not connect to display", "", "no display"),
        ("something new", ":0", "Qt says: something new"),
    ],
)
def test_the_doctor_advises_without_a_display(monkeypatch, error, display, advice) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv("DISPLAY", display)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    assert advice in diagnostics._window_advice(error)


def test_the_doctor_names_invalid_settings_and_keeps_them(quick, capsys) -> None:
    path = paths.config_dir() / "settings.json"
    path.parent.mkdir(parents=True)
    path.write_text("{")
    assert cli.main(["doctor"], FakePipeline) == 0
    assert "damaged" in capsys.readouterr().out
    assert path.read_text() == "{"


def test_the_doctor_opens_a_real_window() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "ldm_studio", "doctor", diagnostics.PROBE],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.startswith("offscreen, "), done.stderr


def test_precisions_and_devices_are_tested() -> None:
    (cpu, *_others) = hardware.devices()
    assert cpu.name == "cpu"
    assert "float32" in cpu.precisions


def test_memory_sizes_are_known() -> None:
    memory = hardware.memory()
    if sys.platform == "linux":
        assert memory.total is not None
        assert memory.free is not None
        assert 0 < memory.free <= memory.total
    assert str(Memory()) == "unknown"


# Documentation and about


def test_the_documentation_opens_offline_and_links_work(application, qtbot, tmp_path) -> None:
    (tmp_path / "index.md").write_text("# Welcome\n\n[models](models.md)\n")
    (tmp_path / "architecture.md").write_text("# Inside\n")
    (tmp_path / "models.md").write_text("# Models here\n")
    found = documentation.pages(places=(tmp_path / "missing", tmp_path))
    assert [page.name for page in found] == ["index.md", "models.md", "architecture.md"]
    window = documentation.Documentation(found)
    qtbot.addWidget(window)
    window.begin()
    assert "Welcome" in window.text.toPlainText()
    window.list.setCurrentRow(1)
    assert "Models here" in window.text.toPlainText()
    window.back.click()
    assert window.list.currentItem().text() == "Welcome"


def test_missing_documentation_is_reported(application, monkeypatch) -> None:
    monkeypatch.setattr("ldm_studio.help.documentation.pages", lambda locale: [])
    application.window.actions_by_id["documentation"].trigger()
    assert "not installed" in application.window.notice.text()


def test_the_texts_of_about_fit_its_width(application, qtbot) -> None:
    about = AboutDialog(application.window)
    with qtbot.waitExposed(about):
        about.begin()
    assert about.licences.horizontalScrollBar().maximum() == 0
    assert about.versions.horizontalScrollBar().maximum() == 0
    about.close()


def test_about_has_versions_and_licences(application) -> None:
    application.window.actions_by_id["about"].trigger()
    (dialog,) = application.window.findChildren(AboutDialog)
    assert "torch" in dialog.versions.toPlainText()
    shown = licences()
    for name in ("Apache License 2.0", "PySide6-Essentials", "LGPL", "Fluent Emoji"):
        assert name in shown
    dialog.close_button.click()


def test_about_needs_no_horizontal_scrolling(application, qtbot) -> None:
    application.window.actions_by_id["about"].trigger()
    (dialog,) = application.window.findChildren(AboutDialog)
    with qtbot.waitExposed(dialog):
        dialog.resize(400, 400)
    shown = dialog.licences
    qtbot.waitUntil(lambda: shown.verticalScrollBar().maximum() > 0)  # it has its final layout
    assert shown.viewport().width() < 400
    assert shown.horizontalScrollBar().maximum() <= 1  # tables are rounded up
    assert not shown.horizontalScrollBar().isVisible()
    dialog.close_button.click()
