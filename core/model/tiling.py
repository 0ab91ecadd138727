"""Overlapping tiles, for images too large to encode, decode or denoise at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from torch import Tensor


def decode_tiled(
    decode: Callable[[Tensor], Tensor], latent: Tensor, *, tile: int, reach: int, factor: int
) -> Tensor:
    """The same image as `decode(latent)`, with memory for one tile at a time.

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


def encode_tiled(
    encode: Callable[[Tensor], Tensor], image: Tensor, *, tile: int, reach: int, factor: int
) -> Tensor:
    """The same latent as `encode(image)`, with memory for one tile at a time.

    image [B, 3, H, W]; `tile` and `reach` in latent cells, as in `decode_tiled`.
    """
    height, width = (side // factor for side in image.shape[-2:])
    rows: list[Tensor] = []
    for top, bottom, above, below in _spans(height, tile, reach):
        row: list[Tensor] = []
        for left, right, before, after in _spans(width, tile, reach):
            area = image[:, :, above * factor : below * factor, before * factor : after * factor]
            y, x = top - above, left - before
            row.append(encode(area)[:, :, y : y + bottom - top, x : x + right - left])
        rows.append(torch.cat(row, dim=-1))
    return torch.cat(rows, dim=-2)


def blended(
    function: Callable[[Tensor], Tensor], x: Tensor, *, tile: int, overlap: int, factor: int = 1
) -> Tensor:
    """`function` of every tile of x [B, C, h, w]; overlapping results are blended."""
    return blended_at(
        lambda part, _rows, _columns: function(part), x, tile=tile, overlap=overlap, factor=factor
    )


def blended_at(
    function: Callable[[Tensor, slice, slice], Tensor],
    x: Tensor,
    *,
    tile: int,
    overlap: int,
    factor: int = 1,
) -> Tensor:
    """Like `blended`, for a function that also takes the rows and the columns of the tile in x.

    Tiles are `tile` cells square, or as large as x, and overlap by at least `overlap`; what
    `function` gives is `factor` times as large as what it takes. Source: Bar-Tal et al. 2023,
    "MultiDiffusion", equation 5 with weights that fall towards the edges.
    """
    height, width = x.shape[-2:]
    rows, columns = min(tile, height), min(tile, width)
    total: Tensor | None = None
    weights = x.new_zeros(height * factor, width * factor)
    fades = [_fade(length * factor, overlap * factor) for length in (rows, columns)]
    fade = (fades[0][:, None] * fades[1][None, :]).to(x)
    for top in _starts(height, rows, overlap):
        for left in _starts(width, columns, overlap):
            area = slice(top, top + rows), slice(left, left + columns)
            part = function(x[:, :, area[0], area[1]], *area)
            if total is None:
                total = part.new_zeros(*part.shape[:2], *weights.shape)
            down, across = (
                slice(a * factor, (a + n) * factor) for a, n in ((top, rows), (left, columns))
            )
            total[:, :, down, across] += part * fade
            weights[down, across] += fade
    assert total is not None
    return total / weights


def _starts(length: int, tile: int, overlap: int) -> list[int]:
    """Where tiles begin that cover `length` evenly, the last one ending with it."""
    if length <= tile:
        return [0]
    count = 1 - -(length - tile) // (tile - overlap)
    return [round(i * (length - tile) / (count - 1)) for i in range(count)]


def _fade(length: int, overlap: int) -> Tensor:
    """1 in the middle, falling towards both ends over the overlap, above 0."""
    at = torch.arange(length)
    nearest = torch.minimum(at, length - 1 - at) + 1
    return (nearest / (overlap + 1)).clamp(max=1)


def _spans(length: int, tile: int, reach: int) -> Iterator[tuple[int, int, int, int]]:
    """(start, end) of each tile, and (from, to) of the part that is computed for it."""
    for start in range(0, length, tile):
        end = min(start + tile, length)
        yield start, end, max(0, start - reach), min(length, end + reach)
