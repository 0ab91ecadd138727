"""Collections: created, renamed, filled, sorted, removed; kept if the database is lost."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ldm_studio.history.collections import clean_title
from ldm_studio.history.database_schema import MIGRATIONS, State, backup_path
from ldm_studio.history.history_errors import HistoryError
from ldm_studio.history.history_reader import Reader
from ldm_studio.history.history_store import DATABASE, History
from ldm_studio.history.query_language import Query, parse
from ldm_studio.history.results import Count
from tests.ldm_studio.history.files import scanned


@pytest.fixture
def six(history: History) -> History:
    """Images 1 to 6; the first is the newest."""
    history.put([scanned(number) for number in range(6)]).result()
    return history


def create(history: History, title: str, *numbers: int) -> str:
    return history.create_collection(title, numbers).result().collection.collection


def ids(reader: Reader, text: str) -> list[int]:
    return [image.id for image in reader.pages(parse(text))]


def test_images_are_found_in_the_order_of_their_collection(six, reader):
    create(six, "Best of", 4, 1, 6)
    create(six, "Others", 2)
    assert ids(reader, 'collection:"best of"') == [4, 1, 6]
    assert ids(reader, "in:best") == [4, 1, 6]
    assert ids(reader, "collection:best -seed:0") == [4, 6]
    assert ids(reader, "collection:b,o") == [1, 2, 4, 6]
    assert ids(reader, "-has:collection") == [3, 5]
    assert reader.count(parse('collection:"Best of"')) == 3
    order = reader.order(parse("collection:best"))
    assert (list(order.ids), order.days) == ([4, 1, 6], (Count("Best of", 3),))
    collection = reader.page(parse("collection:best")).collection
    assert (collection.title, order.collection) == ("Best of", collection)
    assert reader.page(Query()).collection is None


def test_a_long_collection_is_paged(history, reader):
    history.put([scanned(number) for number in range(30)]).result()
    create(history, "All", *range(30, 0, -1))
    page = reader.page(parse("in:all"), limit=7)
    assert [one.id for one in page.images] == list(range(30, 23, -1))
    page = reader.page(parse("in:all"), page.next, 100)
    assert [one.id for one in page.images] == list(range(23, 0, -1))
    assert page.next is None


def test_images_are_appended_only_once(six, reader):
    key = create(six, "Best", 2)
    six.add_to_collection(key, [5, 2, 1]).result()
    assert ids(reader, "in:best") == [2, 5, 1]
    (one,) = reader.collections()
    assert (one.title, one.images) == ("Best", 3)
    assert reader.details(5).collections == ("Best",)


def test_removed_images_can_be_restored_to_their_place(six, reader):
    key = create(six, "Best", 1, 2, 3)
    gone = six.remove_from_collection(key, [2, 6]).result()
    assert ids(reader, "in:best") == [1, 3]
    six.apply_sayings(gone).result()
    assert ids(reader, "in:best") == [1, 2, 3]


def test_a_removed_collection_keeps_its_images_and_can_be_restored(six, reader):
    key = create(six, "Best", 3, 1)
    removed = six.remove_collection(key).result()
    assert removed.collection.title == "Best"
    assert reader.collections() == ()
    assert reader.count(Query()) == 6
    six.apply_sayings(removed.sayings).result()
    assert ids(reader, "in:best") == [3, 1]


def test_names_are_cleaned_and_unique(six, reader):
    key = create(six, "  The\nbest ", 1)
    assert reader.collections()[0].title == "The best"
    other = create(six, "Others")
    with pytest.raises(HistoryError, match="already"):
        six.create_collection("THE BEST").result()
    with pytest.raises(HistoryError, match="already"):
        six.rename_collection(other, "the best").result()
    with pytest.raises(HistoryError, match="needs a name"):
        six.rename_collection(other, " \n").result()
    six.rename_collection(key, "THE BEST").result()
    assert ids(reader, 'collection:"the best"') == [1]
    assert len(clean_title("x" * 1000)) == 100


@given(
    moves=st.lists(
        st.tuples(
            st.lists(st.integers(0, 5), min_size=1, max_size=3, unique=True),
            st.none() | st.integers(0, 5),
        ),
        max_size=60,
    )
)
def test_any_order_is_possible(moves, tmp_path_factory):
    with History(tmp_path_factory.mktemp("history")) as history, history.reader() as reader:
        history.put([scanned(number) for number in range(6)]).result()
        key = create(history, "Best", *range(1, 7))
        order = list(range(1, 7))
        for moved, before in moves:
            numbers = [one + 1 for one in moved if one != before]
            history.move_in_collection(
                key, numbers, None if before is None else before + 1
            ).result()
            order = [one for one in order if one not in numbers]
            at = len(order) if before is None else order.index(before + 1)
            order[at:at] = numbers
        assert ids(reader, "in:best") == order


def test_repeated_moves_to_one_place_stay_exact(six, reader):
    key = create(six, "Best", 1, 2, 3)
    for turn in range(60):
        six.move_in_collection(key, [1 + 2 * (turn % 2)], 2).result()
        six.move_in_collection(key, [3 - 2 * (turn % 2)], 1 + 2 * (turn % 2)).result()
    assert ids(reader, "in:best") == [1, 3, 2]


def test_deleted_images_are_not_counted_and_return_to_their_place(six, reader):
    create(six, "Best", 1, 2, 3)
    six.set_state([2], State.DELETED).result()
    assert ids(reader, "in:best") == [1, 3]
    assert reader.collections()[0].images == 2
    six.set_state([2], State.HERE).result()
    assert ids(reader, "in:best") == [1, 2, 3]


@pytest.mark.parametrize("damaged", [True, False])
def test_collections_survive_the_loss_of_the_database(tmp_path, damaged):
    """The images come back from their folders, the collections from the journal."""
    with History(tmp_path) as history:
        history.put([scanned(number) for number in range(4)]).result()
        key = create(history, "Bäst", 3, 1, 4)
        history.remove_from_collection(key, [1]).result()
        history.move_in_collection(key, [4], 3).result()
        gone = create(history, "Gone", 1)
        history.remove_collection(gone).result()
        history.rename_collection(key, "Best 🦊").result()
    path = tmp_path / DATABASE
    path.write_bytes(b"damaged " * 100) if damaged else path.unlink()
    with History(tmp_path) as history, history.reader() as reader:
        assert (history.recovery is not None) == damaged
        history.put([scanned(number) for number in range(4)]).result()
        assert ids(reader, 'in:"Best 🦊"') == [4, 3]
        assert [one.title for one in reader.collections()] == ["Best 🦊"]


def test_version_2_is_migrated_and_backed_up(tmp_path):
    path = tmp_path / DATABASE
    with closing(sqlite3.connect(path)) as old:
        old.executescript(MIGRATIONS[0])
        old.executescript(MIGRATIONS[1])
        old.executescript(
            "INSERT INTO pictures (id, path, folder, name, digest, size, mtime_ns, made, day) "
            "VALUES (1, '/a.png', '/', 'a.png', 'abc', 1, 1, 1, '1970-01-01');"
            "INSERT INTO tags VALUES ('abc', 'animals');"
            "INSERT INTO lineage VALUES (1, 'x', 3, '');"
            "PRAGMA user_version = 2;"
        )
    with History(tmp_path) as history, history.reader() as reader:
        assert ids(reader, "tag:animals has:parent") == [1]
        assert ids(reader, "has:steps") == []
        create(history, "Best", 1)
        assert ids(reader, "in:best") == [1]
    with closing(sqlite3.connect(backup_path(path, 2))) as backup:
        assert backup.execute("PRAGMA user_version").fetchone() == (2,)
        assert backup.execute("SELECT parent, step FROM lineage").fetchall() == [("x", 3)]
