"""The prompt editor, with syntax highlighting and a token count."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QMimeData, QPoint, QSize, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QHelpEvent, QKeyEvent, QResizeEvent, QTextCursor
from PySide6.QtWidgets import QPlainTextEdit, QSizePolicy, QTextEdit, QToolTip, QWidget

from core.conditioning.text.prompt_parser import Problem, Prompt, parse
from core.conditioning.text.wildcards import WildcardLines, missing_wildcards, parse_template
from core.request.text_segment import A1111
from ldm_studio.canvas.tools.drop_data import offers_image
from ldm_studio.translation import joined, translate_message
from ldm_studio.widgets.elided_label import ElidedLabel

from .completion import CompletionNames, Completions, completions
from .completion_list import CompletionList
from .prompt_edits import STEP, Edit, change_weight, move_phrase
from .prompt_highlighter import text_format, text_looks

if TYPE_CHECKING:
    from core.conditioning.text.token_count import TokenCount

PAD = 6

_KEYS: dict[tuple[Qt.KeyboardModifier, int], Callable[[Edit], Edit]] = {
    (Qt.KeyboardModifier.ControlModifier, Qt.Key.Key_Up): lambda edit: change_weight(edit, STEP),
    (Qt.KeyboardModifier.ControlModifier, Qt.Key.Key_Down): lambda edit: change_weight(edit, -STEP),
    (Qt.KeyboardModifier.AltModifier, Qt.Key.Key_Left): lambda edit: move_phrase(edit, -1),
    (Qt.KeyboardModifier.AltModifier, Qt.Key.Key_Right): lambda edit: move_phrase(edit, 1),
}


class PromptEditor(QPlainTextEdit):
    """A small plain text editor that knows the syntax. Tab leaves it; pasted images are passed
    on.
    """

    image_pasted = Signal()

    def __init__(
        self, name: str, placeholder: str, tip: str, lines: int, *, negative: bool = False
    ) -> None:
        super().__init__()
        self._lines = lines
        self._negative = negative
        self.names = CompletionNames()
        """Names for completion."""
        self.wildcards: WildcardLines | None = None
        """Looks up wildcards, so that missing ones are marked."""
        self.syntax = A1111
        """Of what is written."""
        self._suggested = CompletionList(self)
        self._suggested.accepted.connect(self._write_name)
        self._invitation: QWidget | None = None
        self._reading: TokenCount | None = None
        self._marked, self._marked_syntax = "", A1111
        self.setAccessibleName(name)
        self.setPlaceholderText(placeholder)
        self.setToolTip(tip)
        self.setTabChangesFocus(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._fix_height()

    def invite(self, widget: QWidget) -> None:
        """Shows `widget` in the lower part while the editor is empty."""
        self._invitation = widget
        widget.setParent(self.viewport())
        self.textChanged.connect(self._show_invitation)
        self._place_invitation()
        self._show_invitation()

    def show_reading(self, reading: TokenCount | None) -> None:
        """Highlights weights, problems, and text that the model does not read or know.

        Called at every change of the text; `reading` belongs to the current text.
        """
        seen = self.toPlainText(), reading, self.syntax
        if seen != (self._marked, self._reading, self._marked_syntax):
            self._reading = reading
            self._mark()

    def problems(self) -> tuple[Problem, ...]:
        """Problems of the syntax."""
        text = self.toPlainText()
        template = parse_template(text)
        absent = missing_wildcards(template, self.wildcards) if self.wildcards is not None else []
        return (*self._parsed(text).problems, *template.problems, *absent)

    def _parsed(self, text: str) -> Prompt:
        return parse(text, self.syntax, negative=self._negative)

    def rewrite(self, text: str) -> None:
        """Replaces the text in one undoable step."""
        old = self.toPlainText()
        if old == text:
            return
        start = _alike(old, text)
        same = min(_alike(old[::-1], text[::-1]), min(len(old), len(text)) - start)
        cursor = self._cursor(start, len(old) - same)
        cursor.insertText(text[start : len(text) - same])

    def keyPressEvent(self, event: QKeyEvent) -> None:
        modifiers = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        change = _KEYS.get((modifiers, event.key()))
        if change is None or self.isReadOnly():
            before = self.toPlainText()
            super().keyPressEvent(event)
            if self._suggested.is_open or self.toPlainText() != before:
                self._suggest()
        else:
            self._change(change)

    def _suggest(self) -> None:
        """Shows completions, if there are any."""
        text, cursor = self.toPlainText(), self.textCursor()
        if self.isReadOnly() or cursor.hasSelection():
            self._suggested.offer(None)
            return
        at = _index(text, cursor.position())
        self._suggested.offer(completions(text, at, self.names, self.syntax))

    def _write_name(self, offered: Completions, name: str) -> None:
        at = _index(self.toPlainText(), self.textCursor().position())
        cursor = self._cursor(offered.start, at)
        cursor.beginEditBlock()  # to be undone alone, not with what was typed before
        cursor.removeSelectedText()
        cursor.insertText(name + offered.after)
        cursor.endEditBlock()
        self.setTextCursor(cursor)

    def viewportEvent(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            problem = self._problem_at(event.pos())
            if problem is not None:
                QToolTip.showText(event.globalPos(), translate_message(problem.explanation), self)
                return True
        return super().viewportEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.FontChange:
            self._fix_height()
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._mark()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place_invitation()

    def sizeHint(self) -> QSize:
        return QSize(200, self.height())

    def canInsertFromMimeData(self, source: QMimeData) -> bool:  # noqa: N802
        return super().canInsertFromMimeData(source) and not offers_image(source)

    def insertFromMimeData(self, source: QMimeData) -> None:  # noqa: N802
        if offers_image(source) and not source.hasText():
            self.image_pasted.emit()
        else:
            super().insertFromMimeData(source)

    def _fix_height(self) -> None:
        line = QFontMetricsF(self.font()).lineSpacing()
        self.setFixedHeight(round(self._lines * line + 2 * self.document().documentMargin() + 14))

    def _show_invitation(self) -> None:
        if self._invitation is not None:
            self._invitation.setVisible(self.document().isEmpty())

    def _place_invitation(self) -> None:
        widget, room = self._invitation, self.viewport()
        if widget is None:
            return
        width = room.width() - 2 * PAD
        height = widget.heightForWidth(width)
        widget.setGeometry(PAD, room.height() - height - PAD // 2, width, height)

    def _change(self, change: Callable[[Edit], Edit]) -> None:
        text, cursor = self.toPlainText(), self.textCursor()
        start, end = cursor.selectionStart(), cursor.selectionEnd()
        backwards = cursor.position() < cursor.anchor()
        after = change(Edit(text, _index(text, start), _index(text, end)))
        self.rewrite(after.text)
        places = (after.end, after.start) if backwards else (after.start, after.end)
        self.setTextCursor(self._cursor(*places))

    def _problem_at(self, place: QPoint) -> Problem | None:
        near = self.cursorForPosition(place)
        beside = self.cursorRect(near)
        if not beside.top() <= place.y() <= beside.bottom():
            return None
        after = place.x() >= beside.left()  # of the nearest gap between two characters
        at = _index(self.toPlainText(), near.position()) - (0 if after else 1)
        return next((p for p in self.problems() if p.start <= at < p.end), None)

    def _mark(self) -> None:
        self._marked = self.toPlainText()
        self._marked_syntax = self.syntax
        marks = []
        markup = parse_template(self._marked).marks
        parsed = self._parsed(self._marked)
        beside = self.problems()[len(parsed.problems) :]
        for start, end, look in text_looks(parsed, self._reading, markup, beside):
            mark = QTextEdit.ExtraSelection()
            mark.cursor = self._cursor(start, end)  # type: ignore[attr-defined]  # fields in C++
            mark.format = text_format(look, self.palette())  # type: ignore[attr-defined]
            marks.append(mark)
        self.setExtraSelections(marks)

    def _cursor(self, anchor: int, position: int) -> QTextCursor:
        """Selects a range of characters; Qt counts UTF-16 code units."""
        text, cursor = self.toPlainText(), QTextCursor(self.document())
        cursor.setPosition(_utf16(text[:anchor]))
        cursor.setPosition(_utf16(text[:position]), QTextCursor.MoveMode.KeepAnchor)
        return cursor


def _alike(one: str, other: str) -> int:
    """The length of the common prefix."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((i for i, (a, b) in pairs if a != b), min(len(one), len(other)))


