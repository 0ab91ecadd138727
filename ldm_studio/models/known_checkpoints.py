"""What is known of the checkpoints people have: what each is, and its digest.

Finding it out takes torch, and of a digest some seconds, so it is remembered: by path, size and
time of change.
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
from core.errors import ModelError
from ldm_studio import paths

log = logging.getLogger(__name__)

SUFFIXES = (".safetensors", ".sft", ".gguf", ".ckpt", ".pt", ".pth", ".bin")
"""Of the files that models, and what they are used with, come in."""
MODEL = "model"
FOLDER_INDEX = "model_index.json"
"""What a folder in diffusers' layout holds."""
WHOLE = (".safetensors", ".sft", ".ckpt")
"""Of the files that whole models come in."""
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
"""What lies in folders of these names, in small letters, of other programs."""
READING = 7
"""Raised when `core` comes to tell more of files than before: they are then looked at again."""
MAX_KNOWN = 50_000
MAX_FOLDER_FILES = 500


@dataclass(frozen=True)
class Stamp:
    """What changes with what is in a file."""

    size: int
    """Bytes."""
    time: int
    """Of the last change, in nanoseconds."""


@dataclass(frozen=True)
class KnownCheckpoint:
    """What was found out of a file, or of a folder in diffusers' layout."""

    size: int
    time: int
    reading: int = 0
    """READING when `what` and what follows was found out; 0: it is not."""
    what: str = MODEL
    """One of `core.checkpoints.auxiliary_files.Kind`."""
    kind: str = ""
    """Of a model such as "Stable Diffusion 1, inpainting"; of others the family they are made for;
    empty where that cannot be told."""
    problem: str = ""
    """Why it cannot be drawn with here; empty if it can."""
    lacks_vae: bool = False
    lacks_text: bool = False
    """Whether it can be drawn with once an autoencoder is chosen for it."""
    precision: str = ""
    """The type of most of its numbers, such as "float16"."""
    alias: str = ""
    """What prompts may call it beside its name."""
    digest: str = ""
    """SHA-256 in hex; empty while it is not known."""
    short: str = ""
    """Of a LoRA, what AUTOMATIC1111 takes for its hash; empty while that is not known."""
    companion: str = ""
    """The name of the VAE that lay beside it then."""

    @property
    def is_model(self) -> bool:
        """False for LoRAs, autoencoders and the like."""
        return self.what == MODEL


def is_checkpoint(path: Path) -> bool:
    """Whether it is a file, or a folder in diffusers' layout, and no folder of our own."""
    return os.path.isfile(path) or os.path.isfile(path / FOLDER_INDEX)


def companion_vae(path: Path) -> Path | None:
    """The autoencoder that is meant for a model's file: `model.vae.safetensors` beside it, or
    beside the file that a link leads to.
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
        raise ModelError(f"{path} cannot be read: {reason}.", "Check the path.") from error


def _files(folder: Path) -> list[Path]:
    inside = [Path(entry) for entry in os.scandir(folder)]
    deeper = [Path(entry) for sub in inside if sub.is_dir() for entry in os.scandir(sub)]
    return [path for path in (*inside, *deeper) if path.is_file()][:MAX_FOLDER_FILES]


class Catalogue:
    """What is known, in a file. Several threads may write it, each with an instance of its own.
    Of several programs, what one of them adds may be lost, and is found out again.

    There may be tens of thousands of files: what is known of one is parsed when it is asked for.
    """

    _writing = threading.Lock()

    def __init__(self, path: Path | None = None) -> None:
        self._path = path or paths.data_dir() / "checkpoints.json"
        self._entries = _read_file(self._path)
        self._unsaved: dict[str, KnownCheckpoint] = {}

    def known(self, path: Path) -> KnownCheckpoint | None:
        """What `path` is; None if that was not found out yet. Raises ModelError."""
        known = self._fresh(path)
        is_read = known.reading == READING and known.companion == _companion_name(path)
        return known if is_read else None

    def identify(self, path: Path) -> KnownCheckpoint:
        """What `path` is, found out from its header if need be: imports torch. Raises ModelError
        if it is gone."""
        if (known := self.known(path)) is None:
            known = _read(path, self._fresh(path))
            self._unsaved[str(path)] = known
        return known

    def each(
        self, files: Iterable[Path], *, look: bool = True, seconds: float = math.inf
    ) -> Iterator[tuple[Path, KnownCheckpoint | None]]:
        """What they are. `look`: find it out where it is not known, for so many `seconds`, but of
        one at least. What goes away meanwhile is left out.
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
        """Whether a file that was known by this digest looks like `path` from outside: it may have
        been moved.
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
        """Write what was found out. What cannot be written is found out again next time."""
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
        """What is kept of it; None where that was damaged, or is of another version."""
        if path not in self._entries:
            return None
        try:
            return msgspec.json.decode(self._entries[path], type=KnownCheckpoint)
        except msgspec.DecodeError as error:
            log.warning("what was known of %s is ignored: %s", path, error)
            return None


def _merge(before: KnownCheckpoint | None, known: KnownCheckpoint) -> KnownCheckpoint:
    """`known`, and of what somebody else wrote meanwhile that which it lacks."""
    if before is None or (before.size, before.time) != (known.size, known.time):
        return known
    if not known.digest:
        known = replace(known, digest=before.digest, short=before.short)
    if known.reading < before.reading:
        known = replace(before, digest=known.digest, short=known.short)
    return known


def _read(path: Path, known: KnownCheckpoint) -> KnownCheckpoint:
    from core.checkpoints.auxiliary_files import describe

    known = replace(known, reading=READING, problem="", beside=_companion_name(path))
    known = replace(known, lacks_vae=False, lacks_text=False)
    try:
        found = describe(path)
    except ModelError as error:
        return replace(known, what=_by_place(path), problem=error.message)
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
    """What a file that cannot be read was meant to be."""
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
        identity = identify(path, beside=[vae] if vae else [])
    except ModelError as error:
        is_model = not isinstance(error.__cause__, NotAModelError)
        return replace(known, what=MODEL if is_model else "other", problem=error.message)
    precision = max(identity.dtypes, key=lambda dtype: identity.dtypes[dtype], default="")
    known = replace(known, kind=identity.display_name, precision=precision)
    known = replace(known, lacks_vae=identity.lacks_vae, lacks_text=identity.lacks_text)
    if identity.missing:
        return known
    try:
        check_complete(identity)
    except ModelError as error:
        return replace(known, problem=error.message)
    return known


def _read_file(path: Path) -> dict[str, msgspec.Raw]:
    """What is kept of each file, as it was written; empty where that cannot be read."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=dict[str, msgspec.Raw])
    except FileNotFoundError:
        return {}
    except (OSError, msgspec.DecodeError, RecursionError) as error:
        log.warning("%s cannot be read and is ignored: %s", path, error)
        return {}
