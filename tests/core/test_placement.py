"""Networks that take turns on a device without room for all; "meta" stands for the device."""

from __future__ import annotations

import torch
from torch import nn

from core.networks.unet import UNetConfig
from core.placement import (
    IN_MAIN_MEMORY,
    Plan,
    Turns,
    size_of,
    working_autoencoder,
    working_unet,
)

GB = 10**9
XL = {"U-Net": 5_140_000_000, "text encoders": 1_640_000_000, "autoencoder": 335_000_000}

SDXL = UNetConfig(
    multipliers=(1, 2, 4), depths=(0, 2, 10), middle_depth=10, context_dim=2048, heads=None,
    linear_projection=True, vector_dim=2816,
)  # fmt: skip


def network() -> nn.Module:
    return nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4)).requires_grad_(False)


def devices(module: nn.Module) -> set[str]:
    return {tensor.device.type for tensor in module.state_dict().values()}


def test_networks_take_turns_and_come_back_with_their_weights() -> None:
    turns, unet, text = Turns(torch.device("meta")), network(), network()
    before = {name: tensor.clone() for name, tensor in unet.state_dict().items()}
    turns.bring(unet)
    assert (devices(unet), devices(text)) == ({"meta"}, {"cpu"})
    turns.bring(text)
    assert (devices(unet), devices(text)) == ({"cpu"}, {"meta"})
    turns.leave()
    assert devices(text) == {"cpu"}
    for name, tensor in unet.state_dict().items():
        assert torch.equal(tensor, before[name])


def test_what_is_there_already_is_not_moved() -> None:
    turns, unet = Turns(torch.device("meta")), network()
    turns.bring(unet)
    there = dict(unet.named_parameters())
    turns.bring(unet)
    assert all(there[name] is parameter for name, parameter in unet.named_parameters())
    assert isinstance(unet.get_parameter("0.weight"), nn.Parameter)


def test_going_back_copies_nothing() -> None:
    turns, unet = Turns(torch.device("meta")), network()
    weight = unet.get_parameter("0.weight")
    turns.bring(unet)
    turns.leave()
    assert unet.get_parameter("0.weight") is weight


WORKING = {
    "U-Net": working_unet(SDXL, 128 * 128, torch.float16),
    "autoencoder": working_autoencoder(128, 1024 * 1024),
}


def test_stable_diffusion_xl_fits_eight_gigabytes_in_turn() -> None:
    plan = Plan(XL, WORKING, free=int(7.6 * GB))
    assert plan.in_turn
    assert plan.fits
    assert "one at a time" in str(plan)
    assert not Plan(XL, WORKING, 24 * GB).in_turn
    assert "may not be room" in str(Plan(XL, WORKING, 4 * GB))


def test_main_memory_needs_no_plan() -> None:
    assert not IN_MAIN_MEMORY.in_turn
    assert IN_MAIN_MEMORY.fits


def test_the_size_of_networks_that_are_nowhere_yet() -> None:
    with torch.device("meta"):
        assert size_of(nn.Linear(10, 20), dtype=torch.float16) == 2 * (10 * 20 + 20)
