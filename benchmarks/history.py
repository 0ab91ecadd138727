"""The history with 100,000 images: the first page, searches, counts; also while it is written.

The library is synthetic, in a temporary folder: prompts of forty words with natural frequencies,
twenty models, three samplers, five years.
"""

from __future__ import annotations

import hashlib
import random
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from itertools import islice
from pathlib import Path

from ldm_studio.history.history_reader import Reader
from ldm_studio.history.history_store import History
from ldm_studio.history.image_reader import ScannedImage, Stamp
from ldm_studio.history.query_language import Query, parse
from ldm_studio.history.recipe import make

from .record import Options

ITEMS = 100_000
BATCH = 500
QUERIES = (
    "fox",  # every seventh image
    '"red fox"',
    "a",  # prefixes of common words: what is searched while typing
    "fox -castle",
    'model:"model 3"',
    "model:7 sampler:unipc steps:>=30",
    "rating:>=4 fox",
    "tag:animals is:favourite",
    "date:2024-03",
    "size:512x512 cfg:7",
    "seed:7919",
    "name:0099",
    "height:>4000",  # none
)


@dataclass(frozen=True)
class HistoryResult:
    """Medians in milliseconds; for searches, of the slowest query."""

    first_page_ms: float
    """From opening a connection to the newest 200 images."""
    next_page_ms: float
    search_ms: float
    slowest_query: str
    facets_ms: float
    details_ms: float
    search_while_writing_ms: float
    """The slowest query again, while images are being added."""
    open_ms: float
    build_s: float
    megabytes: float
    pictures: int
    rounds: int

    def line(self) -> str:
        return (
            f"{self.pictures:,} images: first page {self.first_page_ms:.0f} ms, "
            f"slowest search {self.search_ms:.0f} ms ({self.slowest_query}), "
            f"while writing {self.search_while_writing_ms:.0f} ms"
        )


def measure(options: Options) -> HistoryResult:
    rounds = options.times(5)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        began = time.perf_counter()
        build(folder, ITEMS)
        built = time.perf_counter() - began
        opened: list[float] = []
        for _ in range(rounds):
            with _timed(opened), History(folder):
                pass
        with History(folder) as history, history.reader() as reader:
            page = reader.page(Query())
            searches = {
                query: _median(rounds, lambda query=query: reader.page(parse(query)))
                for query in QUERIES
            }
            slowest = max(searches, key=lambda query: searches[query])
            return HistoryResult(
                first_page_ms=_median(rounds, lambda: _first_page(history)),
                next_page_ms=_median(rounds, lambda: reader.page(Query(), page.next)),
                search_ms=searches[slowest],
                slowest_query=slowest,
                facets_ms=max(
                    _median(rounds, lambda q=q: reader.facets(parse(q))) for q in ("", *QUERIES)
                ),
                details_ms=_median(rounds, lambda: reader.details(ITEMS // 2)),
                search_while_writing_ms=_while_writing(
                    history, lambda: _median(rounds, lambda: reader.page(parse(slowest)))
                ),
                open_ms=statistics.median(opened),
                build_s=built,
                megabytes=history.path.stat().st_size / 1e6,
                pictures=ITEMS,
                rounds=rounds,
            )


def build(folder: Path, items: int) -> None:
    """A history of synthetic images in `folder`, the same every time."""
    with History(folder) as history:
        pictures = _images(items)
        while batch := list(islice(pictures, BATCH)):
            history.put(batch).result()
        history.rate(range(1, items, 9), 4).result()
        history.favourite(range(1, items, 50)).result()
        history.tag(range(1, items, 100), ["animals"]).result()


def _images(items: int, first: int = 0) -> Iterator[ScannedImage]:
    chance = random.Random(first)
    words = _vocabulary()
    usual = [1 / (rank + 10) for rank in range(len(words))]
    samplers = ("Euler a", "DPM++ 2M", "UniPC")
    for number in range(first, first + items):
        prompt = " ".join(chance.choices(words, usual, k=40))
        settings = {
            "Steps": 20 + number % 20,
            "Sampler": samplers[number % 3],
            "Schedule type": "Karras",
            "CFG scale": 7,
            "Seed": number * 7_919,
            "Model": f"model {min(19, int(chance.expovariate(0.3)))}",
            "Model hash": "6ce0161689",
        }
        subject = ", a red fox" if number % 7 == 0 else ", a castle"
        moment = 1_640_000_000 + number * 1_500  # seconds; the last one is five years later
        yield ScannedImage(
            path=Path(f"/pictures/{number // 1_000:03d}/{number:06d}.png"),
            stamp=Stamp(1_000_000, moment * 10**9),
            digest=hashlib.sha256(str(number).encode()).hexdigest(),
            format="PNG",
            width=512,
            height=768 if number % 3 else 512,
            recipe=make("AUTOMATIC1111", prompt + subject, "blurry, low quality", settings),
        )


@cache
def _vocabulary() -> list[str]:
    chance = random.Random(1)
    letters = "abcdefghijklmnopqrstuvwxyz"
    return ["".join(chance.choices(letters, k=chance.randint(3, 9))) for _ in range(5_000)]


def _first_page(history: History) -> None:
    with Reader(history.path) as reader:
        reader.page(Query())


def _while_writing(history: History, ask: Callable[[], float]) -> float:
    done = threading.Event()

    def write() -> None:
        for number in range(10**9):
            if done.is_set():
                return
            history.put(list(_images(10, ITEMS + 10 * number))).result()

    writer = threading.Thread(target=write)
    writer.start()
    try:
        return ask()
    finally:
        done.set()
        writer.join()


@contextmanager
def _timed(times: list[float]) -> Iterator[None]:
    """Appends the milliseconds that its block took."""
    began = time.perf_counter()
    yield
    times.append(1000 * (time.perf_counter() - began))


def _median(rounds: int, ask: Callable[[], object]) -> float:
    times: list[float] = []
    for _ in range(rounds):
        with _timed(times):
            ask()
    return statistics.median(times)
