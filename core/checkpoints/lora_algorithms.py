"""How adapters change a layer: LoRA, LoHa, LoKr, GLoRA, IA3, OFT, BOFT, full differences.

One row of `ALGORITHMS` each: the names of its tensors, and a function of the weight. The names and
the formulas are those of LyCORIS; `lora_names` translates the names of other trainers.

Sources: LoRA, Hu et al. 2022; LoHa, Hyeon-Woo et al. 2022; LoKr, Yeh et al. 2024 (LyCORIS); GLoRA,
Chavan et al. 2023; IA3, Liu et al. 2022; OFT, Qiu et al. 2023; BOFT, Liu et al. 2024; DoRA, Liu et
al. 2024.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from ..errors import InvalidError, UnknownKindError

Tensors = Mapping[str, Tensor]
"""The tensors of one layer by LyCORIS's names, such as `lora_up.weight`; float32."""
Change = Callable[[Tensor, Tensors, float], Tensor]
"""The new weight, from the weight, the tensors, and a strength; strength 0 changes nothing.

Raises KeyError for a missing tensor; RuntimeError, IndexError, ValueError for tensors that do not
fit together; UnknownKindError for those that do not fit the weight."""

ALPHA, ON_INPUT = "alpha", "on_input"
"""Tensors of one element: the scale of a change times its rank; the side of IA3's factors."""
DORA_SCALE, PEFT_MAGNITUDES = "dora_scale", "lora_magnitude_vector"
"""DoRA: the norms of the rows or columns of the changed weight; PEFT's are always of rows."""


@dataclass(frozen=True)
class Algorithm:
    """How the tensors of one layer change its weight, or its bias."""

    name: str
    tensors: tuple[str, ...]
    """The names of its tensors; one of them is enough to recognise it."""
    change: Change
    parameter: Literal["weight", "bias"] = "weight"
    columns: tuple[tuple[str, ...], ...] = ()
    """The tensors with as many columns as the weight of a linear layer; of several groups, the
    product. Of each group one is enough. Empty: its tensors do not show it."""


def algorithms_of(names: Iterable[str]) -> list[Algorithm]:
    """The algorithms that these tensors of a layer belong to."""
    given = frozenset(names)
    return [algorithm for algorithm in ALGORITHMS if not given.isdisjoint(algorithm.tensors)]


def column_count(shapes: Mapping[str, tuple[int, ...]]) -> int | None:
    """The columns of the linear layer that tensors of these shapes change; None if unknown."""
    for algorithm in algorithms_of(shapes):
        found = [
            next((name for name in group if name in shapes), "") for group in algorithm.columns
        ]
        if found and all(len(shapes.get(name, ())) >= 2 for name in found):
            return math.prod(shapes[name][1] for name in found)
    return None


def changed(weight: Tensor, algorithm: Algorithm, tensors: Tensors, strength: float) -> Tensor:
    """The weight, or the bias, changed with `strength`; float32. Raises as `Change`."""
    if empty := next((name for name, tensor in tensors.items() if not tensor.numel()), ""):
        raise InvalidError("{tensor} is empty", tensor=empty)
    nowhere = {
        name: tensor if name in (ALPHA, ON_INPUT) else tensor.to("meta")
        for name, tensor in tensors.items()
    }
    algorithm.change(weight.to("meta"), nowhere, 1.0)  # fails before anything large is made
    magnitude = tensors.get(PEFT_MAGNITUDES, tensors.get(DORA_SCALE))
    if magnitude is None or algorithm.parameter == "bias":
        return algorithm.change(weight, tensors, strength)
    of_rows = PEFT_MAGNITUDES in tensors or magnitude.shape[:1] == weight.shape[:1]
    whole = algorithm.change(weight, tensors, 1.0)
    return weight.lerp(_with_norms(whole, magnitude, axis=0 if of_rows else 1), strength)


