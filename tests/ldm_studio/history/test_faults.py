"""Faults from outside: damage, locks, vanished folders, wrong clocks."""

from __future__ import annotations

import os
import random
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from ldm_studio.history import database_schema
from ldm_studio.history.database_schema import State, suspect
from ldm_studio.history.database_watch import RestoredDatabase
from ldm_studio.history.folder_scan import rebuild
from ldm_studio.history.history_errors import HistoryError
from ldm_studio.history.history_store import DATABASE, JOURNAL, History
from ldm_studio.history.image_reader import scan
from ldm_studio.history.query_language import Query, parse
from ldm_studio.history.thumbnails import Thumbnails
from ldm_studio.history.user_journal import read as read_journal
from tests.ldm_studio.history.files import ours, scanned
from tests.waiting import HANG_SECONDS

ROOT = Path(__file__).parents[3]
IMAGES = 20
YEAR = 365 * 86_400


def filled(tmp_path: Path) -> tuple[Path, Path]:
    """Folders of the database and of its images; the first image is rated and tagged."""
    data, folder = tmp_path / "data", tmp_path / "pictures"
    for number in range(IMAGES):
        ours(folder / f"{number:05}-1.png", seed=number)
    with History(data) as history:
        history.add_folder(folder)
        rebuild(history, [folder])
        history.rate([1], 5)
        history.tag([1], ["kept"])
        history.save_search("best", "rating:5").result()
    return data, folder


def use(data: Path, folder: Path, *, write_first: bool) -> None:
    """Queries and writes of all kinds."""
    with History(data) as history, history.reader() as reader:
        if write_first:
            write(history, folder)
        for image in reader.pages(Query()):
            reader.details(image.id)
        reader.order(Query())
        reader.facets(Query())
        reader.searches()
        reader.count(parse("fox tag:kept rating:>=1"))
        write(history, folder)


def write(history: History, folder: Path) -> None:
    history.put([scan(path) for path in sorted(folder.glob("*.png"))]).result()
    history.tag([2, 3], ["more"]).result()


def is_whole(data: Path) -> bool:
    with closing(sqlite3.connect(data / DATABASE)) as connection:
        return connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def check_all_is_there(data: Path, folder: Path) -> None:
    """At the latest after two more starts."""
    for _ in range(2):
        with History(data) as history:
            rebuild(history, [folder])
    with History(data) as history, history.reader() as reader:
        assert history.recovery is None
        assert reader.count(Query()) == IMAGES
        assert reader.count(parse("rating:5 tag:kept")) == 1
        assert reader.searches() == {"best": "rating:5"}
        assert reader.folders() == (folder,)
    assert is_whole(data)


def hurt(data: Path, folder: Path, *, write_first: bool) -> None:
    """Uses a history that may be damaged: it may report that, and must not fail otherwise."""
    try:
        use(data, folder, write_first=write_first)
    except HistoryError:
        return
    if not is_whole(data):  # undetected pages; after a crash all are checked
        suspect(data / DATABASE)


@pytest.mark.parametrize("seed", range(8))
def test_overwritten_pages_are_detected_and_no_mark_is_lost(tmp_path, seed) -> None:
    data, folder = filled(tmp_path)
    chance = random.Random(seed)
    path = data / DATABASE
    pages = path.stat().st_size // 4096
    with path.open("r+b") as file:
        for _ in range(chance.choice((1, 2, 8))):
            file.seek(4096 * chance.randrange(pages))
            file.write(chance.randbytes(4096))
    hurt(data, folder, write_first=seed % 2 == 0)
    check_all_is_there(data, folder)


@pytest.mark.parametrize("share", [0.0, 0.02, 0.3, 0.7, 0.99])
def test_a_truncated_database_is_detected_and_no_mark_is_lost(tmp_path, share) -> None:
    data, folder = filled(tmp_path)
    path = data / DATABASE
    os.truncate(path, int(path.stat().st_size * share))
    hurt(data, folder, write_first=True)
    check_all_is_there(data, folder)


def test_a_deleted_database_is_rebuilt_with_all_marks(tmp_path) -> None:
    data, folder = filled(tmp_path)
    (data / DATABASE).unlink()
    check_all_is_there(data, folder)


def test_a_kill_before_the_journal_is_applied_loses_nothing(tmp_path) -> None:
    data, folder = filled(tmp_path)
    (data / DATABASE).unlink()
    database_schema.open_for_writing(data / DATABASE).connection.close()
    check_all_is_there(data, folder)


def test_marks_that_the_journal_missed_are_written_later(tmp_path, monkeypatch) -> None:
    data, folder = filled(tmp_path)
    aside = tmp_path / "aside"
    with History(data) as history:
        (data / JOURNAL).rename(aside)
        (data / JOURNAL).mkdir()  # so that it is not writable
        history.rate([2], 4).result()
        (data / JOURNAL).rmdir()
        aside.rename(data / JOURNAL)
        history.rate([3], 2).result()
    (data / DATABASE).unlink()
    with History(data) as history, history.reader() as reader:
        rebuild(history, [folder])
        assert reader.count(parse("rating:4")) == reader.count(parse("rating:2")) == 1


