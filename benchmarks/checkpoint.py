"""A checkpoint of Stable Diffusion's architecture compared with diffusers, with the same weights.

The weights are random, and the networks narrower than the published ones unless `--full` is given:
then 4 GB are written to the temporary folder (for Stable Diffusion XL in bfloat16 7 GB), and about
as much memory is needed twice.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from core.checkpoints.load_model import load_model
from core.errors import StudioError
from core.model.model import Model
from core.networks.cond import concatenate
from core.pipeline.text_to_image import finish, prepare, steps
from core.request.conditions import Text
from core.request.request import Request

from .loading import Loaded, own_process, weights_mb
from .record import Options, use_cores
from .reference import FULL, NARROW, Widths, in_turn, stable_diffusion, stable_diffusion_xl

PROMPT, NEGATIVE = "a red cat in the snow", "blurry"
SIDE = 256
"""Pixels."""
FULL_SIDE = {"SD1": 512, "SDXL": 1024}
"""The size that the families were trained on."""


@dataclass(frozen=True)
class CheckpointResult:
    """Medians, measured in turn; ratios are ours / theirs: below 1 we are faster."""

    step_ratio: float
    decode_ratio: float
    picture_ratio: float
    step_ms: float
    """Of ours, with both prompts at once."""
    decode_ms: float
    picture_s: float
    load_s: float
    load_memory: float
    """Peak of private memory while loading, relative to the weights in memory."""
    weights_mb: float
    peak_mb: float
    """Peak memory of a process that loads the model and runs one step and the decoder, in the size
    that the family was trained on if the networks are full, including pages of the file.
    """
    largest_difference: float
    """Between the finished images, of 255."""
    diffusers: str
    family: str
    precision: str
    full: bool
    rounds: int

    def line(self) -> str:
        kind = self.family if self.full else f"narrow {self.family}"
        return (
            f"{kind} in {self.precision}, time by that of diffusers {self.diffusers}: step "
            f"{self.step_ratio:.2f}, decoding {self.decode_ratio:.2f}, image "
            f"{self.picture_ratio:.2f} ({self.picture_s:.1f} s); loads in {self.load_s:.1f} s with "
            f"{self.load_memory:.2f} of its weights; at most {self.peak_mb / 1000:.2f} GB"
        )


def measure(options: Options) -> CheckpointResult:
    """Raises StudioError if diffusers or transformers is missing or the images differ."""
    use_cores()
    widths = FULL if options.full else NARROW
    dtype = getattr(torch, options.precision)
    make = stable_diffusion_xl if options.family == "SDXL" else stable_diffusion
    with tempfile.TemporaryDirectory() as name, torch.no_grad():
        folder = Path(name)
        theirs = make(widths, dtype)
        theirs.save_pretrained(folder)
        theirs.unet = theirs.unet.to(memory_format=torch.channels_last)
        side = FULL_SIDE[options.family] if options.full else SIDE
        peak = _drawn_alone(folder, options, side)
        model = load_model(folder, digest="", dtype=dtype)
        model.bring(*model.networks)
        loaded = own_process(folder, weights_mb(model), options.precision)
        return _compared(model, theirs, options, widths, loaded, peak)


def _request(side: int) -> Request:
    return Request(
        prompt=PROMPT,
        negative=NEGATIVE,
        sampler="Euler",
        schedule="Normal",
        cfg=5.0,
        width=side,
        height=side,
    )


def _compared(
    model: Model, theirs: Any, options: Options, widths: Widths, loaded: Loaded, peak: int
) -> CheckpointResult:
    request = replace(_request(SIDE), steps=options.steps)
    job = prepare(model, request)
    sigmas = list(job.sigmas)
    x = torch.randn(2, 4, SIDE // 8, SIDE // 8, generator=torch.Generator().manual_seed(0))
    cond = model.text.encode([PROMPT, NEGATIVE])
    tokens = cond.tokens
    assert tokens is not None
    if cond.vector is not None:
        time_ids = torch.tensor([SIDE, SIDE, 0, 0, SIDE, SIDE]).expand(2, -1)
        more = {"text_embeds": cond.vector.to(model.dtype), "time_ids": time_ids}
    else:
        more = None
    both = [model.condition(Text(text), SIDE, SIDE) for text in (PROMPT, NEGATIVE)]
    prepared = model.prepared(concatenate(both))
    coding = next(model.autoencoder.parameters()).dtype
    if theirs.vae.dtype != coding:
        theirs.vae.to(coding)

    def our_step() -> Tensor:
        return model.predict(x, 500.0, prepared)

    def their_step() -> Tensor:
        given, context = x.to(model.dtype), tokens.to(model.dtype)
        options = {"added_cond_kwargs": more, "return_dict": False}
        return theirs.unet(given, 500.0, context, **options)[0]

    def our_decoding() -> Tensor:
        return model.decode(x[:1])

    def their_decoding() -> Tensor:
        return their_decoded(x[:1])

    def their_decoded(latent: Tensor) -> Tensor:
        unscaled = latent.float() / theirs.vae.config.scaling_factor
        return theirs.vae.decode(unscaled.to(coding), return_dict=False)[0].float()

    def our_image() -> np.ndarray:
        fresh = prepare(model, request)
        *_, last = steps(fresh)
        return finish(fresh, last.state).rgb

    def their_image() -> np.ndarray:
        theirs.scheduler.set_timesteps(sigmas=sigmas)
        latents = job.start.x / theirs.scheduler.init_noise_sigma
        drawn = theirs(
            prompt=PROMPT,
            negative_prompt=NEGATIVE,
            guidance_scale=request.cfg,
            width=SIDE,
            height=SIDE,
            latents=latents.to(model.dtype),
            sigmas=sigmas,
            output_type="latent",
        ).images
        decoded = their_decoded(drawn)
        levels = (decoded[0] / 2 + 0.5).clamp(0, 1).permute(1, 2, 0).numpy()
        return (levels * 255).round().astype(np.uint8)

    difference = float(np.abs(our_image().astype(int) - their_image()).max())
    if options.precision == "float32" and difference > 8:
        raise StudioError(
            "The two images differ by {difference} of 255: no comparison.",
            difference=round(difference),
        )
    rounds = options.times(widths.rounds)
    step = in_turn(our_step, their_step, 3 * rounds)
    decoding = in_turn(our_decoding, their_decoding, rounds)
    picture = in_turn(our_image, their_image, rounds)
    return CheckpointResult(
        step_ratio=step[0] / step[1],
        decode_ratio=decoding[0] / decoding[1],
        picture_ratio=picture[0] / picture[1],
        step_ms=1000 * step[0],
        decode_ms=1000 * decoding[0],
        picture_s=picture[0],
        load_s=loaded.seconds,
        load_memory=loaded.most,
        weights_mb=loaded.weights_mb,
        peak_mb=peak / 1e6,
        largest_difference=difference,
        diffusers=version("diffusers"),
        family=options.family,
        precision=options.precision,
        full=options.full,
        rounds=rounds,
    )


def _drawn_alone(folder: Path, options: Options, side: int) -> int:
    """The peak memory, in bytes, of a process that loads the model and runs one step."""
    command = [
        sys.executable, "-m", "benchmarks.checkpoint", str(folder), options.precision, str(side),
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise StudioError("The model could not be drawn with: {stderr}", stderr=done.stderr[-500:])
    return int(done.stdout)


def _draw_and_tell(folder: Path, precision: str, side: int) -> None:
    """Prints the peak memory in bytes."""
    use_cores()
    model = load_model(folder, digest="", dtype=getattr(torch, precision))
    job = prepare(model, replace(_request(side), steps=1))
    *_, last = steps(job)
    finish(job, last.state)
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)


if __name__ == "__main__":
    _draw_and_tell(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
