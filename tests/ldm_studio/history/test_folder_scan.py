"""Scanning folders: new, changed, moved, missing, damaged files; stopped and resumed."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from PIL import Image

from core.errors import ImageError
from core.request.request import Request
from ldm_studio.history.database_schema import State
from ldm_studio.history.folder_scan import Report, locate, rebuild
from ldm_studio.history.history_store import History
from ldm_studio.history.query_language import Query, parse
from tests.ldm_studio.history.files import noise, ours, png
from tests.narrowing import present


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three images, one in a folder below."""
    folder = tmp_path / "pictures"
    (folder / "2026-11-23").mkdir(parents=True)
    for number, name in enumerate(("a.png", "b.png", "2026-11-23/c.png")):
        request = Request(prompt=f"fox {number}", seed=number, width=8, height=8)
        ours(folder / name, request, seed=number)
    return folder


def counts(report: Report) -> tuple[int, ...]:
    """New, changed, moved, missing, unchanged."""
    return report.added, report.changed, report.moved, report.missing, report.unchanged


def prompts(history: History, query: str = "") -> dict[str, str]:
    with history.reader() as reader:
        return {image.path.name: image.prompt for image in reader.pages(parse(query))}


def test_a_second_scan_reads_only_changed_files(history, folder):
    assert counts(rebuild(history, [folder])) == (3, 0, 0, 0, 0)
    assert prompts(history) == {"a.png": "fox 0", "b.png": "fox 1", "c.png": "fox 2"}
    assert counts(rebuild(history, [folder])) == (0, 0, 0, 0, 3)
    ours(folder / "a.png", Request(prompt="another", width=8, height=8), seed=9)
    ours(folder / "d.png", Request(prompt="new", width=8, height=8), seed=10)
    assert counts(rebuild(history, [folder])) == (1, 1, 0, 0, 2)
    assert prompts(history)["a.png"] == "another"
    assert prompts(history, '"fox 0"') == {}
    assert counts(rebuild(history, [folder], again=True)) == (0, 4, 0, 0, 0)


def test_marks_stay_with_a_moved_or_renamed_file(history, reader, folder):
    rebuild(history, [folder])
    number = reader.at(folder / "a.png")
    history.rate([number], 5).result()
    history.tag([number], ["best"]).result()
    (folder / "a.png").rename(folder / "2026-11-23" / "renamed.png")
    assert counts(rebuild(history, [folder])) == (0, 0, 1, 0, 2)
    (image,) = reader.page(parse("rating:5 tag:best")).images
    assert (image.id, image.path) == (number, folder / "2026-11-23" / "renamed.png")
    assert reader.count(Query()) == 3


def test_marks_survive_rebuilding_the_index(tmp_path, folder):
    with History(tmp_path / "data") as history, history.reader() as reader:
        rebuild(history, [folder])
        history.favourite([present(reader.at(folder / "b.png"))]).result()
        database = history.path
    database.write_bytes(b"damaged " * 200)
    with History(tmp_path / "data") as history:
        assert history.recovery is not None
        rebuild(history, [folder])
        assert prompts(history, "is:favourite") == {"b.png": "fox 1"}


def test_a_copy_is_another_image_with_the_same_marks(history, reader, folder):
    rebuild(history, [folder])
    history.favourite([reader.at(folder / "a.png")]).result()
    (folder / "copy.png").write_bytes((folder / "a.png").read_bytes())
    assert rebuild(history, [folder]).added == 1
    assert prompts(history, "is:favourite") == {"a.png": "fox 0", "copy.png": "fox 0"}


def test_missing_files_are_marked_and_found_again(history, reader, folder):
    rebuild(history, [folder])
    history.rate([reader.at(folder / "a.png")], 3).result()
    data = (folder / "a.png").read_bytes()
    (folder / "a.png").unlink()
    assert counts(rebuild(history, [folder])) == (0, 0, 0, 1, 2)
    assert prompts(history, "is:missing rating:3") == {"a.png": "fox 0"}
    assert counts(rebuild(history, [folder])) == (0, 0, 0, 0, 2)
    (folder / "a.png").write_bytes(data)
    assert rebuild(history, [folder]).changed == 1
    assert prompts(history, "is:missing") == {}
    assert reader.count(Query()) == 3


def test_a_vanished_folder_is_reported_and_its_images_are_missing(
    history, reader, folder, tmp_path
):
    rebuild(history, [folder])
    folder.rename(tmp_path / "elsewhere")
    report = rebuild(history, [folder])
    assert [problem.path for problem in report.problems] == [folder]
    assert report.missing == 3
    assert rebuild(history, [tmp_path / "elsewhere"]).moved == 3
    assert {image.state for image in reader.pages(Query())} == {State.HERE}


def test_other_folders_are_not_affected(history, folder, tmp_path):
    (tmp_path / "pictures-2").mkdir()
    ours(tmp_path / "pictures-2" / "x.png")
    rebuild(history, [folder, tmp_path / "pictures-2"])
    (tmp_path / "pictures-2" / "x.png").unlink()
    assert rebuild(history, [folder]).missing == 0
    assert rebuild(history, [tmp_path / "pictures-2"]).missing == 1


