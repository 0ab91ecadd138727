"""Names of parameters and their values, in the language of the window."""

from __future__ import annotations

from typing import Any

from core.request.parameter import CONTEXT, Parameter
from core.request.parameters import PARAMETERS
from ldm_studio.translation import translate


def text_of(text: str) -> str:
    """The translation of a title or a help of the table."""
    return translate(CONTEXT, text) if text else ""


def title_of(name: str) -> str:
    return text_of(PARAMETERS[name].title)


def choice_title(row: Parameter, value: Any) -> str:
    """The name of one of its values."""
    choice = (row.choices or {})[value]
    return text_of(choice.title) or str(value)


def value_text(row: Parameter, value: Any) -> str:
    """A value, in a word."""
    if row.choices is not None:
        return choice_title(row, value)
    if isinstance(value, bool):
        return translate("Setting", "on") if value else translate("Setting", "off")
    if isinstance(value, tuple):
        return ", ".join(f"{number:g}" for number in value)
    return f"{value:g}" if isinstance(value, float) else str(value)


def described(row: Parameter, value: Any) -> str:
    """For example "CFG scale: 7"."""
    return f"{text_of(row.title)}: {value_text(row, value)}"
