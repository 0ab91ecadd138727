"""The image on the canvas, and its undo steps."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from core.errors import InvalidError

from .undo import Packed


@dataclass(frozen=True, eq=False, slots=True)
class CanvasImage:
    """`rgb` uint8 [H, W, 3], on white; `alpha` uint8 [H, W], None if it is opaque. Read only."""

    rgb: np.ndarray
    alpha: np.ndarray | None = None

    @classmethod
    def of(cls, rgb: np.ndarray, alpha: np.ndarray | None) -> CanvasImage:
        """An immutable copy. Raises ValueError for other arrays."""
        if rgb.dtype != np.uint8 or rgb.ndim != 3 or rgb.shape[2] != 3 or not rgb.size:
            raise InvalidError(
                "expected uint8 [H, W, 3], got {dtype} {shape}",
                dtype=rgb.dtype,
                shape=list(rgb.shape),
            )
        if alpha is not None and (alpha.dtype != np.uint8 or alpha.shape != rgb.shape[:2]):
            raise InvalidError(
                "alpha must be uint8 {expected}, got {shape}",
                expected=list(rgb.shape[:2]),
                shape=list(alpha.shape),
            )
        if alpha is not None and int(alpha.min()) == 255:
            alpha = None
        return cls(_frozen(rgb), None if alpha is None else _frozen(alpha))

    @property
    def size(self) -> tuple[int, int]:
        """Width and height."""
        return self.rgb.shape[1], self.rgb.shape[0]

    def equals(self, other: CanvasImage) -> bool:
        """Whether every pixel is the same."""
        if self.alpha is None or other.alpha is None:
            same = self.alpha is other.alpha
        else:
            same = np.array_equal(self.alpha, other.alpha)
        return same and np.array_equal(self.rgb, other.rgb)


def _frozen(pixels: np.ndarray) -> np.ndarray:
    pixels = pixels.copy()
    pixels.setflags(write=False)
    return pixels


class RedrawStep:
    """An image that replaced one of the same size: stores the difference, which is small if only a
    part changed.
    """

    def __init__(
        self,
        before: CanvasImage,
        after: CanvasImage,
        current: Callable[[], CanvasImage],
        show: Callable[[CanvasImage], None],
    ) -> None:
        """Raises ValueError unless both have the same size."""
        if before.size != after.size:
            raise InvalidError(
                "images of {first} and {second} cannot be compared",
                first=before.size,
                second=after.size,
            )
        self._rgb = Packed(before.rgb ^ after.rgb)
        self._alpha = None
        if before.alpha is not None or after.alpha is not None:
            self._alpha = Packed(_alpha(before) ^ _alpha(after))
        self._current, self._show = current, show

    @property
    def nbytes(self) -> int:
        return self._rgb.nbytes + (self._alpha.nbytes if self._alpha else 0)

    def pack(self) -> None:
        self._rgb.pack()
        if self._alpha:
            self._alpha.pack()

    def flip(self) -> None:
        now = self._current()
        alpha = _alpha(now) ^ self._alpha.pixels() if self._alpha else None
        self._show(CanvasImage.of(now.rgb ^ self._rgb.pixels(), alpha))


def _alpha(image: CanvasImage) -> np.ndarray:
    if image.alpha is None:
        return np.full(image.rgb.shape[:2], 255, np.uint8)
    return image.alpha


class ReplaceStep:
    """An image that replaced one of another size, with both masks."""

    def __init__(
        self,
        before: tuple[CanvasImage, np.ndarray],
        after: tuple[CanvasImage, np.ndarray],
        show: Callable[[CanvasImage, np.ndarray], None],
    ) -> None:
        self._sides = _PackedSide(*before), _PackedSide(*after)
        self._show = show
        self._undone = False

    @property
    def nbytes(self) -> int:
        return sum(side.nbytes for side in self._sides)

    def pack(self) -> None:
        for side in self._sides:
            side.pack()

    def flip(self) -> None:
        self._undone = not self._undone
        self._show(*self._sides[0 if self._undone else 1].unpack())


class _PackedSide:
    def __init__(self, image: CanvasImage, mask: np.ndarray) -> None:
        self._rgb, self._mask = Packed(image.rgb), Packed(mask)
        self._alpha = None if image.alpha is None else Packed(image.alpha)

    @property
    def _parts(self) -> list[Packed]:
        return [part for part in (self._rgb, self._alpha, self._mask) if part]

    @property
    def nbytes(self) -> int:
        return sum(part.nbytes for part in self._parts)

    def pack(self) -> None:
        for part in self._parts:
            part.pack()

    def unpack(self) -> tuple[CanvasImage, np.ndarray]:
        alpha = self._alpha.pixels() if self._alpha else None
        return CanvasImage.of(self._rgb.pixels(), alpha), self._mask.pixels()
