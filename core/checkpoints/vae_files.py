"""Loads a VAE file in place of a model's own."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import torch

from ..errors import ModelError, UnreadableError
from ..families.components import all_tensors
from ..model.model import Model
from ..networks.protocols import dtype_of
from ..runtime.offload import expand
from .fill_network import compare_keys, fill
from .open_file import open_tensors
from .tensor_file import unreadable

NAME = "autoencoder"


def with_vae(model: Model, path: Path) -> Model:
    """A model with the VAE in `path`, which may also be a whole model; `model` is unchanged.

    Raises ModelError if the file holds no VAE, or one that does not fit.
    """
    config, own = model.config, model.autoencoder
    sources = all_tensors(open_tensors(path))
    try:
        with torch.device("meta"):
            found = config.family.find_autoencoder(sources)
        if found is None:
            raise ModelError(
                "{path} holds no autoencoder (VAE).", "Choose another file.", path=path
            )
        shape = found.network.latent_channels, found.network.factor
        if shape != (model.latent_channels, model.factor):
            raise UnreadableError("its autoencoder does not fit {model}", model=model.name)
        compare_keys(found.network, found.sources, NAME).check()
        fill(found.network, found.sources, dtype_of(own))
    except torch.OutOfMemoryError:
        raise
    except (ValueError, RuntimeError) as error:  # groups that do not divide, sizes that overflow
        raise unreadable(path, error) from error
    autoencoder = found.network
    if model.device_manager is None:
        expand(autoencoder, model.device)
    else:
        model.device_manager.pin_like(autoencoder, own)
    latent_rgb = model.latent_rgb.for_another_autoencoder()
    return replace(model, autoencoder=autoencoder, latent_rgb=latent_rgb)