# --- locks ---------------------------------------------------------------------------------------

LOCKING = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
if sys.argv[2] == "all":
    connection.execute("PRAGMA locking_mode = EXCLUSIVE")
connection.execute("BEGIN EXCLUSIVE")
connection.execute("CREATE TABLE locked (id INTEGER)")
print("locked", flush=True)
sys.stdin.read()
connection.execute("ROLLBACK")
"""


@contextmanager
def locked(path: Path, what: str) -> Iterator[None]:
    """Locked by another process."""
    with subprocess.Popen(
        [sys.executable, "-c", LOCKING, str(path), what],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "locked\n"
        yield
        process.communicate()


def test_a_database_locked_by_another_program_can_be_read(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(database_schema, "BUSY_MS", 20)
    data, folder = filled(tmp_path)
    with History(data) as history, history.reader() as reader:
        with locked(data / DATABASE, "writing"):
            with pytest.raises(HistoryError, match="another program has locked it") as caught:
                history.rate([3], 4).result()
            assert caught.value.hint
            assert reader.count(Query()) == IMAGES
            with History(data) as another:  # such as the command line
                assert another.recovery is None
        assert history.rate([3], 4).result()
    check_all_is_there(data, folder)


def test_an_exclusively_locked_database_is_reported_and_opened_later(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(database_schema, "BUSY_MS", 20)
    data, folder = filled(tmp_path)
    with locked(data / DATABASE, "all"), pytest.raises(HistoryError, match="has locked it"):
        History(data)
    assert sorted(path.name for path in data.iterdir() if "damaged" in path.name) == []
    check_all_is_there(data, folder)


def test_locked_thumbnails_are_not_discarded(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr("ldm_studio.history.thumbnails.BUSY_MS", 20)
    with Thumbnails(tmp_path) as thumbnails:
        thumbnails.put([("a", b"1")])
    with locked(tmp_path / "thumbnails.sqlite3", "all"), Thumbnails(tmp_path) as thumbnails:
        assert thumbnails.get("a") is None
        thumbnails.put([("b", b"2")])
        assert thumbnails.get("b") == b"2"
    with Thumbnails(tmp_path) as thumbnails:
        assert thumbnails.get("a") == b"1"


def test_damaged_thumbnails_are_replaced_at_once(tmp_path) -> None:
    with Thumbnails(tmp_path) as thumbnails:
        thumbnails.put((str(number), bytes(3000)) for number in range(200))
    path = tmp_path / "thumbnails.sqlite3"
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xa5" * (size - 4096))
    with Thumbnails(tmp_path) as thumbnails:
        for number in range(200):
            thumbnails.get(str(number))
        thumbnails.put([("new", b"1")])
        assert thumbnails.get("new") == b"1"


# --- folders that vanish -------------------------------------------------------------------------


def gone(data: Path) -> None:
    shutil.rmtree(data)


def deleted(data: Path) -> None:
    for path in data.glob(f"{DATABASE}*"):
        path.unlink()


def renamed(data: Path) -> None:
    data.rename(data.with_name("elsewhere"))


@pytest.mark.parametrize("vanish", [gone, deleted, renamed])
def test_a_database_deleted_while_open_is_written_again(
    tmp_path, vanish: Callable[[Path], None]
) -> None:
    data, folder = filled(tmp_path)
    reported: list[RestoredDatabase] = []
    with History(data) as history:
        history.on_restored = reported.append
        vanish(data)
        history.rate([2], 4).result()
        (restored,) = reported
        assert "nothing is lost" in str(restored.message)
        history.put([scanned(1)]).result()
        with history.reader() as reader:
            assert reader.count(Query()) == IMAGES + 1
            assert reader.count(parse("rating:>=4")) == 2
    assert is_whole(data)
    assert {type(saying).__name__ for saying in read_journal(data / JOURNAL)} == {
        "Mark",
        "SavedSearch",
        "Folder",
    }
    (data / DATABASE).unlink()
    check_all_is_there(data, folder)


def test_a_database_replaced_by_another_program_is_followed(tmp_path) -> None:
    """As if that program had found it damaged and set it aside."""
    data, folder = filled(tmp_path)
    reported: list[RestoredDatabase] = []
    with History(data) as history, history.reader() as reader:
        history.on_restored = reported.append
        for path in data.glob(f"{DATABASE}*"):
            path.rename(path.with_name(f"aside-{path.name}"))
        with History(data) as another:
            rebuild(another, [folder])
        assert not reader.is_current
        history.rate([2], 4).result()
        assert len(reported) == 1
        with history.reader() as fresh:
            assert fresh.count(Query()) == IMAGES
            assert fresh.count(parse("rating:>=4")) == 2
    check_all_is_there(data, folder)


def test_a_folder_that_cannot_be_created_is_reported_until_it_can(tmp_path) -> None:
    data, _ = filled(tmp_path)
    with History(data) as history:
        shutil.rmtree(data)
        data.write_text("in the way")
        with pytest.raises(HistoryError, match="cannot be written again"):
            history.rate([2], 4).result()
        data.unlink()
        history.rate([2], 4).result()
        with history.reader() as reader:
            assert reader.count(Query()) == IMAGES
            assert reader.count(parse("rating:>=4")) == 2


def test_images_in_a_vanished_folder_are_missing_and_return(tmp_path) -> None:
    data, folder = filled(tmp_path)
    with History(data) as history, history.reader() as reader:
        folder.rename(tmp_path / "unplugged")
        report = rebuild(history, [folder])
        assert report.missing == IMAGES
        assert [problem.path for problem in report.problems] == [folder]
        assert reader.count(parse("is:missing")) == IMAGES
        assert reader.count(parse("rating:5")) == 1
        (tmp_path / "unplugged").rename(folder)
        rebuild(history, [folder])
        assert reader.count(parse("is:missing")) == 0
        assert {image.state for image in reader.pages(Query())} == {State.HERE}


def test_a_read_only_database_is_read_and_reported(tmp_path, monkeypatch) -> None:
    data, _ = filled(tmp_path)

    def read_only(path: Path) -> sqlite3.Connection:
        uri = f"{path.absolute().as_uri()}?mode=ro"
        return sqlite3.connect(uri, uri=True, isolation_level=None)

    monkeypatch.setattr(database_schema, "connect", read_only)
    with History(data) as history, history.reader() as reader:
        with pytest.raises(HistoryError, match="it is read-only") as caught:
            history.rate([2], 4).result()
        assert str(caught.value.hint) == "Make its folder writable."
        assert reader.count(Query()) == IMAGES


# --- clocks --------------------------------------------------------------------------------------


def test_images_of_any_time_are_listed_in_order(tmp_path) -> None:
    data, folder = filled(tmp_path)
    moments = [0, 1, 10 * YEAR, 56 * YEAR, 90 * YEAR, 8_000 * YEAR, 250 * YEAR, 250 * YEAR]
    for number, seconds in enumerate(moments):
        os.utime(folder / f"{number:05}-1.png", (seconds, seconds))
    with History(data) as history, history.reader() as reader:
        assert rebuild(history, [folder]).changed == len(moments)
        assert rebuild(history, [folder]).unchanged == IMAGES
        listed = list(reader.pages(Query()))
        assert len({image.id for image in listed}) == IMAGES
        order = [(image.made_at, image.id) for image in listed]
        assert order == sorted(order, reverse=True)
        found, after = [], None
        while True:
            page = reader.page(Query(), after, limit=3)
            found += [image.id for image in page.images]
            if (after := page.next) is None:
                break
        assert found == [image.id for image in listed]


def test_a_file_changed_while_the_clock_is_wrong_is_noticed(tmp_path) -> None:
    data, folder = filled(tmp_path)
    path = folder / "00003-1.png"
    ours(path, seed=99)
    os.utime(path, (YEAR, YEAR))
    with History(data) as history:
        assert rebuild(history, [folder]).changed == 1
        assert rebuild(history, [folder]).unchanged == IMAGES


# --- several processes ---------------------------------------------------------------------------

BESIDE = f"""
import sys
from pathlib import Path
from core.request.request import Request
from ldm_studio.history import database_schema
from ldm_studio.history.index_one import index_image
from ldm_studio.paths import queue_dir
from ldm_studio.images.image_files import save_next
from ldm_studio.images.job_files import JobStore
from tests.ldm_studio.history.files import DIGEST, noise

