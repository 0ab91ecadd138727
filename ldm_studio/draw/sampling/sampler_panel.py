"""How the picture is made: what it starts from, sampler, steps, guidance, size, seed."""

from __future__ import annotations

import math
from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QComboBox,
    QGridLayout,
    QHBoxLayout,
    QSpinBox,
    QWidget,
)

from core.request.request import MAX_CFG, MAX_COUNT, MAX_STEPS
from core.sampling.samplers import SAMPLERS
from core.sampling.sigma_schedules import SCHEDULES
from ldm_studio.draw.guides.control_image_panel import ControlImagePanel
from ldm_studio.draw.models.model_field import ModelField
from ldm_studio.engine_protocol import ModelInfo
from ldm_studio.look.theme import GRID, icon
from ldm_studio.store.binding import bind
from ldm_studio.store.run_state import RunState
from ldm_studio.store.store import Mode, StudioStore
from ldm_studio.translation import QT_TRANSLATE_NOOP, told
from ldm_studio.widgets.fields import (
    Caption,
    SeedEdit,
    SegmentedControl,
    SliderField,
    TypedNumbers,
    WheelGuard,
    row_height,
    tool_button,
)

from .advanced_settings import MoreSection
from .changes_note import ChangesLine
from .init_image_row import StartRow
from .inpaint_panel import InpaintSection
from .size_fields import SizeRow

FEW_STEPS = 10
"""A model that was made for no more draws quickly, and no better with many."""
LITTLE_CFG = 2.0
STRENGTH_NOTCH = 0.05

MODES = (
    (
        Mode.TEXT,
        QT_TRANSLATE_NOOP("SamplerPanel", "Text"),
        QT_TRANSLATE_NOOP("SamplerPanel", "Make a picture from the prompt alone."),
    ),
    (
        Mode.IMAGE,
        QT_TRANSLATE_NOOP("SamplerPanel", "Image"),
        QT_TRANSLATE_NOOP("SamplerPanel", "Make a picture from the start picture and the prompt."),
    ),
    (
        Mode.INPAINT,
        QT_TRANSLATE_NOOP("SamplerPanel", "Inpaint"),
        QT_TRANSLATE_NOOP("SamplerPanel", "Redraw only what is painted over on the canvas."),
    ),
)

_CAPTIONS: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "model": (
        QT_TRANSLATE_NOOP("SamplerPanel", "Model"),
        QT_TRANSLATE_NOOP("SamplerPanel", "The model that makes the picture."),
        ("model",),
    ),
    "mode": (
        QT_TRANSLATE_NOOP("SamplerPanel", "Start from"),
        QT_TRANSLATE_NOOP("SamplerPanel", "What is there before the first step."),
        (),
    ),
    "strength": (
        QT_TRANSLATE_NOOP("SamplerPanel", "Strength"),
        QT_TRANSLATE_NOOP(
            "SamplerPanel", "How much of the start picture may change: 1 redraws it wholly."
        ),
        ("strength",),
    ),
    "sampler": (
        QT_TRANSLATE_NOOP("SamplerPanel", "Sampler"),
        QT_TRANSLATE_NOOP("SamplerPanel", "How each step is taken from noise towards a picture."),
        ("sampler",),
    ),
    "schedule": (
        QT_TRANSLATE_NOOP("SamplerPanel", "Schedule"),
        QT_TRANSLATE_NOOP("SamplerPanel", "How the noise levels are spread over the steps."),
        ("schedule",),
    ),
    "steps": (
        QT_TRANSLATE_NOOP("SamplerPanel", "Steps"),
        QT_TRANSLATE_NOOP(
            "SamplerPanel",
            "How many steps lead from noise to the picture: more take longer and show more detail.",
        ),
        ("steps",),
    ),
    "cfg": (
        QT_TRANSLATE_NOOP("SamplerPanel", "CFG"),
        QT_TRANSLATE_NOOP(
            "SamplerPanel", "How strictly the picture follows the prompt: 1 hardly, 15 stubbornly."
        ),
        ("cfg",),
    ),
    "size": (
        QT_TRANSLATE_NOOP("SamplerPanel", "Size"),
        QT_TRANSLATE_NOOP("SamplerPanel", "Width and height of the picture, in pixels."),
        ("width", "height"),
    ),
    "seed": (
        QT_TRANSLATE_NOOP("SamplerPanel", "Seed"),
        QT_TRANSLATE_NOOP(
            "SamplerPanel",
            "The number the noise is made from: same seed and settings, same picture.",
        ),
        ("seed", "seed_locked"),
    ),
    "count": (
        QT_TRANSLATE_NOOP("SamplerPanel", "Pictures"),
        QT_TRANSLATE_NOOP("SamplerPanel", "How many pictures to make, each with the next seed."),
        ("count",),
    ),
}
"""Name, what it does in a sentence, and the parameters that its reset puts back."""

