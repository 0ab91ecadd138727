"""Tiny decoders (TAESD): read in every layout, with diffusers' results."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from core.checkpoints.load_model import load_model
from core.checkpoints.tiny_decoders import load_tiny_decoder
from core.errors import ModelError
from core.model.model import Model
from core.pipeline.previews import preview
from core.pipeline.text_to_image import prepare, steps
from tests.core.checkpoints.tiny import REQUEST

LAYOUTS = ("as published", "published as .pth", "under one prefix", "folder of diffusers")


@pytest.fixture(scope="module")
def reference(randomised: Callable[..., Any]) -> Any:
    diffusers = pytest.importorskip("diffusers")
    return randomised(diffusers.AutoencoderTiny().eval(), 5)


@pytest.fixture(scope="module")
def model(checkpoints: dict[str, Path]) -> Model:
    return load_model(checkpoints["SD1"], digest="known")


def published(reference: Any, part: str = "decoder") -> dict[str, Tensor]:
    """In the first published format: a decoder's layers count from 1."""
    found: dict[str, Tensor] = {}
    for name, value in reference.state_dict().items():
        if name.startswith(f"{part}.layers."):
            number, _, rest = name.removeprefix(f"{part}.layers.").partition(".")
            found[f"{int(number) + (part == 'decoder')}.{rest}"] = value
    return found


def write(reference: Any, layout: str, folder: Path) -> Path:
    path = folder / "taesd_decoder.safetensors"
    if layout == "folder of diffusers":
        reference.save_pretrained(folder / "taesd")
        return folder / "taesd"
    weights = published(reference)
    if layout == "published as .pth":
        path = path.with_suffix(".pth")
        torch.save(weights, path)
        return path
    prefix = "taesd_decoder." if layout == "under one prefix" else ""
    save_file({prefix + name: value for name, value in weights.items()}, path)
    return path


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_tiny_decoder_equals_diffusers(
    layout: str, reference: Any, model: Model, tmp_path: Path
) -> None:
    shown = model.with_preview(load_tiny_decoder(write(reference, layout, tmp_path), model))
    latent = torch.randn(1, 4, 8, 11, generator=torch.Generator().manual_seed(0)) * 2
    expected = reference.decode(latent).sample.clamp(-1, 1)
    torch.testing.assert_close(shown.preview(latent), expected, atol=1e-5, rtol=1e-4)
    assert model.previewer is None


def test_previews_use_the_tiny_decoder(reference: Any, model: Model, tmp_path: Path) -> None:
    decoder = load_tiny_decoder(write(reference, "as published", tmp_path), model)
    shown = model.with_preview(decoder)
    seen: list[Tensor] = []
    assert shown.previewer
    hook = shown.previewer.register_forward_hook(lambda _, args, out: seen.append(args[0]))
    job = prepare(shown, replace(REQUEST, steps=1))
    [step] = steps(job)
    preview(job, step)
    hook.remove()
    assert len(seen) == 1
    assert torch.equal(seen[0], step.x0)


def test_other_files_are_refused_by_name(
    reference: Any,
    model: Model,
    randomised: Callable[..., Any],
    checkpoints: dict[str, Path],
    tmp_path: Path,
) -> None:
    path = tmp_path / "file.safetensors"
    save_file(published(reference, "encoder"), path)
    with pytest.raises(ModelError, match="an encoder only"):
        load_tiny_decoder(path, model)
    with pytest.raises(ModelError, match="no tiny decoder"):
        load_tiny_decoder(checkpoints["SD1"], model)
    weights = published(reference)
    save_file(weights | {"1.weight": torch.zeros(64, 16, 3, 3)}, path)
    with pytest.raises(ModelError, match="16 channels"):
        load_tiny_decoder(path, model)
    del weights["8.conv.2.bias"]
    save_file(weights, path)
    with pytest.raises(ModelError, match=r"lacks 8\.conv\.2\.bias"):
        load_tiny_decoder(path, model)
    (tmp_path / "empty").mkdir()
    with pytest.raises(ModelError, match="no weights"):
        load_tiny_decoder(tmp_path / "empty", model)
