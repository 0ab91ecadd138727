"""Models distilled from Stable Diffusion XL, with fewer blocks, built as diffusers builds them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from core.checkpoints.fill_network import fill
from core.checkpoints.identify import identify
from core.checkpoints.open_file import open_tensors
from core.errors import ModelError
from core.families.components import all_tensors, find
from core.families.config_from_shapes import unet_config
from core.families.key_names import unet_from_diffusers
from core.networks.cond import Cond
from core.networks.layers import timestep_embedding
from core.networks.unet import UNet
from core.runtime.offload import expand

PUBLISHED: Mapping[str, dict[str, Any]] = {
    "SSD-1B": {
        "mid_block_type": "UNetMidBlock2D",
        "transformer_layers_per_block": [1, [2, 2], [4, 4]],
        "reverse_transformer_layers_per_block": [[4, 4, 10], [2, 1, 1], 1],
    },
    "Segmind Vega": {
        "mid_block_type": "UNetMidBlock2D",
        "transformer_layers_per_block": [1, 1, 2],
    },
    "KOALA 700M": {
        "layers_per_block": 1,
        "mid_block_type": None,
        "transformer_layers_per_block": [1, 2, 5],
    },
    "KOALA 1B": {"layers_per_block": 1, "transformer_layers_per_block": [1, 2, 6]},
}
"""The blocks of their U-Nets in diffusers' words."""
MILLIONS = {"SSD-1B": 1331, "Segmind Vega": 745, "KOALA 700M": 782, "KOALA 1B": 1161}
"""Parameters of the U-Nets, of the KOALA paper (Lee et al. 2023) and of Segmind's articles."""
LAYOUTS = ("diffusers", "original")


def unet_of(name: str, **sizes: Any) -> Any:
    diffusers = pytest.importorskip("diffusers")
    return diffusers.UNet2DConditionModel(
        **{
            "block_out_channels": [320, 640, 1280],
            "down_block_types": ["DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"],
            "up_block_types": ["CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"],
            "attention_head_dim": [5, 10, 20],
            "cross_attention_dim": 2048,
            "use_linear_projection": True,
            "addition_embed_type": "text_time",
            "addition_time_embed_dim": 256,
            "projection_class_embeddings_input_dim": 2816,
            **PUBLISHED[name],
            **sizes,
        }
    )


def named(weights: Mapping[str, Tensor], layout: str) -> dict[str, Tensor]:
    if layout == "diffusers":
        return dict(weights)
    names = unet_from_diffusers(weights)
    assert names.keys() == weights.keys()
    return {f"model.diffusion_model.{names[key]}": value for key, value in weights.items()}


def write_header(weights: Mapping[str, Tensor], path: Path) -> None:
    """A full-size file whose weights are a hole."""
    header: dict[str, Any] = {}
    at = 0
    for name, value in weights.items():
        end = at + 2 * value.numel()
        header[name] = {"dtype": "F16", "shape": list(value.shape), "data_offsets": [at, end]}
        at = end
    written = json.dumps(header).encode()
    with path.open("wb") as file:
        file.write(len(written).to_bytes(8, "little") + written)
        file.truncate(8 + len(written) + at)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("name", PUBLISHED)
def test_published_distilled_unets_are_recognised_by_their_blocks(
    name: str, layout: str, tmp_path: Path
) -> None:
    with torch.device("meta"):
        weights = unet_of(name).state_dict()
    write_header(named(weights, layout), tmp_path / "unet.safetensors")
    identity = identify(tmp_path / "unet.safetensors")
    assert identity.display_name == f"Stable Diffusion XL, {name}"
    assert identity.parameters == pytest.approx(MILLIONS[name] * 1e6, rel=0.002)
    with torch.device("meta"):
        ours = UNet(identity.backbone).state_dict()
    names = unet_from_diffusers(weights)
    assert {names[key]: value.shape for key, value in weights.items()} == {
        key: value.shape for key, value in ours.items()
    }
    defaults = identity.defaults
    assert (defaults.width, defaults.height, defaults.steps) == (1024, 1024, 25)
    assert defaults.cfg == (5.0 if "KOALA" in name else 9.0)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("name", PUBLISHED)
def test_the_unet_equals_diffusers(
    name: str, layout: str, randomised: Callable[..., Any], tmp_path: Path
) -> None:
    theirs = randomised(
        unet_of(
            name,
            block_out_channels=[32, 64, 128],
            attention_head_dim=[1, 1, 2],
            cross_attention_dim=24,
            projection_class_embeddings_input_dim=16 + 6 * 256,
        )
    )
    weights = {key: value.contiguous() for key, value in theirs.state_dict().items()}
    save_file(named(weights, layout), tmp_path / "unet.safetensors")
    part = find(all_tensors(open_tensors(tmp_path / "unet.safetensors"))).backbone
    assert part is not None
    ours = UNet(unet_config(part.sources))
    fill(ours, part.sources, torch.float32)
    expand(ours, torch.device("cpu"))
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(2, 4, 16, 24, generator=generator)
    context = torch.randn(2, 7, 24, generator=generator)
    text = torch.randn(2, 16, generator=generator)
    t, sizes = torch.tensor([5.0, 900.25]), torch.tensor([[96, 64, 0, 0, 96, 64]] * 2)
    vector = torch.cat([text, timestep_embedding(sizes[0].float(), 256).flatten().repeat(2, 1)], 1)
    expected = theirs(
        x, t, context, added_cond_kwargs={"text_embeds": text, "time_ids": sizes}
    ).sample
    torch.testing.assert_close(ours(x, t, Cond(context, vector)), expected, atol=2e-5, rtol=1e-4)


def test_unknown_block_counts_are_refused(tmp_path: Path) -> None:
    """A level with different residual blocks on the way down, and thousands of transformer
    blocks."""
    with torch.device("meta"):
        weights = named(unet_of("Segmind Vega").state_dict(), "original")
    path = tmp_path / "unet.safetensors"
    first = "model.diffusion_model.input_blocks.4.1."
    without = {key: value for key, value in weights.items() if not key.startswith(first)}
    write_header(without, path)
    with pytest.raises(ModelError, match="an unknown architecture"):
        identify(path)
    more = {f"{first}transformer_blocks.{i}.norm1.bias": torch.zeros(1) for i in range(2000)}
    write_header(weights | more, path)
    with pytest.raises(ModelError, match="2000 blocks, and at most 256"):
        identify(path)
