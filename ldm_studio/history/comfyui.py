"""Reads ComfyUI's graph: follows it back from the image to the sampler and its inputs.

The `prompt` chunk maps node ids to `{"class_type": ..., "inputs": {name: value or [id, slot]}}`;
`comfyui_workflow` converts the `workflow` chunk to it. Nodes are recognised by the names of their
inputs rather than by their classes, of which there are thousands. If several samplers follow each
other, the first is the recipe and the others are listed, like all nodes on the path whose effect
has no equivalent here or is not understood.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from core.request.text_segment import COMFYUI

from .recipe import MAX_PROMPT, Recipe, make, phrase, stem, text, word

MAX_NODES = 5_000
MAX_DEPTH = 200
_MAX_NESTED = 100
"""Nodes of text that a text goes through."""
_MAX_FOLLOWED = 20_000
"""Inputs that are followed in one graph."""
_MODEL_KEYS = ("ckpt_name", "unet_name", "model_name", "base_ckpt_name", "gguf_name")
_TEXT_KEYS = ("text", "text_g", "text_l", "clip_l", "t5xxl", "prompt", "string", "Text", "String")
_CONDITION_KEYS = ("conditioning", "conditioning_1", "conditioning_2", "conditioning_to",
                   "conditioning_from", "cond1", "cond2")  # fmt: skip
_LATENT_KEYS = ("latent_image", "latent", "optional_latent", "samples", "samples_to", "samples1",
                "pixels", "image", "images")  # fmt: skip
_SAMPLER_PARTS = ("noise", "guider", "sampler", "sigmas", "scheduler")
_PIPE = re.compile(r"pipe|tuple|context|ctx", re.IGNORECASE)
"""Inputs that carry model, conditioning and latent together."""
_MARKUP = re.compile(r"[()\[\]#\\&]|//|\b(?:AND|BREAK)\b|[^\s!-~]|.{76}", re.DOTALL)
"""What means something else in AUTOMATIC1111's prompts; 76 characters may fill a chunk."""
_VALUE_KEYS = ("value", "int", "float", "number", "Value", "Number", "seed", "noise_seed")
_PLAIN = ("CLIPTextEncode", "VAEEncode", "VAEDecode", "Reroute", "ConditioningZeroOut")

_JOINED = re.compile(r"(?:string|text|prompt|str|Text|String)[_ ]?(?:[a-z]|\d{1,3})")
_DELIMITERS = ("delimiter", "separator", "sep")
_DELIMITER_WORDS = {"comma": ", ", "space": " ", "newline": "\n", "\\n": "\n", "none": ""}
_STORED = re.compile(r"text_\d{1,3}|result|output_text|stored_text")
"""What nodes keep of the text that they last received."""
_NUMBERS = ("select", "index", "Input", "input", "selector", "selected")
_BOOLEANS = ("boolean", "switch", "cond", "condition", "bool")
_BRANCHES = {True: ("on_true", "tt_value", "true"), False: ("on_false", "ff_value", "false")}
_NUMBERED = re.compile(r"[A-Za-z]\w*?_?(\d{1,3})")
_ANY = re.compile(r"any_\d{1,3}")
_WITHOUT_EFFECT = frozenset((
    "width", "height", "crop_w", "crop_h", "target_width", "target_height", "populated_text",
    "wildcard_text", "mode", "seed", "clean_whitespace", "control_after_generate", "inputcount",
))  # fmt: skip
"""Plain inputs of nodes of text that do not change it."""


@dataclass(frozen=True)
class Node:
    """One node of the graph."""

    id: str
    kind: str
    inputs: dict[str, Any]


@dataclass
class _Walk:
    """Collects settings without an equivalent."""

    unread: list[str] = field(default_factory=list)
    followed: int = 0

    def note(self, setting: str) -> None:
        if setting and setting not in self.unread:
            self.unread.append(setting)

    def may_follow(self) -> bool:
        """Whether the graph is not yet found to be absurd."""
        self.followed += 1
        return self.followed <= _MAX_FOLLOWED


