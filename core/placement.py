"""Where a model's networks are while it draws: all on the device, or one at a time.

Text encoders work before the first step, the U-Net at every step, the autoencoder behind the last:
on a device without room for all of them they take turns, and their weights stay in main memory.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from .networks.unet import UNetConfig

SPARE = 0.05
"""Share of the free memory that is left to others."""
WORKSPACE = 300_000_000
"""Bytes for the libraries' own workspaces, about."""


@dataclass(frozen=True)
class Plan:
    """What of a model is on the device, and why."""

    weights: Mapping[str, int]
    """Bytes of each network."""
    working: Mapping[str, int]
    """Bytes that each needs beside them to draw in the native size, about."""
    free: int | None
    """Bytes of the device that were free; None: main memory, which the system looks after."""

    @property
    def in_turn(self) -> bool:
        """Whether the networks take turns."""
        return self.free is not None and self.all_at_once > self.free * (1 - SPARE)

    @property
    def fits(self) -> bool:
        """Whether there is room for the largest network at all."""
        return self.free is None or self.one_at_a_time <= self.free * (1 - SPARE)

    @property
    def all_at_once(self) -> int:
        return sum(self.weights.values()) + max(self.working.values(), default=0)

    @property
    def one_at_a_time(self) -> int:
        needs = (self.weights[name] + self.working.get(name, 0) for name in self.weights)
        return max(needs, default=0)

    def __str__(self) -> str:
        if self.free is None:
            return "all in main memory"
        free = f"{self.free / 1e9:.1f} GB that were free"
        if not self.in_turn:
            return f"all on the GPU: about {self.all_at_once / 1e9:.1f} of the {free}"
        needed = f"about {self.one_at_a_time / 1e9:.1f} of the {free}"
        if self.fits:
            return f"one at a time on the GPU: {needed}"
        return f"one at a time on the GPU, and there may not be room: {needed}"


IN_MAIN_MEMORY = Plan({}, {}, None)


def free_memory(device: torch.device) -> int | None:
    """Bytes of a GPU that are free, what torch holds in reserve included; None for main memory."""
    if device.type != "cuda":
        return None
    free, _ = torch.cuda.mem_get_info(device)
    return free + torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)


def working_unet(config: UNetConfig, cells: int, dtype: torch.dtype) -> int:
    """Bytes that a U-Net needs beside its weights for two prompts and a latent of so many cells:
    the features it keeps for the way up, and those of its widest transformer."""
    kept = config.channels
    for level, multiplier in enumerate(config.multipliers):
        kept += config.channels * multiplier * (config.blocks + 0.25) / 4**level
    widest = max(
        multiplier * (8 + 6) / 4**level  # gate and value of the feed-forward; and what goes round
        for level, (multiplier, depth) in enumerate(
            zip(config.multipliers, config.depths, strict=True)
        )
        if depth or not level
    )
    return round(2 * cells * dtype.itemsize * (kept + widest * config.channels)) + WORKSPACE


def working_autoencoder(channels: int, pixels: int) -> int:
    """Bytes that decoding in float32 needs: three maps of the second width in full size."""
    return 3 * 2 * channels * pixels * 4


def size_of(*networks: nn.Module, dtype: torch.dtype) -> int:
    """Bytes of their weights in that type, wherever they are, also nowhere ("meta")."""
    return sum(p.numel() for network in networks for p in network.parameters()) * dtype.itemsize


class Turns:
    """One part of a model at a time on the device. Used by one thread."""

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self._present: tuple[nn.Module, ...] = ()
        self._home: list[tuple[nn.Module, str, Tensor]] = []

    @property
    def present(self) -> tuple[nn.Module, ...]:
        """What was brought last."""
        return self._present

    def bring(self, *networks: nn.Module) -> None:
        """Have these on the device, and nothing else that was brought."""
        if self._present == networks:
            return
        self.leave()
        self._present = networks
        for network in networks:
            for module in network.modules():
                tensors = module._parameters | module._buffers  # pyright: ignore[reportPrivateUsage]
                for name, tensor in tensors.items():
                    if tensor is not None:
                        self._home.append((module, name, tensor))
                        _put(module, name, tensor.to(self._device))

    def leave(self) -> None:
        """Have what was brought where it came from; nothing is copied back."""
        for module, name, tensor in self._home:
            _put(module, name, tensor)
        self._home, self._present = [], ()


def _put(module: nn.Module, name: str, tensor: Tensor) -> None:
    if name in module._parameters and not isinstance(tensor, nn.Parameter):  # pyright: ignore[reportPrivateUsage]
        tensor = nn.Parameter(tensor, requires_grad=False)
    setattr(module, name, tensor)
