"""A trajectory is data: every sampler is a pure step from one saved state to the next."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # the window lists the samplers before torch is loaded
    from torch import Tensor


@dataclass(frozen=True)
class State:
    """Everything that the next step needs."""

    index: int
    """The number of steps done."""
    x: Tensor
    """Noisy latent in variance-exploding scaling, float32 [B, C, h, w]."""
    memory: tuple[Tensor, ...] = ()
    """The memory of a multistep solver, newest first."""


@dataclass(frozen=True)
class Step:
    """The result of one step."""

    state: State
    """The state after the step."""
    sigma: float
    """The noise level the step started from."""
    x0: Tensor
    """The denoised estimate, float32 [B, C, h, w]."""


Denoiser = Callable[["Tensor", float], "Tensor"]
"""(x, sigma) -> x0."""

Noise = Callable[[int, int], "Tensor"]
"""(step, draw) -> unit noise of the latent's shape; stateless."""

Sampler = Callable[[Denoiser, State, Sequence[float], Noise], Step]
"""One pure step along the sigmas (n steps have n + 1 of them, the last 0)."""


def run(
    sampler: Sampler, denoise: Denoiser, start: State, sigmas: Sequence[float], noise: Noise
) -> Iterator[Step]:
    """The steps after `start`. To cancel, stop iterating."""
    state = start
    while state.index < len(sigmas) - 1:
        step = sampler(denoise, state, sigmas, noise)
        yield step
        state = step.state


def digest(state: State) -> str:
    """SHA-256, in hex, of the bytes of x and then of the memory: equal for equal bits."""
    total = hashlib.sha256()
    for tensor in (state.x, *state.memory):
        total.update(tensor.detach().cpu().contiguous().numpy().tobytes())
    return total.hexdigest()
