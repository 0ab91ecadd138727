"""A catalogue of checkpoints: their kinds and digests.

Identifying a file needs torch, and a digest takes seconds, so both are remembered by path, size and
modification time.
"""

from __future__ import annotations

import logging
import math
import os
import threading
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec

from core.atomic_write import replacing
from core.errors import Message, ModelError
from core.untrusted_files import read_bytes
from ldm_studio import paths

log = logging.getLogger(__name__)

SUFFIXES = (".safetensors", ".sft", ".gguf", ".ckpt", ".pt", ".pth", ".bin")
"""Of model files and auxiliary files."""
MODEL = "model"
FOLDER_INDEX = "model_index.json"
"""The file that marks a folder in diffusers' layout."""
WHOLE = (".safetensors", ".sft", ".ckpt")
"""Suffixes of files that can be whole models."""
VAE_SUFFIXES = (".safetensors", ".pt", ".ckpt")
_PLACES = {
    "lora": "lora",
    "loras": "lora",
    "lycoris": "lora",
    "embeddings": "embedding",
    "vae": "vae",
    "vae-approx": "preview",
    "vae_approx": "preview",
}
"""Kinds of files by the (lower case) folder names of other programs."""
READING = 8
"""Increased when `core` identifies more than before: files are then read again."""
MAX_KNOWN = 50_000
MAX_BYTES = 200_000_000
"""Of the catalogue: some 300 for each of MAX_KNOWN."""
MAX_FOLDER_FILES = 500


@dataclass(frozen=True)
class Stamp:
    """Changes when the file's contents change."""

    size: int
    """Bytes."""
    time: int
    """Of the last change, in nanoseconds."""


@dataclass(frozen=True)
class KnownCheckpoint:
    """The identity of a file, or of a folder in diffusers' layout."""

    size: int
    time: int
    reading: int = 0
    """READING when the file was identified; 0 if it was not."""
    what: str = MODEL
    """One of `core.checkpoints.auxiliary_files.Kind`."""
    kind: str = ""
    """For a model such as "Stable Diffusion 1, inpainting"; for others the family they are made
    for; empty if unknown.
    """
    problem: str = ""
    """Why it cannot be used; empty if it can."""
    lacks_vae: bool = False
    """Whether it needs a VAE from another file."""
    lacks_text: bool = False
    """Whether it needs text encoders from other files in the folders."""
    latents: str = ""
    """Name of a model's latent format."""
    input_kind: str = ""
    """What a model takes besides the noisy latent, such as "inpainting"."""
    precision: str = ""
    """The type of most of its numbers, such as "float16"."""
    alias: str = ""
    """Another name that prompts may use."""
    digest: str = ""
    """SHA-256 in hex; empty if unknown."""
    short: str = ""
    """AUTOMATIC1111's hash of a LoRA; empty if unknown."""
    beside: str = ""
    """The name of the companion VAE at that time."""

    @property
    def message(self) -> Message:
        """Why it cannot be used; empty if it can."""
        return Message.from_json(self.problem)

    @property
    def is_model(self) -> bool:
        """False for LoRAs, autoencoders and the like."""
        return self.what == MODEL


def is_checkpoint(path: Path) -> bool:
    """Whether it is a file, or a folder in diffusers' layout, and not a native model."""
    return os.path.isfile(path) or os.path.isfile(path / FOLDER_INDEX)


def companion_vae(path: Path) -> Path | None:
    """The VAE of a model file: `model.vae.safetensors` next to it, or next to the target of a
    link.
    """
    if path.suffix.casefold() not in WHOLE:
        return None
    models = [path, Path(os.path.realpath(path))] if os.path.islink(path) else [path]
    files = (
        model.with_name(f"{model.stem}.vae{suffix}") for model in models for suffix in VAE_SUFFIXES
    )
    return next((file for file in files if os.path.isfile(file)), None)


