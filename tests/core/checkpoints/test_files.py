"""Damaged and malicious files: a clear message, nothing run, nothing exhausted."""

from __future__ import annotations

import io
import json
import pickle
import struct
import tracemalloc
import zipfile
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.torch import save_file

from core.checkpoints.files import open_tensors
from core.checkpoints.identify import identify
from core.checkpoints.load import load_checkpoint
from core.checkpoints.pickles import StoredTensor, describe
from core.checkpoints.safetensors_files import MAX_HEADER
from core.checkpoints.tensor_file import UnreadableError
from core.errors import ModelError
from core.loading import load_model
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
def test_tensors_are_read_as_they_were_written(suffix: str, tmp_path: Path) -> None:
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


def test_training_state_is_passed_over(tmp_path: Path) -> None:
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
def test_what_was_read_stays_when_the_file_is_written_over(suffix: str, tmp_path: Path) -> None:
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
    with pytest.raises(ModelError, match="become shorter"):
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
    "unknown elements": header(one("F99"), bytes(8)),
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
    "something behind": header(one(), bytes(9)),
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
def test_what_is_damaged_is_refused_by_name(damage: str, tmp_path: Path) -> None:
    for suffix in ("safetensors", "ckpt"):
        path = tmp_path / f"damaged.{suffix}"
        path.write_bytes(DAMAGED[damage])
        for use in (open_tensors, identify, load_model):
            with pytest.raises(ModelError, match="damaged") as caught:
                use(path)
            assert caught.value.hint


def test_a_path_that_is_no_model_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="nowhere"):
        identify(tmp_path / "nowhere.safetensors")
    with pytest.raises(ModelError, match=r"model_index\.json"):
        identify(tmp_path)


def test_the_format_before_1_6_is_refused_and_not_run(tmp_path: Path) -> None:
    path = tmp_path / "old.ckpt"
    torch.save({"w": Trap(tmp_path / "proof")}, path, _use_new_zipfile_serialization=False)
    with pytest.raises(ModelError, match=r"before 1\.6"):
        open_tensors(path)
    assert not (tmp_path / "proof").exists()


class Trap:
    """Unpickled, it would create a file."""

    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.target,)


class Calls:
    """Unpickled, it would call anything."""

    def __init__(self, function: Any, *arguments: Any) -> None:
        self.made = function, arguments

    def __reduce__(self) -> tuple[Any, ...]:
        return self.made


