"""Malicious pickles and archives: a clear message, no code run, no resources exhausted."""

from __future__ import annotations

import io
import pickle
import struct
import tracemalloc
import zipfile
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from core.checkpoints.identify import identify
from core.checkpoints.load_model import load_model
from core.checkpoints.open_file import open_tensors
from core.checkpoints.pickle_reader import StoredTensor, describe
from core.errors import ModelError, UnreadableError


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
    """In torch.save's format."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", **options) as made:
        made.writestr("archive/data.pkl", data)
        for key, elements in (storages or {}).items():
            made.writestr(f"archive/data/{key}", elements)
    return buffer.getvalue()


def malicious(target: Path) -> dict[str, bytes]:
    """Malicious pickles, by the beginning of the name that is refused."""
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
        "shutil.rmtree": b"\x80\x04\x8c\x06shutil\x94\x8c\x06rmtree\x94h\x00h\x01\x93.",  # recorded
        "socket.create_connection": (  # behind a discarded value and a mark
            b"\x80\x02(K\x01K\x021K\x01csocket\ncreate_connection\n0."
        ),
        "ctypes.CDLL": b"\x80\x02}K\x01cctypes\nCDLL\ns.",  # as a value that is never called
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
def test_a_malicious_pickle_is_refused_by_the_name_it_imports(name: str, tmp_path: Path) -> None:
    proof = tmp_path / "executed"
    path = tmp_path / "model.ckpt"
    path.write_bytes(archive(malicious(proof)[name]))
    for use in (open_tensors, load_model):
        with pytest.raises(ModelError, match="nothing of it was run") as caught:
            use(path)
        assert f'names "{name}' in str(caught.value)
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
def test_strange_pickles_are_refused_or_have_no_tensors(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "model.ckpt"
    path.write_bytes(archive(data))
    with pytest.raises(ModelError):
        identify(path)


def test_an_unused_memo_takes_no_memory() -> None:
    assert describe(b"\x80\x02}r\xff\xff\xff\xff.").value == {}


def test_an_expensive_hash_is_never_computed() -> None:
    nested = b"\x80\x02)" + b"2\x86" * 60
    assert describe(b"\x80\x02}" + nested[2:] + b"K\x01s.").value == {}


def tensor_pickle(shape: str, stride: str, numel: int, offset: int = 0, key: str = "0") -> bytes:
    """A tensor of 32-bit floats, written by hand, because no Python object has this form."""
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


def test_a_handwritten_tensor_is_read(tmp_path: Path) -> None:
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
def test_missing_tensors_are_refused(
    data: bytes, storages: dict[str, bytes], tmp_path: Path
) -> None:
    path = tmp_path / "model.ckpt"
    path.write_bytes(archive(data, storages))
    with pytest.raises(ModelError, match="model"):
        open_tensors(path)


def test_archive_bombs_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "model.ckpt"
    data = b"\x80\x02}." + bytes(10_000_000)
    path.write_bytes(archive(data, compression=zipfile.ZIP_DEFLATED, compresslevel=9))
    with pytest.raises(ModelError, match="compressed"):
        open_tensors(path)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as made:
        made.writestr("archive/data.pkl", tensor_pickle("2000000", "1", 2_000_000))
        made.writestr("archive/data/0", bytes(8_000_000), zipfile.ZIP_DEFLATED)
    path.write_bytes(buffer.getvalue())
    with pytest.raises(ModelError, match="compressed"):
        open_tensors(path)


def test_a_small_archive_member_is_not_unpacked_to_gigabytes(tmp_path: Path) -> None:
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
def test_duplicate_names_in_an_archive_are_refused(name: str, tmp_path: Path) -> None:
    """Programs disagree on which of them counts."""
    path = tmp_path / "model.ckpt"
    buffer = io.BytesIO(archive(tensor_pickle("2", "1", 2), {"0": bytes(8)}))
    with zipfile.ZipFile(buffer, "a") as made:
        made.writestr(name, bytes(8))
    path.write_bytes(buffer.getvalue())
    with pytest.raises(ModelError, match=f'holds "{name}" twice'):
        open_tensors(path)


@pytest.mark.parametrize("key", ["../../../../etc/passwd", "/etc/passwd", "a/../../b", "C:\\x"])
def test_path_traversal_in_an_archive_has_no_effect(key: str, tmp_path: Path) -> None:
    path = tmp_path / "inner" / "model.ckpt"
    path.parent.mkdir()
    data = tensor_pickle("2", "1", 2, key=key).replace(
        b"X\x01\x00\x00\x00" + key.encode(), b"X" + struct.pack("<I", len(key)) + key.encode()
    )
    path.write_bytes(archive(data, {key: struct.pack("<2f", 3, 4)}))
    assert open_tensors(path).tensor("w").tolist() == [3, 4]  # the contents of the file itself
    path.write_bytes(archive(data))
    with pytest.raises(ModelError, match="is missing"):
        open_tensors(path)
    assert [file.name for file in tmp_path.rglob("*")] == ["inner", "model.ckpt"]


def test_nested_archives_are_not_opened(tmp_path: Path) -> None:
    path = tmp_path / "model.ckpt"
    inner = archive(malicious(tmp_path / "executed")["builtins.eval"])
    path.write_bytes(archive(inner))
    with pytest.raises(ModelError, match="its pickle is damaged"):
        open_tensors(path)
    path.write_bytes(archive(b"\x80\x02}.", {"0": inner}))
    assert not open_tensors(path).entries


def test_a_thousand_tensors_sharing_elements_are_refused(tmp_path: Path) -> None:
    """A small file must not take a thousand times its size in memory."""
    elements = torch.zeros(100_000)
    torch.save({str(i): elements[:] for i in range(1000)}, tmp_path / "many.ckpt")
    with pytest.raises(ModelError, match="much larger than the file"):
        open_tensors(tmp_path / "many.ckpt")


def test_other_archives_are_identified(tmp_path: Path) -> None:
    path = tmp_path / "model.ckpt"
    with zipfile.ZipFile(path, "w") as made:
        made.writestr("readme.txt", "hello")
    with pytest.raises(ModelError, match="not one that PyTorch wrote"):
        open_tensors(path)
    with zipfile.ZipFile(path, "w") as made:
        made.writestr("archive/data.pkl", b"\x80\x02}.")
        made.writestr("archive/byteorder", "big")
    with pytest.raises(ModelError, match="big-endian"):
        open_tensors(path)


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    try:
        described = describe(data).value
    except UnreadableError:
        return
    assert not isinstance(described, StoredTensor)