def comfyui(graph: dict[str, Any]) -> Recipe | None:
    """The recipe in a graph; None if it is not a graph of nodes."""
    nodes = _nodes(graph)
    if not nodes:
        return None
    walk = _Walk()
    end, chain = _samplers(nodes)
    if not chain:
        return make("ComfyUI", "", "", {}, ["no sampler was found in its graph"])
    first = chain[-1]
    for node in (chain[0], *_upstream(nodes, chain[0])):
        if node is not first and _is_sampler(node):
            walk.note(_describe("a further sampler", nodes, node))
    parts = list(_parts(nodes, first))
    settings = _sampler_settings(nodes, first, parts, walk)
    starts = {want: _conditioning(nodes, parts, want) for want in ("positive", "negative")}
    prompts = [_prompt(nodes, want, start, walk) for want, start in starts.items()]
    settings |= _start(nodes, first, walk)
    settings["Model"] = _model(nodes, parts, walk)
    settings["Clip skip"] = _clip_skip(nodes, starts.values(), walk)
    settings["VAE"] = _after_the_sampler(nodes, end, walk)
    if settings.get("Denoising strength") == 1 or "Size" in settings:
        settings.pop("Denoising strength", None)
    if any(map(_MARKUP.search, prompts)):
        settings["Prompt syntax"] = COMFYUI
    return make("ComfyUI", prompts[0], prompts[1], settings, walk.unread)


def _nodes(graph: dict[str, Any]) -> dict[str, Node]:
    found: dict[str, Node] = {}
    for key, value in list(graph.items())[:MAX_NODES]:
        if isinstance(value, dict) and isinstance(value.get("class_type"), str):
            inputs = value.get("inputs")
            kind = text(value["class_type"], 100)
            found[key] = Node(key, kind, inputs if isinstance(inputs, dict) else {})
    return found


# --- links ---------------------------------------------------------------------------------------


def _is_link(value: object) -> bool:
    return isinstance(value, list) and len(value) == 2 and isinstance(value[0], str | int)


def _resolved(nodes: Mapping[str, Node], value: object) -> object:
    """The plain value of an input, or the node that it is linked to through switches and reroutes;
    None for a link into nowhere.
    """
    for _ in range(MAX_DEPTH):
        if not _is_link(value):
            return value
        node = nodes.get(str(value[0]))  # type: ignore[index]  # it is a link
        if node is None:
            return None
        passed = _passed_on(nodes, node)
        if passed is None:
            return node
        value = passed
    return None


def _linked(nodes: Mapping[str, Node], value: object) -> Node | None:
    """The node that an input is linked to; None for a plain value."""
    found = _resolved(nodes, value)
    return found if isinstance(found, Node) else None


def _passed_on(nodes: Mapping[str, Node], node: Node) -> object:
    """The input that a reroute or a switch passes on; None for other nodes."""
    inputs = node.inputs
    if node.kind.startswith("Reroute"):
        return next(filter(_is_link, inputs.values()), None)
    offered = sorted(name for name in inputs if _ANY.fullmatch(name))
    if offered:
        links = (inputs[name] for name in offered if _is_link(inputs[name]))
        return next((link for link in links if str(link[0]) in nodes), None)
    if not re.search(r"switch|select|branch", node.kind, re.IGNORECASE):
        return None
    for name in _BOOLEANS:
        chosen = _constant(nodes, inputs.get(name))
        if isinstance(chosen, bool):
            return next((inputs[one] for one in _BRANCHES[chosen] if one in inputs), None)
    for name in _NUMBERS:
        chosen = _constant(nodes, inputs.get(name))
        if isinstance(chosen, int | str) and str(chosen).isdigit():
            numbered = ((_NUMBERED.fullmatch(one), value) for one, value in inputs.items())
            chosen = int(str(chosen)[:6])
            return next((v for m, v in numbered if m and int(m[1]) == chosen), None)
    return None


def _constant(nodes: Mapping[str, Node], value: object) -> object:
    """A plain value, or that of the node that only holds it."""
    if not _is_link(value):
        return value
    node = nodes.get(str(value[0]))  # type: ignore[index]  # it is a link
    held = () if node is None else tuple(node.inputs.values())
    return held[0] if len(held) == 1 and not _is_link(held[0]) else None


def _upstream(nodes: dict[str, Node], start: Node) -> Iterator[Node]:
    """All nodes that lead to `start`, nearest first."""
    seen, layer = {start.id}, [start]
    while layer:
        following: list[Node] = []
        for node in layer:
            for value in node.inputs.values():
                source = _linked(nodes, value)
                if source is not None and source.id not in seen:
                    seen.add(source.id)
                    following.append(source)
                    yield source
        layer = following


def _followed(nodes: dict[str, Node], value: object, names: tuple[str, ...]) -> object:
    """A plain value, through nodes that hold it under one of `names` or have a single input."""
    for _ in range(MAX_DEPTH):
        found = _resolved(nodes, value)
        if not isinstance(found, Node):
            return found if isinstance(found, str | int | float) else None
        inputs = found.inputs
        only = next(iter(inputs.values())) if len(inputs) == 1 else None
        value = next((inputs[name] for name in names if name in inputs), only)
    return None


