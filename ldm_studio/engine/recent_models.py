"""Caches recently used models in main memory.

Switching back to one of them reads no file. In addition to the cached models, the same amount of
memory plus SPARE stays free for other programs; the least recently used model is dropped first.
"""

from __future__ import annotations

import logging
from collections import OrderedDict
from concurrent.futures import Future
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from core.checkpoints.overrides import Overrides
from core.errors import ModelError
from ldm_studio.engine_protocol import ModelInfo
from ldm_studio.hardware import memory
from ldm_studio.models.file_digests import ModelDigests
from ldm_studio.models.known_checkpoints import Stamp, companion_vae, is_checkpoint, stamp

if TYPE_CHECKING:
    from core.model.model import Model

log = logging.getLogger(__name__)

SPARE = 2_000_000_000
"""Bytes."""


@dataclass(frozen=True)
class ModelKey:
    """What to load."""

    path: Path
    overrides: Overrides | None
    """The user's overrides."""
    vae: Path | None = None
    """The VAE for a model that lacks one; None otherwise."""
    texts: tuple[Path, ...] = ()
    """Text encoders for a model that lacks them."""
    stamps: tuple[Stamp, ...] = ()
    """Of its files and of its companion VAE: if they change, it is another model."""

    @property
    def companions(self) -> list[Path]:
        """Files that complete it."""
        return [*([] if self.vae is None else [self.vae]), *self.texts]


@dataclass(frozen=True)
class LoadedModel:
    """A loaded model, and what is known of it."""

    key: ModelKey
    model: Model
    info: ModelInfo
    sums: Future[ModelDigests] | None


class RecentModels:
    """Cached models, moved from the device to main memory."""

    def __init__(self) -> None:
        self._models: OrderedDict[ModelKey, LoadedModel] = OrderedDict()

    def keep(self, known: LoadedModel) -> None:
        """Native models are not kept, because they are small."""
        if is_checkpoint(known.key.path) and memory().free is not None:
            try:
                wanted = known.key
                is_old = stamps_of(wanted.path, wanted.vae, *wanted.texts) != wanted.stamps
            except ModelError:  # its file went away
                return
            if not is_old and self._room_for(known.model):
                _evict(known.model)
                self._models[known.key] = known

    def take(self, wanted: ModelKey) -> LoadedModel | None:
        """The cached model, back on its device; None if there is none."""
        if wanted not in self._models:
            return None
        known = self._models.pop(wanted)
        log.info("%s is still in memory", wanted.path)
        return _restore(known)

    def make_room(self, wanted: ModelKey) -> None:
        """Called before loading, which may need twice the size of the files."""
        if self._models:
            self._drop_until(2 * sum(one.size for one in wanted.stamps))

    def trim(self) -> None:
        """Called after loading."""
        self._drop_until(0)

    def _room_for(self, model: Model) -> bool:
        """Whether main memory has room for the parts of `model` that are on the device."""
        return self._drop_until(0 if _in_main_memory(model) else sum(model.plan.weights.values()))

    def _drop_until(self, needed: int) -> bool:
        """Whether this many bytes are free, in addition to the reserve."""
        while True:
            size = sum(_size(known.model) for known in self._models.values())
            free = memory().free
            if free is None or free >= needed + size + SPARE:
                return True
            if not self._models:
                return False
            dropped, _ = self._models.popitem(last=False)
            log.info("%s is not kept in memory: there is too little", dropped.path)


def _size(model: Model) -> int:
    """Bytes of its weights as they are: stored, or expanded if they were on the device to stay."""
    from core.runtime.offload import size_of

    return size_of(*model.networks)


def _in_main_memory(model: Model) -> bool:
    if model.plan.free is None or model.device_manager is None:
        return True
    return not model.device_manager.is_pinned(model.backbone)


def _evict(model: Model) -> None:
    """Moves the model to main memory."""
    if model.plan.free is not None and model.device_manager is not None:
        model.device_manager.unpin(*model.networks)
    if model.previewer is not None:
        model.previewer.to("cpu")


def _restore(known: LoadedModel) -> LoadedModel:
    """Moves the model back to its device, which may have more or less room than before."""
    from core.runtime.offload import Pinned, free_memory

    model = known.model
    if model.previewer is not None:
        model.previewer.to(model.device)
    if model.plan.free is None or model.device_manager is None:
        return known
    plan = replace(model.plan, free=free_memory(model.device), others=Pinned(), made_room=False)
    if not plan.offloads:
        model.device_manager.pin(*model.networks, working=max(plan.working.values()))
        model.device_manager.load(*model.networks)
    info = replace(known.info, plan=plan.message)
    return replace(known, model=replace(model, plan=plan), info=info)


def stamps_of(path: Path, *others: Path | None) -> tuple[Stamp, ...]:
    """Stamps of a model, its companion VAE, and its companions. Raises ModelError."""
    files = dict.fromkeys((path, *others, companion_vae(path)))
    return tuple(stamp(one) for one in files if one is not None)
