"""Converts ComfyUI's `workflow`, the graph as its editor draws it, to the graph that runs.

The editor lists nodes with the values of their controls by position. Its newer versions name the
controls among the inputs; for older ones the names of the common nodes are here. Muted nodes are
left out, bypassed ones pass on their input of the same type.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

MAX_NODES = 5_000
_MUTED, _BYPASSED = 2, 4
_SEEDS = ("seed", "noise_seed")
_AFTER_A_SEED = ("fixed", "increment", "decrement", "randomize")
"""Values of the control behind a seed."""
_SAMPLER = ("steps", "cfg", "sampler_name", "scheduler")
_CONTROLS: Mapping[str, tuple[str, ...]] = {
    "KSampler": ("seed", *_SAMPLER, "denoise"),
    "KSamplerAdvanced": (
        "add_noise", "noise_seed", *_SAMPLER, "start_at_step", "end_at_step",
        "return_with_leftover_noise",
    ),
    "SamplerCustom": ("add_noise", "noise_seed", "cfg"),
    "KSamplerSelect": ("sampler_name",),
    "BasicScheduler": ("scheduler", "steps", "denoise"),
    "RandomNoise": ("noise_seed",),
    "CFGGuider": ("cfg",),
    "CheckpointLoaderSimple": ("ckpt_name",),
    "UNETLoader": ("unet_name", "weight_dtype"),
    "VAELoader": ("vae_name",),
    "CLIPLoader": ("clip_name", "type"),
    "LoraLoader": ("lora_name", "strength_model", "strength_clip"),
    "LoraLoaderModelOnly": ("lora_name", "strength_model"),
    "CLIPSetLastLayer": ("stop_at_clip_layer",),
    "CLIPTextEncode": ("text",),
    "CLIPTextEncodeSDXL": (
        "width", "height", "crop_w", "crop_h", "target_width", "target_height", "text_g", "text_l",
    ),
    "StringConcatenate": ("string_a", "string_b", "delimiter"),
    "EmptyLatentImage": ("width", "height", "batch_size"),
    "LatentUpscale": ("upscale_method", "width", "height", "crop"),
    "LatentUpscaleBy": ("upscale_method", "scale_by"),
    "ImageScale": ("upscale_method", "width", "height", "crop"),
    "UpscaleModelLoader": ("model_name",),
    "LoadImage": ("image", "upload"),
    "SaveImage": ("filename_prefix",),
}  # fmt: skip


def graph_of_workflow(workflow: Mapping[str, Any]) -> dict[str, Any]:
    """The graph in the form of the `prompt` chunk; empty if it is none."""
    listed = workflow.get("nodes")
    nodes = {
        str(node["id"]): node
        for node in (listed if isinstance(listed, list) else [])[:MAX_NODES]
        if isinstance(node, dict) and isinstance(node.get("id"), str | int)
    }
    links = dict(_links(workflow.get("links")))
    return {
        key: {"class_type": node["type"], "inputs": dict(_inputs(node, nodes, links))}
        for key, node in nodes.items()
        if isinstance(node.get("type"), str) and node.get("mode") not in (_MUTED, _BYPASSED)
    }


def _links(listed: object) -> Iterator[tuple[str, tuple[str, Any]]]:
    """The node and the output that each link begins at."""
    for link in listed if isinstance(listed, list) else []:
        if isinstance(link, list) and len(link) >= 3:
            yield str(link[0]), (str(link[1]), link[2])
        elif isinstance(link, dict):
            yield str(link.get("id")), (str(link.get("origin_id")), link.get("origin_slot"))


def _inputs(
    node: Mapping[str, Any],
    nodes: Mapping[str, Mapping[str, Any]],
    links: Mapping[str, tuple[str, Any]],
) -> Iterator[tuple[str, Any]]:
    yield from _controls(node)
    for slot in _slots(node):
        begin = _origin(slot, nodes, links)
        if begin is not None:
            yield str(slot.get("name", "")), list(begin)


def _slots(node: Mapping[str, Any]) -> list[dict[str, Any]]:
    listed = node.get("inputs")
    return [slot for slot in listed if isinstance(slot, dict)] if isinstance(listed, list) else []


def _origin(
    slot: Mapping[str, Any],
    nodes: Mapping[str, Mapping[str, Any]],
    links: Mapping[str, tuple[str, Any]],
) -> tuple[str, Any] | None:
    """Where the link of an input begins, through bypassed nodes."""
    kind = slot.get("type")
    for _ in range(len(nodes)):
        begin = links.get(str(slot.get("link")))
        node = None if begin is None else nodes.get(begin[0])
        if node is None or node.get("mode") == _MUTED:
            return None
        if node.get("mode") != _BYPASSED:
            return begin
        same = (one for one in _slots(node) if one.get("type") == kind)
        slot = next((one for one in same if one.get("link") is not None), {})
    return None


def _controls(node: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """The values of the controls by their names."""
    values = node.get("widgets_values")
    if isinstance(values, dict):
        yield from ((str(name), value) for name, value in values.items())
        return
    if not isinstance(values, list):
        return
    widgets = [slot["widget"] for slot in _slots(node) if isinstance(slot.get("widget"), dict)]
    named = [str(widget.get("name")) for widget in widgets]
    kind = node.get("type")
    names = list(_CONTROLS.get(kind, named) if isinstance(kind, str) else named)
    before = ""
    for place, value in enumerate(values):
        if before in _SEEDS and value in _AFTER_A_SEED:
            before = ""
            continue
        before = names.pop(0) if names else "value" if len(values) == 1 else f"value_{place + 1}"
        yield before, value
