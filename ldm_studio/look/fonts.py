"""The font of the interface, Inter, and fonts for languages that share characters but draw them
differently.
"""

from __future__ import annotations

from PySide6.QtGui import QFont, QFontDatabase
from PySide6.QtWidgets import QApplication, QToolTip

from .icons import RESOURCES

INTER = "Inter"
FONTS = RESOURCES / "fonts"
MIN_SIZE = 13
"""Logical pixels; where the system's font is larger, ours is as large."""
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
    """Sets Inter in the size of the system's font; characters that it lacks come from a font made
    for `locale`, then from the system's.
    """
    known = set(QFontDatabase.families())
    if INTER not in known:
        for path in sorted(FONTS.glob("*.ttf")):
            QFontDatabase.addApplicationFont(str(path))
    system = QFontDatabase.systemFont(QFontDatabase.SystemFont.GeneralFont)
    added = [family for family in FAMILIES.get(locale, ()) if family in known][:1]
    font = QFont(system)
    font.setFamilies([INTER, *added, *system.families()])
    font.setPixelSize(max(MIN_SIZE, _pixels(app, system)))
    font.setFeature(QFont.Tag("tnum"), 1)  # figures of one width, so that counters stand still
    app.setFont(font)
    QToolTip.setFont(font)


def _pixels(app: QApplication, font: QFont) -> int:
    if font.pixelSize() > 0:
        return font.pixelSize()
    screen = app.primaryScreen()
    dots = screen.logicalDotsPerInch() if screen else 96.0
    return round(font.pointSizeF() * dots / 72)
