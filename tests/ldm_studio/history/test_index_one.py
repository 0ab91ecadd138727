"""Images saved by the command line are in the history."""

from __future__ import annotations

from pathlib import Path

from ldm_studio.history.history_store import History
from ldm_studio.history.index_one import index_image
from ldm_studio.history.query_language import parse
from ldm_studio.paths import data_dir
from tests.ldm_studio.history.files import ours


def test_a_saved_image_is_found(tmp_path: Path) -> None:
    assert not index_image(ours(tmp_path / "one.png"))
    with History(data_dir()) as history, history.reader() as reader:
        assert [image.path for image in reader.pages(parse("fox"))] == [tmp_path / "one.png"]


def test_an_unwritable_history_is_reported_and_the_image_is_kept(
    tmp_path: Path,
) -> None:
    data_dir().parent.mkdir(parents=True)
    data_dir().write_text("in the way")
    assert str(data_dir()) in str(index_image(ours(tmp_path / "one.png")))
    assert (tmp_path / "one.png").exists()
