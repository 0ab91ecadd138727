"""A trajectory is data: every sampler is a pure step from one saved state to the next."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # the window lists the samplers before torch is loaded
    from torch import Tensor


@dataclass(frozen=True)
class State:
    """Everything needed to take the next step, and nothing else."""

    index: int
    """Steps done."""
    x: Tensor
    """Noisy latent in variance-exploding scaling, float32 [B, C, h, w]."""
    memory: tuple[Tensor, ...] = ()
    """What a multistep solver remembers, newest first."""


@dataclass(frozen=True)
class Step:
    """What a step shows to the world."""

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
    """The steps that remain after `start`. Not asking for the next one is how to cancel."""
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


MAX_FILE_BYTES = 2**30
MAX_INDEX = 1_000_000


def save(state: State, path: Path) -> None:
    """Write the state as safetensors, whole or not at all: a file at `path` is replaced at once.

    The tensors are "x", "memory.0", "memory.1" ..., and "index", an int64 scalar. Raises
    ValueError for a state that `load_state` would refuse, OSError if it cannot be written.
    """
    import torch
    from safetensors.torch import save as to_bytes

    _validate(state)
    latents = {"x": state.x, **{f"memory.{i}": old for i, old in enumerate(state.memory)}}
    # Cloned, as safetensors refuses tensors that share storage.
    tensors = {n: t.detach().cpu().contiguous().clone() for n, t in latents.items()}
    data = to_bytes({**tensors, "index": torch.tensor(state.index)})
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=path.name, delete=False) as file:
        partial = Path(file.name)
        try:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
            file.close()  # Windows renames only closed files
            partial.replace(path)
        except BaseException:
            file.close()
            partial.unlink(missing_ok=True)
            raise


def load_state(path: Path) -> State:
    """The state that `save` wrote, on the CPU, bit for bit.

    Raises ValueError for a file that is not one or is damaged, OSError if it cannot be read.
    """
    import torch
    from safetensors import SafetensorError
    from safetensors.torch import load as from_bytes

    with path.open("rb") as file:
        data = file.read(MAX_FILE_BYTES + 1)
    if len(data) > MAX_FILE_BYTES:
        raise ValueError(f"{path} is larger than {MAX_FILE_BYTES} bytes, too large for a state.")
    try:
        tensors = from_bytes(data)
    except (SafetensorError, KeyError) as error:  # KeyError: an element type torch lacks
        raise ValueError(f"{path} is not a readable safetensors file: {error}.") from error
    memory = [f"memory.{i}" for i in range(len(tensors) - 2)]
    if set(tensors) != {"x", "index", *memory}:
        raise ValueError(f"{path} is not a state: it holds {', '.join(sorted(tensors))!r:.200}.")
    index = tensors["index"]
    if index.dtype != torch.int64 or index.ndim != 0:
        raise ValueError(f"{path} has an index of {index.dtype} {tuple(index.shape)}.")
    state = State(int(index), tensors["x"], tuple(tensors[name] for name in memory))
    try:
        _validate(state)
    except ValueError as error:
        raise ValueError(f"{path} is damaged: {error}") from error
    return state


def _validate(state: State) -> None:
    if not 0 <= state.index <= MAX_INDEX:
        raise ValueError(f"The step index is {state.index}, outside 0 to {MAX_INDEX}.")
    for tensor in (state.x, *state.memory):
        if tensor.ndim != 4 or tensor.shape != state.x.shape or tensor.numel() == 0:
            raise ValueError(f"A latent has the shape {tuple(tensor.shape)}, not one [B, C, h, w].")
        if str(tensor.dtype) != "torch.float32":
            raise ValueError(f"A latent is {tensor.dtype}, not torch.float32.")
        if not tensor.isfinite().all():
            raise ValueError("A latent holds values that are not finite.")
