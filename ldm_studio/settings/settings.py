"""The settings as a schema: sections of typed, bounded fields in one JSON file.

The schema is msgspec's: structs that are checked when they are read, quick to import (the window
waits for it), with a JSON Schema for people who edit the file by hand.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct
from msgspec.structs import fields, replace

from core.errors import NO_MESSAGE, Message
from ldm_studio.json_files import read_json, read_object, set_aside, write_json

log = logging.getLogger(__name__)

DEFAULT_PATTERN = "{date}/{number}-{seed}"
"""Of the names of finished images, see `images.file_names`."""


class Scheme(StrEnum):
    """Which theme to use."""

    SYSTEM = "system"
    LIGHT = "light"
    DARK = "dark"


class Motion(StrEnum):
    """Whether anything moves by itself."""

    SYSTEM = "system"
    REDUCED = "reduced"


class Precision(StrEnum):
    """The number format in which networks compute."""

    AUTO = "auto"
    FLOAT32 = "float32"
    BFLOAT16 = "bfloat16"
    FLOAT16 = "float16"


class ImageFormat(StrEnum):
    """The format of finished images; also their suffix."""

    PNG = "png"
    WEBP = "webp"
    JPEG = "jpg"


class MetadataPolicy(StrEnum):
    """How much of its recipe an image file contains."""

    ALL = "all"
    NO_PROMPTS = "no prompts"
    NOTHING = "nothing"


class Appearance(Struct, frozen=True):
    """Theme, language and motion."""

    scheme: Scheme = Scheme.SYSTEM
    language: str = ""
    """A locale such as zh_CN; empty follows the system."""
    motion: Motion = Motion.SYSTEM


class Compute(Struct, frozen=True):
    """Device and precision; takes effect when the program starts."""

    device: str = "auto"
    """A torch device such as cpu or cuda:0; auto is the fastest."""
    precision: Precision = Precision.AUTO
    threads: Annotated[int, Meta(ge=0, le=1024)] = 0
    """CPU threads; 0: one for each physical core."""


class Steps(Struct, frozen=True):
    """Saved steps of finished images."""

    trajectory_mib: Annotated[int, Meta(ge=0)] = 1024
    """Their disk limit; 0 saves none."""


class Previews(Struct, frozen=True):
    """Previews of the running image."""

    shown: bool = True
    per_second: Annotated[int, Meta(ge=1, le=30)] = 10
    """Maximum rate."""
    longest_side: Annotated[int, Meta(ge=64, le=8192)] = 2048
    """Pixels of a square image's side; larger previews are scaled down."""


class Files(Struct, frozen=True):
    """Folder and format of finished images."""

    folder: str = ""
    """Empty: `LDM Studio` in the user's Pictures folder."""
    pattern: str = DEFAULT_PATTERN
    format: ImageFormat = ImageFormat.PNG


class Privacy(Struct, frozen=True):
    """What image files reveal."""

    told: MetadataPolicy = MetadataPolicy.ALL


class Settings(Struct, frozen=True):
    """All of it. Every field has a default."""

    look: Appearance = Appearance()
    compute: Compute = Compute()
    steps: Steps = Steps()
    previews: Previews = Previews()
    files: Files = Files()
    privacy: Privacy = Privacy()
    shortcuts: dict[str, tuple[str, ...]] = msgspec.field(default_factory=dict)
    """Changed keys by the id of an action."""


@dataclass(frozen=True)
class LoadedSettings:
    """The result of reading a file."""

    settings: Settings
    problem: Message = NO_MESSAGE
    """Message for the user; empty if all is well."""
    hint: Message = NO_MESSAGE
    locked: bool = False
    """Whether the file is damaged and cannot be moved aside, so it must not be written."""


@dataclass
class _Reading:
    """Collects problems while the rest is read."""

    wrong: list[str] = field(default_factory=list)

    def struct(self, kind: type[Any], data: dict[str, Any], place: str = "") -> Any:
        """Missing or wrong fields get their defaults."""
        kept: dict[str, Any] = {}
        for known in fields(kind):
            if known.name not in data:
                continue
            value, name = data[known.name], f"{place}{known.name}"
            if isinstance(known.default, Struct) and isinstance(value, dict):
                kept[known.name] = self.struct(type(known.default), value, f"{name}.")
                continue
            try:
                kept[known.name] = msgspec.convert(value, known.type)
            except msgspec.ValidationError as error:
                log.warning("settings: %s: %s", name, error)
                self.wrong.append(name)
        return kind(**kept)


def load(path: Path) -> LoadedSettings:
    """The settings in `path`. An unreadable file is moved aside and the defaults are used; a wrong
    value gets its default. Both are reported.
    """
    try:
        data = read_object(path)
    except FileNotFoundError:
        return LoadedSettings(Settings())
    except OSError as error:
        return LoadedSettings(
            Settings(),
            Message("The settings in {path} cannot be read: {error}.", path=path, error=error),
            Message("The defaults are used; nothing will be written there."),
            locked=True,
        )
    except ValueError as error:
        log.warning("%s: %s", path, error)
        return _damaged(path)
    reading = _Reading()
    settings = reading.struct(Settings, _today(data))
    if not reading.wrong:
        return LoadedSettings(settings)
    return LoadedSettings(
        settings,
        Message("The settings file has invalid values: {names}.", names=", ".join(reading.wrong)),
        Message("Their defaults are used."),
    )


def read(path: Path) -> Settings:
    """As `load`, without messages and without touching the file: for the command line."""
    return _Reading().struct(Settings, _today(read_json(path)))


def parse(data: dict[str, Any]) -> tuple[Settings, list[str]]:
    """The settings in an object, and the names of wrong values."""
    reading = _Reading()
    return reading.struct(Settings, _today(data)), reading.wrong


def save(path: Path, settings: Settings) -> None:
    """Writes to `path`, keeping fields of other program versions. Raises OSError."""
    write_json(path, _merged(_today(read_json(path)), as_object(settings)))


def as_object(settings: Settings) -> dict[str, Any]:
    """As JSON values."""
    return msgspec.to_builtins(settings)


def _damaged(path: Path) -> LoadedSettings:
    problem = Message("The settings file, {file}, is damaged.", file=path.name)
    try:
        kept = set_aside(path)
    except OSError as error:
        log.warning("%s cannot be moved: %s", path, error)
        rest = Message("It is not changed, and nothing will be written there.")
        return LoadedSettings(
            Settings(), problem, Message("The defaults are used. {rest}", rest=rest), locked=True
        )
    return LoadedSettings(
        Settings(),
        problem,
        Message("The defaults are used. The file is kept as {path}.", path=kept),
    )


def _today(data: dict[str, Any]) -> dict[str, Any]:
    """Converts an object of the first version, which had no sections."""
    moved = {"scheme": "look", "trajectory_mib": "steps"}
    made = {key: value for key, value in data.items() if key not in moved}
    for key, section in moved.items():
        if key in data and isinstance(made.setdefault(section, {}), dict):
            made[section] = {key: data[key], **made[section]}
    return made


def _merged(old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    """`new`, with entries that only `old` has."""
    both = {
        key: _merged(old[key], value)
        for key, value in new.items()
        if key != "shortcuts" and isinstance(value, dict) and isinstance(old.get(key), dict)
    }
    return {**old, **new, **both}


__all__ = ["Settings", "load", "parse", "read", "replace", "save"]
