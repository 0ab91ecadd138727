"""The timeline of an image's steps: progress, changes, and a preview of each step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QObject, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QFocusEvent,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPalette,
    QPen,
    QPolygonF,
    QResizeEvent,
)
from PySide6.QtWidgets import (
    QApplication,
    QFrame,
    QHBoxLayout,
    QPushButton,
    QToolTip,
    QWidget,
)

from ldm_studio.look.icons import icon
from ldm_studio.look.plain_label import PlainLabel
from ldm_studio.look.theme import GRID
from ldm_studio.translation import QT_TRANSLATE_NOOP, translate

Role = QPalette.ColorRole
BAR = 8.0
"""Logical pixels: height of a tick."""
REACH = 6.0
"""Distance at which the pointer hits a mark."""
APART = 3.0
"""Narrower steps are drawn without gaps."""
MARK = 3.5
ROOMY = 460
"""Minimum width for text on the button."""
LEAST = 200
BUTTON = 48
"""Width of the button besides its text: icon and margins."""
EMPTY = QT_TRANSLATE_NOOP("StepTimeline", "The steps of an image appear here.")
NOT_KEPT = QT_TRANSLATE_NOOP(
    "StepTimeline",
    "The previews of its steps were not saved, or were deleted to free space. You can still "
    "branch from them.",
)


@dataclass(frozen=True)
class Mark:
    """A change after `step` steps; `text` describes it."""

    step: int
    text: str


class Ticks(QWidget):
    """One tick per step. `shown` follows the pointer, or stays where it was clicked or typed."""

    changed = Signal()
    """`shown` or `chosen` may have changed."""
    branch_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._count, self._done, self._open = 0, 0, False
        self._marks: tuple[Mark, ...] = ()
        self._hovered = self._chosen = self._was_chosen = 0
        self._by_key = False
        self.setMouseTracking(True)
        self.setMinimumWidth(48)
        self.setAccessibleName(self.tr("Steps"))

    @property
    def count(self) -> int:
        return self._count

    @property
    def is_open(self) -> bool:
        """Whether its steps can be viewed."""
        return self._open

    @property
    def marks(self) -> tuple[Mark, ...]:
        return self._marks

    @property
    def shown(self) -> int:
        """The step that is viewed; 0: the image itself."""
        step = self._hovered or self._chosen
        return 0 if step == self._count else step

    @property
    def chosen(self) -> int:
        """The step that was clicked or typed; 0: none."""
        return self._chosen

    def show_steps(self, done: int, count: int, marks: Sequence[Mark], *, is_open: bool) -> None:
        """`is_open`: its steps can be viewed. Resets the chosen step for another image."""
        self._done, self._count, self._marks, self._open = done, count, tuple(marks), is_open
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus if is_open else Qt.FocusPolicy.NoFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor if is_open else Qt.CursorShape.ArrowCursor)
        if not is_open or max(self._hovered, self._chosen) > count:
            self._hovered = self._chosen = 0
        self.update()

    def choose(self, step: int) -> None:
        """Chooses `step`, or none with 0."""
        self._hovered, self._chosen = 0, max(0, min(step, self._count))
        self._announce()

    def step_at(self, x: float) -> int:
        """The step at `x`, from 1."""
        return max(1, min(self._count, int(x * self._count / max(1, self.width())) + 1))

    def place_of(self, step: int) -> float:
        """The end of a step's tick."""
        return step * self.width() / max(1, self._count)

    def sizeHint(self) -> QSize:
        return QSize(200, self.minimumSizeHint().height())

    def minimumSizeHint(self) -> QSize:
        return QSize(48, max(24, self.fontMetrics().height() + 4))

    # --- pointer and keys ---

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if not self._open:
            return
        step = self.step_at(event.position().x())
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._was_chosen = 0 if step != self._chosen else self._was_chosen
            self._chosen = step
        self._hovered = step
        self._announce()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if self._open and event.button() == Qt.MouseButton.LeftButton:
            self._was_chosen = self._chosen
            self._by_key = False
            self._chosen = self._hovered = self.step_at(event.position().x())
            self._announce()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """A click on the chosen step releases it."""
        if event.button() == Qt.MouseButton.LeftButton and self._was_chosen == self._chosen:
            self.choose(0)
        self._was_chosen = 0

    def leaveEvent(self, event: QEvent) -> None:
        self._hovered = 0
        self._announce()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        at = self._chosen or self._count
        keys = {
            Qt.Key.Key_Left: at - 1,
            Qt.Key.Key_Right: at + 1,
            Qt.Key.Key_PageUp: at - max(1, self._count // 5),
            Qt.Key.Key_PageDown: at + max(1, self._count // 5),
            Qt.Key.Key_Home: 1,
            Qt.Key.Key_End: self._count,
            Qt.Key.Key_Escape: self._count,
        }
        key = Qt.Key(event.key())
        if not self._open:
            super().keyPressEvent(event)
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.branch_requested.emit()
        elif key in keys:
            self._by_key = True
            step = max(1, min(keys[key], self._count))
            self.choose(0 if step == self._count else step)
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self._by_key = event.reason() != Qt.FocusReason.MouseFocusReason
        self.update()

    def _announce(self) -> None:
        self.update()
        self.changed.emit()

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            QToolTip.showText(event.globalPos(), self.hint_at(event.pos().x()), self)
            return True
        return super().event(event)

    def hint_at(self, x: float) -> str:
        """The tooltip at this position."""
        near = [mark for mark in self._marks if abs(self.place_of(mark.step) - x) <= REACH]
        if near:
            return "\n".join(mark.text for mark in near)
        if not self._count:
            return translate("StepTimeline", EMPTY)
        if not self._open:
            return self.tr("One tick per step; full ticks are done.")
        return self.tr("Point at a step to see it; click to select it (move with Left and Right).")

    # --- painting ---

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colours = self.palette()
        middle = self.height() / 2
        if not self._count:
            painter.setPen(colours.color(Role.PlaceholderText))
            words = painter.fontMetrics().elidedText(
                translate("StepTimeline", EMPTY), Qt.TextElideMode.ElideRight, self.width()
            )
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignVCenter, words)
            return
        at = self._hovered or self._chosen
        full = at or (self._count if self._open else self._done)
        accent, rest = colours.color(Role.Highlight), colours.color(Role.Mid)
        painter.setPen(Qt.PenStyle.NoPen)
        wide = self.width() / self._count >= APART + 1
        if wide:
            for step in range(1, self._count + 1):
                tall = BAR * 2 if step == at else BAR
                left, right = self.place_of(step - 1) + 1, self.place_of(step) - 1
                box = QRectF(left, middle - tall / 2, max(1.0, right - left), tall)
                painter.setBrush(accent if step <= full else rest)
                painter.drawRoundedRect(box, 2, 2)
        else:
            whole = QRectF(0, middle - BAR / 2, self.width(), BAR)
            for share, colour in ((self.width(), rest), (self.place_of(full), accent)):
                painter.setBrush(colour)
                painter.drawRoundedRect(whole.adjusted(0, 0, share - self.width(), 0), 2, 2)
            if at:
                place = self.place_of(at)
                painter.drawRoundedRect(QRectF(place - 2, middle - BAR, 4, 2 * BAR), 2, 2)
        self._paint_marks(painter, middle)
        if self.hasFocus() and self._by_key:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(accent, 1))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)

    def _paint_marks(self, painter: QPainter, middle: float) -> None:
        painter.setBrush(self.palette().color(Role.Link))
        painter.setPen(QPen(self.palette().color(Role.Window), 1.5))
        top = middle - BAR - 1
        for mark in self._marks:
            x = max(MARK, min(self.place_of(mark.step), self.width() - MARK))
            corners = ((0, -MARK - 1), (MARK + 1, 0), (0, MARK + 1), (-MARK - 1, 0))
            painter.drawPolygon(QPolygonF([QPointF(x + a, top + b) for a, b in corners]))


