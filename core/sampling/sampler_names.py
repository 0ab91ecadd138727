"""Names of samplers, schedules and noise, as people and other programs write them.

The names are those that AUTOMATIC1111 shows; its API, ComfyUI and InvokeAI write others.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping

from ..errors import InvalidError, Message, quoted
from .conventions import CONVENTIONS
from .noise_profiles import A1111_CPU, A1111_NV, PROFILES
from .samplers import SAMPLERS
from .sigma_schedules import SCHEDULES

_SAMPLER_ALIASES = {
    "eulerancestral": "Euler a",
    "dpm2ancestral": "DPM2 a",
    "kdpm2": "DPM2",
    "kdpm2a": "DPM2 a",
    "kdpm2ancestral": "DPM2 a",
    "dpmpp2sancestral": "DPM++ 2S a",
    "dpmppsdegpu": "DPM++ SDE",
    "dpmpp2msdegpu": "DPM++ 2M SDE",
    "dpmpp2msdeheungpu": "DPM++ 2M SDE Heun",
    "dpmpp3msdegpu": "DPM++ 3M SDE",
    "dpmad": "DPM adaptive",
    "pndm": "PLMS",
    "unipcbh2": "UniPC",
    "resmultistepancestral": "RES Multistep a",
    "eulerancestralcfgpp": "Euler a CFG++",
    "dpmpp2sancestralcfgpp": "DPM++ 2S a CFG++",
    "resmultistepancestralcfgpp": "RES Multistep a CFG++",
}
_SCHEDULE_ALIASES = {
    "auto": "Automatic",
    "uniform": "Normal",
    "ddim": "DDIM Uniform",
    "ays": "Align Your Steps",
    "ays11": "Align Your Steps 11",
    "ays32": "Align Your Steps 32",
    "aysgits": "Align Your Steps GITS",
    "gits": "Align Your Steps GITS",
}
_NOISE_ALIASES = {
    "cpu": A1111_CPU,
    "gpu": A1111_NV,
    "nv": A1111_NV,
    "a1111": A1111_NV,  # the noise of an NVIDIA card is its default
    "a1111gpu": A1111_NV,
    "automatic1111": A1111_NV,
    "comfy": "ComfyUI",
    "ldmstudio": "Studio",
}

_CONVENTIONS_ALIASES = {"automatic1111": "A1111", "forge": "A1111", "comfy": "ComfyUI",
                        "ldmstudio": "Studio"}  # fmt: skip


def sampler_name(text: str) -> str:
    """The key of `SAMPLERS` that `text` means, even with a schedule appended.

    Raises ValueError, which names similar samplers, for unknown text.
    """
    return split_name(text)[0]


def schedule_name(text: str) -> str:
    """The key of `SCHEDULES` that `text` means. Raises ValueError as `sampler_name` does."""
    found = _find(text, SCHEDULES, _SCHEDULE_ALIASES)
    if found is None:
        raise _unknown(Message("schedule"), text, SCHEDULES)
    return found


def noise_name(text: str) -> str:
    """The key of `PROFILES` that `text` means; also AUTOMATIC1111's CPU, GPU and NV.

    Raises ValueError as `sampler_name` does.
    """
    found = _find(text, PROFILES, _NOISE_ALIASES)
    if found is None:
        raise _unknown(Message("noise"), text, PROFILES)
    return found


def conventions_name(text: str) -> str:
    """The key of `CONVENTIONS` that `text` means. Raises ValueError as `sampler_name` does."""
    found = _find(text, CONVENTIONS, _CONVENTIONS_ALIASES)
    if found is None:
        raise _unknown(Message("conventions"), text, CONVENTIONS)
    return found


def split_name(text: str) -> tuple[str, str | None]:
    """Sampler and schedule of a name such as "DPM++ 2M Karras", which was once one name.

    None if there is no schedule. InvokeAI appends "_k" for Karras,
    AUTOMATIC1111's API "_ka". Raises ValueError as
    `sampler_name` does.
    """
    sampler = _find(text, SAMPLERS, _SAMPLER_ALIASES)
    if sampler is not None:
        return sampler, None
    for schedule, endings in _schedule_endings():
        for ending in endings:
            if text.strip().lower().endswith(ending):
                sampler = _find(text.strip()[: -len(ending)], SAMPLERS, _SAMPLER_ALIASES)
                if sampler is not None:
                    return sampler, schedule
    raise _unknown(Message("sampler"), text, SAMPLERS)


def _schedule_endings() -> list[tuple[str, list[str]]]:
    """Each schedule with the forms in which it is appended to a sampler."""
    written: list[tuple[str, list[str]]] = []
    for schedule in SCHEDULES:
        words = schedule.lower().split()
        joined = [separator.join(words) for separator in (" ", "_", "")]
        endings = [first + name for first in (" ", "_") for name in joined]
        written.append((schedule, [*endings, "_k", "_ka"] if schedule == "Karras" else endings))
    return written


def _find(text: str, table: Iterable[str], aliases: Mapping[str, str]) -> str | None:
    known = {_normalise(name): name for name in table} | dict(aliases)
    plain = text.strip().lower()
    return known.get(_normalise(plain)) or known.get(_normalise(plain.removeprefix("k_")))


def _normalise(name: str) -> str:
    """Without case and separators; "++" is "pp"."""
    return re.sub(r"[^a-z0-9]", "", name.lower().replace("++", "pp"))


def _unknown(kind: Message, text: str, table: Iterable[str]) -> ValueError:
    names = {name.lower(): name for name in table}
    similar = difflib.get_close_matches(text.lower(), names, n=3)
    known = ", ".join(names.values())
    if not similar:
        return InvalidError(
            "unknown {kind} {name}. Known: {names}.", kind=kind, name=quoted(text, 60), names=known
        )
    return InvalidError(
        "unknown {kind} {name}. Similar: {similar}. Known: {names}.",
        kind=kind,
        name=quoted(text, 60),
        similar=", ".join(names[name] for name in similar),
        names=known,
    )
