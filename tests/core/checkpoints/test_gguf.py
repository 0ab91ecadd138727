"""GGUF files: every block format against the reference, whole models, and damaged files."""

from __future__ import annotations

import math
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.checkpoints.identify import identify
from core.checkpoints.load_model import load_model
from core.checkpoints.open_file import open_tensors
from core.checkpoints.quantized_blocks import BLOCKS, dequantize, magnitude_bound
from core.errors import ModelError
from core.runtime.offload import size_of
from tests.core.checkpoints.tiny import Tiny, original

gguf = pytest.importorskip("gguf")
SCALES = {
    "Q2_K": (80, 82),
    "Q3_K": (108,),
    "Q6_K": (208,),
    "Q4_0": (0,),
    "Q5_0": (0,),
    "Q8_0": (0,),
}
"""Offsets of a block's float16 numbers; the others have them at 0 and 2."""


@pytest.mark.parametrize("number", BLOCKS)
def test_blocks_are_dequantized_like_the_reference(number: int) -> None:
    blocks = BLOCKS[number]
    generator = np.random.default_rng(number)
    data = generator.integers(0, 256, (6, blocks.size), dtype=np.uint8)
    for at in SCALES.get(blocks.name, (0, 2)):
        scales = generator.normal(size=6).astype(np.float16)
        data[:, at : at + 2] = scales.view(np.uint8).reshape(6, 2)
    kind = gguf.GGMLQuantizationType(number)
    assert kind.name == blocks.name
    assert gguf.GGML_QUANT_SIZES[kind] == (blocks.count, blocks.size)
    expected = gguf.dequantize(data.reshape(2, -1), kind)
    ours = dequantize(torch.as_tensor(data), blocks, expected.shape)
    torch.testing.assert_close(ours, torch.as_tensor(expected), atol=1e-5, rtol=1e-5)
    assert magnitude_bound(torch.as_tensor(data), blocks) >= np.abs(expected).max()


@pytest.mark.parametrize("number", BLOCKS)
@pytest.mark.parametrize("byte", [0, 85, 170, 255])
def test_the_bound_of_blocks_holds_for_extreme_numbers(number: int, byte: int) -> None:
    blocks = BLOCKS[number]
    data = torch.full((1, blocks.size), byte, dtype=torch.uint8)
    for at in blocks.scales:
        data[:, at : at + 2] = torch.tensor([-1.0], dtype=torch.float16).view(torch.uint8)
    largest = float(dequantize(data, blocks, (blocks.count,)).abs().max())
    assert largest <= magnitude_bound(data, blocks)


@pytest.mark.parametrize("number", BLOCKS)
def test_the_bound_of_blocks_with_a_nan_scale_is_nan(number: int) -> None:
    blocks = BLOCKS[number]
    for at in blocks.scales:
        data = torch.zeros(3, blocks.size, dtype=torch.uint8)
        data[1, at : at + 2] = torch.tensor([math.nan], dtype=torch.float16).view(torch.uint8)
        assert math.isnan(magnitude_bound(data, blocks))


