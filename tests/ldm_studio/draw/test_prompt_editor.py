"""The prompt editor shows how much of a prompt the model reads."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtWidgets import QApplication, QPushButton
from tokenizers import Tokenizer, models, pre_tokenizers

from core.conditioning.text.token_count import PromptTokenCounter
from tests.ldm_studio.fakes import MODEL, FakePipeline, Gate


@pytest.fixture
def reading(start):
    """A window over a model that reads four words."""
    words = {word: i for i, word in enumerate(("[UNK]", "a", "red", "cat", "smile"))}
    tokenizer = Tokenizer(models.WordLevel(words, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    return start(FakePipeline(model=replace(MODEL, read=PromptTokenCounter(tokenizer, 4))))


def marked(editor) -> list[str]:
    return [mark.cursor.selectedText() for mark in editor.extraSelections()]


def test_the_token_count_updates_while_typing(reading, qtbot) -> None:
    panel = reading.window.prompt
    assert panel.prompt_count.text() == ""
    qtbot.keyClicks(panel.prompt, "a red cat")
    assert panel.prompt_count.text() == "3/4"
    assert not panel.prompt_count.property("wrong")
    assert marked(panel.prompt) == []


def test_unread_text_is_struck_out_and_explained(reading) -> None:
    panel = reading.window.prompt
    width = panel.width()
    reading.store.prompt = "a red cat smile red cat"
    QApplication.processEvents()
    assert panel.width() == width
    assert panel.prompt_count.text() == "6/4 · cut off"
    assert panel.prompt_count.property("wrong")
    assert "this one has 6" in panel.prompt.accessibleDescription()
    assert marked(panel.prompt) == [" red cat"]
    reading.store.prompt = "a red cat"
    assert marked(panel.prompt) == []


def test_words_beyond_the_basic_plane_are_marked_in_place(reading) -> None:
    panel = reading.window.prompt
    reading.store.prompt = "\U0001f431 a \u732b cat"
    assert marked(panel.prompt) == ["\U0001f431", "\u732b"]
    assert panel.prompt_count.text() == "4/4 · unknown: \U0001f431, \u732b"


def test_the_negative_prompt_is_counted_too(reading) -> None:
    panel = reading.window.prompt
    reading.store.negative = "cat " * 5
    assert panel.negative_count.text().startswith("5/4")
    assert panel.negative_count.isVisible()


def test_an_existing_prompt_is_counted_when_the_model_loads(start, qtbot) -> None:
    tokenizer = Tokenizer(models.WordLevel({"[UNK]": 0, "cat": 1}, unk_token="[UNK]"))
    gate = Gate()
    model = replace(MODEL, read=PromptTokenCounter(tokenizer, 4))
    application = start(FakePipeline(before_load=gate, model=model), ready=False)
    application.store.prompt = "cat"
    panel = application.window.prompt
    assert panel.prompt_count.text() == ""
    with qtbot.waitSignal(application.bridge.ready):
        application.bridge.warm_up()
        gate.open()
    assert panel.prompt_count.text() == "1/4"


def test_typing_in_the_prompt_does_not_move_the_controls_below(start, qtbot, gate) -> None:
    application = start(FakePipeline(before_step=gate))
    window = application.window
    window.resize(1280, 800)

    def places() -> list[int]:
        window.prompt.parentWidget().layout().activate()
        return [window.run_area.button.y(), window.run_area.height(), window.sampler.y()]

    before = places()
    assert window.prompt.examples.isVisible()
    application.store.prompt = "a"
    assert not window.prompt.examples.isVisible()
    assert places() == before
    application.studio.generate()
    application.studio.generate()
    qtbot.waitUntil(lambda: "1 more" in window.run_area.waiting.text())
    assert places() == before


def test_the_examples_leave_room_for_the_line_above(application) -> None:
    panel = application.window.prompt
    chips = panel.examples.findChildren(QPushButton)
    top = min(chip.mapTo(panel.prompt.viewport(), chip.rect().topLeft()).y() for chip in chips)
    bottom = max(chip.mapTo(panel.prompt, chip.rect().bottomLeft()).y() for chip in chips)
    assert top >= panel.prompt.fontMetrics().height()
    assert bottom < panel.prompt.height()
