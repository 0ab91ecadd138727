"""`ldm-studio history` as users and scripts use it."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from pathlib import Path

import pytest
from PIL import Image

from core.request.request import Request
from ldm_studio.command_line.cli import Exit, main
from ldm_studio.history.history_store import DATABASE
from ldm_studio.history.thumbnails import Thumbnails, make_thumbnail
from ldm_studio.paths import data_dir, pictures_dir
from tests.ldm_studio.history.files import noise, ours, png


@pytest.fixture
def images(studio_home: Path) -> Path:
    """Two images of this program in its own folder."""
    folder = pictures_dir()
    folder.mkdir(parents=True)
    for number, prompt in enumerate(("a red fox", "a castle")):
        request = Request(prompt=prompt, seed=number, width=8, height=8)
        ours(folder / f"{number}.png", request, seed=number)
    return folder


def run(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    """Exit code, standard output, standard error."""
    code = main(["history", *map(str, arguments)])
    said = capsys.readouterr()
    return code, said.out, said.err


def test_an_empty_history_explains_how_to_index(capsys):
    code, out, err = run(capsys, "list")
    assert (code, out) == (0, "")
    assert "ldm-studio history rebuild" in err


def test_rebuild_list_search_show(images, capsys):
    assert run(capsys, "rebuild")[:2] == (0, "2 images: 2 new\n")
    assert run(capsys, "rebuild")[:2] == (0, "2 images: 2 unchanged\n")
    assert run(capsys, "rebuild", "--again")[:2] == (0, "2 images: 2 changed\n")
    code, out, _ = run(capsys, "list")
    assert code == 0
    assert len(out.splitlines()) == 2
    code, out, _ = run(capsys, "search", "fox", "--json")
    record = json.loads(out)
    assert record["prompt"] == "a red fox"
    assert record["path"] == str(images / "0.png")
    for named in (record["id"], record["path"]):
        code, out, _ = run(capsys, "show", named)
        assert code == 0
        assert "made with     LDM Studio" in out
        assert "prompt        a red fox" in out
    details = json.loads(run(capsys, "show", record["id"], "--json")[1])
    assert details["request"]["seed"] == 0
    assert details["settings"]["Sampler"] == "Euler"
    assert details["ignored"] == []


def test_a_limit_of_zero_lists_all_images(images, capsys):
    run(capsys, "rebuild")
    assert len(run(capsys, "list", "--limit", 1)[1].splitlines()) == 1
    assert len(run(capsys, "list", "--limit", 0)[1].splitlines()) == 2
    with pytest.raises(SystemExit) as ended:
        main(["history", "list", "--limit", "some"])
    assert ended.value.code == Exit.USAGE


def test_facets_are_printed(images, capsys):
    run(capsys, "rebuild")
    assert "       2  Tiny\n" in run(capsys, "search", "a", "--facets")[1]
    facets = json.loads(run(capsys, "search", "fox", "--facets", "--json")[1])
    assert facets["models"] == {"Tiny": 1}
    assert facets["samplers"] == {"Euler": 1}


def test_excluding_terms_follow_two_dashes(images, capsys):
    run(capsys, "rebuild")
    out = run(capsys, "search", "--json", "--", "a", "-fox")[1]
    assert json.loads(out)["prompt"] == "a castle"


def test_a_mistake_in_a_query_is_reported_with_its_position(images, capsys):
    code, out, err = run(capsys, "search", "fox", "steps:many")
    assert (code, out) == (Exit.USAGE, "")
    assert '"many" is not a number' in err
    assert "  fox steps:many\n      ^^^^^^^^^^" in err


def test_an_import_lists_programs_and_ignored_settings(tmp_path, capsys):
    text = "a fox\nSteps: 20, Sampler: Euler, Seed: 1, Face restoration: GFPGAN, Version: v1.10.1"
    png(tmp_path / "theirs" / "a.png", parameters=text)
    (tmp_path / "theirs" / "bad.png").write_bytes(b"")
    code, out, err = run(capsys, "import", tmp_path / "theirs")
    assert code == 0
    assert "2 images: 2 new, 1 unreadable" in out
    assert "       1  AUTOMATIC1111" in out
    assert "       1  Face restoration" in out
    assert f"{tmp_path / 'theirs' / 'bad.png'}: It is empty." in err
    (tmp_path / "theirs" / "a.png").unlink()  # the folder is known from now on
    code, out, _ = run(capsys, "rebuild", "--json")
    assert json.loads(out)["missing"] == 1


@pytest.mark.parametrize("action", ["rebuild", "import"])
def test_a_missing_folder_is_reported(tmp_path, capsys, action):
    code, _, err = run(capsys, action, tmp_path / "nothing")
    assert code == Exit.IMAGE
    assert "There is no folder" in err


def test_a_missing_image_is_reported(capsys):
    for named in ("7", "nothing.png", "9" * 30):
        code, _, err = run(capsys, "show", named)
        assert code == Exit.USAGE
        assert "There is no image" in err


def test_a_missing_image_is_located(images, tmp_path, capsys):
    run(capsys, "rebuild")
    number = json.loads(run(capsys, "search", "fox", "--json")[1])["id"]
    (images / "0.png").rename(tmp_path / "moved.png")
    run(capsys, "rebuild")
    assert "(missing)" in run(capsys, "search", "fox")[1]
    assert run(capsys, "locate", number, tmp_path / "moved.png")[0] == 0
    assert str(tmp_path / "moved.png") in run(capsys, "search", "fox")[1]
    assert run(capsys, "locate", number, images / "1.png")[0] == Exit.IMAGE


def test_a_damaged_history_is_rebuilt_and_reported(images, capsys):
    run(capsys, "rebuild")
    (data_dir() / DATABASE).write_bytes(b"damaged " * 100)
    code, out, err = run(capsys, "search", "fox")
    assert code == 0
    assert "moved to" in err
    assert "a red fox" in out
    assert list(data_dir().glob("history.damaged-*.sqlite3"))


def test_a_read_only_history_is_reported(studio_home, capsys):
    studio_home.mkdir()
    (studio_home / "data").touch()
    code, _, err = run(capsys, "list")
    assert code == Exit.HISTORY
    assert "The history" in err


# --- export --------------------------------------------------------------------------------------


def test_export_to_a_folder_numbers_equal_names(images, tmp_path, capsys):
    (images / "below").mkdir()
    (images / "below" / "0.png").write_bytes((images / "1.png").read_bytes())
    run(capsys, "rebuild")
    (images / "1.png").unlink()
    code, out, err = run(capsys, "export", "-o", tmp_path / "out")
    assert (code, out) == (0, f"{tmp_path / 'out'}\n")
    assert "2 images, 1 missing" in err
    copies = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert copies == ["0 (2).png", "0.png"]
    originals = {path.read_bytes() for path in images.rglob("*.png")}
    assert {path.read_bytes() for path in (tmp_path / "out").iterdir()} == originals


def test_export_to_a_zip(images, tmp_path, capsys):
    run(capsys, "rebuild")
    out = run(capsys, "export", "fox", "-o", tmp_path / "out.zip", "--json")[1]
    assert json.loads(out) == {"output": str(tmp_path / "out.zip"), "pictures": 1, "left_out": 0}
    with zipfile.ZipFile(tmp_path / "out.zip") as pack:
        assert pack.namelist() == ["0.png"]
        assert pack.read("0.png") == (images / "0.png").read_bytes()


def test_export_as_a_table_of_recipes(images, tmp_path, capsys):
    run(capsys, "rebuild")
    run(capsys, "export", "fox", "-o", tmp_path / "out.csv")
    with (tmp_path / "out.csv").open(encoding="utf-8", newline="") as file:
        (row,) = csv.DictReader(file)
    assert (row["prompt"], row["sampler"], row["seed"]) == ("a red fox", "Euler", "0")
    run(capsys, "export", "-o", tmp_path / "out.jsonl")
    lines = (tmp_path / "out.jsonl").read_text(encoding="utf-8").splitlines()
    assert {json.loads(line)["request"]["prompt"] for line in lines} == {"a red fox", "a castle"}


def test_a_failed_export_is_reported(images, tmp_path, capsys):
    run(capsys, "rebuild")
    (tmp_path / "file").touch()
    for target in (tmp_path / "file", tmp_path / "file" / "out.zip"):
        code, _, err = run(capsys, "export", "-o", target)
        assert code == Exit.IMAGE
        assert "cannot be written" in err


def test_export_as_a_contact_sheet(qapp, images, tmp_path, capsys):
    run(capsys, "rebuild")
    code, _, _ = run(
        capsys, "export", "-o", tmp_path / "a.jpg", "--columns", 1, "--side", 64,
        "--captions", "prompt, seed",
    )  # fmt: skip
    assert code == 0
    with Image.open(tmp_path / "a.jpg") as sheet:
        assert sheet.height > 2 * sheet.width
    code, _, err = run(capsys, "export", "-o", tmp_path / "b.png", "--captions", "sead")
    assert code == Exit.USAGE
    assert "sead" in err
    assert not (tmp_path / "b.png").exists()


# --- names and collections -----------------------------------------------------------------------


def test_an_image_is_renamed(images, capsys):
    run(capsys, "rebuild")
    found = json.loads(run(capsys, "search", "--json", "fox")[1])
    out = run(capsys, "rename", found["id"], "A fox", "--json")[1]
    assert json.loads(out) == {"id": found["id"], "path": str(images / "A fox.png")}
    assert json.loads(run(capsys, "show", found["id"], "--json")[1])["path"].endswith("A fox.png")
    code, _, err = run(capsys, "rename", found["id"], "1")
    assert code == Exit.IMAGE
    assert "is named 1.png" in err


def test_collections_are_filled_listed_and_emptied(images, capsys):
    run(capsys, "rebuild")
    run(capsys, "collect", "Best of", images / "1.png")
    run(capsys, "collect", "best of", images / "1.png", images / "0.png")
    assert json.loads(run(capsys, "collections", "--json")[1]) == {
        "title": "Best of", "pictures": 2,
    }  # fmt: skip
    names = [Path(json.loads(line)["path"]).name
             for line in run(capsys, "search", "--json", "in:best")[1].splitlines()]  # fmt: skip
    assert names == ["1.png", "0.png"]
    run(capsys, "collect", "Best of", "--remove", images / "1.png")
    assert run(capsys, "collections")[1].split() == ["1", "Best", "of"]
    code, _, err = run(capsys, "collect", "Others", "--remove", images / "1.png")
    assert code == Exit.USAGE
    assert "no collection" in err


# --- thumbnails ----------------------------------------------------------------------------------


def test_a_thumbnail_is_a_reduced_copy_with_alpha(tmp_path):
    Image.new("RGBA", (600, 300), (200, 0, 0, 0)).save(tmp_path / "a.png")
    with Image.open(io.BytesIO(make_thumbnail(tmp_path / "a.png"))) as small:
        assert (small.format, small.size, small.mode) == ("WEBP", (256, 128), "RGBA")
    Image.fromarray(noise(10, 20)).save(tmp_path / "b.jpg")
    with Image.open(io.BytesIO(make_thumbnail(tmp_path / "b.jpg"))) as small:
        assert small.size == (20, 10)


def test_thumbnails_are_stored_and_damaged_ones_replaced(tmp_path):
    with Thumbnails(tmp_path) as thumbnails:
        thumbnails.put([("a", b"1"), ("b", b"2")])
        assert thumbnails.get("c") is None
    with Thumbnails(tmp_path) as thumbnails:
        assert thumbnails.get("a") == b"1"
        path = thumbnails.path
    path.write_bytes(b"damaged " * 200)
    with Thumbnails(tmp_path) as thumbnails:
        assert thumbnails.get("a") is None
        thumbnails.put([("a", b"3")])
        assert thumbnails.get("a") == b"3"


def test_thumbnails_work_without_a_folder(tmp_path):
    (tmp_path / "file").touch()
    with Thumbnails(tmp_path / "file" / "data") as thumbnails:
        thumbnails.put([("a", b"1")])
        assert thumbnails.get("a") == b"1"
