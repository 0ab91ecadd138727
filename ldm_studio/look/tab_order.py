"""Sets the Tab order of widgets."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget


def tab_through(widgets: Iterable[QWidget]) -> None:
    """Chains the widgets, including those that cannot have the focus at the moment, such as
    unpressed buttons of a group, which Qt leaves in place. All must be in the first one's window
    already; others are skipped.
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
