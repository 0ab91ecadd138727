"""A checkpoint of Stable Diffusion 1's architecture beside diffusers, with the same weights.

The weights are random, and the networks narrower than the published ones unless `--full` is
given: 4 GB are then written to the temporary folder, and 12 GB of memory are needed.
"""

from __future__ import annotations

import importlib
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from core.checkpoints.load import load_checkpoint
from core.errors import StudioError
from core.model import Model
from core.pipeline import finish, prepare, steps
from core.request import Request
from core.text.clip_tokenizer import END, MERGES, START, clip_tokenizer

from .record import Options, use_cores

PROMPT, NEGATIVE = "a red cat in the snow", "blurry"
SIDE = 256
"""Pixels."""


@dataclass(frozen=True)
class Widths:
    """Of the networks, and how often each thing is timed."""

    unet: int
    autoencoder: int
    text: int
    layers: int
    rounds: int


NARROW = Widths(unet=96, autoencoder=32, text=192, layers=4, rounds=7)
FULL = Widths(unet=320, autoencoder=128, text=768, layers=12, rounds=3)


@dataclass(frozen=True)
class CheckpointResult:
    """Medians, both in turn; ratios are ours by theirs: below 1 we are faster."""

    step_ratio: float
    decode_ratio: float
    picture_ratio: float
    step_ms: float
    """Of ours, both prompts at once."""
    decode_ms: float
    picture_s: float
    load_s: float
    load_memory: float
    """Most memory of its own that loading took, as a share of the weights in memory."""
    weights_mb: float
    largest_difference: float
    """Between the finished pictures, of 255."""
    diffusers: str
    full: bool
    rounds: int

    def line(self) -> str:
        kind = "Stable Diffusion 1" if self.full else "narrow Stable Diffusion 1"
        return (
            f"{kind}, time by that of diffusers {self.diffusers}: step {self.step_ratio:.2f}, "
            f"decoding {self.decode_ratio:.2f}, picture {self.picture_ratio:.2f} "
            f"({self.picture_s:.1f} s); loads in {self.load_s:.1f} s "
            f"with {self.load_memory:.2f} of its weights"
        )


def measure(options: Options) -> CheckpointResult:
    """Raises StudioError when diffusers or transformers is missing or the pictures differ."""
    use_cores()
    widths = FULL if options.full else NARROW
    with tempfile.TemporaryDirectory() as folder, torch.no_grad():
        theirs = _pipeline(widths)
        theirs.save_pretrained(folder)
        load_s, load_bytes = _loading(Path(folder))
        model = load_checkpoint(Path(folder))
        return _compared(model, theirs, options, widths, load_s, load_bytes)


