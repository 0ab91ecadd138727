"""The errors this library raises on purpose: each says what is wrong, where, and what to do."""

from __future__ import annotations


class StudioError(Exception):
    """Something the user can understand and act upon. Anything else that escapes is a bug.

    `message` says what is wrong and where; `hint` says what to do about it.
    """

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()


class RequestError(StudioError):
    """A field of a request has a value that cannot be honoured. `field` is its name."""

    def __init__(self, field: str, message: str, hint: str = "") -> None:
        super().__init__(message, hint)
        self.field = field


class ModelError(StudioError):
    """A model file is missing, damaged, or not what it says it is."""


class PictureError(StudioError):
    """A picture file cannot be read or written."""


class StateError(StudioError):
    """A saved trajectory is missing, damaged, or does not fit."""


class DecodeError(StudioError):
    """What the autoencoder made of a latent is no picture."""


class MemoryShortage(StudioError):
    """The device ran out of memory."""


class Cancelled(Exception):
    """Raised when work is cancelled or paused. Not an error."""


class UnreadableError(ValueError):
    """What is wrong with a model file, without its name."""


class UnknownKindError(UnreadableError):
    """What a file is that is sound but not supported."""


class NotAModelError(UnknownKindError):
    """What a file is that is not meant to be a model by itself, such as a LoRA."""
