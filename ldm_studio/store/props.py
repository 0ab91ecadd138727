"""Fields of an observable object, and what each of them accepts."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Any, Generic, TypeVar, overload

from PySide6.QtCore import QObject

T = TypeVar("T")


class Prop(Generic[T]):
    """A field of a QObject. Its signal is `<name>_changed`.

    `check` is given a new value and returns the one to keep, or raises ValueError.
    """

    def __init__(
        self, default: T, check: Callable[[T], T] | None = None, *, persist: bool = True
    ) -> None:
        self.default = default
        self.persist = persist
        self._check = check
        self.name = ""

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    @overload
    def __get__(self, store: None, owner: type) -> Prop[T]: ...
    @overload
    def __get__(self, store: QObject, owner: type) -> T: ...
    def __get__(self, store: QObject | None, owner: type) -> Prop[T] | T:
        if store is None:
            return self
        return store.__dict__.get(self.name, self.default)

    def __set__(self, store: QObject, value: T) -> None:
        if self._check is not None:
            value = self._check(value)
        if value == self.__get__(store, type(store)):
            return
        store.__dict__[self.name] = value
        getattr(store, f"{self.name}_changed").emit(value)
        if self.persist:
            store.modified.emit(self.name)  # type: ignore[attr-defined]  # the owner's own signal


def clamp(low: Any, high: Any) -> Callable[[Any], Any]:
    """A number, brought between both; of the type of `low`."""
    kind = type(low)

    def check(value: Any) -> Any:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise ValueError(f"a number is expected, not {value!r:.40}")
        return kind(min(high, max(low, value)))

    return check


def maybe(check: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """What `check` accepts, or None."""
    return lambda value: None if value is None else check(value)


def one_of(values: Mapping[str, Any]) -> Callable[[str], str]:
    def check(value: str) -> str:
        if not isinstance(value, str) or value not in values:
            raise ValueError(f"unknown value {value!r:.40}")
        return value

    return check


def text(most: int) -> Callable[[str], str]:
    """Text, cut after so many characters."""

    def check(value: str) -> str:
        if not isinstance(value, str):
            raise ValueError(f"text is expected, not {value!r:.40}")
        return value[:most]

    return check


def texts(value: Any) -> tuple[str, ...]:
    """Some text, as a tuple or as the list that JSON makes of it."""
    if not isinstance(value, list | tuple) or not all(isinstance(item, str) for item in value):
        raise ValueError(f"a list of texts is expected, not {value!r:.40}")
    return tuple(value)


def flag(value: bool) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"true or false is expected, not {value!r:.40}")
    return value


def falling(most: int, highest: float) -> Callable[[Any], tuple[float, ...]]:
    """At most so many numbers that fall from `highest` or below, and stay above 0."""

    def check(value: Any) -> tuple[float, ...]:
        if not isinstance(value, list | tuple) or not all(map(_is_number, value)):
            raise ValueError(f"a list of numbers is expected, not {value!r:.40}")
        if len(value) > most:
            raise ValueError(f"{len(value)} numbers are more than {most}.")
        numbers = tuple(map(float, value))
        for number in numbers:
            if not 0 < number <= highest:
                raise ValueError(f"{number:g} is not above 0, or above {highest:g}.")
        for before, after in pairwise(numbers):
            if after >= before:
                raise ValueError(f"The numbers must fall, but {after:g} comes after {before:g}.")
        return numbers

    return check


def _is_number(value: Any) -> bool:
    is_real = isinstance(value, int | float) and not isinstance(value, bool)
    return is_real and abs(value) < 1e300 and math.isfinite(value)
