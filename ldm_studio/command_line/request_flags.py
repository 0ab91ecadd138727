"""The parameters of an image as options of a command, from the table of parameters.

An option's destination is the field of the request that it sets, so that an error about the field
can name the option.
"""

from __future__ import annotations

import re
from argparse import ArgumentParser, ArgumentTypeError, BooleanOptionalAction, Namespace
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from core.errors import Message, RequestError
from core.request.parameter import Group, Parameter
from core.request.parameters import MAIN, PARAMETERS, with_fields

from .argument_types import named, one_of, real, whole

MASK = "--mask"
"""Also set by --outpaint."""

ROWS: Mapping[str, Parameter] = {
    row.field: row for row in PARAMETERS.values() if row.flag and not row.flag.special
}
"""The flags of `generate` that map directly to a field, by field."""

_NAMES: Mapping[str, str] = {
    **{row.field: row.flag.name for row in PARAMETERS.values() if row.flag},
    "init": "--init",
    "mask": MASK,
    "control": "--control",
    "changes": "--step",
}
_METAVARS = {float: "X", int: "N", str: "NAME"}


def add(command: ArgumentParser) -> dict[Group, Any]:
    """Adds all flags; returns the argument groups, which are those of the table."""
    groups: dict[Group, Any] = {}
    for field, row in ROWS.items():
        if row.group not in groups:
            groups[row.group] = command.add_argument_group(row.group.title)
        add_one(groups[row.group], row.name, dest=field)
    return groups


def add_one(command: Any, name: str, *, dest: str | None = None, help: str = "") -> None:
    """Adds the option of one parameter; `help` replaces the table's."""
    row = PARAMETERS[name]
    assert row.flag is not None
    options: dict[str, Any] = {"dest": dest or name, "help": (help or help_of(row))}
    options["help"] = options["help"].replace("%", "%%")
    if row.kind is bool:
        command.add_argument(row.flag.name, action=BooleanOptionalAction, **options)
        return
    metavar = row.flag.metavar or _METAVARS[row.kind]
    command.add_argument(row.flag.name, metavar=metavar, type=reader(row), **options)


def help_of(row: Parameter) -> str:
    """One sentence, with the choices or the range, and the default if there is one."""
    text = f"{row.help[0].lower()}{row.help[1:]}" if row.help[1:2].islower() else row.help
    text = text.removesuffix(".")
    facts: list[str] = []
    if row.kind is bool and row.choices:
        facts.append(row.choices[True].title)
    elif row.choices:
        facts.append(", ".join(row.choices))
    elif row.kind in (int, float) and row.high < 1e6:
        facts.append(row.bounds)
    if row.default not in (None, "", ()) and row.group is not MAIN and row.kind is not bool:
        facts.append(f"default: {row.default}")
    return f"{text} ({'; '.join(facts)})" if facts else text


def reader(row: Parameter) -> Callable[[str], Any]:
    """Reads a value in the parameter's range. Raises ArgumentTypeError."""
    if row.kind is tuple:
        return lambda text: _list(row, text)
    if row.parse is not None:
        return named(row.parse)
    if row.choices is not None:
        return one_of(row.choices)
    if row.kind is int:
        return whole(int(row.low), int(row.high))
    if row.kind is float:
        return real(row.low, row.high, exclusive=row.exclusive)
    return str


def _list(row: Parameter, text: str) -> Any:
    assert row.parse is not None
    try:
        values = row.falling(row.parse(text))
    except ValueError as error:
        raise ArgumentTypeError(f"{text!r:.80}: {error}") from error
    if not values:
        raise ArgumentTypeError(f"{text!r:.80} is not a list of numbers such as 14.6,6.5,2.1,0.6.")
    return values


def given(arguments: Namespace) -> dict[str, Any]:
    """The given values, by field. Raises RequestError for options without effect."""
    values = {field: value for field in ROWS if (value := getattr(arguments, field)) is not None}
    for field in values:
        flag = ROWS[field].flag
        assert flag is not None
        if flag.needs and not _is_given(arguments, flag.needs):
            raise RequestError(
                field, "{flag} has no effect without {needed}.", flag=flag.name, needed=flag.needs
            )
        for other in flag.excludes:
            if _is_given(arguments, other):
                raise RequestError(
                    field, "{flag} has no effect beside {other}.", flag=other, other=flag.name
                )
    return values


def parts(values: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of the request that `values` sets, with their parts as dataclasses."""
    fields = {field: value for field, value in values.items() if not field.startswith("refiner.")}
    made = with_fields(fields)
    return {name: getattr(made, name) for name in {field.partition(".")[0] for field in fields}}


def _is_given(arguments: Namespace, name: str) -> bool:
    if name == MASK and arguments.outpaint is not None:
        return True
    field = next((field for field, row in ROWS.items() if row.flag and row.flag.name == name), "")
    return getattr(arguments, field or name[2:]) is not None


@contextmanager
def naming() -> Iterator[None]:
    """Adds the option to a RequestError about its field."""
    try:
        yield
    except RequestError as error:
        flag = _NAMES.get(error.field)
        hint = error.hint
        if error.field.startswith("options."):
            text = re.sub(r"\w+", lambda word: _NAMES.get(f"options.{word[0]}", word[0]), str(hint))
            hint = Message.plain(text)
        if flag is None or flag in str(error.message):
            raise
        raise RequestError(
            error.field, "{flag}: {error}", hint, flag=flag, error=error.message
        ) from error
