"""CosXL and Playground 2.5, trained on a continuous range of noise levels: identified and run."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from core.checkpoints.identify import identify
from core.checkpoints.load_model import load_model
from core.errors import ModelError
from core.families.cosxl import COSXL
from core.families.playground import PLAYGROUND
from core.images.image_digest import digest
from core.model.model import Model
from core.networks.unet import UNet
from core.pipeline.previews import preview
from core.pipeline.text_to_image import finish, prepare, steps
from core.request.inputs import Inputs
from core.request.parameters import Guidance, Inpaint
from core.request.request import Request
from core.sampling.model_schedule import EdmSchedule
from core.sampling.trajectory import digest as digest_of_state
from tests.core.checkpoints.pipelines import reference_pipeline
from tests.core.checkpoints.tiny import REQUEST, Kind, Tiny, Weights, original, write_folder

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation")  # of diffusers' tensors

MEAN, STD = (-1.6574, 1.886, -1.383, 2.5155), (8.4927, 5.9022, 6.5498, 5.2299)
MARKERS: dict[str, Weights] = {
    "CosXL": {
        "edm_vpred.sigma_max": torch.tensor(120.0),
        "edm_vpred.sigma_min": torch.tensor(0.002),
    },
    "CosXL edit": {"edm_vpred.sigma_max": torch.tensor(120.0)},
    "Playground": {
        "edm_mean": torch.tensor(MEAN)[None, :, None, None],
        "edm_std": torch.tensor(STD)[None, :, None, None],
    },
}
SCHEDULERS: dict[str, dict[str, Any]] = {
    "CosXL": {
        "_class_name": "EDMEulerScheduler",
        "sigma_min": 0.002,
        "sigma_max": 120.0,
        "sigma_data": 1.0,
        "sigma_schedule": "exponential",
        "prediction_type": "v_prediction",
    },
    "Playground": {"_class_name": "EDMDPMSolverMultistepScheduler", "sigma_max": 80.0},
}
SCHEDULES = {"CosXL": "Exponential", "CosXL edit": "Exponential", "Playground": "Karras"}


@pytest.fixture(scope="module")
def kin(tinies: dict[str, Tiny], randomised: Callable[..., Any]) -> dict[str, Tiny]:
    """The architecture of Stable Diffusion XL."""
    plain = tinies["SDXL"]
    wide: Kind = replace(plain.kind, unet=replace(plain.kind.unet, in_channels=8))
    edit = replace(plain, kind=wide, unet=randomised(UNet(wide.unet), 1))
    return {"CosXL": plain, "CosXL edit": edit, "Playground": plain}


@pytest.fixture(scope="module")
def files(kin: dict[str, Tiny], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("continuous")
    paths = {name: folder / f"{name}.safetensors" for name in kin}
    for name, path in paths.items():
        save_file(original(kin[name]) | MARKERS[name], path)
    return paths


@pytest.fixture(scope="module")
def models(files: dict[str, Path]) -> dict[str, Model]:
    return {name: load_model(path, digest=name) for name, path in files.items()}


def theirs_of(name: str, kin: dict[str, Tiny], pipeline: str = "", **scheduler: Any) -> Any:
    """diffusers' pipeline, with the scheduler and the latents that are published with the model."""
    diffusers = pytest.importorskip("diffusers")
    theirs = reference_pipeline(kin[name], pipeline)
    settings = {**SCHEDULERS[name.removesuffix(" edit")], **scheduler}
    theirs.scheduler = getattr(diffusers, settings.pop("_class_name"))(**settings)
    if name == "Playground":
        theirs.vae.register_to_config(latents_mean=MEAN, latents_std=STD, scaling_factor=0.5)
    return theirs


def asked(name: str, **changes: Any) -> Request:
    return replace(REQUEST, schedule=SCHEDULES[name], **changes)


def drawn(model: Model, request: Request, inputs: Inputs | None = None) -> np.ndarray:
    job = prepare(model, request, inputs)
    *_, last = steps(job)
    return finish(job, last.state).rgb / 255


@pytest.fixture
def photo() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (96, 64, 3), dtype=np.uint8)


# --- what they are ------------------------------------------------------------------------------