class StepTimeline(QFrame):
    """The ticks, a text, and the branch button."""

    step_shown = Signal(int)
    """The step to view; 0: the image itself."""
    branch_requested = Signal(int)
    changed = Signal()
    """`can_branch` may have changed."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("below")
        self._kept = False
        self._reported = 0
        self.ticks = Ticks()
        self.label = PlainLabel()
        self.label.setObjectName("caption")
        self.branch = QPushButton(icon("branch"), self.tr("Branch"))
        self.branch.setToolTip(
            self.tr("Branch from the selected step, with another prompt, sampler or mask (Ctrl+B).")
        )
        self.branch.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.branch.setAccessibleName(self.tr("Branch from here"))
        row = QHBoxLayout(self)
        row.setContentsMargins(GRID, 4, GRID, 4)
        row.setSpacing(GRID)
        row.addWidget(self.label)
        row.addWidget(self.ticks, 1)
        row.addWidget(self.branch)
        self.setMinimumWidth(LEAST)  # rather than what all the words would need
        self.ticks.changed.connect(self._show_step)
        self.ticks.branch_requested.connect(self.ask_to_branch)
        self.branch.clicked.connect(self.ask_to_branch)
        for widget in (self.ticks, self.branch):
            widget.installEventFilter(self)
        self.show_nothing()

    @property
    def can_branch(self) -> bool:
        return 0 < self.ticks.chosen < self.ticks.count

    def show_nothing(self) -> None:
        """There is no image."""
        self._show(0, 0, (), is_open=False, kept=False)

    def show_run(self, done: int, count: int, marks: Sequence[Mark] = ()) -> None:
        """A running image."""
        self._show(done, count, marks, is_open=False, kept=False)

    def show_image(self, count: int, marks: Sequence[Mark], *, kept: bool) -> None:
        """A finished image; `kept`: its steps can be viewed, not only counted."""
        self.release()
        self._show(count, count, marks, is_open=count > 0, kept=kept)

    def release(self) -> None:
        """Shows the image itself again."""
        self.ticks.choose(0)

    def show_chosen_step(self) -> None:
        """Starts to choose a step by keyboard."""
        if self.ticks.is_open:
            self.ticks.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def ask_to_branch(self) -> None:
        if self.can_branch:
            self.branch_requested.emit(self.ticks.chosen)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Viewing ends when the focus moves, but not with the window's activation."""
        if event.type() == QEvent.Type.FocusOut:
            now = QApplication.focusWidget()
            if now is not None and now not in (self.ticks, self.branch):
                self.release()
        return False

    def _show(
        self, done: int, count: int, marks: Sequence[Mark], *, is_open: bool, kept: bool
    ) -> None:
        if not is_open:
            self.release()
        self._kept, self._done = kept, done
        self.ticks.show_steps(done, count, marks, is_open=is_open)
        metrics = self.fontMetrics()
        words = (self._label_text(count, count), self._label_text(0, count)) if count else ("",)
        self.label.setMinimumWidth(max(map(metrics.horizontalAdvance, words)))
        self._show_step()

    def _show_step(self) -> None:
        ticks = self.ticks
        words = self._label_text(ticks.shown, ticks.count) if ticks.count else ""
        self.label.setText(words)
        self.label.setVisible(bool(words))
        self.label.setToolTip(self.tr(NOT_KEPT) if ticks.is_open and not self._kept else "")
        description = ". ".join((words or self.tr(EMPTY), *(mark.text for mark in ticks.marks)))
        ticks.setAccessibleDescription(description)
        self.branch.setEnabled(self.can_branch)
        self._fit()
        self.changed.emit()
        if ticks.shown != self._reported:
            self._reported = ticks.shown
            self.step_shown.emit(self._reported)

    def _fit(self) -> None:
        """Reserves room for the button's text, so that the ticks do not move."""
        at = self.ticks.chosen if self.can_branch else 0
        has_room = self.width() >= ROOMY
        from_step = self.tr("Branch from step {step}")
        words = from_step.format(step=at) if at else self.tr("Branch")
        self.branch.setText(words if has_room else "")
        widest = self.fontMetrics().horizontalAdvance(from_step.format(step="00")) + BUTTON
        self.branch.setMinimumWidth(widest if has_room else 0)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _label_text(self, at: int, count: int) -> str:
        if not self.ticks.is_open and count:
            return self.tr("Step {step} of {count}").format(step=self._done, count=count)
        if at:
            words = self.tr("Step {step} of {count}").format(step=at, count=count)
        else:
            words = self.tr("%n steps", "", count)
        return words if self._kept else self.tr("{steps} (not saved)").format(steps=words)
