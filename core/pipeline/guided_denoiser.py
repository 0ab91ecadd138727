"""Makes denoisers from prompts: encodes the conditions and applies guidance."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import accumulate

import torch
from torch import Tensor

from ..cancellation import CancelCheck, with_cancel_check
from ..conditioning.text.prompt_plan import COUNTED_TWICE, StepConditioning, plan_conditioning
from ..errors import RequestError
from ..model.model import Model
from ..model.tiling import blended_at
from ..networks.cond import Cond, concatenate
from ..request.conditions import Text
from ..request.request import Request
from ..request.text_segment import SYNTAXES
from ..runtime.forecast import evaluations
from ..sampling.conventions import COMFYUI
from ..sampling.guidance import (
    Combination,
    CondUncond,
    cfg,
    cfg_plus_plus,
    cfg_zero_star,
    combine_pair,
    composable,
    differential_diffusion,
    dual_guidance,
    dynamic_thresholding,
    limited_interval,
    masked,
    rescale_cfg,
    zero_init,
)
from ..sampling.model_schedule import DiscreteSchedule, Schedule, WholeTimesteps
from ..sampling.predictions import FLOW, denoiser
from ..sampling.trajectory import Denoiser
from .extra_conditioning import ExtraConditioning
from .init_image import InitImage


def guided_denoisers(
    model: Model,
    request: Request,
    init_image: InitImage | None,
    extra: ExtraConditioning | None,
    sigmas: Sequence[float],
    unit: Tensor,
    check: CancelCheck,
    begin: int = 0,
    *,
    both: bool = False,
) -> tuple[tuple[Denoiser, ...], ...]:
    """The denoisers of each step: one for each evaluation, because prompts may change from one to
    the next, or a single one for all.

    With `both` they give the guided and the unconditional estimate, for `cfg_plus_plus`.

    Those before `begin` are never called, so their prompts are not encoded. `unit` is the noise
    that the run starts from; `check` is called before each evaluation of the network.
    """

    for name in ("zero_star", "zero_init"):
        if getattr(request.guidance, name) and model.prediction is not FLOW:
            raise RequestError(
                f"guidance.{name}",
                "{model} is not a flow model: CFG-Zero* is only for these.",
                "Turn it off, or choose a flow model.",
                model=model.name,
            )
    cells = unit.shape[-2], unit.shape[-1]

    def denoiser_for(conditioning: StepConditioning) -> Denoiser:
        denoise = _guided(model, request, conditioning, sigmas, extra, cells, check, both)
        if request.guidance.zero_init:
            denoise = zero_init(denoise, sigmas, request.guidance.zero_init)
        if init_image is None or init_image.cells is None:
            return denoise
        kept = (init_image.latent, init_image.cells, unit)
        if request.inpaint.soft:
            return differential_diffusion(denoise, *kept, _remaining(model.schedule, sigmas[0]))
        return masked(denoise, *kept)

    conditioning = _conditioning_of_steps(request, len(sigmas) - 1)
    conditioning = [*conditioning[begin : begin + 1] * begin, *conditioning[begin:]]
    denoisers = {one: denoiser_for(one) for step in conditioning for one in step}
    return tuple(tuple(denoisers[one] for one in step) for step in conditioning)


def _conditioning_of_steps(request: Request, steps: int) -> list[tuple[StepConditioning, ...]]:
    """The conditioning of the evaluations of each of `steps`; one if it is the same for all."""
    texts = request.prompt, request.negative
    if SYNTAXES[request.syntax].early:
        return [(one,) for one in plan_conditioning(*texts, steps, request.syntax)]
    counts = evaluations(request.sampler, steps, request.options) or (1,) * steps
    asked = request.steps * (2 if request.sampler in COUNTED_TWICE else 1)
    planned = plan_conditioning(*texts, sum(counts), request.syntax, steps=asked)
    ends = accumulate(counts)
    found = [planned[end - count : end] for count, end in zip(counts, ends, strict=True)]
    return [step if len(set(step)) > 1 else step[:1] for step in found]


def _guided(
    model: Model,
    request: Request,
    conditioning: StepConditioning,
    sigmas: Sequence[float],
    extra: ExtraConditioning | None,
    cells: tuple[int, int],
    check: CancelCheck,
    both: bool,
) -> Denoiser:
    """`cells`: the height and width of the latent."""
    tile = request.tile // model.factor
    height, width = (min(tile or side, side) * model.factor for side in cells)
    weights = [weight for weight, _ in conditioning.parts]
    texts = [Text(segment, request.clip_skip) for _, segment in conditioning.parts]
    conds = [model.condition(text, width, height) for text in texts]
    avoided = Text(conditioning.negative, request.clip_skip)
    negative = model.condition(avoided, width, height, negative=True)
    without = None
    if extra is not None:
        if extra.without_image is not None:
            without = negative.updated(extra.without_image)
        conds = [cond.updated(extra.prompt) for cond in conds]
        negative = negative.updated(extra.negative)
    predict = with_cancel_check(model.predict, check)
    schedule = model.schedule
    if request.conventions == COMFYUI and isinstance(schedule, DiscreteSchedule):
        schedule = WholeTimesteps(schedule)

    def network(cond: Cond) -> Denoiser:
        cond = model.prepared(cond)

        def whole(x: Tensor, t: float) -> Tensor:
            return predict(x, t, cond)

        def tiled(x: Tensor, t: float) -> Tensor:
            def part(x: Tensor, rows: slice, columns: slice) -> Tensor:
                return predict(x, t, cond.cropped(rows, columns))

            return blended_at(part, x, tile=tile, overlap=tile // 4)

        return denoiser(tiled if tile else whole, model.prediction, schedule)

    guidance = request.guidance
    scales_image = without is not None and guidance.image != 1
    unguided = request.cfg == 1 and not guidance.plus_plus and not scales_image and not both
    unguided = unguided or guidance.start == guidance.end
    batch = [*conds, negative]

    def prompt_only(scale: float = 1.0) -> Denoiser:
        """The prompt's estimate, without guidance except what the backbone applies itself."""
        conds = batch
        if model.has_guidance_embedding:
            scales = Cond(guidance=torch.full((1,), scale, device=model.device))
            conds = [cond.updated(scales) for cond in batch]
        if weights == [1.0]:
            return network(conds[0])
        pair = _pair(_side_by_side(network, conds), weights)
        return combine_pair(pair, lambda cond, uncond, x, sigma: cond)

    plain = prompt_only()
    if unguided:
        return plain
    if model.has_guidance_embedding:
        return _within_interval(model, request, prompt_only(request.cfg), plain)
    if scales_image and without is not None:
        batch.append(without)
    pair = _pair(_side_by_side(network, batch), weights, guidance.image)
    if guidance.zero_star:
        pair = cfg_zero_star(pair)
    combine = cfg(request.cfg)
    if guidance.plus_plus and not both:
        combine = cfg_plus_plus(guidance.plus_plus, sigmas)
    if guidance.mimic:
        combine = dynamic_thresholding(combine, guidance.quantile, cfg(guidance.mimic))
    if guidance.rescale:
        combine = rescale_cfg(combine, guidance.rescale)
    if both:
        combine = _above_unconditional(combine)
    return _within_interval(model, request, combine_pair(pair, combine), plain)


