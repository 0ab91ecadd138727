"""Identifies models from the names and shapes of their tensors, in milliseconds."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from ..errors import InvalidError, Message, NotAModelError, UnknownKindError, UnreadableError
from ..families.components import OTHER_MODELS, Components, all_tensors, find, merge
from ..families.family import Identity
from ..families.header import Header
from ..families.registry import detect_family
from ..families.unsupported import unsupported_kind
from ..untrusted_files import read_bytes
from .diffusers_folder import DiffusersFolder, is_diffusers_folder, no_model_in, open_folder
from .native_folder import is_native_folder, open_native_folder
from .open_file import open_tensors
from .overrides import read_overrides
from .tensor_file import unreadable

Prediction = Literal["eps", "v"]

MAX_YAML_BYTES = 1_000_000


def identify(
    path: Path, *, companions: Sequence[Path] = (), prediction: Prediction | None = None
) -> Identity:
    """Identifies `path`: a file, a folder in diffusers' layout, or the folder of a native model.

    `companions`: files whose networks replace or complete its own. `prediction` overrides what is
    detected, as do the overrides beside the model. Raises ModelError if it is damaged, unsafe or
    not a known model.
    """
    try:
        header = _header(path, companions, prediction)
        family = detect_family(header)
        if family is not None:
            return family.configure(family, header)
        unet = header.components.backbone
        if unet is None:
            raise _not_a_model(header.components)
        context = header.unet.context_dim if header.unet else None
        raise UnknownKindError(unsupported_kind(unet, context))
    except (OSError, UnreadableError) as error:
        raise unreadable(path, error) from error


def _header(path: Path, companions: Sequence[Path], prediction: Prediction | None) -> Header:
    if is_native_folder(path):
        return open_native_folder(path)
    folder = _opened(path)
    opened = [_opened(other) for other in companions]
    own = [find(group) for group in folder.groups]
    added = [find(group) for other in opened for group in other.groups]
    return Header(
        path=path,
        components=merge(own, added),
        files=tuple(file for one in (folder, *opened) for file in one.files),
        metadata=folder.metadata,
        parameterization=folder.parameterization,
        scheduler=folder.scheduler,
        autoencoder=folder.autoencoder,
        prediction_override=prediction or read_overrides(path).prediction,
    )


def _opened(path: Path) -> DiffusersFolder:
    if os.path.isdir(path):
        if not is_diffusers_folder(path):
            raise no_model_in(path)
        return open_folder(path)
    file = open_tensors(path)
    return DiffusersFolder(
        (all_tensors(file),), (path,), file.metadata, file.values, _parameterization(path)
    )


def _parameterization(path: Path) -> str:
    """The prediction type in a .yaml file of the same name, if there is one."""
    try:
        text = read_bytes(path.with_suffix(".yaml"), MAX_YAML_BYTES).decode("utf-8", "replace")
    except (OSError, InvalidError):
        return ""
    found = re.search(r"^[ \t]*parameterization:[ \t]*[\"']?(\w+)", text, re.MULTILINE)
    return found[1] if found else ""


def _not_a_model(components: Components) -> UnknownKindError:
    found = [*components.others]
    if whole := [kind for kind in found if kind in OTHER_MODELS]:
        return UnknownKindError("it is {kind}, which is not supported yet", kind=whole[0])
    if components.autoencoder is not None:
        found.append(Message("an autoencoder (VAE)"))
    if components.texts:
        found.append(Message("a text encoder"))
    if not found:
        return NotAModelError("it holds no known network")
    words = Message("it holds {parts}, but no U-Net, so it is not a whole model", parts=found)
    return NotAModelError(words)
