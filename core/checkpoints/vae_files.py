"""Autoencoders in files of their own, in place of the one that a model came with."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import torch

from ..errors import ModelError
from ..families.families import CheckpointConfig
from ..model.model import Model
from ..networks.kl_autoencoder import AutoencoderKL
from .components import everything, find
from .config_from_shapes import autoencoder_config
from .fill_network import compared, fill
from .open_file import open_tensors
from .tensor_file import UnreadableError, unreadable

NAME = "autoencoder"


def with_vae(model: Model, path: Path) -> Model:
    """The model with the autoencoder in `path`, which may be a whole model; `model` itself stays.

    Raises ModelError if there is none in it, or none for this model.
    """
    config, own = model.config, model.autoencoder
    if not (isinstance(config, CheckpointConfig) and isinstance(own, AutoencoderKL)):
        raise ModelError(
            f"{model.name} draws with its own autoencoder only.", "Leave the VAE as it is."
        )
    part = find(everything(open_tensors(path))).autoencoder
    if part is None:
        raise ModelError(f"{path} holds no autoencoder (VAE).", "Choose another file.")
    if model.turns is not None:  # if its autoencoder takes turns, it is then where it stays
        model.turns.leave()
    like = next(own.parameters())
    try:
        found = autoencoder_config(part.sources)
        if (found.latent_channels, found.factor) != (model.latent_channels, model.factor):
            raise UnreadableError(f"its autoencoder is not one for {model.name}")
        with torch.device("meta"):
            autoencoder = AutoencoderKL(found)
        compared(autoencoder, part.sources, NAME).check()
        fill(autoencoder, part.sources, str(like.device), like.dtype)
    except torch.OutOfMemoryError:
        raise
    except (ValueError, RuntimeError) as error:  # groups that do not divide, sizes that overflow
        raise unreadable(path, error) from error
    if model.turns is not None:
        model.turns.also(autoencoder, own)
    config = replace(config, autoencoder=found)
    colours = model.colours.of_another()
    return replace(model, autoencoder=autoencoder, config=config, colours=colours)
