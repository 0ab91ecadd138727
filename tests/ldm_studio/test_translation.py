"""The language of the window: its choice, and translated messages."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path
from xml.etree.ElementTree import Element, ElementTree, SubElement

import pytest
from PySide6.QtCore import QCoreApplication, QLocale, QTranslator
from pytestqt.qtbot import QtBot

from core.errors import InvalidError, Message, RequestError
from ldm_studio import translation
from ldm_studio.translation import CONTEXT, chosen, joined, languages, translate_message
from tools.translations import tool

SAID = {
    "{name} is {value}, outside {low} to {high}.": "{name} 为 {value},不在 {low} 到 {high} 之间。",
    "Choose a value in this range.": "请选择此范围内的值。",
    "{path} cannot be read: {error}.": "无法读取 {path}:{error}。",
    "there is no such file": "没有这个文件",
}


@pytest.fixture
def chinese(qtbot: QtBot, tmp_path: Path) -> Iterator[None]:
    """A language of a few messages, made with Qt's own tool."""
    root = Element("TS", version="2.1", language="zh_CN", sourcelanguage="en")
    context = SubElement(root, "context")
    SubElement(context, "name").text = CONTEXT
    for source, said in SAID.items():
        message = SubElement(context, "message")
        SubElement(message, "source").text = source
        SubElement(message, "translation").text = said
    ElementTree(root).write(tmp_path / "few.ts", encoding="utf-8", xml_declaration=True)
    made = tmp_path / "few.qm"
    command = [tool("lrelease"), "-silent", str(tmp_path / "few.ts"), "-qm", str(made)]
    subprocess.run(command, check=True)
    dictionary = QTranslator()
    assert dictionary.load(str(made))
    QCoreApplication.installTranslator(dictionary)
    yield
    QCoreApplication.removeTranslator(dictionary)


def test_messages_are_translated_with_their_values(chinese: None) -> None:
    error = RequestError(
        "steps",
        "{name} is {value}, outside {low} to {high}.",
        "Choose a value in this range.",
        name="steps",
        value=0,
        low=1,
        high=1000,
    )
    said = "steps 为 0,不在 1 到 1000 之间。"
    assert translate_message(error.message) == said
    assert translate_message(error) == f"{said}请选择此范围内的值。"


def test_a_value_may_be_a_message_itself(chinese: None) -> None:
    reason = InvalidError("there is no such file")
    message = Message("{path} cannot be read: {error}.", path="a.png", error=reason)
    assert translate_message(message) == "无法读取 a.png:没有这个文件。"


def test_unknown_text_is_not_translated(chinese: None) -> None:
    assert translate_message("Something nobody wrote down.") == "Something nobody wrote down."
    assert translate_message("a.png cannot be read: x.") == "a.png cannot be read: x."
    assert translate_message(Message.plain("x {y}")) == "x {y}"
    assert translate_message("") == ""


def test_english_texts_are_shown_untranslated(qtbot: QtBot) -> None:
    message = Message("{name} is {value}, outside {low} to {high}.", name="a", value=0)
    assert translate_message(message) == str(message)


def test_english_is_always_there() -> None:
    assert next(iter(languages().items())) == ("en", "English")


def test_an_unknown_language_is_english() -> None:
    assert chosen("xx_YY") == "en"
    assert chosen("en") == "en"


@pytest.mark.parametrize(
    ("system", "expected"),
    [
        (["zh-Hans-CN", "zh-CN"], "zh_CN"),
        (["zh-Hans-SG"], "zh_CN"),
        (["zh-Hant-TW", "zh-TW"], "en"),
        (["de-DE", "de", "zh-CN"], "zh_CN"),
        (["de-DE"], "en"),
        (["en-GB", "zh-CN"], "en"),
    ],
)
def test_the_system_language_is_followed(
    system: list[str], expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    class System:
        def uiLanguages(self) -> list[str]:  # noqa: N802
            return system

    monkeypatch.setattr(translation, "languages", lambda: {"en": "English", "zh_CN": "简体中文"})
    monkeypatch.setattr(QLocale, "system", lambda: System())
    assert chosen("") == expected


def test_sentences_are_joined_by_the_rules_of_the_language() -> None:
    assert joined("It is red.", "", "Change it.") == "It is red. Change it."
    assert joined("它是红色的。", "更改它。") == "它是红色的。更改它。"
    assert joined("", "") == ""
