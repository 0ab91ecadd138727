"""`ldm-studio models` and `inspect`: list models, identify a file."""

from __future__ import annotations

import argparse
import json
from argparse import Namespace
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.errors import ModelError
from ldm_studio.engine_protocol import Pipeline
from ldm_studio.exit_codes import MEANING, Exit
from ldm_studio.models import addon_files, found_models
from ldm_studio.models.file_digests import DigestWorker
from ldm_studio.models.found_models import FoundModel
from ldm_studio.models.known_checkpoints import Catalogue, is_checkpoint, stamp

if TYPE_CHECKING:  # they import torch
    from core.checkpoints.auxiliary_files import FileDescription
    from core.checkpoints.identify import Identity

SHORT_HASH = 10
"""Digits of A1111's model hash."""
LISTED = 8
"""Number of tensor names that are printed; with --json all are."""
METADATA = 100
"""Characters that are printed of each value."""
LAYOUTS = {"original": "in the original layout", "moving average": "those of a moving average"}
"""The other layouts have names: diffusers, OpenCLIP, transformers."""

EXAMPLES = f"""\
examples:
  ldm-studio models
  ldm-studio models --kind lora --json
  ldm-studio inspect ~/models/dreamshaper.safetensors
  ldm-studio inspect dreamshaper --json

{MEANING}"""
KINDS = ("model", "lora", "embedding", "vae", "text", "preview")


