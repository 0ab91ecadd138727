"""Paths: the platform's user folders, the output folder, the next file name.

`LDM_STUDIO_HOME` moves everything into one folder: a portable installation, or a test.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import platformdirs

from core.errors import ImageError

APP = "LDM Studio"
MAX_NAME = 255
"""Bytes of a file name, in nearly every file system."""
_HELD = re.compile(r"\.(\d{5,})\.held$")


def expanded(text: str | Path) -> Path:
    """A path as people and files write it: `~` is a home folder, as far as there is one.

    The one place for this: `Path.expanduser` raises RuntimeError for an unknown user.
    """
    return Path(os.path.expanduser(text))


def cut_name(text: str, limit: int) -> str:
    """The beginning of a text, with whole characters, in at most `limit` bytes of a file name."""
    return text.encode("utf-8", "replace")[:limit].decode("utf-8", "ignore")


def _home() -> Path | None:
    home = os.environ.get("LDM_STUDIO_HOME")
    return expanded(home).absolute() if home else None


def _folder(name: str, platform_folder: str) -> Path:
    home = _home()
    return home / name if home else Path(platform_folder)


def config_dir() -> Path:
    """The user's settings."""
    return _folder("config", platformdirs.user_config_dir(APP, appauthor=False))


def data_dir() -> Path:
    """Permanent data: native models, the history."""
    return _folder("data", platformdirs.user_data_dir(APP, appauthor=False))


def state_dir() -> Path:
    """Data that may be lost without harm: window geometry, the last session, logs."""
    return _folder("state", platformdirs.user_state_dir(APP, appauthor=False))


def logs_dir() -> Path:
    """The log files."""
    home = _home()
    return home / "state/logs" if home else Path(platformdirs.user_log_dir(APP, appauthor=False))


def models_dir() -> Path:
    return data_dir() / "models"


def wildcards_dir() -> Path:
    """Text files of wildcards."""
    return data_dir() / "wildcards"


def inputs_dir() -> Path:
    """The input images and masks of recipes."""
    return data_dir() / "inputs"


def trajectories_dir() -> Path:
    """Saved steps of finished images."""
    return data_dir() / "trajectories"


def queue_dir() -> Path:
    """Queued and interrupted jobs."""
    return data_dir() / "queue"


def pictures_dir() -> Path:
    """`Pictures/LDM Studio`, the folder of finished images."""
    return _folder("Pictures", platformdirs.user_pictures_dir()) / APP


def output_dir(day: date | None = None) -> Path:
    """The folder of one day's images; today's by default."""
    return pictures_dir() / (day or date.today()).isoformat()


def make_private_folders() -> None:
    """Creates the folders of settings, prompts and images in progress, if they do not exist, so
    that no other user can read them.
    """
    for folder in (config_dir(), data_dir(), state_dir(), logs_dir()):
        with suppress(OSError):  # reported when they are needed
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)


def make_folder(folder: Path) -> None:
    """Creates `folder` if it does not exist. Raises ImageError."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError) as error:
        raise ImageError(
            "LDM Studio cannot write into {folder}: it is, or is in, a file.",
            "Choose another folder.",
            folder=folder,
        ) from error
    except OSError as error:
        raise _not_writable(folder, error) from error


def _not_writable(folder: Path, error: OSError) -> ImageError:
    return ImageError(
        "LDM Studio cannot write into {folder}: {error}.",
        "Choose another folder.",
        folder=folder,
        error=error,
    )


@dataclass(frozen=True)
class Numbered:
    """A file name around a number of five digits or more."""

    before: str = ""
    after: str = ""
    suffix: str = ".png"

    def name(self, number: int) -> str:
        return f"{self.before}{number:05d}{self.after}{self.suffix}"

    def number_of(self, name: str) -> int | None:
        """The number in a file name of this form, whatever follows it."""
        end = re.escape(self.after[:1]) or r"(?!\d)"
        found = re.match(rf"{re.escape(self.before)}(\d{{5,}}){end}", name)
        return int(found[1]) if found else None


def next_image(folder: Path, seed: int) -> AbstractContextManager[Path]:
    """The next free `00001-<seed>.png` in `folder`, as `next_numbered`."""
    return next_numbered(folder, Numbered(after=f"-{seed}"))


@contextmanager
def next_numbered(folder: Path, name: Numbered) -> Iterator[Path]:
    """The next free name in `folder`, with its number reserved until the block ends.

    Numbers only grow, and two programs saving into one folder never get the same one: each reserves
    its number with a small hidden file that only one of them can create. Raises ImageError if the
    folder is not writable.
    """
    number, held = _hold_next(folder, name)
    try:
        yield folder / name.name(number)
    finally:
        with suppress(OSError):  # an empty hidden file left behind costs one number
            held.unlink()


def _hold_next(folder: Path, name: Numbered) -> tuple[int, Path]:
    make_folder(folder)
    try:
        number = max(_taken(folder, name), default=0) + 1
        while True:
            held = folder / f".{number:05d}.held"
            try:
                held.touch(exist_ok=False)
            except FileExistsError:
                number += 1
                continue
            # The last holder may have finished between the check and the creation.
            if not any(name.number_of(entry) == number for entry in os.listdir(folder)):
                return number, held
            held.unlink()
            number += 1
    except OSError as error:
        raise _not_writable(folder, error) from error


def _taken(folder: Path, name: Numbered) -> Iterator[int]:
    for entry in os.listdir(folder):
        held = _HELD.match(entry)
        number = int(held[1]) if held else name.number_of(entry)
        if number is not None:
            yield number
