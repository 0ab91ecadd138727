"""Asking, in the middle of what takes long, whether it is still wanted. Imports no torch."""

from __future__ import annotations

from collections.abc import Callable
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

Check = Callable[[], None]
"""Called before each tile. What it raises, such as `Stopped`, is raised by what is computed."""


def unchecked() -> None:
    """Compute to the end."""


def checked(function: Callable[P, T], check: Check) -> Callable[P, T]:
    """The same, asking `check` first."""

    def asking(*args: P.args, **kwargs: P.kwargs) -> T:
        check()
        return function(*args, **kwargs)

    return asking
