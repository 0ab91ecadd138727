"""The way the Tab key takes."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget


def tab_through(widgets: Iterable[QWidget]) -> None:
    """From one to the next, also once those can be reached that cannot at the moment, such as the
    buttons of a group that are not pressed: Qt leaves these where they were. All must be in the
    window of the first already; what is in another is passed over.
    """
    found = list(widgets)
    inside = [widget for widget in found if widget.window() is found[0].window()]
    policies = [widget.focusPolicy() for widget in inside]
    for widget in inside:
        widget.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    for before, after in pairwise(inside):
        QWidget.setTabOrder(before, after)
    for widget, policy in zip(inside, policies, strict=True):
        widget.setFocusPolicy(policy)
