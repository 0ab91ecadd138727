"""Undo with differences: tiles XORed with their new contents, compressed.

One set of differences works in both directions. They are compressed in the background, so ending a
stroke only costs the comparison.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from typing import Protocol

import numpy as np
from PySide6.QtCore import QObject, QSignalBlocker
from PySide6.QtGui import QUndoCommand, QUndoStack

from ldm_studio.threads.background import Background

from .undo_tiles import Difference, Differences, TileIndex

UNDO_BYTES = 256 << 20  # what all commands together may take
DROP_TO = 0.75  # of the budget, when it is exceeded: dropping in bulk is cheaper than one by one
COMMAND_BYTES = 1 << 10  # about what a command takes besides its pixels
SMALL = 80 << 10  # bytes that are compressed at once: sooner than another thread is woken
LEVEL = 1  # of zlib: quick, and masks are simple


class Packed:
    """An array that is compressed once `pack` has run, possibly in another thread."""

    __slots__ = ("_data", "_dtype", "_raw", "_shape")

    def __init__(self, pixels: np.ndarray) -> None:
        self._raw: np.ndarray | None = pixels
        self._data = b""
        self._shape, self._dtype = pixels.shape, pixels.dtype

    def pack(self) -> None:
        if (raw := self._raw) is not None:
            self._data = zlib.compress(np.ascontiguousarray(raw).data, LEVEL)
            self._raw = None  # last, so that concurrent readers find one or the other

    def pixels(self) -> np.ndarray:
        """Read only."""
        raw = self._raw
        if raw is not None:
            return raw
        return np.frombuffer(zlib.decompress(self._data), self._dtype).reshape(self._shape)

    @property
    def nbytes(self) -> int:
        raw = self._raw
        return len(self._data) if raw is None else raw.nbytes


class PackedTiles:
    """Compressed differences; an even tile takes no more than its value."""

    def __init__(self, differences: Differences) -> None:
        self._tiles: dict[TileIndex, Packed | int] = {
            index: change if isinstance(change, int) else Packed(change)
            for index, change in differences.items()
        }

    def pack(self) -> None:
        for tile in self._tiles.values():
            if isinstance(tile, Packed):
                tile.pack()

    def unpack(self) -> dict[TileIndex, Difference]:
        return {
            index: tile if isinstance(tile, int) else tile.pixels()
            for index, tile in self._tiles.items()
        }

    @property
    def indices(self) -> set[TileIndex]:
        return set(self._tiles)

    @property
    def nbytes(self) -> int:
        return sum(8 if isinstance(tile, int) else tile.nbytes for tile in self._tiles.values())


class Step(Protocol):
    """A change. `flip` reverts it, or applies it again."""

    @property
    def nbytes(self) -> int: ...
    def pack(self) -> None: ...
    def flip(self) -> None: ...


class MaskStep:
    """Changed tiles of the mask."""

    def __init__(self, changes: Differences, apply: Callable[[Differences], None]) -> None:
        self.tiles = PackedTiles(changes)
        self._apply = apply

    @property
    def nbytes(self) -> int:
        return self.tiles.nbytes

    def pack(self) -> None:
        self.tiles.pack()

    def flip(self) -> None:
        self._apply(self.tiles.unpack())


class UndoCommand(QUndoCommand):
    """A step on Qt's undo stack."""

    def __init__(self, text: str, step: Step) -> None:
        super().__init__(text)
        self.step = step
        self._done = True  # QUndoStack.push calls redo, although the change is already made

    def undo(self) -> None:
        self.step.flip()

    def redo(self) -> None:
        if self._done:
            self._done = False
        else:
            self.step.flip()


class UndoHistory(QObject):
    """The undo stack, kept within a memory budget by dropping the oldest steps."""

    def __init__(
        self, background: Background, parent: QObject | None = None, *, budget: int = UNDO_BYTES
    ) -> None:
        super().__init__(parent)
        self.stack = QUndoStack(self)
        self._background, self._budget = background, budget
        self._bound = 0  # at least what all commands take: steps only shrink

    def push(self, text: str, step: Step) -> None:
        """Adds a step that has been done. The newest step is kept even if it exceeds the budget."""
        size = step.nbytes + COMMAND_BYTES
        if self._bound + size > self._budget:
            self._bound = self._drop_oldest(self._budget - size)
        self._bound += size
        self.stack.push(UndoCommand(text, step))
        if size <= SMALL:
            step.pack()
        else:
            self._background.run(step.pack)

    @property
    def nbytes(self) -> int:
        return sum(_size(command) for command in self._commands(self.stack.count()))

    def _commands(self, count: int) -> list[UndoCommand]:
        commands = (self.stack.command(i) for i in range(count))
        return [command for command in commands if isinstance(command, UndoCommand)]

    def _drop_oldest(self, room: int) -> int:
        """Drops steps that exceed the budget; returns the size of the rest. QUndoStack cannot drop
        its oldest commands, so it is filled again.
        """
        commands = self._commands(self.stack.index())  # undone ones are about to be dropped anyway
        total = sum(map(_size, commands))
        if total <= room:
            return total
        first, wanted = 0, room * DROP_TO
        while first < len(commands) and total > wanted:
            total -= _size(commands[first])
            first += 1
        kept = [(command.text(), command.step) for command in commands[first:]]
        with QSignalBlocker(self.stack):  # the push that follows tells
            self.stack.clear()
            for text, step in kept:
                self.stack.push(UndoCommand(text, step))
        return total


def _size(command: UndoCommand) -> int:
    return command.step.nbytes + COMMAND_BYTES
