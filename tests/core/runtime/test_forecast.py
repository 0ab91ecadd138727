"""Estimates against torch's own count of operations and the samplers' own calls."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from core.networks.cond import Cond
from core.networks.cost import COUNTED, BackboneCost, CostModel
from core.networks.unet import UNet, UNetConfig
from core.runtime.forecast import (
    ADAPTIVE,
    MIN_MEMORY,
    WHOLE_CELLS,
    Measured,
    Task,
    estimate,
    evaluations,
)
from core.sampling.samplers import SAMPLERS
from core.sampling.trajectory import State

SD1 = UNetConfig()
SDXL = UNetConfig(
    multipliers=(1, 2, 4), depths=(0, 1, 3), middle_depth=3, context_dim=2048, heads=None,
    linear_projection=True, vector_dim=2816,
)  # fmt: skip
"""With fewer transformer blocks than the published network, as torch counts slowly."""
DEFAULT = UNetConfig(
    in_channels=8, out_channels=8, channels=64, multipliers=(1, 2, 4), blocks=1, depths=(0, 1, 1),
    context_dim=384, heads=None, vector_dim=384, upsample="pixel_shuffle",
)  # fmt: skip


def unet(config: UNetConfig) -> UNet:
    with torch.device("meta"):
        return UNet(config)


def counted(network: UNet, config: UNetConfig, sides: Sequence[int], tokens: int) -> list[float]:
    """Multiply-adds of a forward pass at each size with a cached context, counted by torch."""
    found = []
    with torch.device("meta"), torch.no_grad():
        context = torch.zeros(1, tokens, config.context_dim)
        vector = torch.zeros(1, config.vector_dim) if config.vector_dim else None
        cond, t = Cond(context, vector).cached(), torch.zeros(1)
        network(torch.zeros(1, config.in_channels, 8, 8), t, cond)
        for side in sides:
            with FlopCounterMode(display=False) as counter:
                network(torch.zeros(1, config.in_channels, side, side), t, cond)
            found.append(counter.get_total_flops() / 2)
    return found


@pytest.mark.parametrize("config", [SD1, SDXL, DEFAULT], ids=["SD1", "SDXL", "default"])
def test_unet_costs_equal_torchs_flop_counter(config: UNetConfig) -> None:
    tokens, network = 77, unet(config)
    sides = (16, 64)
    for side, expected in zip(sides, counted(network, config, sides, tokens), strict=True):
        assert network.operations(tokens).of(side**2) == pytest.approx(expected, rel=0.03)


@pytest.mark.parametrize("sampler", [name for name in SAMPLERS if name not in ADAPTIVE])
def test_evaluation_counts_equal_a_real_run(sampler: str) -> None:
    count = 0
    counts = []

    def denoise(x: torch.Tensor, sigma: float) -> torch.Tensor:
        nonlocal count
        count += 1
        return x / (1 + sigma**2)

    steps = 9
    sigmas = tuple(14.0 * (1 - i / steps) for i in range(steps + 1))
    state = State(0, torch.ones(1, 1, 2, 2))
    while state.index < steps:
        count = 0
        state = (
            SAMPLERS[sampler]
            .step(denoise, state, sigmas, lambda step, draw: torch.ones(1, 1, 2, 2))
            .state
        )
        counts.append(count)
    assert evaluations(sampler, steps) == tuple(counts)


def test_an_adaptive_sampler_is_not_estimated() -> None:
    assert evaluations("DPM adaptive", 20) is None


def test_the_measured_run_is_estimated_exactly() -> None:
    task = Task(evaluations=20, cells=256)
    measured = Measured(task, evaluation_seconds=0.04, rest_seconds=0.1, memory=10**9)
    forecast = estimate(task, BackboneCost(1e6, 10.0), measured)
    assert forecast is not None
    assert forecast.seconds == pytest.approx(0.9)
    assert forecast.memory == 10**9


def test_estimates_scale_with_steps_and_prompts() -> None:
    task = Task(evaluations=10, cells=1024, conditions=2)
    measured = Measured(task, evaluation_seconds=1.0, rest_seconds=2.0, memory=8 * 10**8)
    load = BackboneCost(1e6, 100.0)
    assert estimate(replace(task, evaluations=20), load, measured).seconds == pytest.approx(22)
    alone = estimate(replace(task, conditions=1), load, measured)
    assert (alone.seconds, alone.memory) == (pytest.approx(7), 8 * 10**8)


def test_small_images_are_bound_by_reading_weights() -> None:
    task = Task(evaluations=10, cells=16, conditions=2)
    measured = Measured(task, evaluation_seconds=1.0, rest_seconds=0.0)
    load = BackboneCost(1e6, 0.0, weights=16e6)
    assert estimate(replace(task, conditions=1), load, measured).seconds == pytest.approx(20 / 3)
    assert estimate(replace(task, tiles=2), load, measured).seconds == pytest.approx(20)


def test_memory_grows_until_decoding_is_tiled() -> None:
    task = Task(evaluations=10, cells=WHOLE_CELLS // 4)
    measured = Measured(task, evaluation_seconds=1.0, rest_seconds=0.0, memory=MIN_MEMORY)
    for cells, tiles, grown in ((1, 2, 2), (4, 1, 4), (8, 1, 4), (1, 100, 4)):
        changed = replace(task, cells=cells * task.cells, tiles=tiles)
        assert estimate(changed, BackboneCost(1e6, 0.0), measured).memory == grown * MIN_MEMORY


def test_small_memory_measurements_are_not_estimated() -> None:
    task = Task(evaluations=10, cells=64)
    measured = Measured(task, evaluation_seconds=1.0, rest_seconds=0.0, memory=MIN_MEMORY - 1)
    assert estimate(replace(task, cells=640), BackboneCost(1e6, 0.0), measured).memory is None


def test_attention_costs_more_than_its_multiply_adds() -> None:
    attends = replace(SD1, depths=(1, 0, 0, 0), up_depths=((1, 1, 1), (0,) * 3, (0,) * 3, (0,) * 3))
    attends = replace(attends, middle_depth=0)
    counted, timed = (
        unet(attends).operations(0, costs) for costs in (COUNTED, CostModel(3.0, 7.0, 0.0))
    )
    blocks, channels, heads = 5, 320, 8
    assert counted.square == blocks * 2 * channels
    assert timed.square == blocks * (2 * channels * 3 + heads * 7)
    assert timed.linear == counted.linear


@pytest.mark.parametrize("config", [SD1, SDXL, DEFAULT], ids=["SD1", "SDXL", "default"])
def test_the_weights_of_a_unet_are_counted(config: UNetConfig) -> None:
    with torch.device("meta"):
        network = UNet(config)
    once = ("emb", "attn2.to_k", "attn2.to_v")  # for a vector, or before the first step
    read = sum(
        parameter.numel()
        for name, parameter in network.named_parameters()
        if parameter.ndim > 1 and not any(part in name for part in once)
    )
    reading = CostModel(1.0, 0.0, 1.0)
    assert network.operations(costs=reading).weights == pytest.approx(read, rel=0.01)


def test_attention_makes_large_images_cost_more_than_their_area() -> None:
    task = Task(evaluations=10, cells=4096)
    measured = Measured(task, evaluation_seconds=1.0, rest_seconds=0.0)
    twice = replace(task, cells=2 * 4096)
    assert 20 < estimate(twice, unet(SD1).operations(), measured).seconds < 40
    tiled = replace(task, tiles=2)
    assert estimate(tiled, unet(SD1).operations(), measured).seconds == pytest.approx(20)
