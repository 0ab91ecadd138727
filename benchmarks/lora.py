"""Patching a LoRA into Stable Diffusion 1's architecture, beside diffusers with PEFT."""

from __future__ import annotations

import importlib
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from core.checkpoints.load_model import load_model
from core.checkpoints.lora import Lora, with_loras
from core.errors import StudioError
from core.networks.cond import Cond

from .record import Options, use_cores
from .reference import FULL, NARROW, stable_diffusion

TARGETS = ["to_q", "to_k", "to_v", "to_out.0", "net.0.proj", "net.2", "proj_in", "proj_out"]
RANK = 16
NAME = "style"
STRENGTHS = 0.8, 0.5


@dataclass(frozen=True)
class LoraResult:
    """Medians, measured in turn; ratios are ours / theirs: below 1 we are faster."""

    apply_ratio: float
    """From the file to a patched network."""
    change_ratio: float
    """Changing the strength."""
    apply_ms: float
    change_ms: float
    remove_ms: float
    """Of theirs; ours leaves the model unchanged, so there is nothing to remove."""
    layers: int
    largest_difference: float
    """Between the outputs of the two patched U-Nets, relative to the largest value."""
    peft: str
    full: bool
    rounds: int

    def line(self) -> str:
        return (
            f"LoRA of rank {RANK} on {self.layers} layers, time by that of diffusers with PEFT "
            f"{self.peft}: applying {self.apply_ratio:.2f} ({self.apply_ms:.0f} ms), another "
            f"strength {self.change_ratio:.2f} ({self.change_ms:.0f} ms), taking it out 0 by "
            f"{self.remove_ms:.0f} ms"
        )


def measure(options: Options) -> LoraResult:
    """Raises StudioError if a package is missing, or the patched networks differ."""
    use_cores()
    widths = FULL if options.full else NARROW
    with tempfile.TemporaryDirectory() as folder, torch.no_grad():
        theirs = stable_diffusion(widths)
        theirs.save_pretrained(folder)
        model = load_model(Path(folder), digest="")
        model.bring(*model.networks)
        file = _written(theirs, Path(folder) / "style")
        first, second = (Lora(file, strength, strength) for strength in STRENGTHS)

        def apply_theirs() -> None:
            theirs.load_lora_weights(file.parent, weight_name=file.name, adapter_name=NAME)
            theirs.fuse_lora(components=["unet"], lora_scale=STRENGTHS[0])

        def change_theirs() -> None:
            theirs.unfuse_lora(components=["unet"])
            theirs.fuse_lora(components=["unet"], lora_scale=STRENGTHS[1])

        def remove_theirs() -> None:
            theirs.unfuse_lora(components=["unet"])
            theirs.unload_lora_weights()

        ours: tuple[list[float], list[float]] = ([], [])
        peers: tuple[list[float], list[float], list[float]] = ([], [], [])
        rounds, layers, difference = options.times(5), 0, 0.0
        for _ in range(rounds):
            ours[0].append(_seconds(lambda: with_loras(model, [first])))
            peers[0].append(_seconds(apply_theirs))
            patched, [effect] = with_loras(model, [first])
            layers = effect.layers
            difference = max(difference, _difference(patched.backbone, theirs.unet, widths.text))
            del patched
            ours[1].append(_seconds(lambda: with_loras(model, [second])))
            peers[1].append(_seconds(change_theirs))
            peers[2].append(_seconds(remove_theirs))
    if not difference < 1e-3:
        raise StudioError(
            "The patched networks differ by {difference}: no comparison.", difference=difference
        )
    (applied, changed), (applying, changing, removing) = (
        [statistics.median(seconds) for seconds in side] for side in (ours, peers)
    )
    return LoraResult(
        apply_ratio=applied / applying,
        change_ratio=changed / changing,
        apply_ms=1000 * applied,
        change_ms=1000 * changed,
        remove_ms=1000 * removing,
        layers=layers,
        largest_difference=difference,
        peft=version("peft"),
        full=options.full,
        rounds=rounds,
    )


def _written(pipeline: Any, folder: Path) -> Path:
    """A LoRA in diffusers' format, with random weights."""
    try:
        peft: Any = importlib.import_module("peft")
    except ImportError as error:
        raise StudioError(
            "{error} is not installed.", "Install it with pip.", error=error.name
        ) from error
    unet = pipeline.unet
    unet.add_adapter(peft.LoraConfig(r=RANK, lora_alpha=RANK, target_modules=TARGETS), NAME)
    generator = torch.Generator().manual_seed(0)
    for name, value in unet.named_parameters():
        if "lora_" in name:
            value.copy_(torch.randn(value.shape, generator=generator) / 50)
    state = peft.get_peft_model_state_dict(unet, adapter_name=NAME)
    type(pipeline).save_lora_weights(folder, unet_lora_layers=state)
    unet.delete_adapters(NAME)
    return folder / "pytorch_lora_weights.safetensors"


def _difference(ours: Any, theirs: Any, width: int) -> float:
    generator = torch.Generator().manual_seed(1)
    x = torch.randn(1, 4, 8, 8, generator=generator)
    context = torch.randn(1, 77, width, generator=generator)
    t = torch.full((1,), 500.0)
    expected: Tensor = theirs(x, t, context, return_dict=False)[0]
    return float((ours(x, t, Cond(context)) - expected).abs().max() / expected.abs().max())


def _seconds(work: Callable[[], object]) -> float:
    """CPU time."""
    began = time.process_time()
    work()
    return (time.process_time() - began) / torch.get_num_threads()
