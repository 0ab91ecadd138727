"""LoRAs with all naming schemes: the right layers change, by the right amount."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from core.checkpoints.load_model import load_model
from core.checkpoints.lora import Lora, with_loras
from core.errors import ModelError
from core.families.key_names import unet_from_diffusers
from core.model.model import Model
from core.networks.unet import UNet
from core.request.conditions import Text
from tests.core.checkpoints.tiny import Tiny, load_expanded, reference_unet
from tests.narrowing import present

LINEAR = "input_blocks.4.1.transformer_blocks.0.attn2.to_out.0"
LINEAR_THERE = "down_blocks.1.attentions.0.transformer_blocks.0.attn2.to_out.0"
TEXT = "encoder.layers.1.self_attn.q_proj"
Weights = dict[str, Tensor]


@pytest.fixture(scope="module")
def models(checkpoints: dict[str, Path]) -> dict[str, Model]:
    kinds = ("SD1", "SD2 unCLIP-H", "SDXL", "refiner")
    return {kind: load_expanded(checkpoints[kind], digest=kind) for kind in kinds}


def noise(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed + sum(shape))) / 8


def loaded(model: Model, weights: Weights, path: Path, **strengths: float):
    save_file({name: value.clone().contiguous() for name, value in weights.items()}, path)
    changed, [effect] = with_loras(model, [Lora(path, **strengths)])
    return changed, effect


def differences(before: nn.Module, after: nn.Module) -> Weights:
    old, new = before.state_dict(), after.state_dict()
    return {name: new[name] - old[name] for name in old if not torch.equal(old[name], new[name])}


UP, DOWN = noise(64, 4), noise(4, 64)


def low_rank(base: str, down: str, up: str, rank: str = "alpha") -> Weights:
    return {f"{base}.{down}": DOWN, f"{base}.{up}": UP}


FORMS: dict[str, Weights] = {
    "kohya, as in the original": low_rank(
        "lora_unet_" + LINEAR.replace(".", "_"), "lora_down.weight", "lora_up.weight"
    ),
    "kohya, as in diffusers": low_rank(
        "lora_unet_" + LINEAR_THERE.replace(".", "_"), "lora_down.weight", "lora_up.weight"
    ),
    "diffusers": low_rank(f"unet.{LINEAR_THERE}", "lora.down.weight", "lora.up.weight"),
    "old diffusers": {
        f"unet.{LINEAR_THERE.removesuffix('.to_out.0')}.processor.to_out_lora.down.weight": DOWN,
        f"unet.{LINEAR_THERE.removesuffix('.to_out.0')}.processor.to_out_lora.up.weight": UP,
    },
    "PEFT": low_rank(f"unet.{LINEAR_THERE}", "lora_A.weight", "lora_B.weight"),
    "PEFT with an adapter's name": low_rank(
        f"base_model.model.{LINEAR_THERE}", "lora_A.default.weight", "lora_B.default.weight"
    ),
    "SimpleTuner": low_rank(
        "lycoris_" + LINEAR_THERE.replace(".", "_"), "lora_down.weight", "lora_up.weight"
    ),
    "ComfyUI": low_rank(f"diffusion_model.{LINEAR}", "lora_A.weight", "lora_B.weight"),
    "an adapter of any name": low_rank(
        f"unet.{LINEAR_THERE}", "lora_A.my-adapter.weight", "lora_B.my-adapter.weight"
    ),
    "doubled prefix": low_rank(f"unet.unet.{LINEAR_THERE}", "lora.down.weight", "lora.up.weight"),
    "compiled, with dots": low_rank(
        f"base_model.model._orig_mod.{LINEAR_THERE}", "lora_A.weight", "lora_B.weight"
    ),
    "compiled, with underscores": low_rank(
        "lora_unet__orig_mod_" + LINEAR_THERE.replace(".", "_"),
        "lora_down.weight",
        "lora_up.weight",
    ),
    "whole checkpoint's prefix": low_rank(
        f"model.diffusion_model.{LINEAR}", "lora_down.weight", "lora_up.weight"
    ),
}


@pytest.mark.parametrize("form", FORMS)
def test_all_naming_schemes_are_understood(
    form: str, models: dict[str, Model], tmp_path: Path
) -> None:
    model = models["SD1"]
    changed, effect = loaded(model, FORMS[form], tmp_path / "x.safetensors", unet=0.5, text=9)
    found = differences(model.backbone, changed.backbone)
    assert found.keys() == {f"{LINEAR}.weight"}
    torch.testing.assert_close(found[f"{LINEAR}.weight"], 0.5 * UP @ DOWN, atol=1e-6, rtol=1e-5)
    assert effect.layers == 1
    assert not effect.unused


def test_every_layer_has_a_diffusers_name(tinies: dict[str, Tiny]) -> None:
    for kind in ("SD1", "SD2", "SDXL", "SSD-1B", "KOALA 700M"):
        tiny = tinies[kind]
        assert isinstance(tiny.unet, UNet)
        theirs = unet_from_diffusers(reference_unet(tiny).state_dict())
        assert set(theirs.values()) == tiny.unet.state_dict().keys()
        for name, ours in theirs.items():
            path, _, end = ours.rpartition(".")
            assert f"{tiny.unet.diffusers_name(path)}.{end}" == name


@pytest.mark.parametrize(
    ("kind", "prefix", "number"),
    [
        ("SD1", "lora_te_text_model_", 0),
        ("SD2 unCLIP-H", "lora_te_text_model_", 0),
        ("refiner", "lora_te2_text_model_", 0),
        ("SDXL", "lora_te1_text_model_", 0),
        ("SDXL", "lora_te2_text_model_", 1),
        ("SDXL", "text_encoder.text_model.", 0),
        ("SDXL", "text_encoder_2.text_model.", 1),
        ("SD1", "text_encoders.clip_l.transformer.text_model.", 0),
        ("SD1", "clip_l.", 0),
        ("SD1", "base_model.model.text_model.", 0),
        ("SDXL", "text_encoders.clip_g.transformer.text_model.", 1),
        ("SDXL", "clip_g.transformer.text_model.", 1),
    ],
)
def test_text_encoders_are_changed_too(
    kind: str, prefix: str, number: int, models: dict[str, Model], tmp_path: Path
) -> None:
    model = models[kind]
    path = TEXT.replace(".", "_") if prefix.endswith("_") else TEXT
    weights = low_rank(prefix + path, "lora_down.weight", "lora_up.weight")
    changed, effect = loaded(model, weights, tmp_path / "x.safetensors", text=2.0)
    for i, (before, after) in enumerate(
        zip(model.text.networks, changed.text.networks, strict=True)
    ):
        found = differences(before, after)
        assert found.keys() == ({f"{TEXT}.weight"} if i == number else set())
    assert effect.layers == 1
    assert changed.backbone is model.backbone
    before, after = (which.condition(Text("a cat")).tokens for which in (model, changed))
    assert not torch.equal(present(before), present(after))


def kohya(weights: Weights, path: str = LINEAR) -> Weights:
    base = "lora_unet_" + path.replace(".", "_")
    return {f"{base}.{name}": value for name, value in weights.items()}


CONV = "input_blocks.1.0.in_layers.2"  # [32, 32, 3, 3]
A, B, C, D = noise(64, 2, seed=1), noise(2, 64, seed=2), noise(64, 2, seed=3), noise(2, 64, seed=4)
MIDDLE = noise(4, 4, 3, 3)


def decomposed(weight: Tensor) -> Tensor:
    moved = weight + UP @ DOWN
    return 3 * moved / moved.norm(dim=1, keepdim=True) - weight


def rotation(block: Tensor) -> Tensor:
    identity, skew = torch.eye(len(block)), block - block.T
    return torch.linalg.solve(identity - skew, identity + skew)


KINDS: dict[str, tuple[str, Weights, Callable[[Tensor], Tensor]]] = {
    "LoRA with alpha": (
        LINEAR,
        {"lora_down.weight": DOWN, "lora_up.weight": UP, "alpha": torch.tensor(2.0)},
        lambda _: UP @ DOWN / 2,
    ),
    "LoRA of a 1 x 1 convolution": (
        "input_blocks.4.1.proj_in",
        {"lora_down.weight": DOWN[:, :, None, None], "lora_up.weight": UP[:, :, None, None]},
        lambda _: (UP @ DOWN)[:, :, None, None],
    ),
    "LoRA of a convolution": (
        CONV,
        {"lora_down.weight": noise(4, 32, 3, 3), "lora_up.weight": UP[:32, :, None, None]},
        lambda _: torch.einsum("or,rihw->oihw", UP[:32], noise(4, 32, 3, 3)),
    ),
    "LoCon with a middle": (
        CONV,
        {
            "lora_down.weight": DOWN[:, :32, None, None],
            "lora_mid.weight": MIDDLE,
            "lora_up.weight": UP[:32, :, None, None],
        },
        lambda _: torch.einsum("oa,abhw,bi->oihw", UP[:32], MIDDLE, DOWN[:, :32]),
    ),
    "LoHa": (
        LINEAR,
        {"hada_w1_a": A, "hada_w1_b": B, "hada_w2_a": C, "hada_w2_b": D, "alpha": torch.tensor(1)},
        lambda _: (A @ B) * (C @ D) / 2,
    ),
    "LoKr": (
        LINEAR,
        {"lokr_w1": A[:4, :2].repeat(1, 2), "lokr_w2": C[:16] @ D[:, :16]},
        lambda _: torch.kron(A[:4, :2].repeat(1, 2), C[:16] @ D[:, :16]),
    ),
    "LoKr of factors": (
        LINEAR,
        {
            "lokr_w1": A[:4, :2].repeat(1, 2),
            "lokr_w2_a": C[:16],
            "lokr_w2_b": D[:, :16],
            "alpha": torch.tensor(1.0),
        },
        lambda _: torch.kron(A[:4, :2].repeat(1, 2), C[:16] @ D[:, :16]) / 2,
    ),
    "DoRA": (
        LINEAR,
        {
            "lora_down.weight": DOWN,
            "lora_up.weight": UP,
            "dora_scale": torch.full((64, 1), 3.0),
        },
        decomposed,
    ),
    "a full difference": (LINEAR, {"diff": noise(64, 64)}, lambda _: noise(64, 64)),
    "GLoRA": (
        LINEAR,
        {"a1.weight": UP, "a2.weight": DOWN, "b1.weight": UP, "b2.weight": DOWN},
        lambda weight: weight @ UP @ DOWN + UP @ DOWN,
    ),
    "IA3": (
        LINEAR,
        {"weight": noise(64), "on_input": torch.tensor(1)},
        lambda weight: weight * noise(64),
    ),
    "OFT": (
        LINEAR,
        {"oft_blocks": noise(4, 16, 16), "alpha": torch.tensor(0.0)},
        lambda weight: (torch.block_diag(*map(rotation, noise(4, 16, 16))).T @ weight) - weight,
    ),
}


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_applies_its_formula(kind: str, models: dict[str, Model], tmp_path: Path) -> None:
    model = models["SD1"]
    path, weights, expected = KINDS[kind]
    changed, effect = loaded(model, kohya(weights, path), tmp_path / "x.safetensors")
    found = differences(model.backbone, changed.backbone)
    before = model.backbone.state_dict()[f"{path}.weight"]
    torch.testing.assert_close(found[f"{path}.weight"], expected(before), atol=1e-5, rtol=1e-4)
    assert effect.layers == 1
    assert not effect.unused


def test_biases_and_norms_can_change(models: dict[str, Model], tmp_path: Path) -> None:
    weights = kohya({"diff": noise(64, 64), "diff_b": noise(64)})
    norm, other = (f"input_blocks.4.1.transformer_blocks.0.norm{i}" for i in (1, 2))
    weights |= kohya({"diff": noise(64)}, norm)
    weights |= kohya({"w_norm": noise(64), "b_norm": noise(64)}, other)
    changed, _ = loaded(models["SD1"], weights, tmp_path / "x.safetensors")
    found = differences(models["SD1"].backbone, changed.backbone)
    assert found.keys() == {
        *(f"{LINEAR}.weight", f"{LINEAR}.bias", f"{norm}.weight"),
        *(f"{other}.weight", f"{other}.bias"),
    }


def test_several_loras_add_up_and_the_model_stays_unchanged(
    models: dict[str, Model], tmp_path: Path
) -> None:
    model = models["SD1"]
    before = {name: value.clone() for name, value in model.backbone.state_dict().items()}
    paths = [tmp_path / "one.safetensors", tmp_path / "two.safetensors"]
    save_file(kohya({"lora_down.weight": DOWN, "lora_up.weight": UP}), paths[0])
    save_file(kohya({"diff": noise(64, 64)}), paths[1])
    changed, effects = with_loras(model, [Lora(paths[0], 0.5), Lora(paths[1], -1.0)])
    found = differences(model.backbone, changed.backbone)[f"{LINEAR}.weight"]
    torch.testing.assert_close(found, 0.5 * UP @ DOWN - noise(64, 64), atol=1e-6, rtol=1e-5)
    assert [effect.layers for effect in effects] == [1, 1]
    after = model.backbone.state_dict()
    assert all(torch.equal(after[name], value) for name, value in before.items())
    assert {*model.backbone.modules()}.isdisjoint(changed.backbone.modules())
    other = "out.2.weight"
    shared = [which.backbone.state_dict()[other].data_ptr() for which in (model, changed)]
    assert shared[0] == shared[1]


def test_unmatched_tensors_are_reported(models: dict[str, Model], tmp_path: Path) -> None:
    weights = kohya({"lora_down.weight": DOWN, "lora_up.weight": UP})
    strange = {"lora_unet_nowhere.lora_up.weight": UP.clone(), "oft_blocks": noise(2)}
    changed, effect = loaded(models["SD1"], weights | strange, tmp_path / "x.safetensors")
    assert effect.unused == tuple(sorted(strange))
    assert differences(models["SD1"].backbone, changed.backbone)


NAME = "lora_unet_" + LINEAR.replace(".", "_")
DAMAGED: dict[str, tuple[Weights, str]] = {
    "half of it": ({"lora_up.weight": UP}, f"{NAME} lacks lora_down.weight"),
    "half of it, by PEFT": ({"lora_A.weight": DOWN}, f"{NAME} lacks lora_B.weight"),
    "a quarter of it": (
        {"hada_w1_a": A, "hada_w1_b": B, "hada_w2_a": A},
        f"{NAME} lacks hada_w2_b",
    ),
    "ranks that differ": (
        {"lora_up.weight": UP, "lora_down.weight": DOWN[:3]},
        f"the tensors of {NAME} do not fit together",
    ),
    "too few rows": ({"lora_up.weight": UP[:3], "lora_down.weight": DOWN}, "different model"),
    "far too many": (
        {"lora_up.weight": noise(200_000, 1), "lora_down.weight": noise(1, 200_000)},
        "different model",
    ),
    "not a number": (
        {"lora_up.weight": UP * float("nan"), "lora_down.weight": DOWN},
        f"it gives {NAME} values that are not finite",
    ),
    "no rank": (
        {"lora_up.weight": UP[:, :0], "lora_down.weight": DOWN[:0]},
        f"the tensors of {NAME} do not fit together: lora_.*weight is empty",
    ),
    "three magnitudes": (
        {"lora_up.weight": UP, "lora_down.weight": DOWN, "dora_scale": noise(3, 1)},
        f"the tensors of {NAME} do not fit together: there are 3 magnitudes for 64 channels",
    ),
    "a magnitude without a shape": (
        {"lora_up.weight": UP, "lora_down.weight": DOWN, "dora_scale": torch.tensor(1.0)},
        f"the tensors of {NAME} do not fit together: there are 1 magnitudes for 64 channels",
    ),
    "a vector for a matrix": (
        {"lora_up.weight": UP[:, 0], "lora_down.weight": DOWN},
        f"the tensors of {NAME} do not fit together",
    ),
    "a bias of another length": ({"diff_b": noise(63)}, "different model"),
}


@pytest.mark.parametrize("damage", DAMAGED)
def test_damaged_tensors_are_refused_with_their_layer(
    damage: str, models: dict[str, Model], tmp_path: Path
) -> None:
    weights, said = DAMAGED[damage]
    with pytest.raises(ModelError, match=rf"x\.safetensors cannot be used: .*{said}"):
        loaded(models["SD1"], kohya(weights), tmp_path / "x.safetensors")


def test_a_lora_for_another_family_is_refused_by_name(
    models: dict[str, Model], tmp_path: Path
) -> None:
    reads_prompt = "input_blocks.4.1.transformer_blocks.0.attn2.to_k"
    wide = {"lora_down.weight": noise(4, 2048), "lora_up.weight": UP}
    with pytest.raises(ModelError, match=r"x\.safetensors is a LoRA for Stable Diffusion XL"):
        loaded(models["SD1"], kohya(wide, reads_prompt), tmp_path / "x.safetensors")
    unknown = {"lora_down.weight": noise(4, 100), "lora_up.weight": UP}
    with pytest.raises(ModelError, match="is for another family; SD1 belongs to the family"):
        loaded(models["SD1"], kohya(unknown, reads_prompt), tmp_path / "x.safetensors")


def test_a_lora_of_unknown_names_is_refused_with_them(
    models: dict[str, Model], tmp_path: Path
) -> None:
    strange = {"lora_unet_double_blocks_0.lora_up.weight": UP}
    with pytest.raises(ModelError, match=r'its names are not known: "lora_unet_double_blocks_0'):
        loaded(models["SD1"], strange, tmp_path / "x.safetensors")


UNKNOWN: dict[str, tuple[Weights, dict[str, str], str]] = {
    "T-LoRA": ({"lambda_layer": noise(1, 4), "q_layer.weight": DOWN}, {}, "T-LoRA"),
    "PEFT's OFT": ({"oft_R.default.weight": noise(4, 120)}, {}, "PEFT OFT"),
    "named by the trainer": (
        {"twist": noise(2)},
        {"ss_network_args": '{"algo": "twister"}'},
        '"twister"',
    ),
    "not named": ({"twist": noise(2)}, {}, 'tensors called "twist"'),
}


@pytest.mark.parametrize("algorithm", UNKNOWN)
def test_an_unknown_algorithm_is_refused_by_name(
    algorithm: str, models: dict[str, Model], tmp_path: Path
) -> None:
    """Though it writes a scale, which every algorithm does."""
    weights, metadata, said = UNKNOWN[algorithm]
    path = tmp_path / "x.safetensors"
    save_file(kohya(weights | {"alpha": torch.tensor(1.0)}), path, metadata)
    with pytest.raises(ModelError) as caught:
        with_loras(models["SD1"], [Lora(path)])
    assert f"x.safetensors changes layers by {said}, which is not" in str(caught.value)


def test_a_layer_without_a_known_difference_does_not_count(
    models: dict[str, Model], tmp_path: Path
) -> None:
    weights = kohya({"lora_down.weight": DOWN, "lora_up.weight": UP})
    scales = kohya({"alpha": torch.tensor(1.0)}, CONV)
    changed, effect = loaded(models["SD1"], weights | scales, tmp_path / "x.safetensors")
    assert (effect.layers, effect.unused) == (1, tuple(scales))
    assert differences(models["SD1"].backbone, changed.backbone).keys() == {f"{LINEAR}.weight"}


SCALES: dict[str, tuple[dict[str, object], float]] = {
    "alpha": ({"unet.lora_alpha": 8, "unet.r": 4}, 2.0),
    "alpha of this layer": (
        {"unet.lora_alpha": 8, "unet.alpha_pattern": {"attn2.to_out.0": 2, "to_q": 4}},
        0.5,
    ),
    "rsLoRA": ({"unet.lora_alpha": 8, "unet.use_rslora": True}, 4.0),
    "of text encoders only": ({"text_encoder.lora_alpha": 8}, 1.0),
}


@pytest.mark.parametrize("kind", SCALES)
def test_the_scale_may_be_in_the_header_alone(
    kind: str, models: dict[str, Model], tmp_path: Path
) -> None:
    written, scale = SCALES[kind]
    weights = low_rank(f"unet.{LINEAR_THERE}", "lora_A.weight", "lora_B.weight")
    path, header = tmp_path / "x.safetensors", {"lora_adapter_metadata": json.dumps(written)}
    save_file(weights, path, header)
    changed, _ = with_loras(models["SD1"], [Lora(path)])
    found = differences(models["SD1"].backbone, changed.backbone)[f"{LINEAR}.weight"]
    torch.testing.assert_close(found, scale * UP @ DOWN, atol=1e-5, rtol=1e-4)
    save_file(weights | {f"unet.{LINEAR_THERE}.alpha": torch.tensor(4.0)}, path, header)
    changed, _ = with_loras(models["SD1"], [Lora(path)])
    found = differences(models["SD1"].backbone, changed.backbone)[f"{LINEAR}.weight"]
    torch.testing.assert_close(found, UP @ DOWN, atol=1e-5, rtol=1e-4)  # a tensor counts first


def test_the_scale_may_be_in_the_file_that_peft_writes_beside_it(
    models: dict[str, Model], tmp_path: Path
) -> None:
    weights = low_rank(f"base_model.model.{LINEAR_THERE}", "lora_A.weight", "lora_B.weight")
    (tmp_path / "adapter_config.json").write_text('{"lora_alpha": 8, "r": 4}')
    changed, _ = loaded(models["SD1"], weights, tmp_path / "adapter_model.safetensors")
    found = differences(models["SD1"].backbone, changed.backbone)[f"{LINEAR}.weight"]
    torch.testing.assert_close(found, 2 * UP @ DOWN, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize(
    "written",
    [
        "{",
        '{"unet.lora_alpha": "8"}',
        '{"unet.lora_alpha": 1e999}',
        '{"unet.lora_alpha": 8, "unet.alpha_pattern": {"(a+)+$": 2}}',
    ],
)
def test_a_scale_that_cannot_be_read_refuses_the_lora(
    written: str, models: dict[str, Model], tmp_path: Path
) -> None:
    path = tmp_path / "x.safetensors"
    weights = low_rank(f"unet.{LINEAR_THERE}", "lora_A.weight", "lora_B.weight")
    save_file(weights, path, {"lora_adapter_metadata": written})
    with pytest.raises(ModelError, match=r"x\.safetensors cannot be used"):
        with_loras(models["SD1"], [Lora(path)])


def test_layers_of_the_default_model_have_diffusers_names() -> None:
    diffusers = pytest.importorskip("diffusers")
    attends = ("CrossAttnDownBlock2D", "CrossAttnDownBlock2D")
    reference = diffusers.UNet2DConditionModel(
        in_channels=8,
        out_channels=8,
        block_out_channels=(64, 128, 256),
        layers_per_block=1,
        down_block_types=("DownBlock2D", *attends),
        up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
        cross_attention_dim=384,
        attention_head_dim=64,
        addition_embed_type="text",
        addition_embed_type_num_heads=1,
    )
    theirs = {name for name in weighted(reference) if not name.startswith("add_embedding")}
    backbone = load_model().backbone
    ours = [backbone.diffusers_name(name) for name in weighted(backbone)]
    assert len({*ours}) == len(ours)
    assert {*ours} == theirs | {"add_embedding.linear_1", "add_embedding.linear_2"}


def weighted(network: nn.Module) -> list[str]:
    return [name for name, module in network.named_modules() if hasattr(module, "weight")]


def test_a_family_may_support_no_loras(models: dict[str, Model], tmp_path: Path) -> None:
    config = models["SD1"].config
    family = replace(config.family, takes=replace(config.family.takes, loras=False))
    model = replace(models["SD1"], config=replace(config, family=family))
    with pytest.raises(ModelError, match="does not support LoRAs"):
        loaded(model, kohya({"diff": noise(64, 64)}), tmp_path / "x.safetensors")


def test_a_native_model_accepts_its_own_loras(tiny_model: Model, tmp_path: Path) -> None:
    up, down = noise(16, 4), noise(4, 16)
    layer = "middle_block.1.transformer_blocks.0.attn1.to_out.0"
    text = "encoder.layer.0.attention.self.query"
    weights = {
        f"lora_unet_{layer.replace('.', '_')}.lora_up.weight": noise(32, 4),
        f"lora_unet_{layer.replace('.', '_')}.lora_down.weight": noise(4, 32),
        f"lora_te_{text.replace('.', '_')}.lora_up.weight": up,
        f"lora_te_{text.replace('.', '_')}.lora_down.weight": down,
    }
    changed, effect = loaded(tiny_model, weights, tmp_path / "x.safetensors", text=0.5)
    unet = differences(tiny_model.backbone, changed.backbone)
    torch.testing.assert_close(unet[f"{layer}.weight"], noise(32, 4) @ noise(4, 32))
    [before], [after] = tiny_model.text.networks, changed.text.networks
    found = differences(before, after)
    torch.testing.assert_close(found[f"{text}.weight"], 0.5 * up @ down, atol=1e-6, rtol=1e-5)
    assert (len(unet), len(found), effect.layers, effect.unused) == (1, 1, 2, ())
    prompt = Text("a red cat")
    before, after = tiny_model.text(prompt).tokens, changed.text(prompt).tokens
    assert not torch.equal(present(after), present(before))


def test_a_native_model_refuses_loras_of_other_families(tmp_path: Path) -> None:
    path = "lora_unet_" + LINEAR.replace("to_out.0", "to_k").replace(".", "_")
    weights = {f"{path}.lora_down.weight": noise(4, 768), f"{path}.lora_up.weight": UP}
    with pytest.raises(ModelError, match="is a LoRA for Stable Diffusion 1"):
        loaded(load_model(), weights, tmp_path / "x.safetensors")


def test_a_lora_for_other_blocks_is_refused_with_the_reason(
    checkpoints: dict[str, Path], tmp_path: Path
) -> None:
    """A LoRA for Stable Diffusion XL with original names, applied to KOALA, which has fewer
    blocks."""
    model = load_expanded(checkpoints["KOALA 700M"], digest="known")
    weights = {"lora_down.weight": noise(4, 64), "lora_up.weight": noise(128, 4)}
    path = "input_blocks.5.1.transformer_blocks.0.attn1.to_q"
    with pytest.raises(ModelError, match=r"different model: it changes \(128, 64\)") as caught:
        loaded(model, kohya(weights, path), tmp_path / "x.safetensors")
    assert str(caught.value.hint) == "Choose another model."
