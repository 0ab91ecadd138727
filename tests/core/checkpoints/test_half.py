"""Models in 16 bits, as on a GPU: autoencoders that overflow run again in float32."""

from __future__ import annotations

import copy
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from core.checkpoints.load_model import load_model
from core.families.registry import FAMILIES
from core.images.image_digest import digest
from core.model.model import Model
from core.networks.kl_autoencoder import AutoencoderKL, AutoencoderKLConfig
from core.pipeline.text_to_image import finish, prepare, steps
from core.request.inputs import Inputs
from core.request.parameters import Inpaint
from core.runtime.offload import size_of
from core.runtime.precision import autoencoder_dtype, default_dtype
from tests.core.checkpoints.tiny import REQUEST, Tiny, reference_vae
from tests.core.conftest import randomise
from tests.core.fake_gpu import pretended_gpu

NARROW = AutoencoderKLConfig(channels=8, multipliers=(1, 1, 1, 1), blocks=1, groups=4)
"""Narrow, because a CPU computes float16 slowly."""
CPU, GPU = torch.device("cpu"), torch.device("cuda")
F32, F16, BF16 = torch.float32, torch.float16, torch.bfloat16


def overflowing(autoencoder: AutoencoderKL, *, begin: str = "decoder") -> AutoencoderKL:
    """Like Stable Diffusion XL's: activations exceed the range of float16."""
    made = copy.deepcopy(autoencoder)
    made.get_parameter(f"{begin}.conv_in.weight").mul_(3e4)
    return made


@pytest.fixture(scope="module")
def autoencoder() -> AutoencoderKL:
    made: Any = randomise(AutoencoderKL(NARROW), 5)
    return made.half()


@pytest.fixture(scope="module")
def plain(checkpoints: dict[str, Path], autoencoder: AutoencoderKL) -> Model:
    model = load_model(checkpoints["SD1"], digest="known", dtype=BF16)
    return replace(model, autoencoder=autoencoder)


@pytest.fixture
def notes() -> list[str]:
    return []


@pytest.fixture
def model(plain: Model, autoencoder: AutoencoderKL, notes: list[str]) -> Model:
    return replace(plain, autoencoder=overflowing(autoencoder), notify=notes.append)


def latents(seed: int = 0) -> Tensor:
    return torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(seed))


def exact(model: Model) -> Model:
    return replace(model, autoencoder=copy.deepcopy(model.autoencoder).float())


def test_decoding_falls_back_to_float32_on_overflow(model: Model, notes: list[str]) -> None:
    halved = model.autoencoder.decode(model.unscaled(latents()).half())
    assert not halved.isfinite().all()
    decoded = model.decode(latents())
    assert torch.equal(decoded, exact(model).decode(latents()))
    assert next(model.autoencoder.parameters()).dtype == F16
    [note] = notes
    assert "overflowed float16" in str(note)


def test_encoding_falls_back_to_float32_on_overflow(
    plain: Model, autoencoder: AutoencoderKL, notes: list[str]
) -> None:
    narrow = overflowing(autoencoder, begin="encoder")
    model = replace(plain, autoencoder=narrow, notify=notes.append)
    image = torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(0)) * 2 - 1
    assert torch.equal(model.encode(image), exact(model).encode(image))
    assert len(notes) == 1


def test_without_overflow_there_is_one_evaluation(
    plain: Model, autoencoder: AutoencoderKL, notes: list[str]
) -> None:
    model = replace(plain, notify=notes.append)
    decoded = model.decode(latents())
    halved = autoencoder.decode(model.unscaled(latents()).half())
    assert decoded.dtype == F32
    assert torch.equal(decoded, halved.float())
    levels = (decoded - exact(model).decode(latents())).abs().max() * 127.5
    assert 0 < levels < 4
    assert not notes


def test_the_fallback_does_not_depend_on_earlier_calls(model: Model, notes: list[str]) -> None:
    small = latents() * 1e-4
    first = model.decode(small)
    assert not notes
    model.decode(latents())
    assert notes
    assert torch.equal(model.decode(small), first)
    assert not torch.equal(exact(model).decode(small), first)


def test_the_fallback_is_decided_per_tile(model: Model, notes: list[str]) -> None:
    tiled = model.decode_tiled(latents(), 4)
    torch.testing.assert_close(tiled, exact(model).decode_tiled(latents(), 4))
    assert len(set(notes)) == 1


def test_nan_is_not_recomputed(model: Model, notes: list[str]) -> None:
    assert not model.decode(latents() * torch.nan).isfinite().any()
    assert not notes


