"""The history page in use: viewing, searching, selecting, marking, deleting."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, QSize, Qt
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QApplication

from core.images.image_digest import digest
from core.request.request import Request
from ldm_studio.history.database_schema import State
from ldm_studio.history.query_language import parse
from ldm_studio.history_page.search_link import SearchLink
from tests.ldm_studio.history.files import noise, ours
from tests.ldm_studio.history_page.paging import (
    WORDS,
    Button,
    Key,
    Modifier,
    choose,
    found,
    image,
    middle,
    prompts,
    search,
)
from tests.ldm_studio.window_actions import index_history


@pytest.fixture
def trash(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The system's trash, in a folder of this test."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "share"))
    (tmp_path / "share").mkdir()
    return tmp_path / "share" / "Trash" / "files"


# Viewing and searching


def test_the_newest_image_comes_first(page) -> None:
    assert prompts(page) == list(reversed(WORDS))
    assert page.bar.count.text() == "5 images"


def test_without_images_the_page_explains_what_to_do(open_page) -> None:
    page = open_page()
    assert page.results.currentWidget() is page.placeholder
    assert page.placeholder.title.text() == "No images yet"
    assert page.placeholder.button.text() == "Import a Folder…"


def test_typing_searches_and_clearing_shows_all(page, qtbot) -> None:
    page.search.setFocus()
    qtbot.keyClicks(page.search, "fox -blue")
    found(page, qtbot)
    assert prompts(page) == ["a green fox", "a red fox"]
    qtbot.keyClick(page.search, Key.Key_Escape)
    found(page, qtbot)
    assert len(prompts(page)) == 5


def test_a_search_without_results_can_be_cleared(page, qtbot) -> None:
    search(page, qtbot, "zebra")
    assert page.results.currentWidget() is page.placeholder
    assert "zebra" in page.placeholder.title.text()
    qtbot.mouseClick(page.placeholder.button, Button.LeftButton)
    found(page, qtbot)
    assert page.results.currentWidget() is page.grid


def test_a_mistake_in_the_query_is_explained_and_the_rest_is_searched(page, qtbot) -> None:
    search(page, qtbot, "fox sead:3")
    assert "seed" in page.bar.problem.text()
    assert page.bar.problem.isVisible()
    assert len(prompts(page)) == 3
    search(page, qtbot, "fox seed:2")
    assert not page.bar.problem.isVisible()
    assert prompts(page) == ["a blue fox"]


def test_a_filter_is_toggled_in_the_query(page, qtbot) -> None:
    page.file_operations.tag([int(page.model.ids[0])], ["space"])
    qtbot.waitUntil(
        lambda: bool(page.filter_panel.findItems("space", Qt.MatchFlag.MatchRecursive)),
    )
    (item,) = page.filter_panel.findItems("space", Qt.MatchFlag.MatchRecursive)
    page.filter_panel.itemClicked.emit(item, 0)
    found(page, qtbot)
    assert page.search.text() == 'tag:"space"'
    assert prompts(page) == ["a rocket"]


def test_a_saved_search_is_stored_and_used(page, qtbot) -> None:
    search(page, qtbot, "fox")
    page.bar.save_search("Foxes")
    qtbot.waitUntil(
        lambda: bool(page.filter_panel.findItems("Foxes", Qt.MatchFlag.MatchRecursive)),
    )
    search(page, qtbot, "")
    (item,) = page.filter_panel.findItems("Foxes", Qt.MatchFlag.MatchRecursive)
    page.filter_panel.itemClicked.emit(item, 0)
    found(page, qtbot)
    assert len(prompts(page)) == 3


def test_a_new_image_appears_and_the_selection_stays(page, qtbot) -> None:
    choose(page, qtbot, 1)
    kept = page.selection.ids
    path = image(6, "a new fox")
    with qtbot.waitSignal(page.model.rowsInserted):
        page.library.note([path])
    assert page.selection.ids == kept
    qtbot.waitUntil(lambda: prompts(page)[0] == "a new fox")


# Selecting


def test_clicks_with_shift_and_control_select_as_in_a_file_manager(page, qtbot) -> None:
    grid, view = page.grid, page.grid.viewport()
    qtbot.mouseClick(view, Button.LeftButton, pos=middle(grid, 0))
    qtbot.mouseClick(view, Button.LeftButton, Modifier.ShiftModifier, middle(grid, 2))
    assert page.selection.ids == page.model.ids[:3].tolist()
    qtbot.mouseClick(view, Button.LeftButton, Modifier.ControlModifier, middle(grid, 1))
    assert page.selection.ids == page.model.ids[[0, 2]].tolist()
    qtbot.mouseClick(view, Button.LeftButton, pos=middle(grid, 4))
    assert page.selection.ids == [int(page.model.ids[4])]


def test_the_grid_is_operated_by_keyboard(page, qtbot) -> None:
    grid = page.grid
    grid.setFocus()
    grid.setCurrentIndex(page.model.index(0))
    qtbot.keyClick(grid, Key.Key_Right)
    assert grid.currentIndex().row() == 1
    qtbot.keyClick(grid, Key.Key_End, Modifier.ShiftModifier)
    assert len(page.selection.ids) == 4
    qtbot.keyClick(grid, Key.Key_Home)
    assert page.selection.ids == [int(page.model.ids[0])]
    qtbot.keyClick(grid, Key.Key_A, Modifier.ControlModifier)
    assert len(page.selection.ids) == 5
    assert "5 of 5" in page.bar.count.text()


def test_a_rubber_band_selects_the_tiles_it_touches(page, qtbot) -> None:
    grid, view = page.grid, page.grid.viewport()
    first, second = (grid.visualRect(page.model.index(row)) for row in (0, 1))
    start = first.topLeft() - QPoint(4, 4)
    qtbot.mousePress(view, Button.LeftButton, pos=start)
    qtbot.mouseMove(view, start + QPoint(30, 30))
    qtbot.mouseMove(view, second.center())
    qtbot.mouseRelease(view, Button.LeftButton, pos=second.center())
    assert page.selection.ids == page.model.ids[:2].tolist()


# Details and reuse


def test_details_show_the_recipe_and_a_value_filters(page, qtbot) -> None:
    choose(page, qtbot, 4)
    assert page.details.prompt.text() == "a red fox"
    page.details.filtered.emit("seed:1")
    found(page, qtbot)
    assert prompts(page) == ["a red fox"]


def test_enter_restores_the_image_and_its_settings(application, page, qtbot) -> None:
    choose(page, qtbot, 4)
    application.store.prompt = "something else"
    with qtbot.waitSignal(application.studio.canvas_controller.changed):
        qtbot.keyClick(page.grid, Key.Key_Return)
    assert application.store.prompt == "a red fox"
    assert application.store.seed == 1
    assert not application.history_controller.is_open
    assert (application.studio.view.image() == noise(seed=1)).all()


def test_enter_right_after_an_arrow_key_restores_the_selected_image(
    application, page, qtbot
) -> None:
    choose(page, qtbot, 0)
    page.grid.setFocus()
    with qtbot.waitSignal(application.studio.canvas_controller.changed):
        qtbot.keyClick(page.grid, Key.Key_Right)
        qtbot.keyClick(page.grid, Key.Key_Return)
    assert application.store.prompt == "a green fox"


def test_a_part_of_the_settings_can_be_reused(application, page, qtbot) -> None:
    store = application.store
    choose(page, qtbot, 0)
    store.prompt, store.seed, store.steps = "mine", 77, 9
    page.selection.acts["reuse_prompt"].trigger()
    assert (store.prompt, store.seed, store.steps) == ("a rocket", 77, 9)
    page.selection.acts["reuse_seed"].trigger()
    assert (store.prompt, store.seed, store.steps) == ("a rocket", 5, 9)
    store.prompt = "mine"
    page.selection.acts["reuse_sampler"].trigger()
    assert (store.prompt, store.seed, store.steps) == ("mine", 5, Request().steps)


def test_an_image_becomes_the_init_image(application, page, qtbot, aio) -> None:
    choose(page, qtbot, 0)
    page.selection.acts["start"].trigger()
    qtbot.waitUntil(lambda: application.studio.canvas_controller.start is not None)
    assert not application.history_controller.is_open


def test_parameters_are_copied_in_a1111_format(page, qtbot) -> None:
    choose(page, qtbot, 4)
    page.grid.setFocus()
    qtbot.keyClick(page.grid, Key.Key_C, Modifier.ControlModifier)
    text = QApplication.clipboard().text()
    assert text.startswith("a red fox\n")
    assert "Seed: 1" in text


def test_two_images_are_compared(page, qtbot) -> None:
    choose(page, qtbot, 0, 4)
    page.selection.acts["compare"].trigger()
    qtbot.waitUntil(lambda: page.results.currentWidget() is page.compare)
    words = page.compare.words.text()
    assert "a red fox" in words
    assert "a rocket" in words
    assert "Sampler" not in words
    qtbot.keyClick(page.compare.view, Key.Key_Escape)
    assert page.results.currentWidget() is page.grid


def test_lineage_leads_to_the_parent_image(page, qtbot) -> None:
    parent = int(page.model.ids[4])
    child = image(9, "a fox in snow", init=digest(noise(seed=1)), strength=0.5)
    with qtbot.waitSignal(page.model.rowsInserted):
        page.library.note([child])
    choose(page, qtbot, 0)
    tree = page.details.family
    assert tree.topLevelItem(0).text(0) == "a red fox"
    assert tree.topLevelItem(0).child(0).text(0) == "a fox in snow"
    with qtbot.waitSignal(page.details_shown):
        tree.itemClicked.emit(tree.topLevelItem(0), 0)
    assert page.selection.ids == [parent]
    small = tree.topLevelItem(0).icon(0)
    modes = (QIcon.Mode.Normal, QIcon.Mode.Selected)
    shown, chosen = (small.pixmap(QSize(24, 24), mode).toImage() for mode in modes)
    assert shown == chosen  # not tinted


def test_details_scroll_vertically_only(page, qtbot) -> None:
    choose(page, qtbot, 0)
    scroll = page.details._scroll
    qtbot.waitUntil(lambda: scroll.verticalScrollBar().isVisible())
    assert scroll.horizontalScrollBar().maximum() == 0


# Marks


def test_rating_and_favourite_have_keys(page, qtbot) -> None:
    choose(page, qtbot, 0, 1)
    page.grid.setFocus()
    with qtbot.waitSignal(page.library.changed):
        qtbot.keyClick(page.grid, Key.Key_4)
    with qtbot.waitSignal(page.library.changed):
        qtbot.keyClick(page.grid, Key.Key_F)
    search(page, qtbot, "rating:4 is:favourite")
    assert prompts(page) == ["a rocket", "a green fox"]


def test_tags_are_added_and_removed(page, qtbot) -> None:
    choose(page, qtbot, 0)
    with qtbot.waitSignal(page.library.changed):
        page.details.tags.field.setText("space, best of")
        qtbot.keyClick(page.details.tags.field, Key.Key_Return)
    qtbot.waitUntil(lambda: len(page.details.tags.chips) == 2)
    field = page.details.tags.field
    chips = [chip.geometry() for chip in page.details.tags.chips]
    assert len(chips) == 2
    assert not any(chip.intersects(field.geometry()) for chip in chips)
    search(page, qtbot, 'tag:"best of"')
    assert prompts(page) == ["a rocket"]
    with qtbot.waitSignal(page.library.changed):
        page.details.untagged.emit("best of")
    qtbot.waitUntil(lambda: page.model.rowCount() == 0)


# Deleting


def test_deleting_moves_the_file_to_the_trash_and_undo_restores_it(page, qtbot, trash) -> None:
    choose(page, qtbot, 0)
    path = page.details.image.path
    with qtbot.waitSignal(page.library.changed):
        page.details.stars.rated.emit(5)
    page.grid.setFocus()
    with qtbot.waitSignal(page.file_operations.deleted):
        qtbot.keyClick(page.grid, Key.Key_Delete)
    qtbot.waitUntil(lambda: page.model.rowCount() == 4)
    assert not path.exists()
    assert [file.name for file in trash.iterdir()] == [path.name]
    assert page.selection.ids == [int(page.model.ids[0])]
    with qtbot.waitSignal(page.file_operations.restored):
        qtbot.keyClick(page.grid, Key.Key_Z, Modifier.ControlModifier)
    qtbot.waitUntil(lambda: page.model.rowCount() == 5)
    assert path.exists()
    assert not list(trash.iterdir())
    with page.library.history.reader() as reader:
        assert [one.path for one in reader.pages(parse("rating:5"))] == [path]


def test_without_a_trash_the_file_stays(page, qtbot, trash) -> None:
    trash.parent.write_text("in the way of the trash")
    choose(page, qtbot, 0)
    path = page.details.image.path
    with qtbot.waitSignal(page.file_operations.deleted):
        page.selection.acts["trash"].trigger()
    assert page.notice.is_error
    assert path.name in page.notice.text()
    assert path.exists()
    assert page.model.rowCount() == 5


def test_several_images_are_deleted_and_restored_together(page, qtbot, trash) -> None:
    page.grid.selectAll()
    with qtbot.waitSignal(page.file_operations.deleted):
        page.selection.acts["trash"].trigger()
    qtbot.waitUntil(lambda: page.model.rowCount() == 0)
    assert "5 images" in page.notice.text()
    with qtbot.waitSignal(page.file_operations.restored):
        qtbot.mouseClick(page.notice.action, Button.LeftButton)
    qtbot.waitUntil(lambda: page.model.rowCount() == 5)


# Files elsewhere, and folders


def test_a_missing_file_is_greyed_and_located(page, qtbot, tmp_path) -> None:
    path = page.model.listed(0).path
    moved = tmp_path / "elsewhere" / "renamed.png"
    moved.parent.mkdir()
    path.rename(moved)
    index_history(page.library, qtbot)
    qtbot.waitUntil(lambda: page.model.listed(0).state is State.MISSING)
    choose(page, qtbot, 0)
    assert page.details.missing.isVisible()
    number = page.selection.ids[0]
    with qtbot.waitSignal(page.file_operations.located):
        page.file_operations.locate(number, moved)
    qtbot.waitUntil(lambda: page.model.listed(0).path == moved)
    assert page.model.listed(0).state is State.HERE


def test_another_image_is_not_accepted_for_the_missing_one(page, qtbot) -> None:
    page.model.listed(0).path.unlink()
    index_history(page.library, qtbot)
    other = page.model.listed(1).path
    page.file_operations.locate(int(page.model.ids[0]), other)
    qtbot.waitUntil(lambda: page.notice.is_error)
    assert "is not the image that" in page.notice.text()


def test_importing_a_folder_shows_its_images_and_a_summary(page, qtbot, tmp_path) -> None:
    ours(tmp_path / "theirs" / "a.png", Request(prompt="an owl", width=8, height=8), seed=50)
    (tmp_path / "theirs" / "b.png").write_bytes(b"no image")
    with qtbot.waitSignal(page.library.indexed):
        page.library.add_folder(tmp_path / "theirs")
    qtbot.waitUntil(lambda: page.model.rowCount() == 7)
    assert "2 images in theirs: 2 new" in page.notice.text()
    assert "b.png" in page.notice.text()
    search(page, qtbot, "owl")
    assert prompts(page) == ["an owl"]


def test_window_shortcuts_act_on_the_history_page(application, page, qtbot) -> None:
    """Undo, copy and cancel belong to the canvas, but not while the history is visible."""
    page.grid.setFocus()
    qtbot.keyClick(application.window, Key.Key_H, Modifier.ControlModifier)
    assert not application.history_controller.is_open
    qtbot.keyClick(application.window, Key.Key_H, Modifier.ControlModifier)
    assert application.history_controller.is_open
    qtbot.keyClick(page.grid, Key.Key_Escape)
    assert not application.history_controller.is_open


def test_every_control_has_a_name(page) -> None:
    for control in (
        page.search,
        page.grid,
        page.filter_panel,
        page.bar.zoom,
        page.bar.save,
        page.bar.folders,
    ):
        assert control.accessibleName()


def test_a_link_breaks_long_words(qtbot) -> None:
    link = SearchLink("folder:x", "/home/" + "a" * 200, "")
    qtbot.addWidget(link)
    link.setWordWrap(True)
    assert link.minimumSizeHint().width() < 200
