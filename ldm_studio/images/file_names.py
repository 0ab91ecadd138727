"""File names of finished images from a pattern such as `{date}/{number}-{seed}`."""

from __future__ import annotations

import re
import string
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from core.errors import InvalidError
from ldm_studio.paths import cut_name
from ldm_studio.settings.settings import DEFAULT_PATTERN

if TYPE_CHECKING:
    from core.request.request import Request

NUMBER = "number"
DIGITS = 5
MAX_PROMPT_WORDS = 6
MAX_PIECE = 100
"""Bytes of a folder's name, and of a file's before and after the number: together with the number,
a suffix and what other programs add they are less than `MAX_NAME`.
"""

FIELDS = (
    *("date", "time", "number", "seed", "model", "prompt"),
    *("sampler", "schedule", "steps", "cfg", "width", "height"),
)
"""The names that are allowed in braces."""

_FORBIDDEN = re.compile(r'[<>:"|?*\\\x00-\x1f]')
_DEVICES = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\.|$)", re.IGNORECASE)
"""Names that Windows reserves."""


class PatternError(InvalidError):
    """A pattern of file names is invalid; the message says why."""


@dataclass(frozen=True)
class Pattern:
    """A valid pattern: relative, with the number in the file's name."""

    text: str = DEFAULT_PATTERN

    def __post_init__(self) -> None:
        """Raises PatternError."""
        names = _fields(self.text)
        if unknown := [name for name in names if name not in FIELDS]:
            raise PatternError("There is no {name}.", name=f"{{{unknown[0]}}}")
        *folders, name = self.text.split("/")
        if f"{{{NUMBER}}}" not in name:
            raise PatternError(
                "The name needs {field}, so that no two images get the same name.",
                field=f"{{{NUMBER}}}",
            )
        if names.count(NUMBER) > 1:
            raise PatternError("{field} can occur only once.", field=f"{{{NUMBER}}}")
        if _FORBIDDEN.search(self.text):
            raise PatternError('A name cannot contain any of < > : " | ? * \\.')
        for part in (*folders, name):
            if not part.strip(" .") or part.strip() != part or part.startswith("."):
                raise PatternError("The name of a folder or file is empty, or begins with a dot.")
            if _DEVICES.match(part):
                raise PatternError("“{name}” is not a valid name on every system.", name=part)

    def place(self, facts: Mapping[str, str]) -> tuple[PurePosixPath, str, str]:
        """The folder, and the file name before and after the number."""
        number = f"{{{NUMBER}}}"
        *folders, name = self.text.split("/")
        folder = PurePosixPath(*(_part(part.format_map(facts)) for part in folders))
        before, after = name.split(number)
        return folder, _piece(before.format_map(facts)), _piece(after.format_map(facts))

    def example(self, facts: Mapping[str, str], number: int = 1) -> str:
        folder, before, after = self.place(facts)
        return (folder / f"{before}{number:0{DIGITS}d}{after}").as_posix()


def facts(request: Request, model: str, now: datetime) -> dict[str, str]:
    """The values of the fields."""
    words = re.findall(r"[^\W_]+", request.prompt)[:MAX_PROMPT_WORDS]
    return {
        "date": now.date().isoformat(),
        "time": now.strftime("%H-%M-%S"),
        "seed": str(request.seed),
        "model": model,
        "prompt": "-".join(words) or "untitled",
        "sampler": request.sampler,
        "schedule": request.schedule,
        "steps": str(request.steps),
        "cfg": f"{request.cfg:g}",
        "width": str(request.width),
        "height": str(request.height),
    }


def _fields(text: str) -> list[str]:
    try:
        parsed = list(string.Formatter().parse(text))
    except ValueError as error:
        raise PatternError("A brace { or } has no partner.") from error
    for _, name, spec, conversion in parsed:
        if name is not None and (spec or conversion or not name.isidentifier()):
            raise PatternError("Braces contain a name and nothing else, not “{name}”.", name=name)
    return [name for _, name, _, _ in parsed if name is not None]


def _piece(text: str) -> str:
    """The part of a text that is safe in file names on every system."""
    return cut_name(_FORBIDDEN.sub("-", text.replace("/", "-")), MAX_PIECE)


def _part(text: str) -> str:
    """A whole folder name."""
    made = _piece(text).strip(" .")
    return f"_{made}" if _DEVICES.match(made) else made or "_"
