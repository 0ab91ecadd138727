"""Files are identified in every layout, and their weights are loaded."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from core.checkpoints.identify import identify
from core.checkpoints.load_model import check, load_model
from core.checkpoints.overrides import Overrides, overrides_path, write_overrides
from core.checkpoints.tensor_file import TensorFile
from core.errors import ModelError
from core.families.key_names import flattened_unet_names
from core.families.stable_diffusion_1 import STABLE_DIFFUSION_1
from core.families.stable_diffusion_2 import STABLE_DIFFUSION_2, STABLE_DIFFUSION_2_UNCLIP
from core.families.stable_diffusion_x4_upscaler import STABLE_DIFFUSION_X4_UPSCALER
from core.families.stable_diffusion_xl import STABLE_DIFFUSION_XL
from core.families.stable_diffusion_xl_refiner import STABLE_DIFFUSION_XL_REFINER
from core.model.model import Model
from core.networks.unet import UNet, UNetConfig
from core.request.conditions import Text
from tests.core.checkpoints.tiny import (
    KINDS,
    SD2,
    Tiny,
    Weights,
    load_expanded,
    open_clip,
    original,
    prefixed,
    reference_text,
    reference_unet,
    reference_vae,
    transformers_text,
    write_folder,
)

FAMILIES = {
    "SD1": STABLE_DIFFUSION_1,
    "SD2": STABLE_DIFFUSION_2,
    "SDXL": STABLE_DIFFUSION_XL,
    "refiner": STABLE_DIFFUSION_XL_REFINER,
    "x4 upscaler": STABLE_DIFFUSION_X4_UPSCALER,
    "unCLIP": STABLE_DIFFUSION_2_UNCLIP,
}
EXTRAS = {
    "SD2 base": ("SD2", ""),
    "SD1 inpainting": ("SD1", "inpainting"),
    "SD2 inpainting": ("SD2", "inpainting"),
    "SDXL inpainting": ("SDXL", "inpainting"),
    "instruct-pix2pix": ("SD1", "instruct-pix2pix"),
    "SD2 depth": ("SD2", "depth"),
    "SD2 unCLIP-H": ("unCLIP", "unCLIP"),
    "SD2 unCLIP-L": ("unCLIP", "unCLIP"),
    "SD1 LCM": ("SD1", ""),
    "SSD-1B": ("SDXL", ""),
    "KOALA 700M": ("SDXL", ""),
    "x4 upscaler": ("x4 upscaler", "upscaling"),
}


def assert_holds(model: Model, tiny: Tiny, *, exactly: bool = True) -> None:
    """Checks that the model has the weights, and the same output as the original networks."""
    networks = [
        (model.backbone, tiny.unet),
        (model.autoencoder, tiny.vae),
        *zip(model.text.networks, tiny.texts, strict=True),
    ]
    if tiny.images is not None:
        assert model.image is not None
        assert model.image.statistics is not None
        networks.append((model.image.network, tiny.images))
        for ours, theirs in zip(model.image.statistics, tiny.statistics, strict=True):
            torch.testing.assert_close(ours, theirs)
    for loaded, expected in networks:
        theirs = expected.state_dict()
        for name, value in loaded.state_dict().items():
            assert value.dtype == torch.float32
            if exactly:
                assert torch.equal(value, theirs[name]), name
            else:
                torch.testing.assert_close(value, theirs[name], atol=0.3, rtol=0.3)
        assert not loaded.training


@pytest.mark.parametrize("kind", KINDS)
def test_a_published_file_is_identified_and_loaded(
    kind: str, checkpoints: dict[str, Path], tinies: dict[str, Tiny]
) -> None:
    path, tiny = checkpoints[kind], tinies[kind]
    identity = identify(path)
    family, extra = EXTRAS.get(kind, (kind, ""))
    assert identity.family is FAMILIES[family]
    assert identity.input_kind == extra
    assert identity.backbone == tiny.kind.unet
    assert identity.text_encoders == tiny.kind.texts
    assert identity.image_encoder == tiny.kind.images
    assert not identity.components.unknown
    assert not identity.missing
    assert set(identity.dtypes) == {"float32"}
    assert_holds(load_expanded(path, digest="known"), tiny)


@pytest.mark.parametrize("kind", ["SD1", "SD2", "SDXL"])
def test_a_diffusers_folder_is_identified_and_loaded(
    kind: str, tinies: dict[str, Tiny], tmp_path: Path
) -> None:
    write_folder(tinies[kind], tmp_path / "model-v1.5", torch.float32)
    identity = identify(tmp_path / "model-v1.5")
    assert identity.family is FAMILIES[kind]
    assert len(identity.files) == 3 + len(tinies[kind].texts)
    model = load_expanded(tmp_path / "model-v1.5")
    tiny = tinies[kind]
    if kind == "SD2":  # diffusers leaves out the last layer
        assert identity.text_encoders[0].layers == 2
        whole = load_checkpoint_of(tiny, tmp_path)
        torch.testing.assert_close(
            model.text(Text("a cat")).tokens, whole.text(Text("a cat")).tokens
        )
        tiny = replace(tiny, texts=(model.text.networks[0],))
    assert_holds(model, tiny)
    assert model.name == "model-v1.5"
    assert len(model.digest) == 64


def load_checkpoint_of(tiny: Tiny, folder: Path) -> Model:
    save_file(original(tiny), folder / "whole.safetensors")
    return load_expanded(folder / "whole.safetensors")


def variants(tiny: Tiny) -> dict[str, Weights]:
    """The same model in the layouts of other programs."""
    whole = original(tiny)
    unet, vae = tiny.unet.state_dict(), tiny.vae.state_dict()
    text = tiny.texts[0].state_dict()
    rest = {k: v for k, v in whole.items() if not k.startswith("model.")}
    without_text = {k: v for k, v in whole.items() if not k.startswith("cond_stage")}
    averaged = {
        f"model_ema.{('diffusion_model.' + k).replace('.', '')}": v for k, v in unet.items()
    }
    theirs = {
        "unet.": reference_unet(tiny).state_dict(),
        "vae.": reference_vae(tiny).state_dict(),
        "text_encoder.": reference_text(tiny, 0).state_dict(),
    }
    return {
        "pruned": {k: v for k, v in whole.items() if "alphas" not in k and "position" not in k}
        | {k: v for k, v in whole.items() if "position_embedding" in k},
        "with an average": whole | {k: v + 1 for k, v in averaged.items()},
        "only an average": rest | averaged,
        "without text_model": without_text | prefixed("cond_stage_model.transformer.", text),
        "in half precision": {k: v.half() for k, v in whole.items()},
        "in bfloat16": {k: v.bfloat16() for k, v in whole.items()},
        "in 8 bits": {k: v.to(torch.float8_e4m3fn) for k, v in whole.items()},
        "mixed": {k: v.half() if "diffusion" in k else v for k, v in whole.items()},
        "of other prefixes": prefixed("unet.", unet)
        | prefixed("vae.", vae)
        | prefixed("te.", transformers_text(text)),
        "of diffusers' names": {p + k: v for p, part in theirs.items() for k, v in part.items()},
        "with the VAE's attention as linear layers": {
            k: v.flatten(1) if ".mid.attn_1." in k and v.ndim == 4 else v for k, v in whole.items()
        },
        "with damaged positions": whole
        | {"cond_stage_model.transformer.text_model.embeddings.position_ids": torch.rand(1, 77)},
    }


VARIANTS = (
    "pruned",
    "with an average",
    "only an average",
    "without text_model",
    "in half precision",
    "in bfloat16",
    "in 8 bits",
    "mixed",
    "of other prefixes",
    "of diffusers' names",
    "with the VAE's attention as linear layers",
    "with damaged positions",
)


@pytest.fixture(scope="module")
def written_by_others(tinies: dict[str, Tiny]) -> dict[str, Weights]:
    return variants(tinies["SD1"])


@pytest.mark.parametrize(
    ("variant", "suffix"), list(zip(VARIANTS, cycle((".safetensors", ".ckpt")), strict=False))
)
def test_files_of_other_programs_are_identified_and_loaded(
    variant: str,
    suffix: str,
    tinies: dict[str, Tiny],
    written_by_others: dict[str, Weights],
    tmp_path: Path,
) -> None:
    tiny, weights = tinies["SD1"], written_by_others[variant]
    path = tmp_path / f"model{suffix}"
    if suffix == ".safetensors":
        save_file({k: v.contiguous() for k, v in weights.items()}, path)
    else:
        torch.save({"state_dict": weights, "global_step": 470_000, "epoch": 3}, path)
    identity = identify(path)
    assert identity.family is STABLE_DIFFUSION_1
    assert not identity.components.unknown
    rounded = variant in ("in half precision", "in bfloat16", "in 8 bits", "mixed")
    assert_holds(load_expanded(path), tiny, exactly=not rounded)


def remnants(whole: Weights, network: str) -> Weights:
    """What a careless merge leaves beside a whole file."""
    text = "cond_stage_model.transformer."
    if network == "text encoder":
        words = whole[f"{text}text_model.embeddings.token_embedding.weight"]
        positions = torch.arange(77.0)[None]
        return {
            f"{text}embeddings.token_embedding.weight": words,
            f"{text}embeddings.position_ids": positions,
            "te.embeddings.token_embedding.weight": words,
        }
    if network == "text encoder, twice":
        inside = f"{text}text_model."
        return {key.replace(inside, text): whole[key] for key in whole if key.startswith(inside)}
    old, first, last = {
        "U-Net": ("model.diffusion_model.", "input_blocks.0.0.weight", "out.2.weight"),
        "VAE": ("first_stage_model.", "decoder.mid.block_1.norm1.weight", "quant_conv.weight"),
    }[network]
    return {f"a.{name}": whole[f"{old}{name}"] for name in (first, last)}


@pytest.mark.parametrize("network", ["text encoder", "text encoder, twice", "U-Net", "VAE"])
def test_remnants_of_a_network_beside_a_whole_one_are_ignored(
    network: str, tinies: dict[str, Tiny], tmp_path: Path
) -> None:
    path, whole = tmp_path / "model.safetensors", original(tinies["SD1"])
    left = {key: value.clone() for key, value in remnants(whole, network).items()}
    save_file(whole | left, path)
    check(path)
    assert_holds(load_expanded(path), tinies["SD1"])


def test_an_openclip_projection_may_be_stored_as_a_layer(
    tinies: dict[str, Tiny], tmp_path: Path
) -> None:
    """As ComfyUI saves it: named and transposed like the weight of a linear layer."""
    path, weights = tmp_path / "model.safetensors", original(tinies["SDXL"])
    name = "conditioner.embedders.1.model.text_projection"
    weights[f"{name}.weight"] = weights.pop(name).T.contiguous()
    save_file(weights, path)
    assert_holds(load_expanded(path), tinies["SDXL"])


def test_the_moving_average_is_used_on_request(tinies: dict[str, Tiny], tmp_path: Path) -> None:
    path = tmp_path / "full.safetensors"
    save_file(variants(tinies["SD1"])["with an average"], path)
    plain, average = (load_expanded(path, average=wanted) for wanted in (False, True))
    for name, value in plain.backbone.state_dict().items():
        assert torch.equal(average.backbone.state_dict()[name], value + 1)


def test_flattened_names_are_distinguished() -> None:
    names = flattened_unet_names()
    assert len(set(names.values())) == len(names)
    for config in (UNetConfig(), SD2, KINDS["SDXL"].unet):
        with torch.device("meta"):
            weights = UNet(config).state_dict()
        assert all(names[name.replace(".", "")] == name for name in weights)


def test_networks_may_be_in_separate_files(tinies: dict[str, Tiny], tmp_path: Path) -> None:
    tiny = tinies["SDXL"]
    texts = [text.state_dict() for text in tiny.texts]
    parts = {
        "unet": tiny.unet.state_dict(),
        "vae": tiny.vae.state_dict(),
        "clip_l": transformers_text(texts[0]),
        "clip_g": open_clip(texts[1]),
    }
    paths = [tmp_path / f"{name}.safetensors" for name in parts]
    for path, weights in zip(paths, parts.values(), strict=True):
        save_file(weights, path)
    with pytest.raises(ModelError, match="but no U-Net"):
        identify(paths[1])
    assert_holds(load_expanded(paths[0], companions=paths[1:]), tiny)


def test_a_companion_vae_replaces_the_files_own(
    checkpoints: dict[str, Path], tinies: dict[str, Tiny], tmp_path: Path
) -> None:
    other = {k: v + 1 for k, v in tinies["SD1"].vae.state_dict().items()}
    save_file(other, tmp_path / "vae.safetensors")
    model = load_expanded(checkpoints["SD1"], companions=[tmp_path / "vae.safetensors"])
    for name, value in model.autoencoder.state_dict().items():
        assert torch.equal(value, other[name])


def test_missing_components_are_named(tinies: dict[str, Tiny], tmp_path: Path) -> None:
    whole = original(tinies["SD1"])
    path = tmp_path / "part.safetensors"
    save_file({k: v for k, v in whole.items() if not k.startswith("first_stage")}, path)
    assert tuple(map(str, identify(path).missing)) == ("an autoencoder (VAE)",)
    with pytest.raises(ModelError, match="lacks an autoencoder"):
        load_model(path)
    cut = dict(whole)
    del cut["model.diffusion_model.output_blocks.3.0.in_layers.0.weight"]
    save_file(cut, path)
    with pytest.raises(ModelError, match=r"U-Net lacks output_blocks\.3\.0\.in_layers\.0\.weight"):
        load_model(path)


def test_unknown_tensors_are_reported(tinies: dict[str, Tiny], tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    save_file(original(tinies["SD1"]) | {"strange.weight": torch.zeros(2)}, path)
    assert identify(path).components.unknown == ("strange.weight",)
    more = "model.diffusion_model.input_blocks.1.0.in_layers.9.weight"
    save_file(original(tinies["SD1"]) | {more: torch.zeros(2)}, path)
    with pytest.raises(ModelError, match=r"unknown tensors: input_blocks\.1\.0"):
        load_model(path)


def header_of(config: UNetConfig, path: Path, extra: Weights | None = None) -> None:
    """A full-size U-Net file whose weights are a hole."""
    import json

    with torch.device("meta"):
        weights = UNet(config).half().state_dict()
    header: dict[str, Any] = {}
    at = 0
    for name, value in (weights | (extra or {})).items():
        size = value.numel() * 2
        header[f"model.diffusion_model.{name}"] = {
            "dtype": "F16", "shape": list(value.shape), "data_offsets": [at, at + size]
        }  # fmt: skip
        at += size
    written = json.dumps(header).encode()
    with path.open("wb") as file:
        file.write(len(written).to_bytes(8, "little") + written)
        file.truncate(8 + len(written) + at)


LINEAR = {"heads": None, "linear_projection": True}
PUBLISHED = {
    "Stable Diffusion 1": UNetConfig(),
    "Stable Diffusion 1, inpainting": UNetConfig(in_channels=9),
    "Stable Diffusion 1, instruct-pix2pix": UNetConfig(in_channels=8),
    "Stable Diffusion 1, LCM": UNetConfig(guidance_dim=256),
    "Stable Diffusion 2": UNetConfig(context_dim=1024, **LINEAR),
    "Stable Diffusion 2, inpainting": UNetConfig(in_channels=9, context_dim=1024, **LINEAR),
    "Stable Diffusion 2, depth": UNetConfig(in_channels=5, context_dim=1024, **LINEAR),
    "Stable Diffusion 2, unCLIP": UNetConfig(context_dim=1024, vector_dim=2048, **LINEAR),
    "Stable Diffusion XL": UNetConfig(
        multipliers=(1, 2, 4),
        depths=(0, 2, 10),
        middle_depth=10,
        context_dim=2048,
        vector_dim=2816,
        **LINEAR,
    ),
    "Stable Diffusion XL, inpainting": UNetConfig(
        in_channels=9,
        multipliers=(1, 2, 4),
        depths=(0, 2, 10),
        middle_depth=10,
        context_dim=2048,
        vector_dim=2816,
        **LINEAR,
    ),
    "Stable Diffusion XL refiner": UNetConfig(
        channels=384,
        depths=(0, 4, 4, 0),
        middle_depth=4,
        context_dim=1280,
        vector_dim=2560,
        **LINEAR,
    ),
    "Stable Diffusion x4 upscaler": UNetConfig(
        in_channels=7,
        channels=256,
        multipliers=(1, 2, 2, 4),
        depths=(0, 1, 1, 1),
        context_dim=1024,
        linear_projection=True,
        classes=1000,
        cross_levels=(1, 2),
    ),
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_models_are_identified_without_reading_weights(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Except for one bias, which shows what Stable Diffusion 2 predicts."""
    config = PUBLISHED[name]
    path = tmp_path / "unet.safetensors"
    header_of(config, path)
    read: list[str] = []
    tensor = TensorFile.tensor
    monkeypatch.setattr(TensorFile, "tensor", lambda f, key: (read.append(key), tensor(f, key))[1])
    identity = identify(path, prediction="eps")
    assert all(key.endswith(".norm1.bias") for key in read)
    assert len(read) <= 1
    assert identity.display_name == name
    assert identity.backbone == config
    assert "an autoencoder (VAE)" in map(str, identity.missing)