def test_an_edm_file_is_recognised_by_its_markers(files: dict[str, Path]) -> None:
    cosxl, edit, playground = (identify(path) for path in files.values())
    assert cosxl.family is edit.family is COSXL
    assert (cosxl.display_name, edit.display_name, playground.display_name) == (
        "Stable Diffusion XL, CosXL",
        "Stable Diffusion XL, CosXL, instruct-pix2pix",
        "Stable Diffusion XL, Playground 2.5",
    )
    assert playground.family is PLAYGROUND
    assert cosxl.prediction.kind == cosxl.detected_prediction == "v"
    assert str(cosxl.prediction.reason) == "it holds the tensor edm_vpred.sigma_max"
    assert playground.prediction.kind == "edm"
    assert str(playground.prediction.reason) == "it holds the tensor edm_mean"
    assert cosxl.sigmas == pytest.approx((0.002, 120.0))
    assert edit.sigmas == (0.002, 120.0)
    assert playground.sigmas == (0.002, 80.0)
    assert not any(one.components.unknown for one in (cosxl, edit, playground))
    defaults = cosxl.defaults
    assert (defaults.schedule, defaults.steps, defaults.cfg, defaults.width) == (
        "Exponential",
        20,
        7.0,
        1024,
    )
    defaults = playground.defaults
    assert (defaults.schedule, defaults.steps, defaults.cfg, defaults.width) == (
        "Karras",
        25,
        3.0,
        1024,
    )


