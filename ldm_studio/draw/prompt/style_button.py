"""The style button: apply a style, save the prompt as one, manage styles."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QFontMetrics, QTextCursor
from PySide6.QtWidgets import QMenu

from ldm_studio.prompts.styles import Style, StyleBook, StyleError
from ldm_studio.translation import translate
from ldm_studio.widgets.link_button import LinkButton

from .prompt_editor import PromptEditor

if TYPE_CHECKING:
    from .style_dialogs import SaveStyleDialog, StylesDialog

WIDEST = 260
"""Logical pixels of a name in the menu."""


class StyleButton(LinkButton):
    """Opens the menu of styles, which apply to two editors."""

    failed = Signal(object)
    """StyleError"""

    def __init__(self, book: StyleBook, prompt: PromptEditor, negative: PromptEditor) -> None:
        super().__init__(self.tr("Styles"))
        self._book, self._prompt, self._negative = book, prompt, negative
        self.setToolTip(self.tr("Apply a style to the prompt, or save the prompt as a style."))
        self.clicked.connect(self._open)

    def menu_of_styles(self) -> QMenu:
        """A new menu, which deletes itself when it closes."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.setToolTipsVisible(True)
        for style in self._book.styles:
            action = menu.addAction(_shown(style.name, menu.fontMetrics()))
            action.setToolTip(_described(style))
            action.triggered.connect(lambda _checked=False, style=style: self.apply(style))
        menu.addSeparator()
        save = menu.addAction(self.tr("&Save Prompt as Style…"), self.save)
        save.setEnabled(any(text.strip() for text in self._texts()))
        menu.addAction(self.tr("&Manage Styles…"), self.manage)
        return menu

    def apply(self, style: Style) -> None:
        """Writes both prompts in `style`, undoable in each editor."""
        prompt, negative = style.apply(*self._texts())
        self._negative.rewrite(negative)
        self._prompt.rewrite(prompt)
        self._prompt.moveCursor(QTextCursor.MoveOperation.End)
        self._prompt.setFocus()

    def save(self) -> SaveStyleDialog:
        from .style_dialogs import SaveStyleDialog

        dialog = SaveStyleDialog(self.window(), self._book, *self._texts())
        dialog.chosen.connect(self._add)
        dialog.open()
        return dialog

    def manage(self) -> StylesDialog:
        from .style_dialogs import StylesDialog

        dialog = StylesDialog(self.window(), self._book)
        dialog.open()
        return dialog

    def _texts(self) -> tuple[str, str]:
        return self._prompt.toPlainText(), self._negative.toPlainText()

    def _open(self) -> None:
        menu = self.menu_of_styles()
        below = self.mapToGlobal(QPoint(self.width(), self.height()))
        menu.popup(below - QPoint(menu.sizeHint().width(), 0))

    def _add(self, style: Style) -> None:
        try:
            self._book.add(style)
        except StyleError as error:
            self.failed.emit(error)


def _shown(name: str, metrics: QFontMetrics) -> str:
    elided = metrics.elidedText(name, Qt.TextElideMode.ElideRight, WIDEST)
    return elided.replace("&", "&&")


def _described(style: Style) -> str:
    negative = (
        translate("Styles", "Negative prompt: {negative}").format(negative=style.negative)
        if style.negative
        else ""
    )
    return "\n".join(filter(None, (style.prompt, negative)))
