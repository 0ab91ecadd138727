"""Differences between two moments of a trajectory, as text."""

from __future__ import annotations

import pytest

from core.request.request import Change, Request
from ldm_studio.store.change_texts import BRANCHED, difference, in_force, in_words

CHANGED = Request(
    prompt="a cat", changes=(Change(5, prompt="a dog"), Change(9, cfg=7.0, sampler="Heun"))
)


@pytest.mark.parametrize(
    ("step", "prompt", "cfg"), [(4, "a cat", 4.0), (5, "a dog", 4.0), (9, "a dog", 7.0)]
)
def test_settings_in_force_after_a_step(step, prompt, cfg) -> None:
    now = in_force(CHANGED, step)
    assert (now.prompt, now.cfg, now.changes) == (prompt, cfg, ())


def test_settings_in_force_at_the_end() -> None:
    assert in_force(CHANGED) == Request(prompt="a dog", cfg=7.0, sampler="Heun")


def test_only_requested_differences_are_returned() -> None:
    wanted = Request(prompt="a dog", steps=30, seed=7)
    assert difference(Request(prompt="a cat"), wanted, BRANCHED) == {"prompt": "a dog", "steps": 30}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (Change(1, prompt="a dog", cfg=6.0), "Prompt “a dog”, CFG scale 6"),
        (Change(1, negative=""), "Negative prompt: none"),
        (Change(1, sampler="Heun", steps=1), "Sampler Heun, Steps 1"),
        (Change(1, schedule="Karras"), "Schedule Karras"),
        (Change(1, init="a" * 64, mask="b" * 64), "another mask"),
        (Change(1, mask=""), "no mask"),
        (Change(1, init="a" * 64), "another initial image"),
        (Change(1, prompt="word " * 30), f"Prompt “{('word ' * 30)[:47]}…”"),
    ],
)  # fmt: skip
def test_a_change_is_described_in_words(change, words, qapp) -> None:
    assert in_words(change) == words
