"""Renaming, collections, exports, lineage and steps in the history page."""

from __future__ import annotations

import zipfile

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QDragEnterEvent, QDragMoveEvent, QDropEvent, QImage
from PySide6.QtWidgets import QApplication, QInputDialog, QMenu, QTreeWidgetItem, QWidget

from core.images.image_digest import digest
from core.request.request import Request
from core.runtime.environment import Environment
from ldm_studio.history.contact_sheet import Sheet
from ldm_studio.history_page.context_menu import build_menu
from ldm_studio.history_page.export_dialog import ExportDialog, Kind
from ldm_studio.history_page.history_page import HistoryPage
from ldm_studio.history_page.rename_dialog import RenameDialog
from ldm_studio.images.input_store import InputStore
from ldm_studio.images.trajectory_store import Trajectories, Trajectory
from ldm_studio.paths import inputs_dir, trajectories_dir
from tests.ldm_studio.history.files import noise
from tests.ldm_studio.history_page.paging import (
    Button,
    Key,
    Modifier,
    choose,
    found,
    image,
    prompts,
    search,
)
from tests.ldm_studio.window_actions import index_history

# Names


def test_renaming_an_image_can_be_undone(page, qtbot) -> None:
    choose(page, qtbot, 0)
    path, number = page.details.image.path, page.selection.ids[0]
    with qtbot.waitSignal(page.library.changed):
        page.file_operations.rename(page.details.image, "a rocket 🚀")
    new = path.with_name("a rocket 🚀.png")
    assert new.exists()
    assert not path.exists()
    qtbot.waitUntil(lambda: page.model.listed(0).path == new)
    assert page.selection.ids == [number]
    page.grid.setFocus()
    with qtbot.waitSignal(page.file_operations.renamed):
        qtbot.keyClick(page.grid, Key.Key_Z, Modifier.ControlModifier)
    assert path.exists()
    qtbot.waitUntil(lambda: page.model.listed(0).path == path)


def test_the_rename_dialog_explains_invalid_names(page, qtbot) -> None:
    choose(page, qtbot, 0)
    page.grid.setFocus()
    qtbot.keyClick(page.grid, Key.Key_F2)
    dialog = page.window().findChild(RenameDialog)
    assert dialog.name.text() == "00005-1"
    dialog.name.setText("a/b")
    assert "cannot contain /" in dialog.problem.text()
    assert not dialog.accept_button.isEnabled()
    dialog.name.setText("00001-1")
    assert "Another file" in dialog.problem.text()
    dialog.name.setText("rocket")
    assert dialog.problem.text() == ""
    with qtbot.waitSignal(page.file_operations.renamed):
        qtbot.keyClick(dialog.name, Key.Key_Return)
    assert (page.model.listed(0).path.parent / "rocket.png").exists()


def test_a_name_taken_meanwhile_is_reported(page, qtbot) -> None:
    page.file_operations.rename(page.model.listed(0), "00001-1")
    qtbot.waitUntil(lambda: page.notice.is_error)
    assert "00001-1.png" in page.notice.text()


def test_the_canvas_follows_a_renamed_file(application, page, qtbot) -> None:
    choose(page, qtbot, 0)
    with qtbot.waitSignal(application.studio.canvas_controller.changed):
        page.selection.acts["reuse"].trigger()
    with qtbot.waitSignal(page.file_operations.renamed):
        page.file_operations.rename(page.model.listed(0), "rocket")
    assert application.studio.canvas_controller.shown.path.name == "rocket.png"


# Collections


def line(page: HistoryPage, words: str) -> QTreeWidgetItem:
    found = page.filter_panel.findItems(
        words, Qt.MatchFlag.MatchRecursive | Qt.MatchFlag.MatchExactly
    )
    assert len(found) == 1
    return found[0]


def has_line(page: HistoryPage, words: str) -> bool:
    return bool(page.filter_panel.findItems(words, Qt.MatchFlag.MatchRecursive))


@pytest.fixture
def best(page, qtbot) -> str:
    """The key of a collection: the castle, the red fox, the rocket."""
    page.collections_controller.create("Best", [int(page.model.ids[row]) for row in (2, 4, 0)])
    qtbot.waitUntil(lambda: has_line(page, "Best"))
    (one,) = page.collections_controller.known
    return one.key


def show_best(page, qtbot) -> None:
    page.filter_panel.itemClicked.emit(line(page, "Best"), 0)
    found(page, qtbot)


def test_a_collection_is_shown_in_its_order_with_its_name(page, best, qtbot) -> None:
    show_best(page, qtbot)
    assert page.search.text() == 'collection:"Best"'
    assert prompts(page) == ["a castle", "a red fox", "a rocket"]
    assert [(one.day, one.count) for one in page.model.sections] == [("Best", 3)]


