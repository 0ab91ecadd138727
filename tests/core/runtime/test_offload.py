"""Networks that are offloaded to main memory; "meta" stands for the device."""

from __future__ import annotations

import weakref
from collections.abc import Iterator
from typing import Any
from weakref import WeakSet

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from core.networks.cond import Cond
from core.networks.kl_autoencoder import AutoencoderKL, AutoencoderKLConfig
from core.networks.unet import UNet, UNetConfig
from core.runtime.offload import (
    IN_MAIN_MEMORY,
    WORKSPACE,
    DeviceManager,
    Pinned,
    PlacementPlan,
    size_of,
)

GB = 10**9
XL = {"U-Net": 5_140_000_000, "text encoders": 1_640_000_000, "autoencoder": 168_000_000}

SDXL = UNetConfig(
    multipliers=(1, 2, 4), depths=(0, 2, 10), middle_depth=10, context_dim=2048, heads=None,
    linear_projection=True, vector_dim=2816,
)  # fmt: skip


def network() -> nn.Module:
    return nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4)).requires_grad_(False)


def devices(module: nn.Module) -> set[str]:
    return {tensor.device.type for tensor in module.state_dict().values()}


def test_offloaded_networks_return_with_their_weights() -> None:
    manager, unet, text = DeviceManager(torch.device("meta")), network(), network()
    before = {name: tensor.clone() for name, tensor in unet.state_dict().items()}
    manager.load(unet)
    assert (devices(unet), devices(text)) == ({"meta"}, {"cpu"})
    manager.load(text)
    assert (devices(unet), devices(text)) == ({"cpu"}, {"meta"})
    manager.evict()
    assert devices(text) == {"cpu"}
    for name, tensor in unet.state_dict().items():
        assert torch.equal(tensor, before[name])


def test_loaded_networks_are_not_moved() -> None:
    manager, unet = DeviceManager(torch.device("meta")), network()
    manager.load(unet)
    there = dict(unet.named_parameters())
    manager.load(unet)
    assert all(there[name] is parameter for name, parameter in unet.named_parameters())
    assert isinstance(unet.get_parameter("0.weight"), nn.Parameter)


def test_evicting_restores_the_stored_tensors_without_a_copy() -> None:
    manager, unet = DeviceManager(torch.device("meta")), network()
    weight = unet.get_parameter("0.weight")
    manager.load(unet)
    manager.evict()
    assert unet.get_parameter("0.weight") is weight


def on_meta(network: Any, config: Any) -> Any:
    with torch.device("meta"):
        return network(config)


WORKING = {
    "U-Net": on_meta(UNet, SDXL).working_bytes(128 * 128, torch.float16) + WORKSPACE,
    "autoencoder": on_meta(AutoencoderKL, AutoencoderKLConfig()).working_bytes(
        1024 * 1024, torch.bfloat16
    ),
}


def test_stable_diffusion_xl_fits_into_eight_gigabytes_one_network_at_a_time() -> None:
    plan = PlacementPlan(XL, WORKING, free=int(7.6 * GB))
    assert plan.offloads
    assert plan.fits
    assert "one at a time" in str(plan.message)
    assert not PlacementPlan(XL, WORKING, 24 * GB).offloads
    assert "may not be room" in str(PlacementPlan(XL, WORKING, 4 * GB).message)


def test_main_memory_needs_no_plan() -> None:
    assert not IN_MAIN_MEMORY.offloads
    assert IN_MAIN_MEMORY.fits


def test_networks_on_the_meta_device_have_a_size() -> None:
    with torch.device("meta"):
        assert size_of(nn.Linear(10, 20), dtype=torch.float16) == 2 * (10 * 20 + 20)


# --- two models ---------------------------------------------------------------------------------

FITTING = Pinned(sum(XL.values()), WORKING["autoencoder"])
"""A first model of the same size that stays on the device."""


def test_two_models_stay_on_the_device_if_both_fit() -> None:
    plan = PlacementPlan(XL, WORKING, 12 * GB, others=FITTING)
    assert (plan.offloads, plan.evicts_others, plan.fits) == (False, False, True)


def test_a_second_model_is_offloaded_beside_a_pinned_first() -> None:
    plan = PlacementPlan(XL, WORKING, 8 * GB, others=FITTING)
    assert (plan.offloads, plan.evicts_others, plan.fits) == (True, False, True)


def test_a_first_model_is_offloaded_for_a_second_that_does_not_fit() -> None:
    plan = PlacementPlan(XL, WORKING, 1 * GB, others=FITTING)
    assert (plan.offloads, plan.evicts_others, plan.fits) == (True, True, True)
    assert "one at a time on the GPU: about 5.8 of the 7.9 GB that were free" in str(plan.message)
    alone = PlacementPlan(XL, WORKING, 1 * GB)
    assert (alone.offloads, alone.evicts_others, alone.fits) == (True, False, False)


def test_the_plan_leaves_working_memory_for_a_pinned_model() -> None:
    small = {"U-Net": 2 * GB}
    assert not PlacementPlan(small, {"U-Net": GB}, 4 * GB, others=Pinned(GB, GB)).offloads
    assert PlacementPlan(small, {"U-Net": GB}, 4 * GB, others=Pinned(GB, 3 * GB)).offloads


