"""Files of a few hundred kilobytes that would take for ever, or all of the memory."""

from __future__ import annotations

import io
import json
import os
import struct
import sys
import time
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from core.checkpoints.auxiliary_files import describe
from core.checkpoints.identify import identify
from core.checkpoints.lora_scales import PeftScales
from core.checkpoints.open_file import open_tensors
from core.errors import ModelError
from core.families.native import read_tokenizer
from core.networks.bert import BertConfig

MOST_SECONDS = 2.0
"""Of processor time; without its bound each input takes minutes or more."""
ENDS = b"."


@contextmanager
def limited(seconds: float = MOST_SECONDS) -> Iterator[None]:
    before = time.process_time()
    yield
    assert time.process_time() - before < seconds


def ckpt(pickle: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("archive/data.pkl", b"\x80\x02" + pickle)
        archive.writestr("archive/data/0", bytes(4))
    return file.getvalue()


def safetensors(header: bytes) -> bytes:
    return struct.pack("<Q", len(header)) + header


def named(names: Iterable[str], shape: str = "[0]") -> bytes:
    empty = f'{{"dtype":"F16","shape":{shape},"data_offsets":[0,0]}}'
    return safetensors(f"{{{','.join(f'{json.dumps(n)}:{empty}' for n in names)}}}".encode())


def gguf(name: bytes, value: bytes, sides: tuple[int, ...] = (0,)) -> bytes:
    counts = struct.pack("<IQQ", 3, 1, 1)
    tensor = struct.pack(f"<Q1sI{len(sides)}QIQ", 1, b"x", len(sides), *sides, 0, 0)
    return b"GGUF" + counts + struct.pack("<Q", len(name)) + name + value + tensor + bytes(64)


def shared_tuples(depth: int) -> bytes:
    """A tuple of two times itself, so often."""
    return b")q\x00" + b"h\x00h\x00\x86q\x00" * depth


TENSOR = (
    b"ctorch._utils\n_rebuild_tensor_v2\n((X\x07\x00\x00\x00storagectorch\nFloatStorage\n"
    b"X\x01\x00\x00\x000X\x03\x00\x00\x00cpuK\x01tQK\x00K\x01\x85K\x01\x85\x89"
    b"ccollections\nOrderedDict\n)RtRq\x01"
)
LONG_KEY = b"}X" + struct.pack("<I", 100_000) + b"k" * 100_000 + b"}("
NAME = b"X\x01\x00\x00\x00x"

REFUSED = {
    "tuples.ckpt": (ckpt(shared_tuples(60) + NAME + b"\x93" + ENDS), "names something without a"),
    "deep.ckpt": (ckpt(b")" + b"\x85" * 20_000 + NAME + b"\x93" + ENDS), "names something without"),
    "long_key.ckpt": (
        ckpt(
            LONG_KEY
            + b"K\x00"
            + TENSOR
            + b"".join(b"J" + struct.pack("<i", i) + b"h\x01" for i in range(1, 9_000))
            + b"us."
        ),
        "impossibly long names",
    ),
    "nested.ckpt": (
        ckpt(b"}X\x05\x00\x00\x00abcde" * 2_000 + b"}" + b"s" * 2_000 + ENDS),
        "impossibly long names",
    ),
    "twice.safetensors": (named([*map(str, range(15_000)), "14999"]), 'names "14999" twice'),
    "deep.safetensors": (safetensors(b'{"x":' + b"[" * 200_000), "not valid JSON"),
    "digits.safetensors": (named(["x"], f"[{'1' * 200_000}]"), "not valid JSON"),
    "empty_and_huge.safetensors": (named(["x"], f"[0,{2**40},{2**40}]"), "impossible shape"),
    "long_name.safetensors": (named(["x" * 5_000]), "impossibly long names"),
    "shape.gguf": (
        gguf(
            b"comfy.gguf.orig_shape.x",
            struct.pack("<IIQ", 9, 10, 60_000) + b"\xff" * 8 * 60_000,
        ),
        "cannot have had the shape",
    ),
    "empty_and_huge.gguf": (gguf(b"a", struct.pack("<IB", 0, 0), (0, 2**60)), "impossible shape"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_small_file_is_refused_in_a_moment(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    data, reason = REFUSED[name]
    path.write_bytes(data)
    with limited(), pytest.raises(ModelError, match=reason):
        describe(path)


@pytest.mark.parametrize(
    "ending",
    [
        "embeddings.token_embedding.weight",
        "time_embedding.linear_1.weight",
        "decoder.mid.block_1.norm1.weight",
        "input_blocks.0.0.weight",
        "lora_up.weight",
    ],
)
def test_thousands_of_networks_in_one_file_take_a_moment(ending: str, tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    path.write_bytes(named(f"{number}.{ending}" for number in range(3_000)))
    with limited():
        assert len(describe(path).family) < 1_000
        with pytest.raises(ModelError):
            identify(path)


def test_a_key_with_too_many_digits_is_left_out_like_other_strange_keys(tmp_path: Path) -> None:
    number = (10**8000).to_bytes(3_400, "little")
    path = tmp_path / "model.ckpt"
    path.write_bytes(ckpt(b"}\x8b" + struct.pack("<i", len(number)) + number + TENSOR + b"s."))
    assert not open_tensors(path).entries


def test_names_and_texts_with_half_of_a_character_can_be_shown(tmp_path: Path) -> None:
    tensor = '{"dtype":"F16","shape":[0],"data_offsets":[0,0]}'
    header = rf'{{"__metadata__":{{"a":"\ud800"}},"b\udfff":{tensor}}}'
    path = tmp_path / "model.safetensors"
    path.write_bytes(safetensors(header.encode()))
    file = open_tensors(path)
    assert [*file.entries, *file.metadata.values()] == ["b\ufffd", "\ufffd"]


def test_a_configuration_of_line_breaks_is_read_in_a_moment(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    path.write_bytes(named(["input_blocks.0.0.weight", "out.2.weight"], "[0,0,0,0]"))
    path.with_suffix(".yaml").write_bytes(b"\n" * 200_000)
    with limited(), pytest.raises(ModelError):
        identify(path)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such files")
@pytest.mark.parametrize("name", ["model.yaml", "model.ldm-studio.json"])
def test_a_pipe_beside_a_model_is_not_waited_for(name: str, tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    path.write_bytes(named(["x"]))
    os.mkfifo(tmp_path / name)
    with pytest.raises(ModelError, match="no known network"):
        identify(path)


def test_a_tokenizer_with_a_pattern_of_its_own_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "tokenizer.json"
    pattern = r'{"type":"Split","pattern":{"\u0052egex":"(a+)+$"},"behavior":"Isolated"}'
    path.write_text(f'{{"pre_tokenizer":{pattern}}}')
    with pytest.raises(ModelError, match="regular expression"):
        read_tokenizer(path, BertConfig(vocabulary=10))


def test_thousands_of_scales_for_thousands_of_layers_take_a_moment() -> None:
    alphas = {f"a.b{place}": (place, float(place)) for place in range(20_000)}
    scales = PeftScales(1.0, alphas)
    with limited():
        for number in range(20_000):
            assert scales.alpha_of(f"x.y.a.b{number}", 4) == number
    assert scales.alpha_of("b1", 4) == 1.0
    assert PeftScales(1.0, {"b": (1, 3.0), "a.b": (0, 2.0)}).alpha_of("x.a.b", 4) == 2.0
