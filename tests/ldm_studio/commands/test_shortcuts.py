"""Shortcuts and commands: the user's keys, conflicts, the palette."""

from __future__ import annotations

from collections import Counter

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from ldm_studio import paths
from ldm_studio.canvas.tools.canvas_keys import key_table
from ldm_studio.commands.shortcuts import fixed_keys, place_of, refused
from ldm_studio.look.fuzzy_ranking import rank
from ldm_studio.settings.settings import read
from tests.ldm_studio.fakes import FakePipeline


@pytest.fixture
def shortcuts(application):
    return application.auxiliary_windows.shortcuts


@pytest.fixture
def keys_page(application):
    application.window.actions_by_id["shortcuts"].trigger()
    dialog = application.auxiliary_windows.settings
    assert dialog.page is dialog.shortcuts
    yield dialog.shortcuts
    dialog.close()


def keys(application, name: str) -> list[str]:
    return [key.toString() for key in application.window.actions_by_id[name].shortcuts()]


def press(field, key: str) -> None:
    field.setKeySequence(QKeySequence(key))


def test_changed_keys_apply_at_once_and_after_a_restart(start, qtbot) -> None:
    first = start(FakePipeline())
    first.auxiliary_windows.shortcuts.set("live", ["Ctrl+F6"])
    assert keys(first, "live") == ["Ctrl+F6"]
    assert read(paths.config_dir() / "settings.json").shortcuts == {"live": ("Ctrl+F6",)}
    second = start(FakePipeline())
    assert keys(second, "live") == ["Ctrl+F6"]


def test_a_reassigned_key_is_removed_from_its_old_command(application, shortcuts) -> None:
    usual = shortcuts.usual("redo")
    shortcuts.set("live", ["Ctrl+Y"])
    assert shortcuts.keys("redo") == tuple(key for key in usual if key != "Ctrl+Y")
    assert shortcuts.taken_by("Ctrl+Y") == "live"
    shortcuts.reset("redo")
    assert shortcuts.keys("redo") == usual
    assert shortcuts.keys("live") == ()
    shortcuts.reset("live")
    assert all(shortcuts.is_usual(name) for name in shortcuts.actions)
    assert application.settings.shortcuts == {}


def test_no_key_ever_has_two_commands(shortcuts) -> None:
    shortcuts.set("live", ["Ctrl+S", "Ctrl+O"])
    shortcuts.set("save_as", ["Ctrl+L"])
    shortcuts.reset("open_picture")
    used = Counter(key for name in shortcuts.actions for key in shortcuts.keys(name))
    assert set(used.values()) == {1}


@pytest.mark.parametrize("key", ["A", "Shift+A", "Space", "Left", "", "Ctrl+K, Ctrl+S"])
def test_keys_for_typing_are_refused(shortcuts, key) -> None:
    assert refused(key)
    with pytest.raises(ValueError) as error:  # noqa: PT011  # its words are those of `refused`
        shortcuts.set("live", [key])
    assert str(error.value) == refused(key)


@pytest.mark.parametrize("key", ["F5", "Ctrl+Left", "Alt+A", "Shift+F1", "Esc"])
def test_keys_that_type_nothing_are_accepted(qapp, key) -> None:
    assert refused(key) == ""


def test_invalid_keys_in_the_file_keep_the_other_keys(start) -> None:
    application = start(FakePipeline())
    application.preferences.put(
        type(application.settings)(shortcuts={"live": ("no key",), "gone": ("F5",)})
    )
    assert keys(application, "live") == []
    application.auxiliary_windows.shortcuts.reset("live")
    assert keys(application, "live") == ["Ctrl+L"]


def test_listed_canvas_keys_equal_the_real_ones(application) -> None:
    table = key_table(application.window.canvas.view, lambda *_: None)
    (listed,) = (rows for place, rows in fixed_keys().items() if "canvas" in place)
    handled_elsewhere = {"Return", "Space", "C", "O"}
    keys_listed = {key for row in listed for key in row.keys}
    assert len(keys_listed) > len(handled_elsewhere)
    assert keys_listed <= table.keys() | handled_elsewhere


def test_a_conflict_is_shown_before_it_is_applied(application, keys_page) -> None:
    keys_page.choose("live")
    assert not keys_page.use.isEnabled()
    press(keys_page.field, "Ctrl+O")
    assert "Open Image" in keys_page.words.text()
    assert keys_page.use.text() == "Reassign"
    keys_page.use.click()
    assert keys(application, "live") == ["Ctrl+O"]
    assert keys(application, "open_picture") == []
    keys_page.usual.click()
    assert keys(application, "live") == ["Ctrl+L"]


@pytest.mark.parametrize(
    ("key", "said", "usable"),
    [
        ("Ctrl+F9", "free", True),
        ("Ctrl+L", "already", False),
        ("B", "reserved", False),
        ("Ctrl+Up", "In the prompt", True),
    ],
)
def test_a_key_with_a_fixed_meaning_is_explained(keys_page, key, said, usable) -> None:
    keys_page.choose("live")
    press(keys_page.field, key)
    assert said in keys_page.words.text()
    assert keys_page.use.isEnabled() is usable


