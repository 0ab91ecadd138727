"""Image variations against diffusers' unCLIP pipeline."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save_file
from torch import Tensor

from core.checkpoints.identify import identify
from core.checkpoints.load_model import load_model
from core.errors import ModelError, RequestError
from core.images.clip_crop import SIDE, clip_center_crop
from core.images.image_digest import digest
from core.model.model import Model
from core.pipeline.prepared_run import PreparedRun
from core.pipeline.text_to_image import finish, prepare, steps
from core.request.inputs import Inputs
from core.request.parameters import Inpaint
from core.request.request import Change, Request
from core.sampling.noise import step_noise
from tests.core.checkpoints.pipelines import image_processor, reference_pipeline
from tests.core.checkpoints.tiny import REQUEST, Tiny, prefixed, transformers_images, write_folder
from tests.narrowing import present

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation")  # of diffusers' tensors

KINDS = ("SD2 unCLIP-H", "SD2 unCLIP-L")
PIPELINES = "diffusers.pipelines.stable_diffusion."


@pytest.fixture(scope="module")
def models(checkpoints: dict[str, Path]) -> dict[str, Model]:
    return {kind: load_model(checkpoints[kind], digest=kind) for kind in KINDS}


def pixels(*shape: int, seed: int = 0) -> np.ndarray:
    """Smooth colours: of noise, little remains after downscaling."""
    small = np.random.default_rng(seed).integers(0, 256, (5, 5, 3), dtype=np.uint8)
    image = Image.fromarray(small).resize((shape[1], shape[0]), Image.Resampling.BICUBIC)
    return np.array(image)


def led(request: Request, photo: np.ndarray, **inputs: Any) -> tuple[Request, Inputs]:
    control = clip_center_crop(photo)
    named = digest(control)
    return replace(request, control=named), Inputs(images={named: control}, **inputs)


def drawn(
    model: Model, request: Request, inputs: Inputs | None = None
) -> tuple[PreparedRun, Tensor]:
    job = prepare(model, request, inputs)
    *_, last = steps(job)
    assert finish(job, last.state).rgb.shape == (request.height, request.width, 3)
    return job, last.state.x


def arguments(job: PreparedRun) -> dict[str, Any]:
    return {
        "prompt": REQUEST.prompt,
        "negative_prompt": REQUEST.negative,
        "guidance_scale": REQUEST.cfg,
        "num_inference_steps": REQUEST.steps,
        "output_type": "latent",
        "width": REQUEST.width,
        "height": REQUEST.height,
        "latents": job.start.x,  # this pipeline does not scale it
    }


@pytest.mark.parametrize(
    "size",
    [(224, 224), (224, 300), (300, 224), (500, 333), (333, 500), (91, 1000), (640, 65), (3, 4)],
)
def test_the_center_crop_equals_the_published_preprocessing(size: tuple[int, int]) -> None:
    photo = pixels(*size)
    theirs = image_processor()(images=Image.fromarray(photo), do_normalize=False, do_rescale=False)
    expected = theirs.pixel_values[0].transpose(1, 2, 0)
    assert np.array_equal(clip_center_crop(photo), expected)


def test_the_center_crop_of_a_line_is_bounded() -> None:
    line = pixels(2, 100_000)
    assert clip_center_crop(line).shape == (SIDE, SIDE, 3)
    assert np.ptp(clip_center_crop(line).astype(int), axis=1).max() <= 1


@pytest.mark.parametrize("level", [0, 35, 999])
@pytest.mark.parametrize("kind", KINDS)
def test_image_variation_equals_diffusers(
    kind: str,
    level: int,
    models: dict[str, Model],
    tinies: dict[str, Tiny],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    photo = pixels(250, 340)
    job, ours = drawn(models[kind], *led(replace(REQUEST, noise_level=level), photo))
    theirs = reference_pipeline(tinies[kind])
    monkeypatch.setattr(
        PIPELINES + "pipeline_stable_unclip_img2img.randn_tensor",
        lambda shape, **_: step_noise(REQUEST.seed, -2, 0, shape[1:])[None],
    )
    image = Image.fromarray(photo)
    expected = theirs(image, **arguments(job), noise_level=level).images
    torch.testing.assert_close(ours, expected, atol=1e-4, rtol=1e-3)


@pytest.mark.parametrize("kind", KINDS)
def test_without_an_image_the_embedding_is_zeros(
    kind: str, models: dict[str, Model], tinies: dict[str, Tiny]
) -> None:
    job, ours = drawn(models[kind], REQUEST)
    theirs = reference_pipeline(tinies[kind])
    width = tinies[kind].kind.unet.vector_dim
    theirs.noise_image_embeddings = lambda **_: torch.zeros(1, present(width))
    nothing = torch.zeros(1, present(width))
    expected = theirs(image_embeds=nothing, **arguments(job)).images
    torch.testing.assert_close(ours, expected, atol=1e-4, rtol=1e-3)


def test_image_to_image_equals_diffusers(
    models: dict[str, Model], tinies: dict[str, Tiny], monkeypatch: pytest.MonkeyPatch
) -> None:
    """diffusers has no such pipeline: its image-to-image pipeline, with the vector passed to the
    U-Net."""
    model, start = models["SD2 unCLIP-H"], pixels(96, 64, seed=1)
    request = replace(REQUEST, init=digest(start), strength=0.5, noise_level=35)
    job, ours = drawn(model, *led(request, pixels(250, 340), image=start))
    given = job.segments[0].extra
    assert given is not None
    monkeypatch.setattr(  # which draws a sample
        PIPELINES + "pipeline_stable_diffusion_img2img.retrieve_latents",
        lambda encoded, **_: encoded.latent_dist.mode(),
    )
    theirs = reference_pipeline(tinies["SD2 unCLIP-H"], "StableDiffusionImg2ImgPipeline")
    unet = theirs.unet
    unet.forward = partial(
        unet.forward,
        class_labels=torch.cat([present(given.negative.vector), present(given.prompt.vector)]),
    )
    expected = theirs(
        prompt=REQUEST.prompt,
        negative_prompt=REQUEST.negative,
        guidance_scale=REQUEST.cfg,
        num_inference_steps=REQUEST.steps,
        image=torch.as_tensor(start).permute(2, 0, 1)[None].float() / 255,
        strength=0.5,
        generator=torch.Generator().manual_seed(REQUEST.seed),
        output_type="latent",
    ).images
    torch.testing.assert_close(ours, expected, atol=1e-4, rtol=1e-3)


def test_inpainting_and_tiles_work_with_image_variation(models: dict[str, Model]) -> None:
    model, start = models["SD2 unCLIP-H"], pixels(96, 64, seed=1)
    mask = np.zeros((96, 64), np.uint8)
    mask[16:48, 8:40] = 255
    asked = replace(REQUEST, init=digest(start), mask=digest(mask), steps=2)
    for inpaint in (Inpaint(), Inpaint(area="masked", padding=0, width=32, height=32)):
        request = replace(asked, inpaint=inpaint)
        job, varied = drawn(model, *led(request, pixels(250, 340), image=start, mask=mask))
        assert not torch.equal(varied, drawn(model, request, Inputs(start, mask))[1])
        image = finish(job, job.start)
        assert (image.rgb == start)[mask == 0].all()
    request, inputs = led(replace(REQUEST, steps=1), pixels(250, 340))
    whole, one, two = (drawn(model, replace(request, tile=t), inputs)[1] for t in (0, 96, 64))
    torch.testing.assert_close(one, whole)
    assert two.isfinite().all()


def test_the_noise_is_reproducible_and_grows_with_the_level(models: dict[str, Model]) -> None:
    model, photo = models["SD2 unCLIP-L"], pixels(300, 200)

    def vector(level: int, seed: int = 7) -> Tensor:
        request = replace(REQUEST, noise_level=level, seed=seed)
        given = prepare(model, *led(request, photo)).segments[0].extra
        assert given is not None
        return present(given.prompt.vector)[0, :768]

    assert torch.equal(vector(100), vector(100))
    assert not torch.equal(vector(100), vector(100, seed=8))
    clean = model.embed_image(clip_center_crop(photo))[0]
    off = [(vector(level) - clean).norm() for level in (0, 100, 500)]
    assert off[0] < off[1] < off[2]


def test_a_change_may_replace_the_image_to_vary(models: dict[str, Model]) -> None:
    model = models["SD2 unCLIP-H"]
    request, inputs = led(REQUEST, pixels(250, 340))
    other = clip_center_crop(pixels(250, 340, seed=1))
    inputs = replace(inputs, images={**inputs.images, digest(other): other})
    changed = replace(request, changes=(Change(2, control=digest(other)),))
    _, same = drawn(model, request, inputs)
    assert not torch.equal(same, drawn(model, changed, inputs)[1])
    wrong = pixels(96, 64)
    request, inputs = replace(REQUEST, control=digest(wrong)), Inputs(images={digest(wrong): wrong})
    with pytest.raises(RequestError, match="not uint8"):
        prepare(model, request, inputs)


def test_other_names_of_the_image_encoder_are_read(
    models: dict[str, Model], tinies: dict[str, Tiny], checkpoints: dict[str, Path], tmp_path: Path
) -> None:
    """In the layouts of ComfyUI, transformers and a diffusers folder."""
    kind = "SD2 unCLIP-L"
    weights = load_file(checkpoints[kind])
    images = transformers_images(present(tinies[kind].images).state_dict())
    rest = {key: value for key, value in weights.items() if not key.startswith("embedder.")}
    request, inputs = led(replace(REQUEST, steps=1, noise_level=100), pixels(250, 340))
    _, expected = drawn(models[kind], request, inputs)
    request = replace(request, model_digest="")
    for prefix in ("embedder.model.visual.", "embedder.transformer.", ""):
        path = tmp_path / "model.safetensors"
        save_file(rest | prefixed(prefix, images), path)
        _, ours = drawn(load_model(path, digest=""), request, inputs)
        torch.testing.assert_close(ours, expected)
    write_folder(tinies[kind], tmp_path / "folder", torch.float32)
    _, ours = drawn(load_model(tmp_path / "folder", digest=""), request, inputs)
    torch.testing.assert_close(ours, expected)


def test_a_file_without_statistics_is_reported(
    checkpoints: dict[str, Path], tmp_path: Path
) -> None:
    """As published: the statistics of OpenCLIP's embeddings are 0 and 1, those of OpenAI's are
    not."""
    for kind in KINDS:
        weights = load_file(checkpoints[kind])
        path = tmp_path / f"{kind}.safetensors"
        bare = {k: v for k, v in weights.items() if not k.startswith("noise_augmentor.data_")}
        save_file(bare, path)
        image = load_model(path, digest="").image
        assert image is not None
        assert image.statistics is None
        assert image.lacks_statistics == (kind == "SD2 unCLIP-L")


def test_missing_and_unfit_images_are_refused(checkpoints: dict[str, Path], tmp_path: Path) -> None:
    weights = load_file(checkpoints["SD2 unCLIP-H"])
    path = tmp_path / "model.safetensors"
    unet = {k: v for k, v in weights.items() if not k.startswith(("embedder", "noise"))}
    other = {k: v for k, v in load_file(checkpoints["SD2 unCLIP-L"]).items() if "embedder" in k}
    save_file(unet | other, path)
    with pytest.raises(ModelError, match="image encoder does not fit"):
        load_model(path)
    wrong = weights | {"noise_augmentor.data_mean": torch.zeros(1, 5)}
    save_file(wrong, path)
    with pytest.raises(ModelError, match="data_mean has the shape"):
        load_model(path)
    larger = weights | {"embedder.model.visual.positional_embedding": torch.zeros(577, 64)}
    save_file(larger, path)
    with pytest.raises(ModelError, match="224 pixels"):
        load_model(path)
    save_file({k: v for k, v in weights.items() if ".visual.ln_post" not in k}, path)
    with pytest.raises(ModelError, match="image encoder lacks post_layernorm"):
        load_model(path)


def test_a_model_without_its_image_encoder_is_reported(tmp_path: Path) -> None:
    """Recognised by the width of its U-Net; nothing else shows it."""
    from core.networks.unet import UNet, UNetConfig
    from tests.core.checkpoints.tiny import SD2

    config: UNetConfig = replace(SD2, channels=320, context_dim=1024, vector_dim=1536)
    weights = UNet(replace(config, multipliers=(1,), depths=(1,), blocks=1)).half().state_dict()
    path = tmp_path / "unet.safetensors"
    save_file(weights, path)
    identity = identify(path)
    assert identity.display_name == "Stable Diffusion 2, unCLIP"
    assert "an image encoder" in map(str, identity.missing)