def stamp(path: Path) -> Stamp:
    """Of a file, or of all files in a folder. Raises ModelError."""
    try:
        if not path.is_dir():
            status = path.stat()
            return Stamp(status.st_size, status.st_mtime_ns)
        found = [status for file in _files(path) if (status := file.stat())]
        return Stamp(
            sum(status.st_size for status in found),
            max((status.st_mtime_ns for status in found), default=0),
        )
    except OSError as error:
        reason = error.strerror or error
        raise ModelError(
            "{path} cannot be read: {error}.", "Check the path.", path=path, error=reason
        ) from error


def _files(folder: Path) -> list[Path]:
    inside = [Path(entry) for entry in os.scandir(folder)]
    deeper = [Path(entry) for sub in inside if sub.is_dir() for entry in os.scandir(sub)]
    return [path for path in (*inside, *deeper) if path.is_file()][:MAX_FOLDER_FILES]


class Catalogue:
    """The known checkpoints, stored in a file. Several threads may write it, each with its own
    instance. If several programs write, one's additions may be lost and are computed again.

    There may be tens of thousands of files, so each entry is parsed when it is needed.
    """

    _writing = threading.Lock()

    def __init__(self, path: Path | None = None) -> None:
        self._path = path or paths.data_dir() / "checkpoints.json"
        self._entries = _read_file(self._path)
        self._unsaved: dict[str, KnownCheckpoint] = {}

    def known(self, path: Path) -> KnownCheckpoint | None:
        """The identity of `path`; None if it is not known yet. Raises ModelError."""
        known = self._fresh(path)
        is_read = known.reading == READING and known.beside == _companion_name(path)
        return known if is_read else None

    def identify(self, path: Path) -> KnownCheckpoint:
        """The identity of `path`, read from its header if need be: imports torch. Raises ModelError
        if it is missing.
        """
        if (known := self.known(path)) is None:
            known = _read(path, self._fresh(path))
            self._unsaved[str(path)] = known
        return known

    def each(
        self, files: Iterable[Path], *, look: bool = True, seconds: float = math.inf
    ) -> Iterator[tuple[Path, KnownCheckpoint | None]]:
        """The identities of the files. `look`: identify unknown ones for about `seconds`, at least
        one. Files that disappear are left out.
        """
        end = time.monotonic() + seconds
        for path in files:
            try:
                known = self.known(path)
                if known is None and look:
                    known = self.identify(path)
                    look = time.monotonic() < end
            except ModelError as error:
                log.warning("%s", error)
                continue
            yield path, known

    def digest(self, path: Path) -> str:
        """Empty if it is not known. Raises ModelError."""
        return self._fresh(path).digest

    def is_same(self, path: Path, digest: str) -> bool:
        """Whether the file known by this digest has the size and time of `path`: it may have been
        moved.
        """
        try:
            now = stamp(path)
        except ModelError:
            return False
        every = (*map(self._of, self._entries), *self._unsaved.values())
        return any(k and k.digest == digest and Stamp(k.size, k.time) == now for k in every)

    def short(self, path: Path) -> str:
        """Empty if it is not known. Raises ModelError."""
        return self._fresh(path).short

    def keep_digest(self, path: Path, digest: str, short: str = "") -> None:
        """Raises ModelError."""
        self._unsaved[str(path)] = replace(self._fresh(path), digest=digest, short=short)
        self.save()

    def save(self) -> None:
        """Writes new entries. If that fails, they are computed again next time."""
        if not self._unsaved:
            return
        with self._writing:
            self._entries = _read_file(self._path)
            for path, known in self._unsaved.items():
                known = _merge(self._of(path), known)
                self._entries.pop(path, None)  # the newest are the last
                self._entries[path] = msgspec.Raw(msgspec.json.encode(known))
            for path in [*self._entries][:-MAX_KNOWN]:
                del self._entries[path]
            try:
                with replacing(self._path) as file:
                    file.write(msgspec.json.encode(self._entries))
            except OSError as error:
                log.warning("%s could not be written: %s", self._path, error)
        self._unsaved = {}

    def _fresh(self, path: Path) -> KnownCheckpoint:
        now = stamp(path)
        known = self._unsaved.get(str(path)) or self._of(str(path))
        if known is None or Stamp(known.size, known.time) != now:
            return KnownCheckpoint(now.size, now.time)
        return known

    def _of(self, path: str) -> KnownCheckpoint | None:
        """The stored entry; None if it is damaged or of another version."""
        if path not in self._entries:
            return None
        try:
            return msgspec.json.decode(self._entries[path], type=KnownCheckpoint)
        except msgspec.DecodeError as error:
            log.warning("what was known of %s is ignored: %s", path, error)
            return None