def add(commands: argparse._SubParsersAction) -> None:
    command = commands.add_parser(
        "models",
        help="list the models, LoRAs, embeddings and VAEs",
        description="List the models in the program's model folder and in the folders added in "
        "the window. Only file headers are read, and nothing in them is run.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.add_argument("--kind", choices=KINDS, default="model", help="what to list (model)")
    command.add_argument("--json", action="store_true", help="print one JSON object each")
    command.set_defaults(run=_list)
    one = commands.add_parser(
        "inspect",
        help="say what a file or folder is, and whether it is supported",
        description="Say what a model, a LoRA, an embedding or a VAE is. Returns 3 for "
        "unsupported models and for files that cannot be read.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    one.add_argument("model", metavar="FILE", help="a file, a folder, or a model's name")
    one.add_argument("--json", action="store_true", help="print one JSON object")
    one.set_defaults(run=_inspect)


def _list(arguments: Namespace, pipeline: Callable[[], Pipeline]) -> int:
    if arguments.kind != "model":
        return _list_addons(arguments)
    catalogue = Catalogue()
    found = found_models.find_models(found_models.added_folders(), catalogue)
    if arguments.json:
        for model in found:
            print(json.dumps(_entry(model), ensure_ascii=False))
        return Exit.OK
    width = max(len(model.reference) for model in found)
    for model in found:
        words = model.kind or "unknown"
        words += " (cannot be used)" if model.problem else ""
        words += " (needs a VAE: --vae)" if model.lacks_vae else ""
        words += " (takes its text encoders from other files)" if model.lacks_text else ""
        print(f"{model.reference:<{width}}  {words}")
        if model.problem:
            print(f"{'':<{width}}    {model.problem}")
    return Exit.OK


def _list_addons(arguments: Namespace) -> int:
    found = [
        one
        for one in addon_files.find_addons(found_models.added_folders())
        if one.kind == arguments.kind
    ]
    width = max((len(one.name) for one in found), default=0)
    for one in found:
        known = one.known
        if arguments.json:
            entry = {
                "name": one.name,
                "path": str(one.path),
                "kind": str(one.kind),
                "family": known.kind,
                "precision": known.precision,
                "problem": str(known.message),
                "sha256": known.digest,
            }
            print(json.dumps(entry, ensure_ascii=False))
        else:
            print(f"{one.name:<{width}}  {known.message or known.kind or 'for an unknown family'}")
    return Exit.OK


def _entry(model: FoundModel) -> dict[str, Any]:
    return {
        "reference": model.reference,
        "name": model.name,
        "path": str(model.path),
        "kind": str(model.kind),
        "usable": not model.problem,
        "problem": str(model.problem),
        "needs_vae": model.lacks_vae,
        "needs_text_encoders": model.lacks_text,
        "sha256": model.known.digest if model.known else "",
    }


def _inspect(arguments: Namespace, pipeline: Callable[[], Pipeline]) -> int:
    path = found_models.find_model(found_models.resolve_name(arguments.model)).absolute()
    if not is_checkpoint(path):
        return _inspect_native(path, arguments)
    from core.checkpoints.auxiliary_files import describe
    from core.checkpoints.identify import identify
    from core.checkpoints.load_model import check

    if (description := describe(path)).kind in KINDS[1:]:
        return _inspect_addon(path, description, arguments)
    identity = identify(path)
    try:
        check(path)
        problem = ""
    except ModelError as error:
        problem = str(error.message)
    facts = _facts(path, identity, problem)
    if arguments.json:
        print(json.dumps(facts, ensure_ascii=False))
    else:
        for name, value in _format_facts(facts):
            print(f"{name:<16}{value}")
    return Exit.MODEL if problem else Exit.OK


def _inspect_addon(path: Path, description: FileDescription, arguments: Namespace) -> int:
    from core.checkpoints.open_file import open_tensors

    file = open_tensors(path)
    lora = description.kind == "lora"
    sums = DigestWorker().of(path, lora=lora).result()
    facts: dict[str, Any] = {
        "path": str(path),
        "kind": str(description.kind),
        "family": description.family,
        "alias": description.alias,
        "types": description.precision,
        "tensors": len(file.entries),
        "parameters": sum(entry.numel for entry in file.entries.values()),
        "sha256": sums.digest,
        "hash": sums.short,
        "metadata": dict(file.metadata),
    }
    if arguments.json:
        print(json.dumps(facts, ensure_ascii=False))
        return Exit.OK
    for name in ("path", "kind", "family", "alias", "types", "tensors", "parameters", "hash"):
        if facts[name]:
            print(f"{name:<16}{facts[name]}")
    return Exit.OK


def _inspect_native(path: Path, arguments: Namespace) -> int:
    from core.checkpoints.load_model import load_model

    model = load_model(path)
    facts: dict[str, Any] = {
        "path": str(path),
        "kind": "a native LDM Studio model",
        "name": model.name,
        "predicts": model.config.prediction,
        "parameters": sum(
            weights.numel()
            for network in (model.backbone, model.autoencoder)
            for weights in network.parameters()
        ),
        "sha256": model.digest,
        "hash": model.digest[:SHORT_HASH],
        "usable": True,
        "problem": "",
    }
    if arguments.json:
        print(json.dumps(facts, ensure_ascii=False))
    else:
        for name in ("path", "kind", "name", "predicts", "hash"):
            print(f"{name:<16}{facts[name]}")
    return Exit.OK


def _facts(path: Path, identity: Identity, problem: str) -> dict[str, Any]:
    from core.checkpoints.load_model import key_mismatches
    from core.families.few_step_variants import variant_of

    components, prediction = identity.components, identity.prediction
    networks = {
        "U-Net": components.backbone,
        "autoencoder": components.autoencoder,
        **{f"text encoder {i}": text for i, text in enumerate(components.texts, start=1)},
        "image encoder": components.image,
    }
    digest = _digest(path, identity)
    distilled = variant_of(path.stem, identity.metadata)
    return {
        "path": str(path),
        "kind": identity.display_name,
        "kind_because": dict(identity.facts),
        "distilled": distilled[0].name if distilled else "",
        "defaults": asdict(identity.defaults),
        "family": identity.family.name,
        "extra_inputs": identity.input_kind,
        "predicts": prediction.kind,
        "predicts_because": str(prediction.reason),
        "zero_terminal_snr": prediction.zero_snr,
        "continuous_sigmas": identity.sigmas,
        "latents": asdict(identity.statistics) if identity.statistics else None,
        "parameters": identity.parameters,
        "dtypes": dict(identity.dtypes),
        "parts": {
            name: {"layout": part.layout, "prefix": part.prefix, "tensors": len(part.sources)}
            for name, part in networks.items()
            if part is not None
        },
        "has_average": components.average is not None,
        "lacks_statistics": identity.lacks_statistics,
        "lacks": list(map(str, identity.missing)),
        "misfits": {
            fit.network: {
                "missing": list(fit.missing),
                "surplus": list(fit.surplus),
                "misshapen": list(map(str, fit.misshapen)),
                "unreadable": list(map(str, fit.unreadable)),
            }
            for fit in key_mismatches(identity)
        },
        "unknown_tensors": list(components.unknown),
        "other_networks": list(map(str, components.others)),
        "metadata": dict(identity.metadata),
        "files": [str(file) for file in identity.files],
        "sha256": digest,
        "hash": digest[:SHORT_HASH],
        "usable": not problem,
        "problem": str(problem),
    }


def _digest(path: Path, identity: Identity) -> str:
    from core.checkpoints.load_model import file_digest

    catalogue = Catalogue()
    if known := catalogue.digest(path):
        return known
    before = stamp(path)
    try:
        digest = file_digest(path, identity)
    except OSError as error:
        reason = error.strerror or error
        raise ModelError(
            "{path} cannot be read: {error}.", "Check the path.", path=path, error=reason
        ) from error
    if stamp(path) == before:
        catalogue.keep_digest(path, digest)
    return digest


def _format_facts(facts: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The facts as lines of text."""
    yield "path", facts["path"]
    yield "kind", facts["kind"]
    why = facts["kind_because"]
    vector = f", and a vector of {why['vector']} numbers" if why["vector"] else ""
    yield (
        "identified by",
        f"its U-Net has {why['channels']} channels and {why['inputs']} input channels; it takes "
        f"text vectors of {why['context']} numbers{vector}",
    )
    depths = ", ".join("+".join(map(str, level)) for level in why["depths"])
    yield (
        "blocks",
        f"residual blocks: {why['blocks']} per level, {why['middle_blocks']} in the middle; "
        f"transformer blocks on the way up: {depths}",
    )
    yield "defaults", _defaults(facts["defaults"], facts["distilled"])
    yield "predicts", f"{facts['predicts']}: {facts['predicts_because']}"
    if sigmas := facts["continuous_sigmas"]:
        yield "noise levels", f"continuous, sigma {sigmas[0]:g} to {sigmas[1]:g}; no timesteps"
    if latents := facts["latents"]:
        mean, std = (", ".join(f"{x:g}" for x in latents[name]) for name in ("mean", "std"))
        yield "latents", f"mean {mean}, deviation {std}, scaled to {latents['scale']:g}"
    yield "parameters", f"{facts['parameters'] / 1e6:.1f} million"
    yield "types", ", ".join(f"{dtype} ({count})" for dtype, count in facts["dtypes"].items())
    for name, part in facts["parts"].items():
        layout = part["layout"]
        yield name, f"{part['tensors']} tensors, {LAYOUTS.get(layout, f'as {layout} has them')}"
    if facts["lacks_statistics"]:
        yield "noise", "the statistics for noise in what an image shows are not in it"
    if facts["has_average"]:
        yield "average", "a moving average of the U-Net is in it as well"
    yield "hash", f"{facts['hash']} (SHA-256 {facts['sha256']})"
    for network, fit in facts["misfits"].items():
        for what in ("missing", "surplus", "misshapen", "unreadable"):
            if fit[what]:
                yield what, f"of the {network}: {_some(fit[what])}"
    if facts["unknown_tensors"]:
        yield "unknown", _some(facts["unknown_tensors"])
    for name, text in list(facts["metadata"].items())[:LISTED]:
        yield "metadata", f"{name}: {' '.join(text.split())[:METADATA]}"
    if (rest := len(facts["metadata"]) - LISTED) > 0:
        yield "metadata", f"and {rest} more, which --json prints"
    yield "usable", facts["problem"] or "yes"


def _defaults(defaults: Mapping[str, Any], distilled: str) -> str:
    settings = (
        f"{defaults['sampler']}, {defaults['schedule']}, {defaults['steps']} steps, "
        f"CFG {defaults['cfg']:g}, {defaults['width']} x {defaults['height']}"
    )
    return f"{settings}: its name, or its metadata, say {distilled}" if distilled else settings


def _some(names: list[str]) -> str:
    more = f" and {len(names) - LISTED} more" if len(names) > LISTED else ""
    return f"{', '.join(names[:LISTED])}{more}"
