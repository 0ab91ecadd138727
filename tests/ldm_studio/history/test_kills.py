"""A process is killed two hundred times while it writes: nothing reported as written is lost.

Half of the kills happen at a random write, fsync, rename or statement, the others after a random
time of the processor, so that they can fall within these. Each process does what the program does
for an image: queues a job, saves the file, indexes and rates it, removes the job, and saves the
session.
"""

from __future__ import annotations

import json
import random
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from core.images.image_digest import digest
from ldm_studio.history.folder_scan import rebuild
from ldm_studio.history.history_store import History
from ldm_studio.history.query_language import Query, parse
from ldm_studio.images.image_files import load_image, read_request
from ldm_studio.images.job_files import JobStore

KILLS = 200
MOST_SECONDS = 0.02
"""Of the processor, in which a process makes a few images."""

FORKING = """
import os
import signal
import sys
import threading
from pathlib import Path

from core.images.image_digest import digest
from core.request.request import Request
from ldm_studio.history.image_reader import scan
from ldm_studio.history.history_store import History
from ldm_studio.json_files import write_json
from ldm_studio.images.image_files import save_next
from ldm_studio.images.job_files import JobStore, StoredJob
from tests.ldm_studio.history.files import DIGEST, noise

home = Path(sys.argv[1])
WRITING = {"write", "fsync", "flush", "open", "close", "replace", "mkdir", "unlink", "rmdir",
           "rename", "execute", "executemany", "flock"}

def say(*words):
    os.write(1, (" ".join(map(str, words)) + "\\n").encode())

def kill_at(point):
    points = 0
    def count(frame, event, function):
        nonlocal points
        if event == "c_call" and getattr(function, "__name__", "") in WRITING:
            points += 1
            if points == point:
                os.kill(os.getpid(), signal.SIGKILL)
    threading.setprofile(count)
    sys.setprofile(count)

def work(number):
    history = History(home / "data")
    jobs = JobStore(home / "queue")
    jobs.open()
    for turn in range(1_000):
        seed = number * 1_000 + turn
        request = Request(prompt=f"picture {seed}", width=8, height=8, seed=seed)
        key = jobs.new_key()
        jobs.write(key, StoredJob(request))
        say("queued", seed)
        pixels = noise(seed=seed)
        path = save_next(home / "pictures", pixels, request, "Tiny", DIGEST)
        say("saved", path.name, digest(pixels))
        (indexed,) = history.put([scan(path)]).result()
        history.rate([indexed.id], 4).result()
        say("rated", path.name)
        say("finished", seed)
        jobs.remove(key)
        say("done", seed)
        write_json(home / "session.json", {"seed": seed})
        say("kept", seed)

for line in sys.stdin:
    number, point, seconds = line.split()
    child = os.fork()
    if child == 0:
        if int(point):
            kill_at(int(point))
        else:
            signal.setitimer(signal.ITIMER_PROF, float(seconds))  # SIGPROF ends it
        work(int(number))
        os._exit(0)
    _, status = os.waitpid(child, 0)
    say("end", os.waitstatus_to_exitcode(status))
"""


@dataclass
class Said:
    """What a process reported before it was killed."""

    queued: set[int] = field(default_factory=set)
    finished: set[int] = field(default_factory=set)
    """Jobs that it was about to remove."""
    done: set[int] = field(default_factory=set)
    saved: dict[str, str] = field(default_factory=dict)
    rated: set[str] = field(default_factory=set)
    kept: int = -1


class Forking:
    """A process that has imported everything and forks, so that each child starts at once."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def killed(self, number: int, *, point: int = 0, seconds: float = 0.0) -> Said:
        """Kills at a write, or after so much work."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{number} {point} {seconds}\n")
        self._process.stdin.flush()
        said = Said()
        for line in self._process.stdout:
            match line.split():
                case ["queued", seed]:
                    said.queued.add(int(seed))
                case ["saved", name, pixels]:
                    said.saved[name] = pixels
                case ["rated", name]:
                    said.rated.add(name)
                case ["finished", seed]:
                    said.finished.add(int(seed))
                case ["done", seed]:
                    said.done.add(int(seed))
                case ["kept", seed]:
                    said.kept = int(seed)
                case ["end", status]:
                    assert int(status) == -(signal.SIGKILL if point else signal.SIGPROF)
                    break
        return said


@contextmanager
def forking(home: Path) -> Iterator[Forking]:
    with subprocess.Popen(
        [sys.executable, "-c", FORKING, str(home)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[3],
    ) as process:
        yield Forking(process)


def check(home: Path, said: Said, whole: set[str], *, thorough: bool) -> None:
    """`whole`: names of files that were checked before; new ones are added."""
    folder = home / "pictures"
    for path in folder.glob("*.png") if folder.exists() else ():
        if path.name not in whole:
            request = read_request(path)
            assert request is not None
            pixels = digest(load_image(path))
            assert said.saved.get(path.name, pixels) == pixels
            whole.add(path.name)
    assert whole >= set(said.saved)
    if said.kept >= 0:
        assert json.loads((home / "session.json").read_text())["seed"] >= said.kept
    check_queue(home, said)
    check_history(home, said, thorough=thorough)


def check_queue(home: Path, said: Said) -> None:
    jobs = JobStore(home / "queue")
    found, problems = jobs.open()
    assert problems == []
    seeds = {job.job.request.seed for job in found}
    assert seeds >= said.queued - said.finished
    assert not seeds & said.done
    for job in found:
        jobs.remove(job.key)
    jobs.close()


def check_history(home: Path, said: Said, *, thorough: bool) -> None:
    """After a kill the database checks itself when it is opened; `thorough` checks more."""
    with History(home / "data") as history, history.reader() as reader:
        assert history.recovery is None
        newest = {image.path.name for image in reader.pages(parse("rating:4"))}
        assert newest >= said.rated
        if thorough:
            with closing(sqlite3.connect(history.path)) as connection:
                assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_two_hundred_kills_lose_nothing(tmp_path: Path) -> None:
    chance = random.Random(5)
    whole: set[str] = set()
    saved = 0
    with forking(tmp_path) as process:
        for number in range(KILLS):
            if number % 2:
                said = process.killed(number, point=chance.randint(1, 400))
            else:
                said = process.killed(number, seconds=chance.uniform(0.0, MOST_SECONDS))
            check(tmp_path, said, whole, thorough=number % 5 == 0 or number == KILLS - 1)
            saved += len(said.saved)
    assert saved > KILLS / 2
    with History(tmp_path / "data") as history:
        report = rebuild(history, [tmp_path / "pictures"])
        assert report.problems == []
        assert report.files == len(whole)
        with history.reader() as reader:
            assert reader.count(Query()) == len(whole)
