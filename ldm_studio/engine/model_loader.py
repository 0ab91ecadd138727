"""Which model is loaded: one at a time, the one that is asked for."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from dataclasses import replace

from core.errors import StudioError
from ldm_studio.engine_protocol import ModelInfo, Pipeline, memory_shortage

from .events import LoadFailed, Loading, MadeRoom, Ready
from .mailbox import Mailbox


class Loader:
    def __init__(
        self, pipeline: Pipeline, mailbox: Mailbox, before_load: Callable[[], None]
    ) -> None:
        """`before_load`: lets go of whatever holds the model that was loaded before."""
        self._pipeline = pipeline
        self._mailbox = mailbox
        self._before_load = before_load
        self._told: ModelInfo | None = None

    def need(self, model: str, vae: str = "") -> ModelInfo | None:
        """Load it if it is not, with the autoencoder `vae` if it has none; None, and said why, if
        that fails.

        Raises ModelError if there is no such model, RequestError if there is no such autoencoder;
        the model that is loaded then stays.
        """
        if not self._pipeline.holds(model, vae):
            self._before_load()
            self._mailbox.post(Loading())
            try:
                self._pipeline.load(model, vae)
            except BaseException as error:  # a broken model or installation is told, never fatal
                self._told = None
                self._mailbox.post(LoadFailed(*explain(error)))
                self.tell()  # of the one before, if there is one still
                return None
        return self.tell()

    def tell(self) -> ModelInfo | None:
        """The model that is loaded; the interface is told if it does not know of it yet."""
        info = self._pipeline.info
        if info is not None and info is not self._told:
            told, self._told = self._told, info
            only_moved = told is not None and replace(told, plan=info.plan) == info
            self._mailbox.post(MadeRoom(info) if only_moved else Ready(info))
        return info


def explain(error: BaseException) -> tuple[StudioError, str]:
    """The error in the user's words, and a report when it is a bug of ours."""
    if isinstance(error, StudioError):
        return error, ""
    if shortage := memory_shortage(error):
        return shortage, ""
    summary = f"{type(error).__name__}: {error}".strip().removesuffix(":")
    return (
        StudioError(
            "Something went wrong inside LDM Studio: {error}", "Please report it.", error=summary
        ),
        "".join(traceback.format_exception(error)),
    )
