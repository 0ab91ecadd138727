"""One parameter of an image: type, range, texts, and its names in files and on the command line.

`parameter(...)` declares it where its field is, as pydantic's `Field` does, so that everything
else that knows parameters (validation, widgets, flags, infotext, documents) reads it from there.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, fields, is_dataclass, replace
from itertools import pairwise
from types import NoneType, UnionType
from typing import Any, TypeAlias, TypeVar, cast, get_args, get_origin, get_type_hints

from ..errors import InvalidError, RequestError, message_of, quoted

T = TypeVar("T")

CONTEXT = "Parameters"
"""The translation context of all titles and helps."""


Predicate: TypeAlias = Callable[[Any], bool]
"""Of a `parameters.Context`, which knows all parameters."""


def always(_context: object) -> bool:
    return True


@dataclass(frozen=True)
class Group:
    """Parameters that belong together, in this order in panels and documents."""

    title: str
    panel: str = ""
    """The panel of the window: "main", "more", "control", "inpaint" or "mask"."""


@dataclass(frozen=True)
class Choice:
    """One of the values of a parameter."""

    title: str = ""
    """Empty: the value itself is its name, in every language."""
    help: str = ""
    infotext: str = ""
    """AUTOMATIC1111's name, if it differs."""


@dataclass(frozen=True)
class InfotextKey:
    """The name of a parameter in the `parameters` text of an image file."""

    name: str
    read: Callable[[str], Any] | None = None
    """Raises ValueError; None: by the parameter's type."""
    write: Callable[[Any], str] | None = None
    when: Predicate = always
    """Whether this name is used, for parameters with several names."""
    always: bool = False
    """Written even if the value is the default: other programs have another default."""


@dataclass(frozen=True)
class Flag:
    """The option of `ldm-studio generate` that sets a parameter."""

    name: str
    metavar: str = ""
    needs: str = ""
    """The flag without which this one would have no effect."""
    excludes: tuple[str, ...] = ()
    """Flags beside which it would have no effect."""
    special: bool = False
    """Added by the command itself, because it sets more than this parameter."""


