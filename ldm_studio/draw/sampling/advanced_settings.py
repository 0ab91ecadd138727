"""The seldom used parameters, folded away."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QComboBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QWidget,
)

from core.conditioning.text.text_segment import SYNTAXES
from core.request.request import MAX_CFG, MAX_CLIP_SKIP, MAX_SIDE
from core.sampling.noise_profiles import PROFILES
from core.sampling.sampler_options import Options
from ldm_studio.draw.models.refiner_box import RefinerBox
from ldm_studio.draw.models.vae_box import VaeBox
from ldm_studio.look.theme import GRID
from ldm_studio.store.binding import Binding, bind
from ldm_studio.store.parameters import MORE
from ldm_studio.store.run_state import RunState
from ldm_studio.store.store import MAX_SIGMA, StudioStore
from ldm_studio.translation import QT_TRANSLATE_NOOP, told, translate
from ldm_studio.widgets.collapsible import Collapsible
from ldm_studio.widgets.fields import Caption, NumberBox, OptionalNumber, SeedEdit, SliderField

from .sigmas_edit import SigmasEdit


@dataclass(frozen=True)
class _Words:
    """What is written about a row."""

    text: str
    tip: str
    names: tuple[str, ...]
    """The parameters in it: it is shown where one applies, and its reset puts all back."""
    begins: bool = False
    """Whether a group of rows begins with it."""


_ROWS: dict[str, _Words] = {
    "syntax": _Words(
        QT_TRANSLATE_NOOP("MoreSection", "Syntax"),
        QT_TRANSLATE_NOOP(
            "MoreSection", "Whose way of writing prompts is followed, and what weights in them do."
        ),
        ("syntax",),
    ),
    "clip_skip": _Words(
        QT_TRANSLATE_NOOP("MoreSection", "Clip skip"),
        QT_TRANSLATE_NOOP(
            "MoreSection",
            "How early the text encoder is left: 1 reads with all its layers, 2 without the last "
            "one. Models of Stable Diffusion 1 were often made for 2.",
        ),
        ("clip_skip",),
    ),
    "vae": _Words(
        QT_TRANSLATE_NOOP("MoreSection", "VAE"),
        QT_TRANSLATE_NOOP(
            "MoreSection",
            "What encodes and decodes pictures: another one may give better colours and eyes.",
        ),
        ("vae",),
    ),
    "refiner": _Words(
        QT_TRANSLATE_NOOP("MoreSection", "Refiner"),
        QT_TRANSLATE_NOOP(
            "MoreSection",
            "Another model that goes on at the end: the refiner of Stable Diffusion XL, or any "
            "whose latents are the same.",
        ),
        ("refiner",),
        begins=True,
    ),
    "refiner_at": _Words(
        QT_TRANSLATE_NOOP("MoreSection", "Goes on at"),
        QT_TRANSLATE_NOOP(
            "MoreSection",
            "After which share of the steps the refiner goes on: 0.8 is usual, 1 never.",
        ),
        ("refiner_at",),
    ),
    "rescale": _Words(
        QT_TRANSLATE_NOOP("MoreSection", "Rescale"),
        QT_TRANSLATE_NOOP(
            "MoreSection",
            "CFG rescale takes back the glare of a strong CFG: 0.7 is usual, 0 leaves it.",
        ),
        ("rescale",),
        begins=True,
    ),
    "interval": _Words(
        QT_TRANSLATE_NOOP("MoreSection", "CFG from"),
        QT_TRANSLATE_NOOP(
            "MoreSection",
            "The share of the way, 0 pure noise and 1 the picture, between which CFG acts.",
        ),
        ("guidance_start", "guidance_end"),
    ),
    "plus_plus": _Words(
        QT_TRANSLATE_NOOP("MoreSection", "CFG++"),
        QT_TRANSLATE_NOOP(
            "MoreSection",
            "Gentler guidance in place of CFG, by this strength: 0.6 is usual, 0 leaves CFG.",
        ),
        ("plus_plus",),
    ),
    "mimic": _Words(
        QT_TRANSLATE_NOOP("MoreSection", "Mimic"),
        QT_TRANSLATE_NOOP(
            "MoreSection",
            "Dynamic thresholding: keeps to the range that this lower CFG would give; 0 is off.",
        ),
        ("mimic",),
    ),
    "quantile": _Words(
        QT_TRANSLATE_NOOP("MoreSection", "Quantile"),
        QT_TRANSLATE_NOOP(
            "MoreSection", "How many of the values dynamic thresholding leaves unclipped."
        ),
        ("quantile",),
    ),
    "eta": _Words(
        QT_TRANSLATE_NOOP("MoreSection", "Eta"),
        QT_TRANSLATE_NOOP(
            "MoreSection",
            "How much of each step's noise is fresh: 0 none, 1 all that the process has.",
        ),
        ("eta",),
        begins=True,
    ),
    "churn": _Words(
        QT_TRANSLATE_NOOP("MoreSection", "Churn"),
        QT_TRANSLATE_NOOP(
            "MoreSection", "Noise that is put back before each step, over the whole of a run."
        ),
        ("churn",),
    ),
    "churned": _Words(
        QT_TRANSLATE_NOOP("MoreSection", "Churn at"),
        QT_TRANSLATE_NOOP("MoreSection", "The sigmas between which noise is put back."),
        ("churn_lowest", "churn_highest"),
    ),
    "s_noise": _Words(
        QT_TRANSLATE_NOOP("MoreSection", "S-noise"),
        QT_TRANSLATE_NOOP(
            "MoreSection",
            "Makes fresh noise stronger or weaker: a little above 1 gives more detail.",
        ),
        ("s_noise",),
    ),
    "order": _Words(
        QT_TRANSLATE_NOOP("MoreSection", "Order"),
        QT_TRANSLATE_NOOP(
            "MoreSection", "How many steps the sampler looks back to: fewer are steadier."
        ),
        ("order",),
    ),
    "sigmas": _Words(
        QT_TRANSLATE_NOOP("MoreSection", "Sigmas"),
        QT_TRANSLATE_NOOP(
            "MoreSection",
            "The noise levels to visit, one a step, in place of a schedule: falling, above 0.",
        ),
        ("sigmas",),
        begins=True,
    ),
    "sigma_range": _Words(
        QT_TRANSLATE_NOOP("MoreSection", "Range"),
        QT_TRANSLATE_NOOP(
            "MoreSection", "The lowest and the highest noise level, within those of the model."
        ),
        ("sigma_min", "sigma_max"),
    ),
    "rho": _Words(
        QT_TRANSLATE_NOOP("MoreSection", "Rho"),
        QT_TRANSLATE_NOOP(
            "MoreSection",
            "The bend of the schedule: higher spends more steps where there is little noise.",
        ),
        ("rho",),
    ),
    "noise": _Words(
        QT_TRANSLATE_NOOP("MoreSection", "Noise"),
        QT_TRANSLATE_NOOP(
            "MoreSection",
            "Whose way of drawing noise from the seed is followed, to make their pictures again.",
        ),
        ("noise",),
        begins=True,
    ),
    "variation": _Words(
        QT_TRANSLATE_NOOP("MoreSection", "Variation"),
        QT_TRANSLATE_NOOP(
            "MoreSection",
            "How far the noise is turned towards that of another seed: 0 not, 1 wholly.",
        ),
        ("variation_strength",),
    ),
    "variation_seed": _Words(
        QT_TRANSLATE_NOOP("MoreSection", "Towards"),
        QT_TRANSLATE_NOOP("MoreSection", "The seed that the variation goes towards."),
        ("variation_seed",),
    ),
    "tile": _Words(
        QT_TRANSLATE_NOOP("MoreSection", "Tiles"),
        QT_TRANSLATE_NOOP(
            "MoreSection",
            "Draw in overlapping tiles of this side, which form together: for pictures larger "
            "than the model draws; 0 is all at once.",
        ),
        ("tile",),
        begins=True,
    ),
}

_NAMES = {
    "rescale": QT_TRANSLATE_NOOP("MoreSection", "CFG rescale"),
    "mimic": QT_TRANSLATE_NOOP("MoreSection", "mimic CFG"),
    "guidance_start": QT_TRANSLATE_NOOP("MoreSection", "CFG from"),
    "guidance_end": QT_TRANSLATE_NOOP("MoreSection", "CFG to"),
    "churn_lowest": QT_TRANSLATE_NOOP("MoreSection", "churn from"),
    "churn_highest": QT_TRANSLATE_NOOP("MoreSection", "churn to"),
    "sigma_min": QT_TRANSLATE_NOOP("MoreSection", "sigma from"),
    "sigma_max": QT_TRANSLATE_NOOP("MoreSection", "sigma to"),
    "variation_seed": QT_TRANSLATE_NOOP("MoreSection", "variation towards"),
}
"""Parameters that share a row, or need their neighbours to be understood."""


_Number = NumberBox | OptionalNumber


class MoreSection(Collapsible):
    """One row for each parameter that applies."""

    def __init__(self, store: StudioStore) -> None:
        super().__init__(
            translate("MoreSection", "More"),
            translate("MoreSection", "Show or hide the seldom used settings."),
        )
        self._store = store
        self._model = store.run.model
        self._rows: dict[str, tuple[Caption, QWidget]] = {}
        self._customary: list[Binding] = []
        self._build_controls()
        self._grid = QGridLayout(self.body)
        self._lay_out()
        self._bind()
        self._refresh()

    def caption_width(self) -> int:
        """Of the widest name, shown or not."""
        return max(caption.sizeHint().width() for caption, _ in self._rows.values())

    def set_caption_width(self, width: int) -> None:
        self._grid.setColumnMinimumWidth(0, width)

    def row(self, name: str) -> QWidget:
        """The control, or the row of controls, called so in the table above."""
        return self._rows[name][1]

    # Building

    def _build_controls(self) -> None:
        self.syntax = _choice(SYNTAXES)
        self.clip_skip = SliderField(1, MAX_CLIP_SKIP, (1, 4))
        self.vae = VaeBox(self._store)
        self.refiner = RefinerBox(self._store)
        self.refiner_at = SliderField(0, 1, (0, 1), step=0.05, decimals=2)
        self.rescale = SliderField(0, 1, (0, 1), step=0.05, decimals=2)
        self.guidance_start = NumberBox(0, 1, 0.05, 2)
        self.guidance_end = NumberBox(0, 1, 0.05, 2)
        self.plus_plus = SliderField(0, 1, (0, 1), step=0.05, decimals=2)
        self.mimic = SliderField(0, MAX_CFG, (0, 15), step=0.5, decimals=1)
        self.quantile = SliderField(0.5, 1, (0.9, 1), step=0.005, decimals=3)
        limits = Options.RANGES
        self.eta = SliderField(*limits["eta"], (0, 1), step=0.05, decimals=2)
        self.churn = SliderField(*limits["churn"], (0, 40), step=1, decimals=1)
        self.churn_lowest = OptionalNumber("0", *limits["churn_lowest"])
        self.churn_highest = OptionalNumber("∞", *limits["churn_highest"])
        self.s_noise = SliderField(*limits["s_noise"], (0.9, 1.1), step=0.01, decimals=2)
        self.order = SliderField(*limits["order"], limits["order"])
        self.sigmas = SigmasEdit()
        self.sigma_min = OptionalNumber(self.tr("model's"), 1e-6, MAX_SIGMA)
        self.sigma_max = OptionalNumber(self.tr("model's"), 1e-6, MAX_SIGMA)
        self.rho = SliderField(0.1, 100, (0.5, 10), step=0.5, decimals=1)
        self.noise = _choice(PROFILES)
        self.variation_strength = SliderField(0, 1, (0, 1), step=0.05, decimals=2)
        self.variation_seed = SeedEdit()
        self.tile = SliderField(0, MAX_SIDE, (0, 1024), step=64)
        self.range_problem = QLabel(self.tr("The first must be below the second."), wordWrap=True)
        self.range_problem.setObjectName("wrong")

    def _lay_out(self) -> None:
        controls: dict[str, QWidget] = {
            "interval": _between(
                self.guidance_start, self.guidance_end, self.tr("CFG from"), self.tr("CFG to")
            ),
            "churned": _between(
                self.churn_lowest, self.churn_highest, self.tr("Churn from"), self.tr("Churn to")
            ),
            "sigma_range": _between(
                self.sigma_min, self.sigma_max, self.tr("Sigma from"), self.tr("Sigma to")
            ),
            "variation": self.variation_strength,
        }
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(GRID)
        self._grid.setColumnStretch(1, 1)
        problems = {"sigmas": self.sigmas.problem, "sigma_range": self.range_problem}
        for i, (key, words) in enumerate(_ROWS.items()):
            row = 3 * i
            if words.begins:
                self._grid.setRowMinimumHeight(row - 1, GRID // 2)
            control = controls.get(key) or getattr(self, key)
            reset = partial(self._reset, words.names)
            caption = Caption(self.tr(words.text), control, self.tr(words.tip), reset)
            self._rows[key] = (caption, control)
            self._grid.addWidget(caption, row, 0)
            self._grid.addWidget(control, row, 1)
            if key in problems:
                self._grid.addWidget(problems[key], row + 1, 1)

    # Binding

    def _bind(self) -> None:
        store = self._store
        plain = (
            "rescale", "plus_plus", "mimic", "quantile", "churn_lowest", "churn_highest", "sigmas",
            "sigma_min", "sigma_max", "variation_strength", "variation_seed", "tile", "clip_skip",
            "vae", "refiner", "refiner_at",
        )  # fmt: skip
        for name in plain:
            field = getattr(self, name)
            bind(store, name, field, field.value, field.set_value, field.changed)
        for name in ("guidance_start", "guidance_end"):
            box = getattr(self, name)
            bind(store, name, box, box.value, box.setValue, box.valueChanged)
        for name in ("eta", "churn", "s_noise", "order", "rho"):
            self._customary.append(self._bind_customary(name, getattr(self, name)))
        for name in ("noise", "syntax"):
            box = getattr(self, name)
            bind(store, name, box, box.currentText, box.setCurrentText, box.currentTextChanged)
        bind(
            store, "more_open", self.toggle, self.toggle.isChecked, self.toggle.setChecked,
            self.toggle.toggled,
        )  # fmt: skip
        self.reset.clicked.connect(self._reset_all)
        store.modified.connect(self._modified)
        store.run_changed.connect(self._on_run)
        store.needs_vae_changed.connect(self._refresh)

    def _bind_customary(self, name: str, field: SliderField) -> Binding:
        """The number that None stands for is shown, and is None again when it is chosen."""
        store = self._store

        def get() -> float | None:
            value = field.value()
            return None if value == store.customary(name) else value

        def put(value: float | None) -> None:
            shown = store.customary(name) if value is None else value
            if shown is not None:
                field.set_value(shown)

        return bind(store, name, field, get, put, field.changed)

    def _reset_all(self) -> None:
        self._reset(MORE)

    def _reset(self, names: Sequence[str]) -> None:
        self._store.reset(*names)
        if "sigmas" in names:
            self.sigmas.set_value(())  # and what was wrong with them

    def _modified(self, name: str) -> None:
        if name in MORE or name in ("sampler", "schedule"):
            self._refresh()

    def _on_run(self, run: RunState) -> None:
        if run.model is not self._model:  # which may not skip layers
            self._model = run.model
            self._refresh()

    def _refresh(self) -> None:
        """Show what applies, and mark what acts."""
        store = self._store
        for binding in self._customary:
            binding.refresh()
        for key, (caption, control) in self._rows.items():
            shown = any(map(store.applies, _ROWS[key].names))
            caption.setVisible(shown)
            control.setVisible(shown)
        low, high = store.sigma_min, store.sigma_max
        crossed = low is not None and high is not None and low >= high
        self.range_problem.setVisible(crossed and store.applies("sigma_min"))
        edited = store.edited()
        self.show_changed([f"{_name(name)}: {_words(getattr(store, name))}" for name in edited])


def _choice(summaries: Mapping[str, str]) -> QComboBox:
    """One of some names, each explained."""
    box = QComboBox()
    box.setMinimumContentsLength(6)
    for i, (name, summary) in enumerate(summaries.items()):
        box.addItem(name)
        box.setItemData(i, told(summary), Qt.ItemDataRole.ToolTipRole)
    return box


def _between(low: _Number, high: _Number, name: str, other: str) -> QWidget:
    """Two numbers, the first below the second; their names are for those who hear them."""
    holder = QWidget()
    row = QHBoxLayout(holder)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(GRID)
    row.addWidget(low, 1)
    row.addWidget(QLabel(translate("MoreSection", "to")))
    row.addWidget(high, 1)
    for number in (low, high):
        number.setAlignment(Qt.AlignmentFlag.AlignCenter)
    low.setAccessibleName(name)
    high.setAccessibleName(other)
    holder.setFocusProxy(low)
    return holder


def _name(parameter: str) -> str:
    if parameter in _NAMES:
        text = _NAMES[parameter]
    else:
        text = next(words.text for words in _ROWS.values() if words.names == (parameter,))
    return translate("MoreSection", text)


def _words(value: object) -> str:
    if isinstance(value, tuple):
        return ", ".join(map(_words, value))
    return f"{value:g}" if isinstance(value, float) else str(value)
