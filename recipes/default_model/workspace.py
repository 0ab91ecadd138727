"""The work folder, where every command of the recipe finds the results of earlier ones."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from safetensors import SafetensorError, safe_open

from .packages import RecipeError

COMMAND = "python -m recipes.default_model"

AUTOENCODER_SAMPLES = 80_000
DENOISER_SAMPLES = 400_000
POLISH_SAMPLES = 60_000
"""The default number of training images."""


@dataclass(frozen=True)
class Workspace:
    """Paths below one folder."""

    root: Path

    @property
    def packages(self) -> Path:
        return self.root / "packages"

    @property
    def data(self) -> Path:
        return self.root / "data"

    @property
    def sentence_encoder(self) -> Path:
        return self.root / "sentence_encoder"

    @property
    def autoencoder(self) -> Path:
        return self.root / "autoencoder"

    @property
    def encoded(self) -> Path:
        return self.root / "encoded.safetensors"

    @property
    def denoiser(self) -> Path:
        return self.root / "denoiser"

    @property
    def polished(self) -> Path:
        return self.root / "polished"

    @property
    def sheets(self) -> Path:
        return self.root / "sheets"


@dataclass(frozen=True)
class Position:
    """The progress of a training run."""

    step: int
    batch: int

    @property
    def samples(self) -> int:
        """Images seen."""
        return self.step * self.batch


def checkpoint(run: Path) -> Path:
    """The checkpoint of a training run that lives in the folder `run`."""
    return run / "checkpoint.safetensors"


def position(run: Path) -> Position | None:
    """The progress of a training run, or None before its first checkpoint.

    Raises RecipeError if the checkpoint cannot be read.
    """
    path = checkpoint(run)
    if not path.exists():
        return None
    try:
        with safe_open(path, "pt") as file:
            said = file.metadata() or {}
        return Position(int(said["step"]), int(json.loads(said["plan"])["batch"]))
    except (SafetensorError, OSError, KeyError, ValueError) as error:
        raise RecipeError(
            "{path} is not a checkpoint: {error}.",
            "Move it away to start afresh.",
            path=path,
            error=error,
        ) from error


def need(path: Path, what: str, command: str) -> Path:
    """`path` itself. Raises RecipeError if it is missing, naming the command that makes it."""
    if not path.exists():
        raise RecipeError(
            "There is no {what} at {path}.",
            "First run: {command} {command_2}",
            what=what,
            path=path,
            command=COMMAND,
            command_2=command,
        )
    return path
