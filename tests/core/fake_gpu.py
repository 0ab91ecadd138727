"""A fake GPU: tensors that claim to be on "cuda:0" and are computed on the CPU.

It refuses what real CUDA refuses: mixing tensors of the two devices, NumPy on a GPU tensor. So code
for GPUs runs without one, and its results can be compared to those of the CPU.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch
from weakref import WeakSet

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode

DEVICE = torch.device("cuda:0")
aten = torch.ops.aten
BETWEEN_DEVICES = {
    aten._to_copy.default,
    aten.copy_.default,
    aten.index.Tensor,  # indices may be on the CPU
    aten.index_put_.default,
    aten._index_put_impl_.default,
}


class Memory:
    """The memory of the tensors on the fake GPU."""

    def __init__(self, total: int) -> None:
        self.total = total
        self.taken = 0
        self.most = 0
        self._known: WeakSet[torch.UntypedStorage] = WeakSet()

    def note(self, storage: torch.UntypedStorage) -> None:
        if storage in self._known:
            return
        size = storage.nbytes()
        if self.taken + size > self.total:
            raise torch.OutOfMemoryError(f"CUDA out of memory: {size} bytes")
        self._known.add(storage)
        self.taken += size
        self.most = max(self.most, self.taken)
        weakref.finalize(storage, self._forget, size)

    def _forget(self, size: int) -> None:
        self.taken -= size


class OnGpu(Tensor):
    held: Tensor
    memory: Memory

    @staticmethod
    def __new__(cls, held: Tensor, memory: Memory) -> OnGpu:
        made = Tensor._make_wrapper_subclass(
            cls,
            held.size(),
            strides=held.stride(),
            storage_offset=held.storage_offset(),
            dtype=held.dtype,
            layout=held.layout,
            device=torch.device(
                "meta"
            ),  # as torch takes it for; a real one it would ask CUDA about
        )
        made.held, made.memory = held, memory
        memory.note(held.untyped_storage())
        return made

    @property
    def device(self) -> torch.device:  # pyright: ignore[reportIncompatibleVariableOverride]
        return DEVICE

    @property
    def is_cuda(self) -> bool:  # pyright: ignore[reportIncompatibleVariableOverride]
        return True

    @property
    def is_meta(self) -> bool:  # pyright: ignore[reportIncompatibleVariableOverride]
        return False

    def __repr__(self, *, tensor_contents: object = None) -> str:
        return f"OnGpu({self.held!r})"

    @classmethod
    def __torch_function__(cls, func, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        if func is F.scaled_dot_product_attention:  # as a whole, as its parts depend on the device
            return _run(func, args, kwargs, None)
        with torch._C.DisableTorchFunctionSubclass():
            return func(*args, **kwargs)

    @classmethod
    def __torch_dispatch__(cls, func, types, args=(), kwargs=None):
        return _run(func, args, kwargs or {}, None)


class Numbered(TorchFunctionMode):
    """ "cuda" is the current GPU, which torch would ask CUDA for."""

    def __torch_function__(self, func, types, args=(), kwargs=None):
        if func is torch.device:
            return func(*args, **(kwargs or {}))
        args = _mapped(args, _numbered)
        kwargs = {name: _numbered(value) for name, value in (kwargs or {}).items()}
        if func is Tensor.to and len(args) > 1 and isinstance(args[1], Tensor):
            args = (args[0], args[1].device, args[1].dtype, *args[2:])
        if func in (torch.tensor, torch.as_tensor) and kwargs.get("device") is not None:
            where = kwargs.pop("device")  # it would make it there without asking anybody
            return func(*args, **kwargs).to(where)
        return func(*args, **kwargs)


def _numbered(value: Any) -> Any:
    if isinstance(value, torch.device):
        return DEVICE if value == torch.device("cuda") else value
    return DEVICE if isinstance(value, str) and value == "cuda" else value


class PretendedGpu(TorchDispatchMode):
    def __init__(self, memory: Memory) -> None:
        super().__init__()
        self.memory = memory

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        return _run(func, args, kwargs or {}, self.memory)


def _run(func: Any, args: Any, kwargs: dict[str, Any], memory: Memory | None) -> Any:
    ours: list[OnGpu] = []
    theirs: list[Tensor] = []

    def plain(value: Any) -> Any:
        if isinstance(value, OnGpu):
            ours.append(value)
            return value.held
        if isinstance(value, Tensor) and value.dim():
            theirs.append(value)
        return value

    given = _mapped(args, plain)
    named = {name: _mapped(kwargs[name], plain) for name in kwargs.keys() - {"pin_memory"}}
    if ours and theirs and func not in BETWEEN_DEVICES:
        shapes = [tuple(tensor.shape) for tensor in theirs]
        raise RuntimeError(f"Expected all tensors on one device, in {func}: {shapes} are not")
    wanted = None if named.get("device") is None else torch.device(named["device"])
    if ours and wanted == torch.device("meta"):
        wanted = DEVICE  # torch has asked one of ours where it is
    on_gpu = bool(ours) if wanted is None else wanted.type == "cuda"
    if func is aten.copy_.default:
        on_gpu = isinstance(args[0], OnGpu)
    if wanted is not None:
        named["device"] = torch.device("cpu") if on_gpu else wanted
    out = func(*given, **named)
    memory = ours[0].memory if ours else memory
    if not on_gpu or memory is None:
        return out
    by_held = {id(value.held): value for value in ours}

    def wrapped(value: Any) -> Any:
        if not isinstance(value, Tensor):
            return value
        known = by_held.get(id(value))
        return OnGpu(value, memory) if known is None else known

    return _mapped(out, wrapped)


def _mapped(value: Any, change: Callable[[Any], Any]) -> Any:
    if isinstance(value, (tuple, list)):
        return type(value)(_mapped(item, change) for item in value)
    return change(value)


@contextmanager
def pretended_gpu(total: int = 24 * 10**9) -> Iterator[Memory]:
    """While it lasts, `torch.cuda` has one GPU with `total` bytes."""
    memory = Memory(total)
    answers: dict[str, Any] = {
        "_lazy_init": lambda: None,
        "is_available": lambda: True,
        "device_count": lambda: 1,
        "get_device_name": lambda device=None: "Pretended GPU",
        "get_device_capability": lambda device=None: (8, 0),
        "is_bf16_supported": lambda including_emulation=True: True,
        "mem_get_info": lambda device=None: (memory.total - memory.taken, memory.total),
        "memory_reserved": lambda device=None: memory.taken,
        "memory_allocated": lambda device=None: memory.taken,
        "max_memory_allocated": lambda device=None: memory.most,
        "reset_peak_memory_stats": lambda device=None: setattr(memory, "most", memory.taken),
        "empty_cache": lambda: None,
        "synchronize": lambda device=None: None,
    }
    # Or `Module.to` would put ours into tensors that know nothing of what they hold.
    overwrite = torch.__future__.get_overwrite_module_params_on_conversion()
    torch.__future__.set_overwrite_module_params_on_conversion(True)
    try:
        with patch.multiple(torch.cuda, **answers), PretendedGpu(memory), Numbered():
            yield memory
    finally:
        torch.__future__.set_overwrite_module_params_on_conversion(overwrite)
