"""Completion while typing a prompt."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import Qt

from core.request.text_segment import A1111, COMFYUI
from ldm_studio import paths
from ldm_studio.draw.prompt.completion import CompletionNames, completions

NAMES = CompletionNames(
    loras=lambda: ["add_detail", "ink detail", "Watercolour"],
    embeddings=lambda: ["EasyNegative", "easy-positive", "bad_hands"],
    wildcards=lambda: ["colour", "hats/winter"],
)


def offered(marked: str, syntax: str = A1111) -> tuple[str, ...]:
    found = completions(marked.replace("|", ""), marked.index("|"), NAMES, syntax)
    return found.names if found else ()


@pytest.mark.parametrize(
    ("marked", "expected"),
    [
        ("<lora:|", ("add_detail", "ink detail", "Watercolour")),
        ("a cat <LoRA:DET|", ("add_detail", "ink detail")),
        ("<lora:ink d|:0.5>", ("ink detail",)),
        ("<lora:add_detail:|", ()),
        ("<lora:add_detail:1> |", ()),
        ("<lora|", ()),
        ("a __|", ("colour", "hats/winter")),
        ("a __win|", ("hats/winter",)),
        ("a __colour__|", ()),
        ("a __colour__ __h|", ("hats/winter",)),
        ("a __colour__, cat|", ()),
        ("ea|", ("EasyNegative", "easy-positive")),
        ("e|", ()),
        ("a (easyn|", ("EasyNegative",)),
        ("hands|", ()),
        ("bad_hands|", ()),
        ("embedding:h|", ("bad_hands",)),
        ("embedding:|", ("EasyNegative", "easy-positive", "bad_hands")),
        ("|", ()),
    ],
)
def test_names_are_completed_at_the_cursor(marked: str, expected: tuple[str, ...]) -> None:
    assert offered(marked) == expected


def test_comfyui_completes_embeddings_only_after_their_prefix() -> None:
    assert offered("easy|", COMFYUI) == ()
    assert offered("embedding:easy|", COMFYUI) == ("EasyNegative", "easy-positive")


@given(st.text("<lora:>_ ab|embedding", max_size=40), st.integers(0, 40))
def test_a_completion_replaces_text_before_the_cursor(text: str, at: int) -> None:
    found = completions(text, min(at, len(text)), NAMES, A1111)
    assert found is None or 0 <= found.start <= min(at, len(text))


# In the window


@pytest.fixture
def panel(application):
    panel = application.window.prompt
    panel.offer(NAMES, lambda name: ("red", "blue") if name == "colour" else None)
    panel.prompt.setFocus()
    return panel


def press(qtbot, editor, *keys) -> None:
    """Sends a key to the list if it is open, as Qt would."""
    for key in keys:
        listed = editor._suggested
        qtbot.keyClick(listed.list if listed.is_open else editor, key)


def test_a_completion_is_chosen_by_keyboard_and_undone_in_one_step(panel, qtbot) -> None:
    editor = panel.prompt
    qtbot.keyClicks(editor, "a <lora:")
    assert editor._suggested.is_open
    press(qtbot, editor, Qt.Key.Key_Down, Qt.Key.Key_Tab)
    assert editor.toPlainText() == "a <lora:ink detail:1>"
    assert not editor._suggested.is_open
    editor.undo()
    assert editor.toPlainText() == "a <lora:"


def test_escape_closes_the_list_and_enter_inserts_a_line(panel, qtbot) -> None:
    editor = panel.prompt
    qtbot.keyClicks(editor, "__")
    assert editor._suggested.is_open
    press(qtbot, editor, Qt.Key.Key_Escape)
    assert not editor._suggested.is_open
    press(qtbot, editor, Qt.Key.Key_Return)
    assert editor.toPlainText() == "__\n"


def test_a_completion_is_chosen_with_the_mouse(panel, qtbot) -> None:
    editor = panel.prompt
    editor.insertPlainText("\U0001f431 ")
    qtbot.keyClicks(editor, "__c")
    listed = editor._suggested.list
    place = listed.visualRect(listed.model().index(0, 0)).center()
    qtbot.mouseClick(listed.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert editor.toPlainText() == "\U0001f431 __colour__"


def test_setting_the_prompt_offers_no_completions(panel, application) -> None:
    application.store.prompt = "<lora:"
    assert not panel.prompt._suggested.is_open


def marked(editor) -> list[str]:
    return [mark.cursor.selectedText() for mark in editor.extraSelections()]


def test_templates_are_marked_and_missing_wildcards_underlined(panel, application) -> None:
    application.store.prompt = "a {2::cat|dog} __colour__ __hat__"
    assert marked(panel.prompt) == ["{2::", "|", "}", "__colour__", "__hat__"]
    assert "no wildcard “hat”" in panel.prompt.accessibleDescription()
    [problem] = panel.prompt.problems()
    assert application.store.prompt[problem.start : problem.end] == "__hat__"


def test_highlighting_follows_the_chosen_syntax(panel, application) -> None:
    application.store.prompt = "[cat|dog] BREAK # no"
    assert marked(panel.prompt) == ["[", "|", "]", "BREAK", "# no"]
    application.store.syntax = COMFYUI
    assert marked(panel.prompt) == []


def test_a_lora_in_the_negative_prompt_is_underlined(panel, application) -> None:
    application.store.negative = "dark <lora:add_detail:1>"
    [problem] = panel.negative.problems()
    assert "negative" in str(problem.explanation)


def test_files_in_the_folder_are_completed_and_recognised(application, qtbot) -> None:
    folder = paths.wildcards_dir()
    folder.mkdir(parents=True)
    (folder / "animal.txt").write_text("cat\ndog")
    editor = application.window.prompt.prompt
    editor.setFocus()
    qtbot.keyClicks(editor, "__an")
    press(qtbot, editor, Qt.Key.Key_Return)
    assert application.store.prompt == "__animal__"
    assert editor.problems() == ()
