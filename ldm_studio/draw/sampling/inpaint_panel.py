"""How a masked picture is redrawn: shown where a mask has a say."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QVBoxLayout,
    QWidget,
)

from core.images.mask_morphology import RADIUS_MAX
from core.request.request import MAX_SIDE
from ldm_studio.look.theme import GRID
from ldm_studio.store.binding import bind
from ldm_studio.store.model_limits import side_problem
from ldm_studio.store.store import StudioStore
from ldm_studio.translation import QT_TRANSLATE_NOOP, translate
from ldm_studio.widgets.collapsible import Collapsible
from ldm_studio.widgets.fields import (
    Caption,
    OptionalNumber,
    SegmentedControl,
    SliderField,
    mark_wrong,
)


@dataclass(frozen=True)
class _Words:
    """What is written about a row."""

    text: str
    tip: str
    names: tuple[str, ...]
    """The parameters in it: it is shown where one applies, and its reset puts all back."""


_AREA = _Words(
    QT_TRANSLATE_NOOP("InpaintSection", "Area"),
    QT_TRANSLATE_NOOP(
        "InpaintSection",
        "What is drawn anew: the whole picture, or only the masked part of it, enlarged.",
    ),
    ("area",),
)
_AREAS = (
    (
        "whole",
        QT_TRANSLATE_NOOP("InpaintSection", "Whole picture"),
        QT_TRANSLATE_NOOP(
            "InpaintSection", "Draw the whole picture anew, and keep what is masked of it."
        ),
    ),
    (
        "masked",
        QT_TRANSLATE_NOOP("InpaintSection", "Only masked"),
        QT_TRANSLATE_NOOP(
            "InpaintSection",
            "Cut the masked part out, draw it at the model's size, and put it back: more detail, "
            "and pictures of any size.",
        ),
    ),
)
_REDRAW = _Words(
    QT_TRANSLATE_NOOP("InpaintSection", "Redraw"),
    QT_TRANSLATE_NOOP("InpaintSection", "Which side of the mask is drawn anew."),
    ("invert",),
)
_SIDES = (
    (
        False,
        QT_TRANSLATE_NOOP("InpaintSection", "Painted"),
        QT_TRANSLATE_NOOP("InpaintSection", "Redraw what is painted."),
    ),
    (
        True,
        QT_TRANSLATE_NOOP("InpaintSection", "Not painted"),
        QT_TRANSLATE_NOOP("InpaintSection", "Redraw everything else, and keep what is painted."),
    ),
)
_PADDING = _Words(
    QT_TRANSLATE_NOOP("InpaintSection", "Padding"),
    QT_TRANSLATE_NOOP(
        "InpaintSection",
        "Pixels around the masked part that the model sees, so that what it draws fits in.",
    ),
    ("padding",),
)
_FINER: dict[str, _Words] = {
    "content": _Words(
        QT_TRANSLATE_NOOP("InpaintSection", "Start with"),
        QT_TRANSLATE_NOOP("InpaintSection", "What is there before the first step."),
        ("content",),
    ),
    "grow": _Words(
        QT_TRANSLATE_NOOP("InpaintSection", "Grow"),
        QT_TRANSLATE_NOOP(
            "InpaintSection",
            "The mask is grown by so many pixels before it is used; below 0 shrunk.",
        ),
        ("grow",),
    ),
    "blur": _Words(
        QT_TRANSLATE_NOOP("InpaintSection", "Blur"),
        QT_TRANSLATE_NOOP(
            "InpaintSection",
            "Then its edge is softened over so many pixels, to blend what is drawn with what is "
            "kept.",
        ),
        ("blur",),
    ),
    "size": _Words(
        QT_TRANSLATE_NOOP("InpaintSection", "Drawn at"),
        QT_TRANSLATE_NOOP(
            "InpaintSection",
            "The size that the masked part is drawn in; empty is the one the model was made for.",
        ),
        ("area_width", "area_height"),
    ),
}
_CONTENTS = (
    (
        "original",
        QT_TRANSLATE_NOOP("InpaintSection", "The picture"),
        QT_TRANSLATE_NOOP(
            "InpaintSection", "What is there already: little strength keeps much of it."
        ),
    ),
    (
        "fill",
        QT_TRANSLATE_NOOP("InpaintSection", "Its surroundings"),
        QT_TRANSLATE_NOOP("InpaintSection", "The colours around the mask, drawn smoothly into it."),
    ),
    (
        "noise",
        QT_TRANSLATE_NOOP("InpaintSection", "Latent noise"),
        QT_TRANSLATE_NOOP(
            "InpaintSection", "Noise alone: something wholly new. Needs a strength near 1."
        ),
    ),
    (
        "nothing",
        QT_TRANSLATE_NOOP("InpaintSection", "Latent nothing"),
        QT_TRANSLATE_NOOP(
            "InpaintSection", "An empty latent: something new and calm. Strength near 1."
        ),
    ),
)
_NAMES = {
    "soft": QT_TRANSLATE_NOOP("InpaintSection", "Soft mask"),
    "area_width": QT_TRANSLATE_NOOP("InpaintSection", "Drawn width"),
    "area_height": QT_TRANSLATE_NOOP("InpaintSection", "Drawn height"),
}
_MATCH = QT_TRANSLATE_NOOP(
    "InpaintSection",
    "Take away the difference in colour at the border of what was redrawn, which decoding leaves. "
    "Only redrawn pixels are changed by it.",
)
_SOFT = QT_TRANSLATE_NOOP(
    "InpaintSection",
    "Grey in the mask is the strength of a pixel: the lighter, the sooner it joins in and the "
    "more it changes, rather than both pictures showing through each other.",
)


class InpaintSection(QWidget):
    """Rows in two columns, as those of the panel around it."""

    def __init__(self, store: StudioStore) -> None:
        super().__init__()
        self._store = store
        self._captions: list[Caption] = []
        self._rows: dict[str, tuple[Caption, QWidget]] = {}
        self.area = SegmentedControl(
            [(key, self.tr(text), self.tr(tip)) for key, text, tip in _AREAS]
        )
        self.problem = QLabel(wordWrap=True)
        self.problem.setObjectName("wrong")
        self.padding = SliderField(0, MAX_SIDE, (0, 256), step=1)
        self.redraw = SegmentedControl(
            [(key, self.tr(text), self.tr(tip)) for key, text, tip in _SIDES]
        )
        self.match = _check(self.tr("Match colours at the border"), self.tr(_MATCH))
        self.soft = _check(self.tr("Soft mask: grey is strength"), self.tr(_SOFT))
        self.content = QComboBox()
        self.content.setMinimumContentsLength(6)
        for value, text, tip in _CONTENTS:
            self.content.addItem(self.tr(text), value)
            row = self.content.count() - 1
            self.content.setItemData(row, self.tr(tip), Qt.ItemDataRole.ToolTipRole)
        self.grow = SliderField(-RADIUS_MAX, RADIUS_MAX, (-64, 64))
        self.blur = SliderField(0, RADIUS_MAX, (0, 64), step=0.5, decimals=1)
        self.area_width = OptionalNumber(self.tr("model's"), 0, MAX_SIDE)
        self.area_height = OptionalNumber(self.tr("model's"), 0, MAX_SIDE)
        self.finer = Collapsible(
            self.tr("Finer mask options"), self.tr("Show or hide what is seldom changed of a mask.")
        )
        self._grids = (QGridLayout(), QGridLayout(self.finer.body))
        self._lay_out()
        self._bind()
        self._refresh()

    def caption_width(self) -> int:
        """Of the widest name, shown or not."""
        return max(caption.sizeHint().width() for caption in self._captions)

    def set_caption_width(self, width: int) -> None:
        for grid in self._grids:
            grid.setColumnMinimumWidth(0, width)

    # Building

    def _lay_out(self) -> None:
        upper, lower = self._grids
        for grid in self._grids:
            grid.setContentsMargins(0, 0, 0, 0)
            grid.setSpacing(GRID)
            grid.setColumnStretch(1, 1)
        self._row(upper, 0, "area", _AREA, self.area)
        upper.addWidget(self.problem, 1, 1)
        self._row(upper, 2, "padding", _PADDING, self.padding)
        self._row(upper, 3, "redraw", _REDRAW, self.redraw)
        upper.addWidget(self.match, 4, 1)
        size = _size_row(self.area_width, self.area_height)
        controls = {"size": size}
        for row, (key, words) in enumerate(_FINER.items()):
            self._row(lower, row, key, words, controls.get(key) or getattr(self, key))
        lower.addWidget(self.soft, len(_FINER), 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID)
        column.addLayout(upper)
        column.addWidget(self.finer)

    def _row(self, grid: QGridLayout, row: int, key: str, words: _Words, control: QWidget) -> None:
        reset = partial(self._store.reset, *words.names)
        caption = Caption(self.tr(words.text), control, self.tr(words.tip), reset)
        self._captions.append(caption)
        self._rows[key] = caption, control
        grid.addWidget(caption, row, 0)
        grid.addWidget(control, row, 1)

    # Binding

    def _bind(self) -> None:
        store = self._store
        for name in ("area", "padding", "grow", "blur"):
            field = getattr(self, name)
            bind(store, name, field, field.value, field.set_value, field.changed)
        redraw = self.redraw
        bind(store, "invert", redraw, redraw.value, redraw.set_value, redraw.changed)
        for name in ("match", "soft"):
            box = getattr(self, name)
            bind(store, name, box, box.isChecked, box.setChecked, box.toggled)
        content = self.content
        bind(
            store, "content", content, content.currentData,
            lambda value: content.setCurrentIndex(content.findData(value)),
            content.currentIndexChanged,
        )  # fmt: skip
        for name in ("area_width", "area_height"):
            field = getattr(self, name)
            bind(
                store, name, field, lambda field=field: int(field.value() or 0),
                lambda value, field=field: field.set_value(value or None), field.changed,
            )  # fmt: skip
        toggle = self.finer.toggle
        bind(store, "finer_open", toggle, toggle.isChecked, toggle.setChecked, toggle.toggled)
        self.finer.reset.clicked.connect(lambda: store.reset(*_folded()))
        store.modified.connect(self._refresh)
        store.run_changed.connect(self._refresh)

    def _refresh(self, _changed: object = None) -> None:
        """Show what applies, what is wrong, and mark what acts."""
        store = self._store
        self.setVisible(store.masks)
        for key, words in {"padding": _PADDING, "size": _FINER["size"]}.items():
            for widget in self._rows[key]:
                widget.setVisible(any(map(store.applies, words.names)))
        model, (width, height) = store.run.model, store.drawn_size
        masked = store.applies("area_width")
        problem = store.problem() if store.masks else ""
        self.problem.setText(
            self.tr("Drawn at: {problem}").format(problem=problem) if masked else problem
        )
        self.problem.setVisible(bool(problem))
        for field, side in ((self.area_width, width), (self.area_height, height)):
            mark_wrong(field, masked and bool(side_problem("", side, model)))
        for field, side in ((self.area_width, "width"), (self.area_height, "height")):
            field.setPlaceholderText(str(getattr(model, side)) if model else self.tr("model's"))
        edited = store.edited(_folded())
        self.finer.show_changed([f"{_name(n)}: {_words(n, getattr(store, n))}" for n in edited])


def _folded() -> tuple[str, ...]:
    """The parameters that are folded away."""
    return (*(name for words in _FINER.values() for name in words.names), "soft")


def _check(text: str, tip: str) -> QCheckBox:
    box = QCheckBox(text)
    box.setToolTip(tip)
    return box


def _size_row(width: OptionalNumber, height: OptionalNumber) -> QWidget:
    holder = QWidget()
    row = QHBoxLayout(holder)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(4)
    row.addWidget(width, 1)
    row.addWidget(QLabel("×"))
    row.addWidget(height, 1)
    for field, name in ((width, "area_width"), (height, "area_height")):
        field.setAlignment(Qt.AlignmentFlag.AlignCenter)
        field.setAccessibleName(_name(name))
    holder.setFocusProxy(width)
    return holder


def _name(parameter: str) -> str:
    if parameter in _NAMES:
        text = _NAMES[parameter]
    else:
        text = next(words.text for words in _FINER.values() if words.names == (parameter,))
    return translate("InpaintSection", text)


def _words(parameter: str, value: object) -> str:
    if parameter == "content":
        text = next(text for known, text, _ in _CONTENTS if known == value)
        return translate("InpaintSection", text)
    if isinstance(value, bool):
        return translate("Setting", "on") if value else translate("Setting", "off")
    return f"{value:g}" if isinstance(value, float) else str(value)
