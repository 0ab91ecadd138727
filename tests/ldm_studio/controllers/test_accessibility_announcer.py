"""Announcements for screen readers."""

from __future__ import annotations

import pytest
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent

from tests.ldm_studio.window_actions import make


@pytest.fixture
def said(application) -> list[str]:
    heard: list[str] = []
    application.announcer.announced.connect(heard.append)
    return heard


def test_start_progress_and_end_of_an_image_are_announced(application, said, qtbot) -> None:
    make(application, qtbot, prompt="a cat", steps=8)
    assert said[0] == "Generating the image."
    assert said[-1] == "The image is finished: a cat."
    between = said[1:-1]
    assert set(between) <= {"Step 2 of 8.", "Step 4 of 8.", "Step 6 of 8."} | {
        f"Step {step} of 8."
        for step in range(2, 8)  # where steps were skipped on the way
    }
    assert len(between) <= 3


def test_images_of_a_batch_are_counted(application, said, qtbot) -> None:
    make(application, qtbot, prompt="a cat", count=2)
    assert [words for words in said if words.startswith("Generating")] == [
        "Generating image 1 of 2.",
        "Generating image 2 of 2.",
    ]


def test_notices_are_announced(application, said) -> None:
    application.window.notice.show_error("The disk is full.", "Delete something.")
    assert said == ["The disk is full.\nDelete something."]


def test_errors_interrupt_other_announcements(application, said, monkeypatch) -> None:
    events: list[QAccessible.AnnouncementPoliteness] = []

    def note(event: QAccessibleAnnouncementEvent) -> None:
        events.append(event.politeness())

    monkeypatch.setattr(
        "ldm_studio.controllers.accessibility_announcer.QAccessible.updateAccessibility", note
    )
    application.window.notice.show_info("It is saved.")
    application.window.notice.show_error("It is not saved.")
    ways = QAccessible.AnnouncementPoliteness
    assert events == [ways.Polite, ways.Assertive]