def drag(page, qtbot, target: QWidget, where: QPoint, ids: list[int]) -> bool:
    """Drops images of the page somewhere; returns whether they were accepted."""
    rows = [page.model.index(page.model.row_of(number)) for number in ids]
    data = page.model.mimeData(rows)
    keys = (Qt.DropAction.CopyAction, data, Button.LeftButton, Modifier.NoModifier)
    QApplication.sendEvent(target, QDragEnterEvent(where, *keys))
    move = QDragMoveEvent(where, *keys)
    QApplication.sendEvent(target, move)
    if not move.isAccepted() or move.dropAction() == Qt.DropAction.IgnoreAction:
        return False
    drop = QDropEvent(QPointF(where), *keys)
    QApplication.sendEvent(target, drop)
    return drop.isAccepted()


def test_images_are_dragged_into_and_out_of_a_collection(page, best, qtbot) -> None:
    facets, ids = page.filter_panel, page.model.ids
    panel = facets.viewport()
    onto = facets.visualItemRect(line(page, "Best")).center()
    with qtbot.waitSignal(page.library.changed):
        assert drag(page, qtbot, panel, onto, [int(ids[1]), int(ids[2])])
    assert "1 image added to “Best”" in page.notice.text()
    show_best(page, qtbot)
    assert prompts(page) == ["a castle", "a red fox", "a rocket", "a green fox"]
    gone = int(page.model.ids[1])
    data = page.model.mimeData([page.model.index(1)])
    keys = (Qt.DropAction.CopyAction, data, Button.LeftButton, Modifier.NoModifier)
    QApplication.sendEvent(panel, QDragEnterEvent(onto, *keys))
    out = facets.visualItemRect(line(page, "Remove from “Best”")).center()
    with qtbot.waitSignal(page.library.changed):
        assert drag(page, qtbot, panel, out, [gone])
    qtbot.waitUntil(lambda: page.model.rowCount() == 3)
    assert not has_line(page, "Remove from “Best”")
    with qtbot.waitSignal(page.library.changed):
        page.file_operations.undo()
    qtbot.waitUntil(
        lambda: prompts(page) == ["a castle", "a red fox", "a rocket", "a green fox"],
    )


def test_images_cannot_be_dropped_on_other_filters(page, best, qtbot) -> None:
    where = page.filter_panel.visualItemRect(line(page, "Date")).center()
    assert not drag(page, qtbot, page.filter_panel.viewport(), where, [int(page.model.ids[0])])


def test_a_collection_is_sorted_by_drag_and_by_keyboard(page, best, qtbot) -> None:
    show_best(page, qtbot)
    grid = page.grid
    first = grid.visualRect(page.model.index(0))
    where = QPoint(first.left() + 2, first.center().y())
    assert drag(page, qtbot, grid.viewport(), where, [int(page.model.ids[2])])
    wanted = ["a rocket", "a castle", "a red fox"]
    qtbot.waitUntil(lambda: prompts(page) == wanted)
    choose(page, qtbot, 0)
    grid.setFocus()
    qtbot.keyClick(grid, Key.Key_Right, Modifier.AltModifier)
    wanted = ["a castle", "a rocket", "a red fox"]
    qtbot.waitUntil(lambda: prompts(page) == wanted)
    assert page.selection.ids == [int(page.model.ids[1])]
    qtbot.keyClick(grid, Key.Key_Right, Modifier.AltModifier)
    wanted = ["a castle", "a red fox", "a rocket"]
    qtbot.waitUntil(lambda: prompts(page) == wanted)
    qtbot.keyClick(grid, Key.Key_Left, Modifier.AltModifier)
    wanted = ["a castle", "a rocket", "a red fox"]
    qtbot.waitUntil(lambda: prompts(page) == wanted)


def test_all_images_cannot_be_sorted_manually(page, best, qtbot) -> None:
    where = page.grid.visualRect(page.model.index(0)).center()
    assert not drag(page, qtbot, page.grid.viewport(), where, [int(page.model.ids[2])])
    choose(page, qtbot, 0)
    assert not page.selection.acts["take_out"].isEnabled()


def test_images_are_added_and_removed_by_menu(page, best, qtbot) -> None:
    choose(page, qtbot, 1)
    menu = build_menu(page.selection, page.collections_controller, page)
    (inside,) = [one for one in menu.findChildren(QMenu) if one.title() == "Add to Collection"]
    (act,) = [one for one in inside.actions() if one.text() == "Best"]
    with qtbot.waitSignal(page.library.changed):
        act.trigger()
    show_best(page, qtbot)
    qtbot.waitUntil(lambda: page.model.rowCount() == 4)
    choose(page, qtbot, 3)
    assert page.model.listed(3).prompt == "a green fox"
    with qtbot.waitSignal(page.library.changed):
        page.selection.acts["take_out"].trigger()
    qtbot.waitUntil(lambda: page.model.rowCount() == 3)


