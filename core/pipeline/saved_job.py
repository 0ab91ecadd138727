"""A job stopped after a step, as one file from which another process goes on to the same bits."""

from __future__ import annotations

import hashlib
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import RequestError, StateError
from ..request.inputs import Inputs
from ..request.request import Request
from ..runtime.environment import Environment
from ..sampling.trajectory import State
from . import state_file

if TYPE_CHECKING:
    from .prepared_run import Job


@dataclass(frozen=True)
class Label:
    """What a file says of itself: which model to load before the rest of it."""

    request: Request
    """With the changes made so far, and the model's digest."""
    environment: Environment
    """The one it was written in."""
    marks: tuple[str, ...] = ()
    """What its writer noted of the steps so far, to go on noting where it stopped."""


@dataclass(frozen=True)
class Saved:
    """What a file holds: all that is needed beside the model."""

    request: Request
    state: State
    inputs: Inputs
    environment: Environment
    marks: tuple[str, ...] = ()


def save(
    path: Path,
    job: Job,
    state: State,
    *,
    with_inputs: bool = True,
    durable: bool = True,
    marks: Sequence[str] = (),
) -> None:
    """Write `job` as it stands at `state`, whole or not at all. Raises OSError.

    Without its inputs, whoever loads it has to bring them. Marks hold no spaces.
    """
    import torch

    pixels = dict(job.inputs.later)
    if job.inputs.image is not None:
        pixels["init"] = job.inputs.image
    if job.inputs.mask is not None:
        pixels["mask"] = job.inputs.mask
    # Those of a canvas cannot be written to, which torch warns of.
    own = {name: array if array.flags.writeable else array.copy() for name, array in pixels.items()}
    beside = {name: torch.as_tensor(array) for name, array in own.items()}
    metadata = {**job.description, "marks": " ".join(marks)}
    state_file.save(path, state, beside if with_inputs else {}, metadata, durable=durable)


def load(path: Path) -> Saved:
    """Raises StateError for a file that is not one, is damaged, or from a newer version."""
    with _telling(path):
        file = state_file.load(path)
        label = _label(file.metadata)
        pixels = {name: tensor.numpy() for name, tensor in file.beside.items()}
        inputs = Inputs(pixels.pop("init", None), pixels.pop("mask", None), pixels)
    return Saved(label.request, file.state, inputs, label.environment, label.marks)


def read_label(path: Path) -> Label:
    """Without its tensors, and without torch. Raises StateError as `load` does."""
    with _telling(path):
        return _label(state_file.read_metadata(path))


def _label(metadata: Mapping[str, str]) -> Label:
    request = Request.from_json(metadata["request"])
    made_in = Environment.from_json(metadata["environment"])
    # Of the text as it is: a later version writes the same request with more fields.
    if metadata["recipe"] != hashlib.sha256(metadata["request"].encode()).hexdigest():
        raise ValueError("its recipe does not match its digest")
    return Label(request, made_in, tuple(metadata.get("marks", "").split()))


@contextmanager
def _telling(path: Path) -> Generator[None]:
    """Turns what is wrong with a file into StateError."""
    try:
        yield
    except OSError as error:
        raise StateError(f"Cannot read {path}: {error.strerror or error}.") from error
    except (KeyError, ValueError, RequestError) as error:
        raise StateError(
            f"{path} is not a saved trajectory that can be used: {error}.",
            "It may be damaged, or from a newer LDM Studio.",
        ) from error
