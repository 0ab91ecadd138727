"""The sampling panel: mode, sampler, steps, guidance, size, seed."""

from __future__ import annotations

import math
from functools import partial
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QWidget

from core.request.parameter import Parameter
from core.request.parameters import PARAMETERS, in_panel
from ldm_studio.draw.guides.control_image_panel import ControlImagePanel
from ldm_studio.draw.models.model_field import ModelField
from ldm_studio.engine_protocol import ModelInfo
from ldm_studio.look.icons import icon
from ldm_studio.look.theme import GRID
from ldm_studio.store.binding import bind
from ldm_studio.store.parameter_texts import text_of
from ldm_studio.store.run_state import RunState
from ldm_studio.store.store import Mode, StudioStore
from ldm_studio.translation import QT_TRANSLATE_NOOP
from ldm_studio.widgets.fields import (
    Caption,
    SegmentedControl,
    TypedNumbers,
    WheelGuard,
    row_height,
    tool_button,
)

from .advanced_settings import MoreSection
from .changes_note import ChangesLine
from .init_image_row import StartRow
from .inpaint_panel import InpaintSection
from .parameter_fields import IntBox, bind_field, field_for
from .size_fields import SizeRow

FEW_STEPS = 10
"""Models that were made for at most this many steps gain nothing from more."""
LITTLE_CFG = 2.0
STRENGTH_NOTCH = 0.05

MODES = (
    (
        Mode.TEXT,
        QT_TRANSLATE_NOOP("SamplerPanel", "Text"),
        QT_TRANSLATE_NOOP("SamplerPanel", "Generate an image from the prompt."),
    ),
    (
        Mode.IMAGE,
        QT_TRANSLATE_NOOP("SamplerPanel", "Image"),
        QT_TRANSLATE_NOOP(
            "SamplerPanel", "Generate an image from the initial image and the prompt."
        ),
    ),
    (
        Mode.INPAINT,
        QT_TRANSLATE_NOOP("SamplerPanel", "Inpaint"),
        QT_TRANSLATE_NOOP("SamplerPanel", "Change only the masked area of the canvas."),
    ),
)

_OWN = ("model", "width", "height")
"""Main parameters with their own controls."""
_RESETS = {"width": ("width", "height"), "seed": ("seed", "seed_locked")}
"""What the name of a row resets, if it is more than the parameter."""

_MODE = (
    QT_TRANSLATE_NOOP("SamplerPanel", "Start from"),
    QT_TRANSLATE_NOOP("SamplerPanel", "What the first step starts from."),
)

_REASONS = {
    "steps": QT_TRANSLATE_NOOP(
        "SamplerPanel", "The list of sigmas under More sets the number of steps."
    ),
    "schedule": QT_TRANSLATE_NOOP("SamplerPanel", "The list of sigmas under More is used instead."),
    "cfg": QT_TRANSLATE_NOOP("SamplerPanel", "CFG++ under More is used instead."),
}
"""Why a parameter does not apply."""

_CONTROL_MODES = {
    ("depth", Mode.TEXT): QT_TRANSLATE_NOOP(
        "SamplerPanel", "Generate an image from the prompt and the depth map below."
    ),
    ("depth", Mode.IMAGE): QT_TRANSLATE_NOOP(
        "SamplerPanel", "Generate an image from the initial image and the depth map below."
    ),
    ("instruct-pix2pix", Mode.TEXT): QT_TRANSLATE_NOOP(
        "SamplerPanel", "Edit the image below by the instruction in the prompt."
    ),
    ("instruct-pix2pix", Mode.IMAGE): QT_TRANSLATE_NOOP(
        "SamplerPanel",
        "Edit the initial image, or the one below; the strength sets how much of it changes.",
    ),
    ("upscaling", Mode.TEXT): QT_TRANSLATE_NOOP(
        "SamplerPanel", "Enlarge the image below; describe it in the prompt."
    ),
    ("upscaling", Mode.IMAGE): QT_TRANSLATE_NOOP(
        "SamplerPanel", "Regenerate the initial image at its size."
    ),
    ("unCLIP", Mode.TEXT): QT_TRANSLATE_NOOP(
        "SamplerPanel",
        "Generate an image from the prompt, varying the one below if there is one.",
    ),
    ("unCLIP", Mode.IMAGE): QT_TRANSLATE_NOOP(
        "SamplerPanel",
        "Generate an image from the initial image, varying the one below if there is one.",
    ),
}
"""What models with a control image do with the init image, by `ModelInfo.input_kind`."""


