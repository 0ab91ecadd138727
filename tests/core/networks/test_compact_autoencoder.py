"""The compact autoencoder: shapes, its linear start, and the receptive field of its decoder."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import nn

from core.model.tiling import decode_tiled, encode_tiled
from core.networks.compact_autoencoder import (
    DECODER_REACH,
    ENCODER_REACH,
    FACTOR,
    START_LOGVAR,
    CompactAutoencoder,
    CompactAutoencoderConfig,
)

CONFIG = CompactAutoencoderConfig(
    latent_channels=5, encoder_widths=(4, 6, 8), decoder_widths=(4, 6, 8)
)


@pytest.fixture(scope="module")
def autoencoder(randomised: Callable[[nn.Module], nn.Module]) -> nn.Module:
    return randomised(CompactAutoencoder(CONFIG))


@pytest.mark.parametrize(("height", "width"), [(8, 8), (64, 64), (24, 40), (128, 8)])
def test_a_latent_cell_has_eight_pixels(
    autoencoder: CompactAutoencoder, height: int, width: int
) -> None:
    image = torch.rand(2, 3, height, width) * 2 - 1
    mean, logvar = autoencoder.moments(image)
    assert mean.shape == logvar.shape == (2, 5, height // 8, width // 8)
    assert torch.equal(autoencoder.encode(image), mean)
    assert autoencoder.decode(mean).shape == (2, 4, height, width)


def test_training_starts_from_the_best_linear_autoencoder() -> None:
    generator = torch.Generator().manual_seed(0)
    coarse = torch.rand(20, 3, 6, 6, generator=generator) * 2 - 1
    images = nn.functional.interpolate(coarse, size=(32, 32), mode="bilinear")
    autoencoder = CompactAutoencoder(CONFIG)
    autoencoder.start_linear(images)
    with torch.no_grad():
        latent, logvar = autoencoder.moments(images)
        decoded = autoencoder.decode(latent)

    patches = nn.functional.pixel_unshuffle(images, FACTOR).movedim(1, -1).reshape(-1, 192)
    centred = patches.double().numpy() - patches.double().numpy().mean(axis=0)
    singular = np.linalg.svd(centred, compute_uv=False)
    best = (singular[5:] ** 2).sum() / centred.size  # Eckart-Young
    error = (decoded[:, :3] - images).square().mean()
    assert float(error) == pytest.approx(best, rel=1e-3)

    assert latent.mean(dim=(0, 2, 3)) == pytest.approx(np.zeros(5), abs=1e-3)
    assert latent.std(dim=(0, 2, 3)) == pytest.approx(np.ones(5), abs=1e-2)
    assert (logvar == START_LOGVAR).all()
    assert not decoded[:, 3].any()


def test_a_pixel_depends_only_on_cells_within_reach(autoencoder: CompactAutoencoder) -> None:
    cells = 2 * DECODER_REACH + 5
    middle = cells // 2
    latent = torch.randn(1, 5, cells, cells, requires_grad=True)
    span = slice(middle * FACTOR, (middle + 1) * FACTOR)
    pixels = autoencoder.decode(latent)[..., span, span]
    (gradient,) = torch.autograd.grad((pixels * torch.randn_like(pixels)).sum(), latent)
    depends = gradient[0].abs().sum(dim=0) > 0
    near = slice(middle - DECODER_REACH, middle + DECODER_REACH + 1)
    assert depends[middle, middle]
    assert depends.sum() == depends[near, near].sum()


@pytest.mark.parametrize(("height", "width", "tile"), [(29, 50, 12), (24, 24, 8), (5, 70, 32)])
def test_tiled_decoding_gives_the_same_image(
    autoencoder: CompactAutoencoder, height: int, width: int, tile: int
) -> None:
    latent = torch.randn(2, 5, height, width)
    seen: list[int] = []

    def decode(part: torch.Tensor) -> torch.Tensor:
        seen.append(max(part.shape[-2:]))
        return autoencoder.decode(part)

    tiled = decode_tiled(decode, latent, tile=tile, reach=DECODER_REACH, factor=FACTOR)
    torch.testing.assert_close(tiled, autoencoder.decode(latent), atol=1e-5, rtol=1e-5)
    assert max(seen) <= tile + 2 * DECODER_REACH
    assert len(seen) > 1


@pytest.mark.parametrize(("height", "width", "tile"), [(29, 50, 12), (24, 24, 8), (5, 70, 32)])
def test_tiled_encoding_gives_the_same_latent(
    autoencoder: CompactAutoencoder, height: int, width: int, tile: int
) -> None:
    image = torch.randn(2, 3, height * FACTOR, width * FACTOR)
    seen: list[int] = []

    def encode(part: torch.Tensor) -> torch.Tensor:
        seen.append(max(part.shape[-2:]) // FACTOR)
        return autoencoder.encode(part)

    tiled = encode_tiled(encode, image, tile=tile, reach=ENCODER_REACH, factor=FACTOR)
    torch.testing.assert_close(tiled, autoencoder.encode(image), atol=1e-5, rtol=1e-5)
    assert max(seen) <= tile + 2 * ENCODER_REACH
    assert len(seen) > 1
