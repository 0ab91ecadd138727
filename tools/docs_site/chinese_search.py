"""Chinese full-text search for Sphinx: pairs of characters, in the index and in the query.

Chinese has no spaces. Sphinx's own splitter needs a dictionary in the index and splits the query
differently; pairs (bigrams) need none and find every word of two characters and more.
"""

from __future__ import annotations

import re

HAN = r"\u3400-\u9fff"
_PARTS = re.compile(rf"[{HAN}]+|[^\W{HAN}]+")

SPLITTER_IN_JAVASCRIPT = f"""
var splitQuery = (query) =>
  (query.match(/[{HAN}]+|[\\p{{L}}\\p{{N}}_]+?(?=[{HAN}]|[^\\p{{L}}\\p{{N}}_]|$)/gu) || []).flatMap(
    (part) =>
      /^[{HAN}]{{2,}}$/.test(part)
        ? Array.from({{ length: part.length - 1 }}, (_, at) => part.slice(at, at + 2))
        : [part]
  );
"""


def split(text: str) -> list[str]:
    """Words of letters and digits as they are; a run of Chinese as its overlapping pairs."""
    terms: list[str] = []
    for part in _PARTS.findall(text):
        if len(part) > 1 and re.match(f"[{HAN}]", part):
            terms += [part[at : at + 2] for at in range(len(part) - 1)]
        else:
            terms.append(part)
    return terms
