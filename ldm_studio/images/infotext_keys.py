"""The finer settings in the `parameters` text: which key is which field of a Request.

AUTOMATIC1111's keys, and those of its known extensions, where they mean the same; other programs
pass over the rest. What is as usual is not written.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from typing import Any

from core.request.request import Change, Request
from core.sampling.noise_profiles import A1111_CPU, A1111_NV
from core.sampling.sampler_names import noise_name

CONTENTS = {
    "original": "original",
    "fill": "fill",
    "noise": "latent noise",
    "nothing": "latent nothing",
}
"""Of the masked part, as AUTOMATIC1111 calls them."""
INVERTED = "Inpaint not masked"
ONLY_MASKED = "Only masked"
SOURCES = {A1111_CPU: "CPU", A1111_NV: "NV"}
"""What AUTOMATIC1111 calls them as the value of RNG."""


@dataclass(frozen=True)
class Key:
    """One setting of the text."""

    name: str
    field: str
    """Of the Request: "noise", or with its part "options.eta"."""
    read: Callable[[str], Any]
    """Raises ValueError."""
    write: Callable[[Any], str]
    when: Callable[[Request], bool] = lambda request: True
    """Whether a request has a use for it."""

    def value(self, request: Request) -> Any:
        part, _, inner = self.field.rpartition(".")
        return getattr(getattr(request, part) if part else request, inner)

    def applied(self, text: str, request: Request) -> Request:
        """Raises ValueError or RequestError for what cannot be."""
        value = self.read(text)
        part, _, inner = self.field.rpartition(".")
        if part:
            value = replace(getattr(request, part), **{inner: value})
        return replace(request, **{part or inner: value})


def number(value: float) -> str:
    """Without a needless ".0", and read back to the same bits."""
    return str(int(value)) if float(value).is_integer() else repr(value)


def finer_settings(request: Request) -> dict[str, str]:
    """What the text says beyond the settings that every picture has."""
    usual = Request()
    return {
        key.name: key.write(key.value(request))
        for key in KEYS
        if key.when(request) and (key.value(request) != key.value(usual) or key.name in ALWAYS)
    }


def apply(name: str, text: str, request: Request) -> Request:
    """`request` with one setting of the text.

    Raises KeyError for an unknown one, ValueError or RequestError for an impossible value.
    """
    return _BY_NAME[name].applied(text, request)


# --- values ------------------------------------------------------------------------------------


def _sigmas(text: str) -> tuple[float, ...]:
    sigmas = tuple(float(word) for word in text.split())
    if not all(map(math.isfinite, sigmas)):
        raise ValueError(text)
    return sigmas


def _percent(value: float) -> str:
    return f"{(Decimal(repr(value)) * 100).normalize():f}"


def _share(text: str) -> float:
    try:
        return float(Decimal(text) / 100)
    except InvalidOperation as error:
        raise ValueError(text) from error


def _one_of(words: Mapping[Any, str]) -> Callable[[str], Any]:
    values = {word: value for value, word in words.items()}

    def read(text: str) -> Any:
        if text not in values:
            raise ValueError(text)
        return values[text]

    return read


_CHANGE = re.compile(r'\s*(\d{1,6})((?:\s+[a-z_]+\s+(?:"(?:\\.|[^"\\])*"|[-+.\de]+))+)\s*(?:;|$)')
_PAIR = re.compile(r'([a-z_]+)\s+("(?:\\.|[^"\\])*"|[-+.\de]+)')


def write_changes(changes: tuple[Change, ...]) -> str:
    """`8 prompt "a wolf" cfg 3; 12 sampler "Heun"`: after 8 steps this, after 12 that."""
    return "; ".join(f"{change.step} {' '.join(_pairs(change))}" for change in changes)


def _pairs(change: Change) -> Iterator[str]:
    for name, value in change.fields.items():
        written = json.dumps(value, ensure_ascii=False) if isinstance(value, str) else number(value)
        yield f"{name} {written}"


def read_changes(text: str) -> tuple[Change, ...]:
    """Raises ValueError."""
    changes: list[Change] = []
    at = 0
    while at < len(text):
        match = _CHANGE.match(text, at)
        if match is None:
            raise ValueError(f"not a list of changes: {text[at : at + 60]!r}")
        values = {name: _CHANGED[name](value) for name, value in _PAIR.findall(match[2])}
        changes.append(Change(int(match[1]), **values))
        at = match.end()
    return tuple(changes)


def _text(written: str) -> str:
    value = json.loads(written)
    if not isinstance(value, str):
        raise ValueError(written)
    return value


_CHANGED: Mapping[str, Callable[[str], Any]] = {
    "prompt": _text,
    "negative": _text,
    "cfg": float,
    "sampler": _text,
    "schedule": _text,
    "steps": int,
    "init": _text,
    "mask": _text,
    "control": _text,
    "model": _text,
    "model_digest": _text,
}


# --- the table ---------------------------------------------------------------------------------


def _real(name: str, field: str, when: Callable[[Request], bool] = lambda request: True) -> Key:
    return Key(name, field, float, number, when)


def _varied(request: Request) -> bool:
    return request.variation.strength > 0


def _masked(request: Request) -> bool:
    return bool(request.mask)


def _mimics(request: Request) -> bool:
    return request.guidance.mimic > 0


KEYS = (
    Key("Clip skip", "clip_skip", int, str),
    Key("Prompt syntax", "syntax", str, str),
    Key("Variation seed", "variation.seed", int, str, _varied),
    _real("Variation seed strength", "variation.strength", _varied),
    Key("RNG", "noise", noise_name, lambda name: SOURCES[name], lambda r: r.noise in SOURCES),
    Key("Noise", "noise", noise_name, str, lambda r: r.noise not in SOURCES),
    Key(
        "Mask mode", "inpaint.invert",
        _one_of({False: "Inpaint masked", True: INVERTED}), lambda _: INVERTED, _masked,
    ),
    _real("Mask blur", "inpaint.blur", _masked),
    Key(
        "Inpaint area", "inpaint.area",
        _one_of({"whole": "Whole picture", "masked": ONLY_MASKED}), lambda _: ONLY_MASKED, _masked,
    ),
    Key("Masked area padding", "inpaint.padding", int, str, _masked),
    Key(
        "Masked content", "inpaint.content",
        _one_of(CONTENTS), lambda content: CONTENTS[content], _masked,
    ),
    _real("Schedule min sigma", "levels.sigma_min"),
    _real("Schedule max sigma", "levels.sigma_max"),
    _real("Schedule rho", "levels.rho"),
    Key("Sigmas", "levels.sigmas", _sigmas, lambda sigmas: " ".join(map(number, sigmas))),
    _real("Eta", "options.eta", lambda request: request.sampler != "DDIM"),
    _real("Eta DDIM", "options.eta", lambda request: request.sampler == "DDIM"),
    _real("Sigma churn", "options.churn"),
    _real("Sigma tmin", "options.churn_lowest"),
    _real("Sigma tmax", "options.churn_highest"),
    _real("Sigma noise", "options.s_noise"),
    Key("UniPC order", "options.order", int, str, lambda request: request.sampler == "UniPC"),
    Key("Solver order", "options.order", int, str, lambda request: request.sampler != "UniPC"),
    _real("CFG Rescale", "guidance.rescale"),
    _real("Guidance start", "guidance.start"),
    _real("Guidance end", "guidance.end"),
    _real("Mimic scale", "guidance.mimic"),
    Key("Threshold percentile", "guidance.quantile", _share, _percent, _mimics),
    _real("CFG plus plus", "guidance.plus_plus"),
    _real("Image CFG scale", "guidance.image"),
    Key("Noise level", "noise_level", int, str),
    Key("Tile", "tile", int, str),
    Key("Template", "template", str, str),
    Key("Negative Template", "negative_template", str, str),
    Key("Changes", "changes", read_changes, write_changes),
)  # fmt: skip
"""In the order they are written."""

ALWAYS = frozenset(("Variation seed", "Mask blur", "Threshold percentile"))
"""Written although as usual, where there is a use for them: elsewhere other values are usual."""

_BY_NAME = {key.name: key for key in KEYS}