def _with_norms(weight: Tensor, magnitude: Tensor, axis: int) -> Tensor:
    """The weight with the given norms of its rows (axis 0) or columns (axis 1)."""
    others = [other for other in range(weight.ndim) if other != axis]
    norms = weight.square().sum(dim=others, keepdim=True).sqrt()
    if magnitude.numel() != norms.numel():
        raise InvalidError(
            "there are {count} magnitudes for {channels} channels",
            count=magnitude.numel(),
            channels=norms.numel(),
        )
    return weight * (magnitude.reshape(norms.shape) / norms.clamp_min(1e-12))


def _scale(tensors: Tensors, rank: int) -> float:
    """alpha / rank; 1 without an alpha."""
    alpha = tensors.get(ALPHA)
    return 1.0 if alpha is None or not rank else float(alpha) / rank


def _add(weight: Tensor, delta: Tensor, strength: float) -> Tensor:
    """weight + strength * delta. A convolution's delta may be flat, a linear layer's may not be."""
    _check_shape(weight, delta.flatten(1).shape if delta.ndim > 1 else delta.shape)
    return torch.add(weight, delta.reshape(weight.shape), alpha=strength)


def _check_shape(weight: Tensor, shape: torch.Size) -> None:
    """Raises UnknownKindError unless the flattened weight has this shape."""
    if shape != (weight.flatten(1) if weight.ndim > 1 else weight).shape:
        raise UnknownKindError(
            "it is made for a different model: it changes {numbers} numbers of a layer "
            "that has {existing}",
            numbers=tuple(shape),
            existing=tuple(weight.shape),
        )


def _tucker(core: Tensor, rows: Tensor, columns: Tensor) -> Tensor:
    """The convolution with the core [a, b, h, w] and the factors [a, out] and [b, in]."""
    return torch.einsum("abhw,ao,bi->oihw", core, rows, columns)


def _lora(weight: Tensor, tensors: Tensors, strength: float) -> Tensor:
    up, down = tensors["lora_up.weight"].flatten(1), tensors["lora_down.weight"].flatten(1)
    scale = strength * _scale(tensors, len(down))
    middle = tensors.get("lora_mid.weight")
    if middle is not None:
        return _add(weight, _tucker(middle, up.T, down), scale)
    _check_shape(weight, torch.Size((len(up), down.shape[1])))
    added = torch.addmm(weight.flatten(1), up, down, alpha=scale)  # in one pass
    return added.reshape(weight.shape)


def _lora_bias(bias: Tensor, tensors: Tensors, strength: float) -> Tensor:
    scale = strength * _scale(tensors, len(tensors["lora_down.weight"]))
    return _add(bias, tensors["lora_up.bias"], scale)


def _loha(weight: Tensor, tensors: Tensors, strength: float) -> Tensor:
    halves: list[Tensor] = []
    for half in "12":
        a, b = tensors[f"hada_w{half}_a"], tensors[f"hada_w{half}_b"]
        core = tensors.get(f"hada_t{half}")
        halves.append(a @ b if core is None else _tucker(core, a, b))
    scale = strength * _scale(tensors, len(tensors["hada_w1_b"]))
    return _add(weight, halves[0] * halves[1], scale)


def _lokr(weight: Tensor, tensors: Tensors, strength: float) -> Tensor:
    scale = strength
    factors: list[Tensor] = []
    for half in "12":
        factor = tensors.get(f"lokr_w{half}")
        if factor is None:
            a, b = tensors[f"lokr_w{half}_a"], tensors[f"lokr_w{half}_b"]
            scale = strength * _scale(tensors, len(b))
            core = tensors.get(f"lokr_t{half}")
            factor = a @ b.flatten(1) if core is None else _tucker(core, a, b)
        factors.append(factor.flatten(1))  # the kernel of a convolution comes last
    return _add(weight, torch.kron(*factors), scale)


def _glora(weight: Tensor, tensors: Tensors, strength: float) -> Tensor:
    """W + W A + B. Early files have the two factors of A and of B in the other order."""
    a1, a2, b1, b2 = (tensors[f"{name}.weight"].flatten(1) for name in ("a1", "a2", "b1", "b2"))
    if len(b1) != len(weight):
        a1, a2, b1, b2 = a2, a1, b2, b1
    scale = strength * _scale(tensors, len(b2))
    inputs_last = weight.movedim(1, -1)
    small = a1.shape[1] <= len(a1)  # the rank: of any size, in a file
    multiplied = inputs_last @ a1 @ a2 if small else inputs_last @ (a1 @ a2)
    return _add(_add(weight, b1 @ b2, scale), multiplied.movedim(-1, 1), scale)