def _compared(
    model: Model, theirs: Any, options: Options, widths: Widths, load_s: float, load_bytes: int
) -> CheckpointResult:
    request = Request(
        prompt=PROMPT,
        negative=NEGATIVE,
        sampler="Euler",
        schedule="Normal",
        steps=options.steps,
        cfg=5.0,
        width=SIDE,
        height=SIDE,
    )
    job = prepare(model, request)
    sigmas = list(job.sigmas)
    x = torch.randn(2, 4, SIDE // 8, SIDE // 8, generator=torch.Generator().manual_seed(0))
    cond = model.text([PROMPT, NEGATIVE])
    predict = model.predictor(cond)

    def our_step() -> Tensor:
        return predict(x, 500.0)

    def their_step() -> Tensor:
        return theirs.unet(x, 500.0, cond.context, return_dict=False)[0]

    def our_decoding() -> Tensor:
        return model.decode(x[:1])

    def their_decoding() -> Tensor:
        return theirs.vae.decode(x[:1] / theirs.vae.config.scaling_factor, return_dict=False)[0]

    def our_picture() -> np.ndarray:
        fresh = prepare(model, request)
        *_, last = steps(fresh)
        return finish(fresh, last.state).rgb

    def their_picture() -> np.ndarray:
        theirs.scheduler.set_timesteps(sigmas=sigmas)
        drawn = theirs(
            prompt=PROMPT,
            negative_prompt=NEGATIVE,
            guidance_scale=request.cfg,
            width=SIDE,
            height=SIDE,
            latents=job.start.x / theirs.scheduler.init_noise_sigma,
            sigmas=sigmas,
            output_type="np",
        ).images[0]
        return (drawn * 255).round().astype(np.uint8)

    difference = float(np.abs(our_picture().astype(int) - their_picture()).max())
    if difference > 8:
        raise StudioError(f"The two pictures differ by {difference:.0f} of 255: no comparison.")
    rounds = options.times(widths.rounds)
    step = _in_turn(our_step, their_step, 3 * rounds)
    decoding = _in_turn(our_decoding, their_decoding, rounds)
    picture = _in_turn(our_picture, their_picture, rounds)
    weights = _bytes(model.unet, model.autoencoder, *(network for network, _ in _texts(model)))
    return CheckpointResult(
        step_ratio=step[0] / step[1],
        decode_ratio=decoding[0] / decoding[1],
        picture_ratio=picture[0] / picture[1],
        step_ms=1000 * step[0],
        decode_ms=1000 * decoding[0],
        picture_s=picture[0],
        load_s=load_s,
        load_memory=load_bytes / weights,
        weights_mb=weights / 1e6,
        largest_difference=difference,
        diffusers=version("diffusers"),
        full=options.full,
        rounds=rounds,
    )


def _in_turn(
    ours: Callable[[], object], theirs: Callable[[], object], rounds: int
) -> tuple[float, float]:
    """Median seconds of each, one after the other so that both meet the same machine."""
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(rounds):
        for work, seconds in zip((ours, theirs), times, strict=True):
            began = time.perf_counter()
            work()
            seconds.append(time.perf_counter() - began)
    return statistics.median(times[0]), statistics.median(times[1])


def _pipeline(widths: Widths) -> Any:
    try:
        diffusers: Any = importlib.import_module("diffusers")
        transformers: Any = importlib.import_module("transformers")
    except ImportError as error:
        raise StudioError(f"{error.name} is not installed.", "Install it with pip.") from error
    torch.manual_seed(0)
    levels = [widths.unet * multiplier for multiplier in (1, 2, 4, 4)]
    merges = [tuple(line.split(" ")) for line in MERGES.read_text(encoding="utf-8").splitlines()]
    pipeline = diffusers.StableDiffusionPipeline(
        vae=diffusers.AutoencoderKL(
            down_block_types=["DownEncoderBlock2D"] * 4,
            up_block_types=["UpDecoderBlock2D"] * 4,
            block_out_channels=[widths.autoencoder * multiplier for multiplier in (1, 2, 4, 4)],
            layers_per_block=2,
            latent_channels=4,
        ),
        unet=diffusers.UNet2DConditionModel(
            block_out_channels=levels,
            cross_attention_dim=widths.text,
            attention_head_dim=8,
        ),
        text_encoder=transformers.CLIPTextModel(
            transformers.CLIPTextConfig(
                hidden_size=widths.text,
                intermediate_size=4 * widths.text,
                num_hidden_layers=widths.layers,
                num_attention_heads=widths.text // 64,
                bos_token_id=START,
                eos_token_id=END,
            )
        ),
        tokenizer=transformers.CLIPTokenizer(
            vocab=clip_tokenizer().get_vocab(), merges=merges, model_max_length=77
        ),
        scheduler=diffusers.EulerDiscreteScheduler(
            beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", steps_offset=1
        ),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )
    pipeline.set_progress_bar_config(disable=True)
    for network in (pipeline.unet, pipeline.vae):
        network.eval().to(memory_format=torch.channels_last)
    return pipeline


def _texts(model: Model) -> Any:
    return getattr(model.text, "encoders", ())


def _bytes(*networks: nn.Module) -> int:
    return sum(p.numel() * p.element_size() for network in networks for p in network.parameters())


def _loading(folder: Path) -> tuple[float, int]:
    """Seconds, and the most bytes of its own a process took while it loaded the model.

    Pages of a mapped file are not its own: the system takes them back whenever it needs them.
    """
    command = [sys.executable, "-m", "benchmarks.checkpoint", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    seconds, bytes_ = done.stdout.split()
    return float(seconds), int(bytes_)


def _own_bytes() -> int:
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("RssAnon"))


def _load_and_tell(folder: Path) -> None:
    """Prints seconds and bytes; watched from another thread while it loads."""
    over = threading.Event()
    before = most = _own_bytes()

    def watch() -> None:
        nonlocal most
        while not over.wait(0.002):
            most = max(most, _own_bytes())

    watcher = threading.Thread(target=watch)
    watcher.start()
    began = time.perf_counter()
    model = load_checkpoint(folder)
    seconds = time.perf_counter() - began
    over.set()
    watcher.join()
    most = max(most, _own_bytes())
    assert model.unet is not None
    print(seconds, most - before)


if __name__ == "__main__":
    _load_and_tell(Path(sys.argv[1]))
