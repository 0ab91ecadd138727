"""Prompt styles (templates) in a file of the user; reads AUTOMATIC1111's CSV."""

from __future__ import annotations

import csv
import io
import logging
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from core.errors import InvalidError, Message, StudioError
from core.untrusted_files import parse_json, read_bytes
from ldm_studio.json_files import write_json

log = logging.getLogger(__name__)

PLACE = "{prompt}"
"""Stands in a style for the prompt it is applied to."""
MAX_NAME = 80
MAX_FILE_BYTES = 8 << 20


class StyleError(StudioError):
    """Styles cannot be read or written."""


@dataclass(frozen=True)
class Style:
    """A template for a prompt, and one for a negative prompt; an empty one changes nothing."""

    name: str
    prompt: str = ""
    negative: str = ""

    def apply(self, prompt: str, negative: str) -> tuple[str, str]:
        """Both prompts with this style applied."""
        return _merged(self.prompt, prompt), _merged(self.negative, negative)


BUILT_IN = (
    Style("3D", "3d"),
    Style("Flat", "flat"),
    Style("Cartoon", "cartoon"),
    Style("3D emoji", "3d emoji of {prompt}"),
    Style("Flat emoji", "flat emoji of {prompt}"),
    Style("Cartoon emoji", "cartoon emoji of {prompt}"),
)
"""In the style words of the default model, and in the phrases of its captions."""


def _merged(template: str, prompt: str) -> str:
    if PLACE in template:
        return template.replace(PLACE, prompt.strip())
    return ", ".join(filter(None, (prompt.strip(), template.strip()))) if template else prompt


class StyleBook:
    """The styles in the file `path`, in the user's order; names are unique.

    Without a file there are the built-in styles. Unreadable files are never overwritten: a damaged
    file is moved aside, and `problem` says so; if it cannot be moved, nothing is written.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.problem: StyleError | None = None
        """What was wrong with the file."""
        self._locked = False
        self._styles = self._load()

    @property
    def styles(self) -> tuple[Style, ...]:
        return self._styles

    def find(self, name: str) -> Style | None:
        """The style of that name, ignoring case."""
        key = name.strip().casefold()
        return next((style for style in self._styles if style.name.casefold() == key), None)

    def put(self, styles: Iterable[Style]) -> None:
        """Replaces all styles and writes them. Raises StyleError, changing nothing."""
        made = tuple(styles)
        if self._locked:
            raise StyleError("{path} could not be read and is not overwritten.", path=self.path)
        try:
            write_json(self.path, {"styles": [asdict(style) for style in made]})
        except OSError as error:
            reason = error.strerror or error
            raise StyleError(
                "The styles cannot be written to {path}: {error}.", path=self.path, error=reason
            ) from error
        self._styles = made

    def add(self, style: Style) -> None:
        """Adds `style`, replacing one of the same name. Raises StyleError."""
        style = replace(style, name=_checked_name(style.name))
        old = self.find(style.name)
        if old is None:
            self.put((*self._styles, style))
        else:
            self.put(style if known is old else known for known in self._styles)

    def add_all(self, styles: Iterable[Style]) -> int:
        """Adds new styles, with a number in the name if it is taken. Returns how many. Raises
        StyleError.
        """
        made = {style.name.casefold(): style for style in self._styles}
        before = len(made)
        for style in styles:
            name, number = _checked_name(style.name), 1
            while (known := made.get(name.casefold())) is not None:
                if (known.prompt, known.negative) == (style.prompt, style.negative):
                    break
                number += 1
                name = f"{_checked_name(style.name)} {number}"
            else:
                made[name.casefold()] = replace(style, name=name)
        if len(made) > before:
            self.put(made.values())
        return len(made) - before

    def rename(self, style: Style, name: str) -> None:
        """Raises StyleError when the name is empty or another style's."""
        name = _checked_name(name)
        if self.find(name) not in (None, style):
            raise StyleError(
                "There is already a style “{name}”.", "Choose another name.", name=name
            )
        self.put(replace(style, name=name) if known is style else known for known in self._styles)

    def remove(self, style: Style) -> None:
        """Raises StyleError."""
        self.put(known for known in self._styles if known is not style)

    def _load(self) -> tuple[Style, ...]:
        try:
            content = read_bytes(self.path, MAX_FILE_BYTES)
        except FileNotFoundError:
            return BUILT_IN
        except InvalidError:
            return self._set_aside(())
        except OSError as error:
            self._locked = True
            self.problem = StyleError(
                "The styles in {path} cannot be read: {error}.",
                "The built-in styles are shown instead; nothing will be written there.",
                path=self.path,
                error=error,
            )
            return BUILT_IN
        styles, whole = _parse(content)
        return styles if whole else self._set_aside(styles)

    def _set_aside(self, styles: tuple[Style, ...]) -> tuple[Style, ...]:
        """Renames the damaged file; the styles that could be read remain."""
        number = 1
        while (kept := self.path.with_name(f"{self.path.stem}.damaged-{number}.json")).exists():
            number += 1
        there = (
            Message("The {count} readable ones are shown.", count=len(styles))
            if styles
            else Message("The built-in ones are shown.")
        )
        try:
            self.path.rename(kept)
        except OSError as error:
            log.warning("%s cannot be moved: %s", self.path, error)
            self._locked = True
            rest = Message("It is not changed, and nothing will be written there.")
        else:
            rest = Message("The damaged file is kept as {path}.", path=kept)
        self.problem = StyleError(
            "The file of your styles, {file}, is damaged.",
            Message("{first} {second}", first=there, second=rest),
            file=self.path.name,
        )
        return styles or BUILT_IN


