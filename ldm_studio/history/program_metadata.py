"""Converts the metadata of other programs to one vocabulary (see `recipe`).

Formats are as the programs document or show them; ComfyUI's graph has its own module. Settings
outside the vocabulary are listed as unread, never guessed.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from ldm_studio.images.image_files import PARAMETERS, RECORD, REQUEST
from ldm_studio.images.infotext import Infotext, parse_infotext
from ldm_studio.images.metadata_chunks import USER_COMMENT, XMP

from .comfyui import comfyui
from .comfyui_workflow import graph_of_workflow
from .recipe import MAX_PROMPT, OURS, Recipe, json_object, make, phrase, stem, text, whole

_VERSIONS = (
    # A word of the version or the application, and the program it stands for.
    ("ldm studio", OURS),
    ("sd.next", "SD.Next"),
    ("fooocus", "Fooocus"),
    ("comfyui", "ComfyUI"),
    ("stable-diffusion.cpp", "stable-diffusion.cpp"),
    ("stability matrix", "Stability Matrix"),
)


def recipe_of(texts: Mapping[str, str]) -> Recipe | None:
    """The recipe in the texts of an image; None if there is none."""
    for read in (_ours, _invokeai, _parameters, _novelai, _comfyui, _easy, _draw_things, _comment):
        found = read(texts)
        if found is not None:
            return found
    return None


def recipe_in(source: str) -> Recipe | None:
    """The recipe in one text without a keyword: a comment, a hidden text, a sidecar file."""
    data = json_object(source)
    if data is None:
        return _infotext(source)
    if isinstance(data.get("Comment"), str):  # NovelAI hides all of its chunks as one object
        return _novelai({key: value for key, value in data.items() if isinstance(value, str)})
    for read in (_swarm_json, _draw_things_json, _fooocus_json, _easy_json):
        found = read(data)
        if found is not None:
            return found
    return None


# --- this program and the `parameters` text ------------------------------------------------------


def _ours(texts: Mapping[str, str]) -> Recipe | None:
    data = json_object(texts.get(REQUEST))
    if data is None:
        return None
    info = parse_infotext(texts.get(PARAMETERS, ""))
    # The request is exact where the text for others is not: it keeps every space and line.
    prompt, negative = (text(data.get(key), MAX_PROMPT) for key in ("prompt", "negative"))
    kept = make(OURS, "", "", info.settings)
    return replace(
        kept,
        info=Infotext(prompt, negative, kept.info.settings),
        request=texts[REQUEST],
        run=texts[RECORD] if json_object(texts.get(RECORD)) is not None else "",
    )


def _parameters(texts: Mapping[str, str]) -> Recipe | None:
    source = texts.get(PARAMETERS)
    if source is None:
        return None
    found = recipe_in(source) or _infotext(source, fewest=0)
    if found is not None and found.program in ("AUTOMATIC1111", "") and "prompt" in texts:
        return replace(found, program="ComfyUI")  # some of its nodes write both
    return found


def _infotext(source: str, fewest: int = 1) -> Recipe | None:
    info = parse_infotext(source[: 4 * MAX_PROMPT])
    if len(info.settings) < fewest or not (info.prompt or info.negative or info.settings):
        return None
    notes = filter(None, map(str.strip, info.notes.split("\n")))
    return make(_program(info.settings), info.prompt, info.negative, info.settings, notes)


def _program(settings: Mapping[str, str]) -> str:
    if settings.get("Model hash") == "unknown":
        return "Krita AI Diffusion"
    version = settings.get("Version", "")
    writer = f"{version} {settings.get('App', '')}".lower()
    for name, program in _VERSIONS:
        if name in writer:
            return program
    if re.match(r"f\d|neo", version):
        return "Forge"
    return "AUTOMATIC1111"


def _comment(texts: Mapping[str, str]) -> Recipe | None:
    for key in (USER_COMMENT, "comment", "Comment", "ImageDescription"):
        if key in texts and (found := recipe_in(texts[key])) is not None:
            return found
    return None


# --- InvokeAI ------------------------------------------------------------------------------------


def _invokeai(texts: Mapping[str, str]) -> Recipe | None:
    data = json_object(texts.get("invokeai_metadata"))
    if data is not None:
        return _invokeai_3(data)
    data = json_object(texts.get("sd-metadata"))
    if data is not None and isinstance(data.get("image"), dict):
        return _invokeai_2(data)
    return _dream(texts["Dream"]) if "Dream" in texts else None


def _invokeai_3(data: dict[str, Any]) -> Recipe:
    model = data.get("model")
    model = model if isinstance(model, dict) else {}
    read = {
        "Steps": data.get("steps"),
        "Sampler": data.get("scheduler"),
        "CFG scale": data.get("cfg_scale"),
        "Seed": data.get("seed"),
        "Size": _size(data),
        "Model hash": _short_hash(model.get("hash")),
        "Model": model.get("model_name") or model.get("name"),
        "Denoising strength": data.get("strength"),
        "Version": data.get("app_version"),
    }
    known = {"positive_prompt", "negative_prompt", "model", "steps", "scheduler", "cfg_scale",
             "seed", "width", "height", "strength", "app_version", "generation_mode"}  # fmt: skip
    return make(
        "InvokeAI", data.get("positive_prompt"), data.get("negative_prompt"), read,
        _rest(data, known),
    )  # fmt: skip


def _invokeai_2(data: dict[str, Any]) -> Recipe:
    image: dict[str, Any] = data["image"]
    prompt = image.get("prompt")
    if isinstance(prompt, list):
        parts = [part.get("prompt") for part in prompt if isinstance(part, dict)]
        prompt = " ".join(part for part in parts if isinstance(part, str))
    positive, negative = _bracketed(text(prompt, MAX_PROMPT))
    read = {
        "Steps": image.get("steps"),
        "Sampler": image.get("sampler"),
        "CFG scale": image.get("cfg_scale"),
        "Seed": image.get("seed"),
        "Size": _size(image),
        "Model hash": _short_hash(data.get("model_hash")),
        "Model": data.get("model_weights"),
        "Denoising strength": image.get("strength"),
        "Version": data.get("app_version"),
    }
    known = {"prompt", "steps", "sampler", "cfg_scale", "seed", "width", "height", "strength"}
    return make("InvokeAI", positive, negative, read, _rest(image, {*known, "type"}))


_DREAM = {"s": "Steps", "A": "Sampler", "C": "CFG scale", "S": "Seed", "f": "Denoising strength"}


def _dream(source: str) -> Recipe | None:
    """The command line of early InvokeAI: `"a fox [blurry]" -s 50 -S 42 -W 512 -H 768 -A k_lms`."""
    match = re.match(r'"(.*)"([^"]*)', source[: 2 * MAX_PROMPT], re.DOTALL)
    if match is None:
        return None
    positive, negative = _bracketed(match[1])
    options = dict(re.findall(r"-([A-Za-z]+) +([^ ]+)", match[2]))
    read = {_DREAM[key]: value for key, value in options.items() if key in _DREAM}
    read["Size"] = _size({"width": options.get("W"), "height": options.get("H")})
    unread = (f"-{key} {value}" for key, value in options.items() if key not in (*_DREAM, "W", "H"))
    return make("InvokeAI", positive, negative, read, unread)


def _bracketed(prompt: str) -> tuple[str, str]:
    """InvokeAI wrote the negative prompt in square brackets inside the prompt."""
    negative = re.findall(r"\[([^\[\]]*)\]", prompt)
    return re.sub(r"\[[^\[\]]*\]", "", prompt).strip(), ", ".join(part.strip() for part in negative)


# --- NovelAI -------------------------------------------------------------------------------------


def _novelai(texts: Mapping[str, str]) -> Recipe | None:
    data = json_object(texts.get("Comment"))
    if data is None or not ("uc" in data or texts.get("Software") == "NovelAI"):
        return None
    read = {
        "Steps": data.get("steps"),
        "Sampler": data.get("sampler"),
        "Schedule type": data.get("noise_schedule"),
        "CFG scale": data.get("scale"),
        "Seed": data.get("seed"),
        "Size": _size(data),
        "Model": texts.get("Source"),
        "Denoising strength": data.get("strength") if data.get("strength") != 1 else None,
    }
    known = {"prompt", "uc", "steps", "sampler", "noise_schedule", "scale", "seed", "width",
             "height", "strength", "signed_hash"}  # fmt: skip
    prompt = texts.get("Description") or data.get("prompt")
    return make("NovelAI", prompt, data.get("uc"), read, _rest(data, known))


# --- ComfyUI -------------------------------------------------------------------------------------


def _comfyui(texts: Mapping[str, str]) -> Recipe | None:
    for source in (texts.get("prompt"), *_after("prompt:", texts.values())):
        graph = json_object(source)
        if graph is not None and (found := comfyui(graph)) is not None:
            return found
    for source in (texts.get("workflow"), *_after("workflow:", texts.values())):
        workflow = json_object(source)
        graph = {} if workflow is None else graph_of_workflow(workflow)
        if graph and (found := comfyui(graph)) is not None:
            return found
    return None


def _after(start: str, sources: Iterable[str]) -> list[str]:
    """ComfyUI's WebP files store `prompt:{...}` in any free EXIF tag."""
    return [source[len(start) :] for source in sources if source.lower().startswith(start)]


