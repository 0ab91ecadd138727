"""Reads the history: pages of images newest first, counts, details of one image.

A Reader belongs to one thread. It sees what is committed when it is called, and never waits for the
writer (SQLite's write-ahead log).
"""

from __future__ import annotations

import json
import sqlite3
from array import array
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from core.errors import Message

from .database_schema import State, connect_for_reading, error_text
from .database_watch import identity
from .image_reader import Stamp
from .index_rows import folder_range, mark_of
from .kept_steps import KeptSteps
from .query_language import Name, Query
from .query_sql import Sql, collections_named, sql
from .results import (
    CollectionInfo,
    Count,
    Cursor,
    Details,
    Facets,
    KnownFile,
    ListedImage,
    Order,
    Page,
    Relation,
)
from .user_journal import Mark

PAGE = 200
_FEW = 2_000  # images that are sorted rather than walked in order
_LISTED = """
    SELECT p.id, p.path, p.digest, p.state, p.problem, p.made, p.day, p.width, p.height, p.model,
           p.sampler, p.seed, coalesce(m.favourite, 0), coalesce(m.rating, 0),
           coalesce(substr(r.prompt, 1, 300), '')
    FROM pictures p
    LEFT JOIN marks m ON m.digest = p.digest
    LEFT JOIN recipes r ON r.id = p.id
"""


