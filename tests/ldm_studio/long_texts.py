"""A pseudo-language with longer texts, and a search for texts that do not fit."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest
from PySide6.QtCore import QPoint, QSize
from PySide6.QtWidgets import (
    QAbstractScrollArea,
    QApplication,
    QCheckBox,
    QComboBox,
    QLabel,
    QPushButton,
    QStyle,
    QStyleOptionComboBox,
    QToolButton,
    QWidget,
)

from ldm_studio.draw.models.file_picker_box import FilePickerBox
from ldm_studio.draw.models.model_box import ModelBox
from tools import translations

LOCALE = "de"
"""Any locale with two plural forms."""
LONGER = 0.4
"""German and Russian need 30 to 40 % more room than English."""
_DATE = re.compile(r"\bM{3,4}\b")
_KEPT = re.compile(r"(\{[^}]*\}|%L?n|<[^>]*>|&\w+;|\*\.\w+)")
_WORD = re.compile(r"[^\W\d_]{2,}")


def longer(text: str) -> str:
    """Every word grows at its end; values, plural marks and HTML stay unchanged."""
    if _DATE.search(text):  # the form of a date
        return text
    parts = _KEPT.split(text)
    parts[::2] = [_WORD.sub(_grown, part) for part in parts[::2]]
    return "".join(parts)


def _grown(word: re.Match[str]) -> str:
    more = max(1, round(LONGER * len(word[0])))
    return word[0] + word[0][-more:].lower()


def make(folder: Path) -> Path:
    """The `.qm` file of this language, from all texts in the code."""
    source = folder / f"ldm_studio_{LOCALE}.ts"
    source.touch()
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(translations, "FOLDER", folder)
        translations.update()
        tree = ElementTree.parse(source)
        for message in tree.iter("message"):
            text, said = message.findtext("source"), message.find("translation")
            assert text is not None
            assert said is not None
            said.attrib.clear()
            forms = said.findall("numerusform")
            for place in forms or [said]:
                place.text = longer(text)
        tree.write(source, encoding="utf-8", xml_declaration=True)
        translations.release(folder)
    return source.with_suffix(".qm")


def cut(window: QWidget) -> list[str]:
    """Texts that need more room than they have, or exceed their parent."""
    QApplication.processEvents()
    found: list[str] = []
    for widget, text, needed in _texts(window):
        has = widget.size()
        if needed.width() > has.width() + 1 or needed.height() > has.height() + 1:
            sizes = (
                f"needs {needed.width()} x {needed.height()}, has {has.width()} x {has.height()}"
            )
            found.append(f"{_place(widget)}: {text!r} {sizes}")
        elif outer := _reaches_out_of(widget):
            found.append(f"{_place(widget)}: {text!r} reaches out of {type(outer).__name__}")
    return found


def _texts(window: QWidget) -> Iterator[tuple[QWidget, str, QSize]]:
    """The visible text, and the minimum size for it."""
    for widget in window.findChildren(QWidget):
        if not widget.isVisible() or _elides(widget):
            continue
        match widget:
            case QLabel() if widget.text() and widget.wordWrap():
                # The longest word must fit, and all lines.
                height = widget.heightForWidth(widget.width())
                yield widget, widget.text(), QSize(widget.minimumSizeHint().width(), height)
            case QLabel() if widget.text():
                yield widget, widget.text(), widget.sizeHint()
            case QPushButton() | QCheckBox() if widget.text():
                yield widget, widget.text(), QSize(widget.sizeHint().width(), 0)
            case QToolButton() if widget.text() and _shows_text(widget):
                yield widget, widget.text(), QSize(_width_of(widget), 0)
            # Names of models have any length.
            case QComboBox() if not isinstance(widget, (ModelBox, FilePickerBox)):
                for text in _choices(widget):
                    yield widget, text, QSize(_width_for(widget, text), 0)


def _choices(box: QComboBox) -> Iterator[str]:
    yield from filter(None, (box.placeholderText(), *map(box.itemText, range(box.count()))))


def _width_for(box: QComboBox, text: str) -> int:
    """With the frame and the arrow as they are now."""
    option = QStyleOptionComboBox()
    box.initStyleOption(option)
    field = QStyle.SubControl.SC_ComboBoxEditField
    complex_control = QStyle.ComplexControl.CC_ComboBox
    room = box.style().subControlRect(complex_control, option, field, box).width()
    return box.width() - room + box.fontMetrics().horizontalAdvance(text)


def _width_of(button: QToolButton) -> int:
    """With the icon beside the text, and Qt's space between them."""
    words = button.fontMetrics().horizontalAdvance(button.text().replace("&", ""))
    beside = button.toolButtonStyle() is button.toolButtonStyle().ToolButtonTextBesideIcon
    least = words + (button.iconSize().width() + 4 if beside and not button.icon().isNull() else 0)
    return max(least, button.sizeHint().width())


def _elides(widget: QWidget) -> bool:
    """Whether it is elided on purpose, with the rest in its tooltip."""
    return widget.minimumWidth() == 1 and bool(widget.toolTip())


def _reaches_out_of(widget: QWidget) -> QWidget | None:
    """The part of the window that clips the widget."""
    above = widget.parentWidget()
    while above is not None and not widget.isWindow():
        area = above.parentWidget()
        if isinstance(area, QAbstractScrollArea) and area.horizontalScrollBar().isVisible():
            return None
        left = widget.mapTo(above, QPoint(0, 0)).x()
        if left < 0 or left + widget.width() > above.width() + 1:
            return above
        if above.isWindow():
            return None
        above = above.parentWidget()
    return None


def _shows_text(button: QToolButton) -> bool:
    only_icon = button.toolButtonStyle() is button.toolButtonStyle().ToolButtonIconOnly
    return button.icon().isNull() or not only_icon


def _place(widget: QWidget) -> str:
    """Its place in the window."""
    names: list[str] = []
    above: QWidget | None = widget
    while above is not None and not above.isWindow():
        names.append(type(above).__name__)
        above = above.parentWidget()
    return " < ".join(dict.fromkeys(names))
