"""Where a model's networks are while it draws: all on the device, or one at a time.

Text encoders work before the first step, the U-Net at every step, the autoencoder behind the last:
on a device without room for all of them they take turns, and their weights stay in main memory.
Where there is no room for a second model beside a first one that stays there, both take turns.

A network that waits keeps its weights as its files have them (float16, 8 bits, GGUF's blocks). When
it is brought they expand to the type it computes in, and when it leaves the expanded ones are
dropped. A network that stays expands once, tensor by tensor, and each stored tensor is released
then, so that it is never there twice; in main memory that is when it is first used. Should such a
network have to take turns later, it waits in the type it computes in.
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
"""Share of the free memory that is left to others."""
WORKSPACE = 300_000_000
"""Bytes for the libraries' own workspaces, about."""


@dataclass(frozen=True)
class Pinned:
    """What of other models stays on a device."""

    weights: int = 0
    """Bytes."""
    working: int = 0
    """Bytes that the neediest of them needs beside its weights."""


@dataclass(frozen=True)
class PlacementPlan:
    """What of a model is on the device, and why."""

    weights: Mapping[str, int]
    """Bytes of each network."""
    working: Mapping[str, int]
    """Bytes that each needs beside them to draw in the native size, about."""
    free: int | None
    """Bytes of the device that were free; None: main memory, which the system looks after."""
    others: Pinned = Pinned()
    """What of other models was there, and not free."""
    made_room: bool = False
    """Whether the networks take turns since they made room for another model's."""

    @property
    def offloads(self) -> bool:
        """Whether the networks take turns."""
        return self.made_room or not _fits(self.all_at_once, self.free)

    @property
    def evicts_others(self) -> bool:
        """Whether the other models make room, to take turns as well."""
        return self.others.weights > 0 and not _fits(self.one_at_a_time, self.free)

    @property
    def fits(self) -> bool:
        """Whether there is room for the largest network at all."""
        return _fits(self.one_at_a_time, self._room)

    @property
    def all_at_once(self) -> int:
        """Bytes beside other models, which work there as well."""
        working = max([*self.working.values(), self.others.working])
        return sum(self.weights.values()) + working

    @property
    def one_at_a_time(self) -> int:
        needs = (self.weights[name] + self.working.get(name, 0) for name in self.weights)
        return max(needs, default=0)

    @property
    def _room(self) -> int | None:
        """Bytes that are free once the others have made room."""
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
    """Bytes of a GPU that are free, what torch holds in reserve included; None for main memory."""
    if device.type != "cuda":
        return None
    free, _ = torch.cuda.mem_get_info(device)
    return free + torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)


def size_of(*networks: nn.Module, dtype: torch.dtype | None = None) -> int:
    """Bytes of their weights in that type, wherever they are, also nowhere ("meta"); None: as they
    are now, which is as their files have them while the networks wait.
    """
    if dtype is None:
        return sum(sizes(*networks).values())
    return sum(p.numel() for network in networks for p in network.parameters()) * dtype.itemsize


def sizes(*networks: nn.Module) -> Mapping[int, int]:
    """Bytes of their weights as they are now, by identity: what networks share is there once."""
    held = {_place(_held(tensor)): _held(tensor) for _, _, tensor in _tensors(networks)}
    return {place: _nbytes(tensor) for place, tensor in held.items()}


def expand(network: nn.Module, device: torch.device) -> None:
    """Have the weights of a network that waits on the device for good, and release the stored
    ones, tensor by tensor.
    """
    for module, name, tensor in list(_tensors([network])):
        if isinstance(tensor, StoredParameter):
            _put(module, name, tensor.settle(device))
        elif tensor.device.type != device.type:
            _put(module, name, tensor.to(device))


class DeviceManager:
    """What is on a device: networks that are settled there, and one part at a time of all others.

    One for all models that share the device. Used by one thread.
    """

    def __init__(self, device: torch.device) -> None:
        self.device = device
        self._pinned: WeakSet[nn.Module] = WeakSet()
        self._expanded: WeakSet[nn.Module] = WeakSet()
        """Those of the pinned that are on the device; the others are brought when first used."""
        self._working = 0
        self._present: tuple[nn.Module, ...] = ()
        self._home: list[tuple[nn.Module, str, Tensor]] = []

    @property
    def loaded(self) -> tuple[nn.Module, ...]:
        """What was brought last of those that are not settled."""
        return self._present

    @property
    def pinned(self) -> Pinned:
        held = (_held(tensor) for _, _, tensor in _tensors(self._pinned))
        tensors = {_place(tensor): tensor for tensor in held}  # also what is not there yet
        size = sum(tensor.numel() * tensor.element_size() for tensor in tensors.values())
        return Pinned(size, self._working if size else 0)

    def is_pinned(self, network: nn.Module) -> bool:
        return network in self._pinned

    def pin(self, *networks: nn.Module, working: int = 0) -> None:
        """These stay on the device once they are brought; `working`: what the neediest needs
        beside them."""
        self._pinned.update(networks)
        self._working = max(self._working, working)

    def pin_like(self, network: nn.Module, like: nn.Module) -> None:
        """`network` stays on the device if `like` does."""
        if like in self._pinned:
            self._pinned.add(network)

    def unpin(self, *networks: nn.Module) -> None:
        """Have these, or all that are settled, go to main memory and take turns from now on."""
        leaving = [one for one in networks or [*self._pinned] if one in self._pinned]
        moved: dict[int, Tensor] = {}  # what networks share they go on sharing
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
        """Have these on the device, and of those that are not settled nothing else."""
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
        """Have what was brought where it came from, as it was stored; nothing is copied back."""
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
    """What takes memory: itself, or what a stored weight has settled as."""
    if isinstance(tensor, StoredParameter) and isinstance(tensor.weight, nn.Parameter):
        return tensor.weight
    return tensor


def _nbytes(tensor: Tensor) -> int:
    if isinstance(tensor, StoredParameter) and isinstance(tensor.weight, StoredWeight):
        return tensor.weight.nbytes
    return tensor.numel() * tensor.element_size()


def _place(tensor: Tensor) -> int:
    """Of its numbers: that of another tensor where both share them."""
    return tensor.untyped_storage()._cdata  # pyright: ignore[reportPrivateUsage]


def _put(module: nn.Module, name: str, tensor: Tensor) -> None:
    if name in module._parameters and not isinstance(tensor, nn.Parameter):  # pyright: ignore[reportPrivateUsage]
        tensor = nn.Parameter(tensor, requires_grad=False)
    setattr(module, name, tensor)
