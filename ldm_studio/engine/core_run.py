"""A run of `core` behind the engine's interface."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from core.errors import Message, StateError
from core.images.generated_image import GeneratedImage
from core.images.preview import Preview
from core.request.request import Change, Request
from core.runtime.environment import Environment, environment
from ldm_studio.images.run_record import STEP_DIGEST_LENGTH

from .addon_applier import Provenance

if TYPE_CHECKING:
    from core.pipeline.prepared_run import PreparedRun
    from core.sampling.trajectory import State, Step


log = logging.getLogger(__name__)


class CoreRun:
    """A run of `core` behind the engine's interface."""

    def __init__(
        self,
        run: PreparedRun,
        state: State | None = None,
        step_digests: tuple[str, ...] = (),
        *,
        provenance: Provenance | None = None,
        notes: tuple[Message, ...] = (),
    ) -> None:
        """`state`: the state to resume from; `provenance`: the files the image is made with."""
        self._run = run
        self._start = state or run.start
        self._step_digests = step_digests
        self._notes = notes
        self._provenance = provenance or Provenance()

    @property
    def request(self) -> Request:
        return self._run.recorded_request

    @property
    def environment(self) -> Environment:
        model = self._run.model
        return environment(str(model.device), model.arithmetic)

    @property
    def total(self) -> int:
        return self._run.total

    @property
    def done(self) -> int:
        return self._start.index

    @property
    def step_digests(self) -> tuple[str, ...]:
        return self._step_digests

    @property
    def notes(self) -> tuple[Message, ...]:
        return tuple(dict.fromkeys((*self._notes, *self._provenance.notes)))

    def steps(self) -> Iterator[Step]:
        from core.pipeline.text_to_image import steps

        state = self._start
        while step := next(steps(self._run, state), None):  # read again: the run may have changed
            yield step
            state = step.state

    def steer(self, change: Change, images: Mapping[str, np.ndarray]) -> None:
        from core.pipeline.steering import steer

        inputs = self._run.inputs.with_images(images)
        self._run = steer(replace(self._run, inputs=inputs), change)

    def preview(self, step: Step) -> Preview:
        from core.pipeline.previews import preview

        return preview(self._run, step)

    def estimate(self, step: Step) -> np.ndarray:
        return step.x0[0].half().cpu().numpy()

    def look(self, done: int, estimate: np.ndarray) -> np.ndarray:
        import torch

        from core.pipeline.previews import preview_after

        x0 = torch.as_tensor(estimate).float()[None].to(self._run.model.device)
        return preview_after(self._run, done, x0)

    def step_digest(self, step: Step) -> str:
        from core.sampling.trajectory import digest

        return digest(step.state)[:STEP_DIGEST_LENGTH]

    def save(
        self,
        path: Path,
        step: Step | None,
        *,
        with_inputs: bool = True,
        durable: bool = True,
        step_digests: Sequence[str] = (),
    ) -> None:
        from core.pipeline.saved_job import save

        if self._provenance.are_known:
            self._record_provenance()
        state = step.state if step else self._start
        try:
            save(
                path,
                self._run,
                state,
                with_inputs=with_inputs,
                durable=durable,
                step_digests=step_digests,
            )
        except ValueError as error:
            raise StateError(
                "The image has values that are not finite after step {step}.",
                "Choose a lower CFG, or another sampler or schedule.",
                step=state.index,
            ) from error

    def finish(self, step: Step | None, *, tiled: bool = False) -> GeneratedImage:
        from core.pipeline.text_to_image import finish

        autoencoder = self._run.segments[-1].model.autoencoder
        if tiled and autoencoder.decoder_reach is None:
            self._provenance.add_note(
                Message(
                    "The image did not fit into memory as a whole: it was decoded in small tiles, "
                    "whose colours may differ a little."
                )
            )
        image = finish(self._run, step.state if step else self._start, tiled=tiled)
        self._record_provenance()  # unknown digests delay the image now, rather than its start
        return replace(image, request=self._run.recorded_request)

    def _record_provenance(self) -> None:
        """Records the digests of the model and of the files it is made with, as far as known."""
        run = self._run
        model = replace(run.model, digest=self._provenance.digest() or run.model.digest)
        changes = tuple(
            replace(change, addons=self._provenance.addons_of(segment.request))
            for change, segment in zip(run.request.changes, run.segments[1:], strict=True)
        )
        request = replace(run.request, addons=self._provenance.addons(), changes=changes)
        if (model.digest, request) != (run.model.digest, run.request):
            self._run = replace(run, model=model, request=request)
