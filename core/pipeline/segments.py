"""The segments of a run: between two changes, nothing changes.

A request without changes is one segment. Each change, recorded or made during the run, starts a new
one from the current state.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from torch import Tensor

from ..cancellation import CancelCheck
from ..errors import RequestError
from ..model.model import Model
from ..request.request import Change, Request
from ..sampling.conventions import STUDIO, RunLevels, run_levels
from ..sampling.model_schedule import NarrowedSchedule, Schedule
from ..sampling.noise import initial_scale
from ..sampling.samplers import SAMPLERS
from ..sampling.sigma_schedules import truncate
from ..sampling.step_functions import preserving_variance
from ..sampling.trajectory import Denoiser, Noise, Sampler, State, Step
from .extra_conditioning import ExtraConditioning
from .guided_denoiser import guided_denoisers
from .init_image import InitImage


@dataclass(frozen=True)
class Segment:
    """The steps from one change to the next."""

    begin: int
    """Its first step."""
    request: Request
    """The settings of this segment, without changes."""
    model: Model
    init_image: InitImage | None
    extra: ExtraConditioning | None
    sigmas: tuple[float, ...]
    """Of the whole run: those before `begin` are done."""
    sampler: Sampler
    denoisers: tuple[tuple[Denoiser, ...], ...]
    """Of each step, in the order of its evaluations; the last is for all further ones."""
    resets_memory: bool = False
    """Whether the sampler starts without the memory of earlier segments."""
    own_sampler: bool = False
    """Whether the sampler is user-defined, not the one that the request names."""
    preserves_variance: bool = False
    """See `RunLevels`."""

    def step(self, state: State, noise: Noise) -> Step:
        """The step after `state`, which must belong to this segment."""
        if self.resets_memory and state.index == self.begin:
            state = replace(state, memory=())
        return self.sampler(_in_turn(self.denoisers[state.index]), state, self.sigmas, noise)


def _in_turn(denoisers: Sequence[Denoiser]) -> Denoiser:
    """A denoiser for one step that evaluates each of these in turn, and then the last."""
    if len(denoisers) == 1:
        return denoisers[0]
    following = iter(denoisers)
    last = denoisers[-1]

    def denoise(x: Tensor, sigma: float) -> Tensor:
        return next(following, last)(x, sigma)

    return denoise


def first_segment(
    model: Model,
    request: Request,
    init_image: InitImage | None,
    extra: ExtraConditioning | None,
    levels: RunLevels,
    unit: Tensor,
    check: CancelCheck,
    own_sampler: Sampler | None = None,
) -> Segment:
    """`levels` are its `noise_levels`; `unit` is the noise that the run starts from, [1, C, h, w].

    `check` is called before each evaluation of the network, and before each tile.
    """
    sigmas = levels.sigmas
    own, row = own_sampler is not None, SAMPLERS[request.sampler]
    both = row.takes_both and not own
    denoisers = guided_denoisers(model, request, init_image, extra, sigmas, unit, check, both=both)
    sampler = own_sampler or row.with_options(request.options.given)
    if levels.preserves_variance:
        sampler = preserving_variance(sampler)
    return Segment(
        0,
        request,
        model,
        init_image,
        extra,
        sigmas,
        sampler,
        denoisers,
        own_sampler=own,
        preserves_variance=levels.preserves_variance,
    )


def next_segment(
    model: Model,
    before: Segment,
    change: Change,
    init_image: InitImage | None,
    extra: ExtraConditioning | None,
    unit: Tensor,
    check: CancelCheck,
) -> Segment:
    """The segment after a change.

    New noise levels are those of the new schedule below the current level. Raises RequestError if
    no steps are left.
    """
    begin, steps = change.step, len(before.sigmas) - 1
    if begin >= steps:
        raise RequestError(
            "changes",
            "The change at step {step} comes after the last of {steps} steps.",
            step=change.step,
            steps=steps,
        )
    request = before.request.changed(change)
    sigmas, preserves_variance = before.sigmas, before.preserves_variance
    if {"sampler", "schedule", "steps"} & change.fields.keys():
        visited = sigmas[: begin + 1]
        # Here the whole schedule counts, even from an init image; programs build another one.
        from_image = before.init_image is not None and request.conventions != STUDIO
        levels = noise_levels(model, request, from_image=from_image)
        onward, preserves_variance = levels.sigmas, levels.preserves_variance
        above = [i for i, sigma in enumerate(onward) if sigma > visited[-1] * (1 - 1e-6)]
        sigmas = (*visited, *onward[max(above, default=-1) + 1 :])
    own, row = before.own_sampler and change.sampler is None, SAMPLERS[request.sampler]
    both = row.takes_both and not own
    denoisers = guided_denoisers(
        model, request, init_image, extra, sigmas, unit, check, begin, both=both
    )
    sampler = before.sampler if own else row.with_options(request.options.given)
    if preserves_variance and not own:
        sampler = preserving_variance(sampler)
    resets_memory = request.sampler != before.request.sampler or sigmas != before.sigmas
    resets_memory = resets_memory or own != before.own_sampler
    resets_memory = resets_memory or model.backbone is not before.model.backbone
    return Segment(
        begin,
        request,
        model,
        init_image,
        extra,
        sigmas,
        sampler,
        denoisers,
        resets_memory,
        own,
        preserves_variance,
    )


def noise_levels(model: Model, request: Request, *, from_image: bool) -> RunLevels:
    """The levels that a run visits, from an init image with the strength of the request."""
    strength = request.strength if from_image else None
    if request.levels.sigmas:
        sigmas = (*request.levels.sigmas, 0.0)
        sigmas = sigmas if strength is None else truncate(sigmas, strength)
        levels = RunLevels(sigmas, sigmas[0])
    else:
        levels = run_levels(
            request.conventions,
            request.sampler,
            request.schedule,
            request.steps,
            _narrowed(model.schedule, request),
            rho=request.levels.rho,
            strength=strength,
            sdxl=bool(model.config.family.size_numbers),
        )
    if not from_image and request.conventions == STUDIO:
        return replace(levels, noise=initial_scale(request.noise, levels.sigmas[0]))
    return levels


def _narrowed(schedule: Schedule, request: Request) -> Schedule:
    lowest, highest = schedule.sigma_min, schedule.sigma_max
    low, high = request.levels.sigma_min, request.levels.sigma_max
    if low is None and high is None:
        return schedule
    low, high = lowest if low is None else low, highest if high is None else high
    if not lowest * (1 - 1e-6) <= low < high <= highest * (1 + 1e-6):
        raise RequestError(
            "levels.sigma_min" if low < lowest or low >= high else "levels.sigma_max",
            "The sigmas from {low} to {high} are not a range within the model's, {lowest} "
            "to {highest}.",
            "Choose values between these.",
            low=low,
            high=high,
            lowest=lowest,
            highest=highest,
        )
    return NarrowedSchedule(schedule, low, high)
