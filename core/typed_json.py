"""Frozen dataclasses from JSON values, every type checked."""

from __future__ import annotations

import math
from dataclasses import MISSING, fields, is_dataclass
from types import NoneType, UnionType
from typing import Any, Literal, TypeVar, cast, get_args, get_origin, get_type_hints

from .errors import InvalidError, quoted

T = TypeVar("T")


def read(kind: type[T], value: object, name: str = "the file") -> T:
    """An instance of the dataclass `kind` from a JSON object.

    Fields may be str, int, float (finite), bool, tuples, literals, other dataclasses, and each
    of these or None. Raises ValueError naming what is missing, unknown or of another type.
    """
    return cast(T, _read(kind, value, name))


def _read(kind: Any, value: object, name: str) -> object:
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is UnionType:
        if value is None and NoneType in arguments:
            return None
        kind = next(choice for choice in arguments if choice is not NoneType)
        return _read(kind, value, name)
    if is_dataclass(kind) and isinstance(value, dict):
        return _object(cast("type[Any]", kind), cast("dict[str, object]", value), name)
    if origin is tuple and isinstance(value, list):
        items = cast("list[object]", value)
        kinds = arguments[:1] * len(items) if arguments[-1] is Ellipsis else arguments
        if len(kinds) == len(items):
            return tuple(map(_read, kinds, items, [name] * len(items)))
    if isinstance(value, int | float) and kind is float and _is_finite(value):
        return float(value)
    if isinstance(value, str) and origin is Literal and value in arguments:
        return value
    if isinstance(value, str | int) and type(value) is kind:
        return value
    raise InvalidError(
        "{name} is {value}, not {type}",
        name=name,
        value=quoted(cast("object", value), 60),
        type=str(getattr(kind, "__name__", kind)),
    )


def _object(kind: type[Any], value: dict[str, object], name: str) -> object:
    hints = get_type_hints(kind)
    required = {f.name for f in fields(kind) if f.default is f.default_factory is MISSING}
    if unknown := sorted(set(value) - set(hints)):
        raise InvalidError(
            "{name} has an unknown field {field}", name=name, field=quoted(unknown[0], 60)
        )
    if missing := sorted(required - set(value)):
        raise InvalidError("{name} lacks the field {field}", name=name, field=quoted(missing[0]))
    return kind(**{key: _read(hints[key], item, key) for key, item in value.items()})


def _is_finite(value: float) -> bool:
    try:
        return math.isfinite(value) and not isinstance(value, bool)
    except OverflowError:  # an integer beyond the largest float
        return False
