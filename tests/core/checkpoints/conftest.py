"""Tiny checkpoints, made once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from safetensors.torch import save_file

from tests.core.checkpoints.tiny import KINDS, Tiny, made, original


@pytest.fixture(scope="session")
def tinies(randomised: Callable[..., Any]) -> dict[str, Tiny]:
    return {name: made(name, randomised) for name in KINDS}


@pytest.fixture(scope="session")
def checkpoints(
    tinies: dict[str, Tiny], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Path]:
    """A .safetensors file of each kind in its first published layout, in full precision."""
    folder = tmp_path_factory.mktemp("checkpoints")
    paths = {name: folder / f"{name}.safetensors" for name in KINDS}
    for name, path in paths.items():
        metadata = {"modelspec.prediction_type": tinies[name].kind.prediction}
        save_file(original(tinies[name]), path, metadata)
    return paths
