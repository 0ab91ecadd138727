"""Model folders: loaded completely, or refused with the name of the file at fault."""

from __future__ import annotations

import json
import pickle
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from core.checkpoints.load_model import load_model
from core.checkpoints.native_folder import WEIGHTS
from core.errors import ModelError
from core.families.native_config import NativeConfig
from core.model.model import Model

ROOT = Path(__file__).parents[3]


@pytest.fixture
def folder(tiny_model_folder: Path, tmp_path: Path) -> Path:
    """A copy that a test may damage."""
    return shutil.copytree(tiny_model_folder, tmp_path / "model")


def test_a_folder_loads_with_its_weights(tiny_model_folder: Path) -> None:
    model = load_model(tiny_model_folder)
    model.bring(*model.networks)
    for network, file in zip(
        (model.backbone, model.autoencoder, *model.text.networks), WEIGHTS, strict=True
    ):
        weights = network.state_dict()
        stored = load_file(tiny_model_folder / file)
        assert weights.keys() == stored.keys()
        for name, value in weights.items():
            assert value.dtype == torch.float32
            assert torch.equal(value, stored[name].float()), name
        assert not network.training
        assert not any(value.requires_grad for value in network.parameters())
    assert model.name == "Tiny"
    assert model.size_multiple == 16
    assert model.max_side == 96
    assert model.defaults.steps == 3


def test_latents_are_normalised_by_the_configured_statistics(tiny_model: Model) -> None:
    image = torch.rand(2, 3, 32, 16) * 2 - 1
    config = tiny_model.config
    mean, std = (torch.tensor(x)[:, None, None] for x in (config.latent_mean, config.latent_std))
    raw = tiny_model.autoencoder.encode(image)
    latent = tiny_model.encode(image)
    torch.testing.assert_close(latent, (raw - mean) / std)


def test_faint_alpha_is_cleared_and_the_rest_is_unchanged(tiny_model: Model) -> None:
    latent = 3 * torch.randn(2, len(tiny_model.config.latent_mean), 8, 8)
    config = tiny_model.config
    mean, std = (torch.tensor(x)[:, None, None] for x in (config.latent_mean, config.latent_std))
    raw = tiny_model.autoencoder.decode(latent * std + mean).clamp(-1, 1)
    decoded = tiny_model.decode(latent)
    alpha = (raw[:, 3] + 1) / 2
    nothing, solid = alpha < 0.05, alpha > 0.95
    assert nothing.any()
    assert solid.any()
    pixels, before = decoded.movedim(1, -1), raw.movedim(1, -1)
    assert (pixels[nothing][:, :3] == 1).all()
    assert (pixels[nothing][:, 3] == -1).all()
    torch.testing.assert_close(pixels[solid][:, :3], before[solid][:, :3])
    assert (pixels[solid][:, 3] == 1).all()


def test_the_digest_identifies_the_weights(
    folder: Path, tiny_model: Model, tiny_config: NativeConfig
) -> None:
    assert load_model(folder).digest == tiny_model.digest
    config = replace(tiny_config, name="Another name")
    (folder / "model.json").write_text(config.to_json(), encoding="utf-8")
    assert load_model(folder).digest == tiny_model.digest
    unet = load_file(folder / "unet.safetensors")
    unet["out.2.bias"] = unet["out.2.bias"] + 1
    save_file(unet, folder / "unet.safetensors")
    assert load_model(folder).digest != tiny_model.digest


def test_the_configuration_round_trips_through_json(tiny_config: NativeConfig) -> None:
    assert NativeConfig.from_json(tiny_config.to_json()) == tiny_config


@pytest.mark.parametrize("name", ["model.json", *WEIGHTS, "tokenizer.json"])
@pytest.mark.parametrize("damage", ["missing", "empty", "noise", "a folder"])
def test_an_unusable_file_is_named(folder: Path, name: str, damage: str) -> None:
    path = folder / name
    path.unlink()
    if damage == "empty":
        path.touch()
    elif damage == "noise":
        path.write_bytes(bytes(range(256)) * 20)
    elif damage == "a folder":
        path.mkdir()
    with pytest.raises(ModelError, match=name) as caught:
        load_model(folder)
    assert "None" not in str(caught.value)
    assert caught.value.hint


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="nowhere"):
        load_model(tmp_path / "nowhere")


def truncated(data: bytes) -> bytes:
    return data[: len(data) * 2 // 3]


def cut_in_the_header(data: bytes) -> bytes:
    return data[:100]


def with_a_huge_header(data: bytes) -> bytes:
    return (2**62).to_bytes(8, "little") + data[8:]


def with_trailing_bytes(data: bytes) -> bytes:
    return data + bytes(64)


def with_overlapping_offsets(data: bytes) -> bytes:
    size = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + size])
    first, second = list(header)[:2]
    header[first]["data_offsets"] = header[second]["data_offsets"]
    changed = json.dumps(header).encode()
    return len(changed).to_bytes(8, "little") + changed + data[8 + size :]


def with_unknown_elements(data: bytes) -> bytes:
    return data.replace(b'"F16"', b'"F99"')


@pytest.mark.parametrize("name", WEIGHTS)
@pytest.mark.parametrize(
    "damaged",
    [
        truncated,
        cut_in_the_header,
        with_a_huge_header,
        with_trailing_bytes,
        with_overlapping_offsets,
        with_unknown_elements,
    ],
)
def test_damaged_weights_are_refused(
    folder: Path, name: str, damaged: Callable[[bytes], bytes]
) -> None:
    path = folder / name
    path.write_bytes(damaged(path.read_bytes()))
    with pytest.raises(ModelError, match=name):
        load_model(folder)


