"""The parts of a trajectory along which nothing changes.

A request without changes is one leg. Each change, recorded or steered while it runs, begins
another one from the state that was reached.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

import torch
from torch import Tensor

from ..cancellation import Check, checked
from ..conditioning.text.prompt_plan import StepConditioning, plan_conditioning
from ..conditioning.text.sentence import Cond, concatenate
from ..errors import RequestError
from ..model.model import Model
from ..model.tiling import blended
from ..request.request import Change, Request
from ..sampling.guidance import (
    CondUncond,
    cfg,
    cfg_plus_plus,
    combine_pair,
    composable,
    differential_diffusion,
    dual_guidance,
    dynamic_thresholding,
    limited_interval,
    masked,
    rescale_cfg,
)
from ..sampling.model_schedule import NarrowedSchedule, Schedule
from ..sampling.predictions import denoiser
from ..sampling.samplers import SAMPLERS, sigmas_for
from ..sampling.sigma_schedules import truncate
from ..sampling.trajectory import Denoiser, Sampler
from .extra_conditioning import Given
from .init_image import Original


@dataclass(frozen=True)
class Leg:
    """From one step to the next change."""

    begin: int
    """The step it starts with."""
    request: Request
    """What is asked for along it, without changes."""
    model: Model
    original: Original | None
    given: Given | None
    sigmas: tuple[float, ...]
    """Of the whole trajectory: those before `begin` are the levels that were visited."""
    sampler: Sampler
    denoisers: tuple[Denoiser, ...]
    """One for each step: what they are told may change with their number."""
    forgets: bool = False
    """Whether the sampler's memory of earlier legs is of no use to it."""


def first_leg(
    model: Model,
    request: Request,
    original: Original | None,
    given: Given | None,
    unit: Tensor,
    check: Check,
) -> Leg:
    """`unit` is the noise the trajectory starts from, [1, C, h, w]; `check` is asked before each
    evaluation of the network, which is one of a tile where there are tiles.
    """
    sigmas = _levels(model, request)
    if original is not None:
        sigmas = truncate(sigmas, request.strength)
    return _leg(model, request, original, given, sigmas, unit, check)


def next_leg(
    model: Model,
    before: Leg,
    change: Change,
    original: Original | None,
    given: Given | None,
    unit: Tensor,
    check: Check,
) -> Leg:
    """What `change` makes of the leg before.

    Levels that change are those of the new schedule below the level that was reached. Raises
    RequestError if the trajectory is over by then.
    """
    steps = len(before.sigmas) - 1
    if change.step >= steps:
        raise RequestError(
            "changes", f"A change at step {change.step} comes after the last of {steps} steps."
        )
    asked = change.fields
    request = before.request.changed(change)
    sigmas = before.sigmas
    if {"sampler", "schedule", "steps"} & asked.keys():
        visited = sigmas[: change.step + 1]
        onward = _levels(model, request)
        above = [i for i, sigma in enumerate(onward) if sigma > visited[-1] * (1 - 1e-6)]
        sigmas = (*visited, *onward[max(above, default=-1) + 1 :])
    leg = _leg(model, request, original, given, sigmas, unit, check, change.step)
    forgets = request.sampler != before.request.sampler or sigmas != before.sigmas
    forgets = forgets or model.backbone is not before.model.backbone
    return replace(leg, forgets=forgets)


def _leg(
    model: Model,
    request: Request,
    original: Original | None,
    given: Given | None,
    sigmas: tuple[float, ...],
    unit: Tensor,
    check: Check,
    begin: int = 0,
) -> Leg:
    def denoiser_of(told: StepConditioning) -> Denoiser:
        denoise = _guided(model, request, told, sigmas, given, check)
        if original is None or original.cells is None:
            return denoise
        kept = (original.latent, original.cells, unit)
        if request.inpaint.soft:
            return differential_diffusion(denoise, *kept, _remaining(model.schedule, sigmas[0]))
        return masked(denoise, *kept)

    told = plan_conditioning(request.prompt, request.negative, len(sigmas) - 1, request.syntax)
    told = (*told[begin : begin + 1] * begin, *told[begin:])  # what is over is not encoded
    made = {step: denoiser_of(step) for step in dict.fromkeys(told)}
    sampler = SAMPLERS[request.sampler].with_options(request.options.given)
    denoisers = tuple(made[step] for step in told)
    return Leg(begin, request, model, original, given, sigmas, sampler, denoisers)


def _levels(model: Model, request: Request) -> tuple[float, ...]:
    if request.levels.sigmas:
        return (*request.levels.sigmas, 0.0)
    schedule = _narrowed(model.schedule, request)
    asked = (request.sampler, request.schedule, request.steps)
    return sigmas_for(*asked, schedule, request.levels.rho)


def _narrowed(schedule: Schedule, request: Request) -> Schedule:
    lowest, highest = schedule.sigma_min, schedule.sigma_max
    low, high = request.levels.sigma_min, request.levels.sigma_max
    if low is None and high is None:
        return schedule
    low, high = lowest if low is None else low, highest if high is None else high
    if not lowest * (1 - 1e-6) <= low < high <= highest * (1 + 1e-6):
        raise RequestError(
            "levels.sigma_min" if low < lowest or low >= high else "levels.sigma_max",
            f"The sigmas from {low:.6g} to {high:.6g} are not a range within the model's, "
            f"{lowest:.6g} to {highest:.6g}.",
            "Choose values between these.",
        )
    return NarrowedSchedule(schedule, low, high)