# --- the samplers --------------------------------------------------------------------------------


def _is_sampler(node: Node) -> bool:
    names = node.inputs.keys()
    whole = "steps" in names and bool(names & {"seed", "noise_seed", "cfg", "sampler_name"})
    latent = bool(names & {"latent_image", "samples", "latent", "optional_latent", "text_embeds"})
    piped = "image" not in names and any(map(_PIPE.search, names))
    return (whole and (latent or piped)) or ("latent_image" in names and "sigmas" in names)


def _samplers(nodes: dict[str, Node]) -> tuple[Node | None, list[Node]]:
    """The node of the output, and the chained samplers, the last one first."""
    ends = (
        (end, node)
        for end in nodes.values()
        if _is_output(end)
        for node in _upstream(nodes, end)
        if _is_sampler(node)
    )
    end, last = next(ends, (None, None))
    if last is None:  # a graph cut short: any sampler that no other one follows
        samplers = [node for node in nodes.values() if _is_sampler(node)]
        before = {n.id for s in samplers for n in _latent_chain(nodes, s)}
        last = next((node for node in samplers if node.id not in before), None)
    if last is None:
        return None, []
    return end, [last, *(node for node in _latent_chain(nodes, last) if _is_sampler(node))]


def _is_output(node: Node) -> bool:
    kind = node.kind.lower()
    return "save" in kind or "preview" in kind or ("filename_prefix" in node.inputs)


def _latent_chain(nodes: dict[str, Node], start: Node) -> Iterator[Node]:
    """The nodes from a sampler back through its latent input."""
    node, seen = start, {start.id}
    for _ in range(MAX_DEPTH):
        inputs = node.inputs
        names = (*_LATENT_KEYS, *filter(_PIPE.search, inputs))
        links = (_linked(nodes, inputs.get(key)) for key in names)
        source = next((link for link in links if link is not None), None)
        if source is None or source.id in seen:
            return
        seen.add(source.id)
        yield source
        node = source


def _parts(nodes: dict[str, Node], sampler: Node) -> Iterator[Node]:
    """A sampler, and the nodes that provide its parts, or all of them through a pipe."""
    seen, layer = {sampler.id}, [sampler]
    while layer:
        following: list[Node] = []
        for node in layer:
            yield node
            for name, value in node.inputs.items():
                if name not in _SAMPLER_PARTS and not _PIPE.search(name):
                    continue
                source = _linked(nodes, value)
                if source is not None and source.id not in seen and not _is_sampler(source):
                    seen.add(source.id)
                    following.append(source)
        layer = following


_SETTINGS = {
    "Steps": ("steps",),
    "Sampler": ("sampler_name",),
    "Schedule type": ("scheduler",),
    "CFG scale": ("cfg",),
    "Seed": ("seed", "noise_seed"),
    "Denoising strength": ("denoise", "denoise_strength"),
}


def _sampler_settings(
    nodes: dict[str, Node], sampler: Node, parts: list[Node], walk: _Walk
) -> dict[str, object]:
    found: dict[str, object] = {}
    used = {sampler.id}
    for setting, names in _SETTINGS.items():
        given = ((part, part.inputs[n]) for part in parts for n in names if n in part.inputs)
        for part, value in given:
            plain = _followed(nodes, value, (*names, *_VALUE_KEYS))
            used.add(part.id)
            if plain is not None:
                found[setting] = plain
                break
            source = _linked(nodes, value)
            if source is not None and source not in parts:
                walk.note(_describe(f"{setting.lower()} from", nodes, source))
    for part in parts:
        if part.id not in used and not part.inputs.keys() & {"positive", "conditioning"}:
            walk.note(_describe("on the way of the sampler", nodes, part))
    start, end = (_value(nodes, parts, name) for name in ("start_at_step", "end_at_step"))
    if start not in (None, 0):
        walk.note(phrase("start at step", start))
    steps = found.get("Steps")
    if isinstance(end, int) and isinstance(steps, int) and end < steps:
        walk.note(phrase("end at step", end))
    found["Sampler"] = text(found.get("Sampler"), 100).removeprefix("sample_")
    return found


def _value(nodes: dict[str, Node], parts: list[Node], name: str) -> object:
    values = (_followed(nodes, part.inputs.get(name), (name, *_VALUE_KEYS)) for part in parts)
    return next((value for value in values if value is not None), None)


# --- what it is fed ------------------------------------------------------------------------------


