"""Textual inversion embeddings (Gal et al. 2022): words that stand for vectors. Needs no torch."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ...request.text_segment import A1111, COMFYUI, SYNTAXES

if TYPE_CHECKING:
    from tokenizers import Tokenizer
    from torch import Tensor

EmbeddingTokens = Mapping[tuple[int, ...], tuple[int, ...]]
"""Maps the tokens of embedding names to the tokens that replace them. Those are negative: -1 - i
is row i of a table of vectors."""
NO_EMBEDDING_TOKENS: EmbeddingTokens = {}
_NAMED = re.compile(r"embedding:(?=([^\s,:()\[\]|]+))", re.IGNORECASE)


@dataclass(frozen=True)
class Embedding:
    """A word, and the vectors that it stands for."""

    name: str
    vectors: tuple[Tensor, ...]
    """For each text encoder, [n, dim]."""


def embedding_tokens(
    embeddings: Sequence[Embedding], tokenizer: Tokenizer
) -> Mapping[str, EmbeddingTokens]:
    """The tokens that replace the names of embeddings, for each syntax."""
    ways = {
        A1111: _embedding_tokens(embeddings, tokenizer, alone=True),
        COMFYUI: _embedding_tokens(embeddings, tokenizer),
    }
    return {name: ways[syntax.grammar] for name, syntax in SYNTAXES.items()}


def _embedding_tokens(
    embeddings: Sequence[Embedding], tokenizer: Tokenizer, *, alone: bool = False
) -> EmbeddingTokens:
    """The names as ComfyUI writes them (with `alone` also without the prefix), and their rows.
    Names with tokens that the tokenizer does not know are left out, because they would match any
    other."""
    unknown = tokenizer.token_to_id(getattr(tokenizer.model, "unk_token", None) or "")
    words: dict[tuple[int, ...], tuple[int, ...]] = {}
    row = 0
    for embedding in embeddings:
        rows = range(row, row + len(embedding.vectors[0]))
        for text in (f"embedding:{embedding.name}", *([embedding.name] if alone else [])):
            name = tuple(tokenizer.encode(text, add_special_tokens=False).ids)
            if name and unknown not in name:
                words[name] = tuple(-1 - i for i in rows)
        row = rows.stop
    return words


def missing_embeddings(names: Iterable[str], *prompts: str) -> list[str]:
    """What prompts name as `embedding:name`, although none of `names` is called that."""
    known = {name.casefold() for name in names}
    found: dict[str, str] = {}
    for prompt in prompts:
        for match in _NAMED.finditer(prompt):
            name, rest = match[1].rstrip(".;!?"), prompt[match.end() :].casefold()
            spaced = any(rest.startswith(other) for other in known if " " in other)
            if name.casefold() not in known and not spaced:
                found.setdefault(name.casefold(), name)
    return list(found.values())


def insert_embeddings(
    ids: Sequence[int], words: EmbeddingTokens, starts: Sequence[bool] | None = None
) -> Iterator[tuple[tuple[int, ...], slice]]:
    """The tokens, with the names of embeddings replaced, and the place in `ids` that they replace;
    the longest matching name wins.

    `starts`: whether each token starts a word, for tokenizers that do not mark where words end.
    """
    lengths = sorted({len(name) for name in words}, reverse=True)
    at = 0
    while at < len(ids):
        ends = (at + length for length in lengths if at + length <= len(ids))
        end = next((end for end in ends if _is_name(ids, at, end, words, starts)), None)
        if end is None:
            yield (ids[at],), slice(at, at + 1)
            at += 1
        else:
            yield words[tuple(ids[at:end])], slice(at, end)
            at = end


def _is_name(
    ids: Sequence[int], at: int, end: int, words: EmbeddingTokens, starts: Sequence[bool] | None
) -> bool:
    if tuple(ids[at:end]) not in words:
        return False
    return starts is None or (starts[at] and (end == len(ids) or starts[end]))
