"""Texts of others are shown as they are: never as HTML, which could open files and servers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication, QLabel, QToolTip, QWidget

from ldm_studio.look.plain_label import PlainLabel
from ldm_studio.look.style_sheet import style_sheet
from ldm_studio.look.tokens import LIGHT

IMAGE = '<img src="file:///home/somebody/secret.png"> a cat'
PLAIN = Qt.TextFormat.PlainText


@pytest.fixture
def styled(qapp: QApplication) -> Iterator[QApplication]:
    before = qapp.styleSheet()
    qapp.setStyleSheet(style_sheet(LIGHT))
    yield qapp
    qapp.setStyleSheet(before)


def test_a_tooltip_shows_html_as_text(styled: QApplication, qtbot) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    QToolTip.showText(QPoint(10, 10), IMAGE, window)
    [tip] = [one for one in styled.topLevelWidgets() if one.objectName() == "qtooltip_label"]
    assert isinstance(tip, QLabel)
    assert (tip.textFormat(), tip.text()) == (PLAIN, IMAGE)
    QToolTip.hideText()
    tip.hide()


def test_a_label_shows_html_as_text(qtbot) -> None:
    labels = PlainLabel(IMAGE), PlainLabel(None, text=IMAGE, wordWrap=True)
    for label in labels:
        qtbot.addWidget(label)
        assert (label.textFormat(), label.text()) == (PLAIN, IMAGE)
