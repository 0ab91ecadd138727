"""The first-run page: three ways to start, gone for good after the first image."""

from __future__ import annotations

from PIL import Image
from PySide6.QtCore import QSize
from PySide6.QtWidgets import QFileDialog

from ldm_studio.draw.run.first_run_page import FOCUS_EDGE, IMAGES, PROMPTS, WIDTH
from ldm_studio.images.image_files import read_request
from tests.ldm_studio.fakes import FakePipeline
from tests.ldm_studio.window_actions import make


def test_a_prompt_of_the_page_is_generated_and_the_page_never_returns(start, qtbot) -> None:
    first = start(FakePipeline())
    page = first.first_page_controller.page
    assert page.isVisible()
    with qtbot.waitSignal(first.bridge.finished):
        page.examples[1].click()
    assert first.store.prompt == "a cat, 3d"
    assert first.first_page_controller.page is None
    first.session.save()
    assert start(FakePipeline()).first_page_controller.page is None


def test_without_an_image_the_page_returns_at_the_next_start(start) -> None:
    first = start(FakePipeline())
    first.store.prompt = "typed, not drawn"
    first.session.save()
    assert start(FakePipeline()).first_page_controller.page is not None


def test_an_image_opened_in_any_way_hides_the_page(application, qtbot, aio, tmp_path) -> None:
    Image.new("RGB", (64, 64), "blue").save(tmp_path / "a.png")
    application.commands.open(str(tmp_path / "a.png"))
    qtbot.waitUntil(lambda: application.first_page_controller.page is None)
    assert not application.session.welcomes


def test_the_first_preview_of_generate_hides_the_page(application, qtbot) -> None:
    make(application, qtbot)
    assert application.first_page_controller.page is None


def test_models_and_images_can_be_chosen(application, qtbot) -> None:
    page = application.first_page_controller.page
    for button in (page.models, page.image):
        button.click()
        (dialog,) = application.window.findChildren(QFileDialog)
        assert dialog.isVisible()
        dialog.reject()
        qtbot.waitUntil(lambda: not application.window.findChildren(QFileDialog))


def test_the_page_fits_small_canvases(application) -> None:
    page, view = application.first_page_controller.page, application.window.canvas.view
    for width, height in ((900, 700), (420, 420), (300, 200), (120, 60)):
        view.resize(width, height)
        edge = 2 * FOCUS_EDGE  # around the page, where the canvas shows its focus
        assert page.size() == view.size() - QSize(edge, edge)
        assert page.rect().contains(page._column.geometry())
    view.resize(900, 700)
    assert page.gallery.isVisible()
    assert page.about.isVisible()


def test_example_images_equal_the_models_output() -> None:
    for name, prompt in PROMPTS.items():
        request = read_request(IMAGES / f"{name}.png")
        assert request is not None
        assert request.prompt == prompt
        assert request.model == "default"


def test_texts_stay_balanced_after_repeated_resizing(application, qtbot) -> None:
    page, window = application.first_page_controller.page, application.window
    for height in (800, 700, 760, 720, 800):
        window.resize(1280, height)
        qtbot.waitUntil(lambda height=height: window.height() == height)
        window.notice.show_info("something to say")
        window.notice.dismiss()
    qtbot.waitUntil(page.about.isVisible)
    assert page.about.width() > WIDTH // 2
    assert page.about.height() >= page.about.heightForWidth(page.about.width())
