"""The disk is full at some write: it is reported, the queue continues or waits, nothing is lost."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy

from core.request.inputs import Inputs
from core.request.request import Request
from ldm_studio import paths
from ldm_studio.command_line import cli
from ldm_studio.engine.engine import Engine
from ldm_studio.engine.events import (
    Cancelled,
    Failed,
    Finished,
    Idle,
    Job,
    NotSaved,
    Paused,
    QueueChanged,
    Resumed,
    Saved,
    Started,
    Warned,
)
from ldm_studio.images import image_files
from tests.ldm_studio.engine_events import Reader, new_job
from tests.ldm_studio.fakes import FakePipeline
from tests.ldm_studio.faults import Disk
from tests.waiting import HANG_SECONDS

ROOT = Path(__file__).parents[2]


@pytest.fixture
def disk(studio_home: Path, monkeypatch: pytest.MonkeyPatch) -> Disk:
    return Disk(studio_home, monkeypatch)


@pytest.fixture
def start() -> Iterator[Callable[[Reader], Engine]]:
    engines: list[Engine] = []

    def start(reader: Reader, *, retry_seconds: float = 0.01) -> Engine:
        engines.append(
            Engine(
                FakePipeline(),
                reader.mailbox,
                save,
                preview_interval=60.0,
                retry_seconds=retry_seconds,
            )
        )
        return engines[-1]

    yield start
    for engine in engines:
        end(engine)


def end(engine: Engine) -> None:
    engine.close()
    assert engine.join(HANG_SECONDS)


def save(image, model, record) -> Path:
    return image_files.save_next(
        paths.output_dir(), image.rgb, image.request, model.name, model.digest, record
    )


def redrawn(number: int) -> Job:
    """Two images, redrawn from another one under a mask."""
    image = np.full((32, 32, 3), 200, np.uint8)
    mask = np.zeros((32, 32), np.uint8)
    mask[:, 16:] = 255
    request = Request(prompt="a cat", steps=2, count=2, width=32, height=32, strength=0.5)
    return Job(number, request, Inputs(image, mask))


def saved_pixels() -> list[np.ndarray]:
    found = sorted(paths.pictures_dir().glob("*/*.png"))
    assert all(image_files.read_request(path) is not None for path in found)
    return [image_files.load_image(path) for path in found]


def unfinished_files(home: Path) -> list[Path]:
    return [path for path in home.rglob("*") if path.suffix in (".part", ".held")]


def test_a_full_disk_at_any_write_loses_nothing(start, disk, studio_home) -> None:
    reader = Reader()
    engine = start(reader)
    engine.submit(redrawn(1))
    reader.until_idle()
    expected = saved_pixels()
    assert len(expected) == 2
    points = sorted({*disk.points, *(point + 1 for point in disk.points[::3]), disk.written - 1})
    end(engine)
    assert len(points) > 15
    refused = 0
    for number, room in enumerate(points, 2):
        shutil.rmtree(studio_home)
        disk.written, disk.room, disk.refused = 0, room, False
        reader = Reader()
        engine = start(reader)
        engine.submit(redrawn(number))
        reader.until(lambda event: isinstance(event, NotSaved | Idle))
        disk.room = None
        reader.until_idle()
        end(engine)
        reader.events += reader.mailbox.drain()
        assert reader.all(Failed) == []
        reported = [event.error for event in reader.events if isinstance(event, NotSaved | Warned)]
        assert bool(reported) == disk.refused, f"with room for {room} bytes"
        refused += disk.refused
        assert all("No space left on device" in str(error.message) for error in reported)
        assert all(error.hint for error in reported)
        after = saved_pixels()
        assert all(np.array_equal(*pair) for pair in zip(after, expected, strict=True)), room
        assert unfinished_files(studio_home) == []
        assert not list(paths.queue_dir().glob("*/*/job.json"))
    assert refused > 15


def test_the_queue_waits_for_the_disk_and_resumes_by_itself(start, disk) -> None:
    reader = Reader()
    disk.room = 0
    engine = start(reader)
    engine.submit(new_job(1))
    engine.submit(new_job(2))
    assert reader.one(NotSaved).id == 1
    assert reader.one(Finished).path is None
    reader.one(Paused)
    reader.one(
        QueueChanged, lambda event: event.paused and [item.id for item in event.items] == [1, 2]
    )
    assert [event.id for event in reader.all(Started)] == [1]
    disk.room = None
    reported = reader.one(Saved)
    assert (reported.id, reported.over) == (1, True)
    assert reported.path.is_file()
    assert reported.image is reader.all(Finished)[0].image
    reader.until_idle()
    assert [event.id for event in reader.all(Finished) if event.path] == [2]
    assert len(saved_pixels()) == 2


def test_a_manual_pause_stays_after_the_disk_has_room(start, disk) -> None:
    reader = Reader()
    disk.room = 0
    engine = start(reader)
    engine.submit(new_job(1))
    engine.submit(new_job(2))
    reader.one(NotSaved)
    reader.one(QueueChanged, lambda event: event.paused)
    engine.pause()
    disk.room = None
    reader.one(Saved)
    after = reader.one(QueueChanged, lambda event: [item.id for item in event.items] == [2])
    assert after.paused
    engine.resume()
    reader.until_idle()
    assert len(saved_pixels()) == 2


def test_a_failed_retry_is_reported_again(start, disk) -> None:
    reader = Reader()
    disk.room = 0
    engine = start(reader, retry_seconds=600)
    engine.submit(new_job(1))
    reader.one(NotSaved)
    reader.one(QueueChanged, lambda event: event.paused)
    reader.forget()
    engine.resume()
    assert reader.one(NotSaved).id == 1
    reader.one(QueueChanged, lambda event: event.paused)
    disk.room = None
    engine.resume()
    assert reader.one(Saved).path.is_file()
    reader.until_idle()


def test_an_unsaved_image_can_be_discarded(start, disk) -> None:
    reader = Reader()
    disk.room = 0
    engine = start(reader)
    engine.submit(new_job(1))
    engine.submit(new_job(2))
    reader.one(NotSaved)
    reader.one(QueueChanged, lambda event: event.paused)
    engine.cancel(1)
    reader.one(Cancelled, lambda event: event.id == 1)
    assert reader.one(NotSaved, lambda event: event.id == 2)
    disk.room = None
    reader.until_idle()
    assert len(saved_pixels()) == 1


def test_an_unsaved_image_survives_the_program(start, disk) -> None:
    """Only the disk of images is full: the latent and the queue are on another."""
    reader = Reader()

    def full(image, model, record) -> Path:
        raise OSError(28, "No space left on device", "/pictures/1.png")

    engine = Engine(FakePipeline(), reader.mailbox, full, preview_interval=60.0)
    engine.submit(new_job(1, seed=5))
    drawn = reader.one(Finished).image.rgb
    reader.one(QueueChanged, lambda event: event.paused)
    end(engine)
    reader = Reader()
    engine = start(reader)
    (item,) = reader.one(QueueChanged).items
    assert (item.state, item.step, item.steps) == ("paused", 4, 4)
    engine.resume()
    reader.one(Resumed)
    finished = reader.one(Finished)
    assert finished.path is not None
    assert np.array_equal(finished.image.rgb, drawn)
    assert np.array_equal(image_files.load_image(finished.path), drawn)


def test_unwritten_jobs_are_written_when_there_is_room(start, disk) -> None:
    reader = Reader()
    disk.room = 0
    engine = start(reader)
    engine.pause()
    for number in (1, 2):
        engine.submit(new_job(number))
    reader.one(Warned)
    assert not list(paths.queue_dir().glob("*/*/job.json"))
    disk.room = None
    engine.submit(new_job(3))
    end(engine)
    assert len(list(paths.queue_dir().glob("*/*/job.json"))) == 3


def test_a_read_only_folder_is_handled_like_a_full_disk(start, disk) -> None:
    reader = Reader()
    engine = start(reader)
    reader.forget()
    disk.read_only = True
    engine.submit(new_job(1))
    assert "Read-only file system" in str(reader.one(NotSaved).error.message)
    disk.read_only = False
    assert reader.one(Saved).path.is_file()
    reader.until_idle()


def test_the_engine_survives_the_removal_of_the_data_folder(studio_home) -> None:
    reader = Reader()

    def vanish(step: int) -> None:
        if step == 2:
            shutil.rmtree(paths.data_dir(), ignore_errors=True)

    engine = Engine(FakePipeline(before_step=vanish), reader.mailbox, save, retry_seconds=0.01)
    engine.submit(new_job(1))
    engine.submit(new_job(2))
    reader.until_over(1, 2)
    end(engine)
    assert reader.all(Failed) == []
    assert all(event.path for event in reader.all(Finished))
    assert len(saved_pixels()) == 2


def test_the_command_line_keeps_the_latent_of_an_unsaved_image(
    tmp_path, studio_home, monkeypatch, capsys
) -> None:
    disk = Disk(tmp_path / "pictures", monkeypatch)
    (tmp_path / "pictures").mkdir()
    disk.room = 0
    arguments = ["generate", "a cat", "--seed", "5", "-o", str(tmp_path / "pictures" / "1.png")]
    assert cli.main(arguments, FakePipeline) != 0
    output = capsys.readouterr().err
    assert "No space left on device" in output
    (state,) = (studio_home / "data" / "rescued").glob("*.safetensors")
    assert f"ldm-studio resume '{state}'" in output
    rescued = safetensors.numpy.load(state.read_bytes())
    assert int(rescued["index"]) == 12  # the last step: it is only decoded
    disk.room = None
    assert cli.main(arguments, FakePipeline) == 0


SMALL = """
import contextlib
import os
import sys
from pathlib import Path