def _rest() -> list[Parameter]:
    """The main parameters after those of the model and the init image."""
    above = ("model", "strength")
    return [row for row in in_panel("main") if row.name not in above and not row.follows]


class SamplerPanel(QWidget):
    """Reads and writes the store."""

    def __init__(self, store: StudioStore, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._store = store
        self._model: ModelInfo | None = None
        self._captions: dict[str, Caption] = {}
        self.model = ModelField(store)
        self.changes = ChangesLine(store)
        self.mode = SegmentedControl(
            [(mode, self.tr(text), self.tr(tip)) for mode, text, tip in MODES]
        )
        self.fields = {
            row.name: field_for(row, store) for row in in_panel("main") if row.name not in _OWN
        }
        self.size_row = SizeRow(store)
        self.dice = tool_button(
            "dice", self.tr("New seed"), self.tr("Take a new random seed now and keep it.")
        )
        self.lock = tool_button(
            "unlock", self.tr("Keep the seed"), self.tr("Keep this seed, rather than a new one "
                                                        "each time."),
            checkable=True,
        )  # fmt: skip
        self.start = StartRow()
        self.control = ControlImagePanel(store)
        self.inpaint = InpaintSection(store)
        self.more = MoreSection(store)
        self._lay_out()
        self._bind()
        self._guard = WheelGuard(self)
        self._guard.guard(self)
        self._typed = TypedNumbers(self)
        self._typed.watch(self)
        self._mode_changed(store.mode)

    def field(self, name: str) -> Any:
        """The control of a parameter, here or in one of the sections."""
        sections = (self.more.rows, self.inpaint.rows, self.inpaint.mask_rows, self.control.rows)
        return next(
            one[name] for one in (self.fields, *(s.fields for s in sections)) if name in one
        )

    # Building

    def _caption(self, name: str, control: QWidget) -> Caption:
        if name == "mode":
            text, tip = map(self.tr, _MODE)
            reset = None
        else:
            row = PARAMETERS[name]
            text, tip = text_of(row.row or row.title), text_of(row.help)
            reset = partial(self._store.reset, *_RESETS.get(name, (name,)))
        self._captions[name] = Caption(text, control, tip, reset)
        return self._captions[name]

    def _lay_out(self) -> None:
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(GRID)
        grid.setColumnStretch(1, 1)
        buddies = {
            "model": self.model.box,
            "width": self.size_row.preset,
            "seed": self.fields["seed"],
        }
        own = {"width": self.size_row, "seed": self._seed_row()}
        rows: dict[str, QWidget] = {
            "model": self.model,
            "model_problem": self.model.problem,
            "model_vae": self.model.vae,
            "changes": self.changes,
            "mode": self.mode,
            "start": self.start,
            "strength": self.fields["strength"],
            "control": self.control,
            "inpaint": self.inpaint,
            **{row.name: own.get(row.name) or self.fields[row.name] for row in _rest()},
            "more": self.more,
        }
        at = 0
        for name, control in rows.items():
            if name == "mode" or name in PARAMETERS:
                grid.addWidget(self._caption(name, buddies.get(name, control)), at, 0)
                narrow = isinstance(control, IntBox)
                place = Qt.AlignmentFlag.AlignLeft if narrow else Qt.AlignmentFlag(0)
                grid.addWidget(control, at, 1, place)
            elif name in ("model_vae", "model_problem"):
                grid.addWidget(control, at, 1)
            else:
                grid.addWidget(control, at, 0, 1, 2)
            if control is self.size_row:
                at += 1
                grid.addWidget(self.size_row.problem, at, 1)
            at += 1
        widths = [caption.sizeHint().width() for caption in self._captions.values()]
        sections = (self.control, self.inpaint, self.more)
        width = max(*widths, *(section.caption_width() for section in sections))
        grid.setColumnMinimumWidth(0, width)
        for section in sections:
            section.set_caption_width(width)

    def _seed_row(self) -> QWidget:
        row = QWidget()
        line = QHBoxLayout(row)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(4)
        line.addWidget(self.fields["seed"], 1)
        for button in (self.dice, self.lock):
            button.setFixedHeight(row_height(self))
        line.addWidget(self.dice)
        line.addWidget(self.lock)
        return row

    # Binding

    def _bind(self) -> None:
        store = self._store
        for name, field in self.fields.items():
            bind_field(store, PARAMETERS[name], field)
        mode = self.mode
        bind(store, "mode", mode, mode.value, mode.set_value, mode.changed)
        bind(
            store, "seed_locked", self.lock, self.lock.isChecked, self.lock.setChecked,
            self.lock.toggled,
        )  # fmt: skip
        store.seed_locked_changed.connect(self._lock_changed)
        store.mode_changed.connect(self._mode_changed)
        store.run_changed.connect(self._run_changed)
        store.steps_changed.connect(self._limit_strength)
        store.modified.connect(self._show_what_applies)
        self.dice.clicked.connect(self._roll)
        self.fields["seed"].textEdited.connect(self._seed_typed)
        self._lock_changed(store.seed_locked)
        self._run_changed(store.run)
        self._show_what_applies()

    def _show_what_applies(self) -> None:
        for name, reason in _REASONS.items():
            self._captions[name].disable("" if self._store.applies(name) else self.tr(reason))

    def _seed_typed(self) -> None:
        self._store.seed_locked = True

    def _roll(self) -> None:
        self._store.new_seed()
        self._store.seed_locked = True

    def _lock_changed(self, locked: bool) -> None:
        self.lock.setIcon(icon("lock" if locked else "unlock"))

    def _mode_changed(self, mode: Mode) -> None:
        from_image = mode is not Mode.TEXT
        self.start.setVisible(from_image)
        self.fields["strength"].setEnabled(from_image)
        self._limit_strength()

    def _run_changed(self, run: RunState) -> None:
        model = run.model
        if model is None or model is self._model:
            return
        self._model = model
        self._adapt(model)

    def _adapt(self, model: ModelInfo) -> None:
        """Sets the slider ranges that suit the model, and explains what it does not support."""
        quick = model.steps <= FEW_STEPS
        self.fields["steps"].set_useful(1, 3 * FEW_STEPS if quick else max(60, 2 * model.steps))
        self.fields["cfg"].set_useful(1, 5 if model.cfg <= LITTLE_CFG else max(15, 2 * model.cfg))
        for mode, _, tip in MODES:
            wants = _CONTROL_MODES.get((model.input_kind, mode), "")
            button = self.mode.button(mode)
            button.setToolTip(self.tr(wants or tip))
            button.setAccessibleDescription(self.tr(wants) if wants else "")
        hints = dict.fromkeys(("steps", "cfg"), "")
        if quick:
            hints["steps"] = self.tr("{} was made for about {} steps.")
            hints["steps"] = hints["steps"].format(model.name, model.steps)
        if model.cfg <= LITTLE_CFG:
            hints["cfg"] = self.tr("{} was made for a low CFG scale, such as {:g}.")
            hints["cfg"] = hints["cfg"].format(model.name, model.cfg)
        for name, hint in hints.items():
            self._captions[name].add_hint(hint)
        self._limit_strength()

    def _limit_strength(self) -> None:
        """With few steps, the minimum strength is one step."""
        model, steps = self._store.run.model, self._store.steps
        quick = model is not None and model.steps <= FEW_STEPS
        notches = math.ceil(1 / (steps * STRENGTH_NOTCH) - 1e-9) if quick else 1
        self.fields["strength"].set_useful(min(1.0, notches * STRENGTH_NOTCH), 1)
        hint = self.tr("At least one step runs: with {steps} steps, a strength of {least}.")
        hint = hint.format(steps=steps, least=f"{1 / steps:.2g}") if quick else ""
        self._captions["strength"].add_hint(hint)