database_schema.BUSY_MS = {round(HANG_SECONDS * 1000)}
first, folder = int(sys.argv[1]), Path(sys.argv[2])
jobs = JobStore(queue_dir())
assert jobs.open() == ([], [])  # those of a living process are its own
for seed in range(first, first + 15):
    request = Request(prompt="a fox", width=8, height=8, seed=seed)
    path = save_next(folder, noise(seed=seed), request, "Tiny", DIGEST)
    assert not index_image(path)
jobs.close()
"""


def test_concurrent_processes_keep_the_data_intact(tmp_path, studio_home) -> None:
    """The window, and three commands that generate."""
    from core.request.request import Request
    from ldm_studio import paths
    from ldm_studio.images.job_files import JobStore, StoredJob

    folder = tmp_path / "pictures"
    jobs = JobStore(paths.queue_dir())
    jobs.open()
    key = jobs.new_key()
    jobs.write(key, StoredJob(Request(prompt="waits")))
    with History(paths.data_dir()) as history:
        beside = [
            subprocess.Popen(
                [sys.executable, "-c", BESIDE, str(1000 * number), str(folder)], cwd=ROOT
            )
            for number in range(1, 4)
        ]
        while any(process.poll() is None for process in beside):
            history.put([scanned(1)]).result()
            history.rate([1], 3).result()
        assert [process.returncode for process in beside] == [0, 0, 0]
        found = sorted(path.name for path in folder.iterdir())
        assert len(found) == len({name.split("-")[0] for name in found}) == 45
        with history.reader() as reader:
            assert reader.count(Query()) == 46
            assert reader.count(parse("rating:3")) == 1
    jobs.close()
    (left,), problems = JobStore(paths.queue_dir()).open()
    assert (left.key, problems) == (key, [])
    assert is_whole(paths.data_dir())
