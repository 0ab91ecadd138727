"""Every family in every layout and storage: the same weights, to the bit they were stored with."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import nn

from core.checkpoints.load import load_checkpoint
from core.model import Model
from tests.core.checkpoints.tiny import KINDS, Tiny, Weights, original, prefixed, write_folder

F8 = torch.float8_e4m3fn
STORED = {
    "float16": (torch.float16, torch.float16),
    "bfloat16": (torch.bfloat16, torch.bfloat16),
    "8 bits": (F8, F8),
    "U-Net of 8 bits": (F8, torch.float16),
    "U-Net of float16": (torch.float16, torch.float32),
}
"""The U-Net's type, and that of the other networks."""
UNET = "model.diffusion_model."


def assert_holds(model: Model, tiny: Tiny, unet: torch.dtype, others: torch.dtype) -> None:
    texts = [network for network, _ in model.text.encoders]
    pairs = [(model.unet, tiny.unet, unet), (model.autoencoder, tiny.vae, others)]
    pairs += [(text, theirs, others) for text, theirs in zip(texts, tiny.texts, strict=True)]
    pairs += [(model.image.network, tiny.images, others)] if tiny.images else []
    for network, expected, dtype in pairs:
        assert_equal(network, expected, dtype)


def assert_equal(network: nn.Module, expected: nn.Module, dtype: torch.dtype) -> None:
    stored = expected.state_dict()
    for name, value in network.state_dict().items():
        assert torch.equal(value, stored[name].to(dtype).float()), name


def rounded(weights: Weights, unet: torch.dtype, others: torch.dtype) -> Weights:
    found: Weights = {}
    for name, value in weights.items():
        floating = value.is_floating_point()
        dtype = unet if name.startswith(UNET) else others
        found[name] = value.to(dtype).contiguous() if floating else value
    return found


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("stored", STORED)
def test_a_file_of_any_precision(
    kind: str, stored: str, tinies: dict[str, Tiny], tmp_path: Path
) -> None:
    tiny = tinies[kind]
    weights = rounded(original(tiny), *STORED[stored])
    if stored == "float16":
        path = tmp_path / "model.ckpt"
        torch.save({"state_dict": weights, "global_step": 1}, path)
    else:
        path = tmp_path / "model.safetensors"
        save_file(weights, path)
    prediction = "v" if tiny.kind.prediction == "v_prediction" else "eps"
    model = load_checkpoint(path, digest="known", prediction=prediction)
    assert_holds(model, tiny, *STORED[stored])


@pytest.mark.parametrize("kind", ["SD1", "SDXL"])
def test_8_bits_with_a_scale_for_each_weight(
    kind: str, tinies: dict[str, Tiny], tmp_path: Path
) -> None:
    """As ComfyUI writes it: a weight is its 8-bit numbers times `scale_weight`."""
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
    model = load_checkpoint(tmp_path / "model.safetensors", digest="known", prediction="eps")
    for name, value in model.unet.state_dict().items():
        assert torch.equal(value, expected[name]), name


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_with_the_moving_average_only(
    kind: str, tinies: dict[str, Tiny], tmp_path: Path
) -> None:
    tiny = tinies[kind]
    rest = {name: v for name, v in original(tiny).items() if not name.startswith(UNET)}
    average = {
        f"model_ema.{('diffusion_model.' + name).replace('.', '')}": value
        for name, value in tiny.unet.state_dict().items()
    }
    save_file(rest | average, tmp_path / "model.safetensors")
    model = load_checkpoint(tmp_path / "model.safetensors", digest="known")
    assert_holds(model, tiny, torch.float32, torch.float32)


@pytest.mark.parametrize("kind", KINDS)
def test_a_pruned_file_of_networks_alone(
    kind: str, tinies: dict[str, Tiny], tmp_path: Path
) -> None:
    tiny = tinies[kind]
    path = tmp_path / "unet.safetensors"
    save_file(prefixed("", tiny.unet.state_dict()), path)
    rest = {name: v for name, v in original(tiny).items() if not name.startswith(UNET)}
    save_file(rest, tmp_path / "rest.safetensors")
    model = load_checkpoint(path, beside=[tmp_path / "rest.safetensors"], digest="known")
    assert_holds(model, tiny, torch.float32, torch.float32)


@pytest.mark.parametrize("kind", KINDS)
def test_a_folder_in_shards_and_half_precision(
    kind: str, tinies: dict[str, Tiny], tmp_path: Path
) -> None:
    tiny = tinies[kind]
    write_folder(tiny, tmp_path / "model", torch.float16)
    model = load_checkpoint(tmp_path / "model", digest="known")
    assert_equal(model.unet, tiny.unet, torch.float16)
    assert_equal(model.autoencoder, tiny.vae, torch.float16)
    for (text, _), expected in zip(model.text.encoders, tiny.texts, strict=True):
        assert_equal(text, expected, torch.float16)
    assert model.prediction.name == ("v" if tiny.kind.prediction == "v_prediction" else "eps")
    context = model.condition("a cat").context
    whole = tmp_path / "whole.safetensors"
    save_file(rounded(original(tiny), torch.float16, torch.float16), whole)
    expected = load_checkpoint(whole, digest="known").condition("a cat").context
    torch.testing.assert_close(context, expected)


@pytest.mark.parametrize("variant", ["", ".fp16"])
@pytest.mark.parametrize("kind", ["SD1", "SDXL"])
def test_a_folder_of_pickles(
    kind: str, variant: str, tinies: dict[str, Tiny], tmp_path: Path
) -> None:
    """As diffusers wrote them before safetensors: `diffusion_pytorch_model.fp16.bin`, in shards
    too."""
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
    model = load_checkpoint(folder, digest="known")
    assert_equal(model.unet, tiny.unet, torch.float16)
    assert_equal(model.autoencoder, tiny.vae, torch.float16)
    for (text, _), expected in zip(model.text.encoders, tiny.texts, strict=True):
        assert_equal(text, expected, torch.float16)


def test_convolutions_are_laid_out_for_speed(checkpoints: dict[str, Path]) -> None:
    model = load_checkpoint(checkpoints["SD1"], digest="known")
    for network in (model.unet, model.autoencoder):
        for weights in network.state_dict().values():
            last = weights.ndim == 4
            format_ = torch.channels_last if last else torch.contiguous_format
            assert weights.is_contiguous(memory_format=format_)
