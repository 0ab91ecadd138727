"""Simplifies typographic characters, as the tokenizers of CLIP do in AUTOMATIC1111.

There and in open_clip, ftfy and an HTML unescape clean the text before it is tokenized: curly
quotes become straight, ligatures and full-width letters plain, `&amp;` an ampersand. This does the
same character by character. What ftfy does besides is left out: it repairs text that was decoded
with the wrong encoding.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from html.entities import html5

_ENTITY = re.compile(r"&#?\w{1,24};")
_MAX_NESTED = 4
"""Times that an entity is unescaped: `&amp;amp;` takes two."""
_ESCAPE_SEQUENCE = re.compile(r"\x1b\[[\d;]*[A-Za-z]")
_LIGATURES = "ĲĳǄǅǆǇǈǉǊǋǌǱǲǳﬀﬁﬂﬃﬄﬆ"
_SINGLE_QUOTES, _DOUBLE_QUOTES = "ʼ‘’‚‛", "“”„‟"
_CONTROLS = (
    *range(0x09), 0x0B, *range(0x0E, 0x20), 0x7F, *range(0x206A, 0x2070), 0xFEFF,
    *range(0xFFF9, 0xFFFD),
)  # fmt: skip


def simplify(text: str) -> str:
    """The text with plain characters in place of typographic ones."""
    if "&" in text and "<" not in text:
        for _ in range(_MAX_NESTED):
            text = _ENTITY.sub(_unescape, text)
    if text.isascii() and text.isprintable():
        return text
    return _ESCAPE_SEQUENCE.sub("", text).translate(_table())


def _unescape(found: re.Match[str]) -> str:
    """The character of an entity; what only begins with the name of one stays."""
    known = found[0][1] == "#" or found[0][1:] in html5
    return html.unescape(found[0]) if known else found[0]


@lru_cache(maxsize=1)
def _table() -> dict[int, str]:
    return dict(_replacements())


def _replacements() -> Iterator[tuple[int, str]]:
    for char in _LIGATURES:
        yield ord(char), unicodedata.normalize("NFKC", char)
    yield from ((ord("ŉ"), "'n"), (ord("ﬅ"), "ſt"))
    for code in (0x3000, *range(0xFF01, 0xFFF0)):  # full and half width
        plain = unicodedata.normalize("NFKC", chr(code))
        if plain != chr(code):
            yield code, plain
    yield from ((ord(char), "'") for char in _SINGLE_QUOTES)
    yield from ((ord(char), '"') for char in _DOUBLE_QUOTES)
    yield from ((code, "\n") for code in (0x0D, 0x2028, 0x2029))
    for code in range(0x80, 0xA0):  # Windows-1252, read as Latin-1
        char = bytes([code]).decode("cp1252", "replace")
        straight = "'" if char in _SINGLE_QUOTES else '"' if char in _DOUBLE_QUOTES else char
        if char != "\ufffd":
            yield code, straight
    yield from ((code, "") for code in _CONTROLS)
