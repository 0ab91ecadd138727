"""The layers that networks share, against torch's and diffusers' own."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional as F

from core.networks.layers import CrossAttention, attend, timestep_embedding


def test_attention_and_its_gradient_equal_the_fused_kernel() -> None:
    generator = torch.Generator().manual_seed(0)
    shapes = ((2, 3, 5, 8), (2, 3, 7, 8), (2, 3, 7, 8))
    qkv = [torch.randn(shape, generator=generator, requires_grad=True) for shape in shapes]
    upstream = torch.randn(2, 3, 5, 8, generator=generator)
    ours, fused = attend(*qkv), F.scaled_dot_product_attention(*qkv)
    torch.testing.assert_close(ours, fused)
    for a, b in zip(
        torch.autograd.grad(ours, qkv, upstream),
        torch.autograd.grad(fused, qkv, upstream),
        strict=True,
    ):
        torch.testing.assert_close(a, b)


def test_attention_is_the_same_with_and_without_gradients() -> None:
    torch.manual_seed(0)
    layer, x, context = CrossAttention(12, 6, 3), torch.randn(2, 5, 12), torch.randn(2, 4, 6)
    training = layer(x, context)
    with torch.no_grad():
        torch.testing.assert_close(layer(x, context), training)


@pytest.mark.parametrize("dim", [2, 64, 320])
def test_timesteps_are_embedded_as_diffusers_does(dim: int) -> None:
    embeddings = pytest.importorskip("diffusers.models.embeddings")
    t = torch.tensor([0.0, 0.5, 17.25, 999.0])
    expected = embeddings.get_timestep_embedding(
        t, dim, flip_sin_to_cos=True, downscale_freq_shift=0
    )
    # Angles reach 999, where float32 is coarse.
    torch.testing.assert_close(timestep_embedding(t, dim), expected, atol=1e-4, rtol=0)