def test_pixels_outside_the_mask_stay_unchanged(
    plain: Model, autoencoder: AutoencoderKL, notes: list[str]
) -> None:
    narrow = overflowing(overflowing(autoencoder), begin="encoder")
    model = replace(plain, autoencoder=narrow, notify=notes.append)
    photo = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    mask = np.zeros((64, 64), np.uint8)
    mask[16:48, 8:40] = 255
    request = replace(
        REQUEST, steps=1, height=64, init=digest(photo), mask=digest(mask), inpaint=Inpaint(blur=0)
    )
    images = [
        finish(job, [*steps(job)][-1].state)
        for job in (prepare(one, request, Inputs(photo, mask)) for one in (model, exact(model)))
    ]
    assert notes
    assert images[0].changed
    assert (images[0].rgb[mask == 0] == photo[mask == 0]).all()
    assert (images[0].rgb == images[1].rgb).all()


@torch.no_grad()
def test_float16_on_a_cpu_decodes_like_diffusers_in_float32(
    checkpoints: dict[str, Path], tinies: dict[str, Tiny]
) -> None:
    model = load_model(checkpoints["SDXL"], digest="known", dtype=F16)
    assert model.backbone.get_parameter("out.2.weight").dtype == F16
    theirs = reference_vae(tinies["SDXL"])
    expected = theirs.decode(model.unscaled(latents())).sample
    torch.testing.assert_close(model.decode(latents()), expected, atol=1e-4, rtol=1e-3)


@pytest.mark.parametrize(
    ("chosen", "device", "overflows", "capability", "expected"),
    [
        (F32, GPU, True, (9, 0), F32),
        (BF16, CPU, False, (0, 0), BF16),
        (BF16, GPU, True, (9, 0), BF16),
        (F16, GPU, False, (7, 5), F16),
        (F16, GPU, True, (8, 0), BF16),
        (F16, GPU, True, (7, 5), F32),
        (F16, CPU, False, (0, 0), F32),
    ],
)
def test_autoencoders_use_a_suitable_dtype(
    chosen: torch.dtype,
    device: torch.device,
    overflows: bool,
    capability: tuple[int, int],
    expected: torch.dtype,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("torch.cuda.get_device_capability", lambda _: capability)
    assert autoencoder_dtype(chosen, device, overflows=overflows) == expected


def test_a_gpu_decodes_in_float16_and_again_in_float32_on_overflow(
    autoencoder: AutoencoderKL, checkpoints: dict[str, Path], notes: list[str]
) -> None:
    with pretended_gpu(total=200_000_000):
        model = load_model(checkpoints["SD1"], "cuda", digest="known")
        assert (model.dtype, next(model.autoencoder.parameters()).dtype) == (F16, F16)
        assert model.plan.offloads
        model = replace(model, autoencoder=overflowing(autoencoder), notify=notes.append)
        decoded = model.decode(latents().to("cuda"))
        assert decoded.device.type == "cuda"
        assert model.device_manager is not None
        model.device_manager.evict()
        made = decoded.cpu()
        widely = load_model(checkpoints["KOALA 700M"], "cuda", digest="known")
        assert (widely.dtype, next(widely.autoencoder.parameters()).dtype) == (F16, BF16)
    here = replace(model, device=CPU, device_manager=None)
    torch.testing.assert_close(made, exact(here).decode(latents()), atol=1e-4, rtol=1e-4)
    assert len(notes) == 1


def test_half_precision_is_for_gpus_only() -> None:
    assert (default_dtype(GPU), default_dtype(CPU)) == (F16, F32)
    warned = {family.name for family in FAMILIES if family.overflows}
    assert {"Stable Diffusion XL", "Stable Diffusion x4 upscaler"} <= warned
    assert not warned & {"Stable Diffusion 1", "Stable Diffusion 2"}


def test_the_placement_plan_counts_loaded_weights(checkpoints: dict[str, Path]) -> None:
    plans = {}
    for dtype in (F32, BF16):
        model = load_model(checkpoints["SD1"], digest="known", dtype=dtype)
        assert {weight.dtype for weight in model.autoencoder.parameters()} == {dtype}
        assert model.plan.weights["autoencoder"] == size_of(model.autoencoder, dtype=dtype)
        plans[dtype] = model.plan
    assert plans[F32].working["autoencoder"] == 2 * plans[BF16].working["autoencoder"]


def test_an_image_records_its_precision(checkpoints: dict[str, Path]) -> None:
    path = checkpoints["SD1"]
    assert load_model(path, digest="known").arithmetic == "float32"
    halved = load_model(path, digest="known", dtype=BF16)
    assert halved.arithmetic == "bfloat16, autoencoder bfloat16"
    assert (
        '"precision": "bfloat16, autoencoder' in prepare(halved, REQUEST).description["environment"]
    )
