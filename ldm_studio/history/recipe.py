"""The recipe of an image as read from its file, in one vocabulary for all programs.

The vocabulary is that of the `parameters` text (see `infotext`), which every program knows: each
importer converts its program's metadata, and lists the settings without an equivalent.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import PureWindowsPath
from typing import Any

from core.request.parameters import MAX_SEED
from core.request.request import Request
from core.sampling.sampler_names import schedule_name, split_name
from core.untrusted_files import parse_json
from ldm_studio.images.infotext import Infotext, RestoredRequest, restore

MAX_PROMPT = 100_000
MAX_VALUE = 4_000
MAX_SETTINGS = 200
MAX_UNREAD = 100

_NO_SETTINGS = ("Version: ", "User: ", "App: ")

OURS = "LDM Studio"


@dataclass(frozen=True)
class Recipe:
    """The recipe in a file. Texts are bounded and valid Unicode."""

    program: str
    """The program that made the image."""
    info: Infotext
    unread: tuple[str, ...] = ()
    """Settings outside the vocabulary, as phrases."""
    request: str = ""
    """The exact request of this program as JSON; empty for other programs."""
    run: str = ""
    """This program's run record as JSON; empty if there is none."""

    def restored(self, base: Request) -> RestoredRequest:
        """`base` with the settings of another program that this program supports, and all others
        in words.
        """
        found = restore(self.info, base, self.program)
        ignored = (item for item in found.ignored if not item.startswith(_NO_SETTINGS))
        return replace(found, ignored=(*self.unread, *ignored))

    def ignored(self) -> tuple[str, ...]:
        """All settings that are unsupported when the recipe is reused."""
        return self.unread if self.request else self.restored(Request(init="0" * 64)).ignored


@dataclass(frozen=True)
class Facts:
    """The values by which images are filtered; None or empty if unknown."""

    model: str = ""
    model_hash: str = ""
    sampler: str = ""
    schedule: str = ""
    steps: int | None = None
    cfg: float | None = None
    seed: int | None = None
    strength: float | None = None
    init: str = ""
    """SHA-256 of the init image, as a request names it."""
    mask: str = ""


def facts(recipe: Recipe) -> Facts:
    """The filter values of a recipe, under this program's names where they exist."""
    found = _info_facts(recipe.info)
    if not recipe.request:
        return found
    # Field by field and not as a Request: images of a newer version are found all the same.
    data = json_object(recipe.request) or {}
    return replace(
        found,
        model_hash=text(data.get("model_digest"), 64) or found.model_hash,
        sampler=text(data.get("sampler"), 100) or found.sampler,
        schedule=text(data.get("schedule"), 100) or found.schedule,
        steps=whole(data.get("steps"), found.steps),
        cfg=real(data.get("cfg"), found.cfg),
        seed=whole(data.get("seed"), found.seed),
        strength=real(data.get("strength"), None) if data.get("init") else None,
        init=text(data.get("init"), 64),
        mask=text(data.get("mask"), 64),
    )


def _info_facts(info: Infotext) -> Facts:
    get = info.settings.get
    sampler, schedule = get("Sampler", ""), get("Schedule type", "")
    with suppress(ValueError):  # what this program does not have is filtered by its own name
        sampler, named = split_name(sampler)
        schedule = schedule or named or ""
    with suppress(ValueError):
        schedule = schedule_name(schedule)
    return Facts(
        model=get("Model", "")[:200],
        model_hash=get("Model hash", "")[:64],
        sampler=sampler[:100],
        schedule=schedule[:100],
        steps=whole(get("Steps"), None),
        cfg=real(get("CFG scale"), None),
        seed=whole(get("Seed"), None),
        strength=real(get("Denoising strength"), None),
    )


# --- untrusted values --------------------------------------------------------------------------


def make(
    program: str,
    prompt: object,
    negative: object,
    settings: Mapping[str, object],
    unread: Iterable[str] = (),
) -> Recipe:
    """A recipe from untrusted values; None and empty settings are left out."""
    kept: dict[str, str] = {}
    for key, value in settings.items():
        written = word(value)
        if written and len(kept) < MAX_SETTINGS:
            kept[text(key, 100)] = written
    info = Infotext(text(prompt, MAX_PROMPT).strip(), text(negative, MAX_PROMPT).strip(), kept)
    listed = tuple(text(item, MAX_VALUE) for item in unread if item)
    return Recipe(text(program, 100), info, listed[:MAX_UNREAD])


def text(value: object, limit: int) -> str:
    """`value` if it is a string: at most `limit` characters, valid Unicode without NUL."""
    if not isinstance(value, str):
        return ""
    return value[:limit].encode("utf-8", "replace").decode("utf-8").replace("\0", "")


def word(value: object) -> str:
    """A value as the `parameters` text writes it: True, 7, 7.5, a string; otherwise empty."""
    if isinstance(value, str):
        return text(value, MAX_VALUE).strip()
    if isinstance(value, bool):
        return "True" if value else ""
    if isinstance(value, float):
        if not math.isfinite(value):
            return ""
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, int):
        return str(value) if abs(value) <= MAX_SEED else ""
    return ""


def phrase(key: str, value: object) -> str:
    """`key: value` for the list of unsupported settings; JSON for structured values."""
    if isinstance(value, dict | list):
        value = dump(value)
    written = word(value)
    return f"{key}: {written}" if written else ""


def dump(value: object) -> str:
    try:
        return json.dumps(value, ensure_ascii=False)[:MAX_VALUE]
    except (ValueError, RecursionError):
        return ""


def stem(name: object) -> str:
    """A model file's name without its folder and suffix; accepts both path separators."""
    path = PureWindowsPath(text(name, 400))
    known = (".safetensors", ".ckpt", ".pt", ".pth", ".bin", ".gguf", ".sft")
    return path.stem if path.suffix.lower() in known else path.name


def whole(value: object, otherwise: int | None) -> int | None:
    if isinstance(value, str) and re.fullmatch(r"\d{1,20}", value.strip(), re.ASCII):
        value = int(value)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MAX_SEED:
        return otherwise
    return value


def real(value: object, otherwise: float | None) -> float | None:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return otherwise
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return otherwise
    return number if math.isfinite(number) else otherwise


def json_object(source: object) -> dict[str, Any] | None:
    """The JSON object in a text; None for anything else."""
    if isinstance(source, dict):
        return source
    if not isinstance(source, str) or not source.lstrip().startswith("{"):
        return None
    try:
        data = parse_json(source)
    except ValueError:
        return None
    return data if isinstance(data, dict) else None