def test_renaming_and_removing_a_collection_can_be_undone(page, best, qtbot) -> None:
    page.filter_panel.rename_requested.emit(best)
    dialog = page.findChild(QInputDialog)
    assert dialog.textValue() == "Best"
    dialog.setTextValue("The best")
    dialog.accept()
    qtbot.waitUntil(lambda: has_line(page, "The best"))
    page.filter_panel.remove_requested.emit(best)
    qtbot.waitUntil(lambda: not has_line(page, "The best"))
    assert page.model.rowCount() == 5
    page.file_operations.undo()
    qtbot.waitUntil(lambda: has_line(page, "The best"))
    assert page.collections_controller.known[0].images == 3


def test_a_collection_name_in_use_is_refused(page, best, qtbot) -> None:
    page.filter_panel.new_requested.emit([])
    dialog = page.findChild(QInputDialog)
    dialog.setTextValue("best")
    dialog.accept()
    assert page.notice.is_error
    assert "already" in page.notice.text()


# Several at once


def test_several_images_are_rated_tagged_and_collected_together(page, best, qtbot) -> None:
    choose(page, qtbot, 0, 1, 3)
    pane = page.details.several
    page.bar.details.setChecked(True)
    qtbot.waitUntil(pane.isVisible)
    assert pane.words.text() == "3 images are selected"
    with qtbot.waitSignal(page.library.changed):
        qtbot.keyClick(pane.stars, Key.Key_4)
    with qtbot.waitSignal(page.library.changed):
        pane.tags.field.setText("together")
        qtbot.keyClick(pane.tags.field, Key.Key_Return)
    pane.collect.menu().aboutToShow.emit()
    (act,) = [one for one in pane.collect.menu().actions() if one.text() == "Best"]
    with qtbot.waitSignal(page.library.changed):
        act.trigger()
    search(page, qtbot, "tag:together rating:4 collection:best")
    assert page.model.rowCount() == 3


def test_side_panels_hide_in_a_small_window(application, page, qtbot) -> None:
    application.window.resize(1280, 800)
    qtbot.waitUntil(lambda: page.width() > 1000)
    assert page.filter_panel.isVisible()
    assert page.details.isVisible()
    application.window.resize(640, 400)
    qtbot.waitUntil(lambda: page.width() < 680)
    assert application.window.size().toTuple() == (640, 400)
    assert not page.filter_panel.isVisible()
    assert not page.details.isVisible()
    qtbot.mouseClick(page.bar.details, Button.LeftButton)
    assert page.details.isVisible()
    qtbot.mouseClick(page.bar.filters, Button.LeftButton)
    assert page.filter_panel.isVisible()
    assert not page.details.isVisible()


def test_side_panels_hide_in_an_empty_history(application, open_page, qtbot) -> None:
    application.window.resize(1280, 800)
    page = open_page()
    assert page.filter_panel.isHidden()
    assert page.details.isHidden()
    assert not page.bar.filters.isEnabled()
    page.library.note([image(1, "a fox")])
    qtbot.waitUntil(lambda: page.details.isVisible() and page.filter_panel.isVisible())


def test_menus_have_longer_texts_than_buttons(page) -> None:
    start = page.selection.acts["start"]
    assert (start.text(), start.iconText()) == ("Use as Initial Image", "To Canvas")


# Export


def test_images_are_exported_in_the_background(page, qtbot, tmp_path) -> None:
    page.grid.selectAll()
    page.selection.acts["export"].trigger()
    qtbot.waitUntil(lambda: page.findChild(ExportDialog) is not None)
    dialog = page.findChild(ExportDialog)
    assert "5 images" in dialog.windowTitle()
    dialog.kind.setCurrentIndex(dialog.kind.findData(Kind.ZIP))
    assert dialog.target.text().endswith(".zip")
    assert dialog.options.isHidden()
    dialog.target.setText(str(tmp_path / "out.zip"))
    with qtbot.waitSignal(page.exporter.finished):
        dialog.accept_button.click()
    with zipfile.ZipFile(tmp_path / "out.zip") as pack:
        assert len(pack.namelist()) == 5
    assert "5 images exported" in page.notice.text()
    assert page.export_progress.isHidden()


def test_a_contact_sheet_follows_the_dialogs_options(page, qtbot, tmp_path) -> None:
    images = [page.model.listed(row) for row in range(5)]
    page.exporter.ask(images)
    dialog = page.findChild(ExportDialog)
    dialog.kind.setCurrentIndex(dialog.kind.findData(Kind.SHEET_PNG))
    dialog.columns.setValue(2)
    dialog.side.setValue(64)
    for name, box in dialog.captions.items():
        box.setChecked(name in ("seed", "prompt"))
    dialog.target.setText(str(tmp_path / "sheet.png"))
    size = Sheet(2, 64, ("prompt", "seed")).size(5)
    assert f"{size.width()} × {size.height()}" in dialog.note.text()
    with qtbot.waitSignal(page.exporter.finished):
        dialog.accept_button.click()
    assert QImage(str(tmp_path / "sheet.png")).size() == size
    dialog = ExportDialog(200_000, tmp_path, page)
    dialog.kind.setCurrentIndex(dialog.kind.findData(Kind.SHEET_JPEG))
    assert not dialog.accept_button.isEnabled()
    assert "too large" in dialog.note.text()


