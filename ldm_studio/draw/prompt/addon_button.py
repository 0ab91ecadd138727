"""The button that inserts LoRAs and embeddings into the prompt."""

from __future__ import annotations

import re

from PySide6.QtCore import QLocale
from PySide6.QtGui import QTextCursor
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QWidget

from ldm_studio.draw.models.file_picker import FileItem, FilePicker
from ldm_studio.draw.models.model_scan import ModelScan
from ldm_studio.look.plain_label import PlainLabel
from ldm_studio.look.theme import GRID
from ldm_studio.models import addon_files
from ldm_studio.models.addon_files import FoundAddon
from ldm_studio.store.store import StudioStore
from ldm_studio.translation import translate_message
from ldm_studio.widgets.fields import NumberBox, SegmentedControl
from ldm_studio.widgets.link_button import LinkButton

from .prompt_editor import PromptEditor

LORA, EMBEDDING = "lora", "embedding"


class AddonButton(LinkButton):
    """Opens a picker of the files in the model folders, scanned each time."""

    def __init__(self, store: StudioStore, prompt: PromptEditor, negative: PromptEditor) -> None:
        super().__init__(self.tr("LoRAs"))
        self._store, self._prompt, self._negative = store, prompt, negative
        self._found: list[FoundAddon] = []
        self._scan = ModelScan(store, self._find_addons, self)
        self._scan.found.connect(self._on_found)
        self.unread = self._scan.unread
        self.setToolTip(self.tr("Insert a LoRA or an embedding into the prompt."))
        self.picker = FilePicker(
            self,
            self.tr("LoRAs and embeddings"),
            self.tr(
                "There are none yet. Put them into the model folder, or add the folder of another "
                "program where the model is chosen."
            ),
        )
        self.kind = SegmentedControl(
            (
                (LORA, self.tr("LoRAs"), self.tr("Small additions to a model.")),
                (EMBEDDING, self.tr("Embeddings"), self.tr("Words that a model has learned.")),
            )
        )
        self.strength = NumberBox(-2, 2, 0.05, 2)
        self.strength.setValue(1.0)
        self.strength.setAccessibleName(self.tr("Strength"))
        self.strength.setToolTip(self.tr("How strong its effect is: 1 as trained, 0 none."))
        self.into_negative = QCheckBox(self.tr("Into the negative prompt"))
        self.into_negative.setToolTip(self.tr("Insert into the negative prompt."))
        self._strength_caption = PlainLabel(self.tr("Strength"))
        self._strength_caption.setObjectName("caption")
        self._strength_caption.setBuddy(self.strength)
        foot = QWidget()
        row = QHBoxLayout(foot)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(GRID)
        row.addWidget(self._strength_caption)
        row.addWidget(self.strength)
        row.addWidget(self.into_negative)
        row.addStretch(1)
        self.picker.column.insertWidget(0, self.kind)
        self.picker.column.addWidget(self.unread)
        self.picker.column.addWidget(foot)
        self.kind.changed.connect(self._fill)
        self.picker.chosen.connect(self._write)
        self.clicked.connect(self.open)
        self._fill()

    def open(self) -> None:
        self._scan.start()
        self._fill()
        self.picker.open_below(self)

    def _find_addons(self, folders: tuple[str, ...], seconds: float) -> tuple[object, int]:
        return addon_files.find_addons_within(seconds, folders)

    def _on_found(self, found: list[FoundAddon]) -> None:
        if found != self._found or not found:
            self._found = found
            self._fill()

    def _fill(self) -> None:
        kind = self.kind.value()
        for widget in (self.strength, self._strength_caption):
            widget.setVisible(kind == LORA)
        self.into_negative.setVisible(kind == EMBEDDING)
        items = [_item(one) for one in self._found if one.kind == kind]
        self.picker.show_items(items, looking=self._scan.is_running)

    def _write(self, name: object) -> None:
        """Inserts at the cursor; the picker stays open."""
        if self.kind.value() == LORA:
            text = f"<lora:{name}:{self.strength.value():.6g}>"
            self._prompt.rewrite(with_lora(self._prompt.toPlainText(), str(name), text))
            self._prompt.moveCursor(QTextCursor.MoveOperation.End)
        else:
            into = self._negative if self.into_negative.isChecked() else self._prompt
            into.rewrite(with_word(into.toPlainText(), str(name)))
            into.moveCursor(QTextCursor.MoveOperation.End)


def with_lora(prompt: str, name: str, tag: str) -> str:
    """`prompt` with `tag` appended, or replacing the tag of the same LoRA."""
    known = re.compile(rf"<lora:{re.escape(name)}(:[^<>\n]*)?>")
    if known.search(prompt):
        return known.sub(lambda _: tag, prompt, count=1)
    return f"{prompt.rstrip()} {tag}".lstrip()


def with_word(prompt: str, word: str) -> str:
    """`prompt` with the word appended, unless it contains it."""
    if re.search(rf"(?<!\w){re.escape(word)}(?!\w)", prompt):
        return prompt
    before = prompt.rstrip().removesuffix(",")
    return f"{before}, {word}" if before else word


def _item(addon: FoundAddon) -> FileItem:
    known = addon.known
    size = QLocale().formattedDataSize(known.size, 1)
    return FileItem(
        key=addon.name,
        title=addon.name,
        detail=" · ".join(filter(None, (translate_message(known.kind), size, known.precision))),
        tip="\n".join(
            filter(
                None,
                (translate_message(known.kind), translate_message(known.message), str(addon.path)),
            )
        ),
        path=addon.path,
        problem=translate_message(known.message.shorten_path(str(addon.path), addon.path.name)),
    )
