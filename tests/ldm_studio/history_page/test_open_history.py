"""The history follows finished images and changes of files."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from core.images.image_digest import digest
from core.request.request import Request
from ldm_studio.history.history_store import DATABASE, History
from ldm_studio.history.query_language import Query, parse
from ldm_studio.history_page.open_history import Library
from ldm_studio.images.input_cleanup import GRACE_DAYS
from ldm_studio.images.input_store import InputStore
from ldm_studio.paths import data_dir, inputs_dir
from tests.ldm_studio.history.files import noise, ours
from tests.ldm_studio.window_actions import make


@pytest.fixture
def open_library(qtbot, tmp_path: Path) -> Iterator[Callable[[], Library]]:
    made: list[Library] = []

    def opened() -> Library:
        library = Library(tmp_path / "data", tmp_path / "pictures")
        made.append(library)
        with qtbot.waitSignals([library.opened, library.indexed]):
            library.open()
        return library

    yield opened
    for library in made:
        library.close()


def paths(library: Library, query: str = "") -> list[str]:
    with library.history.reader() as reader:
        return sorted(image.path.name for image in reader.pages(parse(query)))


def test_existing_images_are_indexed_at_the_first_start(open_library, tmp_path) -> None:
    ours(tmp_path / "pictures" / "2026-11-20" / "00001-1.png")
    assert paths(open_library()) == ["00001-1.png"]


def test_a_finished_image_is_in_the_history_at_once(open_library, qtbot, tmp_path) -> None:
    library = open_library()
    path = ours(tmp_path / "pictures" / "00002-1.png")
    with qtbot.waitSignal(library.changed):
        library.note([path])
    assert paths(library) == ["00002-1.png"]


def test_an_image_finished_before_the_history_opens_is_added_later(qtbot, tmp_path) -> None:
    library = Library(tmp_path / "data", tmp_path / "pictures")
    library.note([ours(tmp_path / "elsewhere" / "00003-1.png")])
    with qtbot.waitSignal(library.changed):
        library.open()
    assert paths(library) == ["00003-1.png"]
    library.close()


def test_an_imported_folder_is_remembered(open_library, qtbot, tmp_path) -> None:
    library = open_library()
    ours(tmp_path / "others" / "a.png")
    with qtbot.waitSignal(library.indexed) as indexed:
        library.add_folder(tmp_path / "others")
    assert indexed.args[0].report.added == 1
    library.close()
    again = open_library()
    assert again.folders == (tmp_path / "pictures", tmp_path / "others")


def test_a_history_that_cannot_be_opened_is_reported_and_can_be_retried(qtbot, tmp_path) -> None:
    (tmp_path / "data").write_text("in the way")
    library = Library(tmp_path / "data", tmp_path / "pictures")
    with qtbot.waitSignal(library.failed) as failed:
        library.open()
    assert str(tmp_path / "data") in str(failed.args[0].message)
    assert library.error is failed.args[0]
    (tmp_path / "data").unlink()
    with qtbot.waitSignal(library.opened):
        library.open()
    library.close()


def test_the_window_indexes_its_images(application, qtbot) -> None:
    if not application.library.is_open:
        with qtbot.waitSignal(application.library.opened):
            application.library.open()
    with qtbot.waitSignal(application.library.changed):
        make(application, qtbot, prompt="a green fox")
    with History(data_dir()) as history, history.reader() as reader:
        assert reader.count(parse('"green fox"')) == 1
        assert reader.count(Query()) == 1


def test_closing_during_indexing_keeps_indexed_files(qtbot, tmp_path) -> None:
    for number in range(20):
        ours(tmp_path / "pictures" / f"{number:05}-1.png", seed=number)
    library = Library(tmp_path / "data", tmp_path / "pictures")
    with qtbot.waitSignal(library.opened):
        library.open()
    library.close()
    assert (tmp_path / "data" / DATABASE).exists()
    with History(tmp_path / "data") as history, history.reader() as reader:
        assert reader.count(Query()) <= 20


def watching(library: Library, qtbot, folder: Path) -> None:
    qtbot.waitUntil(lambda: folder in library.watched)


def test_a_file_renamed_elsewhere_keeps_its_row_and_marks(open_library, qtbot, tmp_path) -> None:
    path = ours(tmp_path / "pictures" / "one.png")
    library = open_library()
    watching(library, qtbot, path.parent)
    library.history.rate([1], 5).result()
    with qtbot.waitSignal(library.changed):
        path.rename(path.with_name("two.png"))
    assert paths(library, "rating:5") == ["two.png"]


def test_a_file_deleted_elsewhere_is_missing_and_returns(open_library, qtbot, tmp_path) -> None:
    path = ours(tmp_path / "pictures" / "one.png")
    library = open_library()
    watching(library, qtbot, path.parent)
    data = path.read_bytes()
    with qtbot.waitSignal(library.changed):
        path.unlink()
    assert paths(library, "is:missing") == ["one.png"]
    with qtbot.waitSignal(library.changed):
        path.write_bytes(data)
    assert paths(library, "is:missing") == []
    assert paths(library) == ["one.png"]


def test_a_file_in_a_new_folder_is_found(open_library, qtbot, tmp_path) -> None:
    library = open_library()
    (tmp_path / "pictures").mkdir()
    with qtbot.waitSignal(library.indexed):
        library.index(library.folders)
    watching(library, qtbot, tmp_path / "pictures")
    with qtbot.waitSignal(library.changed):
        ours(tmp_path / "pictures" / "2026-11-23" / "new.png")
    assert paths(library) == ["new.png"]


def test_unused_init_images_are_removed_at_the_start(open_library, qtbot, tmp_path, caplog) -> None:
    """Not before the history has scanned all images once: until then references are unknown."""
    caplog.set_level(logging.INFO)
    store, long_ago = InputStore(inputs_dir()), time.time() - (GRACE_DAYS + 1) * 86_400
    named, lonely = noise(seed=1), noise(seed=2)
    kept = [store.keep(digest(pixels), pixels) for pixels in (named, lonely)]
    for path in kept:
        os.utime(path, (long_ago, long_ago))
    request = Request(width=8, height=8, init=digest(named), strength=0.5)
    ours(tmp_path / "pictures" / "a.png", request)
    open_library().close()
    assert all(path.exists() for path in kept)
    open_library()
    qtbot.waitUntil(lambda: not kept[1].exists())
    assert kept[0].exists()
    qtbot.waitUntil(lambda: "removed 1 init image" in caplog.text)


def test_no_init_image_is_removed_while_a_folder_is_missing(open_library, qtbot, tmp_path) -> None:
    (tmp_path / "pictures").mkdir()
    (tmp_path / "disk").mkdir()
    pixels = noise(seed=2)
    path = InputStore(inputs_dir()).keep(digest(pixels), pixels)
    os.utime(path, (1_600_000_000, 1_600_000_000))
    library = open_library()
    with qtbot.waitSignal(library.indexed):
        library.add_folder(tmp_path / "disk")
    library.close()
    (tmp_path / "disk").rename(tmp_path / "elsewhere")
    library = open_library()
    with qtbot.waitSignal(library.indexed):
        library.index(library.folders)  # later than what would be removed at the start
    library.close()
    assert path.exists()
