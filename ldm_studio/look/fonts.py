"""The letters of languages that share some, each with shapes of its own."""

from __future__ import annotations

from PySide6.QtGui import QFont, QFontDatabase
from PySide6.QtWidgets import QApplication, QToolTip

FAMILIES = {
    "zh_CN": (
        "PingFang SC",
        "Microsoft YaHei UI",
        "Noto Sans CJK SC",
        "Source Han Sans SC",
        "Noto Sans SC",
        "WenQuanYi Micro Hei",
    ),
}
"""Of each language, those that systems come with. Left alone, Qt takes what the language of the
system asks for, and elsewhere the first that has the letters: often one of Japanese shapes."""


def use_fonts_for(app: QApplication, locale: str) -> None:
    """The system's font stays; what it lacks comes from one that is made for `locale`."""
    system = QFontDatabase.systemFont(QFontDatabase.SystemFont.GeneralFont).families()
    wanted = FAMILIES.get(locale, ())
    there = set(QFontDatabase.families()) if wanted else set()
    added = [family for family in wanted if family in there][:1]

    def more(font: QFont) -> QFont:
        made = QFont(font)
        made.setFamilies([*system, *added])
        return made

    app.setFont(more(app.font()))
    QToolTip.setFont(more(QToolTip.font()))
