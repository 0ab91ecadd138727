"""Splits text into words for the full-text index, and for queries alike.

SQLite's tokenizer splits at characters that are neither letters nor digits nor symbols. Chinese
and Japanese do not separate words, so each of their characters is a word, and so is each emoji:
"红狐" is the phrase 红 狐 and finds 一只红狐狸.
"""

from __future__ import annotations

import re

# Kana, Han, compatibility forms; pictographs and dingbats.
_ALONE = re.compile(
    "([\u2600-\u27bf\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
    "\U0001f000-\U0001faff\U00020000-\U0003134f])"
)


def tokenize(text: str) -> str:
    """`text` with a space around every character that counts as a word."""
    return _ALONE.sub(r" \1 ", text)


def phrase(text: str, prefix: bool) -> str:
    """An FTS5 phrase for the words of `text`; with `prefix` the last one matches prefixes."""
    quoted = tokenize(text).replace("\0", " ").replace('"', '""')
    open_end = prefix and not _ALONE.match(text[-1:])
    return f'"{quoted}"{" *" if open_end else ""}'
