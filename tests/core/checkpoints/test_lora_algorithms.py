"""The algorithms of LoRAs against LyCORIS: a layer with our weight computes what its modules do."""

from __future__ import annotations

import copy
import importlib
import sys
from collections.abc import Mapping
from types import ModuleType
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from core.checkpoints.lora_algorithms import algorithms_of, changed

LAYERS: Mapping[str, nn.Module] = {
    "linear": nn.Linear(64, 32),
    "convolution": nn.Conv2d(16, 32, 3, padding=1),
    "1 x 1 convolution": nn.Conv2d(16, 32, 1),
    "layer norm": nn.LayerNorm(32),
    "group norm": nn.GroupNorm(4, 16),
}
INPUTS = {
    "linear": torch.randn(5, 64, generator=torch.Generator().manual_seed(1)),
    "layer norm": torch.randn(5, 32, generator=torch.Generator().manual_seed(1)),
}
IMAGES = torch.randn(2, 16, 6, 6, generator=torch.Generator().manual_seed(1))
WEIGHTS = ("linear", "convolution", "1 x 1 convolution")
NORMS = ("layer norm", "group norm")

KINDS: Mapping[str, tuple[str, Mapping[str, Any], tuple[str, ...]]] = {
    "LoRA": ("LoConModule", {}, WEIGHTS),
    "LoRA with a Tucker core": ("LoConModule", {"use_tucker": True}, ("convolution",)),
    "rsLoRA": ("LoConModule", {"rs_lora": True}, ("linear",)),
    "LoHa": ("LohaModule", {}, WEIGHTS),
    "LoHa with Tucker cores": ("LohaModule", {"use_tucker": True}, ("convolution",)),
    "LoKr": ("LokrModule", {"factor": 4, "lora_dim": 2}, WEIGHTS),
    "LoKr with a Tucker core": (
        "LokrModule",
        {"factor": 4, "lora_dim": 2, "use_tucker": True},
        ("convolution",),
    ),
    "LoKr, both halves in factors": (
        "LokrModule",
        {"factor": 8, "lora_dim": 1, "decompose_both": True},
        ("linear", "convolution"),
    ),
    "LoKr of whole matrices": ("LokrModule", {"factor": 8, "full_matrix": True}, WEIGHTS),
    "GLoRA": ("GLoRAModule", {}, WEIGHTS),
    "IA3 of outputs": ("IA3Module", {}, WEIGHTS),
    "IA3 of inputs": ("IA3Module", {"train_on_input": True}, WEIGHTS),
    "OFT": ("DiagOFTModule", {}, WEIGHTS),
    "OFT within bounds": ("DiagOFTModule", {"constraint": 0.01}, WEIGHTS),
    "BOFT": ("ButterflyOFTModule", {}, WEIGHTS),
    "BOFT within bounds": ("ButterflyOFTModule", {"constraint": 0.01}, ("linear",)),
    "full difference": ("FullModule", {}, WEIGHTS),
    "norm": ("NormModule", {}, NORMS),
}
"""LyCORIS's module, its options, and the layers that it is for."""
AT_FULL_STRENGTH: Mapping[str, tuple[str, Mapping[str, Any], tuple[str, ...]]] = {
    "OFT with factors": ("DiagOFTModule", {"rescaled": True}, WEIGHTS),
    "BOFT with factors": ("ButterflyOFTModule", {"rescaled": True}, WEIGHTS),
    **{
        f"{name} with norms of {side} (DoRA)": (
            f"{module}Module",
            {"lora_dim": 2, "weight_decompose": True, "wd_on_out": side == "outputs"},
            ("linear", "convolution"),
        )
        for name, module in {"LoRA": "LoCon", "LoHa": "Loha", "LoKr": "Lokr"}.items()
        for side in ("outputs", "inputs")
    },
}
"""With another strength, LyCORIS changes a layer even at 0."""
ALL = {**KINDS, **AT_FULL_STRENGTH}
EVERY = [(kind, layer) for kind, row in ALL.items() for layer in row[2]]


@pytest.fixture(scope="module")
def lycoris() -> ModuleType:
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "peft", None)  # it would import it, which takes seconds
        return importlib.import_module("lycoris.modules")


def trained(lycoris: ModuleType, kind: str, layer: nn.Module) -> Any:
    """A module of LyCORIS on the layer, as if it had been trained."""
    name, options, _ = ALL[kind]
    options = {"lora_dim": 4, "alpha": 3, **options}
    copied = copy.deepcopy(layer)  # one of them takes its weight away
    module = getattr(lycoris, name)("layer", copied, 1.0, **options).eval().requires_grad_(False)
    module.apply_to()
    generator = torch.Generator().manual_seed(2)
    for parameter in module.parameters():
        parameter.add_(torch.randn(parameter.shape, generator=generator) / 8)
    return module


def with_adapter(layer: nn.Module, tensors: Mapping[str, Tensor], strength: float) -> nn.Module:
    made = copy.deepcopy(layer)
    for algorithm in algorithms_of(tensors):
        parameter = made.get_parameter(algorithm.parameter)
        parameter.copy_(changed(parameter, algorithm, tensors, strength))
    return made


@torch.no_grad()
@pytest.mark.parametrize(("kind", "layer"), EVERY)
def test_layers_compute_what_lycoris_computes(kind: str, layer: str, lycoris: ModuleType) -> None:
    plain, given = LAYERS[layer], INPUTS.get(layer, IMAGES)
    for strength in (1.0, -0.5) if kind in KINDS else (1.0,):
        module = trained(lycoris, kind, plain)
        module.multiplier = strength
        tensors = {name: tensor.detach().float() for name, tensor in module.state_dict().items()}
        theirs = module(given)
        assert float((theirs - plain(given)).abs().max()) > 0.01
        ours = with_adapter(plain, tensors, strength)(given)
        torch.testing.assert_close(ours, theirs, atol=1e-5, rtol=1e-4)


@torch.no_grad()
@pytest.mark.parametrize(("kind", "layer"), EVERY)
def test_strength_0_changes_nothing(kind: str, layer: str, lycoris: ModuleType) -> None:
    plain = LAYERS[layer]
    tensors = trained(lycoris, kind, plain).state_dict()
    made = with_adapter(plain, {name: value.float() for name, value in tensors.items()}, 0.0)
    torch.testing.assert_close(made.weight, plain.weight, atol=1e-6, rtol=1e-6)


@torch.no_grad()
def test_early_glora_files_have_their_factors_in_the_other_order(lycoris: ModuleType) -> None:
    plain = LAYERS["convolution"]
    tensors = trained(lycoris, "GLoRA", plain).state_dict()
    early = dict(zip(("a2", "a1", "b2", "b1"), ("a1", "a2", "b1", "b2"), strict=True))
    swapped = {f"{old}.weight": tensors[f"{new}.weight"] for old, new in early.items()}
    given = INPUTS.get("convolution", IMAGES)
    made = with_adapter(plain, swapped | {"alpha": tensors["alpha"]}, 1.0)
    torch.testing.assert_close(
        made(given), with_adapter(plain, tensors, 1.0)(given), atol=1e-5, rtol=1e-4
    )
