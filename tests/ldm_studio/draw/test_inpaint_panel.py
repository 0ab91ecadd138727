"""The inpainting options: when they are visible, what they set, how they are marked."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt

from core.request.parameters import Inpaint
from ldm_studio.draw.sampling.sampler_panel import SamplerPanel
from ldm_studio.store.run_state import RunState
from ldm_studio.store.store import Mode, StudioStore
from tests.ldm_studio.fakes import MODEL


@pytest.fixture
def store(qapp) -> StudioStore:
    return StudioStore()


@pytest.fixture
def panel(qtbot, store) -> SamplerPanel:
    made = SamplerPanel(store)
    qtbot.addWidget(made)
    store.run = RunState(model=MODEL, loading=False)
    made.show()
    return made


def test_the_panel_is_visible_while_a_mask_has_an_effect(store, panel) -> None:
    for mode in Mode:
        store.mode = mode
        assert panel.inpaint.isVisible() == (mode is Mode.INPAINT)


def test_settings_of_the_masked_area_follow_it(store, panel, qtbot) -> None:
    store.mode, store.finer_open = Mode.INPAINT, True
    for area, shown in (("whole", False), ("masked", True)):
        qtbot.mouseClick(panel.field("area").button(area), Qt.MouseButton.LeftButton)
        assert store.area == area
        assert panel.field("padding").isVisible() == shown
        assert panel.field("area_width").isVisible() == shown


def test_every_control_reaches_the_request(store, panel, qtbot) -> None:
    store.mode, store.area, store.finer_open = Mode.INPAINT, "masked", True
    qtbot.mouseClick(panel.field("invert").button(True), Qt.MouseButton.LeftButton)
    panel.field("match").click()
    panel.field("soft").click()
    panel.field("content").setCurrentIndex(panel.field("content").findData("fill"))
    panel.field("grow").set_value(-4)
    panel.field("blur").set_value(2.5)
    panel.field("padding").set_value(9)
    panel.field("area_width").setText("160")
    panel.field("area_width").textEdited.emit("160")
    expected = Inpaint(True, -4, 2.5, "fill", True, "masked", 9, 160, 0, False)
    assert store.snapshot().inpaint == expected
    panel.field("area_width").textEdited.emit("")
    assert store.snapshot().inpaint == replace(expected, width=0)


def test_every_control_follows_the_store(store, panel) -> None:
    store.apply(
        replace(
            store.snapshot(), init="a" * 64, mask="b" * 64,
            inpaint=Inpaint(True, 6, 1.5, "noise", True, "masked", 11, 0, 96, True),
        )
    )  # fmt: skip
    assert panel.field("invert").value() is True
    assert (
        panel.field("grow").value(),
        panel.field("blur").value(),
        panel.field("padding").value(),
    ) == (6, 1.5, 11)
    assert panel.field("content").currentData() == "noise"
    assert panel.field("soft").isChecked()
    assert panel.field("match").isChecked()
    assert (panel.field("area_width").text(), panel.field("area_height").text()) == ("", "96")


def test_changed_settings_are_marked_while_collapsed_and_reset_together(
    store, panel, qtbot
) -> None:
    store.mode = Mode.INPAINT
    finer = panel.inpaint.finer
    assert finer.mark.text() == ""
    store.grow, store.soft, store.content = 3, True, "nothing"
    assert finer.mark.text() == "3 changed"
    assert finer.mark.toolTip() == "Grow mask: 3\nMasked content: Latent zeros\nSoft mask: on"
    qtbot.mouseClick(finer.reset, Qt.MouseButton.LeftButton)
    assert (store.grow, store.soft, store.content) == (0, False, "original")


def test_an_unsupported_size_is_reported_at_once(store, panel) -> None:
    store.mode, store.area, store.area_height = Mode.INPAINT, "masked", 100
    assert "Height must be 96 or 112" in panel.inpaint.problem.text()
    assert panel.field("area_height").property("wrong")
    store.width = 4001  # of the image, of which only a part is drawn
    assert not panel.size_row.problem.isVisible()
    store.area_height = 0
    assert not panel.inpaint.problem.isVisible()


def test_colours_are_matched_by_default(store, panel) -> None:
    store.mode = Mode.INPAINT
    assert store.snapshot().inpaint.match
    panel.field("match").click()
    assert not store.snapshot().inpaint.match
    assert "Only masked pixels" in panel.field("match").toolTip()
