"""Stored latent-to-RGB matrices; damaged ones are fitted again."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from safetensors.torch import save_file

import core.model.latent_rgb
from core.request.request import Request
from ldm_studio import paths
from ldm_studio.engine.core_pipeline import CorePipeline
from ldm_studio.engine.latent_rgb_store import MAX_MATRICES, LatentRgbStore
from tests.core.checkpoints.tiny import made, original
from tests.core.conftest import randomise

ROWS = [[0.5, -1.0, 2.0], [0.0, 1e-3, 1.0]]


def test_a_stored_matrix_is_found_by_another_process(tmp_path: Path) -> None:
    path = tmp_path / "colours.json"
    LatentRgbStore(path).keep("a", ROWS)
    LatentRgbStore(path).keep("b", ROWS[:1])
    assert LatentRgbStore(path).find("a") == ROWS
    assert LatentRgbStore(path).find("b") == ROWS[:1]
    assert LatentRgbStore(path).find("c") is None


@pytest.mark.parametrize(
    "value", [3, {}, ["x"], [[1.0, "2", 3.0]], [[1.0, None, 3.0]], [[float("nan"), 1.0, 1.0]],
              [[1e300, 1.0, 1.0]]],
)  # fmt: skip
def test_non_finite_matrices_are_ignored(value: object, tmp_path: Path) -> None:
    path = tmp_path / "colours.json"
    path.write_text(json.dumps({"a": value, "b": ROWS}))
    assert LatentRgbStore(path).find("a") is None
    assert LatentRgbStore(path).find("b") == ROWS


@pytest.mark.parametrize("data", [b"", b"{", b"[1]", b"\xff\x00", b"[" * 100_000])
def test_a_damaged_file_is_replaced(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "colours.json"
    path.write_bytes(data)
    assert LatentRgbStore(path).find("a") is None
    LatentRgbStore(path).keep("a", ROWS)
    assert LatentRgbStore(path).find("a") == ROWS


def test_an_unwritable_file_of_matrices_is_ignored(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    unwritable = LatentRgbStore(tmp_path / "file" / "colours.json")
    unwritable.keep("a", ROWS)
    assert unwritable.find("a") is None


def test_only_the_newest_matrices_are_kept(tmp_path: Path) -> None:
    file = LatentRgbStore(tmp_path / "colours.json")
    for number in range(MAX_MATRICES + 3):
        file.keep(f"{number:04}", ROWS)
    assert file.find(f"{MAX_MATRICES + 2:04}") == ROWS
    assert len(json.loads((tmp_path / "colours.json").read_text())) == MAX_MATRICES


def test_the_second_start_fits_no_matrix(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = tmp_path / "a.safetensors"
    save_file(original(made("SD1", randomise)), model)
    fits: list[int] = []
    fit = core.model.latent_rgb.fit_matrix

    def counted(*args):
        fits.append(1)
        return fit(*args)

    monkeypatch.setattr(core.model.latent_rgb, "fit_matrix", counted)
    first = _previewed(model)
    assert len(fits) == 1
    assert (_previewed(model) == first).all()
    assert len(fits) == 1
    (paths.state_dir() / "colours.json").write_bytes(b"damaged")
    assert (_previewed(model) == first).all()
    assert len(fits) == 2


def _previewed(model: Path):
    """The preview of the first step of a new pipeline."""
    pipeline = CorePipeline(device="cpu")
    pipeline.load(str(model))
    request = Request(prompt="a cat", model=str(model), steps=1, width=64, height=64)
    run = pipeline.begin(request)
    [step] = run.steps()
    return run.preview(step).rgb
