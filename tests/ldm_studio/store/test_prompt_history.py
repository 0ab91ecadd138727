"""Earlier and later prompts."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ldm_studio.store.prompt_history import LIMIT, PromptHistory
from tests.ldm_studio.fakes import FakePipeline
from tests.ldm_studio.window_actions import make


def test_stepping_back_and_forth_returns_to_the_draft() -> None:
    history = PromptHistory(["a cat", "a dog", "a fox"])
    assert history.older("a dra") == "a fox"
    assert history.older("a fox") == "a dog"
    assert history.older("a dog") == "a cat"
    assert history.older("a cat") == "a cat"
    assert history.newer("a cat") == "a dog"
    assert history.newer("a dog") == "a fox"
    assert history.newer("a fox") == "a dra"
    assert history.newer("a dra") == "a dra"


def test_the_newest_prompt_is_skipped_if_it_is_the_current_text() -> None:
    history = PromptHistory(["a cat", "a dog"])
    assert history.older("a dog") == "a cat"
    assert history.newer("a cat") == "a dog"


def test_a_prompt_edited_while_stepping_is_the_new_draft() -> None:
    history = PromptHistory(["a cat", "a dog"])
    history.older("")
    assert history.older("a dog with a hat") == "a dog"
    assert history.newer("a dog") == "a dog with a hat"


def test_an_empty_history_returns_the_current_text() -> None:
    history = PromptHistory()
    assert history.older("a cat") == "a cat"
    assert history.newer("a cat") == "a cat"


@given(st.lists(st.sampled_from([" ", *(f"prompt {i}" for i in range(LIMIT + 20))]), max_size=300))
def test_prompts_are_unique_and_the_oldest_are_dropped(prompts: list[str]) -> None:
    kept = PromptHistory(prompts).prompts
    texts = [prompt for prompt in prompts if prompt.strip()]
    assert len(kept) == len(set(kept)) == min(LIMIT, len(set(texts)))
    if texts:
        assert kept[-1] == texts[-1]


def test_earlier_prompts_are_recalled_by_key_and_after_a_restart(start, qtbot) -> None:
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
