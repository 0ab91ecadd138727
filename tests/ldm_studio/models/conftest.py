"""A tiny checkpoint, one without its VAE, and scans of models that end with all of them."""

from __future__ import annotations

from pathlib import Path

import pytest
from safetensors.torch import load_file, save_file

from ldm_studio.draw.models import model_scan
from tests.core.checkpoints.tiny import made, original
from tests.core.conftest import randomise
from tests.waiting import HANG_SECONDS


@pytest.fixture(autouse=True)
def _one_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a busy machine a second is not enough to identify a few files."""
    monkeypatch.setattr(model_scan, "BATCH_SECONDS", HANG_SECONDS)


@pytest.fixture(scope="session")
def tiny_sd1(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sd1") / "tinyDream_v10.safetensors"
    save_file(original(made("SD1", randomise)), path)
    return path


@pytest.fixture(scope="session")
def bare(tiny_sd1: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A supported kind that is incomplete: it lacks its autoencoder."""
    path = tmp_path_factory.mktemp("bare") / "bare.safetensors"
    weights = load_file(tiny_sd1)
    kept = {k: v for k, v in weights.items() if not k.startswith("first_stage_model.")}
    save_file(kept, path)
    return path
