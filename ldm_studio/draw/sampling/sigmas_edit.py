"""A field for typing the noise levels."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLineEdit

from core.errors import message_of
from core.request.parameters import PARAMETERS
from core.sampling.sigma_schedules import parse_sigmas
from ldm_studio.look.plain_label import PlainLabel
from ldm_studio.translation import joined, translate_message
from ldm_studio.widgets.fields import brief, mark_wrong


class SigmasEdit(QLineEdit):
    """A list of sigmas, checked at every key. An invalid list counts as none, and `problem` says
    why."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setPlaceholderText("14.6, 5.2, 1.9, 0.6")
        self.problem = PlainLabel(self, wordWrap=True)  # until a layout has a place for it
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
            value = PARAMETERS["sigmas"].falling(parse_sigmas(text))
        except ValueError as error:
            value = ()
            self._explain(
                joined(translate_message(message_of(error)), self.tr("The schedule is used."))
            )
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
