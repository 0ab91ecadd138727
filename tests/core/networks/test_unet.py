"""The U-Net against diffusers' and against published checkpoints."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
import torch
from torch import Tensor, nn

from core.networks.cond import Cond, Residuals
from core.networks.unet import UNet, UNetConfig, Upsample
from tests.narrowing import present

TINY = UNetConfig(channels=16, context_dim=12, groups=4)

SD1_LIKE = replace(TINY, multipliers=(1, 2, 2), depths=(1, 1, 0), heads=4)
SD2_LIKE = replace(
    TINY, multipliers=(1, 2), depths=(1, 1), heads=None, head_channels=8, linear_projection=True
)
SDXL_LIKE = replace(
    SD2_LIKE, multipliers=(1, 2, 4), depths=(0, 1, 3), middle_depth=3, vector_dim=20, blocks=1
)
ALIKE = {"SD1": SD1_LIKE, "SD2": SD2_LIKE, "SDXL": SDXL_LIKE}

SD1 = UNetConfig()
SD2 = UNetConfig(context_dim=1024, heads=None, head_channels=64, linear_projection=True)
SDXL = UNetConfig(
    multipliers=(1, 2, 4),
    depths=(0, 2, 10),
    middle_depth=10,
    context_dim=2048,
    heads=None,
    head_channels=64,
    vector_dim=2816,
    linear_projection=True,
)


def diffusers_unet(config: UNetConfig) -> nn.Module:
    diffusers = pytest.importorskip("diffusers")
    kinds = ["CrossAttn" if depth else "" for depth in config.depths]
    widths = [config.channels * multiplier for multiplier in config.multipliers]
    return diffusers.UNet2DConditionModel(
        in_channels=config.in_channels,
        out_channels=config.out_channels,
        block_out_channels=widths,
        layers_per_block=config.blocks,
        down_block_types=[f"{kind}DownBlock2D" for kind in kinds],
        up_block_types=[f"{kind}UpBlock2D" for kind in reversed(kinds)],
        cross_attention_dim=config.context_dim,
        # diffusers' misnomer: it is the number of heads.
        attention_head_dim=[config.heads or width // config.head_channels for width in widths],
        norm_num_groups=config.groups,
        use_linear_projection=config.linear_projection,
        transformer_layers_per_block=[max(depth, 1) for depth in config.depths],
        class_embed_type="projection" if config.vector_dim else None,
        projection_class_embeddings_input_dim=config.vector_dim,
    ).eval()


RESNET = {
    "in_layers.0": "norm1",
    "in_layers.2": "conv1",
    "emb_layers.1": "time_emb_proj",
    "out_layers.0": "norm2",
    "out_layers.3": "conv2",
    "skip_connection": "conv_shortcut",
}


def names(config: UNetConfig) -> Iterator[tuple[str, str]]:
    """Prefixes of the same weights: in latent-diffusion checkpoints, in diffusers."""
    yield from (("time_embed.0", "time_embedding.linear_1"), ("out.0", "conv_norm_out"))
    yield from (("time_embed.2", "time_embedding.linear_2"), ("out.2", "conv_out"))
    yield from (("label_emb.0.0", "class_embedding.linear_1"), ("input_blocks.0.0", "conv_in"))
    yield ("label_emb.0.2", "class_embedding.linear_2")
    levels = len(config.multipliers)
    resnets = {"middle_block.0": "mid_block.resnets.0", "middle_block.2": "mid_block.resnets.1"}
    yield ("middle_block.1", "mid_block.attentions.0")
    place = 0
    for level in range(levels):
        for i in range(config.blocks):
            place += 1
            resnets[f"input_blocks.{place}.0"] = f"down_blocks.{level}.resnets.{i}"
            yield (f"input_blocks.{place}.1", f"down_blocks.{level}.attentions.{i}")
        place += 1
        yield (f"input_blocks.{place}.0.op", f"down_blocks.{level}.downsamplers.0.conv")
    place = 0
    for up, level in enumerate(reversed(range(levels))):
        for i in range(config.blocks + 1):
            resnets[f"output_blocks.{place}.0"] = f"up_blocks.{up}.resnets.{i}"
            upsample = f"output_blocks.{place}.{2 if config.depths[level] else 1}.conv"
            yield (upsample, f"up_blocks.{up}.upsamplers.0.conv")
            yield (f"output_blocks.{place}.1", f"up_blocks.{up}.attentions.{i}")
            place += 1
    for ours, theirs in resnets.items():
        yield from ((f"{ours}.{a}", f"{theirs}.{b}") for a, b in RESNET.items())


def to_diffusers(weights: dict[str, Tensor], config: UNetConfig) -> dict[str, Tensor]:
    table = list(names(config))
    renamed: dict[str, Tensor] = {}
    for key, value in weights.items():
        ours, theirs = next((a, b) for a, b in table if key.startswith(a + "."))
        renamed[theirs + key.removeprefix(ours)] = value
    return renamed


def inputs(config: UNetConfig, batch: int) -> tuple[Tensor, Tensor, Tensor, Tensor | None]:
    generator = torch.Generator().manual_seed(3)
    side = 2 * config.factor
    return (
        torch.randn(batch, config.in_channels, side, 2 * side, generator=generator),
        torch.linspace(5, 900, batch),
        torch.randn(batch, 7, config.context_dim, generator=generator),
        torch.randn(batch, config.vector_dim, generator=generator) if config.vector_dim else None,
    )


@pytest.mark.parametrize("kind", ALIKE)
def test_the_unet_equals_diffusers(kind: str, randomised: Callable[[nn.Module], nn.Module]) -> None:
    config = ALIKE[kind]
    ours, theirs = randomised(UNet(config)), diffusers_unet(config)
    theirs.load_state_dict(to_diffusers(ours.state_dict(), config))
    x, t, context, vector = inputs(config, batch=2)
    with torch.no_grad():
        expected = theirs(x, t, context, class_labels=vector).sample
    torch.testing.assert_close(ours(x, t, Cond(context, vector)), expected, atol=2e-5, rtol=1e-5)


def residuals_of(unet: nn.Module, x: Tensor, t: Tensor, cond: Cond) -> Residuals:
    """Random residuals in the shapes that the network has inside."""
    shapes: list[torch.Size] = []
    assert isinstance(unet, UNet)
    stages = [*unet.input_blocks, unet.middle_block]
    hooks = [
        one.register_forward_hook(lambda *call: shapes.append(call[2].shape)) for one in stages
    ]
    unet(x, t, cond)
    for hook in hooks:
        hook.remove()
    generator = torch.Generator().manual_seed(11)
    *skips, middle = (torch.randn(shape, generator=generator) for shape in shapes)
    return Residuals(tuple(skips), middle)


@pytest.mark.parametrize("kind", ALIKE)
def test_controlnet_residuals_are_added_like_in_diffusers(
    kind: str, randomised: Callable[[nn.Module], nn.Module]
) -> None:
    config = ALIKE[kind]
    ours, theirs = randomised(UNet(config)), diffusers_unet(config)
    theirs.load_state_dict(to_diffusers(ours.state_dict(), config))
    x, t, context, vector = inputs(config, batch=2)
    cond = Cond(context, vector)
    residuals = residuals_of(ours, x, t, cond)
    with torch.no_grad():
        expected = theirs(
            x,
            t,
            context,
            class_labels=vector,
            down_block_additional_residuals=residuals.skips,
            mid_block_additional_residual=residuals.middle,
        ).sample
    found = ours(x, t, replace(cond, residuals=residuals))
    torch.testing.assert_close(found, expected, atol=1e-4, rtol=1e-4)
    assert not torch.allclose(found, ours(x, t, cond), atol=1e-2)


def test_residuals_of_zeros_change_no_bit(randomised: Callable[[nn.Module], nn.Module]) -> None:
    unet = randomised(UNet(SD1_LIKE))
    x, t, context, vector = inputs(SD1_LIKE, batch=2)
    cond = Cond(context, vector)
    residuals = residuals_of(unet, x, t, cond)
    zeros = replace(cond, residuals=residuals.map(torch.zeros_like))
    assert torch.equal(unet(x, t, zeros), unet(x, t, cond))
    of_skips = Residuals(residuals.skips)
    with_middle = Residuals(residuals.skips, torch.zeros_like(present(residuals.middle)))
    found = [unet(x, t, replace(cond, residuals=one)) for one in (of_skips, with_middle)]
    assert torch.equal(*found)


def test_residuals_of_another_network_are_refused(
    randomised: Callable[[nn.Module], nn.Module],
) -> None:
    unet = randomised(UNet(SD1_LIKE))
    x, t, context, vector = inputs(SD1_LIKE, batch=2)
    cond = Cond(context, vector)
    few = Residuals(residuals_of(unet, x, t, cond).skips[:-1])
    with pytest.raises(ValueError, match="shorter"):
        unet(x, t, replace(cond, residuals=few))


PUBLISHED = {
    "time_embed.0.weight": (1280, 320),
    "input_blocks.0.0.weight": (320, 4, 3, 3),
    "input_blocks.1.1.proj_in.weight": (320, 320, 1, 1),
    "input_blocks.1.1.transformer_blocks.0.attn2.to_k.weight": (320, 768),
    "input_blocks.3.0.op.weight": (320, 320, 3, 3),
    "input_blocks.4.0.emb_layers.1.weight": (640, 1280),
    "input_blocks.4.0.skip_connection.weight": (640, 320, 1, 1),
    "middle_block.1.transformer_blocks.0.ff.net.0.proj.weight": (10240, 1280),
    "output_blocks.2.1.conv.weight": (1280, 1280, 3, 3),
    "output_blocks.3.0.in_layers.0.weight": (2560,),
    "output_blocks.5.2.conv.weight": (1280, 1280, 3, 3),
    "output_blocks.11.1.transformer_blocks.0.attn1.to_out.0.bias": (320,),
    "output_blocks.11.0.out_layers.3.weight": (320, 320, 3, 3),
    "out.2.weight": (4, 320, 3, 3),
}


def test_names_and_shapes_equal_stable_diffusion() -> None:
    with torch.device("meta"):
        weights = UNet(SD1).state_dict()
    assert {name: tuple(weights[name].shape) for name in PUBLISHED} == PUBLISHED
    assert len(weights) == 686


@pytest.mark.parametrize(
    ("config", "count"), [(SD1, 859_520_964), (SD2, 865_910_724), (SDXL, 2_567_463_684)]
)
def test_published_unets_have_the_same_parameter_count(config: UNetConfig, count: int) -> None:
    with torch.device("meta"):
        assert sum(value.numel() for value in UNet(config).parameters()) == count


def test_both_upsampling_kinds_double_the_side() -> None:
    for kind in ("conv", "pixel_shuffle"):
        assert Upsample(6, kind)(torch.zeros(2, 6, 3, 5)).shape == (2, 6, 6, 10)


@pytest.mark.parametrize("upsample", ["conv", "pixel_shuffle"])
def test_images_of_a_batch_are_independent(
    upsample: str, randomised: Callable[[nn.Module], nn.Module]
) -> None:
    config = replace(SDXL_LIKE, upsample=upsample)
    unet = randomised(UNet(config))
    x, t, context, vector = inputs(config, batch=3)
    together = unet(x, t, Cond(context, vector))
    assert together.shape == x.shape
    for i in range(3):
        row = slice(i, i + 1)
        alone = unet(x[row], t[row], Cond(context[row], present(vector)[row]))
        torch.testing.assert_close(together[row], alone, atol=1e-5, rtol=1e-5)


def test_a_fresh_network_predicts_zero() -> None:
    x, t, context, vector = inputs(SDXL_LIKE, batch=1)
    assert not UNet(SDXL_LIKE)(x, t, Cond(context, vector)).any()
