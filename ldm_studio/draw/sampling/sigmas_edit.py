"""Typing the noise levels one by one."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLabel, QLineEdit

from core.request.request import MAX_STEPS
from ldm_studio.store.props import falling
from ldm_studio.store.store import MAX_SIGMA
from ldm_studio.translation import joined, told
from ldm_studio.widgets.fields import brief, mark_wrong

_check = falling(MAX_STEPS, MAX_SIGMA)


def parse_sigmas(text: str) -> tuple[float, ...]:
    """Numbers between commas, semicolons or spaces; a 0 at the end goes without saying.

    Raises ValueError, in words for the user.
    """
    numbers = [_number(word) for word in text.translate(str.maketrans(",;[]()", "      ")).split()]
    if len(numbers) > 1 and numbers[-1] == 0:
        numbers.pop()
    return _check(numbers)


def _number(word: str) -> float:
    try:
        return float(word)
    except ValueError as error:
        raise ValueError(f"“{word:.20}” is not a number.") from error


class SigmasEdit(QLineEdit):
    """A list of sigmas, checked at every key. One that is wrong is none, and `problem` says why."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setPlaceholderText("14.6, 5.2, 1.9, 0.6")
        self.problem = QLabel(self, wordWrap=True)  # until a layout has a place for it
        self.problem.setObjectName("wrong")
        self.problem.hide()
        self._value: tuple[float, ...] = ()
        self.textEdited.connect(self._edited)

    def value(self) -> tuple[float, ...]:
        return self._value

    def set_value(self, value: tuple[float, ...]) -> None:
        self._value = value
        self.setText(", ".join(map(brief, value)))
        self.setCursorPosition(0)
        self._explain("")

    def _edited(self, text: str) -> None:
        try:
            value = parse_sigmas(text)
        except ValueError as error:
            value = ()
            self._explain(joined(told(str(error)), self.tr("The schedule is used.")))
        else:
            self._explain("")
        if value != self._value:
            self._value = value
            self.changed.emit()

    def _explain(self, problem: str) -> None:
        self.problem.setText(problem)
        self.problem.setVisible(bool(problem))
        self.setAccessibleDescription(problem)
        mark_wrong(self, bool(problem))
