"""States on disk: complete, exact, and refused if they are not states."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from core.pipeline.state_file import load, save
from core.sampling.trajectory import State, digest

X = torch.randn(2, 4, 3, 5, generator=torch.Generator().manual_seed(0))
FILE = "state.safetensors"


def test_a_saved_state_is_loaded_exactly(tmp_path: Path) -> None:
    state = State(3, X, (X + 1, X - 1))
    save(tmp_path / FILE, state)
    loaded = load(tmp_path / FILE).state
    assert loaded.index == 3
    assert torch.equal(loaded.x, X)
    assert [float(m.sub(X).mean().round()) for m in loaded.memory] == [1.0, -1.0]
    assert digest(loaded) == digest(state)


def test_tensors_that_share_storage_or_are_strided_are_saved(tmp_path: Path) -> None:
    state = State(1, X.transpose(2, 3), (X.transpose(2, 3),))
    save(tmp_path / FILE, state)
    assert torch.equal(load(tmp_path / FILE).state.memory[0], X.transpose(2, 3))
    save(tmp_path / FILE, State(1, X, (X,)))
    assert torch.equal(load(tmp_path / FILE).state.memory[0], X)


def test_the_digest_covers_x_and_memory(tmp_path: Path) -> None:
    states = [State(0, X), State(0, X + 1e-6), State(0, X, (X,)), State(0, X, (X + 1,))]
    assert len({digest(state) for state in states}) == len(states)


def test_a_failed_write_keeps_the_old_state(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save(tmp_path / FILE, State(1, X))

    def full(descriptor: int) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="disk full"):
        save(tmp_path / FILE, State(2, X))
    assert load(tmp_path / FILE).state.index == 1
    assert [file.name for file in tmp_path.iterdir()] == [FILE]


@pytest.mark.parametrize(
    "state",
    [
        State(-1, X),
        State(10**7, X),
        State(0, X[0]),
        State(0, X.double()),
        State(0, X[:0]),
        State(0, X, (X[:1],)),
        State(0, X / 0),
    ],
    ids=["negative", "far", "rank", "dtype", "empty", "memory", "infinite"],
)
def test_a_state_that_could_not_be_loaded_is_not_saved(state: State, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"index|latent"):
        save(tmp_path / FILE, state)
    assert not list(tmp_path.iterdir())


INDEX = torch.tensor(1)


@pytest.mark.parametrize(
    "tensors",
    [
        {"x": X},
        {"index": INDEX},
        {"x": X, "index": INDEX, "memory.1": X + 1},
        {"x": X, "index": INDEX, "more": X + 1},
        {"x": X, "index": torch.tensor([1])},
        {"x": X, "index": torch.tensor(1.0)},
        {"x": X, "index": torch.tensor(-1)},
        {"x": X.half(), "index": INDEX},
        {"x": X, "index": INDEX, "memory.0": X[:, :2].contiguous()},
        {"x": torch.full((1, 4, 2, 2), float("nan")), "index": INDEX},
    ],
)
def test_other_files_are_refused(tensors: dict[str, Tensor], tmp_path: Path) -> None:
    save_file(tensors, tmp_path / FILE)
    with pytest.raises(ValueError, match=FILE):
        load(tmp_path / FILE)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"PK\x03\x04 a zip",
        b"\xff" * 64,
        b"\x02" + bytes(7) + b"{}",
        b"\x3d" + bytes(7) + b'{"x":{"dtype":"F4","shape":[2],"data_offsets":[0,1]}}        \x00',
    ],
    ids=["nothing", "foreign", "huge header", "no tensors", "unknown dtype"],
)
def test_damaged_files_are_refused(data: bytes, tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(data)
    with pytest.raises(ValueError, match=FILE):
        load(tmp_path / FILE)


def test_truncated_files_are_refused(tmp_path: Path) -> None:
    save(tmp_path / FILE, State(1, X[:, :1, :1, :1]))
    data = (tmp_path / FILE).read_bytes()
    for length in range(len(data)):
        (tmp_path / FILE).write_bytes(data[:length])
        with pytest.raises(ValueError, match=FILE):
            load(tmp_path / FILE)


def test_a_missing_file_is_an_os_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        load(tmp_path / FILE)