@pytest.mark.parametrize("name", WEIGHTS)
@pytest.mark.parametrize("change", ["lacking", "extra", "shape", "broadcastable", "renamed"])
def test_missing_and_extra_tensors_are_refused(folder: Path, name: str, change: str) -> None:
    path = folder / name
    tensors = load_file(path)
    key = next(key for key, value in tensors.items() if value.ndim > 1)
    value = tensors[key]
    if change in ("lacking", "renamed"):
        del tensors[key]
    if change == "extra":
        tensors["one.more"] = torch.zeros(2)
    if change == "renamed":
        tensors["another." + key] = value
    if change == "shape":
        tensors[key] = torch.zeros(3, 5)
    if change == "broadcastable":
        tensors[key] = tensors[key][:1].clone()
    save_file(tensors, path)
    with pytest.raises(ModelError, match=name):
        load_model(folder)


class Trap:
    """Unpickled, it would create a file."""

    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> tuple[Any, ...]:
        return (Path.touch, (self.target,))


@pytest.mark.parametrize("name", WEIGHTS)
def test_a_pickle_is_refused_and_never_run(folder: Path, tmp_path: Path, name: str) -> None:
    proof = tmp_path / "executed"
    for data in (pickle.dumps({"weight": Trap(proof)}), pickle.dumps(Trap(proof), protocol=0)):
        (folder / name).write_bytes(data)
        with pytest.raises(ModelError, match=name):
            load_model(folder)
    torch.save({"weight": Trap(proof)}, folder / name)
    with pytest.raises(ModelError, match=name):
        load_model(folder)
    assert not proof.exists()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        '"words"',
        "17",
        "null",
        "{}",
        '{"format": 1}',
        '{"format": 2}',
        "[" * 100_000,
        '{"format": 1, "name": ' + "[" * 100_000,
        '{"format": ' + "9" * 5000 + "}",
        "\ufeff{}",
    ],
    ids=lambda text: text[:30],
)
def test_invalid_configurations_are_refused(folder: Path, text: str) -> None:
    (folder / "model.json").write_text(text, encoding="utf-8")
    with pytest.raises(ModelError, match=r"model\.json does not describe a model"):
        load_model(folder)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", 3),
        ("surprise", 1),
        ("unet", []),
        ("unet", None),
        ("unet.channels", 2**40),
        ("unet.channels", -16),
        ("unet.channels", 0),
        ("unet.channels", 16.0),
        ("unet.channels", True),
        ("unet.channels", "16"),
        ("unet.channels", 18),
        ("unet.channels", 17),
        ("unet.surprise", 1),
        ("unet.multipliers", []),
        ("unet.multipliers", [1] * 60_000),
        ("unet.multipliers", [1, 65_536]),
        ("unet.multipliers", "12"),
        ("unet.depths", [0, 65_000]),
        ("unet.depths", [0]),
        ("unet.blocks", 65_000),
        ("unet.heads", 5),
        ("unet.heads", 0),
        ("unet.context_dim", 17),
        ("unet.vector_dim", 8),
        ("unet.out_channels", 8),
        ("unet.upsample", "bicubic"),
        ("unet.dropout", 2.0),
        ("autoencoder.latent_channels", 3),
        ("autoencoder.encoder_widths", [8, 8]),
        ("autoencoder.decoder_widths", [8, 8, 8, 8]),
        ("text_encoder.layers", 65_000),
        ("text_encoder.heads", 3),
        ("text_encoder.vocabulary", 10**30),
        ("text_encoder.vocabulary", 5),
        ("text_encoder.norm_eps", 10**400),
        ("prompt_tokens", 10**9),
        ("prompt_tokens", 1),
        ("prediction", "tea leaves"),
        ("schedule.t_min", 0.9999),
        ("schedule.t_max", float("nan")),
        ("latent_mean", [0.0, float("inf"), 0.0, 0.0]),
        ("latent_std", [1.0, 1.0, 0.0, 1.0]),
        ("latent_std", [1.0]),
        ("max_side", 10**9),
        ("defaults.sampler", "Guess"),
        ("defaults.steps", 0),
    ],
)
def test_impossible_configurations_are_refused(folder: Path, field: str, value: Any) -> None:
    data = json.loads((folder / "model.json").read_text(encoding="utf-8"))
    *parents, last = field.split(".")
    part = data
    for parent in parents:
        part = part[parent]
    part[last] = value
    (folder / "model.json").write_text(json.dumps(data), encoding="utf-8")
    with pytest.raises(ModelError, match="model"):
        load_model(folder)


def test_an_endless_configuration_is_not_read(folder: Path) -> None:
    with (folder / "model.json").open("a", encoding="utf-8") as file:
        file.write(" " * 1_000_001)
    with pytest.raises(ModelError, match="larger than"):
        load_model(folder)


def test_a_tokenizer_with_another_vocabulary_is_refused(folder: Path) -> None:
    data = json.loads((folder / "tokenizer.json").read_text(encoding="utf-8"))
    data["model"]["vocab"]["zebra"] = 400
    (folder / "tokenizer.json").write_text(json.dumps(data), encoding="utf-8")
    with pytest.raises(ModelError, match=r"tokenizer\.json"):
        load_model(folder)


def test_loading_does_not_import_the_compiler(tiny_model_folder: Path) -> None:
    """torch._dynamo takes seconds to import, and initialising on the meta device may do it."""
    code = f"""
import sys
from pathlib import Path
from core.checkpoints.load_model import load_model
load_model(Path({str(tiny_model_folder)!r}))
assert "torch._dynamo" not in sys.modules
"""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
