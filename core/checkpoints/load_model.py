"""Loads a model of any family: a file, a folder in diffusers' layout, or a native model's folder.

It is identified first (see `identify`); then its networks are built without weights and filled from
the files, tensor by tensor. The weights stay as the files have them until a network is loaded to
its device.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import torch

from ..errors import Message, ModelError, UnreadableError
from ..families.family import Identity, Networks
from ..model.model import Model
from ..runtime.offload import (
    WORKSPACE,
    DeviceManager,
    Pinned,
    PlacementPlan,
    free_memory,
    size_of,
)
from ..runtime.precision import autoencoder_dtype, default_dtype
from ..untrusted_files import open_file
from .fill_network import KeyMismatch, compare_keys, fill
from .identify import Prediction, identify
from .tensor_file import unreadable

DEFAULT_MODEL = Path(__file__).parents[2] / "resources" / "default_model"


def load_model(
    path: Path = DEFAULT_MODEL,
    device: str = "cpu",
    *,
    companions: Sequence[Path] = (),
    prediction: Prediction | None = None,
    average: bool = False,
    dtype: torch.dtype | None = None,
    digest: str | None = None,
    device_manager: DeviceManager | None = None,
) -> Model:
    """Reads a model. Raises ModelError if it is missing, damaged, unsafe or of an unknown kind.

    `companions`: files whose networks replace or complete its own, such as a VAE.
    `prediction` overrides what is detected. `average` uses the moving average of the backbone's
    weights, if the file holds it. `dtype`: of the backbone and the text encoders, and of the
    autoencoder if its values fit (see `precision`). `digest`: becomes `Model.digest`; None computes
    it, which takes long for large files. `device_manager`: that of other models on the same GPU,
    which are offloaded if this one does not fit beside them.
    """
    identity = identify(path, companions=companions, prediction=prediction)
    check_complete(identity)
    family, torch_device = identity.family, torch.device(device)
    dtype = torch.float32 if family.float32_only else dtype or default_dtype(torch_device)
    autoencoder_type = autoencoder_dtype(dtype, torch_device, overflows=family.overflows)
    device_manager = device_manager or DeviceManager(torch_device)
    components = identity.components
    if average and components.average:
        components = replace(components, backbone=components.average)
    networks = _build(identity)
    filled = list(networks.labelled(components))
    for name, network, component in filled:
        _check(compare_keys(network, component.sources, name), component.file or path)
    autoencoder = networks.autoencoder
    assert autoencoder is not None  # `check_complete` has passed
    free = free_memory(torch_device)
    plan = _plan(identity, networks, dtype, autoencoder_type, free, device_manager.pinned)
    if plan.evicts_others:
        device_manager.unpin()
    for _, network, component in filled:
        try:
            fill(network, component.sources, autoencoder_type if network is autoencoder else dtype)
        except torch.OutOfMemoryError:
            raise
        except (ValueError, RuntimeError) as error:
            raise unreadable(component.file or path, error) from error
    try:
        conditioners = networks.conditioners()
    except UnreadableError as error:
        raise unreadable(path, error) from error
    if not plan.offloads:
        resident = [network for _, network, _ in filled]
        device_manager.pin(*resident, working=max(plan.working.values()))
        if free is not None:  # so that the memory that is free for the next model can be measured
            device_manager.load(*resident)
    return Model(
        config=identity.config,
        digest=file_digest(path, identity) if digest is None else digest,
        backbone=networks.backbone,
        autoencoder=autoencoder,
        text=conditioners.text,
        image=conditioners.image,
        conditioners=conditioners.others,
        device=torch_device,
        dtype=dtype,
        plan=plan,
        device_manager=device_manager,
    )


def _build(identity: Identity) -> Networks:
    """The networks, without weights. Raises ModelError."""
    try:
        with torch.device("meta"):
            return identity.build()
    except (ValueError, RuntimeError) as error:  # groups that do not divide, sizes that overflow
        raise unreadable(identity.path, error) from error


def _check(mismatch: KeyMismatch, path: Path) -> None:
    try:
        mismatch.check()
    except UnreadableError as error:
        raise unreadable(path, error) from error


def _plan(
    identity: Identity,
    networks: Networks,
    dtype: torch.dtype,
    autoencoder_type: torch.dtype,
    free: int | None,
    others: Pinned,
) -> PlacementPlan:
    """The plan for networks, which need no weights yet."""
    autoencoder = networks.autoencoder
    assert autoencoder is not None
    images = [] if networks.image_encoder is None else [networks.image_encoder]
    side = identity.side
    cells = (side // autoencoder.factor) ** 2
    return PlacementPlan(
        weights={
            "U-Net": size_of(networks.backbone, dtype=dtype),
            "text encoders": size_of(*networks.text_encoders, dtype=dtype),
            "image encoder": size_of(*images, dtype=dtype),
            "autoencoder": size_of(autoencoder, dtype=autoencoder_type),
        },
        working={
            "U-Net": networks.backbone.working_bytes(cells, dtype) + WORKSPACE,
            "autoencoder": autoencoder.working_bytes(side**2, autoencoder_type),
        },
        free=free,
        others=others,
    )


def check(path: Path, *, companions: Sequence[Path] = ()) -> None:
    """Raises ModelError if `path` cannot be loaded, as far as its headers show."""
    identity = identify(path, companions=companions)
    check_complete(identity)
    for mismatch in key_mismatches(identity):
        _check(mismatch, path)


def file_digest(path: Path, identity: Identity) -> str:
    """SHA-256 in hex, of a file or of the weight files of a folder; its start is A1111's hash."""
    whole = hashlib.sha256()
    for file in [path] if path.is_file() else identity.files:
        with open_file(file) as opened:
            while block := opened.read(1 << 22):
                whole.update(block)
    return whole.hexdigest()


def check_complete(identity: Identity) -> None:
    """Raises ModelError for a model that lacks networks. Reads no tensor."""
    if identity.missing:
        hint = Message("Download the whole model, with its image encoder.")
        if identity.lacks_text:
            hint = Message("Put its text encoder, such as clip_l.safetensors, into a model folder.")
        elif identity.lacks_vae:
            companion = f"{identity.path.stem}.vae.safetensors"
            hint = Message(
                "Choose a VAE for it (--vae), or put one beside it, as {file}.", file=companion
            )
        raise ModelError("{path} lacks {parts}.", hint, path=identity.path, parts=identity.missing)


def key_mismatches(identity: Identity) -> tuple[KeyMismatch, ...]:
    """The mismatches between the networks and their tensors, one for each network that has any.

    Raises ModelError if the networks cannot be built.
    """
    networks = _build(identity)
    found = (
        compare_keys(network, component.sources, name)
        for name, network, component in networks.labelled(identity.components)
    )
    return tuple(filter(None, found))
