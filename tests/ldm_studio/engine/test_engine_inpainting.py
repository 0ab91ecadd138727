"""An inpainting checkpoint, from the file to the finished image, through the engine."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from safetensors.torch import save_file

from core.images.image_digest import digest
from core.request import inputs
from core.request.inputs import Inputs
from core.request.request import Inpaint, Request
from ldm_studio.engine.core_pipeline import CorePipeline
from ldm_studio.engine.engine import Engine
from ldm_studio.engine.events import Finished, Job, Progress
from tests.core.checkpoints.tiny import made, original
from tests.core.conftest import randomise
from tests.ldm_studio.engine_events import Reader
from tests.ldm_studio.fakes import Saver
from tests.waiting import HANG_SECONDS


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("inpainting") / "tiny-inpainting.safetensors"
    save_file(original(made("SD1 inpainting", randomise)), path)
    return path


@pytest.mark.parametrize("area", ["whole", "masked"])
def test_inpainting_redraws_the_mask_and_keeps_the_rest(
    checkpoint: Path, area: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    hashed: list[tuple[int, ...]] = []

    def counting_digest(pixels: np.ndarray) -> str:
        hashed.append(pixels.shape)
        return digest(pixels)

    monkeypatch.setattr(inputs, "digest", counting_digest)
    random = np.random.default_rng(0)
    photo = random.integers(0, 256, (96, 64, 3), np.uint8)
    mask = np.zeros((96, 64), np.uint8)
    mask[16:48, 8:40] = 255
    reader = Reader()
    engine = Engine(CorePipeline(checkpoint), reader.mailbox, Saver(), preview_interval=0.0)
    inpaint = Inpaint(area=area, width=64, height=64, padding=8)
    asked = Request(prompt="a cat", steps=2, width=64, height=96, inpaint=inpaint)
    engine.submit(Job(1, asked, Inputs(photo, mask)))
    image = reader.one(Finished).image
    engine.close()
    assert engine.join(HANG_SECONDS)
    assert np.array_equal(image.rgb[mask == 0], photo[mask == 0])
    changed = (image.rgb != photo).any(axis=2)
    assert image.changed == changed.sum() > 0.9 * 32 * 32
    previews = [event.preview for event in reader.all(Progress) if event.preview is not None]
    assert previews
    # Written to the kept inputs, to the queue, by each step and into the image: hashed once.
    assert sorted(hashed) == [(96, 64), (96, 64, 3)]
    for preview in previews:
        assert (preview.left, preview.top, preview.rgb.shape) == (8, 16, (32, 32, 3))
