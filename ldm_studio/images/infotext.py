"""The `parameters` text of images, in AUTOMATIC1111's grammar.

Three parts: the prompt, a line starting with `Negative prompt:`, and a last line of settings,
`Steps: 20, Sampler: Euler, ...`. Keys and numbers are never localised, because many programs read
them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import PurePath
from typing import Any

from core.errors import RequestError
from core.request.parameters import Guidance, Levels, Options, Variation
from core.request.request import Change, Request
from core.request.text_segment import A1111
from core.sampling.noise_profiles import STUDIO
from core.sampling.sampler_names import split_name
from core.untrusted_files import parse_json
from ldm_studio import __version__
from ldm_studio.models.known_checkpoints import WHOLE

from .infotext_keys import apply, finer_settings, main_settings, number
from .refiner import refinement, steps_run

PROGRAM = "LDM Studio"
THRESHOLDING = "Dynamic thresholding enabled"
HASHES = {"TI hashes": "embedding", "Lora hashes": "lora"}
REFINER, REFINER_AT = "Refiner", "Refiner switch at"
_SHORT = re.compile(r"\s*\[[0-9a-fA-F]{6,64}\]\s*$")
"""Digits of the hash after a model's name."""
NO_VAE = ("", "Automatic", "None")
"""AUTOMATIC1111's value for the model's own VAE."""
NEGATIVE = "Negative prompt:"
# Bounded keys keep the search linear, whatever the text.
_ITEM = re.compile(r'(\w[\w \-/]{1,99}):\s*("(?:\\.|[^\\"])+"|[^,]*)(?:,|$)')
_SIZE = re.compile(r"(\d{1,5})x(\d{1,5})")
_FIRST = ("Steps", "Sampler", "Schedule type")  # others depend on them
_ORDER = (*_FIRST, "CFG scale", "Seed", "Size", "Model hash", "Model", "VAE hash", "VAE")
_FEWEST = 3  # a last line with fewer settings belongs to the prompt


@dataclass(frozen=True)
class Infotext:
    """A parsed text; `settings` keep their order and spelling."""

    prompt: str = ""
    negative: str = ""
    settings: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        negative = f"\n{NEGATIVE} {self.negative}" if self.negative else ""
        items = (k if k == v else f"{k}: {_quoted(v)}" for k, v in self.settings.items())
        return f"{self.prompt}{negative}\n{', '.join(items)}".strip()


@dataclass(frozen=True)
class RestoredRequest:
    """The settings of an infotext that this program supports."""

    request: Request
    ignored: tuple[str, ...]
    """`key: value` of each setting that is unsupported or has an impossible value."""


def infotext(request: Request, model_name: str, digest: str) -> str:
    """The text of one finished image; `digest` is the SHA-256 of the model's weights."""
    settings = {
        **dict.fromkeys(_ORDER, ""),
        **main_settings(request),
        "Size": f"{request.width}x{request.height}",
        "Model hash": digest[:10],
        "Model": model_name,
        **_vae(request),
    }
    if request.guidance.mimic:
        settings[THRESHOLDING] = "True"
    settings |= _refiner(request)
    settings |= finer_settings(request)
    used = request.every_addon
    for key, kind in HASHES.items():
        settings[key] = ", ".join(f"{a.name}: {a.short}" for a in used if a.kind == kind)
    settings["Version"] = f"{PROGRAM} {__version__}"
    written = {key: value for key, value in settings.items() if value}
    return str(Infotext(request.prompt, request.negative, written))


def _vae(request: Request) -> dict[str, str]:
    """In AUTOMATIC1111's form: the file name without its folder."""
    used = [addon.digest for addon in request.addons if addon.kind == "vae"]
    name = re.split(r"[/\\]", request.vae)[-1]
    return {"VAE hash": used[0][:10] if used else "", "VAE": name}


def _refiner(request: Request) -> dict[str, str]:
    """In AUTOMATIC1111's form; the exact step is also among the changes."""
    refined = refinement(request)
    if refined is None or refined.model is None:
        return {}
    name = PurePath(re.split(r"[/\\]", refined.model)[-1])
    name = name.stem if name.suffix in WHOLE else name.name
    short = f" [{refined.model_digest[:10]}]" if refined.model_digest else ""
    share = round(refined.step / steps_run(request), 6)
    return {REFINER: f"{name}{short}", REFINER_AT: number(share)}


