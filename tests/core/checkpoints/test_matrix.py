"""Families in the layouts and types that their files come in: the same weights, and for every task
the same image, as from the first published file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from core.images.clip_crop import SIDE as LOOKED_AT
from core.images.image_digest import digest
from core.model.model import Model
from core.networks.kl_autoencoder import AutoencoderKL
from core.networks.unet import UNet
from core.pipeline.text_to_image import finish, prepare, steps
from core.request.inputs import Inputs
from core.request.parameters import Guidance, Inpaint
from core.request.request import Change, Request
from tests.core.checkpoints.test_gguf import gguf, write
from tests.core.checkpoints.tiny import (
    KINDS,
    REQUEST,
    Tiny,
    Weights,
    load_expanded,
    original,
    prefixed,
    reference_text,
    write_folder,
)
from tests.core.conftest import randomise

UNET, VAE = "model.diffusion_model.", "first_stage_model."
TEXTS = ("cond_stage_model.", "conditioner.embedders.")
F32, F16, BF16, F8 = torch.float32, torch.float16, torch.bfloat16, torch.float8_e4m3fn
SIDE = 64


WHOLE_ROWS = ("SD1", "SDXL", "SD2 unCLIP-H")
"""Families that are tried in every layout: one text encoder, two, an image encoder."""
OTHER_LAYOUTS = ("training pickle", "separate files", "folder in shards")
"""Layouts that every family is tried in: one for each way to name tensors."""


@dataclass(frozen=True)
class Written:
    """A model in some layout."""

    path: Path
    stored: Weights
    """The stored numbers, by the names of the first published layout."""
    companions: tuple[Path, ...] = ()
    average: bool = False


Layout = Callable[[Tiny, Path], Written]


def rounded(weights: Weights, unet: torch.dtype, others: torch.dtype) -> Weights:
    found: Weights = {}
    for name, value in weights.items():
        dtype = unet if name.startswith(UNET) else others
        found[name] = value.to(dtype).contiguous() if value.is_floating_point() else value
    return found


def of_types(unet: torch.dtype, others: torch.dtype) -> Layout:
    def layout(tiny: Tiny, folder: Path) -> Written:
        weights = rounded(original(tiny), unet, others)
        save_file(weights, folder / "model.safetensors")
        return Written(folder / "model.safetensors", weights)

    return layout


def pruned_pickle(tiny: Tiny, folder: Path) -> Written:
    weights = rounded(original(tiny), F16, F16)
    torch.save({"state_dict": weights, "global_step": 1}, folder / "model.ckpt")
    return Written(folder / "model.ckpt", weights)


def early_pickle(tiny: Tiny, folder: Path) -> Written:
    """In PyTorch's format before 1.6."""
    weights = rounded(original(tiny), F16, F16)
    whole = {"state_dict": weights, "global_step": 1}
    torch.save(whole, folder / "model.ckpt", _use_new_zipfile_serialization=False)
    return Written(folder / "model.ckpt", weights)


def averaged(weights: Weights) -> Weights:
    return {
        f"model_ema.{name.removeprefix('model.').replace('.', '')}": value
        for name, value in weights.items()
        if name.startswith(UNET)
    }


def training_pickle(tiny: Tiny, folder: Path) -> Written:
    """A training checkpoint: with a moving average and the optimiser's state."""
    weights = original(tiny)
    average = averaged({name: value * 1.01 for name, value in weights.items()})
    whole = {
        "state_dict": weights | average,
        "optimizer_states": [{"state": {0: {"exp_avg": torch.ones(3)}}}],
        "global_step": 1,
    }
    torch.save(whole, folder / "model.ckpt")
    return Written(folder / "model.ckpt", weights)


def chosen_average(tiny: Tiny, folder: Path) -> Written:
    weights = original(tiny)
    trained = {n: v * 1.01 if n.startswith(UNET) else v for n, v in weights.items()}
    save_file(trained | averaged(weights), folder / "model.safetensors")
    return Written(folder / "model.safetensors", weights, average=True)


def average_alone(tiny: Tiny, folder: Path) -> Written:
    weights = original(tiny)
    rest = {name: value for name, value in weights.items() if not name.startswith(UNET)}
    save_file(rest | averaged(weights), folder / "model.safetensors")
    return Written(folder / "model.safetensors", weights)


