"""Fields of an observable object, with validation."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Generic, TypeVar, overload

from PySide6.QtCore import QObject, Signal

from core.errors import InvalidError, quoted
from core.request.parameters import PARAMETERS

T = TypeVar("T")


class Prop(Generic[T]):
    """A field of a QObject. Its signal is `<name>_changed`.

    `check` gets a new value and returns the one to store, or raises ValueError.
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


def properties(first_values: Mapping[str, Any]) -> dict[str, Prop[Any] | Signal]:
    """For the body of a class: a field and its signal for each row of the table of parameters.

    `first_values` are defaults that differ from those of a request.
    """
    made: dict[str, Prop[Any] | Signal] = {}
    for name, row in PARAMETERS.items():
        made[f"{name}_changed"] = Signal(object)
        made[name] = Prop(first_values.get(name, row.default), row.clamp)
    return made


def texts(value: Any) -> tuple[str, ...]:
    """Texts, as a tuple or as the list that JSON makes of it."""
    if not isinstance(value, list | tuple) or not all(isinstance(item, str) for item in value):
        raise InvalidError("a list of texts is expected, not {value}", value=quoted(value, 40))
    return tuple(value)


def flag(value: bool) -> bool:
    if not isinstance(value, bool):
        raise InvalidError("true or false is expected, not {value}", value=quoted(value, 40))
    return value
