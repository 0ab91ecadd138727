"""Weights as their files have them, and their expansion to the type that a network computes in."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

NOT_ON_DEVICE = (
    "The weights of this network are not on the device. Call `Model.bring` before it computes."
)


@dataclass(frozen=True)
class StoredWeight:
    """A weight as its file has it: elements in their own type, or packed blocks."""

    data: Tensor
    """The elements in their shape; for packed weights the bytes, uint8 [n]."""
    unpack: Callable[[Tensor], Tensor] | None = None
    """Bytes -> float32 elements; None: not packed."""
    packed_bound: Callable[[Tensor], float] | None = None
    """Packed bytes -> a number that no element's magnitude exceeds; NaN if some are NaN."""
    scale: Tensor | None = None
    """A scalar that the elements are multiplied by, for 8-bit weights."""
    transposed: bool = False

    @property
    def nbytes(self) -> int:
        scale = 0 if self.scale is None else self.scale.nbytes
        return self.data.numel() * self.data.itemsize + scale

    def bound(self) -> float:
        """A number that no element's magnitude exceeds, found without unpacking; NaN or infinity if
        some are not finite."""
        if not self.data.numel():
            return 0.0
        if self.packed_bound is not None:
            return self.packed_bound(self.data)
        data = self.data.half() if self.data.itemsize < 2 else self.data
        low, high = map(float, data.aminmax())
        bound = low if math.isnan(low) else max(-low, high)
        return bound if self.scale is None else bound * abs(float(self.scale))

    def numbers(self, device: torch.device | str = "cpu") -> Tensor:
        """The elements; they share memory with `data` if nothing has to be computed."""
        tensor = self.data.to(device)
        if self.unpack is not None:
            tensor = self.unpack(tensor)
        if self.scale is not None:
            tensor = tensor.float() * self.scale.to(device).float()
        return tensor.T if self.transposed else tensor


class StoredParameter(nn.Parameter):
    """A parameter of an offloaded network: it is on "meta" and holds the stored weight.

    It has the shape, and the type that the network computes in; computing with it is an error.
    """

    weight: StoredWeight | nn.Parameter
    """The stored weight; after `expand_on`, the parameter on the device."""

    @classmethod
    def of(cls, stored: StoredWeight, shape: torch.Size, dtype: torch.dtype) -> StoredParameter:
        """A parameter of this shape, for a network that computes in `dtype`."""
        made = cls(torch.empty(shape, dtype=dtype, device="meta"), requires_grad=False)
        made.weight = stored
        return made

    @classmethod
    def __torch_function__(
        cls,
        func: Callable[..., Any],
        types: Iterable[type],
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        """Raises RuntimeError where a tensor would be computed: torch fails with an unclear message
        on "meta", or computes nothing there.
        """
        try:
            with torch._C.DisableTorchFunctionSubclass():  # pyright: ignore[reportPrivateUsage]
                result = func(*args, **(kwargs or {}))
        except RuntimeError as error:
            raise RuntimeError(NOT_ON_DEVICE) from error
        if isinstance(result, Tensor) and func is not Tensor.requires_grad_:
            raise RuntimeError(NOT_ON_DEVICE)
        return result

    def __deepcopy__(self, memo: dict[int, Any]) -> nn.Parameter:
        weight = copy.deepcopy(self.weight, memo)
        if isinstance(weight, StoredWeight):
            weight = StoredParameter.of(weight, self.shape, self.dtype)
        memo[id(self)] = weight
        return weight

    def numbers(self, device: torch.device | str = "cpu") -> Tensor:
        """The weight on `device`, in the memory layout for computing. The stored weight stays."""
        if isinstance(self.weight, nn.Parameter):
            return self.weight.detach().to(device)
        has_all_types = torch.device(device).type == "cuda"  # float8, float64
        tensor = self.weight.numbers(device if has_all_types else "cpu")
        tensor = tensor.to(device, self.dtype).reshape(self.shape)
        layout = torch.channels_last if self.ndim == 4 else torch.contiguous_format
        return tensor.contiguous(memory_format=layout)

    def expand_on(self, device: torch.device | str) -> nn.Parameter:
        """Replaces the stored weight by the parameter on `device`, and returns that. Networks that
        share this one get the same.
        """
        if not isinstance(self.weight, nn.Parameter):
            self.weight = nn.Parameter(self.numbers(device), requires_grad=False)
        return self.weight


def numbers_of(parameter: Tensor) -> Tensor:
    """The values of a parameter; those of an offloaded network are on the CPU."""
    if isinstance(parameter, StoredParameter):
        return parameter.numbers()
    return parameter.detach()
