"""Latent diffusion, usable alone: a model, a request, steps that can be watched, an image.

    from core import generate, load_model

    image = generate(load_model(), "a red cat")

Importing this package imports neither torch nor Qt: its names are loaded when they are first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .checkpoints.load_model import load_model
    from .pipeline.generate import generate
    from .pipeline.previews import preview
    from .pipeline.steering import steer
    from .pipeline.text_to_image import finish, prepare, steps
    from .request.inputs import Inputs
    from .request.request import Change, Request
    from .training.training_loop import train

__all__ = [
    "Change",
    "Inputs",
    "Request",
    "finish",
    "generate",
    "load_model",
    "prepare",
    "preview",
    "steer",
    "steps",
    "train",
]

_MODULES = {
    "Change": ".request.request",
    "Inputs": ".request.inputs",
    "Request": ".request.request",
    "finish": ".pipeline.text_to_image",
    "generate": ".pipeline.generate",
    "load_model": ".checkpoints.load_model",
    "prepare": ".pipeline.text_to_image",
    "preview": ".pipeline.previews",
    "steer": ".pipeline.steering",
    "steps": ".pipeline.text_to_image",
    "train": ".training.training_loop",
}


def __getattr__(name: str) -> object:
    """Loads a name at its first use (PEP 562)."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(_MODULES[name], __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
