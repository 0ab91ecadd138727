"""Helpers for accessibility tests: every control inside a widget, and its accessible texts."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QHeaderView,
    QKeySequenceEdit,
    QLineEdit,
    QPlainTextEdit,
    QSlider,
    QTabBar,
    QTabWidget,
    QTextBrowser,
    QWidget,
)

from ldm_studio.app import Application
from ldm_studio.history_page.history_page import HistoryPage
from ldm_studio.history_page.image_list_model import Stage
from ldm_studio.widgets.collapsible import Collapsible
from tests.ldm_studio.window_actions import disc, index_history, make

CONTROLS = (
    QAbstractButton, QAbstractSpinBox, QComboBox, QLineEdit, QPlainTextEdit, QSlider,
    QAbstractItemView,
)  # fmt: skip
INSIDE = (QAbstractSpinBox, QComboBox, QLineEdit, QKeySequenceEdit, QTabBar)


def controls(root: QWidget) -> Iterator[QWidget]:
    """The visible ones: the usual kinds, and everything else that takes the focus."""
    for widget in root.findChildren(QWidget):
        takes_keys = bool(widget.focusPolicy() & Qt.FocusPolicy.TabFocus)
        usual = isinstance(widget, CONTROLS)
        if isinstance(widget, QHeaderView | QTabWidget):  # the bar of its tabs has the focus
            continue
        seen = widget.isVisible() and widget.window() is root.window()
        if (usual or takes_keys) and seen and not is_part(widget):
            yield widget


def is_part(widget: QWidget) -> bool:
    """Whether Qt made it inside another control."""
    above = widget.parentWidget()
    return widget.objectName().startswith("qt_") or isinstance(above, INSIDE)


def name_of(widget: QWidget) -> str:
    """Its accessible name."""
    words = getattr(widget, "text", str)() if isinstance(widget, QAbstractButton) else ""
    return widget.accessibleName() or words.replace("&", "")


def explains_itself(widget: QWidget) -> bool:
    """Whether it has a tooltip, a description, or its own text."""
    if isinstance(widget, QAbstractButton) and getattr(widget, "text", str)().strip():
        return True
    return bool(widget.toolTip() or widget.accessibleDescription())


def by_keys(widget: QWidget) -> bool:
    """Whether keys reach it: Tab, arrows within its group, or an equivalent control."""
    if widget.focusPolicy() & Qt.FocusPolicy.TabFocus:
        return True
    if isinstance(widget, QAbstractButton) and widget.group() is not None:
        return any(b.focusPolicy() & Qt.FocusPolicy.TabFocus for b in widget.group().buttons())
    if isinstance(widget, QSlider):
        above = widget.parentWidget()
        assert above is not None
        beside = above.findChildren(QAbstractSpinBox)
        return any(one.accessibleName() == widget.accessibleName() for one in beside)
    # Lists of pickers and of the palette: keys typed into the search field move in them.
    fields = (
        widget.window().findChildren(QLineEdit) if isinstance(widget, QAbstractItemView) else []
    )
    return any(field.isVisible() for field in fields)


def place_of(widget: QWidget) -> str:
    """The classes of its parents, to find it in the code."""
    names = [f"{type(widget).__name__}({name_of(widget)!r})"]
    above = widget.parentWidget()
    while above is not None:
        names.append(type(above).__name__)
        above = above.parentWidget()
    return " < ".join(names)


def focus() -> QWidget:
    found = QApplication.focusWidget()
    assert found is not None
    return found


def round_trip(qtbot, first: QWidget, key: Qt.Key = Qt.Key.Key_Tab) -> list[QWidget]:
    """The focus chain from `first` back to itself. Fails if the focus is trapped."""
    first.setFocus(Qt.FocusReason.OtherFocusReason)
    seen = [focus()]
    shift = Qt.KeyboardModifier.ShiftModifier
    held = shift if key == Qt.Key.Key_Backtab else Qt.KeyboardModifier.NoModifier
    while True:
        qtbot.keyClick(seen[-1], key, held)
        while focus() is seen[-1] and next_link(seen[-1]):
            qtbot.keyClick(seen[-1], key, held)
        if focus() is seen[0]:
            return seen
        assert focus() not in seen, f"{key} is caught between {place_of(focus())} and {seen[-1]}"
        seen.append(focus())


def next_link(widget: QWidget) -> bool:
    """Whether the key moved to another link within a text."""
    return isinstance(widget, QTextBrowser) and widget.textCursor().hasSelection()


def in_reading_order(widgets: list[QWidget], window: QWidget) -> list[QWidget]:
    """Line by line; a control that begins above the middle of another is in its line."""
    boxes = {one: QRect(one.mapTo(window, QPoint(0, 0)), one.size()) for one in widgets}
    lines: list[list[QWidget]] = []
    for one in sorted(widgets, key=lambda one: boxes[one].top()):
        if lines and boxes[one].top() < boxes[lines[-1][0]].center().y():
            lines[-1].append(one)
        else:
            lines.append([one])
    return [one for line in lines for one in sorted(line, key=lambda one: boxes[one].left())]


def unfold(application: Application, qtbot) -> None:
    """Opens every panel, with two candidates, a mask and a notice."""
    window = application.window
    window.resize(1600, 1400)
    make(application, qtbot, prompt="a cat", count=2)
    for folded in window.findChildren(Collapsible):
        folded.toggle.setChecked(True)
    window.prompt.negative_toggle.setChecked(True)
    application.studio.view.set_mask(disc())
    window.notice.show_info("Something happened.", "", ("Act", lambda: None))
    QApplication.processEvents()


def open_history(application: Application, qtbot) -> HistoryPage:
    """With an image selected and its details at the right."""
    index_history(application.library, qtbot)
    made = application.window.strip.entries.rowCount()
    application.history_controller.show_history()
    page = application.history_controller.page
    assert page is not None
    qtbot.waitUntil(lambda: page.model.stage is Stage.DONE and page.model.rowCount() == made)
    with qtbot.waitSignal(page.details_shown):
        page.grid.select_ids([int(page.model.ids[0])])
    return page


Opener = Callable[[Application, HistoryPage], object]


def _rename(_: Application, page: HistoryPage) -> None:
    page.selection.ask_for_name()


def _command(name: str) -> Opener:
    return lambda application, _: application.window.actions_by_id[name].trigger()


DIALOGS: dict[str, Opener] = {
    **{
        name: _command(name)
        for name in ("settings", "shortcuts", "palette", "report", "about", "documentation",
                     "enlarge")
    },
    "save style": lambda application, _: application.window.prompt.styles.save(),
    "styles": lambda application, _: application.window.prompt.styles.manage(),
    "models": lambda application, _: application.window.sampler.model.box.showPopup(),
    "LoRAs": lambda application, _: application.window.prompt.addons.open(),
    "error": lambda application, _: application.errors.show("It broke.", "A long report."),
    "rename": _rename,
    "export": lambda _, page: page.selection.acts["export"].trigger(),
}  # fmt: skip
"""Dialogs, and how they are opened."""


def opened(application: Application, qtbot, page: HistoryPage, name: str) -> QWidget:
    """The window of a dialog, shown."""
    DIALOGS[name](application, page)
    qtbot.waitUntil(lambda: focus().window() is not application.window)
    return focus().window()
