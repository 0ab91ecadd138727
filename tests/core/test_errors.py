"""Messages: their text, and their round trips through threads, processes and files."""

from __future__ import annotations

import json
import pickle
from pathlib import Path

import pytest

from core.errors import (
    ImageError,
    InvalidError,
    Message,
    ModelError,
    RequestError,
    StudioError,
    message_of,
    quoted,
)
from ldm_studio.images.recipe_inputs import MissingInput


def test_a_message_contains_its_values() -> None:
    message = Message("{path} has {count} of {most} parts.", path=Path("a b"), count=2, most=2.50)
    assert str(message) == "a b has 2 of 2.5 parts."


def test_lists_are_joined_and_shapes_have_brackets() -> None:
    assert str(Message("Known: {names}.", names=["Euler", "Heun"])) == "Known: Euler, Heun."
    assert str(Message("It is {shape}.", shape=(1, 64))) == "It is (1, 64)."


def test_braces_that_are_not_placeholders_stay() -> None:
    assert str(Message("This { is never closed.")) == "This { is never closed."
    assert str(Message("There is no {name}.", name="{number}")) == "There is no {number}."


def test_a_reason_is_translated_inside_a_message() -> None:
    reason = InvalidError("it has {count} blocks", count=3)
    error = ModelError("{path} cannot be used: {error}.", "Choose another.", path="a", error=reason)
    chinese = {
        "it has {count} blocks": "有 {count} 个块",
        "{path} cannot be used: {error}.": "{error}",
    }
    assert str(error) == "a cannot be used: it has 3 blocks. Choose another."
    assert error.message.text(lambda template: chinese.get(template, template)) == "有 3 个块"


def test_a_system_error_is_shown_by_its_reason() -> None:
    error = FileNotFoundError(2, "No such file or directory", "a.png")
    assert str(Message("{error}", error=error)) == "No such file or directory"


@pytest.mark.parametrize(
    "error",
    [
        StudioError("{a} is wrong.", "Change {a}.", a="b"),
        RequestError("steps", "{name} is {value}.", name="steps", value=0),
        MissingInput("mask", "The {name} is missing.", name="mask"),
        ImageError("{path} is damaged.", path=Path("a.png")),
        InvalidError("it is empty"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_errors_can_be_pickled(error: StudioError) -> None:
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is type(error)
    assert str(again) == str(error)
    assert vars(again) == vars(error)


def test_messages_with_equal_text_are_equal() -> None:
    first, second = (Message("{a}", a=[1, "b"]) for _ in range(2))
    assert first == second
    assert len({first, second}) == 1


def test_messages_round_trip_through_json() -> None:
    reason = Message("it has {count} blocks", count=3)
    message = Message("{path} cannot be used: {error}.", path="a {b}", error=reason)
    assert Message.from_json(message.to_json()) == message
    assert Message.from_json(Message("It is damaged.").to_json()) == Message("It is damaged.")
    assert not Message.from_json("")


@pytest.mark.parametrize(
    "text",
    [
        "a.png cannot be read: it is damaged.",
        "Write {number} here.",
        '{"template"',
        '{"template": 3, "values": {}}',
        '{"template": "x {a}", "values": {"a": [[[[[[[[[[[1]]]]]]]]]]]}}',
        json.dumps({"template": "{a}", "values": [1]}),
    ],
)
def test_other_text_in_files_is_shown_verbatim(text: str) -> None:
    assert str(Message.from_json(text)) == text


def test_format_specs_in_a_damaged_file_are_ignored() -> None:
    text = json.dumps({"template": "{a.__class__} {a:>999999}", "values": {"a": 1}})
    assert str(Message.from_json(text)) == "{a.__class__} {a:>999999}"


def test_untrusted_text_is_quoted_short_and_in_one_line() -> None:
    assert quoted("a\nb") == '"a\\nb"'
    assert len(quoted("x" * 999)) == 82


def test_the_file_name_of_a_long_path_is_kept() -> None:
    path = "/models/" + "folder/" * 200 + "a.safetensors"
    assert quoted(path).endswith('a.safetensors"')
    assert "…" in quoted(path)
    said = str(Message("Cannot read {path}.", path=path))
    assert said.endswith("a.safetensors.")
    assert len(said) < 550
    assert len(str(Message("{text}", text="x" * 9999))) == 500


def test_any_exception_has_a_message() -> None:
    assert str(message_of(KeyError())) == "KeyError"
    assert str(message_of(StudioError("It broke.", "Mend it."))) == "It broke. Mend it."
