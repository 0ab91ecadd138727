"""Computes digests of large files in the background and remembers them."""

from __future__ import annotations

import hashlib
import logging
import threading
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from core.errors import ModelError
from core.untrusted_files import open_file
from ldm_studio.threads.worker import Worker

from .known_checkpoints import Catalogue, stamp

log = logging.getLogger(__name__)

BLOCK = 1 << 22
SAFE = (".safetensors", ".sft")
MAX_HEADER = 100_000_000
SHORT = 12
"""Digits of AUTOMATIC1111's hashes of LoRAs and embeddings."""


@dataclass(frozen=True)
class ModelDigests:
    digest: str
    """SHA-256 of a file, or of the concatenated weight files of a folder, in hex."""
    short: str
    """AUTOMATIC1111's hash of a LoRA or an embedding."""


class DigestWorker:
    """Digests one file after the other on a thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._asked: dict[tuple[Path, bool], Future[ModelDigests]] = {}
        self._worker = Worker("ldm-digests")

    def of(self, path: Path, *, lora: bool = False) -> Future[ModelDigests]:
        """Already done if the digest is known; otherwise it is computed. `result` raises ModelError
        for an unreadable file. Raises ModelError for a missing one.
        """
        catalogue = Catalogue()
        known, short = catalogue.digest(path), catalogue.short(path)
        future: Future[ModelDigests] = Future()
        if known and (short or not lora):
            future.set_result(ModelDigests(known, short if lora else known[:SHORT]))
            return future
        with self._lock:
            wanted = path, lora
            if wanted in self._asked:
                return self._asked[wanted]
            future = self._asked[wanted] = self._worker.submit(partial(self._compute, path, lora))
            return future

    def _compute(self, path: Path, lora: bool) -> ModelDigests:
        try:
            before = stamp(path)
            sums = computed(path, lora=lora)
            if stamp(path) == before:
                Catalogue().keep_digest(path, sums.digest, sums.short if lora else "")
            return sums
        finally:
            with self._lock:
                del self._asked[path, lora]


def computed(path: Path, *, lora: bool = False) -> ModelDigests:
    """Takes seconds for large files. Raises ModelError."""
    try:
        return _of_folder(path) if path.is_dir() else _of_file(path, lora=lora)
    except OSError as error:
        reason = error.strerror or error
        raise ModelError(
            "{path} cannot be read: {error}.", "Check the path.", path=path, error=reason
        ) from error


def early_hash(path: Path) -> str:
    """The hash of models that AUTOMATIC1111 wrote until 2023: 8 digits, of 64 KiB behind the first
    MiB. Different models may have the same one. Raises OSError.
    """
    with open_file(path) as file:
        file.seek(1 << 20)
        return hashlib.sha256(file.read(1 << 16)).hexdigest()[:8]


def _of_file(path: Path, *, lora: bool) -> ModelDigests:
    """The short hash of a LoRA skips its header, which may be edited."""
    whole, behind = hashlib.sha256(), hashlib.sha256()
    with open_file(path) as file:
        start = file.read(8)
        whole.update(start)
        size = int.from_bytes(start, "little")
        apart = lora and path.suffix.casefold() in SAFE and size <= MAX_HEADER
        if apart:
            whole.update(file.read(size))
        while block := file.read(BLOCK):
            whole.update(block)
            if apart:
                behind.update(block)
    digest = whole.hexdigest()
    return ModelDigests(digest, (behind.hexdigest() if apart else digest)[:SHORT])


def _of_folder(path: Path) -> ModelDigests:
    from core.checkpoints.identify import identify
    from core.checkpoints.load_model import file_digest

    digest = file_digest(path, identify(path))
    return ModelDigests(digest, digest[:SHORT])
