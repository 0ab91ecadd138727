"""Earlier and later prompts."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ldm_studio.store.prompt_history import LIMIT, PromptHistory
from tests.ldm_studio.fakes import FakePipeline
from tests.ldm_studio.window_actions import make


def test_back_and_forth_returns_to_what_was_being_written() -> None:
    history = PromptHistory(["a cat", "a dog", "a fox"])
    assert history.older("a dra") == "a fox"
    assert history.older("a fox") == "a dog"
    assert history.older("a dog") == "a cat"
    assert history.older("a cat") == "a cat"
    assert history.newer("a cat") == "a dog"
    assert history.newer("a dog") == "a fox"
    assert history.newer("a fox") == "a dra"
    assert history.newer("a dra") == "a dra"


def test_the_newest_is_passed_over_when_it_is_what_is_written() -> None:
    history = PromptHistory(["a cat", "a dog"])
    assert history.older("a dog") == "a cat"
    assert history.newer("a cat") == "a dog"


def test_a_prompt_changed_on_the_way_is_the_new_draft() -> None:
    history = PromptHistory(["a cat", "a dog"])
    history.older("")
    assert history.older("a dog with a hat") == "a dog"
    assert history.newer("a dog") == "a dog with a hat"


def test_nothing_to_go_back_to() -> None:
    history = PromptHistory()
    assert history.older("a cat") == "a cat"
    assert history.newer("a cat") == "a cat"


@given(st.lists(st.sampled_from([" ", *(f"prompt {i}" for i in range(LIMIT + 20))]), max_size=300))
def test_each_is_kept_once_and_the_oldest_are_forgotten(prompts: list[str]) -> None:
    kept = PromptHistory(prompts).prompts
    told = [prompt for prompt in prompts if prompt.strip()]
    assert len(kept) == len(set(kept)) == min(LIMIT, len(set(told)))
    if told:
        assert kept[-1] == told[-1]


def test_earlier_prompts_come_back_by_key_and_after_a_restart(start, qtbot) -> None:
    application = start(FakePipeline())
    make(application, qtbot, prompt="a cat")
    make(application, qtbot, prompt="a dog")
    actions = application.window.actions_by_id
    actions["earlier_prompt"].trigger()
    assert application.store.prompt == "a cat"
    actions["later_prompt"].trigger()
    assert application.store.prompt == "a dog"
    application.session.save()
    again = start(FakePipeline())
    assert again.session.prompts.prompts[-2:] == ("a cat", "a dog")
