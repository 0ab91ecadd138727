"""Files of PyTorch before 1.6: read as torch reads them; malicious and damaged ones refused."""

from __future__ import annotations

import io
import pickle
import struct
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch import nn

from core.checkpoints.legacy_torch_files import MAGIC_NUMBER
from core.checkpoints.open_file import open_tensors
from core.errors import ModelError
from tests.core.checkpoints.test_pickles import NAMES, malicious, tensor_pickle

SYSTEM = {"protocol_version": 1001, "little_endian": True, "type_sizes": {"int": 4}}


def saved(value: object) -> bytes:
    buffer = io.BytesIO()
    torch.save(value, buffer, _use_new_zipfile_serialization=False)
    return buffer.getvalue()


def early(
    model: bytes,
    elements: bytes = struct.pack("<q2f", 2, 3, 4),
    *,
    number: int = MAGIC_NUMBER,
    system: object = SYSTEM,
    keys: object = ("0",),
) -> bytes:
    """The handwritten pickle of the model in the old format."""
    listed = list(keys) if isinstance(keys, tuple) else keys
    before = [pickle.dumps(one, protocol=2) for one in (number, 1001, system)]
    return b"".join([*before, model, pickle.dumps(listed, protocol=2), elements])


TENSOR = tensor_pickle("2", "1", 2)


def test_tensors_of_every_type_are_read_like_torch(tmp_path: Path) -> None:
    base = torch.arange(24.0).reshape(4, 6)
    weights: dict[str, Any] = {
        "whole": base,
        "turned": base.T,
        "part": base[1:3, 2:4],
        "halves": base.half(),
        "bfloat16": base.bfloat16(),
        "numbers": torch.arange(5),
        "none": torch.zeros(0, 3),
        "single": torch.tensor(2.5),
        "parameter": nn.Parameter(base * 2),
    }
    path = tmp_path / "early.ckpt"
    optimizer = {"state": {0: {"average": torch.ones(7)}}}
    whole = {"state_dict": weights, "global_step": 840_000, "optimizer_states": [optimizer]}
    path.write_bytes(saved(whole))
    expected = torch.load(path, weights_only=True)["state_dict"]
    file = open_tensors(path)
    assert file.entries.keys() == weights.keys()
    assert file.values == {"global_step": 840_000}
    for name, value in expected.items():
        found = file.tensor(name)
        assert found.dtype == value.dtype
        assert torch.equal(found, value), name


def test_a_handwritten_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "model.ckpt"
    path.write_bytes(early(TENSOR))
    assert open_tensors(path).tensor("w").tolist() == [3, 4]


@pytest.mark.parametrize("name", NAMES)
def test_a_malicious_file_is_refused_by_the_name_it_imports(name: str, tmp_path: Path) -> None:
    proof, path = tmp_path / "executed", tmp_path / "model.ckpt"
    whole = early(TENSOR)
    parts = [pickle.dumps(one, protocol=2) for one in (MAGIC_NUMBER, 1001, SYSTEM)]
    rest = whole[len(b"".join(parts)) :]
    bad = malicious(proof)[name]
    for place in range(1, 4):
        path.write_bytes(b"".join([*parts[:place], bad, *parts[place + 1 :]]) + rest)
        with pytest.raises(ModelError, match="nothing of it was run") as caught:
            open_tensors(path)
        assert f'names "{name}' in str(caught.value)
    path.write_bytes(b"".join([*parts, TENSOR, bad]))
    with pytest.raises(ModelError, match="nothing of it was run"):
        open_tensors(path)
    assert not proof.exists()


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (early(TENSOR, number=MAGIC_NUMBER + 2**72), "not one that PyTorch wrote"),
        (early(TENSOR, system={"little_endian": False}), "big-endian"),
        (early(TENSOR, system=[1]), "big-endian"),
        (early(TENSOR, keys=()), "not those that it describes"),
        (early(TENSOR, keys=("1",)), "not those that it describes"),
        (early(TENSOR, keys=("0", "0")), "not those that it describes"),
        (early(TENSOR, keys=(0,)), "not those that it describes"),
        (early(TENSOR, keys={"0": 1}), "not those that it describes"),
        (early(TENSOR, struct.pack("<q3f", 3, 1, 2, 3)), "not have the stated size"),
        (early(TENSOR, struct.pack("<q2f", -1, 1, 2)), "not have the stated size"),
        (early(TENSOR, struct.pack("<qf", 2, 1)), "incomplete"),
        (early(tensor_pickle("4", "1", 2)), "reaches beyond its storage"),
        (early(tensor_pickle("2", "1", 2**40), struct.pack("<q", 2**40)), "incomplete"),
        (early(pickle.dumps([1], protocol=2), keys=()), "no dictionary of tensors"),
        (pickle.dumps({"w": 1}, protocol=2), "a bare pickle"),
    ],
)
def test_damaged_files_are_refused(data: bytes, message: str, tmp_path: Path) -> None:
    path = tmp_path / "model.ckpt"
    path.write_bytes(data)
    with pytest.raises(ModelError, match=message):
        open_tensors(path)


def test_truncated_files_are_refused(tmp_path: Path) -> None:
    path, whole = tmp_path / "model.ckpt", saved({"a": torch.ones(3), "b": torch.zeros(2, 2)})
    for size in range(len(whole)):
        path.write_bytes(whole[:size])
        with pytest.raises(ModelError, match=r"model\.ckpt"):
            open_tensors(path)


@given(st.data())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_flipped_bits_are_refused_or_read(tmp_path: Path, data: st.DataObject) -> None:
    whole = bytearray(saved({"a": torch.ones(3), "b": torch.zeros(2, 2).half()}))
    for _ in range(data.draw(st.integers(1, 3))):
        whole[data.draw(st.integers(0, len(whole) - 1))] ^= data.draw(st.integers(1, 255))
    path = tmp_path / "model.ckpt"
    path.write_bytes(whole)
    try:
        file = open_tensors(path)
    except ModelError:
        return
    for name, entry in file.entries.items():
        assert file.tensor(name).shape == entry.shape
