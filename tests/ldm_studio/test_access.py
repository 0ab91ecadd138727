"""Accessibility: every control can be reached by keys and has a name; the Tab order."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QLabel,
    QMenu,
    QWidget,
    QWidgetAction,
)
from shiboken6 import isValid

from ldm_studio.history_page.search_link import SearchLink
from tests.ldm_studio.accessibility_walk import (
    DIALOGS,
    by_keys,
    controls,
    explains_itself,
    focus,
    in_reading_order,
    is_part,
    name_of,
    open_history,
    opened,
    place_of,
    round_trip,
    unfold,
)

AUTO_TEXT = Qt.TextFormat.AutoText
"""Which shows a prompt or a name that looks like HTML as HTML."""

pytestmark = pytest.mark.usefixtures("aio")


@pytest.fixture
def active(application, qtbot):
    """The application with an active window."""
    application.window.resize(1600, 1000)
    application.window.activateWindow()
    qtbot.waitUntil(lambda: QApplication.activeWindow() is application.window)
    return application


def check(root: QWidget) -> None:
    """Fails for controls without a name, an explanation, or a way to reach them by keys."""
    found = list(controls(root))
    assert found
    assert [place_of(one) for one in found if not name_of(one)] == []
    assert [place_of(one) for one in found if not explains_itself(one)] == []
    assert [place_of(one) for one in found if one.isEnabled() and not by_keys(one)] == []
    labels = [label for label in root.findChildren(QLabel) if not is_part(label)]
    assert [place_of(one) for one in labels if one.textFormat() is AUTO_TEXT] == []


def check_round_trip(qtbot, window: QWidget, root: QWidget, first: QWidget) -> list[QWidget]:
    """Tab and Shift+Tab visit all of `root`, in opposite order."""
    seen = round_trip(qtbot, first)
    back = round_trip(qtbot, first, Qt.Key.Key_Backtab)
    assert [place_of(one) for one in back[:0:-1]] == [place_of(one) for one in seen[1:]]
    missed = [
        place_of(one)
        for one in controls(root)
        if one.isEnabled() and one.focusPolicy() & Qt.FocusPolicy.TabFocus and one not in seen
    ]
    assert missed == []
    return seen


def test_the_first_start_is_accessible(active, qtbot) -> None:
    window = active.window
    check(window)
    check_round_trip(qtbot, window, window, window.prompt.prompt)


def test_the_full_window_is_accessible(active, qtbot) -> None:
    unfold(active, qtbot)
    window = active.window
    check(window)
    check_round_trip(qtbot, window, window, window.prompt.prompt)
    for tool in list(window.canvas._tools):
        window.canvas.view.set_tool(tool)
        check(window.canvas)
        check_round_trip(qtbot, window, window.canvas, window.canvas.view)


def test_tab_visits_each_column_from_top_to_bottom(active, qtbot) -> None:
    unfold(active, qtbot)
    window = active.window
    seen = round_trip(qtbot, window.prompt.addons)
    for panel in (window.prompt, window.run_area, window.sampler, window.canvas._bar):
        inside = [one for one in seen if panel.isAncestorOf(one)]
        read = in_reading_order(inside, window)
        assert [place_of(one) for one in read] == [place_of(one) for one in inside]
    sections = (window.prompt, window.run_area, window.sampler, window.notice, window.canvas,
                window.timeline, window.strip_frame)  # fmt: skip
    reached = [next(i for i, one in enumerate(seen) if part.isAncestorOf(one)) for part in sections]
    assert reached == sorted(reached)


def test_the_history_is_accessible(active, qtbot) -> None:
    unfold(active, qtbot)
    active.window.notice.dismiss()
    page = open_history(active, qtbot)
    check(page)
    check_round_trip(qtbot, active.window, page, page.grid)
    page.grid.select_ids([int(number) for number in page.model.ids])
    check(page)
    page.selection.compare_requested.emit([int(number) for number in page.model.ids])
    qtbot.waitUntil(lambda: page.compare.isVisible())
    check(page)
    check_round_trip(qtbot, active.window, page.compare, page.compare.view)


def test_values_of_an_image_are_reached_by_keyboard(active, qtbot) -> None:
    unfold(active, qtbot)
    page = open_history(active, qtbot)
    link = next(one for one in page.details.findChildren(SearchLink) if one.isVisible())
    link.setFocus()
    with qtbot.waitSignal(page.details.filtered):
        qtbot.keyClick(link, Qt.Key.Key_Return)


@pytest.mark.parametrize("name", DIALOGS)
def test_dialogs_over_the_window_are_accessible(active, qtbot, name) -> None:
    """It takes the focus, Esc closes it, and the focus returns."""
    unfold(active, qtbot)
    active.window.notice.dismiss()
    page = open_history(active, qtbot)
    if name not in ("rename", "export"):
        active.history_controller.toggle()
        active.window.prompt.prompt.setFocus()
    before = focus()
    dialog = opened(active, qtbot, page, name)
    check(dialog)
    start = focus()
    check_round_trip(qtbot, dialog, dialog, start)
    qtbot.keyClick(start, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: not isValid(dialog) or not dialog.isVisible())
    active.window.activateWindow()
    qtbot.waitUntil(lambda: QApplication.focusWidget() is before)


def test_every_settings_page_is_accessible(active, qtbot) -> None:
    active.auxiliary_windows.open_settings()
    dialog = active.auxiliary_windows.settings
    qtbot.waitUntil(dialog.isActiveWindow)
    for row in range(dialog.list.count()):
        dialog.list.setCurrentRow(row)
        check(dialog)
        check_round_trip(qtbot, dialog, dialog, dialog.list)
    dialog.close()


def test_menus_with_controls_are_accessible(application) -> None:
    held = 0
    for menu in application.window.findChildren(QMenu):
        inside = [act for act in menu.actions() if isinstance(act, QWidgetAction)]
        if inside:
            menu.popup(QPoint(0, 0))
            for action in inside:
                check(action.defaultWidget())
            menu.close()
        held += len(inside)
    assert held >= 2


def test_arrow_keys_reach_the_choices_of_a_group(active, qtbot) -> None:
    mode = active.window.sampler.mode
    first = mode.findChildren(QAbstractButton)[0]
    first.setFocus()
    qtbot.keyClick(first, Qt.Key.Key_Right)
    assert focus() is mode.findChildren(QAbstractButton)[1]
    assert mode.value() == active.store.mode
