"""The one place where files are opened for reading, and JSON in them is parsed.

Files are untrusted: a path may lead to a pipe, a device or a socket, on which an ordinary `open`
waits for ever, and a file may be larger, deeper or stranger than anything that its format needs.
"""

from __future__ import annotations

import errno
import io
import json
import os
import re
import stat
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, cast

from .errors import InvalidError, Message, MessageError

MAX_DIGITS = 40
"""Of an integer in JSON; 64 bits need 20."""
_HALF_PAIR = re.compile("[\ud800-\udfff]")
_MAY_HALVE = re.compile(r"\\u[dD][89a-fA-F]")


class NotAFileError(MessageError, OSError):
    """What a path leads to is no regular file."""

    def __init__(self) -> None:
        super().__init__(Message("it is not a regular file"))
        self.strerror = str(self.message)


def open_file(path: str | Path) -> io.BufferedReader:
    """Opens a regular file; never waits. Raises OSError, NotAFileError for anything else."""
    return open(_name(path), "rb", opener=open_regular)


def read_bytes(path: str | Path, limit: int) -> bytes:
    """A whole file. Raises OSError; InvalidError if it has more than `limit` bytes."""
    with open_file(path) as file:
        data = file.read(limit + 1)
    if len(data) > limit:
        raise InvalidError("it is larger than {limit} bytes", limit=limit)
    return data


def open_regular(name: str, flags: int) -> int:
    """An `opener` for `open` and `io.FileIO`, also for writing. Raises OSError, NotAFileError."""
    with suppress(FileNotFoundError):  # which is reported, or created, below
        _check_regular(os.stat(name))  # first: opening a device may already do something
    descriptor = os.open(name, flags | getattr(os, "O_NONBLOCK", 0), 0o666)
    try:
        _check_regular(os.fstat(descriptor))
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def _check_regular(status: os.stat_result) -> None:
    if stat.S_ISDIR(status.st_mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    if not stat.S_ISREG(status.st_mode):
        raise NotAFileError


def _name(path: str | Path) -> str:
    """Raises OSError for a name that no file can have."""
    name = str(path)
    try:
        if b"\0" not in os.fsencode(name):
            return name
    except UnicodeEncodeError:
        pass
    raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))


def parse_json(
    data: bytes | str,
    *,
    object_pairs_hook: Callable[[list[tuple[str, Any]]], Any] | None = None,
) -> Any:
    """The value of a JSON text in UTF-8. Halves of surrogate pairs become replacement characters.

    Raises InvalidError if it is not JSON, is nested too deeply, or has an integer of more than
    MAX_DIGITS digits.
    """
    try:
        text = data if isinstance(data, str) else data.decode("utf-8-sig")
        value = json.loads(text, object_pairs_hook=object_pairs_hook, parse_int=_integer)
        return _without_halves(value) if _MAY_HALVE.search(text) else value
    except json.JSONDecodeError as error:
        raise InvalidError("line {line} is not JSON", line=error.lineno) from error
    except UnicodeDecodeError as error:
        raise InvalidError("it is not text") from error
    except RecursionError as error:
        raise InvalidError("it is nested too deeply") from error


def _integer(digits: str) -> int:
    if len(digits) > MAX_DIGITS:
        raise InvalidError("it has an integer of {count} digits", count=len(digits))
    return int(digits)


def _without_halves(value: object) -> object:
    """A copy whose texts can be encoded: JSON can write half of a surrogate pair."""
    if isinstance(value, str):
        return _HALF_PAIR.sub("\N{REPLACEMENT CHARACTER}", value)
    if isinstance(value, list):
        return [_without_halves(item) for item in cast("list[object]", value)]
    if isinstance(value, dict):
        items = cast("dict[str, object]", value).items()
        return {cast(str, _without_halves(key)): _without_halves(item) for key, item in items}
    return value
