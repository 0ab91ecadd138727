"""A run that was stopped after a step, in one file: another process resumes it with identical
bits."""

from __future__ import annotations

import hashlib
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..errors import InvalidError, RequestError, StateError
from ..request.inputs import Inputs
from ..request.request import Request
from ..runtime.environment import Environment
from ..sampling.trajectory import State
from . import state_file

if TYPE_CHECKING:
    from .prepared_run import PreparedRun


@dataclass(frozen=True)
class SavedJobHeader:
    """The header of the file: enough to load the model before the rest is read."""

    request: Request
    """With the changes made so far, and the model's digest."""
    environment: Environment
    """The environment that wrote it."""
    step_digests: tuple[str, ...] = ()
    """Digests of the states after the steps so far, as abbreviated by the writer."""


@dataclass(frozen=True)
class SavedJob:
    """The contents of a file: everything that is needed besides the model."""

    request: Request
    state: State
    inputs: Inputs
    environment: Environment
    step_digests: tuple[str, ...] = ()


def save(
    path: Path,
    run: PreparedRun,
    state: State,
    *,
    with_inputs: bool = True,
    durable: bool = True,
    step_digests: Sequence[str] = (),
) -> None:
    """Writes `run` at `state`, atomically. Raises OSError.

    Without its inputs, the caller of `load` has to supply them. Step digests hold no spaces. Raises
    StateError for a user-defined sampler, which a file cannot hold.
    """
    if not run.replayable:
        raise StateError("A run with a sampler of your own cannot be saved.", "Name a sampler.")
    import torch

    pixels = _named(run.inputs) if with_inputs else {}
    tensors = {name: torch.as_tensor(_own(array)) for name, array in pixels.items()}
    metadata = {**run.description, "marks": " ".join(step_digests)}
    state_file.save(path, state, tensors, metadata, durable=durable)


def _named(inputs: Inputs) -> dict[str, np.ndarray]:
    pixels = dict(inputs.images)
    if inputs.image is not None:
        pixels["init"] = inputs.image
    if inputs.mask is not None:
        pixels["mask"] = inputs.mask
    return pixels


def _own(array: np.ndarray) -> np.ndarray:
    """A writable copy: a canvas shares read-only arrays, which torch warns about."""
    return array if array.flags.writeable else array.copy()


def load(path: Path) -> SavedJob:
    """Raises StateError if the file is not a saved job, is damaged, or is from a newer version."""
    with _as_state_error(path):
        file = state_file.load(path)
        header = _header(file.metadata)
        pixels = {name: tensor.numpy() for name, tensor in file.tensors.items()}
        inputs = Inputs(pixels.pop("init", None), pixels.pop("mask", None), pixels)
    return SavedJob(header.request, file.state, inputs, header.environment, header.step_digests)


def read_header(path: Path) -> SavedJobHeader:
    """Reads no tensors and needs no torch. Raises StateError like `load`."""
    with _as_state_error(path):
        return _header(state_file.read_metadata(path))


def _header(metadata: Mapping[str, str]) -> SavedJobHeader:
    request = Request.from_json(metadata["request"])
    made_in = Environment.from_json(metadata["environment"])
    # The digest is of the text as stored: a later version writes the same request with more fields.
    if metadata["recipe"] != hashlib.sha256(metadata["request"].encode()).hexdigest():
        raise InvalidError("its recipe does not match its digest")
    return SavedJobHeader(request, made_in, tuple(metadata.get("marks", "").split()))


@contextmanager
def _as_state_error(path: Path) -> Generator[None]:
    """Turns errors in a file into StateError."""
    try:
        yield
    except OSError as error:
        raise StateError("{path} cannot be read: {error}.", path=path, error=error) from error
    except (KeyError, ValueError, RequestError) as error:
        raise StateError(
            "{path} is not a usable saved state: {error}.",
            "It may be damaged, or from a newer LDM Studio.",
            path=path,
            error=error,
        ) from error