@pytest.mark.parametrize("count", [3, 4, 9])
def test_many_blocks_are_dequantized_in_chunks(count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    kind = gguf.GGMLQuantizationType.Q4_0
    numbers = np.random.default_rng(0).standard_normal((count, 32), dtype=np.float32)
    packed = gguf.quantize(numbers, kind)
    monkeypatch.setattr("core.checkpoints.quantized_blocks.CHUNK_BLOCKS", 4)
    ours = dequantize(torch.as_tensor(packed).flatten(), BLOCKS[int(kind)], numbers.shape)
    torch.testing.assert_close(ours, torch.as_tensor(gguf.dequantize(packed, kind)))


def write(tiny: Tiny, path: Path, kind: Any) -> dict[str, torch.Tensor]:
    """The model as other programs quantize it: what fits into whole blocks, one layer reshaped;
    returns the numbers that are in the file."""
    writer = gguf.GGUFWriter(path, "sdxl")
    stored: dict[str, torch.Tensor] = {}
    for i, (name, value) in enumerate(original(tiny).items()):
        numbers = value.float().numpy()
        if numbers.ndim < 2 or not value.is_floating_point() or "alphas" in name:
            writer.add_tensor(name, numbers)
            stored[name] = value
            continue
        if numbers.ndim == 4 and numbers.size % 256 == 0:
            writer.add_array(f"comfy.gguf.orig_shape.{name}", list(numbers.shape))
            numbers = numbers.reshape(-1, 256)
        if numbers.shape[-1] % 32:
            packed, kind_of = numbers.astype(np.float16), gguf.GGMLQuantizationType.F16
        else:
            kind_of = kind if i % 2 else gguf.GGMLQuantizationType.Q8_0
            packed = gguf.quantize(numbers, kind_of)
        writer.add_tensor(name, packed, raw_dtype=kind_of)
        numbers = gguf.dequantize(packed, kind_of).reshape(value.shape)
        stored[name] = torch.as_tensor(numbers)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return stored


@pytest.fixture(scope="module")
def packed(tinies: dict[str, Tiny], tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("gguf") / "model.gguf"
    write(tinies["SDXL"], path, gguf.GGMLQuantizationType.Q4_0)
    return path


@pytest.mark.parametrize("kind", ["SD1", "SDXL"])
@pytest.mark.parametrize("packing", ["Q4_0", "Q5_1"])
def test_a_gguf_model_is_identified_and_loaded(
    kind: str, packing: str, tinies: dict[str, Tiny], tmp_path: Path
) -> None:
    path = tmp_path / "model.gguf"
    stored = write(tinies[kind], path, gguf.GGMLQuantizationType[packing])
    identity = identify(path)
    assert identity.backbone == tinies[kind].kind.unet
    assert {packing, "Q8_0", "float16", "float32"} >= set(identity.dtypes) > {packing}
    model = load_model(path, digest="known")
    entries = open_tensors(path).entries
    packed = [n for name, n in entries.items() if name.startswith("model.diffusion_model.")]
    assert size_of(model.backbone) == sum(entry.nbytes for entry in packed)
    model.bring(*model.networks)
    assert size_of(model.backbone) == size_of(model.backbone, dtype=model.dtype)
    for name, value in model.backbone.state_dict().items():
        assert torch.equal(value, stored[f"model.diffusion_model.{name}"].float()), name


def test_damaged_files_are_refused(packed: Path, tmp_path: Path) -> None:
    whole, path = packed.read_bytes(), tmp_path / "cut.gguf"
    for size in (4, 8, 20, 24, 60, 200, 5_000, len(whole) - 40_000):
        path.write_bytes(whole[:size])
        with pytest.raises(ModelError, match="incomplete"):
            identify(path)
    for damage, message in (
        ((4, b"\x63"), "unknown version 99"),
        ((8, b"\xff" * 8), "it claims to hold"),
        ((16, b"\xff" * 8), "it claims to hold"),
        ((24, b"\xff" * 8), "characters in a name"),
    ):
        at, data = damage
        path.write_bytes(whole[:at] + data + whole[at + len(data) :])
        with pytest.raises(ModelError, match=message):
            identify(path)


def gguf_file(values: bytes, count: int, tensors: bytes = b"", number: int = 0) -> bytes:
    return b"GGUF" + struct.pack("<IQQ", 3, number, count) + values + tensors


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (gguf_file(struct.pack("<Q1sIIQ", 1, b"a", 9, 0, 2**40), 1), "values in a list"),
        (gguf_file(struct.pack("<Q1sIQ", 1, b"a", 8, 2**40), 1), "characters in a name"),
        (gguf_file(struct.pack("<Q1sII", 1, b"a", 9, 9), 1), "incomplete"),
        (gguf_file(struct.pack("<Q1sI", 1, b"a", 77), 1), "unknown type 77"),
        (gguf_file(b"", 0, struct.pack("<Q1sI", 1, b"w", 99), 1), 'sides of "w"'),
        (gguf_file(b"", 0, struct.pack("<Q1sIQIQ", 1, b"w", 1, 2**47, 0, 0), 1), 'ends within "w"'),
        (
            gguf_file(b"", 0, struct.pack("<Q1sIQIQ", 1, b"w", 1, 2**62, 0, 0), 1),
            "impossible shape",
        ),
        (gguf_file(b"", 0, struct.pack("<Q1sIQIQ", 1, b"w", 1, 8, 0, 2**63), 1), 'ends within "w"'),
        (
            gguf_file(b"", 0, struct.pack("<Q1sIQIQ", 1, b"w", 1, 1, 0, 0) * 2, 2) + bytes(64),
            'names "w" twice',
        ),
        (
            gguf_file(
                b"",
                0,
                b"".join(struct.pack("<Q2sIQIQ", 2, b"%02d" % i, 1, 250, 0, 0) for i in range(99)),
                99,
            )
            + bytes(2000),
            "larger than the file",
        ),
    ],
)
def test_sizes_beyond_the_file_are_refused(data: bytes, message: str, tmp_path: Path) -> None:
    path = tmp_path / "model.gguf"
    path.write_bytes(data)
    with pytest.raises(ModelError, match=message):
        open_tensors(path)


def test_an_unknown_format_matters_only_where_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "model.gguf"
    described = struct.pack("<Q1sIQIQ", 1, b"w", 1, 8, 77, 0)
    path.write_bytes(gguf_file(b"", 0, described, 1) + bytes(64))
    file = open_tensors(path)
    assert file.entries["w"].stored == "GGUF 77"
    with pytest.raises(ModelError, match='"w" has the unknown dtype GGUF 77'):
        file.tensor("w")


@given(data=st.data())
@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
def test_flipped_bytes_are_harmless(data: st.DataObject, packed: Path, tmp_path: Path) -> None:
    whole = bytearray(packed.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        whole[data.draw(st.integers(4, 60_000))] = data.draw(st.integers(0, 255))
    path = tmp_path / "flipped.gguf"
    path.write_bytes(whole)
    try:
        file = open_tensors(path)
    except ModelError:
        return
    for name in list(file.entries)[:20]:
        assert file.tensor(name).shape == file.entries[name].shape
