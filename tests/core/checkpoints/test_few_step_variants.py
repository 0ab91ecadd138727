"""Few-step distilled models, recognised by file name, with their settings."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from core.checkpoints.load_model import load_model
from core.families.few_step_variants import variant_of
from core.request.request import Request

TOLD = {
    "sd_turbo": ("Turbo", "Euler a", 4, 1.0),
    "sd_xl_turbo_1.0_fp16": ("Turbo", "Euler a", 4, 1.0),
    "DreamShaperXL_Turbo_v2": ("Turbo", "DPM++ SDE", 6, 2.0),
    "sdxl_lightning_4step": ("Lightning", "Euler", 4, 1.0),
    "juggernautXL_v9Rdphoto2Lightning": ("Lightning", "Euler", 4, 1.0),
    "realvisxlV40_8steps-lightning": ("Lightning", "Euler", 8, 1.0),
    "Hyper-SDXL-1step-Unet": ("Hyper", "Euler", 1, 1.0),
    "realisticVisionV60B1_v51HyperVAE": ("Hyper", "Euler", 8, 1.0),
    "dreamshaper_8LCM": ("LCM", "LCM", 4, 1.5),
    "koala-lightning-700m": ("Lightning", "Euler", 10, 3.5),
    "dmd2_sdxl_4step_unet_fp16": ("DMD2", "LCM", 4, 1.0),
}
ORDINARY = ("v1-5-pruned-emaonly", "sd_xl_base_1.0", "hyperrealism_v3", "model_20steps", "")


@pytest.mark.parametrize("name", TOLD)
def test_file_names_identify_variants(name: str) -> None:
    found = variant_of(name, {})
    assert found is not None
    variant, steps = found
    assert (variant.name, variant.sampler, steps, variant.cfg) == TOLD[name]
    Request(sampler=variant.sampler, schedule=variant.schedule, steps=steps, cfg=variant.cfg)


@pytest.mark.parametrize("name", ORDINARY)
def test_other_names_identify_no_variant(name: str) -> None:
    assert variant_of(name, {}) is None


def test_metadata_identifies_variants_too() -> None:
    found = variant_of("a", {"modelspec.title": "SDXL Lightning, 2-step"})
    assert found is not None
    assert found[1] == 2


def test_defaults_suit_the_variant(checkpoints: dict[str, Path], tmp_path: Path) -> None:
    path = tmp_path / "sdxl-turbo.safetensors"
    shutil.copy(checkpoints["SDXL"], path)
    defaults = load_model(path, digest="").defaults
    assert (defaults.sampler, defaults.cfg, defaults.width) == ("Euler a", 1.0, 512)
