"""Reads ComfyUI's graph: follows it back from the image to the sampler and its inputs.

The `prompt` chunk maps node ids to `{"class_type": ..., "inputs": {name: value or [id, slot]}}`.
Nodes are recognised by the names of their inputs rather than by their classes, of which there are
thousands. If several samplers follow each other, the first is the recipe and the others are listed,
like all nodes on the path whose effect has no equivalent here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from core.request.text_segment import COMFYUI

from .recipe import Recipe, make, phrase, stem, text

MAX_NODES = 5_000
MAX_DEPTH = 200
_MODEL_KEYS = ("ckpt_name", "unet_name", "model_name", "base_ckpt_name", "gguf_name")
_TEXT_KEYS = ("text", "text_g", "text_l", "clip_l", "t5xxl", "prompt", "string")
_CONDITION_KEYS = ("conditioning", "conditioning_1", "conditioning_2", "conditioning_to",
                   "conditioning_from", "cond1", "cond2")  # fmt: skip
_LATENT_KEYS = ("latent_image", "latent", "samples", "samples_to", "samples1", "pixels", "image",
                "images")  # fmt: skip
_SAMPLER_PARTS = ("noise", "guider", "sampler", "sigmas", "scheduler")
_MARKUP = re.compile(r"[()\[\]#]|//|\b(?:AND|BREAK)\b")
"""Characters with another meaning in AUTOMATIC1111's prompts."""
_VALUE_KEYS = ("value", "int", "float", "number", "Value")
_PLAIN = ("CLIPTextEncode", "VAEEncode", "VAEDecode", "Reroute", "ConditioningZeroOut")


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

    def note(self, setting: str) -> None:
        if setting and setting not in self.unread:
            self.unread.append(setting)


def comfyui(graph: dict[str, Any]) -> Recipe | None:
    """The recipe in a graph; None if it is not a graph of nodes."""
    nodes = _nodes(graph)
    if not nodes:
        return None
    walk = _Walk()
    chain = _samplers(nodes)
    if not chain:
        return make("ComfyUI", "", "", {}, ["no sampler was found in its graph"])
    first = chain[-1]
    for node in (chain[0], *_upstream(nodes, chain[0])):
        if node is not first and _is_sampler(node):
            walk.note(_describe("a further sampler", nodes, node))
    settings = _sampler_settings(nodes, first, walk)
    prompts = [_prompt(nodes, first, want, walk) for want in ("positive", "negative")]
    settings |= _start(nodes, first, walk)
    settings["Model"] = _model(nodes, first, walk)
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


def _linked(nodes: dict[str, Node], value: object) -> Node | None:
    """The node that an input is linked to; None for a plain value."""
    if isinstance(value, list) and len(value) == 2 and isinstance(value[0], str | int):
        return nodes.get(str(value[0]))
    return None


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


# --- the samplers --------------------------------------------------------------------------------


def _is_sampler(node: Node) -> bool:
    names = node.inputs.keys()
    whole = "steps" in names and bool(names & {"seed", "noise_seed", "cfg", "sampler_name"})
    latent = bool(names & {"latent_image", "samples", "latent", "text_embeds"})
    return (whole and latent and "model" in names) or (
        "latent_image" in names and "sigmas" in names
    )


def _samplers(nodes: dict[str, Node]) -> list[Node]:
    """The chained samplers, the last one first."""
    ends = [node for node in nodes.values() if _is_output(node)]
    last = next((n for end in ends for n in _upstream(nodes, end) if _is_sampler(n)), None)
    if last is None:  # a graph cut short: any sampler that no other one follows
        samplers = [node for node in nodes.values() if _is_sampler(node)]
        before = {n.id for s in samplers for n in _latent_chain(nodes, s)}
        last = next((node for node in samplers if node.id not in before), None)
    if last is None:
        return []
    return [last, *(node for node in _latent_chain(nodes, last) if _is_sampler(node))]


def _is_output(node: Node) -> bool:
    kind = node.kind.lower()
    return "save" in kind or "preview" in kind or ("filename_prefix" in node.inputs)


def _latent_chain(nodes: dict[str, Node], start: Node) -> Iterator[Node]:
    """The nodes from a sampler back through its latent input."""
    node, seen = start, {start.id}
    for _ in range(MAX_DEPTH):
        links = (_linked(nodes, node.inputs.get(key)) for key in _LATENT_KEYS)
        source = next((link for link in links if link is not None), None)
        if source is None or source.id in seen:
            return
        seen.add(source.id)
        yield source
        node = source