def separate_files(tiny: Tiny, folder: Path) -> Written:
    """As ComfyUI's users have them: U-Net and VAE with bare names, text encoders as in
    transformers."""
    weights = original(tiny)
    files: dict[str, Mapping[str, Any]] = {
        "unet": tiny.unet.state_dict(),
        "vae": tiny.vae.state_dict(),
    }
    for i in range(len(tiny.texts)):
        files[f"text {i}"] = reference_text(tiny, i).state_dict()
    if tiny.images is not None:
        known = (UNET, VAE, *TEXTS)
        files["images"] = {n: v for n, v in weights.items() if not n.startswith(known)}
    for name, part in files.items():
        save_file(prefixed("", dict(part)), folder / f"{name}.safetensors")
    companions = tuple(folder / f"{name}.safetensors" for name in files if name != "unet")
    return Written(folder / "unet.safetensors", weights, companions)


def sharded_folder(tiny: Tiny, folder: Path) -> Written:
    write_folder(tiny, folder / "model", F16)
    return Written(folder / "model", rounded(original(tiny), F16, F16))


def plain_folder(tiny: Tiny, folder: Path) -> Written:
    write_folder(tiny, folder / "model", F32)
    unet: Weights = {}
    for shard in folder.glob("model/unet/*.safetensors"):
        unet |= load_file(shard)
        shard.unlink()
    [index] = folder.glob("model/unet/*.index.json")
    index.unlink()
    save_file(unet, folder / "model/unet/diffusion_pytorch_model.safetensors")
    [vae] = folder.glob("model/vae/*")
    vae.rename(vae.with_name("diffusion_pytorch_model.safetensors"))
    return Written(folder / "model", original(tiny))


def packed(tiny: Tiny, folder: Path) -> Written:
    stored = write(tiny, folder / "model.gguf", gguf.GGMLQuantizationType.Q4_0)
    return Written(folder / "model.gguf", stored)


LAYOUTS: Mapping[str, Layout] = {
    "training pickle": training_pickle,
    "moving average, chosen": chosen_average,
    "moving average alone": average_alone,
    "separate files": separate_files,
    "folder": plain_folder,
    "folder in shards": sharded_folder,
    "pruned pickle": pruned_pickle,
    "early pickle": early_pickle,
    "float16": of_types(F16, F16),
    "bfloat16": of_types(BF16, BF16),
    "U-Net of 8 bits": of_types(F8, F16),
    "U-Net of float16": of_types(F16, F32),
    "GGUF": packed,
}


PAIRS = [
    (kind, layout)
    for kind in KINDS
    for layout in LAYOUTS
    if kind in WHOLE_ROWS or layout in OTHER_LAYOUTS
]


@pytest.fixture(scope="module")
def narrow(tinies: dict[str, Tiny]) -> Callable[[str], Tiny]:
    """A narrow, quick model of a kind."""

    @cache
    def narrow(name: str) -> Tiny:
        kind = tinies[name].kind
        unet = kind.unet
        if len(unet.multipliers) == 4:
            unet = replace(unet, multipliers=(1, 2), depths=(1, 0))
        levels = len(kind.vae.multipliers)
        vae = replace(kind.vae, multipliers=(1,) * (levels - 1) + (2,), blocks=1)
        return replace(
            tinies[name],
            kind=replace(kind, unet=unet, vae=vae),
            unet=randomise(UNet(unet), 1),
            vae=randomise(AutoencoderKL(vae), 2),
        )

    return narrow


def pixels(*shape: int) -> np.ndarray:
    return np.random.default_rng(sum(shape)).integers(0, 256, shape, dtype=np.uint8)