def read_csv(path: Path) -> tuple[Style, ...]:
    """The styles of AUTOMATIC1111's `styles.csv`. Raises StyleError."""
    try:
        text = read_bytes(path, MAX_FILE_BYTES).decode("utf-8-sig")
        rows = csv.DictReader(io.StringIO(text, newline=""))
        if not {"name", "prompt"} <= set(rows.fieldnames or ()):
            raise StyleError(
                "{file} is not a table of styles.",
                "Its first line must name the columns: name, prompt, negative_prompt.",
                file=path.name,
            )
        read = [
            Style(
                (row["name"] or "").strip()[:MAX_NAME],
                row["prompt"] or "",
                row.get("negative_prompt") or "",
            )
            for row in rows
        ]
    except OSError as error:
        reason = error.strerror or error
        raise StyleError("{file} cannot be read: {error}.", file=path.name, error=reason) from error
    except (ValueError, csv.Error) as error:
        raise StyleError(
            "{file} is not a table of styles: {error}.", file=path.name, error=error
        ) from error
    styles = tuple(style for style in read if style.name and (style.prompt or style.negative))
    if not styles:
        raise StyleError("There is no style in {file}.", file=path.name)
    return styles


def _parse(content: bytes) -> tuple[tuple[Style, ...], bool]:
    """The readable styles, and whether those are all."""
    try:
        data = parse_json(content)
    except InvalidError:
        return (), False
    entries = data.get("styles") if isinstance(data, dict) else None
    if not isinstance(entries, list):
        return (), False
    styles: dict[str, Style] = {}
    for entry in entries:
        style = _style(entry)
        if style is not None:
            styles.setdefault(style.name.casefold(), style)
    return tuple(styles.values()), len(styles) == len(entries)


def _style(entry: Any) -> Style | None:
    if not isinstance(entry, dict):
        return None
    name, prompt, negative = (entry.get(key, "") for key in ("name", "prompt", "negative"))
    texts = isinstance(name, str) and isinstance(prompt, str) and isinstance(negative, str)
    return Style(name, prompt, negative) if texts and name.strip() else None


def _checked_name(name: str) -> str:
    name = " ".join(name.split())[:MAX_NAME]
    if not name:
        raise StyleError("A style needs a name.")
    return name