def _guided(
    model: Model,
    request: Request,
    told: StepConditioning,
    sigmas: tuple[float, ...],
    given: Given | None,
    check: Check,
) -> Denoiser:
    tile = request.tile // model.factor
    reader = model.with_clip_skip(request.clip_skip)
    weights = [weight for weight, _ in told.parts]
    conds = [reader.condition(passage) for _, passage in told.parts]
    negative = reader.condition(told.negative, negative=True)
    channels = without = None
    if given is not None:
        conds, negative = [given.told(cond) for cond in conds], given.told(negative, negative=True)
        channels, without = given.channels, given.without

    def network(cond: Cond, channels: Tensor | None, scale: float = 1.0) -> Denoiser:
        predict = checked(model.predictor(cond, scale), check)

        def whole(x: Tensor, t: float) -> Tensor:
            if channels is not None:
                x = torch.cat([x, channels.expand(len(x), -1, -1, -1)], dim=1)
            return tiled(x, t) if tile else predict(x, t)

        def tiled(x: Tensor, t: float) -> Tensor:
            def part(x: Tensor) -> Tensor:
                return predict(x, t)

            return blended(part, x, tile=tile, overlap=tile // 4)

        return denoiser(whole, model.prediction, model.schedule)

    guidance = request.guidance
    weighs = without is not None and guidance.image != 1
    unguided = request.cfg == 1 and not guidance.plus_plus and not weighs
    unguided = unguided or guidance.start == guidance.end
    seen = [*((cond, channels) for cond in conds), (negative, channels)]

    def alone(scale: float = 1.0) -> Denoiser:
        """The prompt's estimate, guided only where the U-Net does that by itself."""
        if weights == [1.0]:
            return network(conds[0], channels, scale)
        both = _pair(_side_by_side(partial(network, scale=scale), seen), weights)
        return combine_pair(both, lambda cond, uncond, x, sigma: cond)

    plain = alone()
    if unguided:
        return plain
    if model.told_guidance:
        return _now_and_then(model, request, alone(request.cfg), plain)
    if weighs:
        seen.append((negative, without))
    pair = _pair(_side_by_side(network, seen), weights, guidance.image)
    combine = cfg(request.cfg)
    if guidance.plus_plus:
        combine = cfg_plus_plus(guidance.plus_plus, sigmas)
    if guidance.mimic:
        combine = dynamic_thresholding(combine, guidance.quantile, cfg(guidance.mimic))
    if guidance.rescale:
        combine = rescale_cfg(combine, guidance.rescale)
    return _now_and_then(model, request, combine_pair(pair, combine), plain)


def _now_and_then(model: Model, request: Request, guided: Denoiser, plain: Denoiser) -> Denoiser:
    """Guided in the part of the model's time that is asked for."""
    guidance = request.guidance
    if (guidance.start, guidance.end) == (0.0, 1.0):
        return guided
    low = _at_share(model.schedule, guidance.end) if guidance.end < 1 else 0.0
    high = _at_share(model.schedule, guidance.start) if guidance.start > 0 else math.inf
    return limited_interval(low, high, guided, plain)


def _side_by_side(
    network: Callable[[Cond, Tensor | None], Denoiser], seen: Sequence[tuple[Cond, Tensor | None]]
) -> Callable[[Tensor, float], Sequence[Tensor]]:
    """The estimates of x0 under several conditions: in one batch, unless one is longer than what is
    read at once."""
    if len({cond.tokens.shape for cond, _ in seen}) > 1:
        apart = [network(cond, channels) for cond, channels in seen]
        return lambda x, sigma: [denoise(x, sigma) for denoise in apart]
    channels = [channels for _, channels in seen if channels is not None]
    conds = concatenate([cond for cond, _ in seen])
    together = network(conds, torch.cat(channels) if channels else None)
    return lambda x, sigma: together(torch.cat([x] * len(seen)), sigma).chunk(len(seen))


def _pair(
    estimates: Callable[[Tensor, float], Sequence[Tensor]],
    weights: Sequence[float],
    image: float = 1.0,
) -> CondUncond:
    """The estimate of the whole prompt and that of the negative one.

    `estimates` are those of its parts, of the negative prompt, and perhaps without a picture,
    whose influence is then weighed by `image`.
    """

    def pair(x: Tensor, sigma: float) -> tuple[Tensor, Tensor]:
        found = estimates(x, sigma)
        parts, negative, bare = (
            found[: len(weights)],
            found[len(weights)],
            found[len(weights) + 1 :],
        )
        prompt = parts[0] if weights == [1.0] else composable(parts, weights, negative)
        return dual_guidance(prompt, negative, bare[0], image) if bare else (prompt, negative)

    return pair


def _remaining(schedule: Schedule, start: float) -> Callable[[float], float]:
    """The share of the model's time between `start` and the finished picture that is left."""
    noisiest, cleanest = schedule.t(start), schedule.t(schedule.sigma_min)

    def share(sigma: float) -> float:
        return (schedule.t(sigma) - cleanest) / (noisiest - cleanest)

    return share


def _at_share(schedule: Schedule, share: float) -> float:
    """Sigma after this share of the model's time, from pure noise on."""
    noisiest, cleanest = schedule.t(schedule.sigma_max), schedule.t(schedule.sigma_min)
    return schedule.sigma(noisiest + share * (cleanest - noisiest))
