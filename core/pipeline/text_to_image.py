"""The text-to-image pipeline: from a prompt to an image.

    run = prepare(model, request)
    for step in steps(run):
        ...  # show preview(run, step)
    image = finish(run, step.state)

To cancel, stop iterating; between two tiles of a step, raise `Cancelled` from `check`. To steer,
continue with `steps(steer(run, change), step.state)`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import torch

from ..cancellation import CancelCheck, never_cancel
from ..errors import DecodeError
from ..images.generated_image import GeneratedImage
from ..model.model import Model
from ..request.inputs import Inputs
from ..request.request import Request
from ..sampling import noise
from ..sampling.samplers import SAMPLERS
from ..sampling.sigma_schedules import Levels
from ..sampling.trajectory import Sampler, State, Step
from .decoding import compose, count_changed, decode
from .extra_conditioning import extra_conditioning
from .init_image import initial_latent, latent_shape, prepare_init_image
from .own_methods import with_sampler, with_schedule
from .prepared_run import PreparedRun
from .request_checks import check_request, with_recorded_prediction
from .segments import first_segment, noise_levels
from .starting_noise import starting_noise
from .steering import steer


@torch.no_grad()
def prepare(
    model: Model,
    request: Request,
    inputs: Inputs | None = None,
    check: CancelCheck = never_cancel,
    *,
    sampler: str | Sampler | None = None,
    schedule: str | Levels | Sequence[float] | None = None,
) -> PreparedRun:
    """Prepares everything that the steps need.

    `check` is called before each tile and each evaluation of the network; an exception from it ends
    the computation. `sampler` and `schedule`, names or user-defined, replace those of the request:
    see `own_methods`. Raises RequestError if the request does not fit the model or the inputs.
    """
    inputs = inputs or Inputs()
    model = with_recorded_prediction(model, request)
    check_request(model, request, inputs)
    request = with_schedule(with_sampler(inputs.request(request), sampler), schedule, model)
    own = None if isinstance(sampler, str) else sampler
    unchanged = replace(request, changes=())

    # Unit noise in the shape of the latent: a few channels, an eighth of the image's sides.
    shape = latent_shape(model, request)
    unit = starting_noise(request, shape, model.factor).to(model.device)

    # What to draw: the prompts and whatever else conditions the network, encoded; the noise
    # levels to visit; and for each step a denoiser that is guided by them.
    init_image = prepare_init_image(model, unchanged, inputs, check)
    extra = extra_conditioning(model, unchanged, inputs, init_image, unit, check)
    levels = noise_levels(model, unchanged, from_image=init_image is not None)
    segment = first_segment(model, unchanged, init_image, extra, levels, unit, check, own)

    # Where to start: pure noise, or the init image with noise added.
    if init_image is None:
        x = unit * levels.noise
    else:
        x = initial_latent(model, request, init_image, check) * levels.init + unit * levels.noise

    run = PreparedRun(
        model=model,
        request=unchanged,
        inputs=inputs,
        noise=noise.profile_step_noise(
            request.noise,
            request.seed,
            shape,
            model.device,
            delta=request.noise_seed_delta,
            draws=SAMPLERS[request.sampler].draws,
        ),
        unit=unit,
        start=State(0, x),
        segments=(segment,),
        check=check,
    )
    for change in request.changes:
        run = steer(run, change)
    return run


def steps(run: PreparedRun, state: State | None = None) -> Iterator[Step]:
    """The steps after `state`, or all of them: each from one noise level to the next."""
    state = state or run.start
    while state.index < run.total:
        segment = run.segment(state.index)
        with torch.no_grad():  # not around the yield: torch code of the caller is not ours
            step = segment.step(state, run.noise)
        yield step
        state = step.state


@torch.no_grad()
def finish(run: PreparedRun, state: State, *, tiled: bool = False) -> GeneratedImage:
    """Decodes the last latent into pixels. Where the mask is 0, every byte is the init image's.

    `tiled` decodes in small tiles, which need little memory. Raises DecodeError for numbers that
    are not finite.
    """
    segment = run.segments[-1]
    decoded = decode(segment.model, state.x, run.check, tiled=tiled)
    if not decoded.isfinite().all():
        raise DecodeError("The decoded image has values that are not finite.")
    rgb, alpha = compose(segment, decoded)
    changed = count_changed(segment.init_image, rgb)
    return GeneratedImage(rgb, alpha, run.recorded_request, changed, run.replayable)