# --- Fooocus, SwarmUI, Easy Diffusion, Draw Things -----------------------------------------------


def _fooocus_json(data: dict[str, Any]) -> Recipe | None:
    if "base_model" not in data and "metadata_scheme" not in data:
        return None
    size = re.findall(r"\d+", text(data.get("resolution"), 40))
    read = {
        "Steps": data.get("steps"),
        "Sampler": data.get("sampler"),
        "Schedule type": data.get("scheduler"),
        "CFG scale": data.get("guidance_scale") or data.get("cfg"),
        "Seed": data.get("seed"),
        "Size": "x".join(size) if len(size) == 2 else _size(data),
        "Model hash": data.get("base_model_hash"),
        "Model": stem(data.get("base_model")),
        "Clip skip": data.get("clip_skip"),
        "VAE": data.get("vae"),
        "Version": data.get("version"),
    }
    known = {"prompt", "negative_prompt", "steps", "sampler", "scheduler", "guidance_scale", "cfg",
             "seed", "resolution", "width", "height", "base_model", "base_model_hash", "clip_skip",
             "vae", "version", "metadata_scheme", "full_prompt", "full_negative_prompt",
             "created_by"}  # fmt: skip
    return make(
        "Fooocus", data.get("prompt"), data.get("negative_prompt"), read, _rest(data, known)
    )