PHOTO, MASK = pixels(SIDE, SIDE, 3), np.zeros((SIDE, SIDE), np.uint8)
MASK[16:48, 8:40] = 255
CONTROL_IMAGES = {
    "SD2 depth": pixels(SIDE, SIDE),
    "instruct-pix2pix": PHOTO,
    "SD2 unCLIP-H": pixels(LOOKED_AT, LOOKED_AT, 3),
    "SD2 unCLIP-L": pixels(LOOKED_AT, LOOKED_AT, 3),
    "x4 upscaler": pixels(SIDE // 4, SIDE // 4, 3),
}
"""Input kinds that take a control image, and an image for each."""
PARTNERS = {"SDXL": "refiner", "refiner": "SDXL"}
"""A base model and the refiner that takes over."""
HANDING_OVER = "handing over"


def tasks(kind: str) -> Mapping[str, tuple[Request, Inputs]]:
    asked = replace(REQUEST, steps=1, height=SIDE, guidance=Guidance(image=1.7))
    later: Mapping[str, np.ndarray] = {}
    if kind in CONTROL_IMAGES:
        asked = replace(asked, control=digest(CONTROL_IMAGES[kind]))
        later = {asked.control: CONTROL_IMAGES[kind]}
    started = replace(asked, steps=2, strength=0.5, init=digest(PHOTO))
    masked = replace(
        asked, init=digest(PHOTO), mask=digest(MASK), inpaint=Inpaint(blur=0, content="noise")
    )
    return {
        "text to image": (asked, Inputs(images=later)),
        "image to image": (started, Inputs(PHOTO, images=later)),
        "inpainting": (masked, Inputs(PHOTO, MASK, images=later)),
    }


def drawn(model: Model, request: Request, inputs: Inputs) -> np.ndarray:
    job = prepare(model, request, inputs)
    *_, last = steps(job)
    return finish(job, last.state).rgb


def drawn_task(model: Model, kind: str, task: str, partner: Model | None) -> np.ndarray:
    if task != HANDING_OVER:
        return drawn(model, *tasks(kind)[task])
    assert partner is not None
    base, refiner = (model, partner) if kind == "SDXL" else (partner, model)
    request = replace(REQUEST, steps=2, height=SIDE, changes=(Change(1, model="refiner"),))
    return drawn(base, request, Inputs(models=lambda *_: refiner))


def task_of(kind: str, layout: str) -> str:
    """A task for each layout: every family does all of its tasks in some of them."""
    found = [*tasks(kind), *([HANDING_OVER] if kind in PARTNERS else [])]
    layouts = [other for one, other in PAIRS if one == kind]
    return found[layouts.index(layout) % len(found)]


def loaded(written: Written, kind: str) -> Model:
    prediction = "v" if KINDS[kind].prediction == "v_prediction" else "eps"
    return load_expanded(
        written.path,
        companions=written.companions,
        digest=kind,
        prediction=None if written.path.is_dir() else prediction,
        average=written.average,
    )


Partner = Callable[[str], Model | None]
Reference = Callable[[str, Weights], Model]


@pytest.fixture(scope="module")
def partner(narrow: Callable[[str], Tiny], tmp_path_factory: pytest.TempPathFactory) -> Partner:
    @cache
    def partner(kind: str) -> Model | None:
        if kind not in PARTNERS:
            return None
        other = PARTNERS[kind]
        written = of_types(F32, F32)(narrow(other), tmp_path_factory.mktemp("partner"))
        return loaded(written, other)

    return partner


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> Reference:
    """The model of the first published file in full precision; the last one is cached."""
    kept: dict[str, Any] = {}

    def reference(kind: str, weights: Weights) -> Model:
        whole = {n: v.float() if v.is_floating_point() else v for n, v in weights.items()}
        last = kept.get(kind)
        if last is None or any(not torch.equal(last[0][name], whole[name]) for name in whole):
            path = tmp_path_factory.mktemp("reference") / "model.safetensors"
            save_file(whole, path)
            kept.clear()
            kept[kind] = whole, loaded(Written(path, whole), kind)
            path.unlink()
        return kept[kind][1]

    return reference


@pytest.mark.parametrize(("kind", "layout"), PAIRS)
def test_a_family_runs_in_a_layout(
    kind: str,
    layout: str,
    narrow: Callable[[str], Tiny],
    partner: Partner,
    reference: Reference,
    tmp_path: Path,
) -> None:
    written = LAYOUTS[layout](narrow(kind), tmp_path)
    model = loaded(written, kind)
    whole = reference(kind, written.stored)
    for ours, theirs in zip(model.networks, whole.networks, strict=True):
        numbers = theirs.state_dict()
        for name, value in ours.state_dict().items():
            assert torch.equal(value, numbers[name]), name
    task = task_of(kind, layout)
    made, expected = (drawn_task(one, kind, task, partner(kind)) for one in (model, whole))
    assert np.array_equal(made, expected)
    if task == "image to image":
        assert not np.array_equal(made, PHOTO)
    if task == "inpainting":
        assert (made[MASK == 0] == PHOTO[MASK == 0]).all()
        assert (made[MASK > 0] != PHOTO[MASK > 0]).any()
