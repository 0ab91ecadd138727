"""Options of the tools."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from core.images.mask_morphology import RADIUS_MAX
from ldm_studio.canvas.document.brush import Brush

SIZE_MAX = 1000  # diameter in image pixels
STEP = 10  # percent, for the keys that change hardness and flow


@dataclass(frozen=True, slots=True)
class ToolOptions:
    """Numbers out of range are clamped."""

    size: int = 24
    """Diameter of the brush in image pixels, 1 to SIZE_MAX."""
    hardness: int = 80
    """Percent: 0 fades from the centre, 100 has a crisp edge."""
    flow: int = 100
    """Percent, from 1: how much one dab masks; below 100, dabs build up."""
    pressure_size: bool = True
    """Pen pressure widens the brush."""
    pressure_flow: bool = False
    """Pen pressure increases the flow."""
    tolerance: int = 12
    """Percent: how much colours may differ from the clicked one."""
    connected: bool = True
    """Fill only the contiguous area."""
    radial: bool = False
    """A radial instead of a linear gradient."""
    radius: int = 8
    """Of growing, shrinking and feathering, in image pixels, 1 to RADIUS_MAX."""
    subtract: bool = False
    """Areas are subtracted from the mask instead of added."""

    def __post_init__(self) -> None:
        for name, (low, high) in _LIMITS.items():
            object.__setattr__(self, name, min(max(getattr(self, name), low), high))

    def brush(self, *, erase: bool) -> Brush:
        return Brush(
            radius=self.size / 2,
            hardness=self.hardness / 100,
            flow=self.flow / 100,
            erase=erase,
            pressure_size=self.pressure_size,
            pressure_flow=self.pressure_flow,
        )

    @classmethod
    def restored(cls, data: Mapping[str, Any]) -> ToolOptions:
        """From the result of `dataclasses.asdict`; missing or invalid values get their defaults."""
        known = {f.name: data[f.name] for f in fields(cls) if f.name in data}
        return cls(**{n: v for n, v in known.items() if type(v) is type(getattr(cls(), n))})


_LIMITS = {
    "size": (1, SIZE_MAX),
    "hardness": (0, 100),
    "flow": (1, 100),
    "tolerance": (0, 100),
    "radius": (1, RADIUS_MAX),
}
