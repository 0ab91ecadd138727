"""Undo for the mask: a command holds the tiles it changed, before and after, compressed."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from PySide6.QtGui import QUndoCommand

from ldm_studio.canvas.mask import Mask, TileIndex

UNDO_LIMIT = 200  # commands; a usual one takes a few kilobytes

Tiles = Mapping[TileIndex, bytes]  # compressed pixels of some tiles


@dataclass(frozen=True, slots=True)
class Change:
    """What one command did to the mask."""

    before: Tiles
    after: Tiles

    @classmethod
    def between(cls, before: Mapping[TileIndex, np.ndarray], mask: Mask) -> Change:
        """The tiles that differ from what `before` remembers; the others are dropped."""
        changed = {i: tile for i, tile in before.items() if not np.array_equal(tile, mask.tile(i))}
        return cls(
            before={index: _pack(tile) for index, tile in changed.items()},
            after={index: _pack(mask.tile(index)) for index in changed},
        )

    @property
    def nbytes(self) -> int:
        return sum(map(len, (*self.before.values(), *self.after.values())))


def unpack(tiles: Tiles, mask: Mask) -> None:
    """Write tiles back into the mask they came from."""
    for index, packed in tiles.items():
        target = mask.tile(index)
        target[...] = np.frombuffer(zlib.decompress(packed), np.uint8).reshape(target.shape)


class MaskCommand(QUndoCommand):
    """A change that has been made already; `restore` puts a set of tiles back."""

    def __init__(self, text: str, change: Change, restore: Callable[[Tiles], None]) -> None:
        super().__init__(text)
        self.change = change
        self._restore = restore
        self._done = True  # QUndoStack.push calls redo, for what the hand has drawn

    def undo(self) -> None:
        self._restore(self.change.before)

    def redo(self) -> None:
        if self._done:
            self._done = False
            return
        self._restore(self.change.after)


def _pack(tile: np.ndarray) -> bytes:
    return zlib.compress(tile.tobytes(), 1)