def _merge(before: KnownCheckpoint | None, known: KnownCheckpoint) -> KnownCheckpoint:
    """`known`, completed with what another process wrote."""
    if before is None or (before.size, before.time) != (known.size, known.time):
        return known
    if not known.digest:
        known = replace(known, digest=before.digest, short=before.short)
    if known.reading < before.reading:
        known = replace(before, digest=known.digest, short=known.short)
    return known


def _read(path: Path, known: KnownCheckpoint) -> KnownCheckpoint:
    """Raises nothing: whatever is wrong with one file, the others are listed."""
    known = replace(known, reading=READING, problem="", beside=_companion_name(path))
    known = replace(known, lacks_vae=False, lacks_text=False)
    try:
        return _described(path, known)
    except ModelError as error:
        problem = error.message
    except Exception as error:  # whatever one file does, the others are listed
        log.exception("%s cannot be read", path)
        problem = Message("{path} cannot be read: {error}.", path=path, error=error)
    return replace(known, what=_by_place(path), problem=problem.to_json())


def _described(path: Path, known: KnownCheckpoint) -> KnownCheckpoint:
    """Raises ModelError if the file is damaged."""
    from core.checkpoints.auxiliary_files import describe

    found = describe(path)
    known = replace(
        known,
        what=found.kind,
        kind=found.family,
        precision=found.precision,
        alias=found.alias,
    )
    return _identified(path, known) if known.is_model else known


def _companion_name(path: Path) -> str:
    vae = companion_vae(path)
    return vae.name if vae else ""


def _by_place(path: Path) -> str:
    """The kind of an unreadable file, from its folder."""
    for folder in path.parent.parts[::-1]:
        if what := _PLACES.get(folder.casefold()):
            return what
    return MODEL if path.suffix.casefold() in WHOLE else "other"


def _identified(path: Path, known: KnownCheckpoint) -> KnownCheckpoint:
    from core.checkpoints.identify import identify
    from core.checkpoints.load_model import check_complete
    from core.errors import NotAModelError

    vae = companion_vae(path)
    try:
        identity = identify(path, companions=[vae] if vae else [])
    except ModelError as error:
        is_model = not isinstance(error.__cause__, NotAModelError)
        return replace(known, what=MODEL if is_model else "other", problem=error.message.to_json())
    precision = max(identity.dtypes, key=lambda dtype: identity.dtypes[dtype], default="")
    known = replace(
        known,
        kind=identity.display_name,
        latents=identity.family.latents.name,
        input_kind=identity.input_kind,
        precision=precision,
    )
    known = replace(known, lacks_vae=identity.lacks_vae, lacks_text=identity.lacks_text)
    if identity.missing:
        return known
    try:
        check_complete(identity)
    except ModelError as error:
        return replace(known, problem=error.message.to_json())
    return known


def _read_file(path: Path) -> dict[str, msgspec.Raw]:
    """The raw entries; empty if the file cannot be read."""
    try:
        return msgspec.json.decode(read_bytes(path, MAX_BYTES), type=dict[str, msgspec.Raw])
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, RecursionError) as error:  # DecodeError is a ValueError
        log.warning("%s cannot be read and is ignored: %s", path, error)
        return {}
