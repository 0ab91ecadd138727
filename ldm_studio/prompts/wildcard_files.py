"""The wildcards of the user, and prompts made from them.

A text file is a wildcard, called by its path below the folder: `__hats/winter__` is
`hats/winter.txt`, which `__winter__` finds as well where no other is called so.
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
from ldm_studio import paths

log = logging.getLogger(__name__)

MAX_FILES = 20_000
MAX_BYTES = 4_000_000
RESCAN_SECONDS = 2.0
"""New files are found after so long, without asking the disk at every key."""

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
    """What lies in a folder now. Good on one thread at a time."""

    def __init__(self, folder: Path | None = None) -> None:
        """`folder`: another one than the user's."""
        self.folder = folder or paths.wildcards_dir()
        self._files: dict[str, Path] = {}
        self._scanned_at = float("-inf")
        self._lines: dict[Path, tuple[float, tuple[str, ...]]] = {}

    def names(self) -> list[str]:
        """In order; capitals count as small letters."""
        return sorted(self._listed(), key=str.casefold)

    def values(self, name: str) -> tuple[str, ...] | None:
        """The lines of a wildcard, or of all that a name with `*` means; None: there is none."""
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
                with path.open("rb") as file:
                    text = file.read(MAX_BYTES).decode("utf-8-sig", errors="replace")
                known = self._lines[path] = changed, tuple(wildcard_lines(text))
        except OSError as error:  # it went away meanwhile
            log.warning("the wildcard %s cannot be read: %s", path, error)
            return ()
        return known[1]


def with_resolved_wildcards(request: Request, wildcards: Wildcards) -> Request:
    """The request with its prompts taken as templates, and made what its seed makes of them.

    Raises RequestError for wildcards that lead back to themselves.
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
    """The single pictures of a settled request, the second and later ones by their own seeds."""
    for index, single in enumerate(request.each()):
        if index and (single.template or single.negative_template):
            single = with_resolved_wildcards(templates_of(single), wildcards)
        yield single


def templates_of(request: Request) -> Request:
    """The request as it was typed."""
    return replace(
        request,
        prompt=request.template or request.prompt,
        negative=request.negative_template or request.negative,
        template="",
        negative_template="",
    )


def resolve_change(changed: Mapping[str, Any], seed: int, wildcards: Wildcards) -> dict[str, Any]:
    """Fields that are changed, prompts made of templates. Raises RequestError."""
    return {
        name: resolve_wildcards(value, wildcards.values, seed, name)
        if name in ("prompt", "negative")
        else value
        for name, value in changed.items()
    }