def _ia3(weight: Tensor, tensors: Tensors, strength: float) -> Tensor:
    """W (1 + w), for the channels of the input or of the output."""
    axis = 1 if tensors[ON_INPUT] else 0
    sides = [side if i == axis else 1 for i, side in enumerate(weight.shape)]
    return weight * (1 + strength * tensors["weight"].reshape(sides))


def _oft(weight: Tensor, tensors: Tensors, strength: float) -> Tensor:
    """Rotates the rows within blocks; BOFT in several stages, with blocks in butterfly order.

    `alpha` bounds the rotation, as a share of the number of rows; 0 and none: it is not bounded.
    """
    blocks, rescale = tensors["oft_blocks"], tensors.get("rescale")
    skew = blocks - blocks.mT
    bound = float(tensors[ALPHA]) * len(weight) if ALPHA in tensors else 0.0
    if bound > 0:
        skew = skew * (bound / (skew.square().sum().sqrt() + 1e-8)).clamp(max=1.0)
    identity = torch.eye(blocks.shape[-1], device=blocks.device)
    rotations = (identity + skew) @ torch.inverse(identity - skew)  # Cayley transform
    rotations = identity + strength * (rotations - identity)
    rows = weight.flatten(1)
    if blocks.ndim == 3:
        rows = (rotations.mT @ rows.reshape(*blocks.shape[:2], -1)).reshape(rows.shape)
    else:
        for stage, rotation in enumerate(rotations):
            stride = 2**stage * blocks.shape[-1] // 2
            order = torch.arange(len(weight), device=rows.device)
            order = order.reshape(-1, 2, stride).mT.flatten()
            turned = rotation @ rows[order].reshape(*blocks.shape[1:3], -1)
            rows = torch.empty_like(rows).index_copy(0, order, turned.reshape(rows.shape))
    if rescale is not None:
        rows = rows * (1 + strength * (rescale.reshape(-1, 1) - 1))
    return rows.reshape(weight.shape)


def _difference(name: str) -> Change:
    return lambda weight, tensors, strength: _add(weight, tensors[name], strength)


ALGORITHMS = (
    Algorithm(
        "LoRA",
        ("lora_up.weight", "lora_down.weight", "lora_mid.weight"),
        _lora,
        columns=(("lora_down.weight",),),
    ),
    Algorithm("LoRA", ("lora_up.bias",), _lora_bias, "bias"),
    Algorithm(
        "LoHa",
        ("hada_w1_a", "hada_w1_b", "hada_w2_a", "hada_w2_b", "hada_t1", "hada_t2"),
        _loha,
        columns=(("hada_w1_b",),),
    ),
    Algorithm(
        "LoKr",
        (
            *("lokr_w1", "lokr_w1_a", "lokr_w1_b", "lokr_t1"),
            *("lokr_w2", "lokr_w2_a", "lokr_w2_b", "lokr_t2"),
        ),
        _lokr,
        columns=(("lokr_w1", "lokr_w1_b"), ("lokr_w2", "lokr_w2_b")),
    ),
    Algorithm("GLoRA", ("a1.weight", "a2.weight", "b1.weight", "b2.weight"), _glora),
    Algorithm("IA3", (ON_INPUT, "weight"), _ia3),
    Algorithm("OFT", ("oft_blocks", "rescale"), _oft),
    Algorithm("full difference", ("diff",), _difference("diff"), columns=(("diff",),)),
    Algorithm("full difference", ("diff_b",), _difference("diff_b"), "bias"),
    Algorithm("norm", ("w_norm",), _difference("w_norm")),
    Algorithm("norm", ("b_norm",), _difference("b_norm"), "bias"),
)
"""A layer may have several of them, for its weight and its bias."""
