from __future__ import annotations

import json
import os

import pytest

from ldm_studio.session import Session
from ldm_studio.settings import Scheme, Settings, read_json, write_json
from ldm_studio.studio.store import StudioStore


def test_settings_survive_and_keep_what_they_do_not_know(tmp_path) -> None:
    path = tmp_path / "folder" / "settings.json"
    write_json(path, {"from the future": [1, 2]})
    Settings(scheme=Scheme.DARK).save(path)
    assert Settings.load(path) == Settings(scheme=Scheme.DARK)
    assert read_json(path)["from the future"] == [1, 2]


@pytest.mark.parametrize(
    "content", ["", "{", "[1]", '{"scheme": "sepia"}', '{"scheme": 7}', "\x00\xff", "[" * 100_000]
)
def test_damaged_settings_are_the_defaults(tmp_path, content) -> None:
    path = tmp_path / "settings.json"
    path.write_text(content, encoding="latin-1")
    assert Settings.load(path) == Settings()


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch) -> None:
    path = tmp_path / "settings.json"
    write_json(path, {"a": 1})

    def full(*_paths: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(OSError, match="No space"):
        write_json(path, {"a": 2})
    assert read_json(path) == {"a": 1}
    assert [file.name for file in tmp_path.iterdir() if file.is_file()] == ["settings.json"]


def test_a_session_is_written_a_moment_after_a_change_and_restored(tmp_path, qtbot) -> None:
    path = tmp_path / "session.json"
    store = StudioStore()
    session = Session(path, store)
    assert session.is_first
    session.restore_parameters()
    store.prompt = "a fox"
    store.steps = 31
    session._timer.setInterval(0)
    session._timer.start()
    qtbot.waitUntil(path.exists)
    other = StudioStore()
    again = Session(path, other)
    assert not again.is_first
    again.restore_parameters()
    assert (other.prompt, other.steps) == ("a fox", 31)


@pytest.mark.parametrize("parameters", [None, 5, {"steps": "x", "prompt": "kept"}])
def test_a_damaged_session_is_survived(tmp_path, qapp, parameters) -> None:
    path = tmp_path / "session.json"
    path.write_text(json.dumps({"parameters": parameters, "geometry": 3}))
    store = StudioStore()
    Session(path, store).restore_parameters()
    assert store.steps == 20
    assert store.prompt in ("", "kept")


def test_parameters_of_a_newer_program_survive_a_session(tmp_path, qapp) -> None:
    path = tmp_path / "session.json"
    path.write_text(json.dumps({"parameters": {"tiling": True}}))
    session = Session(path, StudioStore())
    session.restore_parameters()
    session.save()
    assert read_json(path)["parameters"]["tiling"] is True