class Allocated(TorchDispatchMode):
    """The peak of bytes allocated by tensors under it. Tensors on "meta" have sizes without
    numbers, so a network of any size can be measured anywhere."""

    def __init__(self) -> None:
        super().__init__()
        self.most = 0
        self._now = 0
        self._known: WeakSet[torch.UntypedStorage] = WeakSet()

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        out = func(*args, **(kwargs or {}))
        for tensor in tree_leaves(out):
            if isinstance(tensor, Tensor):
                self._note(tensor.untyped_storage())
        return out

    def _note(self, storage: torch.UntypedStorage) -> None:
        if storage in self._known:
            return
        self._known.add(storage)
        self._now += storage.nbytes()
        self.most = max(self.most, self._now)
        weakref.finalize(storage, self._forget, storage.nbytes())

    def _forget(self, size: int) -> None:
        self._now -= size


@pytest.fixture
def fused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Attention that never stores its weights, as on GPUs but not on "meta"."""
    monkeypatch.setattr(F, "scaled_dot_product_attention", lambda q, k, v: torch.empty_like(q))


SD1 = UNetConfig(multipliers=(1, 2, 4, 4), depths=(1, 1, 1, 0), context_dim=768)
REFINER = UNetConfig(
    channels=384, multipliers=(1, 2, 4, 4), depths=(0, 4, 4, 0), middle_depth=4, context_dim=1280,
    heads=None, linear_projection=True, vector_dim=2560,
)  # fmt: skip
FEW_TRANSFORMERS = UNetConfig(multipliers=(1, 2, 4), depths=(0, 0, 1), context_dim=768)


@pytest.mark.parametrize(
    ("config", "side"),
    [(SDXL, 128), (SD1, 64), (REFINER, 128), (FEW_TRANSFORMERS, 64)],
    ids=["SDXL", "SD1", "refiner", "few"],
)
@torch.inference_mode()
def test_a_full_size_step_takes_the_planned_memory(
    config: UNetConfig, side: int, fused: None
) -> None:
    with torch.device("meta"):
        unet = UNet(config).half()
        latent, t = torch.empty(2, 4, side, side).half(), torch.empty(2)
        context = torch.empty(2, 77, config.context_dim or 0).half()
        vector = torch.empty(2, config.vector_dim).half() if config.vector_dim else None
        with Allocated() as allocated:
            unet(latent, t, Cond(context, vector))
    counted = unet.working_bytes(side * side, torch.float16)
    assert counted == pytest.approx(allocated.most, rel=0.1)
    if config is SDXL:
        size = size_of(unet, dtype=torch.float16)
        assert size == pytest.approx(XL["U-Net"], rel=0.01)
        assert size + allocated.most + WORKSPACE < 6 * GB


@torch.inference_mode()
@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16])
def test_full_size_decoding_takes_the_planned_memory(dtype: torch.dtype, fused: None) -> None:
    with torch.device("meta"):
        autoencoder = AutoencoderKL(AutoencoderKLConfig()).to(dtype)
        with Allocated() as allocated:
            autoencoder.decode(torch.empty(1, 4, 128, 128, dtype=dtype))
    counted = autoencoder.working_bytes(1024 * 1024, dtype)
    assert counted == pytest.approx(allocated.most, rel=0.01)


@pytest.fixture
def gpu() -> Iterator[torch.device]:
    """A device with tensors without numbers."""
    with FakeTensorMode(allow_non_fake_inputs=True):
        yield torch.device("cuda:0")


def on(device: torch.device) -> nn.Module:
    made = nn.BatchNorm1d(4, device=device)
    made.register_parameter("more", nn.Parameter(torch.zeros(3, device=device)))
    return made.requires_grad_(False)


def test_pinned_networks_stay_until_they_are_unpinned(gpu: torch.device) -> None:
    manager, first, second = DeviceManager(gpu), on(gpu), on(torch.device("cpu"))
    manager.pin(first, working=7)
    weights = sum(t.numel() * t.element_size() for t in first.state_dict().values())
    assert manager.pinned == Pinned(weights, 7)
    manager.load(second)
    manager.load(first)
    assert (devices(first), devices(second)) == ({"cuda"}, {"cpu"})
    manager.unpin()
    assert devices(first) == {"cpu"}
    assert manager.pinned == Pinned()
    manager.load(first)
    assert (devices(first), devices(second)) == ({"cuda"}, {"cpu"})
    manager.load(second)
    assert (devices(first), devices(second)) == ({"cpu"}, {"cuda"})


def test_shared_tensors_are_moved_once_and_stay_shared(gpu: torch.device) -> None:
    manager, first, patched = DeviceManager(gpu), on(gpu), on(gpu)
    patched.load_state_dict(first.state_dict(), assign=True)
    patched.more = nn.Parameter(torch.zeros(5, device=gpu), requires_grad=False)
    manager.pin(first)
    before = manager.pinned.weights
    manager.pin_like(patched, first)
    assert manager.pinned.weights == before + 4 * 5
    manager.unpin()
    assert devices(patched) == {"cpu"}
    one, other = (made.get_parameter("weight") for made in (first, patched))
    assert one.untyped_storage()._cdata == other.untyped_storage()._cdata


def test_a_deleted_network_is_not_counted(gpu: torch.device) -> None:
    manager, first = DeviceManager(gpu), on(gpu)
    manager.pin(first)
    del first
    assert manager.pinned == Pinned()
