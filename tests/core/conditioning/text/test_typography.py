"""Typographic characters become plain as ftfy makes them."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.conditioning.text.typography import simplify


def test_every_character_becomes_what_ftfy_makes_of_it() -> None:
    ftfy = pytest.importorskip("ftfy")
    differing = [
        char
        for char in map(chr, (*range(0x2100), *range(0x3000, 0x3040), *range(0xFA00, 0x10000)))
        if unicodedata.normalize("NFC", simplify(f"a{char}b")) != ftfy.fix_text(f"a{char}b")
    ]
    assert differing == []


@pytest.mark.parametrize(
    "text",
    [
        "it’s “a” ﬁne café &amp; &lt;b&gt; &copy; &copy 1 &#x27;",
        "&amp;amp; &amp;lt; &notanentity; &",
        "<b> &amp; ‘text’",
        "\x1b[31mred\x1b[0m",
        "Ｈｅｌｌｏ　ｗｏｒｌｄ",
    ],
)
def test_texts_become_what_ftfy_makes_of_them(text: str) -> None:
    ftfy = pytest.importorskip("ftfy")
    assert simplify(text) == ftfy.fix_text(text)


@given(st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E, exclude_characters="&")))
def test_plain_text_stays(text: str) -> None:
    assert simplify(text) == text