@dataclass(frozen=True)
class Parameter:
    """A row of the table. The first four come from the field that declares it."""

    title: str
    help: str
    group: Group
    field: str = ""
    """The field of the request: "steps", or with its part "guidance.rescale"."""
    kind: type = float
    """bool, int, float, str, or tuple for a list of decreasing numbers."""
    optional: bool = False
    """Whether it may be None."""
    default: Any = None

    name: str = ""
    """Unique, without dots: "guidance_start"."""
    low: float = -math.inf
    high: float = math.inf
    """The maximum number; of a text, the maximum length; of a list, the maximum item."""
    exclusive: bool = False
    """Whether `low` itself is outside."""
    most: int = 0
    """Maximum number of items of a list."""
    useful: tuple[float, float] | None = None
    """The part of the range that a slider covers."""
    step: float = 1.0
    decimals: int = 0
    unit: str = ""
    choices: Mapping[Any, Choice] | None = None
    parse: Callable[[str], Any] | None = None
    """Parses a value as users and other programs write it. Raises ValueError."""
    unset: str = ""
    """Shown for None, or for 0 if it means a default."""
    row: str = ""
    """The title of its row in a panel, if it is shorter or shared with the next parameter."""
    follows: bool = False
    """Whether it shares the row of the previous parameter."""
    infotext: tuple[InfotextKey, ...] = ()
    flag: Flag | None = None
    applies: Predicate = always
    """Whether it has an effect, given the other parameters."""

    @property
    def texts(self) -> Iterator[str]:
        """All translatable texts."""
        yield from filter(None, (self.group.title, self.title, self.help, self.row, self.unset))
        for choice in (self.choices or {}).values():
            yield from filter(None, (choice.title, choice.help))

    def value(self, values: object) -> Any:
        """The value that a Request has."""
        for name in self.field.split("."):
            values = getattr(values, name)
        return values

    def kind_of(self, value: Any) -> Any:
        """The value of a control in the parameter's type; controls return whole numbers as int."""
        return self.kind(value) if self.kind in (int, float) and value is not None else value

    def within(self, value: float) -> bool:
        """Whether the number is finite and inside the range."""
        above = value > self.low if self.exclusive else value >= self.low
        return math.isfinite(value) and above and value <= self.high

    @property
    def bounds(self) -> str:
        """In words, without the value's own unit."""
        above = "above " if self.exclusive else ""
        return f"{above}{_brief(self.low)} to {_brief(self.high)}"

    def check(self, value: object) -> None:
        """Raises RequestError for a value that a request cannot have."""
        if value is None and self.optional:
            return
        if self.choices is not None:
            self._check_choice(value)
        elif self.kind is tuple:
            try:
                self.falling(value)
            except ValueError as error:
                raise RequestError(self.field, message_of(error)) from error
        elif self.kind is str:
            if isinstance(value, str) and len(value) > self.high:
                raise RequestError(
                    self.field,
                    "The {name} is longer than {most} characters.",
                    name=self.field,
                    most=_brief(self.high),
                )
        elif not self._is_of_kind(value):
            raise RequestError(
                self.field,
                "{name} must be {type}, not {value}.",
                name=self.field,
                type=self.kind.__name__,
                value=quoted(value, 60),
            )
        elif not self.within(cast(float, value)):
            raise RequestError(
                self.field,
                "{name} is {value}, outside {low} to {high}.",
                "Choose a value in this range.",
                name=self.field,
                value=value,
                low=_brief(self.low),
                high=_brief(self.high),
            )

    def clamp(self, value: Any) -> Any:
        """The nearest value that `check` accepts, of the right type. Raises ValueError for a value
        of another type or an unknown choice."""
        if value is None and self.optional:
            return None
        if self.choices is not None:
            if not _is_known(value, self.choices):
                raise InvalidError("unknown value {value}", value=quoted(value, 40))
            return value
        if self.kind is tuple:
            return self.falling(value)
        if self.kind in (str, bool):
            if type(value) is not self.kind:
                raise InvalidError(
                    "{type} is expected, not {value}",
                    type=self.kind.__name__,
                    value=quoted(value, 40),
                )
            return value[: int(self.high)] if isinstance(value, str) else value
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise InvalidError("a number is expected, not {value}", value=quoted(value, 40))
        low = self.low
        if self.exclusive and value <= low:
            low += min(self.step, 0.01)
        return self.kind(min(self.high, max(low, value)))

    def falling(self, value: Any) -> tuple[float, ...]:
        """A list of falling numbers. Raises ValueError, in words for the user."""
        if not isinstance(value, list | tuple):
            raise InvalidError(
                "A list of numbers is expected, not {value}.", value=quoted(value, 40)
            )
        items = cast("list[Any]", value)
        if not all(map(_is_number, items)):
            raise InvalidError(
                "A list of numbers is expected, not {value}.", value=quoted(items, 40)
            )
        if len(items) > self.most:
            raise InvalidError(
                "{count} numbers are more than {most}.", count=len(items), most=self.most
            )
        numbers = tuple(map(float, items))
        for number in numbers:
            if not self.within(number):
                raise InvalidError(
                    "{number} is not above 0, or above {most}.", number=number, most=self.high
                )
        for before, after in pairwise(numbers):
            if after >= before:
                raise InvalidError(
                    "The numbers must decrease, but {next} comes after {previous}.",
                    next=after,
                    previous=before,
                )
        return numbers

    def _is_of_kind(self, value: object) -> bool:
        if self.kind is float:
            return isinstance(value, int | float) and not isinstance(value, bool)
        return type(value) is self.kind

    def _check_choice(self, value: object) -> None:
        assert self.choices is not None
        if not _is_known(value, self.choices):
            known = ", ".join(map(str, self.choices))
            raise RequestError(
                self.field,
                "Unknown {name} {value}.",
                "Known: {names}.",
                name=self.field,
                value=quoted(value, 60),
                names=known,
            )


def parameter(
    default: T,
    *,
    title: str,
    help: str,
    group: Group,
    infotext: str | InfotextKey | tuple[InfotextKey, ...] = (),
    flag: str | Flag | None = None,
    applies: Predicate = always,
    **others: Any,
) -> T:
    """A dataclass field with this default that is a row of the table; `others` are fields of
    Parameter."""
    keys = (InfotextKey(infotext),) if isinstance(infotext, str) else infotext
    row = Parameter(
        title,
        help,
        group,
        infotext=(keys,) if isinstance(keys, InfotextKey) else keys,
        flag=Flag(flag) if isinstance(flag, str) else flag,
        applies=applies,
        **others,
    )
    return field(default=default, metadata={CONTEXT: row})


def rows(kind: type[Any], part: str = "") -> Iterator[Parameter]:
    """The rows of the fields of a dataclass, and of the dataclasses in it."""
    hints = get_type_hints(kind)
    for item in fields(kind):
        hint = hints[item.name]
        row = item.metadata.get(CONTEXT)
        if row is not None:
            kinds = get_args(hint) if isinstance(hint, UnionType) else (hint,)
            yield replace(
                row,
                field=f"{part}{item.name}",
                name=row.name or item.name,
                kind=get_origin(kinds[0]) or kinds[0],
                optional=NoneType in kinds,
                default=item.default,
            )
        elif is_dataclass(hint):
            yield from rows(cast("type[Any]", hint), f"{item.name}.")


def _is_known(value: object, choices: Mapping[Any, Choice]) -> bool:
    return isinstance(value, str | bool) and value in choices


def _is_number(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return abs(value) < 1e300 and math.isfinite(value)


def _brief(number: float) -> str:
    return str(int(number)) if float(number).is_integer() else repr(number)
