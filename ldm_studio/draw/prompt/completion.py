"""Which names a prompt could go on with at the cursor. Text in, text out."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from core.conditioning.text.text_segment import A1111

MIN_LETTERS = 2
"""Letters of a bare word before embeddings are offered for it."""
MAX_NAMES = 200

_LORA = re.compile(r"<(?:lora|lyco):([^<>:\n]*)$", re.IGNORECASE)
_WHOLE_WILDCARD = re.compile(r"__[\w\-./*]+?__")
_WILDCARD = re.compile(r"__([\w\-./*]*)$")
_EMBEDDING = re.compile(r"embedding:([^\s,()\[\]]*)$", re.IGNORECASE)
_WORD = re.compile(r"(?<![\w\-.])[\w][\w\-.]*$")
_REACH = 200
"""Characters before the cursor that are looked at."""


def _none() -> Sequence[str]:
    return ()


@dataclass(frozen=True)
class CompletionNames:
    """The names there are, asked for when they are needed."""

    loras: Callable[[], Sequence[str]] = field(default=_none)
    embeddings: Callable[[], Sequence[str]] = field(default=_none)
    wildcards: Callable[[], Sequence[str]] = field(default=_none)


@dataclass(frozen=True)
class Completions:
    """What could be written in place of the characters from `start` to the cursor."""

    start: int
    names: tuple[str, ...]
    after: str
    """What follows the name."""


def completions(text: str, cursor: int, names: CompletionNames, syntax: str) -> Completions | None:
    """None where there is nothing to go on with."""
    before = text[max(0, cursor - _REACH) : cursor]
    following = text[cursor : cursor + 1]
    if found := _LORA.search(before):
        return _of(found[1], names.loras(), cursor, "" if following in (":", ">") else ":1>")
    # What is complete already is no beginning.
    rest = _WHOLE_WILDCARD.sub(lambda whole: " " * len(whole[0]), before)
    if found := _WILDCARD.search(rest):
        after = "" if text.startswith("__", cursor) else "__"
        return _of(found[1], names.wildcards(), cursor, after)
    if found := _EMBEDDING.search(before):
        return _of(found[1], names.embeddings(), cursor, "")
    found = _WORD.search(before)
    if syntax == A1111 and found and len(found[0]) >= MIN_LETTERS:
        return _of(found[0], names.embeddings(), cursor, "", begins=True)
    return None


def _of(
    written: str, names: Sequence[str], cursor: int, after: str, *, begins: bool = False
) -> Completions | None:
    """Those that begin with what is written, then those that hold it unless `begins`."""
    wanted = written.casefold()
    first = [name for name in names if name.casefold().startswith(wanted)]
    later = [name for name in names if wanted in name.casefold()[1:]] if not begins else []
    offered = tuple(dict.fromkeys([*first, *later]))[:MAX_NAMES]
    if not offered or (offered == (written,) and not after):
        return None
    return Completions(cursor - len(written), offered, after)
