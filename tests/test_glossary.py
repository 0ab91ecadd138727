"""Words that were given up stay away, and the glossary names what exists in the code.

Both come from the tables of `docs/glossary.md`. A word that is given up is one more row there:

    | `Leg` | `Segment` | `core/saved.py` |
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
GLOSSARY = ROOT / "docs" / "glossary.md"
SEARCHED = ("core", "ldm_studio", "recipes", "benchmarks", "tools", "tests", "docs")
SUFFIXES = (".py", ".md")
TITLE = "## Words we gave up"


def rows(text: str) -> list[list[str]]:
    """The cells of every table, without headings."""
    lines = re.findall(r"^\|(?!---)(.+)\|$", text, re.MULTILINE)
    cells = [[cell.strip() for cell in line.split("|")] for line in lines]
    return [row for row in cells if row[0] not in ("Term", "Given up")]


def names(cell: str) -> list[str]:
    """The code-formatted names in a cell."""
    return re.findall(r"`([^`]+)`", cell)


TERMS, _, GIVEN_UP = GLOSSARY.read_text(encoding="utf-8").partition(TITLE)
WORDS = {names(word)[0]: names(exceptions) for word, _, exceptions in rows(GIVEN_UP)}


@cache
def texts() -> dict[str, str]:
    """Path -> path and content of every file that people read or write."""
    files = [*ROOT.glob("*.md"), *ROOT.glob("*.py")]
    for folder in SEARCHED:
        files += [path for path in (ROOT / folder).rglob("*") if path.suffix in SUFFIXES]
    named = {path.relative_to(ROOT).as_posix(): path for path in files if path != GLOSSARY}
    return {name: f"{name}\n{path.read_text(encoding='utf-8')}" for name, path in named.items()}


def pattern(word: str) -> re.Pattern[str]:
    """A name as a whole word with its case; a phrase in any case; `*` is the rest of a word."""
    spelled = r"\w*".join(re.escape(part) for part in word.split("*")).replace(r"\ ", r"\s+")
    return re.compile(rf"(?<!\w){spelled}(?!\w)", re.IGNORECASE if " " in word else 0)


def places(word: str) -> list[str]:
    """`path:line` of every place that has the word. A line 0 is the path itself."""
    found = pattern(word)
    first = re.split(r"[*\s]", word)[0].lower()  # most files lack it, and this is quick
    return [
        f"{name}:{text.count(chr(10), 0, match.start())}"
        for name, text in texts().items()
        if first in text.lower()
        for match in found.finditer(text)
    ]


@pytest.mark.parametrize("word", WORDS)
def test_a_word_that_was_given_up_is_gone(word: str) -> None:
    left = [place for place in places(word) if place.rpartition(":")[0] not in WORDS[word]]
    assert left == [], f"{GLOSSARY.name} says which word to use instead of {word}"


def test_every_exception_is_needed() -> None:
    needed = {word: {place.rpartition(":")[0] for place in places(word)} for word in WORDS}
    idle = [(word, file) for word in WORDS for file in WORDS[word] if file not in needed[word]]
    assert idle == []


def test_every_name_of_the_glossary_is_in_the_code() -> None:
    code = "\n".join(
        text for name, text in texts().items() if name.startswith(("core/", "ldm_studio/"))
    )
    written = [name for row in rows(TERMS) for name in names(row[2])]
    assert len(written) > 30
    assert [name for name in written if not pattern(name).search(code)] == []


def test_a_term_is_explained_once() -> None:
    terms = [row[0] for row in rows(TERMS)]
    assert sorted(terms) == sorted(set(terms))
