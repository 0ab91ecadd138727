"""A process is killed while it writes the history: everything reported as written is there."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
from pathlib import Path

from ldm_studio.history.folder_scan import rebuild
from ldm_studio.history.history_store import History
from ldm_studio.history.query_language import Query, parse
from tests.ldm_studio.history.files import ours

ROUNDS = 12

WRITER = """
import sys
from pathlib import Path
from ldm_studio.history.image_reader import scan
from ldm_studio.history.history_store import History

data, folder = Path(sys.argv[1]), Path(sys.argv[2])
with History(data) as history:
    for path in sorted(folder.glob("*.png")):
        (indexed,) = history.put([scan(path)]).result()
        history.rate([indexed.id], 4).result()
        print(path.name, flush=True)
"""


def killed(data: Path, folder: Path, seconds: float) -> list[str]:
    """What the process reported as written before it was killed."""
    process = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(data), str(folder)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[3],
    )
    said: list[str] = []
    assert process.stdout is not None
    said.append(process.stdout.readline().strip())  # it is writing now
    killer = threading.Timer(seconds, os.kill, (process.pid, signal.SIGKILL))
    killer.start()
    said += [line.strip() for line in process.stdout]
    killer.cancel()
    assert process.wait() in (-signal.SIGKILL, 0)  # killed, or already finished
    process.stdout.close()
    return [name for name in said if name]


def test_marks_written_before_a_kill_survive(tmp_path: Path) -> None:
    folder, data = tmp_path / "pictures", tmp_path / "data"
    for number in range(400):
        ours(folder / f"{number:05}-1.png", seed=number)
    chance = random.Random(5)
    for _ in range(ROUNDS):
        said = killed(data, folder, chance.uniform(0, 0.2))
        with History(data) as history, history.reader() as reader:
            assert history.recovery is None
            found = {image.path.name for image in reader.pages(parse("rating:4"))}
            assert found >= set(said)


def test_indexing_continues_after_a_kill(tmp_path: Path) -> None:
    folder, data = tmp_path / "pictures", tmp_path / "data"
    for number in range(60):
        ours(folder / f"{number:05}-1.png", seed=number)
    said = killed(data, folder, 0.02)
    with History(data) as history:
        report = rebuild(history, [folder])
        assert report.unchanged >= len(said)
        with history.reader() as reader:
            assert reader.count(Query()) == 60
