"""Files and JSON of strangers: nothing waits for ever, nothing grows without limit."""

from __future__ import annotations

import os
import socket
import sys
from pathlib import Path

import pytest

from core.errors import InvalidError, Message, quoted
from core.untrusted_files import NotAFileError, open_file, open_regular, parse_json, read_bytes

needs_pipes = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such files")


@needs_pipes
def test_a_pipe_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    pipe = tmp_path / "model.safetensors"
    os.mkfifo(pipe)
    with pytest.raises(NotAFileError, match="not a regular file") as refused:
        open_file(pipe)
    assert refused.value.strerror == str(refused.value)
    link = tmp_path / "link.safetensors"
    link.symlink_to(pipe)
    with pytest.raises(NotAFileError):
        read_bytes(link, 10)
    with pytest.raises(NotAFileError), open(pipe, "ab", opener=open_regular):
        pass


@needs_pipes
def test_devices_and_sockets_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(NotAFileError):
        read_bytes("/dev/zero", 10)
    monkeypatch.chdir(tmp_path)  # the address of a socket is short
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("model.ckpt")
        with pytest.raises(NotAFileError):
            open_file("model.ckpt")


@pytest.mark.parametrize("name", ["a\0b", "\ud800", "a" * 5000, "."])
def test_a_name_that_no_file_can_have_is_an_error_of_the_system(name: str) -> None:
    with pytest.raises(OSError, match=r"\[Errno"):
        open_file(name)


def test_a_file_may_have_as_many_bytes_as_its_format_needs(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"12345")
    assert read_bytes(path, 5) == b"12345"
    with pytest.raises(InvalidError, match="larger than 4 bytes"):
        read_bytes(path, 4)


def test_a_new_file_is_created_for_appending(tmp_path: Path) -> None:
    for text in (b"a", b"b"):
        with open(tmp_path / "log", "ab", opener=open_regular) as file:
            file.write(text)
    assert (tmp_path / "log").read_bytes() == b"ab"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"[" * 100_000, "nested too deeply"),
        (b"1" * 4_000, "an integer of 4000 digits"),
        (b"1" * 400_000, "an integer of 400000 digits"),
        (b"{\n\n1: 2}", "line 3 is not JSON"),
        (b"\xff\xfe", "not text"),
        (b"", "line 1"),
    ],
    ids=["deep", "digits", "more digits", "syntax", "encoding", "empty"],
)
def test_json_that_cannot_be_read_is_an_error_in_words(text: bytes, message: str) -> None:
    with pytest.raises(InvalidError, match=message):
        parse_json(text)


def test_texts_of_json_can_always_be_encoded() -> None:
    read = parse_json(rb'{"a\ud800": ["\udfff b", "\ud83d\ude00"]}')
    assert read == {"a\ufffd": ["\ufffd b", "\N{GRINNING FACE}"]}
    assert parse_json(rb'"\\ud800"') == r"\ud800"


def endless() -> object:
    """Small in memory, and larger than any disk when it is written out."""
    value: object = ()
    for _ in range(60):
        value = (value, [value], {"key": value})
    return value


@pytest.mark.parametrize(
    "value",
    [endless(), 10**5000, [[10**5000]], list(range(10**6))],
    ids=["shared parts", "digits", "digits inside", "items"],
)
def test_a_message_stays_small_whatever_value_it_shows(value: object) -> None:
    message = Message("{value} is {type}", value=value, type=quoted(value))
    assert len(str(message)) < 10_000
    assert Message.from_json(message.to_json()) == message
