"""The refiner in the panels: into the request, into the image's text, and back."""

from __future__ import annotations

from dataclasses import replace

import pytest

from core.families.cosxl import COSXL
from core.families.family import Family
from core.families.native import NATIVE
from core.families.stable_diffusion_1 import STABLE_DIFFUSION_1
from core.families.stable_diffusion_2 import STABLE_DIFFUSION_2
from core.families.stable_diffusion_xl import STABLE_DIFFUSION_XL
from core.families.stable_diffusion_xl_refiner import STABLE_DIFFUSION_XL_REFINER
from core.request.request import Change, Request
from ldm_studio.images.infotext import infotext, parse_infotext, restore
from ldm_studio.store.model_limits import refining_problem
from ldm_studio.store.run_state import RunState
from ldm_studio.store.store import Mode, StudioStore
from tests.ldm_studio.fakes import MODEL, FakePipeline
from tests.ldm_studio.window_actions import make

XL = replace(MODEL, family="Stable Diffusion XL", latents="Stable Diffusion XL", takes_refiner=True)
REFINER = "sub/sd_xl_refiner_1.0.safetensors"


@pytest.fixture
def store(qapp) -> StudioStore:
    store = StudioStore()
    store.run = RunState(model=XL, loading=False)
    store.steps = 25
    return store


def test_the_refiner_takes_over_after_its_share_of_the_steps(store) -> None:
    store.refiner = REFINER
    assert store.snapshot().changes == (Change(20, model=REFINER),)
    store.mode, store.strength, store.refiner_at = Mode.IMAGE, 0.4, 0.5
    assert store.snapshot().changes == (Change(5, model=REFINER),)


def test_at_the_very_end_no_step_is_left_for_the_refiner(store) -> None:
    store.refiner, store.refiner_at = REFINER, 1.0
    assert store.snapshot().changes == ()


def test_a_native_model_has_no_refiner(store) -> None:
    store.refiner = REFINER
    store.run = RunState(model=MODEL, loading=False)
    assert store.snapshot().changes == ()
    assert "refiner" not in store.edited()


@pytest.mark.parametrize("step", [1, 7, 20, 24])
def test_a_recipe_restores_the_refiner(store, step) -> None:
    other = Change(3, prompt="a wolf")
    refined = Change(step, model=REFINER, model_digest="ab" * 32)
    request = Request(steps=25, changes=tuple(sorted((other, refined), key=lambda c: c.step)))
    store.apply(request)
    assert store.changes == (other,)
    assert store.refiner == REFINER
    assert replace(refined, model_digest=None) in store.snapshot().changes
    assert other in store.snapshot().changes
    store.apply(Request())
    assert (store.refiner, store.refiner_at) == ("", 0.8)


def test_two_model_changes_stay_changes(store) -> None:
    changes = (Change(3, model="a"), Change(9, model="b"))
    store.apply(Request(steps=25, changes=changes))
    assert store.refiner == ""
    assert store.snapshot().changes == changes


def test_the_text_names_the_refiner_like_other_programs() -> None:
    request = Request(steps=25, changes=(Change(20, model=REFINER, model_digest="ab" * 32),))
    info = parse_infotext(infotext(request, "base", "cd" * 32))
    assert info.settings["Refiner"] == f"sd_xl_refiner_1.0 [{'ab' * 5}]"
    assert info.settings["Refiner switch at"] == "0.8"
    assert restore(info, Request()).request.changes == request.changes


def test_refiners_in_texts_of_other_programs_are_restored() -> None:
    text = "a fox\nSteps: 30, Seed: 1, Refiner: sd_xl_refiner_1.0 [7440042bbd], "
    restored = restore(parse_infotext(f"{text}Refiner switch at: 0.7"), Request())
    assert restored.request.changes == (Change(21, model="sd_xl_refiner_1.0"),)
    assert restored.ignored == ()
    wrong = restore(parse_infotext(f"{text}Refiner switch at: soon"), Request())
    assert wrong.request.changes == ()
    assert "Refiner switch at: soon" in wrong.ignored


@pytest.mark.parametrize(
    ("family", "input_kind", "fits"),
    [
        (STABLE_DIFFUSION_XL_REFINER, "", True),
        (STABLE_DIFFUSION_XL, "inpainting", True),
        (STABLE_DIFFUSION_XL, "depth", False),
        (COSXL, "", True),
        (STABLE_DIFFUSION_1, "", False),
        (STABLE_DIFFUSION_2, "depth", False),
        (NATIVE, "", False),
    ],
)
def test_only_models_with_the_same_latents_can_refine(
    qapp, family: Family, input_kind: str, fits: bool
) -> None:
    assert (not refining_problem(family.latents.name, input_kind, XL)) is fits


def test_an_unidentified_model_may_refine(qapp) -> None:
    assert not refining_problem("", "", XL)


def test_stable_diffusion_1_and_2_have_the_same_latents() -> None:
    assert STABLE_DIFFUSION_1.latents == STABLE_DIFFUSION_2.latents


def test_a_branch_keeps_a_later_refiner(start, qtbot) -> None:
    application = start(FakePipeline(model=XL))
    store = application.store
    store.refiner, store.steps = REFINER, 10
    make(application, qtbot)
    application.studio.branch(4)
    assert store.refiner == REFINER
    store.prompt = "a wolf"
    make(application, qtbot)
    request = application.studio.canvas_controller.shown.image.request
    assert request.changes == (Change(4, prompt="a wolf"), Change(8, model=REFINER))
    application.studio.branch(9)
    assert store.model == request.model
    store.cfg = 2.0
    make(application, qtbot)
    assert application.studio.canvas_controller.shown.image.request.changes[-2:] == (
        Change(8, model=REFINER),
        Change(9, cfg=2.0),
    )


def test_a_model_with_other_latents_removes_the_refiner(store) -> None:
    store.refiner = REFINER
    store.follow(XL, replace(XL, input_kind="inpainting"))
    assert store.refiner == REFINER
    store.follow(XL, replace(XL, latents="Stable Diffusion"))
    assert store.refiner == ""
