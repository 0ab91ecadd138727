"""The text and image encoders of CLIP (Radford et al. 2021) and of OpenCLIP (Ilharco et al. 2021).

Attribute names are those of the `text_model` and the `vision_model` of transformers' checkpoints,
which LoRA files use too; `families.key_names` translates OpenCLIP's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..errors import InvalidError
from .layers import zero_embedding


@dataclass(frozen=True)
class ClipConfig:
    vocabulary: int = 49_408
    positions: int = 77
    dim: int = 768
    layers: int = 12
    heads: int = 12
    feed_forward: int = 3072
    activation: Literal["quick_gelu", "gelu"] = "quick_gelu"
    """OpenAI's CLIP has an approximate GELU, OpenCLIP the exact one."""
    projection: int | None = None
    """Width of the pooled vector; None: there is none."""


@dataclass(frozen=True)
class ClipImageConfig:
    """The defaults are those of CLIP ViT-L/14."""

    patch: int = 14
    """The side of a patch in pixels; each patch becomes one vector."""
    side: int = 224
    """The side of its input images in pixels."""
    dim: int = 1024
    layers: int = 24
    heads: int = 16
    feed_forward: int = 4096
    activation: Literal["quick_gelu", "gelu"] = "quick_gelu"
    projection: int = 768
    """Width of the image embedding."""

    @property
    def rough(self) -> bool:
        """Whether it is OpenAI's, with its approximate GELU."""
        return self.activation == "quick_gelu"


@dataclass(frozen=True)
class Encoded:
    """The encoding of B sequences of N tokens."""

    vectors: Tensor
    """One for each token, [B, N, dim]."""
    pooled: Tensor | None
    """One for each sequence, [B, projection]."""


class Embeddings(nn.Module):
    def __init__(self, config: ClipConfig) -> None:
        super().__init__()
        self.token_embedding = zero_embedding(config.vocabulary, config.dim)
        self.position_embedding = zero_embedding(config.positions, config.dim)

    def forward(self, tokens: Tensor, inserted: Tensor | None = None) -> Tensor:
        vectors = self.token_embedding(tokens.clamp_min(0))
        if inserted is not None:
            rows = (-1 - tokens).clamp_min(0)
            vectors = torch.where((tokens < 0)[:, :, None], inserted[rows], vectors)
        return vectors + self.position_embedding.weight[: tokens.shape[1]]


class SelfAttention(nn.Module):
    """Each token of a text attends to itself and to the tokens before it, each patch of an image
    to all."""

    def __init__(self, config: ClipConfig | ClipImageConfig) -> None:
        super().__init__()
        self.heads = config.heads
        self.causal = isinstance(config, ClipConfig)
        self.q_proj = nn.Linear(config.dim, config.dim)
        self.k_proj = nn.Linear(config.dim, config.dim)
        self.v_proj = nn.Linear(config.dim, config.dim)
        self.out_proj = nn.Linear(config.dim, config.dim)

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = (
            layer(x).unflatten(-1, (self.heads, -1)).transpose(1, 2)
            for layer in (self.q_proj, self.k_proj, self.v_proj)
        )
        out = F.scaled_dot_product_attention(q, k, v, is_causal=self.causal)
        return self.out_proj(out.transpose(1, 2).flatten(2))


class Mlp(nn.Module):
    def __init__(self, config: ClipConfig | ClipImageConfig) -> None:
        super().__init__()
        self.quick = config.activation == "quick_gelu"
        self.fc1 = nn.Linear(config.dim, config.feed_forward)
        self.fc2 = nn.Linear(config.feed_forward, config.dim)

    def forward(self, x: Tensor) -> Tensor:
        x = self.fc1(x)
        x = x * torch.sigmoid(1.702 * x) if self.quick else F.gelu(x)
        return self.fc2(x)


