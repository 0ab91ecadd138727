"""The files of a model: its own, and those that complete it."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

from core.checkpoints.overrides import read_overrides
from core.errors import ModelError
from ldm_studio.models.addon_files import AddonFinder
from ldm_studio.models.known_checkpoints import Stamp, companion_vae, is_checkpoint

from .recent_models import ModelKey, stamps_of

MOST_TEXTS = 20
"""Maximum number of text encoders that are tried."""


class ComponentFinder:
    """Finds a VAE, the chosen one or the one next to the model, and text encoders that fit,
    those nearest to the model first."""

    def __init__(self, finder: AddonFinder) -> None:
        self._finder = finder
        self._lacking: dict[tuple[Path, tuple[Stamp, ...]], tuple[bool, bool]] = {}
        self._texts: dict[tuple[Path, ...], tuple[Path, ...]] = {}
        """Text encoders that fit, by the model and the candidates."""

    def wanted(self, path: Path, vae: str) -> ModelKey:
        """Imports torch. Raises RequestError if the chosen VAE is missing."""
        if not is_checkpoint(path):
            return ModelKey(path, None)
        stamps = stamps_of(path)
        if (path, stamps) not in self._lacking:
            self._lacking[path, stamps] = _lacking(path)
        lacks_vae, lacks_text = self._lacking[path, stamps]
        found = companion_vae(path)
        if lacks_vae and found is None and vae:
            found = self._finder.find("vae", vae)
        found = found if lacks_vae else None
        texts = self._texts_for(path) if lacks_text else ()
        return ModelKey(path, read_overrides(path), found, texts, stamps_of(path, found, *texts))

    def _texts_for(self, path: Path) -> tuple[Path, ...]:
        """One file, or two; empty if none fit, which loading reports."""
        there = self._finder.text_encoders()
        near = sorted(there, key=lambda text: not text.is_relative_to(path.parent))[:MOST_TEXTS]
        tried = (path, *near)
        if tried not in self._texts:
            choices = [*((text,) for text in near), *combinations(near, 2)]
            self._texts[tried] = next((some for some in choices if _completes(path, some)), ())
        return self._texts[tried]


def _lacking(path: Path) -> tuple[bool, bool]:
    """Whether it lacks an autoencoder, and whether text encoders."""
    from core.checkpoints.identify import identify

    try:
        identity = identify(path)
    except ModelError:  # loading reports it
        return False, False
    return identity.lacks_vae, identity.lacks_text


def _completes(path: Path, texts: tuple[Path, ...]) -> bool:
    from core.checkpoints.identify import identify

    try:
        return not identify(path, companions=texts).lacks_text
    except ModelError:
        return False
