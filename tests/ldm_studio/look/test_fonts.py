"""The interface is set in Inter; Chinese in Chinese fonts, also on systems in another language."""

from __future__ import annotations

import pytest
from PySide6.QtGui import QFont, QFontDatabase, QFontInfo, QFontMetricsF
from PySide6.QtWidgets import QLabel, QToolTip

from ldm_studio.look.fonts import INTER, MIN_SIZE, use_fonts_for

HERE = ["Sans Serif", "Noto Sans CJK JP", "Noto Sans CJK SC", "Noto Sans CJK KR"]


@pytest.fixture
def app(qapp, monkeypatch):
    before = qapp.font(), QToolTip.font()
    use_fonts_for(qapp, "en")  # before the families are replaced, so that Inter is there
    monkeypatch.setattr(QFontDatabase, "families", lambda: [INTER, *HERE])
    yield qapp
    qapp.setFont(before[0])
    QToolTip.setFont(before[1])


@pytest.mark.parametrize(
    "weight", [QFont.Weight.Normal, QFont.Weight.Medium, QFont.Weight.DemiBold]
)
def test_the_interface_is_set_in_inter(app, weight) -> None:
    use_fonts_for(app, "en")
    for font in (app.font(), QLabel().font(), QToolTip.font()):
        font.setWeight(weight)
        assert QFontInfo(font).family() == INTER
        assert QFontInfo(font).weight() == weight
        assert font.pixelSize() >= MIN_SIZE


def test_a_larger_font_of_the_system_is_followed(app, monkeypatch) -> None:
    large = QFont("Sans Serif")
    large.setPixelSize(20)
    monkeypatch.setattr(QFontDatabase, "systemFont", lambda _: large)
    use_fonts_for(app, "en")
    assert app.font().pixelSize() == 20


def test_figures_have_one_width(app) -> None:
    use_fonts_for(app, "en")
    measured = QFontMetricsF(app.font())
    assert len({measured.horizontalAdvance(figure) for figure in "0123456789"}) == 1


def test_missing_characters_come_from_a_font_for_the_language(app) -> None:
    usual = app.font().families()
    use_fonts_for(app, "zh_CN")
    for font in (app.font(), QLabel().font(), QToolTip.font()):
        assert font.families() == [INTER, "Noto Sans CJK SC", *usual[1:]]
    use_fonts_for(app, "en")
    for font in (app.font(), QLabel().font(), QToolTip.font()):
        assert font.families() == usual


def test_without_a_font_for_the_language_the_font_stays(app, monkeypatch) -> None:
    monkeypatch.setattr(QFontDatabase, "families", lambda: [INTER, *HERE[:2]])
    usual = app.font().families()
    use_fonts_for(app, "zh_CN")
    assert app.font().families() == usual
