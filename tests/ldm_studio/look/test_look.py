"""Actions, themes and icons, as far as they can be checked automatically."""

from __future__ import annotations

import sys
from collections import Counter

import pytest
from PySide6.QtCore import QObject, QSize, Signal
from PySide6.QtGui import QIcon, QKeySequence, QPalette
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QApplication, QDialog, QLineEdit, QPushButton, QVBoxLayout

from ldm_studio.commands.actions import ACTIONS, MENUS
from ldm_studio.look.icons import ICONS, icon, menu_icon
from ldm_studio.look.theme import Theme
from ldm_studio.settings.settings import Scheme
from tests.ldm_studio.look.contrast import contrast

Role = QPalette.ColorRole
NAMED = [spec for spec in ACTIONS if spec.text]


def test_ids_and_keys_are_unique() -> None:
    ids = Counter(spec.id for spec in NAMED)
    keys = Counter(key.lower() for spec in NAMED for key in spec.keys)
    assert [name for name, number in (ids + keys).items() if number > 1] == []


def test_every_key_is_valid_in_qt(qapp) -> None:
    for spec in NAMED:
        for key in spec.keys:
            assert QKeySequence(key).toString(), key


def test_every_menu_and_icon_exists() -> None:
    assert {spec.menu for spec in ACTIONS} == set(MENUS)
    for spec in NAMED:
        assert not spec.icon or (ICONS / f"{spec.icon}.svg").is_file()


def test_mnemonics_are_unique_within_a_menu() -> None:
    for menu in MENUS:
        letters = [s.text[s.text.index("&") + 1].lower() for s in NAMED if s.menu == menu]
        assert len(letters) == len(set(letters)), (menu, letters)


@pytest.mark.parametrize("path", sorted(ICONS.glob("*.svg")), ids=lambda path: path.stem)
def test_icons_can_be_drawn(qapp, path) -> None:
    assert QSvgRenderer(str(path)).isValid()


def darkest(of: QObject) -> float:
    image = icon("close").pixmap(QSize(24, 24)).toImage()
    pixels = [image.pixelColor(x, y) for x in range(24) for y in range(24)]
    return max((p for p in pixels), key=lambda p: p.alpha()).lightnessF()


def test_icons_and_palette_follow_the_theme_at_run_time(qapp) -> None:
    theme = Theme(qapp, Scheme.LIGHT)
    assert darkest(theme) < 0.3
    assert qapp.palette().color(Role.Window).lightness() > 128
    theme.scheme = Scheme.DARK
    assert darkest(theme) > 0.7
    assert qapp.palette().color(Role.Window).lightness() < 128


def test_a_menu_icon_has_contrast_under_the_pointer(qapp) -> None:
    """The accent colour is behind it there."""
    Theme(qapp, Scheme.LIGHT)
    drawn = menu_icon("close").pixmap(QSize(24, 24), QIcon.Mode.Active).toImage()
    pixels = [drawn.pixelColor(x, y) for x in range(24) for y in range(24)]
    strongest = max(pixels, key=lambda pixel: pixel.alpha())
    assert contrast(strongest, qapp.palette().color(Role.Highlight)) >= 4.5


def test_a_dialog_marks_its_default_button(qapp, qtbot) -> None:
    Theme(qapp, Scheme.LIGHT)
    Theme(qapp, Scheme.LIGHT)
    dialog = QDialog()
    qtbot.addWidget(dialog)
    field, go, leave = QLineEdit(dialog), QPushButton("Go", dialog), QPushButton("Leave", dialog)
    column = QVBoxLayout(dialog)
    for widget in (field, go, leave):
        column.addWidget(widget)
    go.setDefault(True)
    with qtbot.waitExposed(dialog):
        dialog.show()
    grounds = [one.grab().toImage().pixelColor(6, one.height() // 2) for one in (go, leave)]
    accent = QApplication.palette().color(Role.Highlight)
    assert [ground == accent for ground in grounds] == [True, False]


def test_the_binding_does_not_lose_references_to_true_and_none(qapp) -> None:
    """PySide6 6.12.0 did, before Python 3.12, and aborted after some hundred signals."""

    class Emitter(QObject):
        fired = Signal()

    emitter = Emitter()
    before = sys.getrefcount(None), sys.getrefcount(True)
    for _ in range(5000):
        emitter.fired.emit()
        emitter.setObjectName("x")
    after = sys.getrefcount(None), sys.getrefcount(True)
    assert abs(after[0] - before[0]) < 100
    assert abs(after[1] - before[1]) < 100
