"""Cancels long computations between their parts. Imports no torch."""

from __future__ import annotations

from collections.abc import Callable
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

CancelCheck = Callable[[], None]
"""Called before each tile; it cancels by raising, for example `Cancelled`."""


def never_cancel() -> None:
    """The check of a computation that cannot be cancelled."""


def with_cancel_check(function: Callable[P, T], check: CancelCheck) -> Callable[P, T]:
    """`function`, with `check` called before each call."""

    def with_check(*args: P.args, **kwargs: P.kwargs) -> T:
        check()
        return function(*args, **kwargs)

    return with_check
