"""Offloading: a model's networks are on the device all at once, or one at a time.

Text encoders work before the first step, the U-Net at every step, the autoencoder after the last.
On a device without room for all of them they are loaded one at a time, and their weights stay in
main memory. If a second model does not fit beside a pinned first one, both are offloaded.

An offloaded network keeps its weights as its files have them (float16, 8 bits, GGUF's blocks).
Loading it to the device expands them to the type it computes in; evicting it drops the expanded
ones. A pinned network expands once, when it is first used: tensor by tensor, and each stored tensor
is released at once, so that no weight is in memory twice. If such a network is unpinned later, its
weights stay in the type it computes in.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from weakref import WeakSet

import torch
from torch import Tensor, nn

from ..errors import Message
from .stored_weight import StoredParameter, StoredWeight

SPARE = 0.05
"""Share of the free memory that is left to other programs."""
WORKSPACE = 300_000_000
"""Approximate bytes for the libraries' own workspaces."""


@dataclass(frozen=True)
class Pinned:
    """The memory of the networks that are pinned to a device."""

    weights: int = 0
    """Bytes of their weights."""
    working: int = 0
    """Bytes of working memory, of the network that needs most."""


@dataclass(frozen=True)
class PlacementPlan:
    """Whether a model's networks are on the device all at once, and why."""

    weights: Mapping[str, int]
    """Bytes of each network."""
    working: Mapping[str, int]
    """Approximate bytes that each needs beside its weights, for an image of the native size."""
    free: int | None
    """Free bytes of the device; None: main memory, which the system manages."""
    others: Pinned = Pinned()
    """The networks of other models that were pinned there."""
    made_room: bool = False
    """Whether the networks were unpinned to make room for another model."""

    @property
    def offloads(self) -> bool:
        """Whether the networks are loaded one at a time."""
        return self.made_room or not _fits(self.all_at_once, self.free)

    @property
    def evicts_others(self) -> bool:
        """Whether the other models must be unpinned to make room."""
        return self.others.weights > 0 and not _fits(self.one_at_a_time, self.free)

    @property
    def fits(self) -> bool:
        """Whether there is room for the largest network at all."""
        return _fits(self.one_at_a_time, self._room)

    @property
    def all_at_once(self) -> int:
        """Bytes for all networks, with room for other models to work."""
        working = max([*self.working.values(), self.others.working])
        return sum(self.weights.values()) + working

    @property
    def one_at_a_time(self) -> int:
        """Bytes for the largest network, with its working memory."""
        needs = (self.weights[name] + self.working.get(name, 0) for name in self.weights)
        return max(needs, default=0)

    @property
    def _room(self) -> int | None:
        """Free bytes once the other models are unpinned."""
        if self.free is None or not self.evicts_others:
            return self.free
        return self.free + self.others.weights

    @property
    def message(self) -> Message:
        """Where the networks are, for people."""
        if self._room is None:
            return Message("all in main memory")
        free = f"{self._room / 1e9:.1f}"
        if not self.offloads:
            return Message(
                "all on the GPU: about {needed} of the {free} GB that were free",
                needed=f"{self.all_at_once / 1e9:.1f}",
                free=free,
            )
        needed = f"{self.one_at_a_time / 1e9:.1f}"
        if self.fits:
            return Message(
                "one at a time on the GPU: about {needed} of the {free} GB that were free",
                needed=needed,
                free=free,
            )
        return Message(
            "one at a time on the GPU, and there may not be room: about {needed} of the {free} GB "
            "that were free",
            needed=needed,
            free=free,
        )


def _fits(needed: int, free: int | None) -> bool:
    return free is None or needed <= free * (1 - SPARE)


IN_MAIN_MEMORY = PlacementPlan({}, {}, None)


def free_memory(device: torch.device) -> int | None:
    """Free bytes of a GPU, including those that torch has reserved; None for main memory."""
    if device.type != "cuda":
        return None
    free, _ = torch.cuda.mem_get_info(device)
    return free + torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)


def size_of(*networks: nn.Module, dtype: torch.dtype | None = None) -> int:
    """Bytes of their weights in `dtype`, on any device, including "meta"; None: as they are stored
    now.
    """
    if dtype is None:
        return sum(sizes(*networks).values())
    return sum(p.numel() for network in networks for p in network.parameters()) * dtype.itemsize


def sizes(*networks: nn.Module) -> Mapping[int, int]:
    """Bytes of their weights as they are stored now, by storage: shared weights count once."""
    held = {_place(_held(tensor)): _held(tensor) for _, _, tensor in _tensors(networks)}
    return {place: _nbytes(tensor) for place, tensor in held.items()}