def _conditioning(nodes: dict[str, Node], parts: list[Node], want: str) -> object:
    """What the sampler takes as positive or negative: a link, or the text itself."""
    names = (want, "conditioning") if want == "positive" else (want,)
    given = (part.inputs[name] for name in names for part in parts if name in part.inputs)
    return next((one for one in given if _resolved(nodes, one) is not None), None)


def _prompt(nodes: dict[str, Node], want: str, start: object, walk: _Walk) -> str:
    """The texts behind the sampler's conditioning, one line each if several are combined."""
    first = _resolved(nodes, start)
    if not isinstance(first, Node):
        return first.strip() if isinstance(first, str) else ""
    texts: list[str] = []
    seen: set[str] = set()
    layer = [first]
    is_told = False
    while layer:
        node = layer.pop(0)
        if node.id in seen:
            continue
        seen.add(node.id)
        here = _texts(nodes, node, want, walk)
        is_told = is_told or here is not None
        texts += [found for found in here or () if found not in texts]
        names = (want,) if _linked(nodes, node.inputs.get(want)) else _CONDITION_KEYS
        sources = [_linked(nodes, node.inputs.get(name)) for name in names]
        further = [source for source in sources if source is not None]
        if further and not node.kind.startswith(_PLAIN):
            walk.note(_describe("on the way of the prompt", nodes, node))
        if not here:
            layer += further or [
                source
                for value in node.inputs.values()
                if (source := _linked(nodes, value)) is not None and not _is_sampler(source)
            ]
    if not is_told:
        walk.note(_describe(f"{want} prompt from", nodes, first))
    return "\n".join(texts)


def _texts(nodes: dict[str, Node], node: Node, want: str, walk: _Walk) -> list[str] | None:
    """The texts that a node takes; None if it takes none."""
    names = [name for name in (*_TEXT_KEYS, want) if name in node.inputs]
    if not names and any(map(_JOINED.fullmatch, node.inputs)):
        joined = _text_in(nodes, node, want, walk, 0)
        return None if joined is None else [joined.strip()]
    found: list[str] = []
    is_text = False
    for name in names:
        value = _text_of(nodes, node.inputs[name], want, walk, 0)
        if value is not None:
            is_text = True
            found += [value.strip()] * (value.strip() not in (*found, ""))
        elif name != want and (source := _linked(nodes, node.inputs[name])) is not None:
            walk.note(_describe("prompt from", nodes, source))
    if found:
        _note_other_inputs(nodes, node, names, walk)
    return found if is_text else None


def _text_of(
    nodes: dict[str, Node], value: object, want: str, walk: _Walk, depth: int
) -> str | None:
    """The text that an input has; None if it has none, or it is not known."""
    found = _resolved(nodes, value)
    if isinstance(found, Node):
        if depth < _MAX_NESTED and walk.may_follow():
            return _text_in(nodes, found, want, walk, depth + 1)
        walk.note(_describe("prompt from", nodes, found))
        return None
    return found if isinstance(found, str) else word(found) or None


def _text_in(nodes: dict[str, Node], node: Node, want: str, walk: _Walk, depth: int) -> str | None:
    """The text that a node puts out."""
    inputs = node.inputs
    for name in ("populated_text", "result"):  # exactly what it put out
        if isinstance(inputs.get(name), str) and inputs[name].strip():
            return inputs[name]
    names = [name for name in (want, *_TEXT_KEYS, *_VALUE_KEYS) if name in inputs]
    joined = sorted(filter(_JOINED.fullmatch, inputs), key=_natural)
    if len(joined) > 1 and not names:
        return _joined(nodes, node, joined, want, walk, depth)
    stored = sorted(filter(_STORED.fullmatch, inputs), key=_natural)
    single = [name for name, value in inputs.items() if _is_link(value)]
    for name in (*names, *stored, *(single if len(single) == 1 else ())):
        found = _text_of(nodes, inputs[name], want, walk, depth)
        if found is not None:
            _note_other_inputs(nodes, node, (name, *stored), walk)
            return found
    walk.note(_describe("prompt from", nodes, node))
    return None


def _joined(
    nodes: dict[str, Node], node: Node, names: list[str], want: str, walk: _Walk, depth: int
) -> str | None:
    given = next((n for n in _DELIMITERS if n in node.inputs), None)
    delimiter = _followed(nodes, node.inputs.get(given or ""), _VALUE_KEYS)
    if not isinstance(delimiter, str):
        walk.note(_describe("texts joined by", nodes, node))
        delimiter = ", "
    delimiter = _DELIMITER_WORDS.get(delimiter.lower(), delimiter)
    texts = [_text_of(nodes, node.inputs[name], want, walk, depth) for name in names]
    known = [one for one in texts if one is not None]
    if node.kind != "StringConcatenate":  # the others leave empty texts out
        known = [one for one in known if one.strip()]
    _note_other_inputs(nodes, node, (*names, *_DELIMITERS), walk)
    return delimiter.join(known)[:MAX_PROMPT] if known else None


