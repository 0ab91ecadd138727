"""The training loop: resumable after a kill at any moment, limited by samples or by time.

Every random draw is a function of (seed, step), so a checkpoint consists of the weights, their
moving average, the optimiser's moments and a step number. A resumed run on the same machine ends
with the same bits as one that was never stopped.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import Tensor, nn
from tqdm import tqdm

from ..checkpoints import weight_files
from ..errors import InvalidError, StudioError


class Task(Protocol):
    """What is trained, and the loss of one step."""

    @property
    def module(self) -> nn.Module: ...

    def loss(self, step: int, progress: float, generator: torch.Generator) -> dict[str, Tensor]:
        """The scalar losses of one batch; "loss" is minimised.

        `progress` is the share of the run that is done; all randomness comes from `generator`.
        """
        ...


@dataclass(frozen=True)
class Plan:
    """How long and how fast to train."""

    samples: int
    """Stop after this many; the learning rate decays towards the end."""
    batch: int
    lr: float
    warmup: int = 200
    """Steps of linear warm-up."""
    decay: float = 0.3
    """The last share of the run, over which the learning rate falls to zero (a half cosine)."""
    weight_decay: float = 0.01
    betas: tuple[float, float] = (0.9, 0.99)
    clip: float = 1.0
    ema: float = 0.998
    seed: int = 0
    seconds: float = math.inf
    """Stop after this time; the run can be resumed."""
    checkpoint_every: float = 120.0
    """Seconds."""
    log_every: int = 50
    """Steps."""

    @property
    def steps(self) -> int:
        return math.ceil(self.samples / self.batch)

    def rate(self, step: int) -> float:
        """The learning rate of a step: warm-up, flat, decay."""
        warm = min(1.0, (step + 1) / self.warmup) if self.warmup else 1.0
        left = (self.steps - step) / max(1.0, self.decay * self.steps)
        cool = 0.5 - 0.5 * math.cos(math.pi * min(1.0, left))
        return self.lr * warm * cool


@dataclass
class Progress:
    """The state of a run, which a checkpoint stores."""

    module: nn.Module
    ema: dict[str, Tensor]
    optimiser: torch.optim.AdamW
    step: int = 0


def train(
    task: Task,
    folder: Path,
    plan: Plan,
    *,
    on_checkpoint: Callable[[Progress], None] = lambda progress: None,
    bf16: bool = False,
) -> Progress:
    """Trains, continuing from `folder/checkpoint.safetensors` if it exists.

    Writes `log.jsonl` next to it and calls `on_checkpoint` (sample sheets, say) after each save.
    """
    folder.mkdir(parents=True, exist_ok=True)
    progress = start(task.module, plan)
    path = folder / "checkpoint.safetensors"
    if path.exists():
        load_model(progress, path)
    device = next(task.module.parameters()).device
    deadline = time.monotonic() + plan.seconds
    saved = time.monotonic()
    with (
        (folder / "log.jsonl").open("a", encoding="utf-8") as log,
        tqdm(
            total=plan.samples,
            initial=min(plan.samples, progress.step * plan.batch),
            unit="pic",
            smoothing=0.02,
            mininterval=2.0,
        ) as bar,
    ):
        while progress.step < plan.steps and time.monotonic() < deadline:
            losses = _step(task, progress, plan, device, bf16)
            bar.update(plan.batch)
            if progress.step % plan.log_every == 0:
                record = {name: round(float(value), 6) for name, value in losses.items()}
                record |= {"step": progress.step, "samples": progress.step * plan.batch}
                log.write(json.dumps(record) + "\n")
                log.flush()
                bar.set_postfix_str(f"loss={record['loss']:.4f}")
            if time.monotonic() - saved > plan.checkpoint_every:
                save_checkpoint(progress, plan, path)
                on_checkpoint(progress)
                saved = time.monotonic()
    save_checkpoint(progress, plan, path)
    on_checkpoint(progress)
    return progress


def start(module: nn.Module, plan: Plan) -> Progress:
    """A run before its first step."""
    ema = {name: value.detach().clone() for name, value in module.named_parameters()}
    optimiser = torch.optim.AdamW(
        module.parameters(),
        lr=plan.lr,
        betas=plan.betas,
        weight_decay=plan.weight_decay,
        fused=True,
    )
    return Progress(module, ema, optimiser)


def _step(
    task: Task, progress: Progress, plan: Plan, device: torch.device, bf16: bool
) -> dict[str, Tensor]:
    step = progress.step
    seed = plan.seed * 1_000_003 + step
    generator = torch.Generator().manual_seed(seed)
    untyped: Any = torch  # what torch's stubs lack
    untyped.manual_seed(~seed)  # dropout draws from the global generator
    for group in progress.optimiser.param_groups:
        group["lr"] = plan.rate(step)
    progress.module.train()
    with torch.autocast(device.type, torch.bfloat16) if bf16 else nullcontext():
        losses = task.loss(step, step / plan.steps, generator)
    untyped.autograd.backward(losses["loss"])
    losses["norm"] = nn.utils.clip_grad_norm_(progress.module.parameters(), plan.clip)
    optimiser: Any = progress.optimiser
    optimiser.step()
    progress.optimiser.zero_grad(set_to_none=True)
    progress.step = step + 1
    decay = min(plan.ema, (1 + progress.step) / (10 + progress.step))
    parameters = [value.detach() for value in progress.module.parameters()]
    untyped._foreach_lerp_(list(progress.ema.values()), parameters, 1 - decay)
    return {name: value.detach() for name, value in losses.items()}


def save_checkpoint(progress: Progress, plan: Plan, path: Path) -> None:
    """Writes everything that is needed to resume the run, atomically."""
    tensors: dict[str, Tensor] = {}
    for name, value in progress.module.named_parameters():
        tensors[f"model.{name}"] = value.detach()
        tensors[f"ema.{name}"] = progress.ema[name]
        for key, moment in progress.optimiser.state.get(value, {}).items():
            tensors[f"optimiser.{key}.{name}"] = moment
    plan_json = json.dumps({k: v for k, v in asdict(plan).items() if v != math.inf})
    weight_files.write(path, tensors, {"step": str(progress.step), "plan": plan_json})


def load_model(progress: Progress, path: Path) -> None:
    """Continues a run from a checkpoint. Raises StudioError if it is not one of this network."""
    try:
        tensors, metadata = weight_files.read(path)
        _restore(progress, tensors)
        progress.step = int(metadata["step"])
    except (OSError, KeyError, ValueError) as error:
        raise StudioError(
            "{path} is not a checkpoint of this training run: {error}.",
            "Move it away to start over, or train with the settings of that run.",
            path=path,
            error=error,
        ) from error


@torch.no_grad()
def _restore(progress: Progress, tensors: dict[str, Tensor]) -> None:
    for name, value in progress.module.named_parameters():
        _copy(value, tensors, f"model.{name}")
        _copy(progress.ema[name], tensors, f"ema.{name}")
        if f"optimiser.step.{name}" in tensors:
            progress.optimiser.state[value] = {
                "step": tensors[f"optimiser.step.{name}"].to(value.device, copy=True),
                # channels_last moments, like the weights they belong to
                "exp_avg": _copy(torch.empty_like(value), tensors, f"optimiser.exp_avg.{name}"),
                "exp_avg_sq": _copy(
                    torch.empty_like(value), tensors, f"optimiser.exp_avg_sq.{name}"
                ),
            }


def load_ema(module: nn.Module, path: Path) -> None:
    """Loads the moving average of a checkpoint into a network: the weights to use."""
    try:
        tensors, _ = weight_files.read(path)
        with torch.no_grad():
            for name, value in module.named_parameters():
                _copy(value, tensors, f"ema.{name}")
    except (OSError, KeyError, ValueError) as error:
        raise StudioError(
            "{path} does not fit this network: {error}.", path=path, error=error
        ) from error


def _copy(target: Tensor, tensors: dict[str, Tensor], name: str) -> Tensor:
    """Raises KeyError if there is no such tensor, ValueError if the shapes differ."""
    source = tensors[name]
    if source.shape != target.shape:
        raise InvalidError(
            "{tensor} has the shape {shape}, not {expected}",
            tensor=name,
            shape=tuple(source.shape),
            expected=tuple(target.shape),
        )
    return target.copy_(source)