def _swarm_json(data: dict[str, Any]) -> Recipe | None:
    made = data.get("sui_image_params")
    if not isinstance(made, dict):
        return None
    read = {
        "Steps": made.get("steps"),
        "Sampler": made.get("sampler"),
        "Schedule type": made.get("scheduler"),
        "CFG scale": made.get("cfgscale"),
        "Seed": made.get("seed"),
        "Size": _size(made),
        "Model": stem(made.get("model")),
        "Denoising strength": made.get("initimagecreativity"),
        "Version": made.get("swarm_version"),
    }
    known = {"prompt", "negativeprompt", "steps", "sampler", "scheduler", "cfgscale", "seed",
             "width", "height", "model", "initimagecreativity", "swarm_version"}  # fmt: skip
    return make("SwarmUI", made.get("prompt"), made.get("negativeprompt"), read, _rest(made, known))


_EASY = {
    "Steps": "num_inference_steps",
    "Sampler": "sampler_name",
    "CFG scale": "guidance_scale",
    "Seed": "seed",
    "Model": "use_stable_diffusion_model",
    "VAE": "use_vae_model",
    "Denoising strength": "prompt_strength",
    "Clip skip": "clip_skip",
}
_EASY_LABELS = {
    # The words that Easy Diffusion writes instead of its keys when asked for a readable file.
    "steps": "num_inference_steps",
    "sampler": "sampler_name",
    "guidance_scale": "guidance_scale",
    "stable_diffusion_model": "use_stable_diffusion_model",
    "vae_model": "use_vae_model",
}


def _easy(texts: Mapping[str, str]) -> Recipe | None:
    return _easy_json(dict(texts))


def _easy_json(data: Mapping[str, Any]) -> Recipe | None:
    fields = {key.lower().replace(" ", "_"): value for key, value in data.items()}
    fields = {_EASY_LABELS.get(key, key): value for key, value in fields.items()}
    if "prompt" not in fields or not fields.keys() & {"num_inference_steps", "guidance_scale"}:
        return None
    read = {key: fields.get(name) for key, name in _EASY.items()}
    read["Model"] = stem(read["Model"])
    read["VAE"] = stem(read["VAE"])
    read["Size"] = _size(fields)
    known = {"prompt", "negative_prompt", "width", "height", *_EASY.values()}
    prompt, negative = fields["prompt"], fields.get("negative_prompt")
    return make("Easy Diffusion", prompt, negative, read, _rest(fields, known))


def _draw_things(texts: Mapping[str, str]) -> Recipe | None:
    """Its JSON is in the EXIF comment, or in the comment of the XMP packet."""
    packet = texts.get(XMP, "")
    comment = packet.partition("<exif:UserComment")[2].partition("</exif:UserComment")[0]
    inner = html.unescape(comment[comment.find("{") : comment.rfind("}") + 1])
    for source in (texts.get(USER_COMMENT), inner):
        data = json_object(source)
        if data is not None and (found := _draw_things_json(data)) is not None:
            return found
    return None


def _draw_things_json(data: dict[str, Any]) -> Recipe | None:
    if not isinstance(data.get("c"), str):
        return None
    strength = data.get("strength")
    read = {
        "Steps": data.get("steps"),
        "Sampler": data.get("sampler"),
        "CFG scale": data.get("scale"),
        "Seed": data.get("seed"),
        "Size": data.get("size"),
        "Model": stem(data.get("model")),
        "Denoising strength": strength if strength not in (0, 1) else None,
    }
    known = {"c", "uc", "steps", "sampler", "scale", "seed", "size", "model", "strength", "v2"}
    return make("Draw Things", data["c"], data.get("uc"), read, _rest(data, known))


# --- shared --------------------------------------------------------------------------------------


def _size(data: Mapping[str, Any]) -> str:
    width, height = (whole(data.get(key), None) for key in ("width", "height"))
    return f"{width}x{height}" if width and height else ""


def _short_hash(value: object) -> str:
    written = text(value, 200).rpartition(":")[2]  # newer files name the kind: "blake3:..."
    return written[:10] if re.fullmatch(r"[0-9a-fA-F]{8,}", written) else ""


def _rest(data: Mapping[str, Any], known: set[str]) -> list[str]:
    """`key: value` for unknown keys whose value is not off, zero or empty."""
    return [
        phrase(key, value)
        for key, value in data.items()
        if key not in known and value not in (None, "", [], {}, 0, "None", "none")
    ]