@pytest.mark.parametrize(
    ("config", "kind"),
    [
        (UNetConfig(context_dim=1280), "latent diffusion, text to image"),
        (UNetConfig(channels=192, context_dim=512), "ImageNet"),
        (UNetConfig(channels=96, context_dim=777), "unknown family"),
    ],
)
def test_unsupported_families_are_named(config: UNetConfig, kind: str, tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    header_of(config, path)
    with pytest.raises(ModelError, match=kind) as caught:
        identify(path)
    assert str(caught.value.hint) == "Choose another model."


@pytest.mark.parametrize(
    ("names", "kind"),
    [
        (["double_blocks.0.img_attn.qkv.weight"], "Flux"),
        (["control_model.input_blocks.0.0.weight"], "ControlNet"),
        (["lora_unet_mid_block.lora_up.weight"], "LoRA"),
        (["something.else"], "no known network"),
    ],
)
def test_files_that_are_not_models_are_identified(
    names: list[str], kind: str, tmp_path: Path
) -> None:
    path = tmp_path / "file.safetensors"
    save_file({name: torch.zeros(4, 4) for name in names}, path)
    with pytest.raises(ModelError, match=kind):
        load_model(path)


def sd2(tiny: Tiny, deviation: float) -> Weights:
    weights = original(tiny)
    name = "model.diffusion_model.output_blocks.11.1.transformer_blocks.0.norm1.bias"
    bias = weights[name]
    weights[name] = (bias - bias.mean()) / bias.std(correction=0) * deviation
    return weights


@pytest.fixture(scope="module")
def deep_sd2(tinies: dict[str, Tiny], randomised: Callable[..., nn.Module]) -> Tiny:
    """With four levels like the published model."""
    config = replace(SD2, multipliers=(1, 1, 1, 1), depths=(1, 1, 1, 0))
    return replace(tinies["SD2"], unet=randomised(UNet(config)))


def predicted(path: Path, **options: Any) -> tuple[str, str]:
    predicts = identify(path, **options).prediction
    return predicts.kind, str(predicts.reason)


def test_the_prediction_is_detected_in_order_of_evidence(deep_sd2: Tiny, tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    save_file(sd2(deep_sd2, 0.05), path)
    assert predicted(path) == ("eps", "a bias in it deviates by 0.05")
    save_file(sd2(deep_sd2, 0.12), path)
    assert predicted(path) == ("v", "a bias in it deviates by 0.12")
    yaml = tmp_path / "model.yaml"
    yaml.write_text('model:\n  params:\n    parameterization: "eps"\n', encoding="utf-8")
    assert predicted(path) == ("eps", "the .yaml beside it says so")
    save_file(sd2(deep_sd2, 0.05), path, {"modelspec.predict_key": "v"})
    assert predicted(path) == ("v", "its metadata say v")
    save_file(sd2(deep_sd2, 0.12), path, {"modelspec.prediction_type": "v"})
    assert predicted(path) == ("v", "its metadata say v")
    marked = sd2(deep_sd2, 0.12) | {"v_pred": torch.zeros(0), "ztsnr": torch.zeros(0)}
    save_file(marked, path, {"modelspec.prediction_type": "epsilon"})
    assert predicted(path) == ("v", "it holds the tensor v_pred")
    assert predicted(path, prediction="eps") == ("eps", "chosen by the user")
    write_overrides(path, Overrides("eps"))
    assert predicted(path) == ("eps", "chosen by the user")
    assert predicted(path, prediction="v") == ("v", "chosen by the user")
    write_overrides(path, Overrides())
    assert not overrides_path(path).exists()
    overrides_path(path).write_text('{"prediction": "nonsense"}', encoding="utf-8")
    assert predicted(path) == ("v", "it holds the tensor v_pred")
    model = load_model(path)
    assert model.prediction.name == "v"
    assert model.schedule.sigma_max > 1000
    assert model.defaults.width == 768


def test_defaults_suit_the_family(checkpoints: dict[str, Path]) -> None:
    assert load_model(checkpoints["x4 upscaler"]).defaults.width == 512
    assert load_model(checkpoints["SD2"]).defaults.width == 768
    for kind, side in (("SD1", 512), ("SDXL", 1024)):
        model = load_model(checkpoints[kind])
        assert (model.defaults.width, model.defaults.height) == (side, side)
        assert model.size_multiple == 8
        assert model.max_side >= 1024
        assert model.schedule.sigma_min == pytest.approx(0.029167, abs=1e-6)
        assert model.schedule.sigma_max == pytest.approx(14.614641, abs=1e-6)
        assert model.name == kind


def test_the_digest_is_that_of_the_file(checkpoints: dict[str, Path]) -> None:
    import hashlib

    path = checkpoints["SD1"]
    assert load_model(path).digest == hashlib.sha256(path.read_bytes()).hexdigest()
