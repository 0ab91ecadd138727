"""The networks against diffusers', for each family of models."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import pytest
import torch
from torch import Tensor

from core.families.key_names import autoencoder_from_diffusers, unet_from_diffusers
from core.model.tiling import decode_tiled
from core.networks.cond import Cond
from core.networks.kl_autoencoder import AutoencoderKL, AutoencoderKLConfig
from core.networks.unet import UNet, UNetConfig
from tests.core.conftest import Randomise

SD1 = UNetConfig(channels=32, multipliers=(1, 2, 4, 4), context_dim=24)
SD2 = replace(SD1, channels=64, heads=None, head_channels=64, linear_projection=True)
SDXL = replace(
    SD2, multipliers=(1, 2, 4), depths=(0, 2, 3), middle_depth=3, context_dim=40, vector_dim=48
)
FAMILIES = {
    "SD1": SD1,
    "SD1 inpainting": replace(SD1, in_channels=9),
    "instruct-pix2pix": replace(SD1, in_channels=8),
    "SD2": SD2,
    "SD2 depth": replace(SD2, in_channels=5),
    "SD2 unCLIP": replace(SD2, vector_dim=56),
    "SDXL": SDXL,
    "SDXL inpainting": replace(SDXL, in_channels=9),
    "SDXL refiner": replace(
        SDXL, multipliers=(1, 2, 4, 4), depths=(0, 2, 2, 0), middle_depth=2, vector_dim=32
    ),
    "x4 upscaler": replace(
        SD2,
        in_channels=7,
        channels=32,
        multipliers=(1, 2, 2, 4),
        depths=(0, 1, 1, 1),
        heads=8,
        classes=1000,
        cross_levels=(1, 2),
    ),
}


UNCLIP = FAMILIES["SD2 unCLIP"]


def diffusers_unet(config: UNetConfig) -> Any:
    diffusers = pytest.importorskip("diffusers")
    kinds = ["CrossAttn" if depth else "" for depth in config.depths]
    widths = [config.channels * multiplier for multiplier in config.multipliers]
    sizes = bool(config.vector_dim) and config != UNCLIP
    return diffusers.UNet2DConditionModel(
        in_channels=config.in_channels,
        block_out_channels=widths,
        layers_per_block=config.blocks,
        down_block_types=[f"{kind}DownBlock2D" for kind in kinds],
        up_block_types=[f"{kind}UpBlock2D" for kind in reversed(kinds)],
        cross_attention_dim=config.context_dim,
        # diffusers' misnomer: it is the number of heads.
        attention_head_dim=[config.heads or width // config.head_channels for width in widths],
        use_linear_projection=config.linear_projection,
        transformer_layers_per_block=[depth or config.middle_depth for depth in config.depths],
        addition_embed_type="text_time" if sizes else None,
        addition_time_embed_dim=4 if sizes else None,
        projection_class_embeddings_input_dim=config.vector_dim,
        class_embed_type="projection" if config == UNCLIP else None,
        only_cross_attention=[level in config.cross_levels for level in range(len(widths))],
        num_class_embeds=config.classes,
    ).eval()


@dataclass(frozen=True)
class Inputs:
    x: Tensor
    t: Tensor
    context: Tensor
    vector: Tensor | None


def inputs(config: UNetConfig, side: int) -> Inputs:
    generator = torch.Generator().manual_seed(3)

    def noise(*shape: int) -> Tensor:
        return torch.randn(2, *shape, generator=generator)

    vector = noise(config.vector_dim) if config.vector_dim else None
    if config.classes:
        vector = torch.tensor([20, 350])
    return Inputs(
        noise(config.in_channels, side, side + 8),
        torch.tensor([5.0, 900.25]),
        noise(7, config.context_dim),
        vector,
    )


def theirs(unet: Any, config: UNetConfig, given: Inputs) -> Tensor:
    if config.vector_dim is None or config == UNCLIP:
        return unet(given.x, given.t, given.context, class_labels=given.vector).sample
    # It makes the vector itself, from text embeddings and sinusoids of sizes.
    assert given.vector is not None
    sizes = torch.zeros(2, 6 if config.vector_dim == 48 else 5)
    text = given.vector[:, : config.vector_dim - 4 * sizes.shape[1]]
    sinusoids = torch.tensor([1.0, 1.0, 0.0, 0.0]).repeat(2, sizes.shape[1])
    given.vector[:] = torch.cat([text, sinusoids], dim=1)
    added = {"text_embeds": text, "time_ids": sizes}
    return unet(given.x, given.t, given.context, added_cond_kwargs=added).sample


@pytest.mark.parametrize("family", FAMILIES)
def test_the_unet_equals_diffusers(family: str, randomised: Randomise) -> None:
    config = FAMILIES[family]
    reference = randomised(diffusers_unet(config))
    weights = reference.state_dict()
    names = unet_from_diffusers(weights)
    assert names.keys() == weights.keys()
    ours = UNet(config).eval().requires_grad_(False)
    ours.load_state_dict({names[key]: value for key, value in weights.items()})
    given = inputs(config, side=16)
    expected = theirs(reference, config, given)
    actual = ours(given.x, given.t, Cond(given.context, given.vector))
    torch.testing.assert_close(actual, expected, atol=2e-5, rtol=1e-4)


def test_any_latent_size_works_like_in_diffusers(randomised: Randomise) -> None:
    reference = randomised(diffusers_unet(SD1))
    weights = reference.state_dict()
    names = unet_from_diffusers(weights)
    ours = UNet(SD1).eval().requires_grad_(False)
    ours.load_state_dict({names[key]: value for key, value in weights.items()})
    given = inputs(SD1, side=13)
    expected = reference(given.x, given.t, given.context).sample
    torch.testing.assert_close(
        ours(given.x, given.t, Cond(given.context)), expected, atol=2e-5, rtol=1e-4
    )


TINY = AutoencoderKLConfig(channels=32)
AUTOENCODERS = {
    "f8": TINY,
    "f4": replace(TINY, multipliers=(1, 2, 4)),
    "f8, 16 channels": replace(TINY, latent_channels=16),
}


def diffusers_autoencoder(config: AutoencoderKLConfig) -> Any:
    diffusers = pytest.importorskip("diffusers")
    levels = len(config.multipliers)
    return diffusers.AutoencoderKL(
        down_block_types=["DownEncoderBlock2D"] * levels,
        up_block_types=["UpDecoderBlock2D"] * levels,
        block_out_channels=[config.channels * multiplier for multiplier in config.multipliers],
        layers_per_block=config.blocks,
        latent_channels=config.latent_channels,
    ).eval()


@pytest.mark.parametrize("kind", AUTOENCODERS)
def test_the_autoencoder_equals_diffusers(kind: str, randomised: Randomise) -> None:
    config = AUTOENCODERS[kind]
    reference = randomised(diffusers_autoencoder(config))
    ours = autoencoder_of(config, reference.state_dict())
    image = torch.rand(2, 3, 32, 48, generator=torch.Generator().manual_seed(1)) * 2 - 1
    posterior = reference.encode(image).latent_dist
    mean, logvar = ours.moments(image)
    assert mean.shape == (2, config.latent_channels, 32 // config.factor, 48 // config.factor)
    torch.testing.assert_close(mean, posterior.mode(), atol=2e-5, rtol=1e-4)
    torch.testing.assert_close(logvar, posterior.logvar, atol=2e-5, rtol=1e-4)
    torch.testing.assert_close(ours.encode(image), mean)
    torch.testing.assert_close(
        ours.decode(mean), reference.decode(mean).sample, atol=2e-5, rtol=1e-4
    )


def autoencoder_of(config: AutoencoderKLConfig, weights: dict[str, Tensor]) -> AutoencoderKL:
    names = autoencoder_from_diffusers(weights)
    assert names.keys() == weights.keys()
    ours = AutoencoderKL(config).eval().requires_grad_(False)
    shapes = {name: value.shape for name, value in ours.state_dict().items()}
    ours.load_state_dict(
        {names[key]: value.reshape(shapes[names[key]]) for key, value in weights.items()}
    )
    return ours


@pytest.mark.parametrize(
    ("config", "tensors", "count"),
    [
        (AutoencoderKLConfig(), 248, 83_653_863),
        (AutoencoderKLConfig(multipliers=(1, 2, 4)), 204, 55_326_000),
    ],
    ids=["f8", "f4"],
)
def test_published_autoencoders_have_the_same_parameter_count(
    config: AutoencoderKLConfig, tensors: int, count: int
) -> None:
    with torch.device("meta"):
        weights = AutoencoderKL(config).state_dict()
    assert len(weights) == tensors
    assert sum(value.numel() for value in weights.values()) == pytest.approx(count, rel=1e-5)


PUBLISHED = {
    "SDXL refiner": (
        UNetConfig(
            channels=384,
            depths=(0, 4, 4, 0),
            middle_depth=4,
            context_dim=1280,
            heads=None,
            vector_dim=2560,
            linear_projection=True,
        ),
        1220,
        2_259_527_000,
    ),
    "x4 upscaler": (
        UNetConfig(
            in_channels=7,
            channels=256,
            multipliers=(1, 2, 2, 4),
            depths=(0, 1, 1, 1),
            context_dim=1024,
            linear_projection=True,
            classes=1000,
            cross_levels=(1, 2),
        ),
        687,
        473_398_000,
    ),
}


@pytest.mark.parametrize("family", PUBLISHED)
def test_published_unets_have_the_same_parameter_count(family: str) -> None:
    config, tensors, count = PUBLISHED[family]
    with torch.device("meta"):
        weights = UNet(config).state_dict()
    assert len(weights) == tensors
    assert sum(value.numel() for value in weights.values()) == pytest.approx(count, abs=1000)


def test_tiled_decoding_is_close_to_whole_decoding(randomised: Randomise) -> None:
    autoencoder = randomised(AutoencoderKL(replace(TINY, multipliers=(1, 2))))
    latent = torch.randn(1, 4, 40, 24, generator=torch.Generator().manual_seed(1))
    whole = autoencoder.decode(latent)
    tiled = decode_tiled(autoencoder.decode, latent, tile=16, reach=16, factor=2)
    assert (tiled - whole).abs().mean() < 0.2 * whole.std()
