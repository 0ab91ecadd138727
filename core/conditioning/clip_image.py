"""Image conditioning of unCLIP models.

Source: Ramesh et al. 2022, "Hierarchical Text-Conditional Image Generation with CLIP Latents", and
the published models of Stable Diffusion 2.1 unCLIP, which leave out the prior.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ..networks.clip import ClipImageEncoder
from ..networks.layers import timestep_embedding
from ..sampling.model_schedule import cosine

PIXEL_MEAN = (0.48145466, 0.4578275, 0.40821073)
PIXEL_STD = (0.26862954, 0.26130258, 0.27577711)
"""The standard deviation of CLIP's training images: red, green and blue in [0, 1]."""


@dataclass(frozen=True)
class ImageConditioner:
    """Image -> CLIP's image embedding, with noise and the sinusoids of its level."""

    network: ClipImageEncoder
    statistics: tuple[Tensor, Tensor] | None = None
    """The mean and the standard deviation of the embeddings of many images, [projection] each;
    None: 0 and 1, as in the model with OpenCLIP's encoder."""

    @property
    def lacks_statistics(self) -> bool:
        """Whether the model was trained with statistics that are unknown: the published file
        with OpenAI's encoder lacks them, the folder has them."""
        return self.statistics is None and self.network.config.rough

    @property
    def width(self) -> int:
        """Width of the vector that `noised` returns."""
        return 2 * self.network.config.projection

    @torch.no_grad()
    def __call__(self, image: np.ndarray) -> Tensor:
        """[1, projection] of uint8 [side, side, 3], as `clip_center_crop` returns it."""
        like = self.network.post_layernorm.weight
        pixels = torch.as_tensor(image).to(like.device).permute(2, 0, 1)[None].float() / 255
        mean, std = (
            torch.tensor(values, device=like.device)[:, None, None]
            for values in (PIXEL_MEAN, PIXEL_STD)
        )
        return self.network(((pixels - mean) / std).to(like.dtype)).float()

    def noised(self, vector: Tensor, level: int, unit: Tensor) -> Tensor:
        """Adds noise to an embedding: [1, projection] and unit noise of that shape -> [1, 2
        projection].

        `level` is in [0, 999]; the scaling preserves the variance, and the sinusoids of the level
        are appended.
        """
        sigma = cosine().sigma(float(level))
        mean, std = self.statistics or (torch.zeros(1), torch.ones(1))
        mean, std = mean.to(vector), std.to(vector)
        noisy = ((vector - mean) / std + sigma * unit.to(vector)) * (1 + sigma**2) ** -0.5
        level_embedding = timestep_embedding(
            torch.tensor([level], device=vector.device), vector.shape[1]
        )
        return torch.cat([noisy * std + mean, level_embedding], dim=1)
