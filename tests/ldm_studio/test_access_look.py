"""What can be seen by everybody: where the keyboard is, words, edges, icons on fine screens."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtGui import QImage, QPalette
from PySide6.QtWidgets import QApplication, QScrollArea, QWidget

from ldm_studio.settings import Scheme
from tests.ldm_studio.walking import (
    open_history,
    opened,
    place_of,
    round_trip,
    unfold,
)

pytestmark = pytest.mark.usefixtures("aio")
Role = QPalette.ColorRole
SCHEMES = (Scheme.LIGHT, Scheme.DARK)
AROUND = 3
"""Logical pixels beside a control that its mark may take."""
LEAST = 3.0
MARKED = 36
"""Pixels that a mark has at least: the edge of a check box."""


def pixels(image: QImage) -> np.ndarray:
    """float [H, W, 3], sRGB from 0 to 1."""
    flat = image.convertToFormat(QImage.Format.Format_RGB888)
    rows = np.frombuffer(flat.constBits(), np.uint8).reshape(flat.height(), flat.bytesPerLine())
    return rows[:, : 3 * flat.width()].reshape(flat.height(), flat.width(), 3) / 255


def luminance(rgb: np.ndarray) -> np.ndarray:
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    return linear @ np.array([0.2126, 0.7152, 0.0722])


def ratio(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """WCAG 2 contrast of luminances, 1 to 21."""
    return (np.maximum(one, other) + 0.05) / (np.minimum(one, other) + 0.05)


def seen(widget: QWidget) -> np.ndarray:
    """The luminances of a control and what is around it."""
    window = widget.window()
    box = QRect(widget.mapTo(window, QPoint(0, 0)), widget.size())
    grown = box.adjusted(-AROUND, -AROUND, AROUND, AROUND).intersected(window.rect())
    return luminance(pixels(window.grab(grown).toImage()))


def marks_focus(widget: QWidget, elsewhere: QWidget) -> bool:
    """Whether enough pixels change, to a colour that stands out from what was there or is near."""
    above = widget.parentWidget()
    while above is not None:
        if isinstance(above, QScrollArea):
            above.ensureWidgetVisible(widget)
        above = above.parentWidget()
    elsewhere.setFocus(Qt.FocusReason.TabFocusReason)
    QApplication.processEvents()
    before = seen(widget)
    widget.setFocus(Qt.FocusReason.TabFocusReason)
    QApplication.processEvents()
    after = seen(widget)
    changed = np.abs(after - before) > 0.01
    edge = np.concatenate([after[:AROUND].ravel(), after[:, :AROUND].ravel()])
    stands_out = ratio(after, before) >= LEAST
    for ground in (commonest(after), commonest(edge)):  # it is on, and is beside
        stands_out |= ratio(after, ground) >= LEAST
    return int((changed & stands_out).sum()) >= MARKED


def commonest(values: np.ndarray) -> np.ndarray:
    found, counts = np.unique(values.round(3), return_counts=True)
    return found[counts.argmax()]


def unmarked(qtbot, first: QWidget) -> list[str]:
    """Controls on the way of Tab that do not tell that they have the keyboard."""
    way = round_trip(qtbot, first)
    pairs = zip(way, [way[-1], *way[:-1]], strict=True)
    return [place_of(widget) for widget, other in pairs if not marks_focus(widget, other)]


@pytest.fixture
def whole(application, qtbot):
    application.window.activateWindow()
    qtbot.waitUntil(lambda: QApplication.activeWindow() is application.window)
    QApplication.setCursorFlashTime(0)
    unfold(application, qtbot)
    return application


@pytest.mark.parametrize("scheme", SCHEMES)
def test_whatever_has_the_keyboard_shows_it(whole, qtbot, scheme) -> None:
    whole.theme.scheme = scheme
    assert unmarked(qtbot, whole.window.prompt.prompt) == []
    page = open_history(whole, qtbot)
    assert unmarked(qtbot, page.grid) == []


@pytest.mark.parametrize(
    ("scheme", "name"), [*product(SCHEMES, ("settings", "about", "export", "models", "styles"))]
)
def test_so_do_the_dialogs(whole, qtbot, scheme, name) -> None:
    whole.theme.scheme = scheme
    page = open_history(whole, qtbot)
    dialog = opened(whole, qtbot, page, name)
    assert unmarked(qtbot, QApplication.focusWidget()) == []
    dialog.close()
