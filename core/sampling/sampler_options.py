"""What can be set about a sampler, where it takes it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True)
class Options:
    """The keywords of the functions that make samplers; None: what is customary there."""

    eta: float | None = None
    """How much of the noise of a step is fresh: 0 none, 1 as the process has it."""
    s_noise: float | None = None
    """Fresh noise is scaled by it."""
    churn: float | None = None
    """Noise put back before each step (Karras et al. 2022, S_churn)."""
    churn_lowest: float | None = None
    """Only above this sigma (S_tmin)."""
    churn_highest: float | None = None
    """Only below this sigma (S_tmax)."""
    order: int | None = None
    """How many evaluations a multistep solver looks back to."""

    RANGES: ClassVar[Mapping[str, tuple[float, float]]] = {
        "eta": (0.0, 1.0),
        "s_noise": (0.0, 2.0),
        "churn": (0.0, 100.0),
        "churn_lowest": (0.0, 1e6),
        "churn_highest": (0.0, 1e6),
        "order": (1, 4),
    }

    @property
    def given(self) -> dict[str, float | int]:
        return {name: value for name, value in vars(self).items() if value is not None}
