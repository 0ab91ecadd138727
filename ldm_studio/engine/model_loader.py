"""Keeps the requested model loaded, one at a time."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from dataclasses import replace

from core.errors import StudioError
from ldm_studio.engine_protocol import ModelInfo, Pipeline, memory_shortage

from .events import LoadFailed, Loading, ModelOffloaded, Ready
from .mailbox import Mailbox


class Loader:
    def __init__(
        self, pipeline: Pipeline, mailbox: Mailbox, before_load: Callable[[], None]
    ) -> None:
        """`before_load`: releases everything that refers to the previous model."""
        self._pipeline = pipeline
        self._mailbox = mailbox
        self._before_load = before_load
        self._reported: ModelInfo | None = None

    def need(self, model: str, vae: str = "") -> ModelInfo | None:
        """Loads the model if it is not loaded, with the VAE `vae` if it has none; None, and posts
        the reason, if that fails.

        Raises ModelError if there is no such model, RequestError if there is no such VAE; the
        loaded model then stays.
        """
        if not self._pipeline.holds(model, vae):
            self._before_load()
            self._mailbox.post(Loading())
            try:
                self._pipeline.load(model, vae)
            except (
                BaseException
            ) as error:  # a broken model or installation is reported, never fatal
                self._reported = None
                self._mailbox.post(LoadFailed(*explain(error)))
                self.report_model()  # of the previous model, if it is still loaded
                return None
        return self.report_model()

    def report_model(self) -> ModelInfo | None:
        """Posts the loaded model if the interface does not know it yet."""
        info = self._pipeline.info
        if info is not None and info is not self._reported:
            before, self._reported = self._reported, info
            only_moved = before is not None and replace(before, plan=info.plan) == info
            self._mailbox.post(ModelOffloaded(info) if only_moved else Ready(info))
        return info


def explain(error: BaseException) -> tuple[StudioError, str]:
    """The error in the user's words, and the traceback of a bug."""
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
