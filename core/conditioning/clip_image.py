"""From an image to what models of unCLIP are conditioned on.

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
"""Of what CLIP was trained on, red, green and blue in [0, 1]."""


@dataclass(frozen=True)
class ImageConditioner:
    """Images -> CLIP's vectors, with some noise, and how much that is."""

    network: ClipImageEncoder
    statistics: tuple[Tensor, Tensor] | None = None
    """The mean and the standard deviation of the vectors of many images, [projection] each; None:
    0 and 1, as the model of OpenCLIP's encoder has them."""

    @property
    def lacks_statistics(self) -> bool:
        """Whether the model was trained with others than are known: those of OpenAI's encoder are
        not in the file that was published, but in the folder."""
        return self.statistics is None and self.network.config.rough

    @property
    def width(self) -> int:
        """Of the vector that `noised` gives."""
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
        """[1, projection] and unit noise like it -> [1, 2 projection]: with noise of the level, in
        [0, 999], in the scaling that preserves the variance, and the sinusoids of that level."""
        sigma = cosine().sigma(float(level))
        mean, std = self.statistics or (torch.zeros(1), torch.ones(1))
        mean, std = mean.to(vector), std.to(vector)
        noisy = ((vector - mean) / std + sigma * unit.to(vector)) * (1 + sigma**2) ** -0.5
        told = timestep_embedding(torch.tensor([level], device=vector.device), vector.shape[1])
        return torch.cat([noisy * std + mean, told], dim=1)
