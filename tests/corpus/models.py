"""The models of the corpus: true architectures, narrow, with numbers that never change.

Each file is written from a table of tensor names and shapes (`models.json.gz`) and a generator
whose output numpy guarantees, byte for byte as its SHA-256 in the table says. Nothing here imports
the application, so no change of it can change the files.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import math
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

TABLE = Path(__file__).with_name("models.json.gz")
PERIOD = 65_537


def read_table() -> dict[str, dict[str, Any]]:
    """File name -> {"seed", "metadata", "tensors": {name: shape}, "sha256"}."""
    return json.loads(gzip.decompress(TABLE.read_bytes()))


def write_models(folder: Path) -> None:
    """Writes every model, LoRA, embedding and autoencoder below `folder`."""
    for name, entry in read_table().items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        digest = write_file(path, entry)
        assert digest == entry["sha256"], f"{name} is not the file that the corpus was made with"


def write_file(path: Path, entry: dict[str, Any]) -> str:
    """Writes one safetensors file; returns its SHA-256 in hex."""
    numbers = _numbers(entry["seed"])
    arrays = {name: _tensor(name, shape, numbers) for name, shape in entry["tensors"].items()}
    header: dict[str, Any] = {"__metadata__": entry["metadata"]}
    end = 0
    for name, array in arrays.items():
        kind = {"float16": "F16", "float32": "F32", "int64": "I64"}[array.dtype.name]
        offsets = [end, end := end + array.nbytes]
        header[name] = {"dtype": kind, "shape": list(array.shape), "data_offsets": offsets}
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    digest = hashlib.sha256()
    with path.open("wb") as file:
        for part in _parts(text, arrays):
            file.write(part)
            digest.update(part)
    return digest.hexdigest()


def _parts(header: bytes, arrays: dict[str, np.ndarray]) -> Iterator[bytes | memoryview]:
    yield len(header).to_bytes(8, "little")
    yield header
    for array in arrays.values():
        yield array.tobytes()


def _numbers(seed: int) -> np.ndarray:
    """PERIOD numbers, about normally distributed: sums of the 8 bytes of raw integers."""
    raw = np.random.PCG64(seed).random_raw(PERIOD).astype("<u8")
    sums = raw.view(np.uint8).reshape(PERIOD, 8).sum(axis=1, dtype=np.int64)
    return (sums - 1020) / 208.0


def _tensor(name: str, shape: list[int], numbers: np.ndarray) -> np.ndarray:
    """Initialised so that activations keep about unit size, and nothing is zero."""
    if (known := _constant(name, shape)) is not None:
        return known
    count = math.prod(shape)
    noise = np.resize(np.roll(numbers, zlib.crc32(name.encode()) % PERIOD), count)
    if len(shape) > 1:
        noise = noise * (1 / math.sqrt(count // shape[0]))
    elif name.endswith("weight"):  # of a norm
        noise = 1 + 0.1 * noise
    else:
        noise = 0.1 * noise
    return noise.astype("<f2").reshape(shape)


def _constant(name: str, shape: list[int]) -> np.ndarray | None:
    """Tensors with a special meaning."""
    steps = np.linspace(-1, 1, math.prod(shape))
    end = name.rsplit(".", 1)[-1]
    match end:
        case "position_ids":
            return np.arange(math.prod(shape), dtype="<i8").reshape(shape)
        case "alphas_cumprod":
            values = np.linspace(0.999, 0.005, 1000)
        case "betas":
            values = np.linspace(0.001, 0.9, 1000)
        case "logit_scale":
            values = np.array(4.6)
        case "attn_mask":
            values = np.zeros(shape)
        case "data_mean":
            values = 0.3 * steps
        case "data_std":
            values = 1.5 + 0.5 * steps
        case "edm_mean":
            values = np.array([-1.6574, 1.886, -1.383, 2.5155])
        case "edm_std":
            values = np.array([8.4927, 5.9022, 6.5498, 5.2299])
        case "sigma_max" | "sigma_min":
            values = np.array({"sigma_max": 120.0, "sigma_min": 0.002}[end])
        case _:
            return None
    return values.astype("<f4").reshape(shape)
