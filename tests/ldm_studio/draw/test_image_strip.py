"""The strip keeps as many images as memory allows."""

from __future__ import annotations

import numpy as np
import pytest

from core.images.generated_image import GeneratedImage
from core.request.inputs import Inputs
from core.request.request import Request
from ldm_studio.draw.run import image_strip
from ldm_studio.draw.run.image_strip import ImageStripModel, StripEntry


def entry(seed: int, side: int = 8, start: np.ndarray | None = None) -> StripEntry:
    image = GeneratedImage(np.zeros((side, side, 3), np.uint8), None, Request(seed=seed))
    return StripEntry(image, None, Inputs(start))


def seeds(model: ImageStripModel) -> list[int]:
    return [model.entry(row).image.request.seed for row in range(model.rowCount())]


@pytest.fixture
def model(qapp, qtmodeltester, monkeypatch) -> ImageStripModel:
    monkeypatch.setattr(image_strip, "MAX_ENTRIES", 5)
    monkeypatch.setattr(image_strip, "MAX_BYTES", 1000)
    model = ImageStripModel()
    qtmodeltester.check(model)
    return model


def test_the_oldest_entries_leave_above_the_maximum_number(model) -> None:
    for seed in range(7):
        model.add(entry(seed))
    assert seeds(model) == [6, 5, 4, 3, 2]


def test_the_oldest_entries_leave_above_the_maximum_size(model) -> None:
    for seed in range(3):
        model.add(entry(seed, side=12))  # 432 bytes each
    assert seeds(model) == [2, 1]
    model.add(entry(3, side=100))
    assert seeds(model) == [3], "the newest is kept whatever its size"


def test_an_init_image_shared_by_variations_counts_once(model) -> None:
    start = np.zeros((15, 15, 3), np.uint8)  # 675 bytes
    for seed in range(2):
        model.add(entry(seed, side=7, start=start))
    assert seeds(model) == [1, 0]
