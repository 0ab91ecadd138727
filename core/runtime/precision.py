"""Dtype choice, and the float32 fallback where 16 bits overflow.

float16 rounds eight times finer than bfloat16 but ends at 65504. Measured on networks of Stable
Diffusion's form with random weights: decoded in float16, one byte in ten differs from float32, by 1
or 2; in bfloat16 every second one, by up to 10. (The shipped autoencoder: 1.5 % by 1, 19 % by up to
2.) Autoencoders therefore use float16, and recompute in float32 if it overflows; those that are
published with a warning that they overflow use bfloat16 from the start.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import TypeVar

import torch
from torch import Tensor, nn

from ..errors import Message
from ..networks.protocols import dtype_of

Network = TypeVar("Network", bound=nn.Module)
Notify = Callable[[Message], None]
"""Called with a message when something is done differently from what was requested."""


def default_dtype(device: torch.device) -> torch.dtype:
    """The type of the backbone and the text encoders of a model on this device."""
    return torch.float16 if device.type == "cuda" else torch.float32


def autoencoder_dtype(
    dtype: torch.dtype, device: torch.device, *, overflows: bool = False
) -> torch.dtype:
    """The type of the autoencoder of a model whose other networks compute in `dtype`.

    `overflows`: whether it is known to exceed the range of float16. A CPU computes float16 hundreds
    of times slower than float32.
    """
    if dtype != torch.float16:
        return dtype
    if device.type == "cpu":
        return torch.float32
    if not overflows:
        return torch.float16
    return torch.bfloat16 if _has_bfloat16(device) else torch.float32


def _has_bfloat16(device: torch.device) -> bool:
    """Whether the GPU computes it in hardware; older ones emulate it slowly."""
    return device.type == "cuda" and torch.cuda.get_device_capability(device) >= (8, 0)


def with_float32_fallback(
    function: Callable[[Network, Tensor], Tensor], network: Network, x: Tensor, notify: Notify
) -> Tensor:
    """`function(network, x)` as float32, computed in the network's own type, or in float32 if that
    overflows.

    The choice depends on `x` and the weights alone, so that the same request gives the same bits.
    """
    dtype = dtype_of(network)
    result = function(network, x.to(dtype)).float()
    if dtype == torch.float32 or result.isfinite().all() or not x.isfinite().all():
        return result
    name = str(dtype).removeprefix("torch.")
    notify(
        Message(
            "Values of the autoencoder overflowed {dtype}: it computed in float32 instead.",
            dtype=name,
        )
    )
    return function(copy.deepcopy(network).float(), x)