import pytest

from core.request.request import Request
from ldm_studio import paths
from ldm_studio.engine.engine import Engine
from ldm_studio.engine.events import Finished, NotSaved, Saved, Job
from ldm_studio.history.history_errors import HistoryError
from ldm_studio.history.query_language import Query
from ldm_studio.history.image_reader import scan
from ldm_studio.history.history_store import History
from tests.ldm_studio.fakes import FakePipeline
from tests.ldm_studio.faults import Disk
from tests.ldm_studio.engine_events import Reader
from tests.ldm_studio.test_full_disk import save

COUNT = 12
real = sys.argv[1] == "real"
filler = paths.data_dir() / "filler"
filler.parent.mkdir(parents=True)
history = History(paths.data_dir())
noted = 0
if real:
    with filler.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(bytes(4096))
    os.truncate(filler, filler.stat().st_size - 40_000)
else:
    disk = Disk(paths.data_dir().parent, pytest.MonkeyPatch())
    disk.room = 40_000
reader = Reader()
engine = Engine(FakePipeline(), reader.mailbox, save, preview_interval=60.0, retry_seconds=0.01)
request = Request(prompt="a cat", steps=2, count=COUNT, width=64, height=64)
engine.submit(Job(1, request))
reported = reader.one(NotSaved).error
print(reported.message, flush=True)
if real:
    with pytest.raises(HistoryError, match="disk is full"):
        history.put([scan(path) for path in paths.pictures_dir().glob("*/*.png")] * 50).result()
    filler.unlink()
else:
    disk.room = None
reader.until_idle()
engine.close()
engine.join(None)
found = sorted(paths.pictures_dir().glob("*/*.png"))
history.put([scan(path) for path in found]).result()
with history.reader() as asked:
    assert asked.count(Query()) == COUNT == len(found), (asked.count(Query()), len(found))
history.close()
"""


def test_a_small_disk_that_fills_up_loses_nothing(studio_home) -> None:
    """A real small file system if the system allows mounting; otherwise the faults above."""
    studio_home.mkdir()
    script = [sys.executable, "-c", SMALL]
    mount = f"mount -t tmpfs -o size=600k none '{studio_home}'"
    mounted = ["unshare", "--map-root-user", "--mount", "sh", "-c"]
    can = _runs([*mounted, f"{mount} && umount '{studio_home}'"])
    command = [*mounted, f'{mount} && exec "$@" real', "sh", *script] if can else [*script, "faked"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "No space left on device" in done.stdout


def _runs(command: list[str]) -> bool:
    try:
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        return False