def _above_unconditional(combine: Combination) -> Combination:
    """The guided and the unconditional estimate in one batch, as `cfg_plus_plus` takes them."""

    def combined(cond: Tensor, uncond: Tensor, x: Tensor, sigma: float) -> Tensor:
        return torch.cat([combine(cond, uncond, x, sigma), uncond])

    return combined


def _within_interval(model: Model, request: Request, guided: Denoiser, plain: Denoiser) -> Denoiser:
    """`guided` within the requested interval of the model's time, `plain` outside it."""
    guidance = request.guidance
    if (guidance.start, guidance.end) == (0.0, 1.0):
        return guided
    low = _at_share(model.schedule, guidance.end) if guidance.end < 1 else 0.0
    high = _at_share(model.schedule, guidance.start) if guidance.start > 0 else math.inf
    return limited_interval(low, high, guided, plain)


def _side_by_side(
    network: Callable[[Cond], Denoiser], conds: Sequence[Cond]
) -> Callable[[Tensor, float], Sequence[Tensor]]:
    """Estimates of x0 under several conditions, in one batch if their prompts have equal length."""
    if len({None if cond.tokens is None else cond.tokens.shape for cond in conds}) > 1:
        apart = [network(cond) for cond in conds]
        return lambda x, sigma: [denoise(x, sigma) for denoise in apart]
    together, count = network(concatenate(conds)), len(conds)
    return lambda x, sigma: together(torch.cat([x] * count), sigma).chunk(count)


def _pair(
    estimates: Callable[[Tensor, float], Sequence[Tensor]],
    weights: Sequence[float],
    image: float = 1.0,
) -> CondUncond:
    """The estimate of the whole prompt and that of the negative prompt.

    `estimates` are those of the prompt's parts, of the negative prompt, and perhaps without an
    image, whose influence is then scaled by `image`.
    """

    def pair(x: Tensor, sigma: float) -> tuple[Tensor, Tensor]:
        found = estimates(x, sigma)
        parts, negative, no_image = (
            found[: len(weights)],
            found[len(weights)],
            found[len(weights) + 1 :],
        )
        prompt = parts[0] if weights == [1.0] else composable(parts, weights, negative)
        return (
            dual_guidance(prompt, negative, no_image[0], image) if no_image else (prompt, negative)
        )

    return pair


def _remaining(schedule: Schedule, start: float) -> Callable[[float], float]:
    """The remaining share of the model's time, from `start` to the finished image."""
    noisiest, cleanest = schedule.t(start), schedule.t(schedule.sigma_min)

    def share(sigma: float) -> float:
        return (schedule.t(sigma) - cleanest) / (noisiest - cleanest)

    return share


def _at_share(schedule: Schedule, share: float) -> float:
    """Sigma after this share of the model's time, counted from pure noise."""
    noisiest, cleanest = schedule.t(schedule.sigma_max), schedule.t(schedule.sigma_min)
    return schedule.sigma(noisiest + share * (cleanest - noisiest))