def _utf16(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _index(text: str, units: int) -> int:
    """The character at an offset in UTF-16 code units."""
    encoded = text.encode("utf-16-le", "surrogatepass")[: 2 * units]
    return len(encoded.decode("utf-16-le", "surrogatepass"))


class TokenCountLabel(ElidedLabel):
    """`n/limit`, with problems as text."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("caption")
        self.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)

    def show_reading(self, prompt: str, reading: TokenCount | None) -> None:
        """Shows nothing for None or an empty prompt."""
        text, tip = "", ""
        cut = unknown = False
        if reading is not None and reading.count:
            text = f"{reading.count}/{reading.limit}"
            tip = self.tr(
                "The model reads {limit} tokens (words, or parts of words) of a prompt; "
                "this one has {count}."
            ).format(limit=reading.limit, count=reading.count)
            cut, unknown = reading.count > reading.limit, bool(reading.unknown)
            if cut:
                text = " · ".join((text, self.tr("cut off")))
                tip = joined(tip, self.tr("The text that is struck out is not used."))
            if unknown:
                words = ", ".join(dict.fromkeys(prompt[a:b] for a, b in reading.unknown))
                if not cut:
                    text = " · ".join((text, self.tr("unknown: {words}").format(words=words)))
                tip = joined(tip, self.tr("Unknown words: {words}.").format(words=words))
        self.setText(text)
        self.setToolTip(tip)
        if self.property("wrong") != (cut or unknown):
            self.setProperty("wrong", cut or unknown)
            self.style().unpolish(self)
            self.style().polish(self)
