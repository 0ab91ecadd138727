"""Finds completions at the cursor of a prompt. Text in, text out."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from core.request.text_segment import A1111, SYNTAXES

MIN_LETTERS = 2
"""Letters of a bare word before embeddings are suggested."""
MAX_NAMES = 200

_LORA = re.compile(r"<(?:lora|lyco):([^<>:\n]*)$", re.IGNORECASE)
_WHOLE_WILDCARD = re.compile(r"__[\w\-./*]+?__")
_WILDCARD = re.compile(r"__([\w\-./*]*)$")
_EMBEDDING = re.compile(r"embedding:([^\s,()\[\]]*)$", re.IGNORECASE)
_WORD = re.compile(r"(?<![\w\-.])[\w][\w\-.]*$")
_REACH = 200
"""Characters before the cursor that are searched."""


def _none() -> Sequence[str]:
    return ()


@dataclass(frozen=True)
class CompletionNames:
    """The available names, looked up on demand."""

    loras: Callable[[], Sequence[str]] = field(default=_none)
    embeddings: Callable[[], Sequence[str]] = field(default=_none)
    wildcards: Callable[[], Sequence[str]] = field(default=_none)


@dataclass(frozen=True)
class Completions:
    """Names that can replace the characters from `start` to the cursor."""

    start: int
    names: tuple[str, ...]
    after: str
    """Text to insert after the name."""


def completions(text: str, cursor: int, names: CompletionNames, syntax: str) -> Completions | None:
    """None if there is nothing to complete."""
    before = text[max(0, cursor - _REACH) : cursor]
    following = text[cursor : cursor + 1]
    if found := _LORA.search(before):
        return _of(found[1], names.loras(), cursor, "" if following in (":", ">") else ":1>")
    # A complete name is not a prefix.
    rest = _WHOLE_WILDCARD.sub(lambda whole: " " * len(whole[0]), before)
    if found := _WILDCARD.search(rest):
        after = "" if text.startswith("__", cursor) else "__"
        return _of(found[1], names.wildcards(), cursor, after)
    if found := _EMBEDDING.search(before):
        return _of(found[1], names.embeddings(), cursor, "")
    found = _WORD.search(before)
    if SYNTAXES[syntax].grammar == A1111 and found and len(found[0]) >= MIN_LETTERS:
        return _of(found[0], names.embeddings(), cursor, "", begins=True)
    return None


def _of(
    written: str, names: Sequence[str], cursor: int, after: str, *, begins: bool = False
) -> Completions | None:
    """Names that start with the text, then names that contain it, unless `begins`."""
    wanted = written.casefold()
    first = [name for name in names if name.casefold().startswith(wanted)]
    later = [name for name in names if wanted in name.casefold()[1:]] if not begins else []
    offered = tuple(dict.fromkeys([*first, *later]))[:MAX_NAMES]
    if not offered or (offered == (written,) and not after):
        return None
    return Completions(cursor - len(written), offered, after)
