"""CLIP text conditioning for Stable Diffusion, with one text encoder or two."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import cast

import torch
from torch import Tensor, nn

from ...networks.clip import ClipTextEncoder
from ...networks.cond import Cond
from ...request.text_segment import COMFYUI, SYNTAXES, TextSegment
from ..protocols import TextConditioner
from .clip_tokenizer import (
    END,
    Chunk,
    ClipTokenCounter,
    chunk_tokens,
    clip_tokenizer,
)
from .embeddings import Embedding, embedding_tokens
from .prompt_plan import first_segment_of

EMPTY_CHUNK = Chunk((), ())


@dataclass(frozen=True)
class EncoderOptions:
    """How a family of models uses a text encoder."""

    skip: int
    """The number of last layers that are skipped (clip skip)."""
    normalised: bool
    """Whether the final layer norm is applied."""
    pooled: bool
    """Whether the pooled vector is used too."""
    pad: int
    """The token that fills up a chunk."""


class ClipConditioner(TextConditioner):
    """Prompts -> token vectors, those of several encoders concatenated, and a pooled vector.

    Weights act as in the program whose syntax the prompt uses. In AUTOMATIC1111 the vectors of a
    token are multiplied by its weight, and all vectors of the chunk are then scaled back to their
    original mean. In ComfyUI a vector is interpolated from the one at the same position of the
    empty prompt: empty + weight x (vector - empty), without scaling back. The pooled vector is that
    of the first chunk; weights do not change it.
    """

    def __init__(
        self,
        encoders: Sequence[tuple[ClipTextEncoder, EncoderOptions]],
        embeddings: Sequence[Embedding] = (),
        *,
        supports_clip_skip: bool = False,
    ) -> None:
        self.encoders = tuple(encoders)
        self.embeddings = tuple(embeddings)
        self.supports_clip_skip = supports_clip_skip
        only_second = len(encoders) == 1 and encoders[0][1].pooled  # for the refiner
        self.lora_slots = (1,) if only_second else tuple(range(len(encoders)))
        self.embedding_widths = tuple(network.config.dim for network, _ in encoders)
        self._embedding_tokens = embedding_tokens(embeddings, clip_tokenizer())
        self._counter = ClipTokenCounter(embeddings)

    @property
    def networks(self) -> tuple[nn.Module, ...]:
        return tuple(network for network, _ in self.encoders)

    @property
    def count_tokens(self) -> ClipTokenCounter:
        return self._counter

    def with_networks(self, networks: Sequence[nn.Module]) -> ClipConditioner:
        options = [options for _, options in self.encoders]
        encoders = cast("Sequence[ClipTextEncoder]", networks)
        return self._with(tuple(zip(encoders, options, strict=True)), self.embeddings)

    def with_embeddings(self, embeddings: Sequence[Embedding]) -> ClipConditioner:
        return self._with(self.encoders, (*self.embeddings, *embeddings))

    def _with(
        self,
        encoders: Sequence[tuple[ClipTextEncoder, EncoderOptions]],
        embeddings: Sequence[Embedding],
    ) -> ClipConditioner:
        return ClipConditioner(encoders, embeddings, supports_clip_skip=self.supports_clip_skip)

    @torch.no_grad()
    def encode(self, prompts: Sequence[str | TextSegment], clip_skip: int = 1) -> Cond:
        """B prompts -> tokens [B, 77 n, dim] and vector [B, dim] or None.

        n is the number of chunks of the longest prompt; shorter ones are padded with empty chunks.
        A prompt in words is encoded as its first step reads it; all prompts share one syntax.
        """
        tokenizer = clip_tokenizer()
        segments = list(map(first_segment_of, prompts))
        syntax = segments[0].syntax
        read = [
            chunk_tokens(segment, tokenizer, self._embedding_tokens[syntax]) for segment in segments
        ]
        count = max(map(len, read))
        filled = [chunk for row in read for chunk in [*row, *[EMPTY_CHUNK] * (count - len(row))]]
        skip = max(0, clip_skip - 1) if self.supports_clip_skip else 0
        contexts: list[Tensor] = []
        pooled: Tensor | None = None
        for i, (network, options) in enumerate(self.encoders):
            tables = [embedding.vectors[i] for embedding in self.embeddings]
            inserted = torch.cat(tables) if tables else None
            options = replace(options, skip=options.skip + skip)
            vectors, first = self._encode(network, options, filled, inserted, syntax)
            contexts.append(vectors.reshape(len(prompts), count * vectors.shape[1], -1))
            if first is not None:
                pooled = first[::count]
        return Cond(torch.cat(contexts, dim=-1), pooled)

    def _encode(
        self,
        network: ClipTextEncoder,
        options: EncoderOptions,
        read: Sequence[Chunk],
        inserted: Tensor | None,
        syntax: str,
    ) -> tuple[Tensor, Tensor | None]:
        """[N, 77, dim] and, if it is used, the pooled vector [N, projection]."""
        like = network.final_layer_norm.weight
        device = like.device
        relative = SYNTAXES[syntax].grammar == COMFYUI and any(
            set(chunk.weights) - {1.0} for chunk in read
        )
        padded = [
            chunk.padded(options.pad) for chunk in (*read, *([EMPTY_CHUNK] if relative else []))
        ]
        tokens = torch.tensor([ids for ids, _ in padded], device=device)
        encoded = network(
            tokens,
            END,
            inserted=None if inserted is None else inserted.to(like),
            skip=options.skip,
            normalised=options.normalised,
            pooled=options.pooled,
        )
        vectors = encoded.vectors.float()
        strengths = torch.tensor([weights for _, weights in padded], device=device)
        pooled = None if encoded.pooled is None else encoded.pooled[: len(read)].float()
        if relative:
            return _interpolate_from_empty(vectors, strengths)[: len(read)], pooled
        weighted = vectors * strengths[:, :, None]
        before, after = (x.mean(dim=(1, 2), keepdim=True) for x in (vectors, weighted))
        even = (strengths == 1).all(dim=1)[:, None, None]
        return torch.where(even, vectors, weighted * (before / after)), pooled


def _interpolate_from_empty(vectors: Tensor, strengths: Tensor) -> Tensor:
    """vectors [N, 77, dim], of which the last row is the empty prompt; strengths [N, 77]."""
    empty, strengths = vectors[-1:], strengths[:, :, None]
    return torch.where(strengths == 1, vectors, empty + strengths * (vectors - empty))
