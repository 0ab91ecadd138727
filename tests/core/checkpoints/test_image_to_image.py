"""Image-to-image and inpainting of whole images against diffusers."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from core.checkpoints.load_model import load_model
from core.images.image_digest import digest
from core.model.model import Model
from core.pipeline.text_to_image import finish, prepare, steps
from core.request.inputs import Inputs
from core.request.parameters import Inpaint
from core.request.request import Request
from tests.core.checkpoints.pipelines import reference_pipeline
from tests.core.checkpoints.tiny import REQUEST, Tiny

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation")  # of diffusers' tensors
IMG2IMG = {
    "SD1": "StableDiffusionImg2ImgPipeline",
    "SD2": "StableDiffusionImg2ImgPipeline",
    "SD2 base": "StableDiffusionImg2ImgPipeline",
    "SDXL": "StableDiffusionXLImg2ImgPipeline",
    "SSD-1B": "StableDiffusionXLImg2ImgPipeline",
    "refiner": "StableDiffusionXLImg2ImgPipeline",
}
INPAINTING = {
    "SD1": "StableDiffusionInpaintPipeline",
    "SD2": "StableDiffusionInpaintPipeline",
    "SDXL": "StableDiffusionXLInpaintPipeline",
    "KOALA 700M": "StableDiffusionXLInpaintPipeline",
    "refiner": "StableDiffusionXLInpaintPipeline",
}
MADE_FOR_IT = ("SD1 inpainting", "SD2 inpainting", "SDXL inpainting")
MODULES = "diffusers.pipelines."
FILES = (
    "stable_diffusion.pipeline_stable_diffusion_img2img",
    "stable_diffusion.pipeline_stable_diffusion_inpaint",
    "stable_diffusion_xl.pipeline_stable_diffusion_xl_img2img",
    "stable_diffusion_xl.pipeline_stable_diffusion_xl_inpaint",
)


@pytest.fixture(scope="module")
def models(checkpoints: dict[str, Path]) -> dict[str, Model]:
    kinds = {*IMG2IMG, *INPAINTING, *MADE_FOR_IT}
    return {kind: load_model(checkpoints[kind], digest=kind) for kind in kinds}


@pytest.fixture(autouse=True)
def _without_samples(monkeypatch: pytest.MonkeyPatch) -> None:
    """diffusers encodes to a sample of the distribution, we to its mean."""
    for file in FILES:
        name = f"{MODULES}{file}.retrieve_latents"
        monkeypatch.setattr(name, lambda encoded, **_: encoded.latent_dist.mode())


@pytest.fixture
def photo() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (96, 64, 3), dtype=np.uint8)


def options(photo: np.ndarray, strength: float) -> dict[str, Any]:
    return {
        "prompt": REQUEST.prompt,
        "negative_prompt": REQUEST.negative,
        "guidance_scale": REQUEST.cfg,
        "num_inference_steps": REQUEST.steps,
        "image": torch.as_tensor(photo).permute(2, 0, 1)[None].float() / 255,
        "strength": strength,
        "generator": torch.Generator().manual_seed(REQUEST.seed),
        "output_type": "np",
    }


def drawn(model: Model, request: Request, inputs: Inputs) -> np.ndarray:
    job = prepare(model, request, inputs)
    *_, last = steps(job)
    return finish(job, last.state).rgb / 255


@pytest.mark.parametrize("kind", IMG2IMG)
def test_image_to_image_equals_diffusers(
    kind: str, models: dict[str, Model], tinies: dict[str, Tiny], photo: np.ndarray
) -> None:
    request = replace(REQUEST, init=digest(photo), strength=0.5)
    ours = drawn(models[kind], request, Inputs(photo))
    theirs = reference_pipeline(tinies[kind], IMG2IMG[kind])
    expected = theirs(**options(photo, 0.5)).images[0]
    assert np.abs(ours - expected).max() < 0.01


@pytest.mark.parametrize(
    ("kind", "strength", "off"), [*((kind, 0.5, 0.01) for kind in INPAINTING), ("SD1", 1.0, 0.03)]
)
def test_inpainting_redraws_a_part(
    kind: str,
    strength: float,
    off: float,
    models: dict[str, Model],
    tinies: dict[str, Tiny],
    photo: np.ndarray,
) -> None:
    """The mask covers whole latent cells, and only redrawn pixels are compared. From pure noise,
    their first step does not see the kept part."""
    mask = np.zeros((96, 64), np.uint8)
    mask[16:48, 8:40] = 255
    content = "original" if strength < 1 else "nothing"
    request = replace(
        REQUEST,
        init=digest(photo),
        mask=digest(mask),
        strength=strength,
        inpaint=Inpaint(content=content),
    )
    ours = drawn(models[kind], request, Inputs(photo, mask))
    theirs = reference_pipeline(tinies[kind], INPAINTING[kind])
    expected = theirs(
        **options(photo, strength),
        mask_image=torch.as_tensor(mask)[None, None].float() / 255,
        width=64,
        height=96,
    ).images[0]
    inside = mask > 0
    assert np.abs(ours - expected)[inside].max() < off


@pytest.mark.parametrize("kind", MADE_FOR_IT)
def test_an_inpainting_model_redraws_the_mask(
    kind: str, models: dict[str, Model], tinies: dict[str, Tiny], photo: np.ndarray
) -> None:
    """The whole image: with a mask, only we keep the original outside at every step."""
    mask = np.full((96, 64), 255, np.uint8)
    request = replace(
        REQUEST, init=digest(photo), mask=digest(mask), inpaint=Inpaint(content="nothing")
    )
    ours = drawn(models[kind], request, Inputs(photo, mask))
    theirs = reference_pipeline(tinies[kind])
    expected = theirs(
        **options(photo, 1.0),
        mask_image=torch.as_tensor(mask)[None, None].float() / 255,
        width=64,
        height=96,
    ).images[0]
    assert np.abs(ours - expected).max() < 0.01
