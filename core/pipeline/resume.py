"""Resumes a saved job in another process, with identical bits."""

from __future__ import annotations

from ..cancellation import CancelCheck, never_cancel
from ..errors import StateError
from ..model.model import Model
from ..sampling.trajectory import State
from .prepared_run import PreparedRun
from .saved_job import SavedJob
from .text_to_image import prepare


def resume(
    model: Model, saved: SavedJob, check: CancelCheck = never_cancel
) -> tuple[PreparedRun, State]:
    """The run of a saved job, and the state to continue from with `steps(run, state)`.

    Raises RequestError if it was made for another model, StateError if its state does not fit.
    """
    run = prepare(model, saved.request, saved.inputs, check)
    x = saved.state.x
    if x.shape != run.start.x.shape or saved.state.index > run.total:
        raise StateError("The saved state does not belong to its own request: the file is damaged.")
    memory = tuple(old.to(model.device) for old in saved.state.memory)
    return run, State(saved.state.index, x.to(model.device), memory)