class Reader:
    """Raises HistoryError if the database cannot be read."""

    def __init__(self, path: Path) -> None:
        self.path = path
        with self._translating_errors():
            self._connection = connect_for_reading(path)
        self._file = identity(path)

    @property
    def is_current(self) -> bool:
        """Whether the open file is still the one at its path."""
        return self._file == identity(self.path)

    def close(self) -> None:
        self._connection.close()

    def __enter__(self) -> Reader:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def interrupt(self) -> None:
        """Makes the running query fail; callable from any thread."""
        self._connection.interrupt()

    # Lists

    def page(self, query: Query, after: Cursor | None = None, limit: int = PAGE) -> Page:
        """The images of a query after `after`: newest first, or in a collection's order."""
        found = sql(query)
        if (arranged := self._arranged_by(query)) is not None:
            return self._arranged_page(found, arranged, after, limit)
        if after is not None:
            found.add("(p.made, p.id) < (?, ?)", after.made_at, after.id)
        places = self._newest(found, limit + 1)
        images = self.listed([number for _, number in places[:limit]])
        return Page(images, Cursor(*places[limit - 1]) if len(places) > limit else None)

    def _arranged_page(
        self, found: Sql, collection: CollectionInfo, after: Cursor | None, limit: int
    ) -> Page:
        ids = self._arranged(found, collection)
        start = 0 if after is None or after.id not in ids else ids.index(after.id) + 1
        images = self.listed(ids[start : start + limit])
        more = len(ids) > start + limit and images
        end = Cursor(images[-1].made_at, images[-1].id) if more else None
        return Page(images, end, collection)

    def _arranged_by(self, query: Query) -> CollectionInfo | None:
        """The collection whose order the query uses: the only one it names."""
        collections_asked = [
            found
            for term in query.terms
            if not term.excluded and len(term.alternatives) == 1
            for found in term.alternatives
            if isinstance(found, Name) and found.field == "collection"
        ]
        if len(collections_asked) != 1:
            return None
        keys, value = collections_named(collections_asked[0])
        rows = self._all(f"SELECT key, title FROM collections WHERE key IN ({keys})", [value])
        return CollectionInfo(rows[0][0], rows[0][1], 0) if len(rows) == 1 else None

    def _arranged(self, found: Sql, collection: CollectionInfo) -> list[int]:
        """Ids of the query's images in the order of a collection."""
        source, parameters = found.joined()
        wanted = {number for (number,) in self._all(f"SELECT p.id {source}", parameters)}
        rows = self._all(
            "SELECT p.id FROM members m JOIN pictures p ON p.digest = m.digest "
            "WHERE m.collection = ? ORDER BY m.place, p.made, p.id",
            [collection.key],
        )
        return [number for (number,) in rows if number in wanted]

    def _newest(self, found: Sql, limit: int) -> list[tuple[int, int]]:
        """`made` and `id` of the newest images."""
        source, parameters = found.joined()
        few = self._all(f"SELECT p.made, p.id {source} LIMIT ?", [*parameters, _FEW + 1])
        if len(few) <= _FEW:
            return sorted(few, reverse=True)[:limit]
        source, parameters = found.in_order()
        order = "ORDER BY p.made DESC, p.id DESC LIMIT ?"
        return self._all(f"SELECT p.made, p.id {source} {order}", [*parameters, limit])

    def listed(self, numbers: Sequence[int]) -> tuple[ListedImage, ...]:
        """The images with these ids, in their order; unknown ids are left out."""
        marks = ", ".join("?" * len(numbers))
        rows = self._all(f"{_LISTED} WHERE p.id IN ({marks})", numbers)
        found = {row[0]: _listed(row) for row in rows}
        return tuple(found[number] for number in numbers if number in found)

    def pages(self, query: Query) -> Iterator[ListedImage]:
        """All images of a query, page by page."""
        after: Cursor | None = None
        while True:
            page = self.page(query, after)
            yield from page.images
            if page.next is None:
                return
            after = page.next

    def order(self, query: Query) -> Order:
        """The ids of all images, eight bytes each, so that a list can scroll anywhere."""
        if (arranged := self._arranged_by(query)) is not None:
            ids = array("q", self._arranged(sql(query), arranged))
            days = (Count(arranged.title, len(ids)),) if ids else ()
            return Order(ids, days, arranged)
        ids, runs = array("q"), list[list[Any]]()
        with self._translating_errors():
            for number, day in self._places(sql(query)):
                ids.append(number)
                if not runs or runs[-1][0] != day:
                    runs.append([day, 0])
                runs[-1][1] += 1
        return Order(ids, tuple(Count(day, number) for day, number in runs))

    def _places(self, found: Sql) -> Iterator[tuple[int, str]]:
        """`id` and `day`, newest first. Raises sqlite3.Error."""
        source, parameters = found.joined()
        few = self._connection.execute(
            f"SELECT p.made, p.id, p.day {source} LIMIT ?", [*parameters, _FEW + 1]
        ).fetchall()
        if len(few) <= _FEW:
            for _, number, day in sorted(few, reverse=True):
                yield number, day
            return
        source, parameters = found.in_order()
        yield from self._connection.execute(
            f"SELECT p.id, p.day {source} ORDER BY p.made DESC, p.id DESC", parameters
        )

    def count(self, query: Query) -> int:
        source, parameters = sql(query).joined()
        return int(self._all(f"SELECT count(*) {source}", parameters)[0][0])

    def facets(self, query: Query, limit: int = 100) -> Facets:
        """Counts of the values that the query's images have."""
        if not query.terms:  # answered from indexes alone
            models, samplers, days = (self._counts(name) for name in ("model", "sampler", "day"))
        else:
            source, parameters = sql(query).joined()
            rows = self._all(f"SELECT p.model, p.sampler, p.day {source}", parameters)
            models, samplers, days = (Counter(row[i] for row in rows) for i in range(3))
        newest = sorted(((day, number) for day, number in days.items() if day), reverse=True)
        return Facets(
            _frequent(models, limit),
            _frequent(samplers, limit),
            tuple(Count(day, number) for day, number in newest[:limit]),
        )

    def _counts(self, column: str) -> Counter[str]:
        visible = f"state < {State.DELETED:d}"
        return Counter(
            dict(
                self._all(
                    f"SELECT {column}, count(*) FROM pictures WHERE {visible} GROUP BY {column}", []
                )
            )
        )

    # One image

    def details(self, number: int) -> Details | None:
        """None if there is no image with this id."""
        images = self.listed([number])
        if not images:
            return None
        listed = images[0]
        more = self._all(
            "SELECT p.format, p.program, p.model_hash, p.schedule, p.steps, p.cfg, p.strength, "
            "coalesce(r.prompt, ''), coalesce(r.negative, ''), coalesce(r.settings, '{}'), "
            "coalesce(r.unread, '[]'), coalesce(r.request, ''), coalesce(r.run, '') "
            "FROM pictures p LEFT JOIN recipes r USING (id) WHERE p.id = ?",
            [number],
        )[0]
        return Details(
            listed,
            *more[:9],
            settings=json.loads(more[9]),
            unread=tuple(json.loads(more[10])),
            request=more[11],
            run=more[12],
            tags=self.mark(listed.digest).tags,
            parents=self.parents(number),
            children=self.children(number),
            collections=self._collections_of(listed.digest),
            kept_steps=self._steps_of(number),
        )

    def _collections_of(self, digest: str) -> tuple[str, ...]:
        rows = self._all(
            "SELECT c.title FROM members m JOIN collections c ON c.key = m.collection "
            "WHERE m.digest = ? ORDER BY c.title",
            [digest],
        )
        return tuple(title for (title,) in rows)

    def _steps_of(self, number: int) -> KeptSteps | None:
        rows = self._all(
            "SELECT s.pixels, s.first, s.count, s.size, s.mtime_ns FROM pictures p "
            "JOIN steps s USING (pixels) WHERE p.id = ?",
            [number],
        )
        if not rows:
            return None
        pixels, first, count, size, mtime = rows[0]
        return KeptSteps(pixels, first, count, Stamp(size, mtime))

    def parents(self, number: int) -> tuple[Relation, ...]:
        """The images that an image was made from."""
        rows = self._all("SELECT parent, step, mask FROM lineage WHERE child = ?", [number])
        return tuple(
            Relation(digest, step, mask, self.named(digest)) for digest, step, mask in rows
        )

    def children(self, number: int) -> tuple[int, ...]:
        """The images made from an image, oldest first."""
        rows = self._all(
            "SELECT DISTINCT l.child FROM pictures p JOIN lineage l "
            "ON l.parent IN (p.digest, p.pixels) WHERE p.id = ? AND l.parent != '' ORDER BY 1",
            [number],
        )
        return tuple(child for (child,) in rows)

    def named(self, digest: str) -> tuple[int, ...]:
        """The images whose file or pixels have this digest, oldest first."""
        if not digest:
            return ()
        rows = self._all(
            "SELECT id FROM pictures WHERE digest = ?1 OR pixels = ?1 ORDER BY made, id", [digest]
        )
        return tuple(number for (number,) in rows)

    def at(self, path: Path) -> int | None:
        """The id of the image at this path."""
        rows = self._all("SELECT id FROM pictures WHERE path = ?", [str(path)])
        return rows[0][0] if rows else None

    def mark(self, digest: str) -> Mark:
        """The user's marks of the images whose file has this digest."""
        with self._translating_errors():
            return mark_of(self._connection, digest)

    # What the history knows

    def known(self, folder: Path) -> dict[str, KnownFile]:
        """All files below a folder by path."""
        rows = self._all(
            "SELECT path, id, size, mtime_ns, state FROM pictures WHERE path >= ? AND path < ?",
            folder_range(folder),
        )
        return {
            path: KnownFile(number, Stamp(size, mtime), State(state))
            for path, number, size, mtime, state in rows
        }

    def tags(self, query: Query | None = None) -> tuple[Count, ...]:
        """All tags, or those of the query's images, with the number of distinct files."""
        source, parameters = sql(query or Query()).joined()
        where = f"WHERE digest IN (SELECT p.digest {source})" if query and query.terms else ""
        rows = self._all(
            f"SELECT tag, count(*) FROM tags {where} GROUP BY tag ORDER BY 2 DESC, 1",
            parameters if where else [],
        )
        return tuple(Count(tag, number) for tag, number in rows)

    def collections(self) -> tuple[CollectionInfo, ...]:
        """All collections, by name."""
        rows = self._all(
            "SELECT c.key, c.title, count(p.id) FROM collections c "
            "LEFT JOIN members m ON m.collection = c.key "
            f"LEFT JOIN pictures p ON p.digest = m.digest AND p.state < {State.DELETED:d} "
            "GROUP BY c.key ORDER BY c.title, c.key",
            [],
        )
        return tuple(CollectionInfo(*row) for row in rows)

    def steps(self) -> dict[str, Stamp]:
        """The images with saved steps, by the digest of their pixels; and that of their file."""
        rows = self._all("SELECT pixels, size, mtime_ns FROM steps", [])
        return {pixels: Stamp(size, mtime) for pixels, size, mtime in rows}

    def requests(self) -> Iterator[str]:
        """The requests of all images as JSON, including missing and deleted ones."""
        with self._translating_errors():
            rows = self._connection.execute("SELECT request FROM recipes WHERE request != ''")
            for (request,) in rows:
                yield request

    def searches(self) -> dict[str, str]:
        """The saved searches: name to query."""
        return dict(self._all("SELECT name, query FROM searches ORDER BY name", []))

    def folders(self) -> tuple[Path, ...]:
        return tuple(Path(path) for (path,) in self._all("SELECT path FROM folders", []))

    # Helpers

    def _all(self, statement: str, parameters: Sequence[object]) -> list[Any]:
        with self._translating_errors():
            return self._connection.execute(statement, tuple(parameters)).fetchall()

    @contextmanager
    def _translating_errors(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise error_text(error, self.path) from error


def _frequent(counter: Counter[str], limit: int) -> tuple[Count, ...]:
    known = ((-number, value) for value, number in counter.items() if value)
    return tuple(Count(value, -number) for number, value in sorted(known)[:limit])


def _listed(row: Sequence[Any]) -> ListedImage:
    number, path, digest, state, problem, made, day, width, height, model, sampler, seed = row[:12]
    favourite, rating, prompt = row[12:]
    return ListedImage(
        number, Path(path), digest, State(state), Message.from_json(problem), made, day,
        width, height, model, sampler,
        None if seed is None else int(seed), bool(favourite), rating, prompt,
    )  # fmt: skip
