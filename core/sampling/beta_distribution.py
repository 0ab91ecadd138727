"""Quantiles of the beta distribution, for the Beta schedule, in plain floats."""

from __future__ import annotations

import math

from ..errors import InvalidError

_MAX_TERMS = 200
_MAX_ITERATIONS = 50
_TINY = 1e-17


def beta_quantile(share: float, a: float, b: float) -> float:
    """The x in [0, 1] below which the beta distribution with shapes a and b has the mass `share`.

    Newton's method on the regularised incomplete beta function, on the side of the median where its
    power series converges fast. Raises ValueError unless `share` is in [0, 1] and both shapes are
    above 0. Source: DLMF 8.17.7 with 8.17.4.
    """
    if not (0.0 <= share <= 1.0 and a > 0.0 and b > 0.0):
        raise InvalidError(
            "The beta distribution has no quantile {share} for shapes {a}, {b}.",
            share=share,
            a=a,
            b=b,
        )
    if share > _lower_half(0.5, a, b):
        return 1.0 - _small_quantile(1.0 - share, b, a)
    return _small_quantile(share, a, b)


def _small_quantile(share: float, a: float, b: float) -> float:
    """The quantile where it is at most 1/2; in y = x^a the mass is nearly linear."""
    whole = math.gamma(a) * math.gamma(b) / math.gamma(a + b)
    y = min(share * a * whole, 0.5**a)
    for _ in range(_MAX_ITERATIONS):
        x = y ** (1 / a)
        slope = (1 - x) ** (b - 1) / (a * whole)
        step = (_lower_half(x, a, b) - share) / slope
        y = min(max(y - step, 0.0), 0.5**a)
        if abs(step) <= 1e-15 * y or y == 0.0:
            break
    return y ** (1 / a)


def _lower_half(x: float, a: float, b: float) -> float:
    """The mass below x <= 1/2: x^a times the sum of (1 - b)_k x^k / (k! (a + k))."""
    factor, total = 1.0, 1.0 / a
    for k in range(1, _MAX_TERMS):
        factor *= (k - b) * x / k
        total += factor / (a + k)
        if abs(factor) < _TINY * total:
            break
    return x**a * total * math.gamma(a + b) / (math.gamma(a) * math.gamma(b))
