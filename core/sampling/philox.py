"""Philox, the counter-based random number generator of CUDA, on the CPU.

Source: Salmon et al. 2011, "Parallel Random Numbers: As Easy as 1, 2, 3".
"""

from __future__ import annotations

import numpy as np

_MULTIPLIERS = np.uint64(0xD2511F53), np.uint64(0xCD9E8D57)
_INCREMENTS = 0x9E3779B9, 0xBB67AE85  # the golden ratio, and the square root of 3 less 1
_WORD = 0xFFFF_FFFF
_ROUNDS = 10


def philox4x32(counters: np.ndarray, seed: int) -> np.ndarray:
    """Philox 4x32-10: uint32 [4, n] counters to as many random words, bit for bit.

    The key is `seed`, of 64 bits, its lower word first.
    """
    a, b, c, d = (counter.astype(np.uint64) for counter in counters)
    key = [seed & _WORD, seed >> 32 & _WORD]
    low, shift = np.uint64(_WORD), np.uint64(32)
    for _ in range(_ROUNDS):
        first, second = a * _MULTIPLIERS[0], c * _MULTIPLIERS[1]
        a = second >> shift ^ b ^ np.uint64(key[0])
        c = first >> shift ^ d ^ np.uint64(key[1])
        b, d = second & low, first & low
        key = [(k + more) & _WORD for k, more in zip(key, _INCREMENTS, strict=True)]
    return np.stack([a, b, c, d]).astype(np.uint32)


_UNIT = np.float64(np.float32(2.3283064e-10))  # 2^-32, as cuRAND writes it
_TURN = np.float64(np.float32(2.3283064e-10 * 6.2831855))


def cuda_normal(seed: int, count: int, offset: int = 0) -> np.ndarray:
    """float32 [count]: what `torch.randn` draws on CUDA after `offset` earlier calls.

    Element i is the first number of subsequence i, which holds while every element has its own
    thread: up to 71 680 or more elements, depending on the GPU. The words are cuRAND's exactly; the
    Box-Muller transform is computed in float64 and rounded, so the GPU's own sine and logarithm can
    differ in the last digits. Source: cuRAND's curand_normal.h; PyTorch's kernels.
    """
    index = np.arange(count, dtype=np.uint64)
    counters = np.zeros((4, count), np.uint32)
    counters[0] = offset & _WORD
    counters[2] = (index & np.uint64(_WORD)).astype(np.uint32)
    counters[3] = (index >> np.uint64(32)).astype(np.uint32)
    words = philox4x32(counters, seed)[:2].astype(np.float64)
    radius = np.sqrt(-2 * np.log(words[0] * _UNIT + _UNIT / 2))
    return (radius * np.sin(words[1] * _TURN + _TURN / 2)).astype(np.float32)
