"""Layouts of some families: the same weights, bit for bit as stored."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import nn

from core.checkpoints.identify import identify
from core.errors import ModelError
from tests.core.checkpoints.tiny import Tiny, load_expanded, original, write_folder

F8 = torch.float8_e4m3fn
UNET = "model.diffusion_model."


def assert_equal(network: nn.Module, expected: nn.Module, dtype: torch.dtype) -> None:
    stored = expected.state_dict()
    for name, value in network.state_dict().items():
        assert torch.equal(value, stored[name].to(dtype).float()), name


@pytest.mark.parametrize("kind", ["SD1", "SDXL"])
def test_float8_weights_with_scales_are_loaded(
    kind: str, tinies: dict[str, Tiny], tmp_path: Path
) -> None:
    """ComfyUI's layout: a weight is its 8-bit numbers times `scale_weight`."""
    tiny = tinies[kind]
    weights = original(tiny) | {f"{UNET}scaled_fp8": torch.zeros(2, dtype=F8)}
    expected = dict(tiny.unet.state_dict())
    for name, value in tiny.unet.state_dict().items():
        if name.endswith(".weight") and value.ndim == 2:
            scale = value.abs().max() / 448
            layer = UNET + name.removesuffix(".weight")
            weights[f"{layer}.weight"] = (value / scale).to(F8)
            weights[f"{layer}.scale_weight"] = scale
            weights[f"{layer}.scale_input"] = torch.ones(())
            expected[name] = weights[f"{layer}.weight"].float() * scale
    save_file(weights, tmp_path / "model.safetensors")
    model = load_expanded(tmp_path / "model.safetensors", digest="known", prediction="eps")
    for name, value in model.backbone.state_dict().items():
        assert torch.equal(value, expected[name]), name


@pytest.mark.parametrize("variant", ["", ".fp16"])
@pytest.mark.parametrize("kind", ["SD1", "SDXL"])
def test_a_folder_of_pickles_is_loaded(
    kind: str, variant: str, tinies: dict[str, Tiny], tmp_path: Path
) -> None:
    """diffusers' layout before safetensors: `diffusion_pytorch_model.fp16.bin`, also in shards."""
    tiny, folder = tinies[kind], tmp_path / "model"
    write_folder(tiny, folder, torch.float16)
    for file in [*folder.glob("*/*.safetensors")]:
        name = file.name.replace(".fp16", "").removesuffix(".safetensors")
        name = name.replace("model", "pytorch_model") if name == "model" else name
        torch.save(load_file(file), file.with_name(f"{name}{variant}.bin"))
        file.unlink()
    [index] = folder.glob("unet/*.index.json")
    places = json.loads(index.read_text(encoding="utf-8"))["weight_map"]
    places = {key: name.replace(".safetensors", f"{variant}.bin") for key, name in places.items()}
    renamed = f"diffusion_pytorch_model.bin.index{variant}.json"
    index.with_name(renamed).write_text(json.dumps({"weight_map": places}), encoding="utf-8")
    index.unlink()
    model = load_expanded(folder, digest="known")
    assert_equal(model.backbone, tiny.unet, torch.float16)
    assert_equal(model.autoencoder, tiny.vae, torch.float16)
    for text, expected in zip(model.text.networks, tiny.texts, strict=True):
        assert_equal(text, expected, torch.float16)


@pytest.fixture
def folder(tinies: dict[str, Tiny], tmp_path: Path) -> Path:
    """A model in diffusers' layout, with the U-Net in shards."""
    write_folder(tinies["SD1"], tmp_path / "model", torch.float16)
    return tmp_path / "model"


def test_a_complete_variant_is_used_where_shards_are_missing(
    folder: Path, tinies: dict[str, Tiny]
) -> None:
    shards = sorted(folder.glob("unet/*.safetensors"))
    weights = {key: value for file in shards for key, value in load_file(file).items()}
    shards[1].unlink()
    with pytest.raises(
        ModelError, match=rf'index\.json names "{shards[1].name}", which is missing'
    ):
        identify(folder)
    save_file(weights, folder / "unet" / "diffusion_pytorch_model.fp16.safetensors")
    assert_equal(load_expanded(folder).backbone, tinies["SD1"].unet, torch.float16)


def test_the_table_of_shards_may_be_named_after_the_variant(folder: Path) -> None:
    [table] = folder.glob("unet/*.index.json")
    table.rename(table.with_name("diffusion_pytorch_model.safetensors.fp16.index.json"))
    assert identify(folder).missing == ()


def test_a_folder_that_is_not_the_model_says_where_it_is(folder: Path) -> None:
    """Part of the model, and above it, as in the cache of the Hugging Face Hub."""
    cache = folder.parent / "models--someone--something"
    snapshot = cache / "snapshots" / "0123abc"
    snapshot.parent.mkdir(parents=True)
    folder.rename(snapshot)
    for path in (cache, cache / "snapshots", snapshot / "unet"):
        with pytest.raises(ModelError) as caught:
            identify(path)
        assert f"{path} is not a model, but {snapshot} is" in str(caught.value)


def test_a_folder_without_its_index_or_unet_says_so(folder: Path) -> None:
    (folder / "unet").rename(folder.parent / "elsewhere")
    index = folder / "model_index.json"
    index.write_text('{"_class_name": "StableDiffusionPipeline", "unet": ["diffusers", "U"]}')
    with pytest.raises(ModelError, match="its folder unet is missing"):
        identify(folder)
    index.unlink()
    with pytest.raises(ModelError, match=r"has vae, text_encoder, but no model_index\.json"):
        identify(folder)


def test_convolutions_use_channels_last(checkpoints: dict[str, Path]) -> None:
    model = load_expanded(checkpoints["SD1"], digest="known")
    for network in (model.backbone, model.autoencoder):
        for weights in network.state_dict().values():
            last = weights.ndim == 4
            format_ = torch.channels_last if last else torch.contiguous_format
            assert weights.is_contiguous(memory_format=format_)
