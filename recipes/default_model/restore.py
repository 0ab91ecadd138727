"""Starts training runs from a model folder, to continue from shipped weights.

A model folder has the moving averages, in half precision, and no optimiser state: a run that starts
from it counts its images from zero, and its learning rate warms up again.
"""

from __future__ import annotations

from pathlib import Path

from torch import nn

from core.checkpoints import weight_files
from core.networks.compact_autoencoder import CompactAutoencoder
from core.networks.unet import UNet
from core.training.training_loop import Plan, save_checkpoint, start

from . import autoencoder, denoiser
from .packages import RecipeError
from .workspace import Workspace, checkpoint


def restore(model: Path, space: Workspace) -> list[str]:
    """Creates the run of each network that has none in the work folder; returns their names.

    Raises RecipeError if the model's networks are not those of the recipe.
    """
    parts: tuple[tuple[str, nn.Module, Plan, Path], ...] = (
        (
            "autoencoder",
            CompactAutoencoder(autoencoder.CONFIG),
            autoencoder.PLAN,
            space.autoencoder,
        ),
        ("unet", UNet(denoiser.CONFIG), denoiser.PLAN, space.denoiser),
    )
    begun: list[str] = []
    for name, network, plan, run in parts:
        if checkpoint(run).exists():
            continue
        source = model / f"{name}.safetensors"
        try:
            tensors, _ = weight_files.read(source)
            network.load_state_dict(tensors)
        except (OSError, ValueError, RuntimeError) as error:
            raise RecipeError(
                "{source} is not of this recipe: {error}.", source=source, error=first_line(error)
            ) from error
        run.mkdir(parents=True, exist_ok=True)
        save_checkpoint(start(network, plan), plan, checkpoint(run))
        begun.append(name)
    return begun


def first_line(error: Exception) -> str:
    """torch names every tensor that does not fit, one a line."""
    return str(error).splitlines()[0].rstrip(".:")