def _natural(name: str) -> tuple[int, str]:
    """text_2 before text_10."""
    return len(name), name


def _note_other_inputs(
    nodes: dict[str, Node], node: Node, used: tuple[str, ...] | list[str], walk: _Walk
) -> None:
    """Notes a node of text that may change it."""
    others = node.inputs.keys() - set(used) - _WITHOUT_EFFECT
    plain = (node.inputs[name] for name in others if not _is_link(node.inputs[name]))
    if any(value not in (None, "", False) and not isinstance(value, dict) for value in plain):
        walk.note(_describe("on the way of the prompt", nodes, node))


def _model(nodes: dict[str, Node], parts: list[Node], walk: _Walk) -> str:
    """The first model file on the path; patches of it are listed."""
    node = next((part for part in parts if _linked(nodes, part.inputs.get("model"))), parts[-1])
    for _ in range(MAX_DEPTH):
        for key in (*_MODEL_KEYS, "model"):
            value = node.inputs.get(key)
            if isinstance(value, str) and node is not parts[0]:
                return stem(value)
        source = _linked(nodes, node.inputs.get("model"))
        if source is None:
            if node is not parts[0]:
                walk.note(_describe("model from", nodes, node))
            return ""
        if _linked(nodes, source.inputs.get("model")) is not None:
            walk.note(_describe("on the way of the model", nodes, source))
        node = source
    return ""


def _clip_skip(nodes: dict[str, Node], starts: Iterable[object], walk: _Walk) -> object:
    """The layers that the text encoder skips, plus 1; other changes of it are listed."""
    found = None
    for start in starts:
        node = _linked(nodes, start)
        for _ in range(MAX_DEPTH):
            node = None if node is None else _linked(nodes, node.inputs.get("clip"))
            if node is None:
                break
            layer = node.inputs.get("stop_at_clip_layer", node.inputs.get("clip_skip"))
            if isinstance(layer, int) and layer < 0:
                found = -layer if layer < -1 else None
            elif "clip" in node.inputs and "model" not in node.inputs:
                walk.note(_describe("on the way of the text encoder", nodes, node))
    return found


def _after_the_sampler(nodes: dict[str, Node], end: Node | None, walk: _Walk) -> str:
    """The file of a VAE that decodes the image; what else happens to the image is listed."""
    vae = ""
    for node in () if end is None else _latent_chain(nodes, end):
        if _is_sampler(node):
            break
        source = _linked(nodes, node.inputs.get("vae"))
        named = None if source is None else source.inputs.get("vae_name")
        if isinstance(named, str):
            vae = re.split(r"[/\\]", named)[-1]
        if not node.kind.startswith(_PLAIN) and not _is_output(node):
            walk.note(_describe("after the sampler", nodes, node))
    return vae


def _start(nodes: dict[str, Node], sampler: Node, walk: _Walk) -> dict[str, object]:
    """The size of an empty latent; other init images are listed."""
    for node in (sampler, *_latent_chain(nodes, sampler)):
        width, height = (
            next((v for v in values if isinstance(v, int)), None)
            for values in (
                [_followed(nodes, node.inputs.get(key), (key, *_VALUE_KEYS)) for key in keys]
                for keys in (("empty_latent_width", "width"), ("empty_latent_height", "height"))
            )
        )
        if "image" in node.inputs and isinstance(node.inputs["image"], str):
            walk.note(phrase("started from the image", node.inputs["image"]))
            return {}
        is_empty = "empty" in node.kind.lower() or "empty_latent_width" in node.inputs
        if width and height and is_empty:
            return {"Size": f"{width}x{height}"}
        if not node.kind.startswith(_PLAIN) and not _is_sampler(node):
            walk.note(_describe("on the way of the start", nodes, node))
    return {}


def _describe(where: str, nodes: dict[str, Node], node: Node) -> str:
    """`where: Kind (name: value, ...)` of a node."""
    values = (
        phrase(key, value)
        for key, value in node.inputs.items()
        if not _is_link(value) and not isinstance(value, dict | list)
    )
    listed = ", ".join(value for value in values if value)
    return f"{where}: {node.kind} ({listed})" if listed else f"{where}: {node.kind}"
