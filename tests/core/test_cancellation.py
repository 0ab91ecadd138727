"""Tiled computations can be cancelled between two tiles, and repeated."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from core.errors import Cancelled
from core.images.image_digest import digest
from core.model.model import Model
from core.pipeline import decoding, init_image
from core.pipeline.previews import preview
from core.pipeline.steering import steer
from core.pipeline.text_to_image import finish, prepare, steps
from core.request.inputs import Inputs
from core.request.request import Change, Request
from core.sampling.trajectory import Step

SIDE = 96
TILED = Request(prompt="a red cat", steps=3, width=SIDE, height=SIDE, tile=32, seed=5, cfg=2.0)


class After:
    """Cancels at the `count`th call, once."""

    def __init__(self, count: int) -> None:
        self.left = count

    def __call__(self) -> None:
        self.left -= 1
        if self.left == 0:
            raise Cancelled


def small_tiles(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (init_image, decoding):
        monkeypatch.setattr(module, "WHOLE_CELLS", 16)
        monkeypatch.setattr(module, "TILE", 4)


@pytest.mark.parametrize("sampler", ["Euler", "Heun", "DPM++ 2M"])
def test_a_step_cancelled_between_tiles_can_be_repeated_with_identical_bits(
    tiny_model: Model, sampler: str
) -> None:
    request = replace(TILED, sampler=sampler)
    asked = After(-1)
    *_, whole = steps(prepare(tiny_model, request, None, asked))
    evaluations = -1 - asked.left
    assert evaluations >= 3 * 16  # tiles of 32 overlapping by 8 in 96 pixels: 4 x 4
    job = prepare(tiny_model, request, None, After(evaluations - 2))
    walked: list[Step] = []
    with pytest.raises(Cancelled):
        walked.extend(steps(job))
    assert [step.state.index for step in walked] == [1, 2]
    *_, last = steps(job, walked[-1].state)
    assert torch.equal(last.state.x, whole.state.x)


def test_a_steered_run_still_calls_the_check(tiny_model: Model) -> None:
    asked = After(-1)
    job = prepare(tiny_model, TILED, None, asked)
    step = next(steps(job))
    job = steer(job, Change(1, prompt="a blue cat"))
    asked.left = 5
    with pytest.raises(Cancelled):
        next(steps(job, step.state))


def test_preparing_can_be_cancelled_between_encoded_tiles(
    tiny_model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    small_tiles(monkeypatch)
    photo = np.zeros((SIDE, SIDE, 3), np.uint8)
    asked = After(4)
    with pytest.raises(Cancelled):
        prepare(tiny_model, replace(TILED, init=digest(photo)), Inputs(photo), asked)


def test_decoding_can_be_cancelled_between_tiles_and_repeated(
    tiny_model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    small_tiles(monkeypatch)
    asked = After(-1)
    job = prepare(tiny_model, TILED, None, asked)
    *_, last = steps(job)
    for work in (lambda: finish(job, last.state), lambda: preview(job, last)):
        asked.left = 4
        with pytest.raises(Cancelled):
            work()
    other = prepare(tiny_model, TILED)
    assert np.array_equal(finish(job, last.state).rgb, finish(other, last.state).rgb)
