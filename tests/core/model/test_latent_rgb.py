"""Latent-to-RGB previews show colours in the right place."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from core.model.latent_rgb import LatentForm, LatentRgb, Rows, fit_matrix, latent_to_rgb

CPU = torch.device("cpu")
MIX = torch.randn(4, 3, generator=torch.Generator().manual_seed(0))


def encode(image: Tensor) -> Tensor:
    """Linear in the colours of 8 x 8 cells, plus a constant."""
    return torch.einsum("lc,bchw->blhw", MIX, F.avg_pool2d(image, 8)) + 0.3


def test_the_matrix_of_a_linear_encoder_is_recovered() -> None:
    generator = torch.Generator().manual_seed(1)
    colours = torch.rand(2, 3, 5, 7, generator=generator) * 2 - 1
    image = colours.repeat_interleave(8, dim=2).repeat_interleave(8, dim=3)
    seen = latent_to_rgb(encode(image), fit_matrix(encode, 8, CPU), 8)
    assert seen.shape == image.shape
    middles = seen[:, :, 4::8, 4::8]
    assert (middles - colours).abs().max() < 0.3
    flat = torch.tensor([0.2, -0.7, 0.9])[None, :, None, None].expand(1, 3, 16, 24)
    seen = latent_to_rgb(encode(flat), fit_matrix(encode, 8, CPU), 8)
    torch.testing.assert_close(seen, flat.contiguous(), atol=1e-4, rtol=1e-4)


def test_previews_stay_in_range_for_any_encoder() -> None:
    matrix = fit_matrix(lambda image: torch.zeros(len(image), 4, 8, 8), 8, CPU)
    assert matrix.isfinite().all()
    seen = latent_to_rgb(torch.full((1, 4, 2, 3), 1e6), matrix, 8)
    assert seen.shape == (1, 3, 16, 24)
    assert seen.abs().max() <= 1


FORM = LatentForm(channels=4, factor=8, mean=(0.0,), std=(1.0,))


class Remembering:
    """A cache of matrices in a dict."""

    def __init__(self) -> None:
        self.rows: dict[str, Rows] = {}

    def find(self, digest: str) -> Rows | None:
        return self.rows.get(digest)

    def keep(self, digest: str, rows: Rows) -> None:
        self.rows[digest] = rows


def refuse(image: Tensor) -> Tensor:
    raise AssertionError("the encoder was asked")


def autoencoder(seed: int) -> nn.Module:
    torch.manual_seed(seed)
    return nn.Conv2d(3, 8, 3)


def test_a_cached_matrix_is_not_fitted_again() -> None:
    memory, network = Remembering(), autoencoder(0)
    fresh = LatentRgb(memory).matrix(network, encode, FORM, CPU)
    again = LatentRgb(memory).matrix(network, refuse, FORM, CPU)
    torch.testing.assert_close(again, fresh, rtol=0, atol=0)
    LatentRgb().matrix(network, encode, FORM, CPU)  # no cache


def test_another_autoencoder_or_scale_is_fitted_again() -> None:
    memory = Remembering()
    colours = LatentRgb(memory)
    colours.matrix(autoencoder(0), encode, FORM, CPU)
    assert colours.matrix(autoencoder(0), refuse, FORM, CPU).shape == (5, 3)
    scaled = LatentForm(4, 8, (0.0,), (2.0,))
    colours.for_another_autoencoder().matrix(autoencoder(1), encode, FORM, CPU)
    colours.for_another_autoencoder().matrix(autoencoder(0), lambda x: encode(x) / 2, scaled, CPU)
    assert len({str(rows) for rows in memory.rows.values()}) == 2
    assert len(memory.rows) == 3


@pytest.mark.parametrize("rows", [[], [[1.0, 2.0, 3.0]], [[1.0, 2.0]] * 5])
def test_a_cached_matrix_of_another_shape_is_fitted_again(rows: Rows) -> None:
    memory = Remembering()
    expected = LatentRgb(memory).matrix(autoencoder(0), encode, FORM, CPU)
    memory.rows = dict.fromkeys(memory.rows, rows)
    found = LatentRgb(memory).matrix(autoencoder(0), encode, FORM, CPU)
    torch.testing.assert_close(found, expected)
