"""The `parameters` text of images, in AUTOMATIC1111's grammar.

Three parts: the prompt, a line starting with `Negative prompt:`, and a line of settings,
`Steps: 20, Sampler: Euler, ...`. Extensions may write more lines behind it. Keys and numbers are
never localised, because many programs read them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import PurePath
from typing import Any

from core.errors import RequestError
from core.request.parameters import Guidance, Levels, Options, Variation
from core.request.request import Change, Request
from core.request.text_segment import A1111
from core.sampling import conventions
from core.sampling.noise_profiles import A1111_NV, COMFYUI, STUDIO
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
# Bounded keys, which begin with a word, keep the search linear, whatever the text.
_KEY = re.compile(r"(?<![\w\-/])(\w[\w \-/]{1,99}+):\s*")
_QUOTED = re.compile(r'("(?:\\.|[^\\"])+")(?:,|$)')
_COMMA_OR_BRACKET = re.compile(r"[,\[{(]")
_BRACKET_OR_STRING = re.compile(r'"(?:\\.|[^\\"])*("|$)|[\[{(\]})]')
_BRACKET = re.compile(r"[\[{(\]})]")
_CLOSING = {"[": "]", "{": "}", "(": ")"}
_DIVIDED_BY_BARS = re.compile(r"\s*Steps: *\d+ *\|")
"""Settings as SD.Next wrote them in 2023."""
_TEMPLATE = re.compile(r"^(Template|Negative Template):", re.MULTILINE)
"""The lines of the Dynamic Prompts extension."""
_SIZE = re.compile(r"(\d{1,5})x(\d{1,5})")
_FIRST = ("Steps", "Sampler", "Schedule type")  # others depend on them
_ORDER = (*_FIRST, "CFG scale", "Seed", "Size", "Model hash", "Model", "VAE hash", "VAE")
MAX_LINE = 200_000
"""Characters of the line of settings; it names models, embeddings and regions."""
_FEWEST = 3  # a line with fewer settings belongs to the prompt
_OWN_NOISE = {"AUTOMATIC1111": A1111_NV, "Forge": A1111_NV, "ComfyUI": COMFYUI}
"""The noise of programs that name theirs only where it is another one."""
_OWN_CONVENTIONS = {"AUTOMATIC1111": conventions.A1111, "Forge": conventions.A1111,
                    "ComfyUI": conventions.COMFYUI}  # fmt: skip
"""Likewise, what they mean by a sampler, a schedule, the steps and the strength."""
SEED_SIZE = "Seed resize from"
_WITHOUT_EFFECT = {SEED_SIZE: ("0x0", "-1x-1")}


@dataclass(frozen=True)
class Infotext:
    """A parsed text; `settings` keep their order and spelling."""

    prompt: str = ""
    negative: str = ""
    settings: Mapping[str, str] = field(default_factory=dict)
    notes: str = ""
    """The lines behind the settings."""

    def __str__(self) -> str:
        negative = f"\n{NEGATIVE} {self.negative}" if self.negative else ""
        items = (k if k == v else f"{k}: {_quoted(v)}" for k, v in self.settings.items())
        return f"{self.prompt}{negative}\n{', '.join(items)}\n{self.notes}".strip()


@dataclass(frozen=True)
class RestoredRequest:
    """The settings of an infotext that this program supports."""

    request: Request
    ignored: tuple[str, ...]
    """`key: value` of each setting that is unsupported or has an impossible value, and notes."""


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
    if request.variation.from_width and request.variation.from_height:
        settings[SEED_SIZE] = f"{request.variation.from_width}x{request.variation.from_height}"
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
    lines = _with_line_breaks(text.strip()).split("\n")
    at = _settings_line(lines)
    settings = _settings(lines[at]) if at < len(lines) else {}
    notes, *templates = _TEMPLATE.split("\n".join(lines[at + 1 :]))
    for key, value in zip(templates[::2], templates[1::2], strict=True):
        settings.setdefault(key, value.strip())
    prompt: list[str] = []
    negative: list[str] = []
    read = prompt
    for line in lines[:at]:
        if line.strip().startswith(NEGATIVE):
            read = negative
            line = line.strip()[len(NEGATIVE) :].lstrip()
        read.append(line)
    return Infotext("\n".join(prompt).strip(), "\n".join(negative).strip(), settings, notes.strip())


def _with_line_breaks(text: str) -> str:
    """Some programs write all three parts on one line, divided by commas or full stops."""
    at = text.rfind("Steps:")
    if "\n" in text or at <= 0 or len(text) - at > MAX_LINE:
        return text
    if len(_settings(text[at:])) < _FEWEST:
        return text
    prompt, negative, rest = text[:at].rstrip(" ,.").partition(NEGATIVE)
    return "\n".join(filter(None, (prompt.rstrip(" ,."), negative + rest, text[at:])))


def _settings_line(lines: Sequence[str]) -> int:
    """The last line that begins as that of most programs does, or else the very last, if it has
    enough settings; the number of lines if there is none.
    """
    last = len(lines) - 1
    for at in (*(i for i in range(last, -1, -1) if lines[i].lstrip().startswith("Steps:")), last):
        if len(lines[at]) <= MAX_LINE and len(_settings(lines[at])) >= _FEWEST:
            return at
    return len(lines)


def _settings(line: str) -> dict[str, str]:
    """The settings of a line. Commas inside brackets do not end a value. Of a key that is there
    twice the first counts: the second is part of a text that is not quoted.
    """
    if _DIVIDED_BY_BARS.match(line):
        items = (item.partition(":") for item in line.split("|"))
        return {key.strip(): value.strip() for key, _, value in items if key.strip()}
    closing = _closing_brackets(line)
    found: dict[str, str] = {}
    at = 0
    while key := _KEY.search(line, at):
        quoted = _QUOTED.match(line, key.end())
        if quoted is not None:
            value, at = quoted[1], quoted.end()
        else:
            end = key.end()
            while (stop := _COMMA_OR_BRACKET.search(line, end)) and stop[0] != ",":
                end = closing.get(stop.start()) or stop.end()
            at = len(line) if stop is None else stop.end()
            value = line[key.end() : at].removesuffix(",")
        found.setdefault(key[1], _unquoted(value))
    return found


def _closing_brackets(line: str) -> dict[int, int]:
    """The end of each pair of brackets by its start; those in quoted strings are text."""
    found: dict[int, int] = {}
    opened: list[int] = []
    for mark in _marks(line):
        if mark[0] in _CLOSING:
            opened.append(mark.start())
        elif opened and _CLOSING[line[opened[-1]]] == mark[0]:
            found[opened.pop()] = mark.end()
    return found


def _marks(line: str) -> Iterator[re.Match[str]]:
    """The brackets outside of quoted strings, and these strings. Once one is not closed, none
    behind it is: then all brackets count.
    """
    for mark in _BRACKET_OR_STRING.finditer(line):
        if mark[1] == "":
            yield from _BRACKET.finditer(line, mark.start())
            return
        yield mark


def restore(info: Infotext, base: Request, program: str = "") -> RestoredRequest:
    """`base` with the prompts and every setting of `info` that this program supports exactly.

    `program` wrote it: unless the text says otherwise, the noise is that of this program.

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
    meaning = _OWN_CONVENTIONS.get(program, conventions.STUDIO)
    request = replace(
        request,
        noise=_OWN_NOISE.get(program, request.noise),
        noise_seed_delta=0,
        conventions=meaning,
    )
    settings = _split_schedule(info.settings, meaning)
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
    ignored = [f"{key}: {value}" for key, value in settings.items() if key in refused]
    notes = (line.strip() for line in info.notes.split("\n"))
    return RestoredRequest(request, (*ignored, *filter(None, notes)))


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
        case _ if value in _WITHOUT_EFFECT.get(key, ()):
            return {}
        case "Seed resize from":
            size = _SIZE.fullmatch(value)
            if size is None:
                raise ValueError(value)
            width, height = int(size[1]), int(size[2])
            return {"variation": replace(base.variation, from_width=width, from_height=height)}
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


def _split_schedule(settings: Mapping[str, str], meaning: str) -> dict[str, str]:
    """The sampler that is meant. Files from before 2024 append the schedule to it: `DPM++ 2M
    Karras`."""
    result = dict(settings)
    if "Sampler" not in result:
        return result
    try:
        name, schedule = split_name(result["Sampler"])
    except ValueError:  # listed among the ignored ones
        return result
    if not re.search(r"bh2", result["Sampler"], re.IGNORECASE):
        name = conventions.meant(meaning, name)
    if schedule is None:
        return result | {"Sampler": name}
    return (
        result
        if "Schedule type" in result
        else result | {"Sampler": name, "Schedule type": schedule}
    )


def _quoted(value: str) -> str:
    brackets = sum(char in "[]{}()" for char in value)
    bare = (
        value == value.strip()
        and not re.search('[,\n:"]', value)
        and brackets == 2 * len(_closing_brackets(value))
    )
    return value if bare else json.dumps(value, ensure_ascii=False)


def _unquoted(value: str) -> str:
    if not value.startswith('"'):
        return value.strip()
    try:
        return str(parse_json(value))
    except ValueError:
        return value
