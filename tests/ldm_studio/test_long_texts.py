"""Windows fit texts that are longer than the English ones."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication, QTranslator
from PySide6.QtWidgets import QApplication, QLabel, QToolButton, QWidget

from ldm_studio.draw.sampling.enlarge_dialog import EnlargeDialog
from ldm_studio.help.about import AboutDialog
from ldm_studio.help.error_dialog import ErrorDialog
from ldm_studio.history_page.export_dialog import ExportDialog, Kind
from ldm_studio.history_page.image_list_model import Stage
from ldm_studio.history_page.rename_dialog import RenameDialog
from ldm_studio.history_page.side_panels import MIN_GRID_WIDTH
from ldm_studio.translation import FOLDER, SOURCE, languages
from tests.ldm_studio.fakes import MODEL, FakePipeline
from tests.ldm_studio.history_page.paging import WORDS, choose, image
from tests.ldm_studio.long_texts import cut, longer, make
from tests.ldm_studio.window_actions import index_history
from tests.ldm_studio.window_actions import make as draw

SHIPPED = [name for name in languages() if name != SOURCE]


@pytest.fixture(scope="module")
def dictionary(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make(tmp_path_factory.mktemp("long"))


@pytest.fixture(params=["longer", *SHIPPED])
def application(request: pytest.FixtureRequest, qapp, start) -> Iterator:
    """An application in another language, in a window of 1280 x 800."""
    file = FOLDER / f"ldm_studio_{request.param}.qm"
    if request.param == "longer":
        file = request.getfixturevalue("dictionary")
    translator = QTranslator()
    assert translator.load(str(file))
    QCoreApplication.installTranslator(translator)
    application = start(FakePipeline())
    application.window.resize(1280, 800)
    yield application
    QCoreApplication.removeTranslator(translator)


def test_long_texts_keep_placeholders() -> None:
    assert longer("{name} is &named %Ln times") == "{name} iss &nameded %Ln timeses"


def test_a_text_that_is_cut_off_is_found(qtbot) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    label = QLabel("more than fits", window)
    label.setFixedSize(20, 20)
    window.show()
    assert len(cut(window)) == 1


def test_the_first_start_has_room_for_long_texts(application) -> None:
    assert cut(application.window) == []


def test_the_expanded_window_has_room_for_long_texts(application, qtbot) -> None:
    draw(application, qtbot, prompt="a red fox", count=2)
    unfold(application.window)
    assert cut(application.window) == []


def test_the_command_palette_has_room_for_long_texts(application) -> None:
    application.window.actions_by_id["palette"].trigger()
    assert cut(application.auxiliary_windows.palette) == []
    application.auxiliary_windows.palette.close()


def test_queue_and_notice_have_room_for_long_texts(application, qtbot) -> None:
    draw(application, qtbot, prompt="a red fox")
    application.window.actions_by_id["show_queue"].trigger()
    application.window.notice.show_error("steps is 0, outside 1 to 1000.", "", ("Undo", print))
    assert cut(application.window) == []


def test_every_settings_page_has_room_for_long_texts(application) -> None:
    application.window.actions_by_id["settings"].trigger()
    dialog = application.auxiliary_windows.settings
    assert dialog is not None
    for page in dialog.pages:
        dialog.show_page(page.name)
        assert (page.name, cut(dialog)) == (page.name, [])
    dialog.close()


def test_the_history_has_room_for_long_texts(application, qtbot) -> None:
    for number, words in enumerate(WORDS, 1):
        image(number, words)
    index_history(application.library, qtbot)
    application.history_controller.show_history()
    page = application.history_controller.page
    qtbot.waitUntil(lambda: page.model.stage is Stage.DONE)
    assert cut(page) == []
    choose(page, qtbot, 0)
    assert cut(page) == []
    choose(page, qtbot, 0, 1)
    qtbot.waitUntil(lambda: page.details.several.isVisible())
    assert cut(page) == []
    with qtbot.waitSignal(page.compare_controller.shown):
        page.selection.compare()
    assert cut(page) == []


def test_the_details_of_the_history_fit_the_smallest_window(application, qtbot) -> None:
    image(1, WORDS[0])
    index_history(application.library, qtbot)
    window = application.window
    window.resize(1, 1)
    application.history_controller.show_history()
    page = application.history_controller.page
    qtbot.waitUntil(lambda: page.model.stage is Stage.DONE)
    choose(page, qtbot, 0)
    page.bar.details.setChecked(True)
    QApplication.processEvents()
    assert page.details.geometry().right() < page.width()
    assert page.results.width() >= MIN_GRID_WIDTH


@pytest.mark.parametrize(
    "made",
    [
        AboutDialog,
        lambda window: ErrorDialog(window, print),
        lambda window: ExportDialog(7, Path("/pictures"), window),
        lambda window: RenameDialog(Path("/pictures/fox.png"), window),
        lambda window: EnlargeDialog((512, 512), MODEL, window),
        lambda window: window.prompt.styles.save(),
        lambda window: window.prompt.styles.manage(),
    ],
    ids=["about", "error", "export", "rename", "enlarge", "save style", "styles"],
)
def test_dialogs_have_room_for_long_texts(application, made: Callable[[QWidget], QWidget]) -> None:
    dialog = made(application.window)
    dialog.show()
    if isinstance(dialog, ExportDialog):
        dialog.kind.setCurrentIndex(dialog.kind.findData(Kind.SHEET_PNG))
    assert cut(dialog) == []
    dialog.close()


def unfold(window: QWidget) -> None:
    """Expands all collapsed sections."""
    for button in window.findChildren(QToolButton, "link"):
        if button.isCheckable():
            button.setChecked(True)