def _refined(request: Request, settings: Mapping[str, str]) -> Request:
    """The request with another program's refiner. Raises ValueError, RequestError."""
    if request.changes or REFINER not in settings:
        return request  # the exact form of this program is also present
    name = _SHORT.sub("", settings[REFINER])
    share = float(settings.get(REFINER_AT, "1"))
    if not 0 <= share <= 1:
        raise ValueError(settings[REFINER_AT])
    step, run = round(share * steps_run(request)), steps_run(request)
    if not name or step >= run:
        return request
    return replace(request, changes=(Change(step, model=name),))


def parse_infotext(text: str) -> Infotext:
    """Parses the text of this or another program. Every text is valid: when in doubt it is the
    prompt.
    """
    *head, last = text.strip().split("\n")
    items = _ITEM.findall(last)
    if len(items) < _FEWEST:
        head, items = [*head, last], []
    prompt: list[str] = []
    negative: list[str] = []
    lines = prompt
    for line in head:
        if line.strip().startswith(NEGATIVE):
            lines = negative
            line = line.strip()[len(NEGATIVE) :].lstrip()
        lines.append(line)
    return Infotext(
        "\n".join(prompt).strip(),
        "\n".join(negative).strip(),
        {key: _unquoted(value) for key, value in items},
    )


def restore(info: Infotext, base: Request) -> RestoredRequest:
    """`base` with the prompts and every setting of `info` that this program supports exactly.

    Settings of `base` that not every image has are dropped, as `info` does not know them. The model
    is reported but not restored: another model cannot replace it.
    """
    request = replace(
        base,
        prompt=info.prompt,
        negative=info.negative,
        guidance=Guidance(),
        options=Options(),
        levels=Levels(),
        variation=Variation(),
        syntax=A1111,
        template="",
        negative_template="",
        clip_skip=1,
        changes=(),
        vae="",
        addons=(),
    )
    if info.settings.get("Version", "").startswith(PROGRAM):
        request = replace(request, noise=STUDIO, tile=0)  # unless it says otherwise
    settings = _split_schedule(info.settings)
    refused: set[str] = set()
    for key in sorted(settings, key=lambda key: key not in _FIRST):
        try:
            request = _with(key, settings[key], request)
        except (KeyError, ValueError, RequestError):
            refused.add(key)
    try:
        request = _refined(request, settings)
    except (ValueError, RequestError):
        refused |= {REFINER, REFINER_AT}
    ignored = tuple(f"{key}: {value}" for key, value in settings.items() if key in refused)
    return RestoredRequest(request, ignored)


def _with(key: str, value: str, request: Request) -> Request:
    """Raises KeyError, ValueError or RequestError for an unsupported setting."""
    if key == THRESHOLDING and value == "True":
        return request  # its effect follows from other settings
    try:
        return replace(request, **_fields(key, value, request))
    except KeyError:
        return apply(key, value, request)


def _fields(key: str, value: str, base: Request) -> dict[str, Any]:
    """The fields of a Request that one setting sets; KeyError or ValueError if none."""
    match key:
        case "Size":
            size = _SIZE.fullmatch(value)
            if size is None:
                raise ValueError(value)
            return {"width": int(size[1]), "height": int(size[2])}
        case "Denoising strength" if not base.init:
            raise ValueError(value)
        case "VAE":
            return {"vae": "" if value in NO_VAE else value}
        case "VAE hash" | "TI hashes" | "Lora hashes":
            return {}  # the prompt or neighbouring keys name their subject
        case "Refiner" | "Refiner switch at":
            return {}  # combined once the steps are known
        case _:
            raise KeyError(key)


def _split_schedule(settings: Mapping[str, str]) -> dict[str, str]:
    """Files from before 2024 append the schedule to the sampler: `DPM++ 2M Karras`."""
    result = dict(settings)
    if "Schedule type" not in result and "Sampler" in result:
        try:
            name, schedule = split_name(result["Sampler"])
        except ValueError:  # listed among the ignored ones
            return result
        if schedule is not None:
            result |= {"Sampler": name, "Schedule type": schedule}
    return result


def _quoted(value: str) -> str:
    bare = value == value.strip() and not value.startswith('"') and not re.search("[,\n:]", value)
    return value if bare else json.dumps(value, ensure_ascii=False)


def _unquoted(value: str) -> str:
    if not value.startswith('"'):
        return value.strip()
    try:
        return str(parse_json(value))
    except ValueError:
        return value
