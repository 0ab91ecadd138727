"""Images on a GPU equal those of the CPU: nothing is on the wrong device."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from core.checkpoints.load_model import load_model
from core.images.clip_crop import SIDE
from core.images.generated_image import GeneratedImage
from core.images.image_digest import digest
from core.model.model import Model
from core.pipeline.previews import preview, preview_after
from core.pipeline.resume import resume
from core.pipeline.saved_job import load, save
from core.pipeline.text_to_image import finish, prepare, steps
from core.request.inputs import Inputs
from core.request.request import Request
from core.runtime.environment import environment
from core.sampling.samplers import SAMPLERS
from tests.core.checkpoints.tiny import REQUEST
from tests.core.fake_gpu import pretended_gpu

SIZE = (REQUEST.height, REQUEST.width)
CONTROL_IMAGES = {
    "SD2 depth": SIZE,
    "instruct-pix2pix": (*SIZE, 3),
    "SD2 unCLIP-H": (SIDE, SIDE, 3),
    "x4 upscaler": (SIZE[0] // 4, SIZE[1] // 4, 3),
}
UNLIKE = (
    "SD1 LCM", "SDXL", "refiner", "SD2 inpainting", "instruct-pix2pix", "SD2 depth",
    "SD2 unCLIP-H", "x4 upscaler",
)  # fmt: skip
"""Kinds of which each does something with tensors that the others do not."""


def pixels(*shape: int) -> np.ndarray:
    return np.random.default_rng(sum(shape)).integers(0, 256, shape, dtype=np.uint8)


def asked(kind: str) -> tuple[Request, Inputs]:
    """A request that uses as many features of a model as possible."""
    if kind in CONTROL_IMAGES:
        control = pixels(*CONTROL_IMAGES[kind])
        named = digest(control)
        return replace(REQUEST, control=named), Inputs(images={named: control})
    image, mask = pixels(*SIZE, 3), np.zeros(SIZE, np.uint8)
    mask[: SIZE[0] // 2] = 255
    request = replace(REQUEST, init=digest(image), mask=digest(mask), strength=0.7)
    return request, Inputs(image=image, mask=mask)


def drawn(model: Model, request: Request, inputs: Inputs | None = None) -> GeneratedImage:
    """The image, with previews on the way."""
    job = prepare(model, request, inputs)
    *_, last = steps(job)
    preview(job, last)
    preview_after(job, 1, last.x0)
    return finish(job, last.state)


def alike(one: GeneratedImage, other: GeneratedImage) -> bool:
    """Equal except for the order of summation."""
    return bool(np.abs(one.rgb.astype(int) - other.rgb).max() <= 2)


@pytest.mark.parametrize("kind", UNLIKE)
def test_every_family_runs_on_a_gpu(kind: str, checkpoints: dict[str, Path]) -> None:
    request, inputs = asked(kind)
    with pretended_gpu():
        on_gpu = load_model(checkpoints[kind], "cuda", digest=kind, dtype=torch.float32)
        assert on_gpu.device.type == "cuda"
        image = drawn(on_gpu, request, inputs)
    on_cpu = load_model(checkpoints[kind], digest=kind)
    assert alike(image, drawn(on_cpu, request, inputs))


def test_every_sampler_runs_on_a_gpu(tiny_model_folder: Path) -> None:
    names = SAMPLERS.keys() - {"DPM adaptive"}  # rounding decides the number of evaluations
    small = Request(prompt="a cat", steps=3, width=32, height=32)
    requests = [replace(small, sampler=name) for name in sorted(names)]
    with pretended_gpu():
        on_gpu = load_model(tiny_model_folder, "cuda", dtype=torch.float32)
        there = [latent(on_gpu, request).cpu() for request in requests]
    on_cpu = load_model(tiny_model_folder)
    for request, found in zip(requests, there, strict=True):
        expected = latent(on_cpu, request)
        difference = (found - expected).abs().max() / expected.abs().max()
        assert difference < 1e-4, request.sampler


def latent(model: Model, request: Request) -> Tensor:
    *_, last = steps(prepare(model, request))
    return last.state.x


def test_the_default_model_runs_on_a_gpu() -> None:
    request = Request(prompt="a red heart", seed=1, steps=3)
    with pretended_gpu():
        image = drawn(load_model(device="cuda"), request)
    assert alike(image, drawn(load_model(), request))


def test_networks_are_offloaded_one_at_a_time(checkpoints: dict[str, Path]) -> None:
    with pretended_gpu() as roomy:
        model = load_model(checkpoints["SDXL"], "cuda", digest="SDXL")
        assert model.dtype == torch.float16
        expected = drawn(model, REQUEST)
    with pretended_gpu(total=300_000_000) as narrow:
        model = load_model(checkpoints["SDXL"], "cuda", digest="SDXL")
        assert narrow.taken == 0
        assert str(model.plan.message).startswith("one at a time on the GPU")
        assert (drawn(model, REQUEST).rgb == expected.rgb).all()
    assert narrow.most < roomy.most


def test_a_model_that_does_not_fit_raises_out_of_memory(checkpoints: dict[str, Path]) -> None:
    with pretended_gpu(total=1_000_000):
        model = load_model(checkpoints["SD1"], "cuda", digest="SD1")
        with pytest.raises(torch.OutOfMemoryError):
            drawn(model, REQUEST)


def test_a_run_stopped_on_the_cpu_resumes_on_the_gpu(
    checkpoints: dict[str, Path], tmp_path: Path
) -> None:
    request, inputs = asked("SD1")
    job = prepare(load_model(checkpoints["SD1"], digest="SD1"), request, inputs)
    first, *_, last = steps(job)
    save(tmp_path / "a.state", job, first.state)
    with pretended_gpu():
        model = load_model(checkpoints["SD1"], "cuda", digest="SD1", dtype=torch.float32)
        job_there, state = resume(model, load(tmp_path / "a.state"))
        *_, last_there = steps(job_there, state)
        assert alike(finish(job_there, last_there.state), finish(job, last.state))
        assert job_there.recorded_request == job.recorded_request
        assert environment("cuda").device == "Pretended GPU"


def test_the_simulated_gpu_refuses_the_same_as_a_real_one() -> None:
    with pretended_gpu():
        here, there = torch.ones(3), torch.ones(3, device="cuda")
        assert (there + 1).device.type == "cuda"
        for wrong in (lambda: here + there, there.numpy, lambda: torch.cat([here, there])):
            with pytest.raises((RuntimeError, TypeError)):
                wrong()
        assert (there.cpu() + here).tolist() == [2, 2, 2]