def _sampler_settings(nodes: dict[str, Node], node: Node, walk: _Walk) -> dict[str, object]:
    def get(*names: str) -> object:
        return _value(nodes, node, names)

    start, end, steps = get("start_at_step"), get("end_at_step"), get("steps")
    if start not in (None, 0):
        walk.note(phrase("start at step", start))
    if isinstance(end, int) and isinstance(steps, int) and end < steps:
        walk.note(phrase("end at step", end))
    sampler = text(get("sampler_name"), 100).removeprefix("sample_")
    return {
        "Steps": steps,
        "Sampler": sampler,
        "Schedule type": get("scheduler"),
        "CFG scale": get("cfg"),
        "Seed": get("seed", "noise_seed"),
        "Denoising strength": get("denoise", "denoise_strength"),
    }


def _value(nodes: dict[str, Node], node: Node, names: tuple[str, ...]) -> object:
    """The value of an input, through links to nodes that only hold a value, and through the parts
    of a custom sampler.
    """
    for name in names:
        if name in node.inputs:
            value = _followed(nodes, node.inputs[name], (*names, *_VALUE_KEYS))
            if value is not None:
                return value
    for part in _SAMPLER_PARTS:
        source = _linked(nodes, node.inputs.get(part))
        inputs = {} if source is None else source.inputs
        for name in names:
            value = _followed(nodes, inputs.get(name), (*names, *_VALUE_KEYS))
            if value is not None:
                return value
    return None


def _followed(nodes: dict[str, Node], value: object, names: tuple[str, ...]) -> object:
    for _ in range(MAX_DEPTH):
        source = _linked(nodes, value)
        if source is None:
            return value if isinstance(value, str | int | float) else None
        inputs = source.inputs
        value = next((inputs[name] for name in names if name in inputs), None)
    return None


# --- what it is fed ------------------------------------------------------------------------------


def _prompt(nodes: dict[str, Node], sampler: Node, want: str, walk: _Walk) -> str:
    """The texts behind the sampler's conditioning, one line each if several are combined."""
    start = _linked(nodes, sampler.inputs.get(want))
    if start is None:
        guider = _linked(nodes, sampler.inputs.get("guider") or sampler.inputs.get("text_embeds"))
        if guider is None:
            return ""
        wanted = guider.inputs.get(want)
        if wanted is None and want == "positive":
            wanted = guider.inputs.get("conditioning")
        start = _linked(nodes, wanted)
    texts: list[str] = []
    seen: set[str] = set()
    layer = [] if start is None else [start]
    while layer:
        node = layer.pop(0)
        if node.id in seen:
            continue
        seen.add(node.id)
        here = _texts(nodes, node, want)
        texts += [found for found in here if found not in texts]
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
    return "\n".join(texts)


def _texts(nodes: dict[str, Node], node: Node, want: str) -> list[str]:
    found: list[str] = []
    for name in (*_TEXT_KEYS, want):
        value = _followed(nodes, node.inputs.get(name), (*_TEXT_KEYS, *_VALUE_KEYS))
        if isinstance(value, str) and value.strip() and value.strip() not in found:
            found.append(value.strip())
    return found


def _model(nodes: dict[str, Node], sampler: Node, walk: _Walk) -> str:
    """The first model file on the path; patches of it are listed."""
    node = sampler
    guider = _linked(nodes, sampler.inputs.get("guider"))
    if "model" not in sampler.inputs and guider is not None:
        node = guider
    for _ in range(MAX_DEPTH):
        for key in (*_MODEL_KEYS, "model"):
            value = node.inputs.get(key)
            if isinstance(value, str) and node is not sampler:
                return stem(value)
        source = _linked(nodes, node.inputs.get("model"))
        if source is None:
            return ""
        if not any(isinstance(source.inputs.get(key), str) for key in (*_MODEL_KEYS, "model")):
            walk.note(_describe("on the way of the model", nodes, source))
        node = source
    return ""


def _start(nodes: dict[str, Node], sampler: Node, walk: _Walk) -> dict[str, object]:
    """The size of an empty latent; other init images are listed."""
    for node in _latent_chain(nodes, sampler):
        width, height = (
            _followed(nodes, node.inputs.get(key), (key, *_VALUE_KEYS))
            for key in ("width", "height")
        )
        if "image" in node.inputs and isinstance(node.inputs["image"], str):
            walk.note(phrase("started from the image", node.inputs["image"]))
            return {}
        if isinstance(width, int) and isinstance(height, int) and "empty" in node.kind.lower():
            return {"Size": f"{width}x{height}"}
        if not node.kind.startswith(_PLAIN) and not _is_sampler(node):
            walk.note(_describe("on the way of the start", nodes, node))
    return {}


def _describe(where: str, nodes: dict[str, Node], node: Node) -> str:
    """`where: Kind (name: value, ...)` of a node."""
    values = (
        phrase(key, value)
        for key, value in node.inputs.items()
        if _linked(nodes, value) is None and not isinstance(value, dict | list)
    )
    listed = ", ".join(value for value in values if value)
    return f"{where}: {node.kind} ({listed})" if listed else f"{where}: {node.kind}"
