"""Weights, phrases and styles in the window: keys, marks, menus."""

from __future__ import annotations

import json

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor, QHelpEvent, QPalette, QTextCharFormat, QTextCursor
from PySide6.QtWidgets import QApplication, QToolTip

from ldm_studio import paths
from ldm_studio.prompts.styles import BUILT_IN, Style, StyleBook
from ldm_studio.settings.settings import Scheme
from tests.ldm_studio.fakes import FakePipeline
from tests.ldm_studio.look.test_look import contrast
from tests.narrowing import present

CONTROL = Qt.KeyboardModifier.ControlModifier
ALT = Qt.KeyboardModifier.AltModifier


@pytest.fixture(params=["prompt", "negative"])
def editor(request, application):
    return getattr(application.window.prompt, request.param)


def write(editor, text: str, selected: str = "") -> None:
    """Types `text` and selects `selected`, or puts the cursor after the first letter."""
    editor.setPlainText(text)
    cursor = editor.textCursor()
    start = text.index(selected)
    cursor.setPosition(len(text[:start].encode("utf-16-le")) // 2)
    length = len(selected.encode("utf-16-le")) // 2
    cursor.setPosition(cursor.position() + length, QTextCursor.MoveMode.KeepAnchor)
    editor.setTextCursor(cursor)


def marks(editor) -> dict[str, QTextCharFormat]:
    """The marked ranges and their formats, copied because they die with the list."""
    return {m.cursor.selectedText(): QTextCharFormat(m.format) for m in editor.extraSelections()}


@pytest.fixture
def tool_tip(monkeypatch):
    """The tooltip of a character in an editor."""
    said: list[str] = []
    monkeypatch.setattr(QToolTip, "showText", lambda _place, text, *_: said.append(text))

    def tool_tip(editor, at: int) -> str:
        said.clear()
        cursor = editor.textCursor()
        cursor.setPosition(at)
        place = editor.cursorRect(cursor).center() + QPoint(2, 0)
        viewport = editor.viewport()
        event = QHelpEvent(QHelpEvent.Type.ToolTip, place, viewport.mapToGlobal(place))
        QApplication.sendEvent(viewport, event)
        return " ".join(said)

    return tool_tip


def test_keys_change_the_weight_and_each_press_is_undone_separately(
    editor, application, qtbot
) -> None:
    write(editor, "\U0001f431 红色 猫, 3d", "红色")
    for expected in ("(红色:1.1)", "(红色:1.2)"):
        qtbot.keyClick(editor, Qt.Key.Key_Up, CONTROL)
        assert editor.toPlainText() == f"\U0001f431 {expected} 猫, 3d"
        assert editor.textCursor().selectedText() == "红色"
    assert editor.toPlainText() in (application.store.prompt, application.store.negative)
    editor.undo()
    assert editor.toPlainText() == "\U0001f431 (红色:1.1) 猫, 3d"
    editor.undo()
    assert editor.toPlainText() == "\U0001f431 红色 猫, 3d"
    editor.redo()
    qtbot.keyClick(editor, Qt.Key.Key_Down, CONTROL)
    qtbot.keyClick(editor, Qt.Key.Key_Down, CONTROL)
    assert editor.toPlainText() == "\U0001f431 (红色:0.9) 猫, 3d"


def test_keys_move_the_phrase_with_the_cursor(editor, qtbot) -> None:
    write(editor, "a cat, (red, blue:1.2), 3d", "")
    qtbot.keyClick(editor, Qt.Key.Key_Right, ALT)
    assert editor.toPlainText() == "(red, blue:1.2), a cat, 3d"
    qtbot.keyClick(editor, Qt.Key.Key_Right, ALT)
    assert editor.toPlainText() == "(red, blue:1.2), 3d, a cat"
    qtbot.keyClick(editor, Qt.Key.Key_Right, ALT)
    qtbot.keyClick(editor, Qt.Key.Key_Left, ALT)
    assert editor.toPlainText() == "(red, blue:1.2), a cat, 3d"
    editor.undo()
    assert editor.toPlainText() == "(red, blue:1.2), 3d, a cat"


def test_a_backward_selection_stays_backward(editor, qtbot) -> None:
    write(editor, "a red cat")
    cursor = editor.textCursor()
    cursor.setPosition(5)
    cursor.setPosition(2, QTextCursor.MoveMode.KeepAnchor)
    editor.setTextCursor(cursor)
    qtbot.keyClick(editor, Qt.Key.Key_Up, CONTROL)
    cursor = editor.textCursor()
    assert (cursor.anchor(), cursor.position()) == (6, 3)


def test_the_keys_are_listed_in_the_help(application) -> None:
    from ldm_studio.commands.shortcuts import place_of

    for key in ("Ctrl+Up", "Ctrl+Down", "Alt+Left", "Alt+Right"):
        assert present(place_of(key))[0] == "In the prompt"


def test_weights_are_tinted_and_their_markup_is_muted(application) -> None:
    editor = application.window.prompt.prompt
    application.store.prompt = "a (red:1.4) [cat]"
    seen = marks(editor)
    assert list(seen) == ["(", "red", ":1.4)", "[", "cat", "]"]
    muted = editor.palette().color(QPalette.ColorRole.PlaceholderText)
    assert seen["("].foreground().color() == seen[":1.4)"].foreground().color() == muted
    plain = editor.palette().color(QPalette.ColorRole.Text)
    assert seen["red"].foreground().color() not in (plain, muted)
    assert seen["red"].background().color().alpha() > 0
    assert seen["cat"].background().color().alpha() == 0
    application.store.prompt = "a red cat"
    assert marks(editor) == {}


@pytest.mark.parametrize("scheme", [Scheme.LIGHT, Scheme.DARK])
@pytest.mark.parametrize("weight", ["0", "0.5", "0.9", "1.1", "1.5", "3"])
def test_tinted_text_is_readable_in_both_themes(application, scheme, weight) -> None:
    application.theme.scheme = scheme
    editor = application.window.prompt.prompt
    application.store.prompt = f"(red:{weight})"
    how = marks(editor)["red"]
    base = editor.palette().color(QPalette.ColorRole.Base)
    wash = how.background().color()
    share = wash.alphaF()
    behind = QColor.fromRgbF(
        base.redF() + (wash.redF() - base.redF()) * share,
        base.greenF() + (wash.greenF() - base.greenF()) * share,
        base.blueF() + (wash.blueF() - base.blueF()) * share,
    )
    assert contrast(how.foreground().color(), behind) >= 4.5


def test_a_lone_bracket_is_underlined_and_explained(application, tool_tip) -> None:
    editor = application.window.prompt.prompt
    application.store.prompt = "\U0001f431 a (red cat"
    wavy = marks(editor)["("]
    assert wavy.underlineStyle() == wavy.UnderlineStyle.WaveUnderline
    editor.setToolTip("")  # Qt cannot show one without a display
    assert "never closed" in tool_tip(editor, 5)
    assert tool_tip(editor, 7) == ""
    assert "never closed" in editor.accessibleDescription()


def test_a_style_is_applied_to_both_prompts_and_undone(application) -> None:
    panel, store = application.window.prompt, application.store
    store.prompt, store.negative = "a cat", "red"
    panel.styles.apply(Style("Night", "night sky, {prompt}, stars", "day"))
    assert (store.prompt, store.negative) == ("night sky, a cat, stars", "red, day")
    assert panel.prompt.hasFocus()
    panel.prompt.undo()
    panel.negative.undo()
    assert (store.prompt, store.negative) == ("a cat", "red")


def test_the_menu_has_the_styles_and_explains_them(application) -> None:
    panel = application.window.prompt
    application.store.prompt = "a cat"
    menu = panel.styles.menu_of_styles()
    actions = {action.text(): action for action in menu.actions() if action.text()}
    assert list(actions)[: len(BUILT_IN)] == [style.name for style in BUILT_IN]
    assert actions["3D emoji"].toolTip() == "3d emoji of {prompt}"
    actions["Flat"].trigger()
    assert application.store.prompt == "a cat, flat"
    menu.deleteLater()


def test_the_prompt_is_saved_as_a_style_and_survives_a_restart(start, qtbot) -> None:
    application = start(FakePipeline())
    styles = application.window.prompt.styles
    application.store.prompt, application.store.negative = "stars, {prompt}", "day"
    dialog = styles.save()
    assert not dialog.accept_button.isEnabled()
    qtbot.keyClicks(dialog.name, "3d")
    assert dialog.accept_button.text() == "Replace"
    qtbot.keyClicks(dialog.name, " & night")
    assert dialog.accept_button.text() == "Save"
    qtbot.keyClick(dialog.name, Qt.Key.Key_Return)
    again = start(FakePipeline())
    menu = again.window.prompt.styles.menu_of_styles()
    assert "3d && night" in [action.text() for action in menu.actions()]
    menu.deleteLater()
    book = StyleBook(paths.config_dir() / "styles.json")
    assert book.styles[-1] == Style("3d & night", "stars, {prompt}", "day")


def test_renaming_deleting_and_importing_styles_can_be_undone(application, qtbot, tmp_path) -> None:
    dialog = application.window.prompt.styles.manage()
    path = paths.config_dir() / "styles.json"

    def names() -> list[str]:
        listed = [dialog.list.item(i).text() for i in range(dialog.list.count())]
        assert listed == [style.name for style in StyleBook(path).styles]
        return listed

    before = names()
    dialog.list.setCurrentRow(1)
    assert dialog.prompt.toPlainText() == BUILT_IN[1].prompt
    dialog.name.selectAll()
    qtbot.keyClicks(dialog.name, "Level")
    qtbot.keyClick(dialog.name, Qt.Key.Key_Return)
    assert names()[1] == "Level"
    dialog.name.selectAll()
    qtbot.keyClicks(dialog.name, "cartoon")
    qtbot.keyClick(dialog.name, Qt.Key.Key_Return)
    assert "already" in dialog.label.text()
    assert dialog.name.text() == names()[1] == "Level"
    qtbot.mouseClick(dialog.delete, Qt.MouseButton.LeftButton)
    assert names() == [before[0], *before[2:]]
    table = tmp_path / "styles.csv"
    table.write_text('name,prompt,negative_prompt\nFlat 2,x,\n3D,"y, {prompt}",z\n3D,3d,\n')
    dialog.import_table(str(table))
    assert names()[-2:] == ["Flat 2", "3D 2"]
    assert dialog.label.text() == "2 styles were added."
    for _ in range(3):
        qtbot.mouseClick(dialog.undo, Qt.MouseButton.LeftButton)
    assert names() == before
    assert not dialog.undo.isEnabled()
    dialog.import_table(str(path))
    assert "not a table of styles" in dialog.label.text()
    dialog.reject()


def test_a_damaged_styles_file_is_reported_in_the_window(start) -> None:
    path = paths.config_dir() / "styles.json"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps({"styles": "?"}))
    notice = start(FakePipeline()).window.notice
    assert notice.is_error
    assert "styles.json, is damaged" in notice.text()
    assert "styles.damaged-1.json" in notice.text()
