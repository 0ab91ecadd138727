"""Branches from a step of a finished image."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from PySide6.QtCore import QObject, Signal

from core.errors import Message, RequestError
from core.request.request import Change, Request
from ldm_studio.draw.run.image_strip import StripEntry
from ldm_studio.images.refiner import refinement
from ldm_studio.images.run_record import Parent
from ldm_studio.main_window import MainWindow
from ldm_studio.prompts.wildcard_files import Wildcards, resolve_change
from ldm_studio.store.change_texts import BRANCHED, difference, in_force
from ldm_studio.store.store import StudioStore
from ldm_studio.translation import translate

from .order import Order

CAN_CHANGE = Message("A branch can change prompt, CFG, sampler, schedule, steps and mask.")
EDIT = Message(
    "A branch can change prompt, CFG, sampler, schedule, steps and mask: edit any, then generate."
)
_RECORDED_FIELDS = ("init", "mask", "model_digest", "prediction", "addons", "version")
"""Fields of a request that are only known when its image is made."""
_NOT_BRANCHED = tuple(
    field.name
    for field in fields(Request)
    if field.name not in (*BRANCHED, *_RECORDED_FIELDS, "changes")
)


@dataclass(frozen=True, eq=False)
class Branch:
    """A step of an image, and the state of the panels when the branch was started."""

    entry: StripEntry
    step: int
    panels: Request
    mask: np.ndarray | None

    @property
    def name(self) -> str:
        return (
            self.entry.path.name
            if self.entry.path
            else translate("BranchController", "an unsaved image")
        )

    @property
    def shared(self) -> Request:
        """The parent's request up to the branch."""
        return shared(self.entry.image.request, self.step)

    def ignored(self, panels: Request) -> list[str]:
        """Settings edited since, which a branch cannot change."""
        return list(difference(self.panels, panels, _NOT_BRANCHED))

    def order(
        self, panels: Request, mask: np.ndarray | None, wildcards: Wildcards | None = None
    ) -> Order:
        """The order of the panels and the mask; `wildcards`: those that prompts may name.

        Raises RequestError if it equals the parent, or is impossible.
        """
        entry, parent = self.entry, self.entry.image
        changed = difference(self.panels, panels, BRANCHED)
        if wildcards is not None:
            changed = resolve_change(changed, parent.request.seed, wildcards)
        inputs = entry.inputs
        if not _same(mask, self.mask):
            if mask is None:
                changed["mask"] = ""
            else:
                changed |= {"init": inputs.digest(parent.rgb), "mask": inputs.digest(mask)}
                inputs = inputs.with_images({changed["init"]: parent.rgb, changed["mask"]: mask})
        begun = self.shared.changes
        own = (Change(self.step, **changed),) if changed else ()
        request = replace(self.shared, changes=(*begun, *own, *self._refined(changed)))
        if request.changes == parent.request.changes:
            raise RequestError("changes", "Nothing has changed yet.", EDIT)
        named = Parent(inputs.digest(parent.rgb), self.name, self.step)
        return Order(request, inputs, named)

    def _refined(self, changed: Mapping[str, Any]) -> tuple[Change, ...]:
        """The refiner of the parent, if it takes over after the branch."""
        parent = self.entry.image.request
        refined = refinement(parent)
        steps = changed.get("steps", parent.steps)
        later = refined is not None and self.step < refined.step < steps
        if refined is None or not later:
            return ()
        return (replace(refined, addons=None) if changed else refined,)


class BranchController(QObject):
    """The branching mode: while there is a `branch`, a banner shows it."""

    changed = Signal()
    """The branch has changed."""

    def __init__(
        self,
        store: StudioStore,
        window: MainWindow,
        left: Callable[[], None],
        parent: QObject | None = None,
    ) -> None:
        """`left` is called after branching has ended."""
        super().__init__(parent)
        self._store, self._window, self._left = store, window, left
        self.branch: Branch | None = None
        window.banner.dismissed.connect(self.leave)

    def begin(self, entry: StripEntry, step: int) -> None:
        """Starts branching; the panels get the settings of the image at `step`."""
        request = entry.image.request
        refined = refinement(request)
        now = replace(in_force(request, step), changes=(refined,) if refined else ())
        self._store.apply(replace(now, model=request.model))
        view = self._window.canvas.view
        mask = entry.mask_at(step)
        if mask is not None:
            view.set_mask(mask)
        elif view.mask() is not None:
            view.clear_mask()
        self.branch = Branch(entry, step, self._store.snapshot(), view.mask())
        self._window.banner.show_info(
            self.tr("Branching from step {step} of {name}").format(
                step=step, name=self.branch.name
            ),
            EDIT,
            (self.tr("Leave"), lambda: None),
        )
        self.changed.emit()

    def leave(self) -> None:
        """Ends branching; the panels stay unchanged."""
        if self.branch is not None:
            self.branch = None
            self._window.banner.dismiss()
            self._left()
            self.changed.emit()


def shared(request: Request, step: int) -> Request:
    """The request with its changes up to `step`."""
    kept = tuple(change for change in request.changes if change.step <= step)
    return replace(request, changes=kept)


def _same(one: np.ndarray | None, other: np.ndarray | None) -> bool:
    if one is None or other is None:
        return one is other
    return np.array_equal(one, other)
