"""Private memory while loading a model, for every file format."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from core.checkpoints.load_model import load_model
from core.conditioning.text.clip_text import ClipConditioner
from core.errors import StudioError
from core.model.model import Model

from .record import Options
from .reference import FULL, NARROW, stable_diffusion

SHARD = "8MB", "900MB"
"""Maximum size of a shard, for narrow and for full networks."""


@dataclass(frozen=True)
class Loaded:
    seconds: float
    weights_mb: float
    """Of all networks, in memory."""
    most: float
    """Peak of private memory while loading, relative to that."""


@dataclass(frozen=True)
class LoadingResult:
    layouts: dict[str, dict[str, float]]
    """`Loaded` by file format."""
    most: float
    """The maximum of all of them."""
    full: bool

    def line(self) -> str:
        each = ", ".join(f"{name} {row['most']:.2f}" for name, row in self.layouts.items())
        return f"most memory while loading, by that of the weights: {each}"


def measure(options: Options) -> LoadingResult:
    """Raises StudioError if diffusers, transformers or gguf is missing."""
    loaded: dict[str, Loaded] = {}
    with tempfile.TemporaryDirectory() as folder, torch.no_grad():
        root = Path(folder)
        theirs = stable_diffusion(FULL if options.full else NARROW)
        theirs.save_pretrained(root / "sharded", max_shard_size=SHARD[options.full])
        del theirs
        model = load_model(root / "sharded", digest="")
        model.bring(*model.networks)
        weights = weights_mb(model)
        single = in_one_file(model)
        del model
        loaded["sharded folder"] = own_process(root / "sharded", weights)
        for name, (suffix, write) in LAYOUTS.items():
            path = root / f"model{suffix}"
            write(single, path)
            loaded[name] = own_process(path, weights)
            path.unlink()
    rows = {name: asdict(row) for name, row in loaded.items()}
    return LoadingResult(rows, max(row.most for row in loaded.values()), options.full)


def weights_mb(model: Model) -> float:
    encoders = model.text.encoders if isinstance(model.text, ClipConditioner) else ()
    networks: list[nn.Module] = [model.backbone, model.autoencoder, *(one for one, _ in encoders)]
    return sum(p.numel() * p.element_size() for one in networks for p in one.parameters()) / 1e6


def own_process(path: Path, weights: float, precision: str = "float32") -> Loaded:
    """Loads in a separate process and watches its memory.

    Pages of a memory-mapped file do not count as private: the system can free them whenever it
    needs to.
    """
    command = [sys.executable, "-m", "benchmarks.loading", str(path), precision]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise StudioError(
            "{path} could not be loaded: {stderr}", path=path.name, stderr=done.stderr[-500:]
        )
    seconds, bytes_ = done.stdout.split()
    return Loaded(float(seconds), weights, int(bytes_) / 1e6 / weights)


def in_one_file(model: Model) -> dict[str, Tensor]:
    """With the names of Stable Diffusion 1's original files."""
    assert isinstance(model.text, ClipConditioner)
    [(encoder, _)] = model.text.encoders
    prefixed: list[tuple[str, nn.Module]] = [
        ("model.diffusion_model.", model.backbone),
        ("first_stage_model.", model.autoencoder),
        ("cond_stage_model.transformer.text_model.", encoder),
    ]
    return {
        prefix + name: value.contiguous()
        for prefix, network in prefixed
        for name, value in network.state_dict().items()
    }


def _write_float16(single: dict[str, Tensor], path: Path) -> None:
    save_file({name: value.half() for name, value in single.items()}, path)


def _write_float8(single: dict[str, Tensor], path: Path) -> None:
    def stored(name: str, value: Tensor) -> Tensor:
        wide = value.ndim > 1 and name.startswith("model.")
        return value.to(torch.float8_e4m3fn) if wide else value.half()

    save_file({name: stored(name, value) for name, value in single.items()}, path)


def _write_ckpt(single: dict[str, Tensor], path: Path) -> None:
    torch.save({"state_dict": single}, path)


def _write_gguf(single: dict[str, Tensor], path: Path) -> None:
    try:
        import gguf
    except ImportError as error:
        raise StudioError("gguf is not installed.", "Install it with pip.") from error
    packing: Any = gguf.GGMLQuantizationType.Q8_0
    writer: Any = gguf.GGUFWriter(path, "sd1")
    for name, value in single.items():
        numbers = value.float().numpy()
        if numbers.ndim == 2 and numbers.shape[1] % 32 == 0:
            writer.add_tensor(name, gguf.quantize(numbers, packing), raw_dtype=packing)
        else:
            writer.add_tensor(name, numbers)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


LAYOUTS: dict[str, tuple[str, Callable[[dict[str, Tensor], Path], object]]] = {
    "safetensors": (".safetensors", save_file),
    "float16": (".safetensors", _write_float16),
    "float8": (".safetensors", _write_float8),
    "ckpt": (".ckpt", _write_ckpt),
    "GGUF": (".gguf", _write_gguf),
}


def _own_bytes() -> int:
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("RssAnon"))


def _load_and_tell(path: Path, precision: str) -> None:
    """Prints seconds and bytes, measured from another thread while loading."""
    over = threading.Event()
    before = most = _own_bytes()

    def watch() -> None:
        nonlocal most
        while not over.wait(0.002):
            most = max(most, _own_bytes())

    watcher = threading.Thread(target=watch)
    watcher.start()
    began = time.perf_counter()
    model = load_model(path, digest="", dtype=getattr(torch, precision))
    model.bring(*model.networks)
    seconds = time.perf_counter() - began
    over.set()
    watcher.join()
    most = max(most, _own_bytes())
    assert model.backbone is not None
    print(seconds, most - before)


if __name__ == "__main__":
    _load_and_tell(Path(sys.argv[1]), sys.argv[2])
