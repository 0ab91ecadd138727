"""The open history: marks, journal, recovery, readers next to the writer."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ldm_studio.history import user_journal
from ldm_studio.history.database_schema import MIGRATIONS, backup_path, suspect_path
from ldm_studio.history.history_errors import HistoryError, NewerHistory
from ldm_studio.history.history_reader import Reader
from ldm_studio.history.history_store import DATABASE, JOURNAL, History
from ldm_studio.history.index_rows import Change
from ldm_studio.history.query_language import Query, parse
from ldm_studio.history.user_journal import Folder, Mark, SavedSearch
from tests.ldm_studio.history.files import scanned
from tests.narrowing import present

NOW = len(MIGRATIONS)


def test_details_equal_the_indexed_file(history, reader):
    ((indexed,),) = [history.put([scanned(7, "a fox 🦊", Clip_skip=2)]).result()]
    assert indexed.change is Change.ADDED
    details = reader.details(indexed.id)
    assert details.listed.path == Path("/pictures/1/00007.png")
    assert (details.prompt, details.negative) == ("a fox 🦊", "blurry")
    assert (details.listed.seed, details.steps, details.cfg) == (7, 20, 7.5)
    assert (details.program, details.schedule) == ("AUTOMATIC1111", "Karras")
    assert details.settings["Clip skip"] == "2"
    assert reader.details(99) is None


def test_marks_apply_to_all_copies_of_a_file(tmp_path, history, reader):
    paths = [tmp_path / "a.png", tmp_path / "copy.png"]
    for path in paths:
        path.touch()
    history.put([*(scanned(1, path=path) for path in paths), scanned(2)]).result()
    (mark,) = history.rate([1], 4).result()
    assert mark == Mark(scanned(1).digest, rating=4)
    history.favourite([2]).result()
    assert [p.id for p in reader.pages(parse("is:favourite rating:4"))] == [2, 1]
    history.favourite([1], False).result()
    assert reader.count(parse("is:favourite")) == 0


def test_tags_are_cleaned_and_case_insensitive(history, reader):
    history.put([scanned(1), scanned(2)]).result()
    history.tag([1, 2, 99], ["  red \n fox ", "", "Snow"]).result()
    history.tag([1], ["snow", "SNOW"]).result()
    assert reader.details(1).tags == ("red fox", "Snow")
    assert [(tag.value, tag.images) for tag in reader.tags()] == [("red fox", 2), ("Snow", 2)]
    history.untag([1], ["RED FOX"]).result()
    assert reader.details(1).tags == ("Snow",)
    assert reader.count(parse("tag:red")) == 1
    assert reader.count(parse('"red fox"')) == 1


@pytest.mark.parametrize("stars", [-1, 6])
def test_ratings_are_up_to_five_stars(history, stars):
    with pytest.raises(ValueError, match="0 to 5"):
        history.rate([1], stars)


def test_searches_and_folders_are_stored(history, reader):
    history.save_search("foxes", "fox rating:>=4").result()
    history.save_search("old", "date:2020").result()
    history.save_search("old", "").result()
    history.add_folder(Path("/pictures")).result()
    history.add_folder(Path("/gone")).result()
    history.remove_folder(Path("/gone")).result()
    assert reader.searches() == {"foxes": "fox rating:>=4"}
    assert reader.folders() == (Path("/pictures"),)


def test_everything_survives_a_restart(tmp_path):
    with History(tmp_path) as history:
        history.put([scanned(1)])
        history.favourite([1])
    with History(tmp_path) as history, history.reader() as reader:
        assert reader.count(parse("is:favourite fox")) == 1
    with pytest.raises(HistoryError, match="closed"):
        history.favourite([1]).result()


def test_a_failed_job_does_not_affect_others(history, reader):
    futures = [history.put([scanned(1)]), history.put([None]), history.put([scanned(2)])]  # type: ignore[list-item]
    assert futures[0].result()
    with pytest.raises(AttributeError):
        futures[1].result()
    assert futures[2].result()
    assert reader.count(Query()) == 2


# --- readers and the writer ----------------------------------------------------------------------


def test_readers_never_wait_for_the_writer(history):
    """A reader sees only whole batches, and its pages are consistent while rows are added."""
    history.put([scanned(number) for number in range(300)]).result()
    stop = threading.Event()
    problems: list[str] = []

    def read() -> None:
        with history.reader() as reader:
            while not stop.is_set():
                count = reader.count(parse("fox"))
                if count % 100:
                    problems.append(f"half a batch: {count}")
                if len(list(reader.pages(parse("width:512")))) < count:
                    problems.append("images vanished")

    threads = [threading.Thread(target=read) for _ in range(3)]
    for thread in threads:
        thread.start()
    for start in range(300, 2_300, 100):
        history.put([scanned(number) for number in range(start, start + 100)]).result()
        history.favourite(range(start - 50, start)).result()
    stop.set()
    for thread in threads:
        thread.join()
    assert problems == []
    with history.reader() as reader:
        assert reader.count(Query()) == 2_300


def test_two_programs_share_one_history(tmp_path):
    with History(tmp_path) as one, History(tmp_path) as two:
        waiting = [
            history.put([scanned(number)]) for number in range(100) for history in (one, two)
        ]
        for future in waiting:
            future.result()
        with two.reader() as reader:
            assert reader.count(Query()) == 100


def test_a_reader_cannot_write_and_a_missing_database_is_reported(tmp_path, history, reader):
    with pytest.raises(HistoryError, match="cannot be opened"):
        Reader(tmp_path / "nothing.sqlite3")
    other = sqlite3.connect(f"{history.path.as_uri()}?mode=ro", uri=True)
    with closing(other), pytest.raises(sqlite3.OperationalError):
        other.execute("DELETE FROM pictures")


def test_a_locked_history_is_reported(tmp_path, monkeypatch):
    monkeypatch.setattr("ldm_studio.history.database_schema.BUSY_MS", 20)
    with History(tmp_path) as history:
        with closing(sqlite3.connect(history.path, isolation_level=None)) as other:
            other.execute("BEGIN EXCLUSIVE")
            with pytest.raises(HistoryError, match="locked"):
                history.put([scanned(1)]).result()
            other.execute("ROLLBACK")
        assert history.put([scanned(1)]).result()


def test_a_full_disk_is_reported_and_written_data_stays(tmp_path):
    small = (*MIGRATIONS, "PRAGMA max_page_count = 80;")
    with History(tmp_path, small) as history, history.reader() as reader:
        history.put([scanned(1)]).result()
        with pytest.raises(HistoryError, match="the disk is full"):
            history.put([scanned(number) for number in range(2, 2_000)]).result()
        assert reader.count(Query()) == 1
        assert history.favourite([1]).result()


def test_a_read_only_folder_is_reported(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(HistoryError, match="file"):
        History(tmp_path / "file" / "data")


# --- versions ------------------------------------------------------------------------------------


def test_version_1_is_migrated_and_backed_up(tmp_path):
    path = tmp_path / DATABASE
    with closing(sqlite3.connect(path)) as old:
        old.executescript(MIGRATIONS[0])
        old.executescript(
            "INSERT INTO pictures (id, path, folder, name, digest, size, mtime_ns, made, day) "
            "VALUES (1, '/a.png', '/', 'a.png', 'abc', 1, 1, 1, '1970-01-01'), "
            "(2, '/b.png', '/', 'b.png', 'def', 1, 1, 2, '1970-01-01'), "
            "(3, '/c.png', '/', 'c.png', 'ghi', 1, 1, 3, '1970-01-01');"
            "INSERT INTO recipes VALUES (1, 'a fox', '', '{}', '[]', "
            """'{"init": "123", "mask": "456"}', ''), (2, 'x', '', '{}', '[]', 'damaged', ''), """
            """(3, 'y', '', '{}', '[]', '{"init": ""}', '');"""
            "INSERT INTO marks VALUES ('abc', 1, 4); PRAGMA user_version = 1;"
        )
    with History(tmp_path) as history, history.reader() as reader:
        assert history.recovery is None
        (relation,) = present(reader.details(1)).parents
        assert (relation.digest, relation.mask) == ("123", "456")
        assert present(reader.details(2)).parents == present(reader.details(3)).parents == ()
        assert reader.count(parse("is:favourite rating:4")) == 1
    with closing(sqlite3.connect(backup_path(path, 1))) as backup:
        assert backup.execute("PRAGMA user_version").fetchone() == (1,)
        assert backup.execute("SELECT count(*) FROM pictures").fetchone() == (3,)


def test_a_failed_migration_changes_nothing(tmp_path):
    with History(tmp_path) as history:
        history.put([scanned(1)]).result()
    broken = (*MIGRATIONS, "CREATE TABLE more (id INTEGER);\nINSERT INTO nowhere VALUES (1);\n")
    with pytest.raises(HistoryError, match="nowhere"):
        History(tmp_path, broken)
    with History(tmp_path) as history, history.reader() as reader:
        assert reader.count(Query()) == 1
    with closing(sqlite3.connect(tmp_path / DATABASE)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (NOW,)
        assert (
            connection.execute("SELECT * FROM sqlite_schema WHERE name = 'more'").fetchall() == []
        )


def test_a_newer_history_is_refused_unchanged(tmp_path):
    with History(tmp_path, (*MIGRATIONS, "CREATE TABLE more (id INTEGER);")):
        pass
    before = (tmp_path / DATABASE).read_bytes()
    with pytest.raises(
        NewerHistory, match=f"it has version {NOW + 1}; this program supports {NOW}"
    ):
        History(tmp_path)
    assert (tmp_path / DATABASE).read_bytes() == before


# --- damage --------------------------------------------------------------------------------------


def marked(folder: Path) -> Path:
    """A history with marks; its database."""
    with History(folder) as history:
        history.put([scanned(number) for number in range(500)]).result()
        history.tag([1], ["kept"])
        history.rate([1], 5)
        history.favourite([2])
        history.save_search("best", "rating:5")
        history.add_folder(Path("/pictures"))
    return folder / DATABASE


def check_recovered(folder: Path) -> None:
    with History(folder) as history, history.reader() as reader:
        assert history.recovery is not None
        assert history.recovery.set_aside.exists()
        assert "moved to" in str(history.recovery.message)
        assert history.recovery.folders == (Path("/pictures"),)
        assert reader.count(Query()) == 0
        history.put([scanned(number) for number in range(10)]).result()
        assert reader.count(parse("rating:5 tag:kept")) == 1
        assert reader.count(parse("kept")) == 1
        assert reader.count(parse("is:favourite")) == 1
        assert reader.searches() == {"best": "rating:5"}
    with History(folder) as history:
        assert history.recovery is None


@pytest.mark.parametrize("data", [b"this is no database at all, not even nearly. " * 9, b"SQLi"])
def test_a_file_that_is_not_a_database_is_set_aside(tmp_path, data):
    path = marked(tmp_path)
    path.write_bytes(data)
    check_recovered(tmp_path)


def damage(path: Path) -> None:
    """Overwrites all but the first quarter, which has the names of the tables."""
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 4] + b"\xa5" * (len(data) - len(data) // 4))


def test_damage_after_a_crash_is_set_aside(tmp_path):
    path = marked(tmp_path)
    damage(path)
    path.with_name(path.name + "-wal").touch()  # left behind by a crash
    check_recovered(tmp_path)


def test_damage_found_in_use_is_reported_and_repaired_at_the_next_start(tmp_path):
    path = marked(tmp_path)
    damage(path)
    with History(tmp_path) as history, history.reader() as reader:
        with pytest.raises(HistoryError, match="rebuilt from the image files"):
            [reader.details(number) for number in range(500)]
        assert suspect_path(path).exists()
    check_recovered(tmp_path)
    assert not suspect_path(path).exists()


def test_a_suspected_index_that_is_intact_is_kept(tmp_path):
    path = marked(tmp_path)
    suspect_path(path).touch()
    with History(tmp_path) as history, history.reader() as reader:
        assert history.recovery is None
        assert reader.count(Query()) == 500


def test_an_empty_file_becomes_a_new_history(tmp_path):
    (tmp_path / DATABASE).touch()
    with History(tmp_path) as history, history.reader() as reader:
        assert history.recovery is None
        assert reader.count(Query()) == 0


# --- the journal ---------------------------------------------------------------------------------

words = st.text(st.characters(codec="utf-8"), max_size=20)
sayings = st.lists(
    st.builds(Mark, words, st.booleans(), st.integers(0, 5), st.lists(words, max_size=3).map(tuple))
    | st.builds(SavedSearch, words, words)
    | st.builds(Folder, words, st.booleans()),
    max_size=6,
)


@given(sayings, sayings)
def test_journal_entries_are_read_in_order(tmp_path_factory, first, second):
    path = tmp_path_factory.mktemp("journal") / JOURNAL
    user_journal.write(path, first)
    user_journal.write(path, second)
    assert list(user_journal.read(path)) == [*first, *second]


def test_truncated_and_unknown_lines_are_skipped(tmp_path):
    path = tmp_path / JOURNAL
    user_journal.write(path, [SavedSearch("a", "fox")])
    with path.open("ab") as file:
        file.write(b'{"name": "b", "query": "cu')
    user_journal.write(path, [SavedSearch("c", "cat")])
    with path.open("ab") as file:
        file.write(b'\n[1]\n{"mood": "good"}\n\xff\xfe\n{"digest": 3, "favourite": true}\n')
    assert list(user_journal.read(path)) == [SavedSearch("a", "fox"), SavedSearch("c", "cat")]
