"""The history of generated prompts, to step back and forth."""

from __future__ import annotations

from collections.abc import Iterable

LIMIT = 100


class PromptHistory:
    """Prompts, newest last, each once. The unfinished prompt is kept while going back."""

    def __init__(self, prompts: Iterable[str] = ()) -> None:
        self._prompts: list[str] = []
        self._draft = ""
        self._back = 0  # how many prompts ago; 0 is the draft
        for prompt in prompts:
            self.add(prompt)

    @property
    def prompts(self) -> tuple[str, ...]:
        return tuple(self._prompts)

    def add(self, prompt: str) -> None:
        """Adds a prompt as the newest; blank ones are ignored."""
        self._back = 0
        if prompt.strip():
            others = [known for known in self._prompts if known != prompt]
            self._prompts = [*others[1 - LIMIT :], prompt]

    def older(self, current: str) -> str:
        """The prompt before the current one, or the current one if there is none."""
        if self._back == 0 or current != self._prompts[-self._back]:
            self._draft, self._back = current, 0
        back = self._back + 1
        if back == 1 and self._prompts and self._prompts[-1] == current:
            back = 2
        if back > len(self._prompts):
            return current
        self._back = back
        return self._prompts[-back]

    def newer(self, current: str) -> str:
        """The prompt after the current one; at the end, the unfinished one."""
        if self._back == 0 or current != self._prompts[-self._back]:
            return current
        self._back -= 1
        return self._prompts[-self._back] if self._back else self._draft
