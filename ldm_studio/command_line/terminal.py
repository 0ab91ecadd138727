"""All output of the command line: control characters are shown, not sent to the terminal.

Prompts and names come from files of strangers, and a terminal obeys control characters: they
rename its window, move the cursor over other lines, or write into the clipboard.
"""

from __future__ import annotations

import io
import re
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, TextIO, cast

_ORDERS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
"""Control characters (ISO 6429) except tab and line feed, and those that turn the direction."""


def visible(text: str) -> str:
    r"""The text with control characters as \u001b, which is valid in JSON, too."""
    return _ORDERS.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


class _VisibleStream:
    """A text stream that writes `visible` texts, and is otherwise the stream itself."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        back = text[:1] if text.startswith("\r") else ""  # progress bars begin their line again
        self._stream.write(back + visible(text.removeprefix(back)))
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


@contextmanager
def safe_output() -> Iterator[None]:
    """Standard output and errors show control characters, and all characters in some way: those
    that a stream cannot encode become question marks. On Windows, pipes use a legacy encoding by
    default.
    """
    before = sys.stdout, sys.stderr  # None in a program of Windows that has a window
    for stream in before:
        if isinstance(stream, io.TextIOWrapper):
            if sys.platform == "win32":
                stream.reconfigure(encoding="utf-8", errors="replace")
            elif stream.errors == "strict":
                stream.reconfigure(errors="replace")
    made = [_VisibleStream(stream) if stream is not None else None for stream in before]
    sys.stdout, sys.stderr = cast("list[TextIO]", made)
    try:
        yield
    finally:  # unless it was closed in the meantime
        if sys.stdout is made[0]:
            sys.stdout = before[0]
        if sys.stderr is made[1]:
            sys.stderr = before[1]
