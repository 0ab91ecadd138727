"""The layers that networks share, against torch's and diffusers' own."""

from __future__ import annotations

from collections import Counter

import pytest
import torch
from torch.nn import functional as F

from core.networks.cond import Cond
from core.networks.layers import Context, CrossAttention, attend, timestep_embedding
from core.networks.unet import UNet, UNetConfig


def test_attention_and_its_gradient_equal_the_fused_kernel() -> None:
    generator = torch.Generator().manual_seed(0)
    shapes = ((2, 3, 5, 8), (2, 3, 7, 8), (2, 3, 7, 8))
    q, k, v = qkv = [
        torch.randn(shape, generator=generator, requires_grad=True) for shape in shapes
    ]
    upstream = torch.randn(2, 3, 5, 8, generator=generator)
    ours, fused = attend(q, k, v), F.scaled_dot_product_attention(q, k, v)
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
    context = Context(context)
    training = layer(x, context)
    with torch.no_grad():
        torch.testing.assert_close(layer(x, context), training)


@torch.no_grad()
def test_prompts_are_projected_once_for_all_steps() -> None:
    torch.manual_seed(0)
    unet = UNet(UNetConfig(channels=32, multipliers=(1, 2), depths=(1, 1), context_dim=16)).eval()
    for parameter in unet.parameters():
        parameter.normal_(std=0.1)
    read: Counter[str] = Counter()
    for name, module in unet.named_modules():
        if name.endswith(("attn2.to_k", "attn2.to_v", "attn1.to_k")):
            module.register_forward_hook(lambda *_, name=name: read.update([name]))
    x, vectors = torch.randn(2, 4, 8, 8), torch.randn(2, 5, 16)
    cond = Cond(vectors).cached()
    times = [torch.full((2,), t) for t in (900.0, 500.0, 100.0)]
    steps = [unet(x, t, cond) for t in times]
    once = {name: count for name, count in read.items() if ".attn2." in name}
    assert set(once.values()) == {1}
    assert set((read - Counter(once)).values()) == {len(times)}
    for t, step in zip(times, steps, strict=True):
        torch.testing.assert_close(step, unet(x, t, Cond(vectors)))


@pytest.mark.parametrize("dim", [2, 64, 320])
def test_timestep_embeddings_equal_diffusers(dim: int) -> None:
    embeddings = pytest.importorskip("diffusers.models.embeddings")
    t = torch.tensor([0.0, 0.5, 17.25, 999.0])
    expected = embeddings.get_timestep_embedding(
        t, dim, flip_sin_to_cos=True, downscale_freq_shift=0
    )
    # Angles reach 999, where float32 is coarse.
    torch.testing.assert_close(timestep_embedding(t, dim), expected, atol=1e-4, rtol=0)