def test_an_export_can_be_cancelled(page, qtbot, tmp_path) -> None:
    images = [page.model.listed(row) for row in range(5)] * 200
    page.exporter.progressed.connect(lambda state: state and page.exporter.cancel())
    with qtbot.waitSignal(page.exporter.finished) as done:
        page.exporter.export(images, tmp_path / "out")
    assert done.args[0].cancelled
    assert "Stopped" in page.notice.text()


# Steps and lineage


def test_the_prompt_is_copied(page, qtbot) -> None:
    choose(page, qtbot, 4)
    page.grid.setFocus()
    shifted = Modifier.ControlModifier | Modifier.ShiftModifier
    qtbot.keyClick(page.grid, Key.Key_C, shifted)
    assert QApplication.clipboard().text() == "a red fox"


def test_masks_and_init_images_are_shown_in_the_lineage(page, qtbot) -> None:
    """Inpainted from an image that is not in the history, then a branch of the result."""
    start, mask = noise(seed=70), np.full((8, 8), 255, np.uint8)
    for pixels in (start, mask):
        InputStore(inputs_dir()).keep(digest(pixels), pixels)
    one = image(7, "inpainted", init=digest(start), mask=digest(mask), strength=0.5)
    with qtbot.waitSignal(page.model.rowsInserted):
        page.library.note([one])
    choose(page, qtbot, 0)
    tree = page.details.family
    top = tree.topLevelItem(0)
    assert top.text(0) == "The initial image"
    assert not tree.isColumnHidden(1)
    qtbot.waitUntil(lambda: not top.icon(0).isNull())
    qtbot.waitUntil(lambda: not top.child(0).icon(1).isNull())


def test_a_double_click_in_the_lineage_restores_the_exact_state(application, page, qtbot) -> None:
    start, mask = noise(seed=70), np.zeros((8, 8), np.uint8)
    mask[:4] = 255
    for pixels in (start, mask):
        InputStore(inputs_dir()).keep(digest(pixels), pixels)
    one = image(7, "inpainted", init=digest(start), mask=digest(mask), strength=0.5)
    child = image(8, "redrawn", init=digest(noise(seed=7)), strength=0.7)
    page.library.note([one, child])
    qtbot.waitUntil(lambda: page.model.rowCount() == 7)
    choose(page, qtbot, 0)
    tree = page.details.family
    parent = tree.topLevelItem(0).child(0)
    assert parent.text(0) == "Inpainted: inpainted"
    with qtbot.waitSignal(application.studio.canvas_controller.changed):
        tree.itemActivated.emit(parent, 0)
    store, studio = application.store, application.studio
    assert (store.prompt, store.seed, store.strength) == ("inpainted", 7, 0.5)
    assert (studio.canvas_controller.start == start).all()
    assert (studio.view.mask() == mask).all()
    assert (studio.view.image() == noise(seed=7)).all()


def test_an_image_with_saved_steps_opens_them(application, page, qtbot) -> None:
    estimates = np.zeros((4, 4, 2, 2), np.float16)
    request = Request(prompt="a rocket", width=8, height=8, seed=5)
    kept = Trajectory(request, Environment(), 1, estimates)
    Trajectories(trajectories_dir(), 2**20).keep(digest(noise(seed=5)), kept)
    index_history(page.library, qtbot)
    page.library.changed.emit()
    search(page, qtbot, "has:steps")
    assert prompts(page) == ["a rocket"]
    choose(page, qtbot, 0)
    assert page.details.steps.isVisible()
    assert "4 Saved Steps" in page.details.steps.text()
    with qtbot.waitSignal(application.studio.canvas_controller.changed):
        qtbot.mouseClick(page.details.steps, Button.LeftButton)
    assert application.studio.canvas_controller.shown.trajectory is not None
    assert not application.history_controller.is_open


# Side panels


def test_the_scroll_bar_is_visible_only_when_needed(application, page, qtbot) -> None:
    bar = page.grid.verticalScrollBar()
    application.window.resize(1280, 800)
    qtbot.waitUntil(lambda: bar.maximum() == 0 and not bar.isVisible())
    application.window.resize(640, 400)
    page.grid.side = 320
    qtbot.waitUntil(lambda: bar.maximum() > 0 and bar.isVisible())
