"""Decoding in overlapping tiles, for latents too large to decode at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from torch import Tensor


def decode_tiled(
    decode: Callable[[Tensor], Tensor], latent: Tensor, *, tile: int, reach: int, factor: int
) -> Tensor:
    """The same picture as `decode(latent)`, with memory for one tile at a time.

    latent [B, C, h, w]; `tile` is the side of a tile in latent cells; `reach` how many cells
    beyond its own a decoded pixel depends on, so each tile is decoded with that much around it;
    `factor` pixels per cell.
    """
    height, width = latent.shape[-2:]
    rows: list[Tensor] = []
    for top, bottom, above, below in _spans(height, tile, reach):
        row: list[Tensor] = []
        for left, right, before, after in _spans(width, tile, reach):
            part = decode(latent[:, :, above:below, before:after])
            y, x = (top - above) * factor, (left - before) * factor
            row.append(part[:, :, y : y + (bottom - top) * factor, x : x + (right - left) * factor])
        rows.append(torch.cat(row, dim=-1))
    return torch.cat(rows, dim=-2)


def _spans(length: int, tile: int, reach: int) -> Iterator[tuple[int, int, int, int]]:
    """(start, end) of each tile and (from, to) of what is decoded for it."""
    for start in range(0, length, tile):
        end = min(start + tile, length)
        yield start, end, max(0, start - reach), min(length, end + reach)