def expand(network: nn.Module, device: torch.device) -> None:
    """Moves the weights of a network to the device for good, tensor by tensor, and releases the
    stored ones.
    """
    for module, name, tensor in list(_tensors([network])):
        if isinstance(tensor, StoredParameter):
            _put(module, name, tensor.expand_on(device))
        elif tensor.device.type != device.type:
            _put(module, name, tensor.to(device))


class DeviceManager:
    """Manages what is on a device: pinned networks, and one group at a time of all others.

    All models on the device share one manager. Used by one thread.
    """

    def __init__(self, device: torch.device) -> None:
        self.device = device
        self._pinned: WeakSet[nn.Module] = WeakSet()
        self._expanded: WeakSet[nn.Module] = WeakSet()
        """The pinned networks that are on the device; the others are loaded when first used."""
        self._working = 0
        self._present: tuple[nn.Module, ...] = ()
        self._home: list[tuple[nn.Module, str, Tensor]] = []

    @property
    def loaded(self) -> tuple[nn.Module, ...]:
        """The networks on the device that are not pinned."""
        return self._present

    @property
    def pinned(self) -> Pinned:
        held = (_held(tensor) for _, _, tensor in _tensors(self._pinned))
        tensors = {_place(tensor): tensor for tensor in held}  # also those that are not loaded yet
        size = sum(tensor.numel() * tensor.element_size() for tensor in tensors.values())
        return Pinned(size, self._working if size else 0)

    def is_pinned(self, network: nn.Module) -> bool:
        return network in self._pinned

    def pin(self, *networks: nn.Module, working: int = 0) -> None:
        """Keeps these on the device once they are loaded; `working`: bytes of working memory, of
        the network that needs most."""
        self._pinned.update(networks)
        self._working = max(self._working, working)

    def pin_like(self, network: nn.Module, like: nn.Module) -> None:
        """Pins `network` if `like` is pinned."""
        if like in self._pinned:
            self._pinned.add(network)

    def unpin(self, *networks: nn.Module) -> None:
        """Moves these, or all pinned networks, to main memory; from now on they are offloaded."""
        leaving = [one for one in networks or [*self._pinned] if one in self._pinned]
        moved: dict[int, Tensor] = {}  # shared weights stay shared
        for module, name, tensor in list(_tensors(leaving)):
            held = _held(tensor)
            if isinstance(held, StoredParameter):
                continue
            if _place(held) not in moved:
                moved[_place(held)] = held.to("cpu")
            _put(module, name, moved[_place(held)])
        for network in leaving:
            self._pinned.discard(network)
            self._expanded.discard(network)

    def load(self, *networks: nn.Module) -> None:
        """Loads these to the device and evicts all other networks that are not pinned."""
        for network in networks:
            if network in self._pinned and network not in self._expanded:
                expand(network, self.device)
                self._expanded.add(network)
        wanted = tuple(network for network in networks if network not in self._pinned)
        if self._present == wanted:
            return
        self.evict()
        self._present = wanted
        for module, name, tensor in list(_tensors(wanted)):
            self._home.append((module, name, tensor))
            is_stored = isinstance(tensor, StoredParameter)
            _put(module, name, (tensor.numbers if is_stored else tensor.to)(self.device))

    def evict(self) -> None:
        """Restores the stored weights of the loaded networks; nothing is copied back."""
        for module, name, tensor in self._home:
            _put(module, name, tensor)
        self._home, self._present = [], ()


def _tensors(networks: Iterable[nn.Module]) -> Iterable[tuple[nn.Module, str, Tensor]]:
    for network in networks:
        for module in network.modules():
            tensors = module._parameters | module._buffers  # pyright: ignore[reportPrivateUsage]
            for name, tensor in tensors.items():
                if tensor is not None:
                    yield module, name, tensor


def _held(tensor: Tensor) -> Tensor:
    """The tensor that takes memory: itself, or the parameter that a stored weight expanded to."""
    if isinstance(tensor, StoredParameter) and isinstance(tensor.weight, nn.Parameter):
        return tensor.weight
    return tensor


def _nbytes(tensor: Tensor) -> int:
    if isinstance(tensor, StoredParameter) and isinstance(tensor.weight, StoredWeight):
        return tensor.weight.nbytes
    return tensor.numel() * tensor.element_size()


def _place(tensor: Tensor) -> int:
    """Identifies its storage; tensors that share their elements have the same."""
    return tensor.untyped_storage()._cdata  # pyright: ignore[reportPrivateUsage]


def _put(module: nn.Module, name: str, tensor: Tensor) -> None:
    if name in module._parameters and not isinstance(tensor, nn.Parameter):  # pyright: ignore[reportPrivateUsage]
        tensor = nn.Parameter(tensor, requires_grad=False)
    setattr(module, name, tensor)
