"""Counts the tokens of prompts, with embeddings as their vectors."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from core.conditioning.text.token_count import PromptTokenCounter, TokenCount
from core.errors import ModelError
from core.request.text_segment import A1111
from ldm_studio.models.addon_files import AddonFinder
from ldm_studio.models.known_checkpoints import Stamp, stamp

log = logging.getLogger(__name__)


class TokenCounter(PromptTokenCounter):
    """Knows the embeddings in the folders as of the last `refresh`."""

    def __init__(
        self, counter: PromptTokenCounter, widths: Sequence[int], finder: AddonFinder
    ) -> None:
        """`counter` knows no embeddings; `widths`: of the model's text encoders."""
        self._without = counter
        self._widths = tuple(widths)
        self._finder = finder
        self._lock = threading.Lock()
        self._seen: dict[Path, Stamp] = {}
        self._read = counter
        self.refresh()

    def __call__(self, prompt: str, syntax: str = A1111, *, negative: bool = False) -> TokenCount:
        return self._read(prompt, syntax, negative=negative)

    def refresh(self) -> bool:
        """Whether embeddings were added, removed or changed. Slow, and imports torch: not for the
        main thread.
        """
        from core.checkpoints.textual_inversion import read_embedding
        from core.conditioning.text.embeddings import Embedding

        with self._lock:
            names = self._finder.words()
            seen = _stamped(names)
            if seen == self._seen:
                return False
            known: list[Embedding] = []
            for path in seen:
                try:
                    word = read_embedding(path, self._widths)
                    known += [replace(word, name=name) for name in names[path]]
                except ModelError as error:  # it is for other models
                    log.debug("%s", error)
            self._seen = seen
            self._read = self._without.with_embeddings(known)
            return True


def _stamped(paths: Iterable[Path]) -> dict[Path, Stamp]:
    found: dict[Path, Stamp] = {}
    for path in paths:
        try:
            found[path] = stamp(path)
        except ModelError as error:  # it went away meanwhile
            log.debug("%s", error)
    return found
