"""Positions of tiles and headings in a grid, computed per day instead of per tile."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

GAP = 8
HEADING = 38
MARGIN = 12


@dataclass(frozen=True)
class Section:
    """The images of one day: `count` rows starting at `first`."""

    day: str
    first: int
    count: int


@dataclass(frozen=True)
class Box:
    """In pixels of the whole grid."""

    x: int
    y: int
    side: int


class SectionLayout:
    """Square tiles in as many columns as fit, below a heading for each section."""

    def __init__(self, sections: Sequence[Section], width: int, side: int) -> None:
        """`width` of the grid and minimum `side` of a tile in pixels."""
        self.sections = tuple(sections)
        room = max(width - 2 * MARGIN, side)
        self.columns = (room + GAP) // (side + GAP)
        # Tiles grow until they fill the width.
        self.side = (room + GAP) // self.columns - GAP
        self._step = self.side + GAP
        self._firsts = [section.first for section in self.sections]
        self._tops = [0]
        for section in self.sections:
            self._tops.append(self._tops[-1] + HEADING + self._lines(section) * self._step)

    @property
    def rows(self) -> int:
        return self.sections[-1].first + self.sections[-1].count if self.sections else 0

    @property
    def height(self) -> int:
        return self._tops[-1] + MARGIN

    def box(self, row: int) -> Box:
        """Raises IndexError for an invalid row."""
        if not 0 <= row < self.rows:
            raise IndexError(row)
        at = bisect_right(self._firsts, row) - 1
        line, column = divmod(row - self._firsts[at], self.columns)
        y = self._tops[at] + HEADING + line * self._step
        return Box(MARGIN + column * self._step, y, self.side)

    def row_at(self, x: int, y: int) -> int | None:
        """The tile under a point."""
        row = self._near(x, y)
        if row is None:
            return None
        box = self.box(row)
        inside = box.x <= x < box.x + box.side and box.y <= y < box.y + box.side
        return row if inside else None

    def rows_between(self, top: int, bottom: int) -> tuple[int, int]:
        """The first row that extends below `top`, and the one after the last above `bottom`."""
        return self._row_below(top), self._row_below(bottom + self._step)

    def headings_between(self, top: int, bottom: int) -> Iterator[tuple[Section, int]]:
        """The sections whose heading is visible, with its top."""
        at = max(0, bisect_right(self._tops, top) - 1)
        while at < len(self.sections) and self._tops[at] < bottom:
            if self._tops[at] + HEADING > top:
                yield self.sections[at], self._tops[at]
            at += 1

    def above(self, row: int) -> int:
        """The row above this one, if need be in the previous section; itself at the top."""
        at = bisect_right(self._firsts, row) - 1
        inside = row - self._firsts[at]
        if inside >= self.columns:
            return row - self.columns
        if at == 0:
            return row
        before = self.sections[at - 1]
        last_line = (before.count - 1) // self.columns * self.columns
        return before.first + min(before.count - 1, last_line + inside)

    def below(self, row: int) -> int:
        """The row below this one, if need be in the next section; itself at the bottom."""
        at = bisect_right(self._firsts, row) - 1
        section = self.sections[at]
        line, column = divmod(row - section.first, self.columns)
        if line < self._lines(section) - 1:
            return section.first + min(section.count - 1, (line + 1) * self.columns + column)
        if at + 1 == len(self.sections):
            return row
        after = self.sections[at + 1]
        return after.first + min(after.count - 1, column)

    def rows_in(self, x: int, y: int, right: int, bottom: int) -> list[tuple[int, int]]:
        """First and last row of each run of tiles that a rectangle touches."""
        found: list[tuple[int, int]] = []
        first, end = self.rows_between(y, bottom)
        for row in range(first, min(end, self.rows)):
            box = self.box(row)
            if box.x > right or box.x + box.side <= x or box.y > bottom or box.y + box.side <= y:
                continue
            if found and found[-1][1] == row - 1:
                found[-1] = (found[-1][0], row)
            else:
                found.append((row, row))
        return found

    def _near(self, x: int, y: int) -> int | None:
        at = bisect_right(self._tops, y) - 1
        if not 0 <= at < len(self.sections):
            return None
        section = self.sections[at]
        line = (y - self._tops[at] - HEADING) // self._step
        column = min(self.columns - 1, (x - MARGIN) // self._step) if x >= MARGIN else -1
        inside = line * self.columns + column
        if line < 0 or column < 0 or inside >= section.count:
            return None
        return section.first + inside

    def _row_below(self, y: int) -> int:
        """The first row of the first line whose lower edge is below `y`."""
        at = max(0, bisect_right(self._tops, y) - 1)
        if at >= len(self.sections):
            return self.rows
        section = self.sections[at]
        line = max(0, (y - self._tops[at] - HEADING) // self._step)
        return min(section.first + section.count, section.first + line * self.columns)

    def _lines(self, section: Section) -> int:
        return -(-section.count // self.columns)


def sections_of(days: Sequence[tuple[str, int]]) -> tuple[Section, ...]:
    """Consecutive sections from days and their number of images."""
    ends = [0]
    for _, count in days:
        ends.append(ends[-1] + count)
    return tuple(
        Section(day, first, after - first)
        for (day, _), (first, after) in zip(days, pairwise(ends), strict=True)
    )
