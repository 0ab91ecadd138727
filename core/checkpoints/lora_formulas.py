"""The weight changes of LoRA, LoHa, LoKr and DoRA, one function each.

Sources: LoRA, Hu et al. 2022; LoHa, Hyeon-Woo et al. 2022; LoKr, Yeh et al. 2024 (LyCORIS), which
also describe the tensors' names; DoRA, Liu et al. 2024.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from ..errors import UnknownKindError, UnreadableError

Tensors = Mapping[str, Tensor]
"""The tensors of one layer by role: `lora_up`, `alpha` and so on; float32."""


def apply_lora(weight: Tensor, tensors: Tensors, strength: float) -> Tensor:
    """The weight, float32, changed with `strength`. Raises UnreadableError."""
    shape = _shape(tensors)  # before anything large is made
    if shape.numel() != weight.numel():
        raise UnknownKindError(
            "it is made for a different model: it changes {numbers} numbers of a layer "
            "that has {existing}",
            numbers=tuple(shape),
            existing=tuple(weight.shape),
        )
    magnitude = tensors.get("dora_scale")
    if "magnitudes" in tensors:  # PEFT's are always norms of rows, whatever their shape
        magnitude = tensors["magnitudes"].reshape(-1, 1)
    rows = weight.reshape(len(weight), -1)
    if magnitude is None and _is_plain(tensors) and rows.shape == shape:
        up, down = tensors["lora_up"], tensors["lora_down"]
        scale = strength * _scale(tensors, down)
        return torch.addmm(rows, up, down, alpha=scale).reshape(weight.shape)  # in one pass
    delta = weight_delta(tensors).reshape(weight.shape)
    if magnitude is None:
        return weight + strength * delta
    return weight + strength * (_apply_dora(weight + delta, magnitude) - weight)


def _is_plain(tensors: Tensors) -> bool:
    """Whether they are two matrices that can be multiplied."""
    if "lora_mid" in tensors or not {"lora_up", "lora_down"} <= tensors.keys():
        return False
    up, down = tensors["lora_up"], tensors["lora_down"]
    return up.ndim == down.ndim == 2 and up.shape[1] == down.shape[0]


def _shape(tensors: Tensors) -> torch.Size:
    """The shape of the change. Raises UnreadableError."""
    if _is_plain(tensors):
        return torch.Size((tensors["lora_up"].shape[0], tensors["lora_down"].shape[1]))
    nowhere = {name: t if name == "alpha" else t.to("meta") for name, t in tensors.items()}
    return weight_delta(nowhere).shape


def weight_delta(tensors: Tensors) -> Tensor:
    """The change of the weight at strength 1. Raises UnreadableError."""
    try:
        if "lora_up" in tensors:
            return _scale(tensors, tensors["lora_down"]) * _lora(tensors)
        if "hada_w1_a" in tensors:
            return _scale(tensors, tensors["hada_w1_b"]) * _loha(tensors)
        if "lokr_w1" in tensors or "lokr_w1_a" in tensors:
            return _lokr(tensors)
        return tensors["diff"]
    except (KeyError, RuntimeError) as error:
        raise UnreadableError(
            "a layer's tensors do not fit together: {error}", error=error
        ) from error


def _scale(tensors: Tensors, down: Tensor) -> float:
    """alpha / rank; 1 without an alpha."""
    rank = down.shape[0]
    alpha = tensors.get("alpha")
    return 1.0 if alpha is None or not rank else float(alpha) / rank


def _lora(tensors: Tensors) -> Tensor:
    up, down = tensors["lora_up"], tensors["lora_down"]
    middle = tensors.get("lora_mid")
    if middle is not None:  # Tucker decomposition of a convolution
        return torch.einsum("oa,abhw,bi->oihw", up.flatten(1), middle, down.flatten(1))
    return (up.flatten(1) @ down.flatten(1)).reshape(-1, *down.shape[1:])


def _loha(tensors: Tensors) -> Tensor:
    if "hada_t1" in tensors:
        raise UnreadableError("it holds a Tucker decomposition of LoHa, which is not supported")
    first = tensors["hada_w1_a"] @ tensors["hada_w1_b"]
    return first * (tensors["hada_w2_a"] @ tensors["hada_w2_b"])


def _lokr(tensors: Tensors) -> Tensor:
    scale = 1.0
    factors: list[Tensor] = []
    for name in ("lokr_w1", "lokr_w2"):
        factor = tensors.get(name)
        if factor is None:
            a, b = tensors[f"{name}_a"], tensors[f"{name}_b"]
            scale = _scale(tensors, b)
            core = tensors.get("lokr_t2") if name == "lokr_w2" else None
            if core is not None:
                factor = torch.einsum("ijhw,ip,jr->prhw", core, a, b)
            else:
                factor = (a @ b.flatten(1)).reshape(-1, *b.shape[1:])
        factors.append(factor)
    first, second = factors
    first = first.reshape(*first.shape, *[1] * (second.ndim - first.ndim))
    return scale * torch.kron(first, second)


def _apply_dora(weight: Tensor, magnitude: Tensor) -> Tensor:
    """The weight with the given norms of its rows or columns."""
    rows = magnitude.shape[0] == weight.shape[0]
    if rows:
        norms = weight.square().flatten(1).sum(dim=1).sqrt()
        shape = (-1, *[1] * (weight.ndim - 1))
    else:
        norms = weight.square().transpose(0, 1).flatten(1).sum(dim=1).sqrt()
        shape = (1, -1, *[1] * (weight.ndim - 2))
    if magnitude.numel() != norms.numel():
        raise UnreadableError("the magnitudes of a layer are not as many as its channels")
    return weight * (magnitude.flatten() / norms.clamp_min(1e-12)).reshape(shape)
