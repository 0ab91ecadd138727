"""Opens models in diffusers' folder layout: a subfolder for each network, sharded weights."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import cast

from ..errors import Message, ModelError, UnknownKindError, UnreadableError, quoted
from ..families.components import all_tensors
from ..families.key_names import Source, Sources
from ..untrusted_files import parse_json, read_bytes
from .open_file import SUFFIXES, open_tensors
from .tensor_file import TensorFile

INDEX = "model_index.json"
NETWORKS = ("unet", "vae", "text_encoder", "text_encoder_2")
IMAGE_ENCODER = ("image_encoder", "image_normalizer")
"""Folders of a unCLIP image encoder; an image encoder alone has other purposes."""
STEMS = ("diffusion_pytorch_model", "model", "pytorch_model")
MAX_JSON_BYTES = 10_000_000
MAX_SEARCHED = 1000
"""Maximum number of files in a folder that are looked at to find a model."""


@dataclass(frozen=True)
class DiffusersFolder:
    """Opened files whose tensors make up a model, or a part of one."""

    groups: tuple[Sources, ...]
    """Tensors by name; names are unique within a group."""
    files: tuple[Path, ...]
    metadata: Mapping[str, str] = field(default_factory=dict[str, str])
    values: Mapping[str, float] = field(default_factory=dict[str, float])
    parameterization: str = ""
    """The prediction type from a .yaml file of the same name."""
    scheduler: Mapping[str, object] = field(default_factory=dict[str, object])
    """The configuration of its scheduler."""
    autoencoder: Mapping[str, object] = field(default_factory=dict[str, object])
    """The configuration of its autoencoder."""


def is_diffusers_folder(path: Path) -> bool:
    return os.path.isfile(path / INDEX)


def no_model_in(path: Path) -> ModelError:
    """Why a folder is not a model; names the one that was meant, as far as it is near."""
    hint = Message("Choose a checkpoint file, or the folder of the whole model.")
    if near := _near(path):
        return ModelError(
            "{path} is not a model, but {folder} is.", "Choose that folder.", path=path, folder=near
        )
    if networks := [name for name in NETWORKS if os.path.isdir(path / name)]:
        return ModelError(
            "{path} has {folders}, but no model_index.json.",
            "Download that file of the model, too.",
            path=path,
            folders=networks,
        )
    return ModelError(
        "{path} is not a model: it has neither a model.json nor a model_index.json.",
        hint,
        path=path,
    )


def _near(path: Path) -> Path | None:
    """A model that this folder is part of, or one within it: the cache of the Hugging Face Hub
    keeps them in `snapshots/REVISION`.
    """
    inside = [path / "snapshots", path]
    folders = [path.parent] + [
        found
        for folder in inside
        if os.path.isdir(folder)
        for found in islice(folder.iterdir(), MAX_SEARCHED)
    ]
    return next((folder for folder in folders if is_diffusers_folder(folder)), None)


def open_folder(path: Path) -> DiffusersFolder:
    """Raises ModelError, UnreadableError."""
    index = _read_json(path / INDEX)
    kind = index.get("_class_name", "")
    if "unet" in index and not os.path.isdir(path / "unet"):
        raise UnreadableError("its folder {folder} is missing", folder="unet")
    groups: list[Sources] = []
    files: list[Path] = []
    embeds = all(os.path.isdir(path / name) for name in IMAGE_ENCODER)
    for name in (*NETWORKS, *(IMAGE_ENCODER if embeds else ())):
        if os.path.isdir(path / name):
            opened = [open_tensors(file) for file in _weight_files(path / name)]
            groups.append(_merge_shards(opened))
            files += [file.path for file in opened]
    if not any("unet" in file.parts for file in files):
        raise UnknownKindError(
            "it is a {kind} without a U-Net, which is not supported yet", kind=kind or "model"
        )
    return DiffusersFolder(
        tuple(groups),
        tuple(files),
        scheduler=_read_config(path / "scheduler" / "scheduler_config.json"),
        autoencoder=_read_config(path / "vae" / "config.json"),
    )


def _merge_shards(files: list[TensorFile]) -> Sources:
    joined: dict[str, Source] = {}
    for file in files:
        for name, source in all_tensors(file).items():
            if name in joined:
                raise UnreadableError(
                    "{tensor} is in more than one of its files", tensor=quoted(name)
                )
            joined[name] = source
    return joined


def _weight_files(folder: Path) -> list[Path]:
    """The weight files of a network: of the complete ones, safetensors before pickles, full
    precision first.
    """
    names = {entry.name for entry in folder.iterdir() if entry.is_file()}
    incomplete: list[UnreadableError] = []
    for name in filter(names.__contains__, _weight_names()):
        if not name.endswith(".json"):
            return [folder / name]
        try:
            return _shards(folder / name, names)
        except UnreadableError as error:
            incomplete.append(error)
    if incomplete:
        raise incomplete[0]
    raise ModelError(
        "{folder} holds no weights.", "Download the model again, with its weights.", folder=folder
    )


def _weight_names() -> Iterator[str]:
    """The names that diffusers gives to weights, whole and in shards, over the years; the best
    first.
    """
    for suffix in SUFFIXES:
        for stem in STEMS:
            for variant in ("", ".fp16", ".bf16", ".fp32", ".non_ema"):
                for whole in (f"{stem}{variant}{suffix}", f"{stem}{suffix}{variant}"):
                    yield whole
                    yield f"{whole}.index.json"
                yield f"{stem}{suffix}.index{variant}.json"


def _shards(index: Path, names: Set[str]) -> list[Path]:
    places = _read_json(index).get("weight_map")
    if not isinstance(places, dict):
        raise UnreadableError("{file} has no weight_map", file=index.name)
    shards = sorted({str(name) for name in cast("dict[str, object]", places).values()})
    missing = [name for name in shards if name not in names]
    if missing:
        raise UnreadableError(
            "{index} names {file}, which is missing", index=index.name, file=quoted(missing[0])
        )
    return [index.parent / name for name in shards]


def _read_config(path: Path) -> Mapping[str, object]:
    """Empty if there is none."""
    return _read_json(path) if os.path.isfile(path) else {}


def _read_json(path: Path) -> Mapping[str, object]:
    try:
        parsed: object = parse_json(read_bytes(path, MAX_JSON_BYTES))
    except OSError as error:
        raise UnreadableError(
            "{file} cannot be read: {error}", file=path.name, error=error
        ) from error
    except ValueError as error:
        raise UnreadableError("{file} is damaged: {error}", file=path.name, error=error) from error
    if not isinstance(parsed, dict):
        raise UnreadableError("{file} is not a JSON object", file=path.name)
    return cast("dict[str, object]", parsed)
