"""Width and height of the image: sizes that suit the model, or any others."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QStyle,
    QStyleOptionComboBox,
    QWidget,
)

from core.request.parameter import Parameter
from core.request.parameters import PARAMETERS
from ldm_studio.engine_protocol import ModelInfo
from ldm_studio.look.plain_label import PlainLabel
from ldm_studio.store.model_limits import side_problem
from ldm_studio.store.parameter_texts import text_of, title_of
from ldm_studio.store.run_state import RunState
from ldm_studio.store.store import Mode, StudioStore
from ldm_studio.translation import QT_TRANSLATE_NOOP, joined
from ldm_studio.widgets.fields import mark_wrong, row_height, tool_button

from .parameter_fields import IntBox, bind_field

_PRESETS = (
    (QT_TRANSLATE_NOOP("SizeRow", "Square"), 1.0, 1.0),
    (QT_TRANSLATE_NOOP("SizeRow", "Portrait"), 0.75, 1.0),
    (QT_TRANSLATE_NOOP("SizeRow", "Landscape"), 1.0, 0.75),
    (QT_TRANSLATE_NOOP("SizeRow", "Large"), 1.5, 1.5),
    (QT_TRANSLATE_NOOP("SizeRow", "Wide"), 2.0, 1.0),
)


def presets(model: ModelInfo) -> list[tuple[str, int, int]]:
    """(name, width, height) of sizes that the model supports, its own size first."""
    made: list[tuple[str, int, int]] = []
    for name, across, down in _PRESETS:
        width, height = (
            round(side * share / model.size_multiple) * model.size_multiple
            for side, share in ((model.width, across), (model.height, down))
        )
        if max(width, height) <= model.max_side and min(width, height) > 0:
            made.append((name, width, height))
    return made


def _side(row: Parameter) -> IntBox:
    box = IntBox(row)
    box.setToolTip(text_of(row.help))
    box.setAccessibleName(text_of(row.title))
    return box


class SizeRow(QWidget):
    """Disabled if the size is that of the init image."""

    def __init__(self, store: StudioStore) -> None:
        super().__init__()
        self._store = store
        self._model: ModelInfo | None = None
        self._presets: list[tuple[str, int, int]] = []
        self.preset = QComboBox()
        self.preset.setMinimumWidth(self._preset_width())
        self.width_field = _side(PARAMETERS["width"])
        self.height_field = _side(PARAMETERS["height"])
        self.swap = tool_button(
            "swap", self.tr("Swap width and height"), self.tr("Swap width and height.")
        )
        self.problem = PlainLabel(wordWrap=True)
        """Why the model does not support it; next to this row."""
        self.problem.setObjectName("wrong")
        line = QHBoxLayout(self)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(4)
        line.addWidget(self.preset, 1)
        line.addWidget(self.width_field)
        line.addWidget(PlainLabel("×"))
        line.addWidget(self.height_field)
        line.addWidget(self.swap)
        self.swap.setFixedSize(24, row_height(self))
        for name, box in (("width", self.width_field), ("height", self.height_field)):
            bind_field(store, PARAMETERS[name], box)
        store.mode_changed.connect(self._mode_changed)
        store.run_changed.connect(self._run_changed)
        for name in ("width", "height", "area", "tile"):
            getattr(store, f"{name}_changed").connect(self._show)
        self.preset.activated.connect(self._preset_chosen)
        self.swap.clicked.connect(self._swap)
        self._run_changed(store.run)
        self._mode_changed(store.mode)

    def _swap(self) -> None:
        store = self._store
        store.width, store.height = store.height, store.width

    def _mode_changed(self, mode: Mode) -> None:
        for widget in (self.preset, self.width_field, self.height_field, self.swap):
            widget.setEnabled(mode is Mode.TEXT)
        self._show()

    def _run_changed(self, run: RunState) -> None:
        model = run.model
        if model is None or model is self._model:
            return
        self._model = model
        self._presets = presets(model)
        self.preset.clear()
        for name, width, height in self._presets:
            self.preset.addItem(self.tr(name), (width, height))
            tip = f"{width} × {height}"
            self.preset.setItemData(self.preset.count() - 1, tip, Qt.ItemDataRole.ToolTipRole)
        for field in (self.width_field, self.height_field):
            field.setSingleStep(model.size_multiple)
        self._show()

    def _preset_width(self) -> int:
        """That of the longest name."""
        box = self.preset
        box.ensurePolished()
        names = (self.tr("Custom"), *(self.tr(name) for name, _, _ in _PRESETS))
        widest = max(map(box.fontMetrics().horizontalAdvance, names))
        option = QStyleOptionComboBox()
        box.initStyleOption(option)
        kind = QStyle.ContentsType.CT_ComboBox
        size = QSize(widest, 0)
        return box.style().sizeFromContents(kind, option, size, box).width()

    def _preset_chosen(self, index: int) -> None:
        if index < len(self._presets):
            _, self._store.width, self._store.height = self._presets[index]

    def _show(self) -> None:
        """Shows which preset it is, and its problem."""
        store = self._store
        any_size = store.mode is Mode.INPAINT and store.area == "masked"
        sizes = [(width, height) for _, width, height in self._presets]
        size = (store.width, store.height)
        if size in sizes:
            self.preset.setCurrentIndex(sizes.index(size))
        else:
            self.preset.setCurrentIndex(-1)
            known = self._presets or size[0] != size[1]
            self.preset.setPlaceholderText(self.tr("Custom") if known else self.tr("Square"))
        model, tiled = store.run.model, store.tile > 0
        problems = [
            (field, "" if any_size else side_problem(name, side, model, tiled=tiled))
            for field, name, side in (
                (self.width_field, title_of("width"), store.width),
                (self.height_field, title_of("height"), store.height),
            )
        ]
        text = joined(*(problem for _, problem in problems))
        self.problem.setText(text)
        self.problem.setVisible(bool(text))
        for field, problem in problems:
            mark_wrong(field, bool(problem))
