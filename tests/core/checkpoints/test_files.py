"""Weight files: read exactly, or refused with an error that names the file."""

from __future__ import annotations

import gzip
import json
import pickle
import struct
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.torch import save_file

from core.checkpoints.identify import identify
from core.checkpoints.load_model import check, load_model
from core.checkpoints.open_file import open_tensors
from core.checkpoints.safetensors_files import MAX_HEADER
from core.errors import ModelError
from tests.core.checkpoints.tiny import Tiny, original

WEIGHTS = {
    "a.weight": torch.arange(12.0).reshape(3, 4),
    "b.bias": torch.arange(5).half(),
    "c": torch.tensor(7, dtype=torch.int64),
    "empty": torch.zeros(0, 3),
}


def header(described: object, data: bytes = b"") -> bytes:
    written = json.dumps(described).encode() if not isinstance(described, bytes) else described
    return struct.pack("<Q", len(written)) + written + data


def one(dtype: str = "F32", shape: Any = (2,), offsets: Any = (0, 8)) -> dict[str, Any]:
    return {"w": {"dtype": dtype, "shape": shape, "data_offsets": offsets}}


@pytest.mark.parametrize("suffix", ["safetensors", "ckpt"])
def test_tensors_are_read_exactly(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"file.{suffix}"
    more = {
        "half": torch.randn(3, 5).bfloat16(),
        "small": torch.randn(4, 4).to(torch.float8_e4m3fn),
        "smaller": torch.randn(4, 4).to(torch.float8_e5m2),
        "double": torch.randn(2).double(),
        "flags": torch.tensor([True, False]),
    }
    weights = WEIGHTS | more
    if suffix == "ckpt":
        torch.save(weights, path)
    else:
        save_file(weights, path, {"made by": "a test"})
    file = open_tensors(path)
    assert file.entries.keys() == weights.keys()
    for name, value in weights.items():
        read = file.tensor(name)
        assert read.dtype == value.dtype
        assert torch.equal(read.double(), value.double())
    assert file.metadata == ({} if suffix == "ckpt" else {"made by": "a test"})


def test_views_of_shared_elements_are_read(tmp_path: Path) -> None:
    base = torch.arange(24.0).reshape(4, 6)
    weights = {"whole": base, "row": base[2], "turned": base.T, "parameter": None}
    weights["parameter"] = torch.nn.Parameter(base[1:3, 2:5])
    torch.save(OrderedDict(weights), tmp_path / "views.pt")
    file = open_tensors(tmp_path / "views.pt")
    for name, value in weights.items():
        assert torch.equal(file.tensor(name), value), name


def test_elements_need_not_be_aligned(tmp_path: Path) -> None:
    path = tmp_path / "odd.safetensors"
    described = {
        "a": {"dtype": "U8", "shape": [1], "data_offsets": [0, 1]},
        "b": {"dtype": "F32", "shape": [2], "data_offsets": [1, 9]},
    }
    path.write_bytes(header(described, b"\x05" + struct.pack("<2f", 1.5, -2)))
    assert open_tensors(path).tensor("b").tolist() == [1.5, -2]


def test_training_state_is_ignored(tmp_path: Path) -> None:
    state = {
        "state_dict": WEIGHTS,
        "optimizer_states": [{"state": {0: {"exp_avg": torch.ones(3)}}}],
        "callbacks": {"x": torch.ones(2)},
        "hparams": {"lr": 1e-4, "betas": (0.9, 0.99)},
        "global_step": 875_000,
        "epoch": 4,
        "notes": {1, 2},
        "size": torch.Size([2, 3]),
    }
    torch.save(state, tmp_path / "full.ckpt")
    file = open_tensors(tmp_path / "full.ckpt")
    assert file.entries.keys() == WEIGHTS.keys()
    assert file.values["global_step"] == 875_000


@pytest.mark.parametrize("suffix", ["safetensors", "ckpt"])
def test_tensors_stay_intact_when_the_file_is_overwritten(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"weights.{suffix}"
    if suffix == "ckpt":
        torch.save(WEIGHTS, path)
    else:
        save_file(WEIGHTS, path)
    file = open_tensors(path)
    read = {name: file.tensor(name) for name in WEIGHTS}
    size = path.stat().st_size
    with path.open("r+b") as opened:
        opened.write(bytes(size))
        opened.truncate(10)
    for name, value in WEIGHTS.items():
        assert torch.equal(read[name], value), name
    with pytest.raises(ModelError, match="became shorter"):
        file.tensor(max(WEIGHTS, key=lambda name: WEIGHTS[name].numel()))


DAMAGED: dict[str, bytes] = {
    "nothing": b"",
    "a few bytes": b"abc",
    "text": b"<!DOCTYPE html><html>Not found</html>" * 9,
    "ten gigabytes of header": struct.pack("<Q", 10 * 2**30) + b"{}",
    "a header at the limit": struct.pack("<Q", MAX_HEADER) + b"{}",
    "an endless header": struct.pack("<Q", 2**63) + b"{}",
    "half a header": header(one())[:20],
    "no JSON": header(b"{'w': 1}"),
    "a list": header([1, 2]),
    "deep nesting": header(b"[" * 200_000),
    "not UTF-8": header(b'{"\xff": 1}'),
    "a duplicate": header(b'{"w": {"dtype": "U8", "shape": [0], "data_offsets": [0, 0]}, "w": 1}'),
    "no dtype": header({"w": {"shape": [2], "data_offsets": [0, 8]}}, bytes(8)),
    "unknown dtype, too long": header(one("F99", offsets=(0, 9)), bytes(8)),
    "no elements": header({"w": {"shape": [1], "data_offsets": [0, 4]}}, bytes(4)),
    "a number": header({"w": 3}),
    "negative sizes": header(one(shape=(-2,)), bytes(8)),
    "fractions": header(one(shape=(2.0,)), bytes(8)),
    "truth for a size": header(one(shape=(True, 2)), bytes(8)),
    "too many sizes": header(one(shape=(1,) * 9 + (2,)), bytes(8)),
    "sizes that overflow": header(one(shape=(2**62, 2**62)), bytes(8)),
    "another size": header(one(shape=(3,)), bytes(8)),
    "a missing end": header(one(), bytes(7)),
    "offsets that turn back": header(one(offsets=(8, 0)), bytes(8)),
    "offsets beyond the end": header(one(offsets=(2**60, 2**60 + 8)), bytes(8)),
    "three offsets": header(one(offsets=(0, 4, 8)), bytes(8)),
    "data after": header(one(), bytes(9)),
    "a gap": header(one(offsets=(4, 12)), bytes(12)),
    "an overlap": header(
        one() | {"v": {"dtype": "F32", "shape": [2], "data_offsets": [4, 12]}}, bytes(12)
    ),
    "a bare pickle": pickle.dumps({"w": 1}, protocol=2),
    "an older bare pickle": pickle.dumps({"w": 1}, protocol=0),
    "an empty archive": b"PK\x05\x06" + bytes(18),
    "the start of an archive": b"PK\x03\x04" + bytes(40),
}


@pytest.mark.parametrize("damage", DAMAGED)
def test_damaged_files_are_refused_by_name(damage: str, tmp_path: Path) -> None:
    for suffix in ("safetensors", "ckpt"):
        path = tmp_path / f"damaged.{suffix}"
        path.write_bytes(DAMAGED[damage])
        for use in (open_tensors, identify, load_model):
            with pytest.raises(ModelError, match="damaged") as caught:
                use(path)
            assert caught.value.hint


def test_a_path_without_a_model_is_named_in_the_error(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="nowhere"):
        identify(tmp_path / "nowhere.safetensors")
    with pytest.raises(ModelError, match=r"model_index\.json"):
        identify(tmp_path)


def truncated(data: bytes) -> bytes:
    return data[: len(data) * 2 // 3]


@pytest.mark.parametrize("damaged", [truncated, lambda data: data[:-1], lambda data: data[:5000]])
@pytest.mark.parametrize("suffix", ["safetensors", "ckpt"])
def test_half_a_model_is_refused(
    damaged: Callable[[bytes], bytes], suffix: str, tinies: dict[str, Tiny], tmp_path: Path
) -> None:
    path = tmp_path / f"half.{suffix}"
    if suffix == "ckpt":
        torch.save(original(tinies["SD1"]), path)
    else:
        save_file(original(tinies["SD1"]), path)
    path.write_bytes(damaged(path.read_bytes()))
    with pytest.raises(ModelError, match="half"):
        load_model(path)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
@pytest.mark.parametrize(
    "name",
    [
        "model.diffusion_model.middle_block.1.norm.weight",
        "first_stage_model.decoder.conv_out.bias",
        "cond_stage_model.transformer.text_model.final_layer_norm.bias",
    ],
)
def test_weights_that_are_not_numbers_are_refused(
    name: str, value: float, tinies: dict[str, Tiny], tmp_path: Path
) -> None:
    weights = original(tinies["SD1"])
    weights[name] = weights[name].clone()
    weights[name][-1] = value
    save_file(weights, tmp_path / "model.safetensors")
    with pytest.raises(ModelError, match="not finite") as caught:
        load_model(tmp_path / "model.safetensors")
    assert name in str(caught.value)


def test_integer_weights_are_refused(tinies: dict[str, Tiny], tmp_path: Path) -> None:
    weights = original(tinies["SD1"])
    name = "model.diffusion_model.out.2.bias"
    weights[name] = weights[name].to(torch.int64)
    save_file(weights, tmp_path / "model.safetensors")
    with pytest.raises(ModelError, match=r"out\.2\.bias holds int64"):
        load_model(tmp_path / "model.safetensors")


STRANGE = ("U16", "U64", "C64", "F4", "F8_E8M0", "of tomorrow")


@pytest.mark.parametrize("dtype", STRANGE)
def test_only_the_types_of_tensors_that_are_used_matter(
    dtype: str, tinies: dict[str, Tiny], tmp_path: Path
) -> None:
    path = tmp_path / "model.safetensors"
    save_file(original(tinies["SD1"]), path)
    data = path.read_bytes()
    end = 8 + int.from_bytes(data[:8], "little")
    described = json.loads(data[8:end])
    last = max(entry["data_offsets"][1] for entry in described.values())
    added = {"dtype": dtype, "shape": [3], "data_offsets": [last, last + 4]}
    path.write_bytes(header(described | {"global_step": added}, data[end:] + bytes(4)))
    check(path)
    load_model(path, digest="known")
    used = "model.diffusion_model.out.2.bias"
    path.write_bytes(header(described | {used: described[used] | {"dtype": dtype}}, data[end:]))
    for use in (check, load_model):
        with pytest.raises(ModelError, match=rf'"{used}" has the unknown dtype "{dtype}"'):
            use(path)


@pytest.mark.parametrize("dtype", [torch.uint16, torch.uint64, torch.complex64])
def test_types_that_weights_never_have_are_no_reason_to_refuse_a_pickle(
    dtype: torch.dtype, tmp_path: Path
) -> None:
    torch.save(WEIGHTS | {"step": torch.zeros(3).to(dtype)}, tmp_path / "x.ckpt")
    file = open_tensors(tmp_path / "x.ckpt")
    assert torch.equal(file.tensor("step"), torch.zeros(3).to(dtype))


@pytest.mark.parametrize("change", ["missing", "traversal", "twice", "no map", "no JSON"])
def test_a_damaged_folder_is_refused(change: str, tinies: dict[str, Tiny], tmp_path: Path) -> None:
    folder = tmp_path / "model"
    unet = folder / "unet"
    unet.mkdir(parents=True)
    (folder / "model_index.json").write_text('{"_class_name": "X"}', encoding="utf-8")
    save_file({"a": torch.zeros(2)}, unet / "one.safetensors")
    save_file({"a": torch.zeros(2)}, unet / "two.safetensors")
    places: object = {
        "missing": {"a": "three.safetensors"},
        "traversal": {"a": "../../secret.safetensors"},
        "twice": {"a": "one.safetensors", "b": "two.safetensors"},
        "no map": 7,
        "no JSON": {},
    }[change]
    index = unet / "diffusion_pytorch_model.safetensors.index.json"
    text = "{" if change == "no JSON" else json.dumps({"weight_map": places})
    index.write_text(text, encoding="utf-8")
    with pytest.raises(ModelError, match="model"):
        load_model(folder)


@given(data=st.data())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150)
def test_flipped_bytes_are_harmless(data: st.DataObject, tmp_path: Path) -> None:
    """Both kinds of file are read, or refused with our own errors."""
    save_file(WEIGHTS, tmp_path / "good.safetensors")
    torch.save(WEIGHTS, tmp_path / "good.ckpt")
    for name in ("good.safetensors", "good.ckpt"):
        whole = bytearray((tmp_path / name).read_bytes())
        for _ in range(data.draw(st.integers(1, 4))):
            at = data.draw(st.integers(0, len(whole) - 1))
            whole[at] = data.draw(st.integers(0, 255))
        path = tmp_path / "flipped"
        path.write_bytes(bytes(whole[: data.draw(st.integers(len(whole) // 2, len(whole)))]))
        try:
            file = open_tensors(path)
        except ModelError:
            continue
        for key, entry in file.entries.items():
            assert file.tensor(key).shape == entry.shape


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 426\n", "Git LFS"),
        (b"<!DOCTYPE html><html><body>Sign in to download</body></html>", "web page"),
        (b'\n<html lang="en">', "web page"),
        (b'{"error":"Unauthorized","message":"Login required"}', "website"),
        (gzip.compress(bytes(100), mtime=1_700_000_000), "gzip"),
    ],
    ids=["Git LFS", "web page", "web page after a line break", "answer", "gzip"],
)
@pytest.mark.parametrize("suffix", [".safetensors", ".ckpt"])
def test_what_was_downloaded_in_place_of_a_model_is_named(
    tmp_path: Path, content: bytes, said: str, suffix: str
) -> None:
    path = tmp_path / f"model{suffix}"
    path.write_bytes(content)
    with pytest.raises(ModelError, match=said):
        open_tensors(path)


@pytest.mark.parametrize("sign", [b"{", b"<"])
def test_a_header_as_long_as_such_a_sign_is_still_read(tmp_path: Path, sign: bytes) -> None:
    """The length comes first: 123 and 60 bytes begin as JSON and HTML do."""
    path = tmp_path / "a.safetensors"
    header = b'{"x":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}'
    path.write_bytes(struct.pack("<Q", sign[0]) + header.ljust(sign[0]))
    assert list(open_tensors(path).entries) == ["x"]
