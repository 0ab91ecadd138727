"""The user's wildcard files, and prompts resolved with them.

A wildcard is a text file, named by its path below the folder: `__hats/winter__` is
`hats/winter.txt`; `__winter__` finds it too if no other has that name.
"""

from __future__ import annotations

import fnmatch
import logging
import os
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from core.conditioning.text.wildcards import (
    missing_wildcards,
    parse_template,
    resolve_wildcards,
    wildcard_lines,
)
from core.request.request import Request
from core.untrusted_files import open_file
from ldm_studio import paths

log = logging.getLogger(__name__)

MAX_FILES = 20_000
MAX_BYTES = 4_000_000
RESCAN_SECONDS = 2.0
"""New files are found after this time, so that not every keystroke reads the disk."""

__all__ = [
    "Wildcards",
    "each_image",
    "missing_wildcards",
    "parse_template",
    "resolve_change",
    "templates_of",
    "with_resolved_wildcards",
]


class Wildcards:
    """The wildcards in a folder. Not thread-safe."""

    def __init__(self, folder: Path | None = None) -> None:
        """`folder`: another one than the user's."""
        self.folder = folder or paths.wildcards_dir()
        self._files: dict[str, Path] = {}
        self._scanned_at = float("-inf")
        self._lines: dict[Path, tuple[float, tuple[str, ...]]] = {}

    def names(self) -> list[str]:
        """Sorted, ignoring case."""
        return sorted(self._listed(), key=str.casefold)

    def values(self, name: str) -> tuple[str, ...] | None:
        """The lines of a wildcard, or of all that a name with `*` matches; None if there is
        none.
        """
        found = self._matching_names(name.strip("/"))
        if not found:
            return None
        return tuple(line for path in found for line in self._read(path))

    def _matching_names(self, name: str) -> list[Path]:
        files = self._listed()
        wanted = name.casefold()
        if "*" in name:
            named = sorted(n for n in files if fnmatch.fnmatchcase(n.casefold(), wanted))
            return [files[n] for n in named]
        whole = [path for n, path in files.items() if n.casefold() == wanted]
        last = [p for n, p in files.items() if n.rpartition("/")[2].casefold() == wanted]
        return whole[:1] or (last if len(last) == 1 else [])

    def _listed(self) -> dict[str, Path]:
        if time.monotonic() - self._scanned_at > RESCAN_SECONDS:
            self._files = dict(self._scan())
            self._scanned_at = time.monotonic()
        return self._files

    def _scan(self) -> Iterator[tuple[str, Path]]:
        count = 0
        for folder, folders, files in os.walk(self.folder):
            folders[:] = sorted(name for name in folders if not name.startswith("."))
            for name in sorted(files):
                path = Path(folder, name)
                if path.suffix.casefold() != ".txt" or name.startswith("."):
                    continue
                count += 1
                if count > MAX_FILES:
                    log.warning("%s holds more wildcards than are listed", self.folder)
                    return
                yield path.relative_to(self.folder).with_suffix("").as_posix(), path

    def _read(self, path: Path) -> tuple[str, ...]:
        try:
            changed = path.stat().st_mtime
            known = self._lines.get(path)
            if known is None or known[0] != changed:
                with open_file(path) as file:
                    text = file.read(MAX_BYTES).decode("utf-8-sig", errors="replace")
                known = self._lines[path] = changed, tuple(wildcard_lines(text))
        except OSError as error:  # it was removed meanwhile
            log.warning("the wildcard %s cannot be read: %s", path, error)
            return ()
        return known[1]


def with_resolved_wildcards(request: Request, wildcards: Wildcards) -> Request:
    """The request with its prompts resolved by its seed.

    Raises RequestError for wildcards that refer to themselves.
    """
    prompt = resolve_wildcards(request.prompt, wildcards.values, request.seed)
    negative = resolve_wildcards(request.negative, wildcards.values, request.seed, "negative")
    return replace(
        request,
        prompt=prompt,
        negative=negative,
        template=request.prompt if prompt != request.prompt else "",
        negative_template=request.negative if negative != request.negative else "",
    )


def each_image(request: Request, wildcards: Wildcards) -> Iterator[Request]:
    """The single images of a resolved request, each with its own seed."""
    for index, single in enumerate(request.each()):
        if index and (single.template or single.negative_template):
            single = with_resolved_wildcards(templates_of(single), wildcards)
        yield single


def templates_of(request: Request) -> Request:
    """The request with its prompts as typed."""
    return replace(
        request,
        prompt=request.template or request.prompt,
        negative=request.negative_template or request.negative,
        template="",
        negative_template="",
    )


def resolve_change(changed: Mapping[str, Any], seed: int, wildcards: Wildcards) -> dict[str, Any]:
    """Changed fields with prompts resolved. Raises RequestError."""
    return {
        name: resolve_wildcards(value, wildcards.values, seed, name)
        if name in ("prompt", "negative")
        else value
        for name, value in changed.items()
    }
