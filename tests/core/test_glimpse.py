"""A glimpse of a latent shows its colours where they are."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from core.glimpse import fitted, glimpse

CPU = torch.device("cpu")
MIX = torch.randn(4, 3, generator=torch.Generator().manual_seed(0))


def encode(picture: Tensor) -> Tensor:
    """Linear in the colours of 8 x 8 cells, and a constant."""
    return torch.einsum("lc,bchw->blhw", MIX, F.avg_pool2d(picture, 8)) + 0.3


def test_the_colours_of_a_linear_encoder_are_found() -> None:
    generator = torch.Generator().manual_seed(1)
    colours = torch.rand(2, 3, 5, 7, generator=generator) * 2 - 1
    picture = colours.repeat_interleave(8, dim=2).repeat_interleave(8, dim=3)
    seen = glimpse(encode(picture), fitted(encode, 8, CPU), 8)
    assert seen.shape == picture.shape
    middles = seen[:, :, 4::8, 4::8]
    assert (middles - colours).abs().max() < 0.3
    flat = torch.tensor([0.2, -0.7, 0.9])[None, :, None, None].expand(1, 3, 16, 24)
    seen = glimpse(encode(flat), fitted(encode, 8, CPU), 8)
    torch.testing.assert_close(seen, flat.contiguous(), atol=1e-4, rtol=1e-4)


def test_it_stays_in_range_and_is_fitted_whatever_the_encoder_does() -> None:
    matrix = fitted(lambda picture: torch.zeros(len(picture), 4, 8, 8), 8, CPU)
    assert matrix.isfinite().all()
    seen = glimpse(torch.full((1, 4, 2, 3), 1e6), matrix, 8)
    assert seen.shape == (1, 3, 16, 24)
    assert seen.abs().max() <= 1