class Layer(nn.Module):
    def __init__(self, config: ClipConfig | ClipImageConfig) -> None:
        super().__init__()
        self.layer_norm1 = nn.LayerNorm(config.dim)
        self.self_attn = SelfAttention(config)
        self.layer_norm2 = nn.LayerNorm(config.dim)
        self.mlp = Mlp(config)

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.self_attn(self.layer_norm1(x))
        return x + self.mlp(self.layer_norm2(x))


class Encoder(nn.Module):
    def __init__(self, config: ClipConfig | ClipImageConfig) -> None:
        super().__init__()
        self.layers = nn.ModuleList(Layer(config) for _ in range(config.layers))


class ClipTextEncoder(nn.Module):
    def __init__(self, config: ClipConfig) -> None:
        super().__init__()
        self.config = config
        self.embeddings = Embeddings(config)
        self.encoder = Encoder(config)
        self.final_layer_norm = nn.LayerNorm(config.dim)
        self.text_projection = (
            None
            if config.projection is None
            else nn.Linear(config.dim, config.projection, bias=False)
        )

    def forward(
        self,
        tokens: Tensor,
        end: int,
        *,
        inserted: Tensor | None = None,
        skip: int = 0,
        normalised: bool = True,
        pooled: bool = False,
    ) -> Encoded:
        """tokens [B, N], each row with the token `end`, N at most `config.positions`. Tokens below
        0 stand for rows of `inserted` [M, dim], -1 for the first.

        The vectors are the output before the last `skip` layers ("clip skip n" is n - 1 more than
        usual), through the final norm if `normalised`. The pooled vector comes from all layers, at
        the first `end`.
        """
        if pooled and self.text_projection is None:
            raise InvalidError("This text encoder has no projection to pool with.")
        x = vectors = self.embeddings(tokens, inserted)
        wanted = max(0, self.config.layers - skip)
        for done, layer in enumerate(self.encoder.layers):
            if done == wanted:
                vectors = x
                if not pooled:
                    break
            x = layer(x)
        if wanted == self.config.layers:
            vectors = x
        if normalised:
            vectors = self.final_layer_norm(vectors)
        if not pooled or self.text_projection is None:
            return Encoded(vectors, None)
        ends = (tokens == end).int().argmax(dim=1)
        last = x[torch.arange(len(x), device=x.device), ends]
        return Encoded(vectors, self.text_projection(self.final_layer_norm(last)))


class PatchEmbeddings(nn.Module):
    """An image as a sequence of vectors: the class embedding, then one for each patch."""

    def __init__(self, config: ClipImageConfig) -> None:
        super().__init__()
        count = (config.side // config.patch) ** 2
        self.class_embedding = nn.Parameter(torch.zeros(config.dim))
        self.patch_embedding = nn.Conv2d(
            3, config.dim, config.patch, stride=config.patch, bias=False
        )
        self.position_embedding = zero_embedding(1 + count, config.dim)

    def forward(self, images: Tensor) -> Tensor:
        patches = self.patch_embedding(images).flatten(2).transpose(1, 2)
        own = self.class_embedding.expand(len(images), 1, -1)
        return torch.cat([own, patches], dim=1) + self.position_embedding.weight


class ClipImageEncoder(nn.Module):
    def __init__(self, config: ClipImageConfig) -> None:
        super().__init__()
        self.config = config
        self.embeddings = PatchEmbeddings(config)
        self.pre_layrnorm = nn.LayerNorm(config.dim)  # spelt like this in the checkpoints
        self.encoder = Encoder(config)
        self.post_layernorm = nn.LayerNorm(config.dim)
        self.visual_projection = nn.Linear(config.dim, config.projection, bias=False)

    def forward(self, images: Tensor) -> Tensor:
        """[B, 3, side, side], normalised as for CLIP -> one vector for each image, [B,
        projection]."""
        x = self.pre_layrnorm(self.embeddings(images))
        for layer in self.encoder.layers:
            x = layer(x)
        return self.visual_projection(self.post_layernorm(x[:, 0]))
