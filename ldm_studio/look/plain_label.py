"""Labels that show any text verbatim: prompts and names of files may look like HTML.

Qt shows such text as HTML, with images from files and servers, unless its format is plain. Tooltips
are plain text by the style sheet (`look/style_sheet.py`).
"""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel


class PlainLabel(QLabel):
    """A QLabel of plain text. Takes the same arguments."""

    def __init__(self, *arguments: Any, **properties: Any) -> None:
        super().__init__(*arguments, **properties)
        self.setTextFormat(Qt.TextFormat.PlainText)
