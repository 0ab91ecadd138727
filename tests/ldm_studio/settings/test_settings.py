from __future__ import annotations

import json
import os

import pytest

from ldm_studio.json_files import read_json, write_json
from ldm_studio.settings.preferences import Preferences
from ldm_studio.settings.settings import (
    Appearance,
    Files,
    Scheme,
    Settings,
    Steps,
    load,
    read,
    save,
)
from ldm_studio.startup.session import Session
from ldm_studio.store.store import StudioStore

DARK = Settings(look=Appearance(scheme=Scheme.DARK))


def test_settings_round_trip_and_keep_unknown_fields(tmp_path) -> None:
    path = tmp_path / "folder" / "settings.json"
    write_json(path, {"from the future": [1, 2], "look": {"contrast": 3}})
    save(path, DARK)
    assert load(path).settings == read(path) == DARK
    assert str(load(path).problem) == ""
    assert read_json(path)["from the future"] == [1, 2]
    assert read_json(path)["look"]["contrast"] == 3


@pytest.mark.parametrize("content", ["", "{", "[1]", "\x00\xff", "[" * 100_000])
def test_an_unreadable_file_is_set_aside_and_reported(tmp_path, content) -> None:
    path = tmp_path / "settings.json"
    path.write_text(content, encoding="latin-1")
    loaded = load(path)
    assert loaded.settings == Settings()
    assert not path.exists()
    (kept,) = tmp_path.iterdir()
    assert kept.read_text(encoding="latin-1") == content
    assert "damaged" in str(loaded.problem)
    assert str(kept) in str(loaded.hint)


@pytest.mark.parametrize(
    ("content", "name"),
    [
        ({"look": {"scheme": "sepia"}}, "look.scheme"),
        ({"look": {"scheme": 7}}, "look.scheme"),
        ({"look": "dark"}, "look"),
        ({"previews": {"per_second": 0}}, "previews.per_second"),
        ({"steps": {"trajectory_mib": "much"}}, "steps.trajectory_mib"),
        ({"shortcuts": {"quit": 5}}, "shortcuts"),
    ],
)
def test_a_wrong_value_gets_its_default_and_is_named(tmp_path, content, name) -> None:
    path = tmp_path / "settings.json"
    write_json(path, {"files": {"folder": "/kept"}, **content})
    loaded = load(path)
    assert loaded.settings == Settings(files=Files(folder="/kept"))
    assert name in str(loaded.problem)


def test_settings_of_the_first_version_are_migrated(tmp_path) -> None:
    path = tmp_path / "settings.json"
    write_json(path, {"scheme": "dark", "trajectory_mib": 7})
    assert load(path).settings == Settings(look=Appearance(scheme=Scheme.DARK), steps=Steps(7))
    save(path, Settings())
    assert load(path).settings == Settings()


def test_a_change_is_written_and_announced_once(tmp_path, qtbot) -> None:
    preferences = Preferences(tmp_path / "settings.json")
    with qtbot.waitSignal(preferences.changed) as signal:
        preferences.change("look", scheme=Scheme.DARK)
    assert signal.args == [Settings(), DARK]
    assert read(preferences.path) == DARK
    with qtbot.assertNotEmitted(preferences.changed):
        preferences.change("look", scheme=Scheme.DARK)
    preferences.reset("look", "files")
    assert read(preferences.path) == preferences.now == Settings()


def test_settings_that_cannot_be_written_apply_and_are_reported(
    tmp_path, qtbot, monkeypatch
) -> None:
    def full(*_paths: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    preferences = Preferences(tmp_path / "settings.json")
    with qtbot.waitSignal(preferences.failed):
        preferences.change("look", scheme=Scheme.DARK)
    assert preferences.now == DARK


def test_a_failed_write_keeps_the_old_file_and_leaves_no_other_file(tmp_path, monkeypatch) -> None:
    path = tmp_path / "settings.json"
    write_json(path, {"a": 1})

    def full(*_paths: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(OSError, match="No space"):
        write_json(path, {"a": 2})
    assert read_json(path) == {"a": 1}
    assert [file.name for file in tmp_path.iterdir() if file.is_file()] == ["settings.json"]


def test_a_session_is_written_shortly_after_a_change_and_restored(tmp_path, qtbot) -> None:
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
def test_a_damaged_session_is_ignored(tmp_path, qapp, parameters) -> None:
    path = tmp_path / "session.json"
    path.write_text(json.dumps({"parameters": parameters, "geometry": 3}))
    store, first = StudioStore(), StudioStore()
    Session(path, store).restore_parameters()
    Session(tmp_path / "none.json", first).restore_parameters()
    assert store.steps == first.steps  # as at the first start
    assert store.prompt in ("", "kept")


def test_parameters_of_a_newer_version_are_kept_in_the_session(tmp_path, qapp) -> None:
    path = tmp_path / "session.json"
    path.write_text(json.dumps({"parameters": {"tiling": True}}))
    session = Session(path, StudioStore())
    session.restore_parameters()
    session.save()
    assert read_json(path)["parameters"]["tiling"] is True
