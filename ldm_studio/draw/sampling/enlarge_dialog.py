"""The dialog for upscaling: asks for the factor, and explains its effect."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QGridLayout,
    QVBoxLayout,
    QWidget,
)

from ldm_studio.engine_protocol import ModelInfo
from ldm_studio.look.plain_label import PlainLabel
from ldm_studio.look.theme import GRID
from ldm_studio.store.model_limits import enlarged_size, enlarging_problem, tile_side
from ldm_studio.widgets.fields import Caption, SegmentedControl, SliderField

FACTORS = (2, 3, 4)
STRENGTH = 0.15
WIDTH = 380  # logical pixels


class EnlargeDialog(QDialog):
    """Emits the choice."""

    chosen = Signal(int, float)
    """Scale factor, and strength."""

    def __init__(self, size: tuple[int, int], model: ModelInfo, parent: QWidget) -> None:
        """`size`: width and height of the image."""
        super().__init__(parent)
        self.setWindowTitle(self.tr("Enlarge Image"))
        self._size, self._model = size, model
        self.factor = SegmentedControl(
            [(n, f"{n} ×", self.tr("{n} times as wide and high.").format(n=n)) for n in FACTORS]
        )
        self.strength = SliderField(0.01, 1, (0.05, 0.6), step=0.05, decimals=2)
        self.strength.set_value(STRENGTH)
        self.words, self.problem = PlainLabel(wordWrap=True), PlainLabel(wordWrap=True)
        self.words.setObjectName("caption")
        self.problem.setObjectName("wrong")
        roles = QDialogButtonBox.ButtonRole
        self.buttons = QDialogButtonBox()
        self.go = self.buttons.addButton(self.tr("Enlarge"), roles.AcceptRole)
        self.buttons.addButton(self.tr("Cancel"), roles.RejectRole)
        self._lay_out()
        self.factor.changed.connect(self._show_state)
        self.strength.changed.connect(self._show_state)
        self.buttons.accepted.connect(self._accept)
        self.buttons.rejected.connect(self.reject)
        self._show_state()

    def _lay_out(self) -> None:
        grid = QGridLayout()
        grid.setSpacing(GRID)
        tip = self.tr("How much may change: low values clean edges, high values add detail.")
        for row, caption in enumerate(
            (
                Caption(self.tr("Size"), self.factor, self.tr("How many times larger it becomes.")),
                Caption(
                    self.tr("Strength"),
                    self.strength,
                    tip,
                    lambda: self.strength.set_value(STRENGTH),
                ),
            )
        ):
            grid.addWidget(caption, row, 0)
        grid.addWidget(self.factor, 0, 1)
        grid.addWidget(self.strength, 1, 1)
        grid.setColumnStretch(1, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(3 * GRID, 3 * GRID, 3 * GRID, 2 * GRID)
        column.setSpacing(2 * GRID)
        column.addLayout(grid)
        column.addWidget(self.words)
        column.addWidget(self.problem)
        column.addWidget(self.buttons)
        for label in (self.words, self.problem):
            label.setFixedWidth(WIDTH)

    def _show_state(self) -> None:
        model, factor = self._model, self.factor.value()
        width, height = enlarged_size(self._size, factor, model)
        side = tile_side(model)
        self.words.setText(
            self.tr(
                "From {width} × {height} to {new_width} × {new_height} pixels, in overlapping "
                "tiles of {side} × {side} that are denoised together, so no seams appear. More "
                "tiles take more time, but hardly more memory."
            ).format(
                width=self._size[0], height=self._size[1], new_width=width, new_height=height,
                side=side,
            )
            + "\n\n"
            + self.tr(
                "{model} was made for images of {width} × {height}. A strength of "
                "0.1 to 0.2 cleans edges and removes scaling artifacts. Above that, it begins to "
                "draw the whole prompt into every tile; models for large images tolerate more."
            ).format(model=model.name, width=model.width, height=model.height)
        )  # fmt: skip
        problem = enlarging_problem((width, height))
        self.problem.setText(problem)
        self.problem.setVisible(bool(problem))
        self.go.setEnabled(not problem)
        for label in (self.words, self.problem):  # otherwise the last lines would be cut off
            label.setMinimumHeight(max(0, label.heightForWidth(WIDTH)))

    def _accept(self) -> None:
        self.chosen.emit(self.factor.value(), float(self.strength.value()))
        self.accept()
