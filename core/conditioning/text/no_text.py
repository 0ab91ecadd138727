"""The text conditioner of models that take no text, such as class-conditional ones."""

from __future__ import annotations

from collections.abc import Sequence

from torch import nn

from ...networks.cond import Cond
from ...request.text_segment import TextSegment
from ..protocols import TextConditioner


class NoText(TextConditioner):
    """Adds nothing to the conditions."""

    takes_text = False

    @property
    def networks(self) -> tuple[nn.Module, ...]:
        return ()

    @property
    def count_tokens(self) -> None:
        return None

    def encode(self, prompts: Sequence[str | TextSegment], clip_skip: int = 1) -> Cond:
        return Cond()
