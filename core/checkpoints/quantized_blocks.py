"""Dequantizes ggml's block formats to float32.

Each block holds one or two scales and small integers. The K formats hold 256 numbers in 8 or 16
parts with their own scales, which are packed too. Source: the block layouts of ggml (Gerganov et
al.), as its documentation and reference implementation define them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

Dequantize = Callable[[Tensor], Tensor]
"""Bytes of blocks, uint8 [n, size] -> their numbers, float32 [n, count]."""
CHUNK_BLOCKS = 2**15
"""Blocks that are dequantized at once."""


@dataclass(frozen=True)
class BlockFormat:
    """A block format."""

    name: str
    count: int
    """Numbers in a block."""
    size: int
    """Bytes of a block."""
    dequantize: Dequantize
    scales: tuple[int, ...]
    """Where in a block its float16 scales are, in bytes."""
    most: int
    """No number is larger than the largest scale times this."""


def dequantize(data: Tensor, block_format: BlockFormat, shape: tuple[int, ...]) -> Tensor:
    """uint8 [bytes] -> float32 of that shape. Works in chunks, because dequantizing takes several
    times the memory of the result.
    """
    packed = data.reshape(-1, block_format.size)
    numbers = torch.empty(len(packed), block_format.count, device=data.device)
    for start in range(0, len(packed), CHUNK_BLOCKS):
        numbers[start : start + CHUNK_BLOCKS] = block_format.dequantize(
            packed[start : start + CHUNK_BLOCKS]
        )
    return numbers.reshape(shape)


def magnitude_bound(data: Tensor, block_format: BlockFormat) -> float:
    """A number that no magnitude in these blocks exceeds; not finite if a scale is not."""
    blocks = data.reshape(-1, block_format.size)
    scales = torch.cat([_float16s(blocks, at) for at in block_format.scales])
    return float(scales.abs().max()) * block_format.most


def _float16s(data: Tensor, at: int) -> Tensor:
    """The float16 at byte `at` of each block: float32 [n, 1]."""
    return data[:, at : at + 2].contiguous().view(torch.float16).float()


def _nibbles(data: Tensor) -> Tensor:
    """The low four bits of all bytes, then the high four: [n, 2 bytes]."""
    return torch.cat([data & 15, data >> 4], dim=-1)


def _shifted(data: Tensor, bits: int) -> Tensor:
    """Bytes [n, b] split into fields of `bits` bits, the lowest of all bytes first: [n, 8/bits,
    b].
    """
    shifts = torch.arange(0, 8, bits, dtype=torch.uint8, device=data.device)
    return (data[:, None, :] >> shifts[:, None]) & (2**bits - 1)


def _fifth_bits(data: Tensor) -> Tensor:
    """The 32 bits of 4 bytes, the lowest first: [n, 32]."""
    shifts = torch.arange(8, dtype=torch.uint8, device=data.device)
    return ((data[:, :, None] >> shifts) & 1).flatten(1)


def _q4_0(data: Tensor) -> Tensor:
    return (_nibbles(data[:, 2:]).float() - 8) * _float16s(data, 0)


def _q4_1(data: Tensor) -> Tensor:
    return _nibbles(data[:, 4:]).float() * _float16s(data, 0) + _float16s(data, 2)


def _q5_0(data: Tensor) -> Tensor:
    numbers = _nibbles(data[:, 6:]) + 16 * _fifth_bits(data[:, 2:6])
    return (numbers.float() - 16) * _float16s(data, 0)


def _q5_1(data: Tensor) -> Tensor:
    numbers = _nibbles(data[:, 8:]) + 16 * _fifth_bits(data[:, 4:8])
    return numbers.float() * _float16s(data, 0) + _float16s(data, 2)


def _q8_0(data: Tensor) -> Tensor:
    return data[:, 2:].contiguous().view(torch.int8).float() * _float16s(data, 0)


def _scale_parts(numbers: Tensor, scales: Tensor, mins: Tensor | None = None) -> Tensor:
    """[n, 256] times the scales of its parts [n, p], minus their mins."""
    parts = numbers.float().reshape(len(numbers), scales.shape[1], -1) * scales[:, :, None]
    return (parts if mins is None else parts - mins[:, :, None]).flatten(1)


def _q2_k(data: Tensor) -> Tensor:
    scales, scale, min_scale = data[:, :16], _float16s(data, 80), _float16s(data, 82)
    numbers = torch.cat([_shifted(data[:, at : at + 32], 2).flatten(1) for at in (16, 48)], dim=1)
    return _scale_parts(numbers, scale * (scales & 15).float(), min_scale * (scales >> 4).float())


def _q3_k(data: Tensor) -> Tensor:
    high = _shifted(data[:, :32], 1).flatten(1)  # [n, 256]
    low = torch.cat([_shifted(data[:, at : at + 32], 2).flatten(1) for at in (32, 64)], dim=1)
    packed = data[:, 96:108]
    scales = _nibbles(packed[:, :8]) | (_shifted(packed[:, 8:], 2).flatten(1) << 4)
    numbers = low.float() - 4 * (1 - high.float())
    return _scale_parts(numbers, _float16s(data, 108) * (scales.float() - 32))


def _scales_and_mins(packed: Tensor) -> tuple[Tensor, Tensor]:
    """8 scales and 8 mins of 6 bits each, packed in 12 bytes."""
    first, second, rest = packed[:, :4], packed[:, 4:8], packed[:, 8:]
    scales = torch.cat([first & 63, (rest & 15) | ((first >> 6) << 4)], dim=1)
    mins = torch.cat([second & 63, (rest >> 4) | ((second >> 6) << 4)], dim=1)
    return scales.float(), mins.float()


def _in_32s(data: Tensor) -> Tensor:
    """The nibbles of 128 bytes: for every 32 bytes the low ones, then the high ones."""
    return _nibbles(data.reshape(len(data), 4, 32)).flatten(1)


def _q4_k(data: Tensor) -> Tensor:
    scales, mins = _scales_and_mins(data[:, 4:16])
    return _scale_parts(
        _in_32s(data[:, 16:]), _float16s(data, 0) * scales, _float16s(data, 2) * mins
    )


def _q5_k(data: Tensor) -> Tensor:
    scales, mins = _scales_and_mins(data[:, 4:16])
    numbers = _in_32s(data[:, 48:]) + 16 * _shifted(data[:, 16:48], 1).flatten(1)
    return _scale_parts(numbers, _float16s(data, 0) * scales, _float16s(data, 2) * mins)


def _q6_k(data: Tensor) -> Tensor:
    halves: list[Tensor] = []
    for half in range(2):
        low = _nibbles(data[:, 64 * half : 64 * half + 64])
        high = _shifted(data[:, 128 + 32 * half : 160 + 32 * half], 2).flatten(1)
        halves.append(low | (high << 4))
    scales = data[:, 192:208].contiguous().view(torch.int8).float()
    return _scale_parts(torch.cat(halves, dim=1).float() - 32, _float16s(data, 208) * scales)


BLOCKS: Mapping[int, BlockFormat] = {
    2: BlockFormat("Q4_0", 32, 18, _q4_0, (0,), 8),
    3: BlockFormat("Q4_1", 32, 20, _q4_1, (0, 2), 16),
    6: BlockFormat("Q5_0", 32, 22, _q5_0, (0,), 16),
    7: BlockFormat("Q5_1", 32, 24, _q5_1, (0, 2), 32),
    8: BlockFormat("Q8_0", 32, 34, _q8_0, (0,), 128),
    10: BlockFormat("Q2_K", 256, 84, _q2_k, (80, 82), 60),
    11: BlockFormat("Q3_K", 256, 110, _q3_k, (108,), 128),
    12: BlockFormat("Q4_K", 256, 144, _q4_k, (0, 2), 1008),
    13: BlockFormat("Q5_K", 256, 176, _q5_k, (0, 2), 2016),
    14: BlockFormat("Q6_K", 256, 210, _q6_k, (208,), 4096),
}
"""By ggml's type number."""
