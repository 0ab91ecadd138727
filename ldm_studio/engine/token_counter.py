"""Counts the tokens of prompts for a checkpoint, with embeddings as their vectors."""

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

    def __init__(self, widths: Sequence[int], finder: AddonFinder) -> None:
        """`widths`: of the model's text encoders. Imports torch."""
        from core.conditioning.text.clip_tokenizer import ClipTokenCounter

        self._widths = tuple(widths)
        self._finder = finder
        self._lock = threading.Lock()
        self._seen: dict[Path, Stamp] = {}
        self._read = ClipTokenCounter()
        self.refresh()

    def __call__(self, prompt: str, syntax: str = A1111, *, negative: bool = False) -> TokenCount:
        return self._read(prompt, syntax, negative=negative)

    def refresh(self) -> bool:
        """Whether embeddings were added, removed or changed. Slow: not for the main thread."""
        from core.checkpoints.textual_inversion import read_embedding
        from core.conditioning.text.clip_text import Embedding, embedding_tokens
        from core.conditioning.text.clip_tokenizer import ClipTokenCounter

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
            self._read = ClipTokenCounter(embedding_tokens(known))
            return True


def _stamped(paths: Iterable[Path]) -> dict[Path, Stamp]:
    found: dict[Path, Stamp] = {}
    for path in paths:
        try:
            found[path] = stamp(path)
        except ModelError as error:  # it went away meanwhile
            log.debug("%s", error)
    return found