_REASONS = {
    "steps": QT_TRANSLATE_NOOP(
        "SamplerPanel", "There are as many steps as sigmas in the list under More."
    ),
    "schedule": QT_TRANSLATE_NOOP(
        "SamplerPanel", "The list of sigmas under More is visited instead."
    ),
    "cfg": QT_TRANSLATE_NOOP("SamplerPanel", "CFG++ under More is used instead."),
}
"""Why a parameter does not apply."""

_LED = {
    ("depth", Mode.TEXT): QT_TRANSLATE_NOOP(
        "SamplerPanel", "Make a picture from the prompt and the picture of depths below."
    ),
    ("depth", Mode.IMAGE): QT_TRANSLATE_NOOP(
        "SamplerPanel", "Make a picture from the start picture, after the depths below."
    ),
    ("instruct-pix2pix", Mode.TEXT): QT_TRANSLATE_NOOP(
        "SamplerPanel", "Edit the picture below as the prompt says."
    ),
    ("instruct-pix2pix", Mode.IMAGE): QT_TRANSLATE_NOOP(
        "SamplerPanel",
        "Edit the start picture, or the one below, and keep of it what the strength leaves.",
    ),
    ("upscaling", Mode.TEXT): QT_TRANSLATE_NOOP(
        "SamplerPanel", "Enlarge the picture below; the prompt says what it shows."
    ),
    ("upscaling", Mode.IMAGE): QT_TRANSLATE_NOOP(
        "SamplerPanel", "Draw the start picture anew, in the size it has."
    ),
    ("unCLIP", Mode.TEXT): QT_TRANSLATE_NOOP(
        "SamplerPanel", "Make a picture from the prompt, and vary the one below if there is one."
    ),
    ("unCLIP", Mode.IMAGE): QT_TRANSLATE_NOOP(
        "SamplerPanel",
        "Make a picture from the start picture, and vary the one below if there is one.",
    ),
}
"""What models that are led by a picture make of what they start from, by `ModelInfo.extra`."""


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
        self.sampler = self._choices(
            self.tr("Sampler"), {k: row.summary for k, row in SAMPLERS.items()}
        )
        self.schedule = self._choices(
            self.tr("Schedule"), {k: row.summary for k, row in SCHEDULES.items()}
        )
        self.steps = SliderField(1, MAX_STEPS, (1, 60))
        self.cfg = SliderField(0, MAX_CFG, (1, 15), step=0.5, decimals=1)
        self.strength = SliderField(0.01, 1, (STRENGTH_NOTCH, 1), step=STRENGTH_NOTCH, decimals=2)
        self.size_row = SizeRow(store)
        self.seed = SeedEdit()
        self.dice = tool_button(
            "dice", self.tr("New seed"), self.tr("Take a new random seed now and keep it.")
        )
        self.lock = tool_button(
            "unlock", self.tr("Keep the seed"), self.tr("Keep this seed, rather than a new one "
                                                        "each time."),
            checkable=True,
        )  # fmt: skip
        self.count = QSpinBox(minimum=1, maximum=MAX_COUNT)
        self.count.setButtonSymbols(QAbstractSpinBox.ButtonSymbols.NoButtons)
        self.count.setKeyboardTracking(False)
        self.count.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.count.setFixedWidth(self.fontMetrics().horizontalAdvance("0000") + 2 * GRID)
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

    # Building

    def _choices(self, name: str, summaries: dict[str, str]) -> QComboBox:
        box = QComboBox()
        box.setMinimumContentsLength(6)
        box.setAccessibleName(name)
        for value, summary in summaries.items():
            box.addItem(value)
            box.setItemData(box.count() - 1, told(summary), Qt.ItemDataRole.ToolTipRole)
        return box

    def _caption(self, name: str, control: QWidget) -> Caption:
        text, tip, resets = _CAPTIONS[name]
        reset = partial(self._store.reset, *resets) if resets else None
        self._captions[name] = Caption(self.tr(text), control, self.tr(tip), reset)
        return self._captions[name]

    def _lay_out(self) -> None:
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(GRID)
        grid.setColumnStretch(1, 1)
        buddies = {
            "model": self.model.box,
            "size": self.size_row.preset,
            "seed": self.seed,
            "count": self.count,
        }
        rows = {
            "model": self.model,
            "model_problem": self.model.problem,
            "model_vae": self.model.vae,
            "changes": self.changes,
            "mode": self.mode,
            "start": self.start,
            "strength": self.strength,
            "control": self.control,
            "inpaint": self.inpaint,
            "sampler": self.sampler,
            "schedule": self.schedule,
            "steps": self.steps,
            "cfg": self.cfg,
            "size": self.size_row,
            "problem": self.size_row.problem,
            "seed": self._seed_row(),
            "count": self.count,
            "more": self.more,
        }
        for row, (name, control) in enumerate(rows.items()):
            if name in _CAPTIONS:
                grid.addWidget(self._caption(name, buddies.get(name, control)), row, 0)
                place = Qt.AlignmentFlag.AlignLeft if name == "count" else Qt.AlignmentFlag(0)
                grid.addWidget(control, row, 1, place)
            elif name == "model_vae" or name.endswith("problem"):
                grid.addWidget(control, row, 1)
            else:
                grid.addWidget(control, row, 0, 1, 2)
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
        line.addWidget(self.seed, 1)
        for button in (self.dice, self.lock):
            button.setFixedHeight(row_height(self))
        line.addWidget(self.dice)
        line.addWidget(self.lock)
        return row

    # Binding

    def _bind(self) -> None:
        store = self._store
        for name in ("sampler", "schedule"):
            box = getattr(self, name)
            bind(store, name, box, box.currentText, box.setCurrentText, box.currentTextChanged)
        for name in ("steps", "cfg", "strength", "seed", "mode"):
            field = getattr(self, name)
            bind(store, name, field, field.value, field.set_value, field.changed)
        box = self.count
        bind(store, "count", box, box.value, box.setValue, box.valueChanged)
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
        self.seed.textEdited.connect(self._seed_typed)
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
        from_picture = mode is not Mode.TEXT
        self.start.setVisible(from_picture)
        self.strength.setEnabled(from_picture)
        self._limit_strength()

    def _run_changed(self, run: RunState) -> None:
        model = run.model
        if model is None or model is self._model:
            return
        self._model = model
        self._adapt(model)

    def _adapt(self, model: ModelInfo) -> None:
        """Sliders over what suits the model, and reasons where it cannot do something."""
        quick = model.steps <= FEW_STEPS
        self.steps.set_useful(1, 3 * FEW_STEPS if quick else max(60, 2 * model.steps))
        self.cfg.set_useful(1, 5 if model.cfg <= LITTLE_CFG else max(15, 2 * model.cfg))
        for mode, _, tip in MODES:
            wants = _LED.get((model.extra, mode), "")
            button = self.mode.button(mode)
            button.setToolTip(self.tr(wants or tip))
            button.setAccessibleDescription(self.tr(wants) if wants else "")
        hints = dict.fromkeys(("steps", "cfg"), "")
        if quick:
            hints["steps"] = self.tr("{} was made to draw in about {} steps.")
            hints["steps"] = hints["steps"].format(model.name, model.steps)
        if model.cfg <= LITTLE_CFG:
            hints["cfg"] = self.tr("{} was made for little guidance: {:g} suits it.")
            hints["cfg"] = hints["cfg"].format(model.name, model.cfg)
        for name, hint in hints.items():
            self._captions[name].add_hint(hint)
        self._limit_strength()

    def _limit_strength(self) -> None:
        """Of few steps each is a large share: less strength than one step has none can have."""
        model, steps = self._store.run.model, self._store.steps
        quick = model is not None and model.steps <= FEW_STEPS
        notches = math.ceil(1 / (steps * STRENGTH_NOTCH) - 1e-9) if quick else 1
        self.strength.set_useful(min(1.0, notches * STRENGTH_NOTCH), 1)
        hint = self.tr("At least one step is drawn: with {steps} steps, a strength of {least}.")
        hint = hint.format(steps=steps, least=f"{1 / steps:.2g}") if quick else ""
        self._captions["strength"].add_hint(hint)
