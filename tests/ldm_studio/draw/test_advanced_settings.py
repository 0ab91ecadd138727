"""Advanced settings: when they are visible, what they send, how they are marked and reset."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractSpinBox, QLineEdit

from core.request.parameters import PARAMETERS, Levels, Options
from core.sampling.sigma_schedules import parse_sigmas
from ldm_studio.draw.sampling.sampler_panel import SamplerPanel
from ldm_studio.store.run_state import RunState
from ldm_studio.store.store import StudioStore
from ldm_studio.widgets.fields import Caption, NumberBox, OptionalNumber, SliderField
from tests.ldm_studio.fakes import MODEL


@pytest.fixture
def store(qapp) -> StudioStore:
    return StudioStore()


@pytest.fixture
def panel(store, qtbot) -> SamplerPanel:
    panel = SamplerPanel(store)
    qtbot.addWidget(panel)
    with qtbot.waitExposed(panel):
        panel.show()
    return panel


def type_into(qtbot, widget: QLineEdit | QAbstractSpinBox, text: str) -> None:
    widget.setFocus()
    widget.selectAll()
    qtbot.keyClicks(widget, text)


def test_the_section_is_collapsed_at_first_and_keeps_its_state(store, panel, qtbot) -> None:
    assert not panel.more.body.isVisible()
    qtbot.mouseClick(panel.more.toggle, Qt.MouseButton.LeftButton)
    assert panel.more.body.isVisible()
    later = StudioStore()
    later.restore(store.saved())
    assert later.more_open


@pytest.mark.parametrize(
    ("sampler", "shown", "hidden"),
    [
        ("Euler a", {"eta", "s_noise"}, {"churn", "churn_lowest", "order"}),
        ("Euler", {"churn"}, {"eta", "s_noise", "churn_lowest", "order"}),
        ("LMS", {"order"}, {"eta", "s_noise", "churn", "churn_lowest"}),
        ("DPM++ 2M", set(), {"eta", "s_noise", "churn", "churn_lowest", "order"}),
    ],
)
def test_only_options_of_the_sampler_are_shown(store, panel, sampler, shown, hidden) -> None:
    store.more_open = True
    store.sampler = sampler
    assert {name for name in shown | hidden if panel.more.rows.control(name).isVisible()} == shown


@pytest.mark.parametrize(
    ("row", "needs"),
    [
        ("rho", {"schedule": "Karras"}),
        ("rho", {"schedule": "Automatic", "sampler": "DPM++ 2M"}),
        ("quantile", {"mimic": 5.0}),
        ("variation_seed", {"variation_strength": 0.1}),
        ("churn_lowest", {"churn": 10.0}),
        ("s_noise", {"churn": 10.0}),
    ],
)
def test_dependent_settings_appear_with_their_condition(store, panel, row, needs) -> None:
    store.more_open, store.sampler = True, "Euler"
    assert not panel.more.rows.control(row).isVisible()
    for name, value in needs.items():
        setattr(store, name, value)
    assert panel.more.rows.control(row).isVisible()


def test_the_default_is_shown_as_a_placeholder_and_not_sent(store, panel) -> None:
    store.sampler = "Euler a"
    assert panel.field("eta").value() == 1
    panel.field("eta").number.setValue(0.5)
    assert store.snapshot().options == Options(eta=0.5)
    panel.field("eta").number.setValue(1.0)
    assert store.snapshot().options == Options()
    store.sampler = "DDIM"
    assert panel.field("eta").value() == 0
    assert store.eta is None


def test_the_default_rho_follows_the_schedule(store, panel) -> None:
    store.schedule = "Karras"
    assert panel.field("rho").value() == 7
    store.schedule = "Polyexponential"
    assert panel.field("rho").value() == 1
    assert store.snapshot().levels == Levels()


def test_changed_settings_are_marked_while_collapsed_and_reset_together(
    store, panel, qtbot
) -> None:
    more = panel.more
    assert not more.reset.isVisible()
    assert more.mark.text() == ""
    store.rescale, store.eta, store.sampler = 0.7, 0.5, "Euler a"
    assert more.mark.text() == "2 changed"
    assert more.mark.toolTip() == "CFG rescale: 0.7\nEta: 0.5"
    assert "Eta" in more.toggle.accessibleDescription()
    store.sampler = "DPM++ 2M"  # takes no eta
    assert more.mark.text() == "1 changed"
    qtbot.mouseClick(more.reset, Qt.MouseButton.LeftButton)
    assert (store.rescale, store.eta) == (0.0, None)
    assert not more.reset.isVisible()


def test_every_row_resets_by_its_name_and_has_a_tooltip(store, panel, qtbot) -> None:
    store.more_open = True
    store.guidance_start, store.guidance_end = 0.2, 0.8
    captions = {caption.text(): caption for caption in panel.more.findChildren(Caption)}
    qtbot.mouseDClick(captions["CFG interval"], Qt.MouseButton.LeftButton)
    assert (store.guidance_start, store.guidance_end) == (0.0, 1.0)
    assert all(caption.toolTip() for caption in captions.values())


def test_typed_numbers_are_clamped_to_their_limits(store, panel, qtbot) -> None:
    store.more_open = True
    for box in (
        panel.field("rescale").number,
        panel.field("guidance_start"),
        panel.field("plus_plus").number,
    ):
        assert isinstance(box, NumberBox)
        type_into(qtbot, box, "5")
        qtbot.keyClick(box, Qt.Key.Key_Return)
        assert box.value() <= 1
        type_into(qtbot, box, "0.125")
        qtbot.keyClick(box, Qt.Key.Key_Return)
        assert box.value() == 0.125
        assert box.text() == f"0{box.locale().decimalPoint()}125"
    assert store.guidance_start == 0.125


def test_a_number_being_typed_is_committed_by_a_shortcut(store, panel, qtbot):
    type_into(qtbot, panel.field("steps").number, "37")
    qtbot.keyClick(
        panel.field("steps").number, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier
    )
    assert store.steps == 37


def test_the_start_of_the_cfg_interval_pushes_its_end(store, panel) -> None:
    panel.field("guidance_end").setValue(0.4)
    panel.field("guidance_start").setValue(0.6)
    assert (store.guidance_start, store.guidance_end) == (0.6, 0.6)
    panel.field("guidance_end").setValue(0.5)
    assert store.guidance_start == 0.5
    assert store.snapshot().guidance.end == 0.5


def test_increasing_sigmas_are_explained(store, panel, qtbot) -> None:
    store.more_open = True
    type_into(qtbot, panel.field("sigma_min"), "5")
    type_into(qtbot, panel.field("sigma_max"), "3")
    assert panel.more.range_problem.isVisible()
    type_into(qtbot, panel.field("sigma_max"), "8.5")
    assert not panel.more.range_problem.isVisible()
    assert store.snapshot().levels == Levels(sigma_min=5.0, sigma_max=8.5)


def test_an_empty_optional_number_is_none(qtbot) -> None:
    box = OptionalNumber("model's", 0.5, 10)
    qtbot.addWidget(box)
    qtbot.keyClicks(box, "0")
    assert (box.value(), bool(box.property("wrong"))) == (None, True)
    qtbot.keyClicks(box, ",75")  # as on some keyboards
    assert (box.value(), bool(box.property("wrong"))) == (0.75, False)
    qtbot.keyClicks(box, "x")
    assert (box.value(), bool(box.property("wrong"))) == (0.75, True)
    qtbot.keyClick(box, Qt.Key.Key_Return)
    assert box.text() == "0.75"
    box.selectAll()
    qtbot.keyClick(box, Qt.Key.Key_Delete)
    assert box.value() is None


def test_a_list_of_sigmas_sets_the_steps_and_replaces_the_schedule(store, panel, qtbot) -> None:
    store.more_open = True
    store.steps, store.schedule, store.rho = 30, "Karras", 5.0
    type_into(qtbot, panel.field("sigmas"), "14.6, 5.2 1.9; 0.6, 0")
    assert store.sigmas == (14.6, 5.2, 1.9, 0.6)
    assert (store.steps, panel.field("steps").value()) == (4, 4)
    for control in (panel.field("steps"), panel.field("schedule")):
        assert not control.isEnabled()
        assert "sigmas" in control.toolTip()
        assert "sigmas" in control.accessibleDescription()
    assert not panel.more.rows.control("rho").isVisible()
    assert store.snapshot().levels == Levels(sigmas=(14.6, 5.2, 1.9, 0.6))
    panel.field("sigmas").selectAll()
    qtbot.keyClick(panel.field("sigmas"), Qt.Key.Key_Delete)
    assert panel.field("steps").isEnabled()
    assert "noise levels" in panel.field("schedule").toolTip()
    assert (store.steps, store.snapshot().levels) == (30, Levels(rho=5.0))


def test_an_invalid_list_of_sigmas_is_explained_and_the_schedule_is_used(
    store, panel, qtbot
) -> None:
    store.more_open = True
    type_into(qtbot, panel.field("sigmas"), "14 8 9")
    assert panel.field("sigmas").problem.isVisible()
    assert "9 comes after 8" in panel.field("sigmas").problem.text()
    assert store.sigmas == ()
    assert panel.field("schedule").isEnabled()
    store.rescale = 0.5  # so that there is something to reset
    panel.more.reset.click()
    assert panel.field("sigmas").text() == ""
    assert not panel.field("sigmas").problem.isVisible()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("5, x", "“x” is not a number"),
        ("5, 5", "5 comes after 5"),
        ("5, -1", "-1 is not above 0"),
        ("0", "0 is not above 0"),
        ("nan", "“nan” is not a number"),
        ("inf", "“inf” is not a number"),
        ("1e7 5", "above 1e+06"),
        (" ".join(str(2000 - i) for i in range(1001)), "1001 numbers are more than 1000"),
    ],
)
def test_problems_of_a_list_of_sigmas_are_explained(text, words) -> None:
    with pytest.raises(ValueError, match=r"number|above|after") as caught:
        PARAMETERS["sigmas"].falling(parse_sigmas(text))
    assert words in str(caught.value)


@pytest.mark.parametrize("text", ["", " , ", "[]"])
def test_an_empty_list_of_sigmas_is_an_empty_tuple(text) -> None:
    assert parse_sigmas(text) == ()


def test_cfg_is_disabled_while_cfg_plus_plus_replaces_it(store, panel) -> None:
    store.plus_plus = 0.6
    assert not panel.field("cfg").isEnabled()
    assert "CFG++" in panel.field("cfg").toolTip()
    store.plus_plus = 0.0
    assert panel.field("cfg").isEnabled()
    assert "prompt" in panel.field("cfg").toolTip()


def test_a_value_finer_than_its_control_is_kept(store, panel) -> None:
    store.cfg = 7.1234567
    assert store.cfg == 7.1234567
    store.cfg = 7.25
    assert (
        panel.field("cfg").number.text()
        == f"7{panel.field('cfg').number.locale().decimalPoint()}25"
    )


def test_limits_and_presets_follow_the_model(store, panel) -> None:
    store.run = RunState(loading=False, model=MODEL)
    store.width, store.height = 256, 256
    assert not panel.size_row.problem.isVisible()
    other = type(MODEL)(**{**vars(MODEL), "width": 64, "height": 64, "max_side": 128})
    store.run = RunState(loading=False, model=other)
    assert panel.size_row.problem.isVisible()
    assert panel.size_row.preset.findText("Square") == 0
    assert panel.size_row.preset.itemData(0) == (64, 64)
    assert panel.size_row.preset.count() < 6


def test_every_control_has_a_name_and_fits(store, panel) -> None:
    store.more_open = True
    store.sampler, store.churn, store.schedule, store.mimic = "Heun", 5.0, "Karras", 3.0
    store.variation_strength = 0.5
    panel.resize(316, panel.sizeHint().height())
    assert panel.more.minimumSizeHint().width() <= 300
    assert panel.more.caption_width() <= panel.width() * 0.4  # the controls do the rest
    for kind in (SliderField, NumberBox, OptionalNumber):
        controls = panel.more.findChildren(kind)
        assert controls
        for control in controls:
            assert control.accessibleName() or control.parent().accessibleName(), control
            assert control.toolTip()
    captions = [one for one in panel.more.findChildren(Caption) if one.isVisible()]
    assert captions
    for caption in captions:
        assert caption.width() >= caption.sizeHint().width(), caption.text()