def test_the_noise_range_is_read_from_the_file(kin: dict[str, Tiny], tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    markers = {"edm_vpred.sigma_max": torch.tensor(500.0), "edm_vpred.sigma_min": torch.tensor(0.5)}
    save_file(original(kin["CosXL"]) | markers, path)
    assert load_model(path).schedule == EdmSchedule(0.5, 500.0)


@pytest.mark.parametrize("name", SCHEDULERS)
def test_a_folder_is_identified_like_the_file(
    name: str, kin: dict[str, Tiny], models: dict[str, Model], tmp_path: Path
) -> None:
    folder = tmp_path / "model"
    write_folder(kin[name], folder, torch.float32)
    scheduler = folder / "scheduler" / "scheduler_config.json"
    scheduler.write_text(json.dumps(SCHEDULERS[name]), encoding="utf-8")
    if name == "Playground":
        config = {"latents_mean": MEAN, "latents_std": STD, "scaling_factor": 0.5}
    else:
        config = {"latents_mean": None, "scaling_factor": 0.13025}
    (folder / "vae" / "config.json").write_text(json.dumps(config), encoding="utf-8")
    ours, same = models[name].config, load_model(folder, digest="known").config
    assert same.prediction == ours.prediction
    assert same.schedule.sigma_min == pytest.approx(ours.schedule.sigma_min)
    assert same.schedule.sigma_max == pytest.approx(ours.schedule.sigma_max)
    assert isinstance(same.schedule, EdmSchedule)
    assert same.latent_mean == pytest.approx(ours.latent_mean)
    assert same.latent_std == pytest.approx(ours.latent_std)
    assert same.family is ours.family
    if name == "Playground":  # its latents alone identify it too
        scheduler.write_text('{"_class_name": "EulerDiscreteScheduler"}', encoding="utf-8")
        assert str(identify(folder).prediction.reason) == "its autoencoder has a latents_mean"
    else:
        scheduler.write_text(json.dumps(SCHEDULERS[name] | {"sigma_data": 0.3}), encoding="utf-8")
        with pytest.raises(ModelError, match=r"sigma_data of 0\.3"):
            identify(folder)


BROKEN: dict[str, tuple[Weights, str]] = {
    "no deviation": ({"edm_mean": torch.zeros(4)}, "lacks edm_std"),
    "a deviation of 0": ({"edm_mean": torch.zeros(4), "edm_std": torch.zeros(4)}, "impossible"),
    "not a number": (
        {"edm_mean": torch.full((4,), math.nan), "edm_std": torch.ones(4)}, "impossible"
    ),
    "five channels": ({"edm_mean": torch.zeros(5), "edm_std": torch.ones(5)}, "not fit its U"),
    "unequal": ({"edm_mean": torch.zeros(4), "edm_std": torch.ones(3)}, "impossible"),
    "many": ({"edm_mean": torch.zeros(4000), "edm_std": torch.ones(4000)}, r"shape \(4000,\)"),
    "two sigmas": ({"edm_vpred.sigma_max": torch.ones(2)}, r"shape \(2,\)"),
    "a sigma of 0": ({"edm_vpred.sigma_max": torch.tensor(0.0)}, "levels from 0.002 to 0"),
    "at most": ({"edm_vpred.sigma_max": torch.tensor(math.inf)}, "to inf are impossible"),
}  # fmt: skip


@pytest.mark.parametrize("broken", BROKEN)
def test_damaged_markers_are_refused(broken: str, kin: dict[str, Tiny], tmp_path: Path) -> None:
    markers, words = BROKEN[broken]
    path = tmp_path / "model.safetensors"
    save_file(original(kin["CosXL"]) | markers, path)
    with pytest.raises(ModelError, match=words):
        identify(path)


def test_edm_markers_in_other_families_are_refused(tinies: dict[str, Tiny], tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    save_file(original(tinies["SD1"]) | MARKERS["CosXL"], path)
    with pytest.raises(ModelError, match="Diffusion 1, trained on continuous"):
        identify(path)


def test_the_prediction_can_be_overridden(files: dict[str, Path]) -> None:
    """Only the formula changes: the noise levels stay."""
    model = load_model(files["Playground"], digest="known", prediction="v")
    assert (model.prediction.name, model.prediction_override) == ("v", "v")
    assert model.schedule == EdmSchedule(0.002, 80.0)
    assert model.with_prediction("").prediction.name == "edm"


# --- what they draw -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "sampler", "scheduler"),
    [
        ("CosXL", "Euler", "EDMEulerScheduler"),
        ("Playground", "Euler", "EDMEulerScheduler"),
        ("Playground", "DPM++ 2M", "EDMDPMSolverMultistepScheduler"),
    ],
)
def test_text_to_image_equals_diffusers(
    name: str, sampler: str, scheduler: str, models: dict[str, Model], kin: dict[str, Tiny]
) -> None:
    theirs = theirs_of(name, kin, _class_name=scheduler)
    request = asked(name, sampler=sampler, steps=6)
    job = prepare(models[name], request)
    theirs.scheduler.set_timesteps(request.steps)
    assert job.sigmas == pytest.approx(theirs.scheduler.sigmas.tolist(), rel=1e-4)
    *_, last = steps(job)
    options = {
        "prompt": request.prompt,
        "negative_prompt": request.negative,
        "guidance_scale": request.cfg,
        "num_inference_steps": request.steps,
        "width": request.width,
        "height": request.height,
        "latents": job.start.x / theirs.scheduler.init_noise_sigma,
    }
    latent = theirs(**options, output_type="latent").images
    torch.testing.assert_close(last.state.x, latent, atol=5e-4, rtol=1e-3)
    image = theirs(**options, output_type="np").images[0]
    assert np.abs(finish(job, last.state).rgb / 255 - image).max() < 0.01


@pytest.fixture
def modes(monkeypatch: pytest.MonkeyPatch) -> None:
    """diffusers encodes to a sample of the distribution, we to its mean."""
    for kind in ("img2img", "inpaint"):
        monkeypatch.setattr(
            f"diffusers.pipelines.stable_diffusion_xl.pipeline_stable_diffusion_xl_{kind}"
            ".retrieve_latents",
            lambda encoded, **_: encoded.latent_dist.mode(),
        )


def options(photo: np.ndarray) -> dict[str, Any]:
    return {
        "prompt": REQUEST.prompt,
        "negative_prompt": REQUEST.negative,
        "guidance_scale": REQUEST.cfg,
        "num_inference_steps": REQUEST.steps,
        "image": torch.as_tensor(photo).permute(2, 0, 1)[None].float() / 255,
        "generator": torch.Generator().manual_seed(REQUEST.seed),
        "output_type": "np",
    }


@pytest.mark.usefixtures("modes")
@pytest.mark.parametrize("name", ["CosXL", "Playground"])
def test_image_to_image_starts_from_the_init_image(
    name: str, models: dict[str, Model], kin: dict[str, Tiny], photo: np.ndarray
) -> None:
    request = asked(name, init=digest(photo), strength=0.5)
    ours = drawn(models[name], request, Inputs(photo))
    pipeline = "StableDiffusionXLImg2ImgPipeline"
    theirs = theirs_of(name, kin, pipeline, _class_name="EDMEulerScheduler")
    expected = theirs(**options(photo), strength=0.5).images[0]
    assert np.abs(ours - expected).max() < 0.01


@pytest.mark.usefixtures("modes")
def test_inpainting_redraws_a_part(
    models: dict[str, Model], kin: dict[str, Tiny], photo: np.ndarray
) -> None:
    mask = np.zeros((96, 64), np.uint8)
    mask[16:48, 8:40] = 255
    content = Inpaint(content="original")
    request = asked("CosXL", init=digest(photo), mask=digest(mask), strength=0.5, inpaint=content)
    ours = drawn(models["CosXL"], request, Inputs(photo, mask))
    theirs = theirs_of("CosXL", kin, "StableDiffusionXLInpaintPipeline")
    expected = theirs(
        **options(photo),
        strength=0.5,
        mask_image=torch.as_tensor(mask)[None, None].float() / 255,
        width=64,
        height=96,
    ).images[0]
    assert np.abs(ours - expected)[mask > 0].max() < 0.01
    # diffusers encodes images without the mean of the latents: here the other model is ours.
    for inpaint in (Inpaint(blur=0.0), Inpaint(blur=0.0, soft=True)):
        request = replace(request, schedule="Karras", inpaint=inpaint)
        image = drawn(models["Playground"], request, Inputs(photo, mask))
        assert np.array_equal(image[mask == 0], photo[mask == 0] / 255)
        assert np.abs(image - photo / 255)[mask > 0].mean() > 0.01


def test_image_editing_equals_diffusers(
    models: dict[str, Model], kin: dict[str, Tiny], photo: np.ndarray
) -> None:
    """It gets the image's latent in the scaling of its own latents, unlike other such models."""
    request = asked("CosXL edit", guidance=Guidance(image=1.7), control=digest(photo))
    job = prepare(models["CosXL edit"], request, Inputs(images={digest(photo): photo}))
    *_, last = steps(job)
    theirs = theirs_of("CosXL edit", kin, "StableDiffusionXLInstructPix2PixPipeline")
    theirs.is_cosxl_edit = True
    theirs.scheduler.set_timesteps(REQUEST.steps)
    latents = job.start.x / theirs.scheduler.init_noise_sigma
    arguments = options(photo) | {"output_type": "latent", "width": 64, "height": 96}
    expected = theirs(**arguments, image_guidance_scale=1.7, latents=latents).images
    torch.testing.assert_close(last.state.x, expected, atol=5e-4, rtol=1e-3)


def test_previews_use_the_autoencoders_colours(
    models: dict[str, Model], checkpoints: dict[str, Path], photo: np.ndarray
) -> None:
    """Equal to those of a model with the same autoencoder and another latent scale."""
    usual = load_model(checkpoints["SDXL"], digest="known")
    image = torch.as_tensor(photo / 127.5 - 1).float().permute(2, 0, 1)[None]
    seen: list[Tensor] = []

    def tiny_decoder(latent: Tensor) -> Tensor:
        seen.append(latent)
        return torch.zeros(1, 3, 96, 64)

    for model in (usual, models["Playground"]):
        latent = model.encode(image)
        torch.testing.assert_close(model.decode(latent), usual.decode(usual.encode(image)))
        replace(model, previewer=tiny_decoder).preview(latent)  # pyright: ignore[reportArgumentType]
    torch.testing.assert_close(*seen)
    glimpses = [model.preview(model.encode(image)) for model in (usual, models["Playground"])]
    torch.testing.assert_close(*glimpses, atol=1e-3, rtol=1e-3)
    job = prepare(models["Playground"], asked("Playground", steps=2))
    assert [preview(job, step).rgb.shape for step in steps(job)] == [(96, 64, 3)] * 2


@pytest.mark.parametrize("name", ["CosXL", "Playground"])
@pytest.mark.parametrize("schedule", ["Simple", "DDIM Uniform", "Beta", "Align Your Steps"])
def test_a_recorded_image_is_reproduced_bit_for_bit(
    name: str, schedule: str, models: dict[str, Model], files: dict[str, Path]
) -> None:
    request = replace(REQUEST, sampler="DPM++ 2M SDE", schedule=schedule)
    job = prepare(models[name], request)
    first, *_, last = steps(job)
    image = finish(job, last.state)
    anew = load_model(files[name], digest=name)
    again = prepare(anew, Request.from_json(image.request.to_json()))
    *_, same = steps(again)
    assert digest_of_state(same.state) == digest_of_state(last.state)
    *_, on = steps(again, first.state)
    assert digest_of_state(on.state) == digest_of_state(last.state)
