"""The language of the window: its choice, and translated messages."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path
from xml.etree.ElementTree import Element, ElementTree, SubElement

import pytest
from PySide6.QtCore import QCoreApplication, QLocale, QTranslator
from pytestqt.qtbot import QtBot

from ldm_studio import translation
from ldm_studio.translation import CONTEXT, chosen, joined, languages, told
from tools.translations import tool

SAID = {
    "{0} is {1}, outside {2} to {3}.": "{0} 为 {1},不在 {2} 到 {3} 之间。",
    "The {0} is longer than {1} characters.": "{0}超过 {1} 个字符。",
    "Choose a value between them.": "请选择其间的值。",
    "{0} cannot be read: {1}.": "无法读取 {0}:{1}。",
    "There is no such file.": "没有这个文件。",
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


def test_messages_are_said_in_the_language_with_their_values(chinese: None) -> None:
    assert told("steps is 0, outside 1 to 1000.") == "steps 为 0,不在 1 到 1000 之间。"
    assert told("Choose a value between them.") == "请选择其间的值。"


def test_a_value_may_be_a_message_itself(chinese: None) -> None:
    assert (
        told("a.png cannot be read: There is no such file..") == "无法读取 a.png:没有这个文件。。"
    )


def test_what_is_not_known_stays_as_it_is(chinese: None) -> None:
    assert told("Something nobody wrote down.") == "Something nobody wrote down."
    assert told("") == ""


def test_in_english_nothing_changes(qtbot: QtBot) -> None:
    message = "steps is 0, outside 1 to 1000."
    assert told(message) == message


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


def test_sentences_are_parted_as_their_language_does() -> None:
    assert joined("It is red.", "", "Change it.") == "It is red. Change it."
    assert joined("它是红色的。", "更改它。") == "它是红色的。更改它。"
    assert joined("", "") == ""
