"""Networks of other shapes than the shipped ones go through the ordinary pipeline."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from zlib import crc32

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from core.conditioning.protocols import Conditioner, TextConditioner
from core.conditioning.text.no_text import NoText
from core.conditioning.text.prompt_plan import first_segment_of
from core.errors import RequestError
from core.families.family import Family, LatentFormat, ModelConfig
from core.families.native_config import Defaults
from core.images.image_digest import digest
from core.model.model import Model
from core.networks.cond import Cond
from core.networks.cost import COUNTED, BackboneCost, CostModel
from core.networks.layers import timestep_embedding
from core.networks.protocols import Autoencoder, Backbone
from core.pipeline import saved_job
from core.pipeline.previews import preview
from core.pipeline.resume import resume
from core.pipeline.steering import steer
from core.pipeline.text_to_image import finish, prepare, steps
from core.request.conditions import ClassLabel, Condition, LabelMap
from core.request.inputs import Inputs
from core.request.request import Change, Request
from core.sampling.model_schedule import FlowSchedule

WIDTH, TOKENS, PATCH = 16, 4, 4
CLASSES = 3


class Pixels(Autoencoder):
    """An autoencoder for pixel models: the latent is the image."""

    latent_channels = 3
    factor = 1
    encoder_reach = decoder_reach = 0
    decodes_fast = True

    def encode(self, image: Tensor) -> Tensor:
        return image

    def decode(self, latent: Tensor) -> Tensor:
        return latent

    def working_bytes(self, pixels: int, dtype: torch.dtype) -> int:
        return 3 * pixels * dtype.itemsize


class PatchTransformer(Backbone):
    """Attends from patches of pixels to the tokens that are not padding."""

    token_width = WIDTH

    def __init__(self) -> None:
        super().__init__()
        self.enter = nn.Conv2d(3, WIDTH, PATCH, stride=PATCH)
        self.attention = nn.MultiheadAttention(WIDTH, 2, batch_first=True)
        self.leave = nn.ConvTranspose2d(WIDTH, 3, PATCH, stride=PATCH)

    def forward(self, x: Tensor, t: Tensor, cond: Cond) -> Tensor:
        assert cond.tokens is not None
        assert cond.mask is not None
        h = self.enter(x) + timestep_embedding(t, WIDTH)[:, :, None, None]
        patches = h.flatten(2).transpose(1, 2)
        read, _ = self.attention(patches, cond.tokens, cond.tokens, key_padding_mask=~cond.mask)
        return self.leave((patches + read).transpose(1, 2).unflatten(2, h.shape[-2:]))

    def operations(self, tokens: int = 77, costs: CostModel = COUNTED) -> BackboneCost:
        weights = 2 * 3 * WIDTH + 2 * WIDTH**2 / PATCH**2
        return BackboneCost(weights + 2 * tokens * WIDTH / PATCH**2 * costs.attention, 0.0)

    def working_bytes(self, cells: int, dtype: torch.dtype) -> int:
        return 2 * cells * WIDTH * dtype.itemsize


class ClassMlp(Backbone):
    """The same small network for every pixel, shifted by the class."""

    def __init__(self) -> None:
        super().__init__()
        self.enter = nn.Conv2d(3, WIDTH, 1)
        self.label = nn.Embedding(CLASSES + 1, WIDTH)
        self.leave = nn.Conv2d(WIDTH, 3, 1)

    def forward(self, x: Tensor, t: Tensor, cond: Cond) -> Tensor:
        assert cond.tokens is None
        assert cond.vector is not None
        shift = self.label(cond.vector) + timestep_embedding(t, WIDTH)
        return self.leave(torch.tanh(self.enter(x) + shift[:, :, None, None]))

    def operations(self, tokens: int = 77, costs: CostModel = COUNTED) -> BackboneCost:
        return BackboneCost(2 * 3 * WIDTH, 0.0)

    def working_bytes(self, cells: int, dtype: torch.dtype) -> int:
        return 2 * cells * WIDTH * dtype.itemsize


class Words(TextConditioner):
    """A random vector for each word, padded to a fixed length."""

    @property
    def networks(self) -> tuple[nn.Module, ...]:
        return ()

    def __init__(self, padding: float = 0.0) -> None:
        self.padding = padding

    @property
    def count_tokens(self):
        raise NotImplementedError

    def encode(self, prompts: Sequence, clip_skip: int = 1) -> Cond:
        tokens = torch.full((len(prompts), TOKENS, WIDTH), self.padding)
        mask = torch.zeros(len(prompts), TOKENS, dtype=torch.bool)
        for row, prompt in enumerate(prompts):
            for i, word in enumerate(["<start>", *first_segment_of(prompt).text.split()][:TOKENS]):
                generator = torch.Generator().manual_seed(crc32(word.encode()))
                tokens[row, i] = torch.randn(WIDTH, generator=generator)
                mask[row, i] = True
        return Cond(tokens, mask=mask)


class Classes:
    """The condition is the number of a class; the one after the last means none, as in Ho &
    Salimans 2022."""

    networks = ()

    def __call__(self, condition: ClassLabel, images: Mapping[str, np.ndarray]) -> Cond:
        if condition.index >= CLASSES:
            raise RequestError("conditions", "There are {count} classes.", count=CLASSES)
        return Cond(vector=torch.tensor([condition.index]))

    def null(self) -> Cond:
        return Cond(vector=torch.tensor([CLASSES]))


class ClassMaps:
    """A map of classes is concatenated to the noisy latent."""

    networks = ()

    def __call__(self, condition: LabelMap, images: Mapping[str, np.ndarray]) -> Cond:
        pixels = images[condition.digest]
        return Cond(channels=torch.as_tensor(pixels / CLASSES, dtype=torch.float32)[None, None])

    def null(self) -> Cond:
        return Cond(channels=-torch.ones(1, 1, 12, 16))


class MapMlp(Backbone):
    """The same small network for every pixel, which takes the class of the pixel."""

    def __init__(self) -> None:
        super().__init__()
        self.enter = nn.Conv2d(4, WIDTH, 1)
        self.leave = nn.Conv2d(WIDTH, 3, 1)

    def forward(self, x: Tensor, t: Tensor, cond: Cond) -> Tensor:
        assert cond.channels is not None
        shift = timestep_embedding(t, WIDTH)[:, :, None, None]
        return self.leave(torch.tanh(self.enter(torch.cat([x, cond.channels], dim=1)) + shift))

    def operations(self, tokens: int = 77, costs: CostModel = COUNTED) -> BackboneCost:
        return BackboneCost(7 * WIDTH, 0.0)

    def working_bytes(self, cells: int, dtype: torch.dtype) -> int:
        return 2 * cells * WIDTH * dtype.itemsize


FAMILY = Family(
    name="Own",
    detect=lambda header: None,
    configure=lambda family, header: pytest.fail("no file is read"),
    find_autoencoder=lambda sources: None,
    latents=LatentFormat("pixels", channels=3, factor=1, scale=1.0),
    defaults=Defaults(),
)
CONFIG = ModelConfig(
    name="Own",
    family=FAMILY,
    display_name="Own",
    prediction="flow",
    detected_prediction="flow",
    schedule=FlowSchedule(),
    latent_mean=(0.0, 0.0, 0.0),
    latent_std=(0.5, 0.5, 0.5),
    defaults=Defaults(),
    max_side=64,
    size_multiple=PATCH,
)


def model_of(
    backbone: Callable[[], Backbone],
    text: TextConditioner,
    conditioners: Mapping[type[Condition], Conditioner[Any]] | None = None,
) -> Model:
    torch.manual_seed(0)
    return Model(
        config=CONFIG,
        digest="",
        backbone=backbone().eval().requires_grad_(False),
        autoencoder=Pixels(),
        text=text,
        conditioners=conditioners or {},
        device=torch.device("cpu"),
    )


LEFT, RIGHT = (np.zeros((12, 16), np.uint8) for _ in range(2))
LEFT[:, :8] = RIGHT[:, 8:] = 2
MAPS = {digest(LEFT): LEFT, digest(RIGHT): RIGHT}
SIZE: dict[str, Any] = {"steps": 4, "width": 16, "height": 12, "cfg": 3.0}
TEXT = Request(prompt="cat", **SIZE)


@dataclass(frozen=True)
class Case:
    """A model, a request for it, the same with another condition, and without."""

    model: Model
    request: Request
    other: Request
    without: Request


def conditional(condition: Condition, other: Condition) -> tuple[Request, ...]:
    return (
        Request(conditions=(condition,), **SIZE),
        Request(conditions=(other,), **SIZE),
        Request(**SIZE),
    )


CASES = {
    "transformer": lambda: Case(
        model_of(PatchTransformer, Words()),
        TEXT,
        replace(TEXT, prompt="dog"),
        replace(TEXT, prompt=""),
    ),
    "class": lambda: Case(
        model_of(ClassMlp, NoText(), {ClassLabel: Classes()}),
        *conditional(ClassLabel(1), ClassLabel(2)),
    ),
    "label map": lambda: Case(
        model_of(MapMlp, NoText(), {LabelMap: ClassMaps()}),
        *conditional(LabelMap(digest(LEFT)), LabelMap(digest(RIGHT))),
    ),
}


@pytest.fixture(params=CASES)
def case(request: pytest.FixtureRequest) -> Case:
    return CASES[request.param]()


def drawn(model: Model, request: Request, inputs: Inputs | None = None) -> np.ndarray:
    job = prepare(model, request, inputs or Inputs(images=MAPS))
    *_, last = steps(job)
    return finish(job, last.state).rgb


def test_an_image_is_generated_previewed_and_decoded(case: Case) -> None:
    job = prepare(case.model, case.request, Inputs(images=MAPS))
    *_, last = walked = list(steps(job))
    assert all(preview(job, step).rgb.shape == (12, 16, 3) for step in walked)
    image = finish(job, last.state)
    assert image.rgb.shape == (12, 16, 3)
    assert np.array_equal(preview(job, last).rgb, image.rgb)  # the last estimate is the result
    assert not np.array_equal(image.rgb, drawn(case.model, case.other))
    assert not np.array_equal(image.rgb, drawn(case.model, replace(case.request, cfg=1.0)))


def test_guidance_leads_away_from_the_absence_of_the_condition(case: Case) -> None:
    """With scale 0, only the estimate without the condition counts."""
    without = drawn(case.model, replace(case.request, cfg=0.0))
    assert np.array_equal(without, drawn(case.model, replace(case.without, cfg=1.0)))


def test_padding_is_masked() -> None:
    plain, other = (model_of(PatchTransformer, Words(padding)) for padding in (0.0, 5.0))
    assert np.array_equal(drawn(plain, TEXT), drawn(other, TEXT))


def test_an_image_is_inpainted_in_place(case: Case) -> None:
    photo = np.random.default_rng(0).integers(0, 256, (12, 16, 3), dtype=np.uint8)
    mask = np.zeros((12, 16), np.uint8)
    mask[4:8, 4:12] = 255
    request = replace(case.request, init=digest(photo), mask=digest(mask), strength=0.75)
    changed = (drawn(case.model, request, Inputs(photo, mask, MAPS)) != photo).any(axis=2)
    assert changed[5:7, 5:11].all()
    assert not changed[0].any()


def test_a_tile_of_the_whole_size_equals_the_whole(case: Case) -> None:
    request = case.request
    assert np.array_equal(drawn(case.model, request), drawn(case.model, replace(request, tile=16)))
    assert drawn(case.model, replace(request, tile=8)).shape == (12, 16, 3)


def test_a_stopped_run_resumes_with_identical_bits(case: Case, tmp_path) -> None:
    job = prepare(case.model, case.request, Inputs(images=MAPS))
    states = [step.state for step in steps(job)]
    saved_job.save(tmp_path / "state", job, states[1])
    again, state = resume(case.model, saved_job.load(tmp_path / "state"))
    *_, last = steps(again, state)
    assert torch.equal(last.state.x, states[-1].x)


def test_a_change_keeps_the_conditions(case: Case) -> None:
    """Steering towards the same sampler from the start changes no bit."""
    job = prepare(case.model, case.request, Inputs(images=MAPS))
    *_, last = steps(steer(job, Change(0, cfg=case.request.cfg)))
    assert np.array_equal(finish(job, last.state).rgb, drawn(case.model, case.request))


def test_costs_come_from_the_networks(case: Case) -> None:
    backbone = case.model.backbone
    small, large = (backbone.operations().of(side**2) for side in (16, 32))
    assert 0 < small < large
    sizes = [backbone.working_bytes(64, dtype) for dtype in (torch.float16, torch.float32)]
    assert sizes[1] == 2 * sizes[0]


@pytest.mark.parametrize(
    ("kind", "request_", "field"),
    [
        ("transformer", replace(TEXT, conditions=(ClassLabel(1),)), "conditions"),
        ("class", Request(conditions=(LabelMap(digest(LEFT)),), **SIZE), "conditions"),
        ("class", Request(conditions=(ClassLabel(CLASSES),), **SIZE), "conditions"),
        ("class", replace(TEXT, conditions=(ClassLabel(1),)), "prompt"),
        ("class", Request(negative="cat", **SIZE), "negative"),
        ("label map", Request(conditions=(LabelMap("0" * 64),), **SIZE), "label_map"),
    ],
)
def test_a_request_that_does_not_fit_the_model_is_refused(
    kind: str, request_: Request, field: str
) -> None:
    with pytest.raises(RequestError) as error:
        drawn(CASES[kind]().model, request_)
    assert error.value.field == field


def test_a_prompt_is_refused_during_a_run_too() -> None:
    case = CASES["class"]()
    job = prepare(case.model, case.request)
    with pytest.raises(RequestError, match="takes no prompt"):
        steer(job, Change(1, prompt="cat"))
