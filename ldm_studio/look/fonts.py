"""Fonts for languages that share characters but draw them differently."""

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
"""Fonts that systems ship for each language. By itself, Qt takes the one for the system's language,
or the first with the characters: often one with Japanese shapes.
"""


def use_fonts_for(app: QApplication, locale: str) -> None:
    """Keeps the system's font; missing characters come from a font made for `locale`."""
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
