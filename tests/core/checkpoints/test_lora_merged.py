"""LoRAs against weights merged by PEFT, with files loaded by diffusers' pipelines."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from core.checkpoints.lora import Lora, with_loras
from core.conditioning.text.clip_text import ClipConditioner
from core.families.key_names import unet_from_diffusers
from core.model.model import Model
from tests.core.checkpoints.pipelines import reference_pipeline
from tests.core.checkpoints.tiny import Tiny, load_expanded, reference_unet

pytestmark = [
    pytest.mark.filterwarnings("ignore:.is_gradient_checkpointing. is deprecated"),
    pytest.mark.filterwarnings("ignore:Already found a `peft_config`"),
]

Weights = Mapping[str, Tensor]

IN_UNET = [
    "to_q", "to_k", "to_v", "to_out.0", "proj_in", "proj_out", "net.0.proj", "net.2",
    "conv1", "conv_shortcut", "time_emb_proj",
]  # fmt: skip
IN_TEXT = ["q_proj", "k_proj", "v_proj", "out_proj", "fc1", "fc2"]
TEXTS = ("text_encoder", "text_encoder_2")


def trained(network: Any, config: Any, seed: int) -> Weights:
    """The tensors of a PEFT adapter on a network, as if it had been trained."""
    peft = pytest.importorskip("peft")
    wrapped = peft.get_peft_model(network, config)
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, value in wrapped.named_parameters():
            if any(kind in name for kind in ("lora_A", "lora_B", "hada_", "lokr_")):
                value.copy_(torch.randn(value.shape, generator=generator) / 8)
    state = peft.get_peft_model_state_dict(wrapped)
    weights = {name.removeprefix("base_model.model."): v.clone() for name, v in state.items()}
    wrapped.unload()
    return weights


def write_lora(tiny: Tiny, path: Path, seed: int, **options: Any) -> None:
    """A LoRA for the U-Net and all text encoders, in diffusers' format."""
    peft = pytest.importorskip("peft")
    pipeline = reference_pipeline(tiny)
    layers = {
        f"{name}_lora_layers": trained(
            getattr(pipeline, name), peft.LoraConfig(target_modules=IN_TEXT, **options), seed + i
        )
        for i, name in enumerate(TEXTS[: len(tiny.texts)], start=1)
    }
    unet = trained(pipeline.unet, peft.LoraConfig(target_modules=IN_UNET, **options), seed)
    pipeline.save_lora_weights(path.parent, unet_lora_layers=unet, weight_name=path.name, **layers)


def as_kohya(path: Path, to: Path) -> None:
    """The same file with kohya's names, at half strength by its alphas."""
    utilities = pytest.importorskip("diffusers.utils.state_dict_utils")
    weights = utilities.convert_state_dict_to_kohya(load_file(path))
    halved = {k: v / 2 if k.endswith(".alpha") else v for k, v in weights.items()}
    save_file({name: value.contiguous() for name, value in halved.items()}, to)


def assert_merged(model: Model, pipeline: Any) -> None:
    unet = pipeline.unet.state_dict()
    names = unet_from_diffusers(unet)
    ours = model.backbone.state_dict()
    for name, value in unet.items():
        mine = ours[names[name]].reshape(value.shape)
        torch.testing.assert_close(mine, value, atol=1e-5, rtol=1e-4, msg=name)
    assert isinstance(model.text, ClipConditioner)
    for (network, _), name in zip(model.text.encoders, TEXTS, strict=False):
        theirs = getattr(pipeline, name).state_dict()
        ours = network.state_dict()
        for key, value in theirs.items():
            mine = ours[key.removeprefix("text_model.")]
            torch.testing.assert_close(mine, value, atol=1e-5, rtol=1e-4, msg=f"{name}.{key}")


@pytest.mark.parametrize("kind", ["SD1", "SDXL"])
def test_several_loras_with_strengths_are_merged(
    kind: str, tinies: dict[str, Tiny], checkpoints: dict[str, Path], tmp_path: Path
) -> None:
    """One with PEFT's names, one with kohya's and alphas; for the U-Net and all text encoders."""
    one, two, kohya = (tmp_path / f"{name}.safetensors" for name in ("one", "two", "kohya"))
    write_lora(tinies[kind], one, 10, r=4, lora_alpha=4)
    write_lora(tinies[kind], two, 20, r=2, lora_alpha=2)
    as_kohya(two, kohya)
    pipeline = reference_pipeline(tinies[kind])
    pipeline.load_lora_weights(one, adapter_name="one")
    pipeline.load_lora_weights(kohya, adapter_name="two")
    texts = TEXTS[: len(tinies[kind].texts)]
    strengths = [
        {"unet": 0.7, **dict.fromkeys(texts, 0.3)}, {"unet": -0.5, **dict.fromkeys(texts, 1.2)}
    ]  # fmt: skip
    pipeline.set_adapters(["one", "two"], strengths)
    pipeline.fuse_lora(components=["unet", *texts])
    pipeline.unload_lora_weights()
    model = load_expanded(checkpoints[kind], digest="known")
    changed, effects = with_loras(model, [Lora(one, 0.7, 0.3), Lora(kohya, -0.5, 1.2)])
    assert [effect.unused for effect in effects] == [(), ()]
    assert_merged(changed, pipeline)
    assert_merged(model, reference_pipeline(tinies[kind]))


def dora(peft: Any) -> Any:
    return peft.LoraConfig(target_modules=IN_UNET, r=4, lora_alpha=2, use_dora=True)


def loha(peft: Any) -> Any:
    return peft.LoHaConfig(target_modules=IN_UNET, r=4, alpha=2)


def lokr(peft: Any) -> Any:
    return peft.LoKrConfig(target_modules=IN_UNET, r=4, alpha=4)


def lokr_of_factors(peft: Any) -> Any:
    return peft.LoKrConfig(target_modules=IN_UNET, r=2, alpha=2, decompose_both=True)


@pytest.mark.parametrize("make", [dora, loha, lokr, lokr_of_factors])
def test_other_lora_kinds_are_merged(
    make: Callable[[Any], Any],
    tinies: dict[str, Tiny],
    checkpoints: dict[str, Path],
    tmp_path: Path,
) -> None:
    peft = pytest.importorskip("peft")
    config, path = make(peft), tmp_path / "x.safetensors"
    alpha = config.lora_alpha if make is dora else config.alpha
    weights = trained(reference_unet(tinies["SD1"]), config, seed=1)
    layers = {name.split(".lora_")[0].split(".hada_")[0].split(".lokr_")[0] for name in weights}
    alphas = {f"unet.{layer}.alpha": torch.tensor(float(alpha)) for layer in layers}
    save_file({f"unet.{k}": v.contiguous() for k, v in weights.items()} | alphas, path)
    pipeline = reference_pipeline(tinies["SD1"])
    wrapped = peft.get_peft_model(pipeline.unet, config)
    theirs = {f"base_model.model.{name}": value for name, value in weights.items()}
    assert not peft.set_peft_model_state_dict(wrapped, theirs).unexpected_keys
    pipeline.unet = wrapped.merge_and_unload()
    model = load_expanded(checkpoints["SD1"], digest="known")
    changed, [effect] = with_loras(model, [Lora(path)])
    assert not effect.unused
    assert effect.layers == len(layers)
    assert_merged(changed, pipeline)
