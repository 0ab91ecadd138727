"""Chinese is drawn with Chinese fonts, also on systems in another language."""

from __future__ import annotations

import pytest
from PySide6.QtGui import QFontDatabase
from PySide6.QtWidgets import QLabel, QToolTip

from ldm_studio.look.fonts import use_fonts_for

HERE = ["Sans Serif", "Noto Sans CJK JP", "Noto Sans CJK SC", "Noto Sans CJK KR"]


@pytest.fixture
def app(qapp, monkeypatch):
    monkeypatch.setattr(QFontDatabase, "families", lambda: HERE)
    yield qapp
    use_fonts_for(qapp, "en")


def test_missing_characters_come_from_a_font_for_the_language(app) -> None:
    usual = app.font().families()
    use_fonts_for(app, "zh_CN")
    for font in (app.font(), QLabel().font(), QToolTip.font()):
        assert font.families() == [*usual, "Noto Sans CJK SC"]
    use_fonts_for(app, "en")
    for font in (app.font(), QLabel().font(), QToolTip.font()):
        assert font.families() == usual


def test_without_a_font_for_the_language_the_font_stays(app, monkeypatch) -> None:
    monkeypatch.setattr(QFontDatabase, "families", lambda: HERE[:2])
    usual = app.font().families()
    use_fonts_for(app, "zh_CN")
    assert app.font().families() == usual
