"""Text conditioning with a sentence encoder (BERT)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import copy
from typing import cast

import torch
from tokenizers import Tokenizer
from torch import nn
from torch.nn import functional as F

from ...networks.bert import Bert
from ...networks.cond import Cond
from ...request.text_segment import TextSegment
from ..protocols import TextConditioner
from .embeddings import NO_EMBEDDING_TOKENS, Embedding, EmbeddingTokens, embedding_tokens
from .prompt_plan import first_segment_of
from .token_count import PromptTokenCounter, read_tokens


class SentenceConditioner(TextConditioner):
    """Prompts -> token vectors and a pooled sentence vector.

    Token vectors are layer-normalised, padding is zeros; the pooled vector is the mean of the token
    vectors scaled to unit variance (Reimers & Gurevych 2019, without the projection). A blank
    prompt, or one of markup alone, is the null condition: all zeros.

    Weights (`prompt_parser.parse`): the text without its markup is encoded as one sentence, so the
    encoder never sees a bracket. Each token vector is then multiplied by the weight of its word,
    and the pooled vector is the weighted mean. Nothing is scaled back afterwards: the vectors are
    normalised one by one, so unlike CLIP's they have no common mean to restore. The start and end
    tokens have the weight 1, the vectors of an embedding that of its name. If all weights are 1,
    the result equals that of the plain text, bit for bit.

    The empty prompt is all zeros, so this also interpolates from the empty prompt: weights act
    alike in the syntaxes of AUTOMATIC1111 and ComfyUI. There are no chunks: a BREAK separates
    words.
    """

    lora_slots = (0,)

    def __init__(self, tokenizer: Tokenizer, network: Bert, length: int) -> None:
        self.network = network
        self.length = length
        """The maximum number of tokens of a prompt, start and end token included."""
        self.embedding_widths = (network.config.dim,)
        self.embeddings: tuple[Embedding, ...] = ()
        self._words: Mapping[str, EmbeddingTokens] = {}
        self._counter = PromptTokenCounter(tokenizer, length)
        self._tokenizer = Tokenizer.from_str(tokenizer.to_str())
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()

    @property
    def networks(self) -> tuple[nn.Module, ...]:
        return (self.network,)

    def with_networks(self, networks: Sequence[nn.Module]) -> SentenceConditioner:
        made = copy(self)  # its tokenizers are shared
        [made.network] = cast("Sequence[Bert]", networks)
        return made

    def with_embeddings(self, embeddings: Sequence[Embedding]) -> SentenceConditioner:
        made = copy(self)
        made.embeddings = (*self.embeddings, *embeddings)
        made._words = embedding_tokens(made.embeddings, self._tokenizer)
        made._counter = self._counter.with_embeddings(made.embeddings)
        return made

    @property
    def count_tokens(self) -> PromptTokenCounter:
        return self._counter

    @torch.no_grad()
    def encode(self, prompts: Sequence[str | TextSegment], clip_skip: int = 1) -> Cond:
        """B prompts -> tokens [B, length, dim] and vector [B, dim]; no layers are skipped.

        A prompt in words is encoded as its first step reads it.
        """
        weight = self.network.embeddings.word_embeddings.weight
        tokens = torch.zeros(len(prompts), self.length, dtype=torch.long)
        mask = torch.zeros(len(prompts), self.length, dtype=torch.bool)
        weights = torch.zeros(len(prompts), self.length, 1)  # 0: padding, and all of a blank prompt
        for row, segment in enumerate(map(first_segment_of, prompts)):
            ids, strengths = self._tokens(segment)
            tokens[row, : len(ids)] = torch.tensor(ids)
            mask[row, : len(ids)] = True
            if not segment.is_blank:
                weights[row, : len(ids), 0] = torch.tensor(strengths)
        tokens, mask = tokens.to(weight.device), mask.to(weight.device)
        tables = [embedding.vectors[0] for embedding in self.embeddings]
        inserted = torch.cat(tables).to(weight) if tables else None
        vectors = self.network(tokens, mask, inserted)
        weights = weights.to(vectors)
        context = F.layer_norm(vectors, vectors.shape[-1:]) * weights
        mean = (vectors * weights).sum(dim=1) / weights.sum(dim=1).clamp_min(1)
        pooled = F.normalize(mean, dim=-1) * vectors.shape[-1] ** 0.5
        return Cond(context, pooled)

    def _tokens(self, segment: TextSegment) -> tuple[list[int], list[float]]:
        """The tokens that are encoded, and the weight of each."""
        encoding = self._tokenizer.encode(segment.text)
        read = read_tokens(encoding, self._words.get(segment.syntax, NO_EMBEDDING_TOKENS))
        ids = [token for token, _ in read]
        weights = [segment.weights[a] if a < b else 1.0 for _, (a, b) in read]
        if len(ids) > self.length:
            ids = [*ids[: self.length - 1], ids[-1]]
            weights = [*weights[: self.length - 1], weights[-1]]
        return ids, weights
