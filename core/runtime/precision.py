"""Which numbers networks compute in, and what is done where 16 bits are too narrow.

float16 rounds eight times finer than bfloat16 but ends at 65504. Measured on networks of Stable
Diffusion's form with random weights: decoded in float16, one byte in ten differs from float32, by 1
or 2; in bfloat16 every second one, by up to 10. (The shipped autoencoder: 1.5 % by 1, 19 % by up to
2.) Therefore autoencoders work in float16, and what overflows is computed once more in float32;
those that are published with a warning that they overflow work in bfloat16 from the start.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import TypeVar

import torch
from torch import Tensor, nn

Network = TypeVar("Network", bound=nn.Module)
Notify = Callable[[str], None]
"""Takes a sentence on what is done otherwise than asked."""


def default_dtype(device: torch.device) -> torch.dtype:
    """For networks on it, where nothing else is chosen."""
    return torch.float16 if device.type == "cuda" else torch.float32


def autoencoder_dtype(
    dtype: torch.dtype, device: torch.device, *, overflows: bool = False
) -> torch.dtype:
    """For the autoencoder of a model whose other networks compute in `dtype`.

    `overflows`: in float16. On a processor float16 is hundreds of times slower than float32.
    """
    if dtype != torch.float16:
        return dtype
    if device.type == "cpu":
        return torch.float32
    if not overflows:
        return torch.float16
    return torch.bfloat16 if _has_bfloat16(device) else torch.float32


def _has_bfloat16(device: torch.device) -> bool:
    """Whether it computes in it; older GPUs only imitate it, slowly."""
    return device.type == "cuda" and torch.cuda.get_device_capability(device) >= (8, 0)


def with_float32_fallback(
    code: Callable[[Network, Tensor], Tensor], network: Network, x: Tensor, tell: Notify
) -> Tensor:
    """`code(network, x)` as float32, in the network's own type; where that overflows, in float32.

    Which it is depends on `x` and the weights alone, never on what was computed before: a picture
    that is made again is the same.
    """
    dtype = next(network.parameters()).dtype
    made = code(network, x.to(dtype)).float()
    if dtype == torch.float32 or made.isfinite().all() or not x.isfinite().all():
        return made
    name = str(dtype).removeprefix("torch.")
    tell(f"The autoencoder's numbers are too large for {name}: it computed in float32 instead.")
    return code(copy.deepcopy(network).float(), x)
