"""Visibility: focus frames, contrast of text and edges, icons on high-density screens."""

from __future__ import annotations

import os
import subprocess
import sys
from itertools import product

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtGui import QImage, QPalette
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel, QScrollArea, QWidget

from ldm_studio.look.icons import icon
from ldm_studio.look.theme import palette
from ldm_studio.settings.settings import Scheme
from tests.ldm_studio.accessibility_walk import (
    focus,
    open_history,
    opened,
    place_of,
    round_trip,
    unfold,
)
from tests.ldm_studio.look.contrast import contrast

pytestmark = pytest.mark.usefixtures("aio")
Role = QPalette.ColorRole
SCHEMES = (Scheme.LIGHT, Scheme.DARK)
AROUND = 3
"""Logical pixels around a control where its focus mark may be."""
LEAST = 3.0
MARKED = 36
"""Minimum number of pixels of a mark: the edge of a check box."""


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
    """The luminances of a control and its surroundings."""
    window = widget.window()
    box = QRect(widget.mapTo(window, QPoint(0, 0)), widget.size())
    grown = box.adjusted(-AROUND, -AROUND, AROUND, AROUND).intersected(window.rect())
    return luminance(pixels(window.grab(grown).toImage()))


def marks_focus(widget: QWidget, elsewhere: QWidget) -> bool:
    """Whether enough pixels change to a colour with contrast to the old and the neighbouring
    ones."""
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
    """Controls in the Tab order without a visible focus."""
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
def test_the_focused_control_is_visible(whole, qtbot, scheme) -> None:
    whole.theme.scheme = scheme
    assert unmarked(qtbot, whole.window.prompt.prompt) == []
    page = open_history(whole, qtbot)
    assert unmarked(qtbot, page.grid) == []


@pytest.mark.parametrize(
    ("scheme", "name"), [*product(SCHEMES, ("settings", "about", "export", "models", "styles"))]
)
def test_the_focused_control_in_dialogs_is_visible(whole, qtbot, scheme, name) -> None:
    whole.theme.scheme = scheme
    page = open_history(whole, qtbot)
    dialog = opened(whole, qtbot, page, name)
    assert unmarked(qtbot, focus()) == []
    dialog.close()


EDGES = [
    *product((Role.Dark,), (Role.Base, Role.Window, Role.Button, Role.AlternateBase)),
    *product((Role.Link,), (Role.Base, Role.Window, Role.Button, Role.AlternateBase)),
    (Role.Highlight, Role.Base),
    (Role.Highlight, Role.Window),
]
"""For edges of editable, focused and selected controls."""
WORDS = [
    *product(
        (Role.Text, Role.PlaceholderText, Role.BrightText), (Role.AlternateBase, Role.Midlight)
    ),
]


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize(("front", "back"), EDGES, ids=lambda role: role.name)
def test_borders_have_enough_contrast(qapp, dark, front, back) -> None:
    colours = palette(dark)
    assert contrast(colours.color(front), colours.color(back)) >= LEAST


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize(("front", "back"), WORDS, ids=lambda role: role.name)
def test_text_under_the_pointer_has_enough_contrast(qapp, dark, front, back) -> None:
    colours = palette(dark)
    assert contrast(colours.color(front), colours.color(back)) >= 4.5


def best(widget: QWidget) -> float:
    """The contrast of the strongest pixels in a widget against its background."""
    drawn = luminance(pixels(widget.grab().toImage()))
    return float(np.quantile(ratio(drawn, commonest(drawn)), 0.999))


@pytest.mark.parametrize("scheme", SCHEMES)
def test_text_and_icons_have_enough_contrast(whole, qtbot, scheme) -> None:
    """Captured in their current states; disabled ones may be faint."""
    whole.theme.scheme = scheme
    window = whole.window
    window.notice.show_error("It could not be written.", "Make room.")
    whole.studio.view.clear_mask()
    QApplication.processEvents()
    buttons = [b for b in window.findChildren(QAbstractButton) if b.isVisible() and b.isEnabled()]
    labels = [
        one
        for one in window.findChildren(QLabel)
        if one.isVisible() and one.isEnabled() and one.text()
    ]
    assert buttons
    assert labels
    faint = [place_of(one) for one in buttons if best(one) < LEAST]
    assert faint == []
    grey = [f"{one.text()}: {best(one):.1f}" for one in labels if best(one) < 4.0]
    assert grey == []  # below 4.5, because the edges of thin letters are smoothed


@pytest.mark.parametrize("ratio_", [1.0, 2.0])
def test_icons_match_the_screens_resolution(qapp, ratio_) -> None:
    drawn = icon("brush").pixmap(QSize(20, 20), ratio_)
    assert drawn.size() == QSize(20, 20) * ratio_
    assert drawn.devicePixelRatio() == ratio_
    image = drawn.toImage()
    if ratio_ == 2.0:  # more than a scaled small one
        small = icon("brush").pixmap(QSize(20, 20), 1.0).toImage().scaled(QSize(40, 40))
        alpha = [
            np.array([[one.pixelColor(x, y).alpha() for x in range(40)] for y in range(40)])
            for one in (image, small)
        ]
        assert np.abs(alpha[0] - alpha[1]).max() > 64


def test_the_window_fits_a_small_high_density_screen(tmp_path) -> None:
    """640 x 400 logical pixels at 200 %, which Qt only reads at its start."""
    program = """
import sys
from PySide6.QtWidgets import QApplication
from ldm_studio.app import Application
from tests.ldm_studio.fakes import FakePipeline
app = QApplication([])
application = Application(app, FakePipeline())
window = application.window
application.show()
app.processEvents()
window.resize(640, 400)
window.layout().activate()
app.processEvents()
assert (window.width(), window.height()) == (640, 400), window.size()
grab = window.grab()
assert (grab.width(), grab.height()) == (1280, 800), grab.size()
drawn = window.sampler.dice.icon().pixmap(window.sampler.dice.iconSize(), 2.0)
assert drawn.width() == 36, drawn.size()
application.bridge.close()
application.bridge.join(None)
"""
    home = {"LDM_STUDIO_HOME": str(tmp_path), "QT_SCALE_FACTOR": "2"}
    done = subprocess.run(
        [sys.executable, "-c", program], env={**os.environ, **home}, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