def archive(data: bytes, storages: dict[str, bytes] | None = None, **options: Any) -> bytes:
    """As torch.save writes it."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", **options) as made:
        made.writestr("archive/data.pkl", data)
        for key, elements in (storages or {}).items():
            made.writestr(f"archive/data/{key}", elements)
    return buffer.getvalue()


def malicious(target: Path) -> dict[str, bytes]:
    """Pickles that would do something, by how the name begins that gives them away."""
    import subprocess

    proof = str(target)
    write = f"open({proof!r}, 'w').close()"
    found: dict[str, object] = {
        "builtins.eval": Calls(eval, write),
        "builtins.exec": Calls(exec, write),
        "io.open": b"\x80\x02cio\nopen\nX\x01\x00\x00\x00x\x85R.",
        "builtins.getattr": b"\x80\x02cbuiltins\ngetattr\ncos\nsystem\n\x85R.",
        "builtins.__import__": b"\x80\x02cbuiltins\n__import__\nX\x02\x00\x00\x00os\x85R.",
        "builtins.compile": Calls(compile, write, "x", "exec"),
        "subprocess.Popen": Calls(subprocess.Popen, ["touch", proof]),
        "subprocess.check_output": Calls(subprocess.check_output, ["touch", proof]),
        "torch.serialization.load": Calls(torch.load, proof),
        "torch.hub.load": Calls(torch.hub.load, "x", "y"),
        "torch.jit._serialization.load": Calls(torch.jit.load, proof),
        "runpy._run_code": b"\x80\x02crunpy\n_run_code\n(X\x01\x00\x00\x00a}tR.",
        "_pickle.loads": Calls(pickle.loads, pickle.dumps(Trap(target))),
        "importlib.import_module": b"\x80\x02cimportlib\nimport_module\nX\x02\x00\x00\x00os\x85R.",
        "operator.attrgetter": b"\x80\x02coperator\nattrgetter\nX\x06\x00\x00\x00system\x85R.",
        "functools.partial": b"\x80\x02cfunctools\npartial\ncos\nsystem\n\x85R.",
        "posix.system": b"\x80\x02cposix\nsystem\nX\x02\x00\x00\x00id\x85R.",
        "os.system": b"\x80\x04\x8c\x02os\x8c\x06system\x93\x8c\x02id\x85R.",
        "nt.system": b"\x80\x02cnt\nsystem\nX\x02\x00\x00\x00id\x85R.",
        "webbrowser.open": b"\x80\x02cwebbrowser\nopen\nX\x01\x00\x00\x00x\x85R.",
        "numpy.load": b"\x80\x02cnumpy\nload\nX\x01\x00\x00\x00x\x85R.",
        "collections.namedtuple": b"\x80\x02ccollections\nnamedtuple\n)R.",
        "torch._utils._rebuild_tensor_v2.__globals__": (
            b"\x80\x04\x8c\x0ctorch._utils\x8c\x1e_rebuild_tensor_v2.__globals__\x93."
        ),
        "copyreg._reconstructor": b"\x80\x02ccopyreg\n_reconstructor\n(cos\nsystem\ntR.",
        "copy_reg._reconstructor": b"ccopy_reg\n_reconstructor\n(cposix\nsystem\ntR.",
        "torch.storage._load_from_bytes": (
            b"\x80\x02ctorch.storage\n_load_from_bytes\nB\x01\x00\x00\x00x\x85R."
        ),
        "numpy.core.multiarray._reconstruct": (
            b"\x80\x02cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\nK\x00\x85C\x01bt."
        ),
        "numpy._core.multiarray._reconstruct": (
            b"\x80\x04\x8c\x16numpy._core.multiarray\x8c\x0c_reconstruct\x93."
        ),
        "numpy.testing._private.utils.runstring": (
            b"\x80\x02cnumpy.testing._private.utils\nrunstring\n(X\x01\x00\x00\x00a}tR."
        ),
        "torch.nn.modules.module.Module": (  # whose state is set by BUILD
            b"\x80\x02ctorch.nn.modules.module\nModule\n)\x81}X\x01\x00\x00\x00acos\nsystem\nsb."
        ),
        "torch._dynamo.source.eval": b"\x80\x02ctorch._dynamo.source\neval\n)R.",
        "shutil.rmtree": b"\x80\x04\x8c\x06shutil\x94\x8c\x06rmtree\x94h\x00h\x01\x93.",  # noted
        "socket.create_connection": (  # behind a value that is thrown away, and a mark
            b"\x80\x02(K\x01K\x021K\x01csocket\ncreate_connection\n0."
        ),
        "ctypes.CDLL": b"\x80\x02}K\x01cctypes\nCDLL\ns.",  # as a value that nothing calls
        "sys.modules": b"\x80\x02csys\nmodules\nX\x02\x00\x00\x00osV\nb.",  # and builds
        "types.CodeType": b"\x80\x02(ctypes\nCodeType\nK\x00to.",
        "code.InteractiveInterpreter": b"\x80\x02ccode\nInteractiveInterpreter\n)\x81.",
        "asyncio.unix_events._UnixSubprocessTransport._start": (
            b"\x80\x04\x8c\x13asyncio.unix_events\x8c\x1f_UnixSubprocessTransport._start\x93."
        ),
        "pathlib.": Trap(target),
        "__main__.Anything": b"\x80\x02c__main__\nAnything\n)\x81.",
    }
    return {
        name: value if isinstance(value, bytes) else pickle.dumps({"w": value}, protocol=4)
        for name, value in found.items()
    }


NAMES = tuple(malicious(Path("unused")))


@pytest.mark.parametrize("name", NAMES)
def test_a_malicious_pickle_is_refused_by_what_it_names(name: str, tmp_path: Path) -> None:
    proof = tmp_path / "executed"
    path = tmp_path / "model.ckpt"
    path.write_bytes(archive(malicious(proof)[name]))
    for use in (open_tensors, load_model):
        with pytest.raises(ModelError, match="nothing of it was run") as caught:
            use(path)
        assert f"names {name!r}"[:-1] in str(caught.value)
    assert not proof.exists()


@pytest.mark.parametrize(
    "data",
    [
        b"\x80\x02i" + b"os\nsystem\n.",
        b"\x80\x02}(X\x01\x00\x00\x00aPpersistent\nu.",
        b"\x80\x02\x82\x01.",
        b"\x80\x05\x97.",
        b"\x80\x02(oo.",
        b"\x80\x02R.",
        b"\x80\x02}}R.",
        b"\x80\x02h\x05.",
        b"\x80\x02t.",
        b"\x80\x02}X\x01\x00\x00\x00as",
        b"\x80\x02a.",
        b"\x80\x02(s.",
        b"\x80\x02]K\x01K\x02s.",
        b"\x80\x02K\x01Q.",
        b"\x80\x02\x8b\xff\xff\xff\x7f.",
        b"\x80\x02B\xff\xff\xff\x7f.",
        b"\x80\x02r\xff\xff\xff\xff.",
        b"\x80\x04\x95\xff\xff\xff\xff\xff\xff\xff\x7f.",
        b"\x80\x02I" + b"9" * 5000 + b"\n.",
        b"\x80\x02ctorch\nFloatStorage\n)R.",
        b"\x80\x02ccollections\nOrderedDict\n)R}b.",
        b"\xff\xff",
        b"",
    ],
)
def test_strange_pickles_are_refused_or_describe_nothing(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "model.ckpt"
    path.write_bytes(archive(data))
    with pytest.raises(ModelError):
        identify(path)


def test_a_memo_that_is_never_used_takes_no_memory() -> None:
    assert describe(b"\x80\x02}r\xff\xff\xff\xff.") == {}


def test_a_pickle_whose_hash_would_take_for_ever_is_read_at_once() -> None:
    nested = b"\x80\x02)" + b"2\x86" * 60
    assert describe(b"\x80\x02}" + nested[2:] + b"K\x01s.") == {}


def tensor_pickle(shape: str, stride: str, numel: int, offset: int = 0, key: str = "0") -> bytes:
    """Written by hand, as no Python object has it: a tensor of 32-bit floats."""
    return (
        b"\x80\x02}X\x01\x00\x00\x00wctorch._utils\n_rebuild_tensor_v2\n(("
        + b"X\x07\x00\x00\x00storagectorch\nFloatStorage\nX\x01\x00\x00\x00"
        + key.encode()
        + b"X\x03\x00\x00\x00cpuL"
        + str(numel).encode()
        + b"L\ntQL"
        + str(offset).encode()
        + b"L\n("
        + b"".join(b"L%sL\n" % size.encode() for size in shape.split())
        + b"t("
        + b"".join(b"L%sL\n" % size.encode() for size in stride.split())
        + b"t\x89ccollections\nOrderedDict\n)RtRs."
    )


def test_the_tensor_written_by_hand_is_read(tmp_path: Path) -> None:
    path = tmp_path / "model.ckpt"
    path.write_bytes(archive(tensor_pickle("2", "1", 2), {"0": struct.pack("<2f", 3, 4)}))
    assert open_tensors(path).tensor("w").tolist() == [3, 4]


@pytest.mark.parametrize(
    ("data", "storages"),
    [
        (tensor_pickle("2", "1", 2), {}),
        (tensor_pickle("2", "1", 2), {"0": bytes(4)}),
        (tensor_pickle("2", "1", 2), {"1": bytes(8)}),
        (tensor_pickle("4", "1", 2), {"0": bytes(8)}),
        (tensor_pickle("2", "1", 2, offset=1), {"0": bytes(8)}),
        (tensor_pickle("2", "1", 2, offset=-1), {"0": bytes(8)}),
        (tensor_pickle("2", "-1", 2), {"0": bytes(8)}),
        (tensor_pickle("1000000000000", "0", 2), {"0": bytes(8)}),
        (tensor_pickle("99999999999999999999", "0", 2), {"0": bytes(8)}),
        (tensor_pickle("2 2", "1", 2), {"0": bytes(8)}),
        (tensor_pickle("1 1 1 1 1 1 1 1 1 2", "1 1 1 1 1 1 1 1 1 1", 2), {"0": bytes(8)}),
        (tensor_pickle("2", "1", 10**30), {"0": bytes(8)}),
    ],
)
def test_tensors_that_are_not_there_are_refused(
    data: bytes, storages: dict[str, bytes], tmp_path: Path
) -> None:
    path = tmp_path / "model.ckpt"
    path.write_bytes(archive(data, storages))
    with pytest.raises(ModelError, match="model"):
        open_tensors(path)


def test_archive_bombs_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "model.ckpt"
    squeezed = {"compression": zipfile.ZIP_DEFLATED, "compresslevel": 9}
    path.write_bytes(archive(b"\x80\x02}." + bytes(10_000_000), **squeezed))
    with pytest.raises(ModelError, match="compressed"):
        open_tensors(path)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as made:
        made.writestr("archive/data.pkl", tensor_pickle("2000000", "1", 2_000_000))
        made.writestr("archive/data/0", bytes(8_000_000), zipfile.ZIP_DEFLATED)
    path.write_bytes(buffer.getvalue())
    with pytest.raises(ModelError, match="compressed"):
        open_tensors(path)


def test_a_short_word_in_an_archive_is_not_unpacked_to_gigabytes(tmp_path: Path) -> None:
    path = tmp_path / "model.ckpt"
    buffer = io.BytesIO(archive(b"\x80\x02}."))
    with zipfile.ZipFile(buffer, "a") as made:
        made.writestr("archive/byteorder", bytes(150_000_000), zipfile.ZIP_DEFLATED)
    path.write_bytes(buffer.getvalue())
    tracemalloc.start()
    with pytest.raises(ModelError, match="big-endian"):
        open_tensors(path)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 100_000_000


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("name", ["archive/data.pkl", "archive/data/0"])
def test_names_that_stand_twice_in_an_archive_are_refused(name: str, tmp_path: Path) -> None:
    """Programs do not agree on which of them counts."""
    path = tmp_path / "model.ckpt"
    buffer = io.BytesIO(archive(tensor_pickle("2", "1", 2), {"0": bytes(8)}))
    with zipfile.ZipFile(buffer, "a") as made:
        made.writestr(name, bytes(8))
    path.write_bytes(buffer.getvalue())
    with pytest.raises(ModelError, match=f"holds '{name}' twice"):
        open_tensors(path)


@pytest.mark.parametrize("key", ["../../../../etc/passwd", "/etc/passwd", "a/../../b", "C:\\x"])
def test_names_that_lead_out_of_an_archive_lead_nowhere(key: str, tmp_path: Path) -> None:
    path = tmp_path / "inner" / "model.ckpt"
    path.parent.mkdir()
    data = tensor_pickle("2", "1", 2, key=key).replace(
        b"X\x01\x00\x00\x00" + key.encode(), b"X" + struct.pack("<I", len(key)) + key.encode()
    )
    path.write_bytes(archive(data, {key: struct.pack("<2f", 3, 4)}))
    assert open_tensors(path).tensor("w").tolist() == [3, 4]  # what is in the file itself
    path.write_bytes(archive(data))
    with pytest.raises(ModelError, match="are missing"):
        open_tensors(path)
    assert [file.name for file in tmp_path.rglob("*")] == ["inner", "model.ckpt"]


def test_an_archive_in_an_archive_is_not_looked_into(tmp_path: Path) -> None:
    path = tmp_path / "model.ckpt"
    inner = archive(malicious(tmp_path / "executed")["builtins.eval"])
    path.write_bytes(archive(inner))
    with pytest.raises(ModelError, match="its pickle is damaged"):
        open_tensors(path)
    path.write_bytes(archive(b"\x80\x02}.", {"0": inner}))
    assert not open_tensors(path).entries


def test_a_thousand_tensors_of_the_same_elements_are_refused(tmp_path: Path) -> None:
    """A small file is not to take a thousand times its size in memory."""
    elements = torch.zeros(100_000)
    torch.save({str(i): elements[:] for i in range(1000)}, tmp_path / "many.ckpt")
    with pytest.raises(ModelError, match="much larger than it is"):
        open_tensors(tmp_path / "many.ckpt")


def test_other_archives_are_told(tmp_path: Path) -> None:
    path = tmp_path / "model.ckpt"
    with zipfile.ZipFile(path, "w") as made:
        made.writestr("readme.txt", "hello")
    with pytest.raises(ModelError, match="not as PyTorch writes them"):
        open_tensors(path)
    with zipfile.ZipFile(path, "w") as made:
        made.writestr("archive/data.pkl", b"\x80\x02}.")
        made.writestr("archive/byteorder", "big")
    with pytest.raises(ModelError, match="big-endian"):
        open_tensors(path)


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
def test_weights_that_are_no_numbers_are_refused(
    name: str, value: float, tinies: dict[str, Tiny], tmp_path: Path
) -> None:
    weights = original(tinies["SD1"])
    weights[name] = weights[name].clone()
    weights[name][-1] = value
    save_file(weights, tmp_path / "model.safetensors")
    with pytest.raises(ModelError, match="not finite") as caught:
        load_checkpoint(tmp_path / "model.safetensors")
    assert name in str(caught.value)


def test_whole_numbers_are_no_weights(tinies: dict[str, Tiny], tmp_path: Path) -> None:
    weights = original(tinies["SD1"])
    name = "model.diffusion_model.out.2.bias"
    weights[name] = weights[name].to(torch.int64)
    save_file(weights, tmp_path / "model.safetensors")
    with pytest.raises(ModelError, match=r"out\.2\.bias holds int64"):
        load_checkpoint(tmp_path / "model.safetensors")


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


@given(st.binary(max_size=300))
def test_any_bytes_are_a_pickle_or_refused(data: bytes) -> None:
    try:
        described = describe(data)
    except UnreadableError:
        return
    assert not isinstance(described, StoredTensor)


@given(data=st.data())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150)
def test_flipped_bytes_are_harmless(data: st.DataObject, tmp_path: Path) -> None:
    """Of both kinds of file: they are read, or refused in our own words."""
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
