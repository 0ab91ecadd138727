"""Families: one list of records, and the default model is in it."""

from __future__ import annotations

import importlib
import pkgutil
from pathlib import Path

import pytest

import core.families
from core.checkpoints.identify import identify
from core.checkpoints.load_model import DEFAULT_MODEL, load_model
from core.families.cosxl import COSXL
from core.families.family import Family
from core.families.native import NATIVE
from core.families.playground import PLAYGROUND
from core.families.registry import FAMILIES, family_of_width
from core.families.stable_diffusion_1 import STABLE_DIFFUSION_1
from core.families.stable_diffusion_2 import STABLE_DIFFUSION_2
from core.families.stable_diffusion_xl import STABLE_DIFFUSION_XL
from tests.core.checkpoints.tiny import KINDS


def test_every_family_module_is_registered() -> None:
    modules = [
        importlib.import_module(f"core.families.{module.name}")
        for module in pkgutil.iter_modules(core.families.__path__)
    ]
    written = {
        id(value): name
        for module in modules
        for name, value in vars(module).items()
        if isinstance(value, Family)
    }
    assert written.keys() == {id(family) for family in FAMILIES}, written.values()


@pytest.mark.parametrize("kind", KINDS)
def test_a_published_file_matches_exactly_one_family(
    kind: str, checkpoints: dict[str, Path]
) -> None:
    identity = identify(checkpoints[kind])
    assert identity.family in FAMILIES
    assert identity.family.latents.channels == identity.backbone.out_channels
    assert identity.autoencoder is not None
    assert identity.family.latents.factor == identity.autoencoder.factor


def test_the_default_model_has_a_family_like_any_other() -> None:
    identity, model = identify(DEFAULT_MODEL), load_model()
    assert identity.family is model.config.family is NATIVE
    assert not identity.missing
    assert identity.config == model.config
    assert set(identity.dtypes) == {"float16"}
    assert identity.parameters == sum(
        weights.numel() for network in model.networks for weights in network.parameters()
    )


def test_latent_formats_are_compared_as_data() -> None:
    assert STABLE_DIFFUSION_1.latents == STABLE_DIFFUSION_2.latents
    assert STABLE_DIFFUSION_XL.latents == COSXL.latents == PLAYGROUND.latents
    assert len({family.latents.name for family in FAMILIES}) == len(
        {family.latents for family in FAMILIES}
    )
    assert STABLE_DIFFUSION_1.latents != STABLE_DIFFUSION_XL.latents != NATIVE.latents


@pytest.mark.parametrize(("width", "family"), [(768, STABLE_DIFFUSION_1), (7, None), (None, None)])
def test_loras_and_embeddings_are_matched_by_width(
    width: int | None, family: Family | None
) -> None:
    assert family_of_width(width) is family