def test_a_missing_image_is_located(history, reader, folder, tmp_path):
    rebuild(history, [folder])
    number = reader.at(folder / "a.png")
    history.tag([number], ["found"]).result()
    there = tmp_path / "there.png"
    (folder / "a.png").rename(there)
    rebuild(history, [folder])
    with pytest.raises(ImageError, match="not the image that"):
        locate(history, number, folder / "b.png")
    with pytest.raises(ImageError, match="No such file"):
        locate(history, number, tmp_path / "nothing.png")
    with pytest.raises(ImageError, match="no image 99"):
        locate(history, 99, there)
    locate(history, number, there)
    (image,) = reader.page(parse("tag:found")).images
    assert (image.id, image.path, image.state) == (number, there, State.HERE)


def test_locating_replaces_the_row_of_the_file(history, reader, folder, tmp_path):
    rebuild(history, [folder])
    number = reader.at(folder / "a.png")
    copy = tmp_path / "copy" / "a.png"
    copy.parent.mkdir()
    copy.write_bytes((folder / "a.png").read_bytes())
    rebuild(history, [copy.parent])
    (folder / "a.png").unlink()
    rebuild(history, [folder])
    locate(history, number, copy)
    assert reader.at(copy) == number
    assert reader.count(parse('"fox 0"')) == reader.count(parse("0")) == 1


def test_damaged_files_are_listed_and_the_scan_continues(history, reader, folder):
    (folder / "bad.png").write_bytes((folder / "a.png").read_bytes()[:100])
    (folder / "text.jpg").write_text("no image")
    report = rebuild(history, [folder])
    assert report.added == 5
    assert {problem.path.name: str(problem.message) for problem in report.problems} == {
        "bad.png": "The file is cut short.",
        "text.jpg": "The file is not a PNG, JPEG or WebP image.",
    }
    assert set(prompts(history, "is:damaged")) == {"bad.png", "text.jpg"}


def test_an_image_that_becomes_damaged_keeps_its_recipe_and_marks(history, reader, folder):
    rebuild(history, [folder])
    history.rate([reader.at(folder / "a.png")], 5).result()
    whole = (folder / "a.png").read_bytes()
    (folder / "a.png").write_bytes(whole[:-20])
    assert len(rebuild(history, [folder]).problems) == 1
    assert prompts(history, "is:damaged rating:5") == {"a.png": "fox 0"}
    (folder / "a.png").write_bytes(whole)
    rebuild(history, [folder])
    assert prompts(history, "is:damaged") == {}
    assert prompts(history, "rating:5") == {"a.png": "fox 0"}


def test_a_cancelled_scan_continues_where_it_stopped(history, folder):
    looked: list[bool] = []

    def stop() -> bool:
        looked.append(True)
        return len(looked) > 5  # three files are listed, then two are read

    report = rebuild(history, [folder], cancelled=stop)
    assert report.cancelled
    assert counts(report) == (2, 0, 0, 0, 0)
    assert counts(rebuild(history, [folder])) == (1, 0, 0, 0, 2)


def test_a_scan_cancelled_while_listing_marks_nothing_missing(history, reader, folder):
    rebuild(history, [folder])
    assert rebuild(history, [folder], cancelled=lambda: True).cancelled
    assert reader.count(parse("is:missing")) == 0


def test_progress_counts_files(history, folder):
    seen = []
    rebuild(history, [folder], progress=seen.append)
    assert [(progress.done, progress.total) for progress in seen] == [(0, 3), (1, 3), (2, 3)]


def test_hidden_files_thumbnails_and_circular_links_are_skipped(history, folder):
    for name in (".hidden.png", ".trash/x.png", "thumbnails/x.png"):
        (folder / name).parent.mkdir(exist_ok=True)
        Image.fromarray(noise()).save(folder / name)
    (folder / "notes.txt").write_text("no image")
    (folder / "circle").symlink_to(folder)
    (folder / "linked.png").symlink_to(folder / "a.png")
    (folder / "broken.png").symlink_to(folder / "nothing.png")
    os.mkfifo(folder / "pipe.png")
    assert rebuild(history, [folder]).added == 4


def test_an_undecodable_name_is_listed(history, folder):
    name = os.fsencode(folder) + b"/\xff\xfe.png"
    Path(os.fsdecode(name)).write_bytes((folder / "a.png").read_bytes())
    report = rebuild(history, [folder])
    assert report.added == 3
    assert "not valid Unicode" in str(report.problems[0].message)


def test_an_import_counts_programs_and_ignored_settings(history, tmp_path):
    text = "a fox\nSteps: 20, Sampler: Euler, Seed: 1, Face restoration: GFPGAN, Version: v1.10.1"
    png(tmp_path / "in" / "a.png", parameters=text)
    png(tmp_path / "in" / "b.png", parameters=text.replace("v1.10.1", "f2.0.1"))
    png(tmp_path / "in" / "photograph.png")
    report = rebuild(history, [tmp_path / "in"])
    assert report.programs == {"AUTOMATIC1111": 1, "Forge": 1, "": 1}
    assert report.ignored == {"Face restoration": 2}


def test_files_of_any_date_can_be_indexed(history, reader, folder):
    for number, name in enumerate(("a.png", "b.png")):
        os.utime(folder / name, (-(10**9), -(10**9)) if number else (2**34, 2**34))
    assert rebuild(history, [folder]).added == 3
    assert {image.path.name for image in reader.pages(Query())} == {"a.png", "b.png", "c.png"}
