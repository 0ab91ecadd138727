"""Conditions, and the sentence encoder that makes them from prompts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from tokenizers import Tokenizer
from torch import Tensor
from torch.nn import functional as F

from ..networks.bert import Bert
from .reading import PromptReader


@dataclass(frozen=True)
class Cond:
    """What a network is conditioned on."""

    context: Tensor
    """Attended to: [B, M, dim]."""
    vector: Tensor | None = None
    """Added to the time embedding: [B, dim]."""

    def repeat(self, count: int) -> Cond:
        """The condition of one picture, for `count` of them."""
        vector = self.vector
        return Cond(
            self.context.expand(count, -1, -1),
            None if vector is None else vector.expand(count, -1),
        )

    def to(self, device: torch.device, dtype: torch.dtype) -> Cond:
        vector = self.vector
        return Cond(
            self.context.to(device, dtype), None if vector is None else vector.to(device, dtype)
        )


def concatenate(conds: Sequence[Cond]) -> Cond:
    """Conditions of the same shape, one after the other along the batch."""
    vectors = [cond.vector for cond in conds if cond.vector is not None]
    return Cond(
        torch.cat([cond.context for cond in conds]), torch.cat(vectors) if vectors else None
    )


class SentenceConditioner:
    """Prompts -> token vectors and a pooled sentence vector.

    Token vectors are layer-normalised, padding is zeros; the pooled vector is the mean of the
    token vectors scaled to unit variance (Reimers & Gurevych 2019, without the projection).
    A blank prompt is the null condition, all zeros.
    """

    def __init__(self, tokenizer: Tokenizer, network: Bert, length: int) -> None:
        self.network = network
        self.length = length
        """Tokens a prompt may have, the two that begin and end it included."""
        self.read = PromptReader(tokenizer, length)
        self._tokenizer = Tokenizer.from_str(tokenizer.to_str())
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()

    @torch.no_grad()
    def __call__(self, prompts: Sequence[str]) -> Cond:
        """B prompts -> context [B, length, dim] and vector [B, dim]."""
        weight = self.network.embeddings.word_embeddings.weight
        tokens = torch.zeros(len(prompts), self.length, dtype=torch.long)
        mask = torch.zeros(len(prompts), self.length, dtype=torch.bool)
        for row, prompt in enumerate(prompts):
            ids = self._tokenizer.encode(prompt).ids
            if len(ids) > self.length:
                ids = [*ids[: self.length - 1], ids[-1]]
            tokens[row, : len(ids)] = torch.tensor(ids)
            mask[row, : len(ids)] = True
        tokens, mask = tokens.to(weight.device), mask.to(weight.device)
        vectors = self.network(tokens, mask)
        given = torch.tensor([bool(prompt.strip()) for prompt in prompts], device=weight.device)
        keep = (mask & given[:, None]).unsqueeze(-1).to(vectors.dtype)  # [B, length, 1]
        context = F.layer_norm(vectors, vectors.shape[-1:]) * keep
        mean = (vectors * keep).sum(dim=1) / keep.sum(dim=1).clamp_min(1)
        pooled = F.normalize(mean, dim=-1) * vectors.shape[-1] ** 0.5
        return Cond(context, pooled)
