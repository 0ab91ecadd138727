"""Saving session and canvas on a failing disk: reported once, and written when possible."""

from __future__ import annotations

import json

import numpy as np
import pytest

from ldm_studio.canvas.document import canvas_store
from ldm_studio.canvas.document.canvas_store import (
    ALPHA,
    MASK,
    SavedCanvas,
    load_canvas,
    save_canvas,
)
from ldm_studio.startup import session
from ldm_studio.store.store import Mode
from tests.ldm_studio.fakes import FakePipeline
from tests.ldm_studio.faults import Disk
from tests.narrowing import present


@pytest.fixture
def disk(studio_home, monkeypatch) -> Disk:
    monkeypatch.setattr(session, "RETRY_MS", 10)
    monkeypatch.setattr(canvas_store, "RETRY_MS", 10)
    return Disk(studio_home, monkeypatch)


def test_an_unwritable_session_is_reported_once_and_written_later(
    disk, application, qtbot, studio_home
) -> None:
    reported: list[str] = []
    application.session.failed.connect(lambda words, hint: reported.append(f"{words} {hint}"))
    disk.room = 0
    application.store.prompt = "a fox that is not to be lost"
    for _ in range(3):
        application.session.save()
    (words,) = reported
    assert "No space left on device" in words
    assert "Saving is tried again" in words
    assert application.window.notice.is_error
    disk.room = None
    path = studio_home / "state" / "session.json"
    qtbot.waitUntil(path.exists)
    assert json.loads(path.read_text())["parameters"]["prompt"] == application.store.prompt
    disk.room = 0
    application.session.save()
    assert len(reported) == 2


def test_an_unwritable_canvas_is_reported_once_and_written_later(
    disk, application, qtbot, aio, studio_home
) -> None:
    reported: list[str] = []
    application.canvas_store.failed.connect(lambda words, hint: reported.append(f"{words} {hint}"))
    rgb = np.random.default_rng(0).integers(0, 256, (64, 96, 3), np.uint8)
    disk.room = 0
    with qtbot.waitSignal(application.canvas_store.failed):
        application.studio.use_start(rgb)
        application.canvas_store.save()
    assert "No space left on device" in reported[0]
    mask = np.zeros((64, 96), np.uint8)
    mask[10:30, 20:50] = 180
    application.window.canvas.view.set_mask(mask)
    disk.room = None
    folder = studio_home / "state" / "canvas"
    qtbot.waitUntil((folder / MASK).exists)
    kept = present(load_canvas(folder))
    assert np.array_equal(kept.rgb, rgb)
    assert np.array_equal(present(kept.mask), mask)
    assert len(reported) == 1


def test_a_mask_of_another_image_is_ignored(tmp_path) -> None:
    """As a crash between the two files leaves it."""
    random = np.random.default_rng(1)
    first, second = (random.integers(0, 256, (8, 8, 3), np.uint8) for _ in range(2))
    mask = np.full((8, 8), 255, np.uint8)
    save_canvas(tmp_path / "old", SavedCanvas(first, mask, mask))
    save_canvas(tmp_path / "new", SavedCanvas(second))
    for name in (MASK, ALPHA):
        (tmp_path / "old" / name).rename(tmp_path / "new" / name)
    kept = present(load_canvas(tmp_path / "new"))
    assert np.array_equal(kept.rgb, second)
    assert kept.mask is kept.alpha is None


def test_only_the_mask_is_written_if_the_image_is_saved(tmp_path) -> None:
    rgb, mask = np.full((8, 8, 3), 9, np.uint8), np.full((8, 8), 255, np.uint8)
    save_canvas(tmp_path, SavedCanvas(rgb, mask))
    save_canvas(tmp_path, SavedCanvas(rgb, mask, mask // 2), image=False)
    kept = present(load_canvas(tmp_path))
    assert np.array_equal(present(kept.mask), mask // 2)
    assert np.array_equal(present(kept.alpha), mask)


def test_the_init_image_is_restored(start, qtbot, aio) -> None:
    first = start(FakePipeline())
    rgb = np.random.default_rng(0).integers(0, 256, (64, 96, 3), np.uint8)
    first.studio.use_start(rgb)
    first.canvas_store.close()
    first.session.save()
    second = start(FakePipeline())
    qtbot.waitUntil(lambda: second.studio.canvas_controller.start is not None)
    assert np.array_equal(second.studio.canvas_controller.start, rgb)
    assert second.store.mode is Mode.IMAGE


def test_an_error_is_not_replaced_by_the_recovery_notice(application) -> None:
    recovered, notice = application.studio.recovery_notice, application.window.notice
    notice.show_error("The disk is on fire.")
    recovered.after_crash(first_time=False)
    assert notice.text() == "The disk is on fire."
    notice.dismiss()
    recovered.add("the image on the canvas")
    assert "prompt and settings, the image on the canvas" in notice.text()
    notice.show_info("Something else.")
    recovered.add("more")
    assert notice.text() == "Something else."