def test_commands_are_found_by_name_and_by_key(keys_page, application) -> None:
    dialog = application.auxiliary_windows.settings

    def seen() -> list[str]:
        return [item.text(0) for item in keys_page._items.values() if not item.isHidden()]

    dialog.search.setText("enlarge")
    assert seen() == ["Enlarge"]
    dialog.search.setText("ctrl+shift+b")
    assert seen() == ["Leave Branch"]
    dialog.search.clear()
    assert len(seen()) == len(application.window.actions_by_id)


def test_a_command_can_have_no_keys(application, keys_page) -> None:
    keys_page.choose("live")
    keys_page.clear.click()
    assert keys(application, "live") == []


def test_places_know_their_keys(qapp) -> None:
    assert place_of("Ctrl+Up") == ("In the prompt", "Stronger, weaker words")
    assert place_of("Ctrl+F9") is None


# The palette


@pytest.fixture
def palette(application):
    application.window.actions_by_id["palette"].trigger()
    yield application.auxiliary_windows.palette
    if application.auxiliary_windows.palette is not None:
        application.auxiliary_windows.palette.close()


def listed(palette) -> list[str]:
    return [command.id for command in palette.commands.shown]


def test_every_command_is_in_the_palette_with_its_keys(application, palette) -> None:
    assert set(listed(palette)) == set(application.window.actions_by_id) - {"palette"}
    keys = {command.id: command.keys for command in palette.commands.shown}
    assert keys["settings"] == "Ctrl+,"


def test_a_few_letters_find_a_command_and_return_runs_it(application, palette, qtbot) -> None:
    QTest.keyClicks(palette.field, "dark")
    assert listed(palette)[0] == "theme_dark"
    QTest.keyClick(palette.field, Qt.Key.Key_Return)
    assert application.settings.look.scheme == "dark"
    assert application.auxiliary_windows.palette is None


def test_recent_commands_come_first_after_a_restart_too(start) -> None:
    first = start(FakePipeline())
    for name in ("theme_dark", "show_queue", "fit"):
        first.window.actions_by_id[name].trigger()
    first.session.save()
    second = start(FakePipeline())
    second.auxiliary_windows.open_palette()
    assert listed(second.auxiliary_windows.palette)[:2] == ["fit", "theme_dark"]
    second.auxiliary_windows.palette.close()


def test_disabled_commands_come_last_and_do_not_run(application, palette) -> None:
    enabled = [command.action.isEnabled() for command in palette.commands.shown]
    assert not all(enabled)
    assert enabled == sorted(enabled, reverse=True)
    QTest.keyClicks(palette.field, "next candidate")
    assert [command.action.isEnabled() for command in palette.commands.shown] == [False]
    QTest.keyClick(palette.field, Qt.Key.Key_Return)
    assert palette.isVisible()


def test_the_palette_is_operated_by_keyboard(palette) -> None:
    QTest.keyClick(palette.field, Qt.Key.Key_Up)
    assert palette.list.currentIndex().row() == palette.commands.rowCount() - 1
    QTest.keyClick(palette.field, Qt.Key.Key_Down)
    QTest.keyClick(palette.field, Qt.Key.Key_Down)
    assert palette.list.currentIndex().row() == 1
    QTest.keyClicks(palette.field, "xyzzy")
    assert palette.nothing.isVisibleTo(palette)
    QTest.keyClick(palette.field, Qt.Key.Key_Return)
    QTest.keyClick(palette.field, Qt.Key.Key_Escape)
    assert not palette.isVisible()


def test_only_a_moving_pointer_selects(palette) -> None:
    viewport = palette.list.viewport()
    row = palette.list.visualRect(palette.commands.index(2)).center()
    QTest.mouseMove(viewport, row)
    QTest.mouseMove(viewport, row + QPoint(1, 0))
    assert palette.list.currentIndex().row() == 2
    QTest.keyClick(palette.field, Qt.Key.Key_Up)
    QTest.mouseMove(viewport, row + QPoint(1, 0))
    assert palette.list.currentIndex().row() == 1


@pytest.mark.parametrize(
    ("better", "worse", "words"),
    [
        ("Save Image As", "Export With Transparent Background", "as"),
        ("Open Image", "Copy Image", "open"),
        ("Live", "Keep the Steps of Images", "l"),
        ("Show Queue", "Show Output Folder", "shqu"),
    ],
)
def test_better_matches_come_first(better, worse, words) -> None:
    first, second = rank(better, words), rank(worse, words)
    assert first is not None
    assert second is None or first < second


def test_keys_focus_canvas_and_prompt_from_the_history_too(application, qtbot) -> None:
    window, actions = application.window, application.window.actions_by_id
    window.activateWindow()
    qtbot.waitUntil(lambda: QApplication.activeWindow() is window)
    window.prompt.prompt.setFocus()
    qtbot.keyClick(window.prompt.prompt, Qt.Key.Key_F6)
    assert window.canvas.view.hasFocus()
    actions["history"].trigger()
    assert not window.canvas.view.isVisible()
    qtbot.keyClick(QApplication.focusWidget(), Qt.Key.Key_F6, Qt.KeyboardModifier.ShiftModifier)
    assert window.prompt.prompt.hasFocus()
    assert not actions["history"].isChecked()
