"""Networks that wait take the memory that their files take; what they compute with is the same."""

from __future__ import annotations

import copy
import weakref
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from core.checkpoints.load_model import load_model
from core.checkpoints.lora import Lora, with_loras
from core.checkpoints.vae_files import with_vae
from core.errors import ModelError
from core.model.model import Model
from core.runtime.offload import DeviceManager, expand, size_of
from core.runtime.stored_weight import StoredParameter, StoredWeight
from tests.core.checkpoints.tiny import Tiny, load_expanded, original
from tests.core.fake_gpu import pretended_gpu

F8 = torch.float8_e4m3fn


def parameters(model: Model) -> list[nn.Parameter]:
    return [p for network in model.networks for p in network.parameters()]


def computed(model: Model) -> int:
    return sum(p.numel() * p.itemsize for p in parameters(model))


def write(tiny: Tiny, path: Path, dtype: torch.dtype) -> None:
    weights = original(tiny)
    save_file({k: v.to(dtype) if v.is_floating_point() else v for k, v in weights.items()}, path)


@pytest.mark.parametrize(
    ("dtype", "share"), [(torch.float32, 1), (torch.float16, 2), (torch.bfloat16, 2), (F8, 4)]
)
def test_a_model_needs_the_memory_of_its_file_until_it_is_used(
    dtype: torch.dtype, share: int, tinies: dict[str, Tiny], tmp_path: Path
) -> None:
    write(tinies["SD1"], tmp_path / "model.safetensors", dtype)
    model = load_model(tmp_path / "model.safetensors", digest="known")
    assert share * size_of(*model.networks) == computed(model)
    text = size_of(*model.text.networks)
    assert model.decode(torch.zeros(1, 4, 8, 8)).isfinite().all()
    assert size_of(model.autoencoder) == size_of(model.autoencoder, dtype=torch.float32)
    assert size_of(*model.text.networks) == text
    stored = load_file(tmp_path / "model.safetensors")
    for name, value in model.autoencoder.state_dict().items():
        assert torch.equal(value, stored[f"first_stage_model.{name}"].float().view_as(value))


def test_stored_weights_are_released_tensor_by_tensor(
    tinies: dict[str, Tiny], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tinies["SD1"], tmp_path / "model.safetensors", torch.float16)
    model = load_model(tmp_path / "model.safetensors", digest="known")
    waiting = [p.weight for p in parameters(model) if isinstance(p, StoredParameter)]
    data = [weakref.ref(weight.data) for weight in waiting if isinstance(weight, StoredWeight)]
    assert len(data) == len(parameters(model))
    del waiting
    sizes: list[int] = []
    expand = StoredParameter.expand_on

    def noted(parameter: StoredParameter, device: torch.device) -> nn.Parameter:
        expanded = expand(parameter, device)
        sizes.append(size_of(*model.networks))
        assert sum(ref() is not None for ref in data) == len(data) - len(sizes)
        return expanded

    monkeypatch.setattr(StoredParameter, "expand_on", noted)
    model.bring(*model.networks)
    assert sizes == sorted(sizes)
    assert sizes[-1] == computed(model)


def test_offloaded_networks_keep_their_weights_as_stored(
    tinies: dict[str, Tiny], tmp_path: Path
) -> None:
    path = tmp_path / "model.safetensors"
    write(tinies["SD1"], path, F8)
    expected = load_expanded(path, digest="known", dtype=torch.float16).backbone.state_dict()
    with pretended_gpu(total=200_000_000) as memory:
        model = load_model(path, "cuda", digest="known")
        assert model.plan.offloads
        assert model.plan.weights["U-Net"] == size_of(model.backbone, dtype=torch.float16)
        before = size_of(*model.networks)
        assert (memory.taken, 2 * before) == (0, computed(model))
        for network in (model.backbone, model.autoencoder, model.backbone):
            model.bring(network)
            assert size_of(network) == size_of(network, dtype=torch.float16) == memory.taken
        there = {name: p.detach().to("cpu") for name, p in model.backbone.named_parameters()}
        assert model.device_manager is not None
        model.device_manager.evict()
        del network
        assert (memory.taken, size_of(*model.networks)) == (0, before)
    for name, value in there.items():
        assert torch.equal(value, expected[name]), name


def test_a_lora_on_an_offloaded_model_shares_unchanged_weights(
    checkpoints: dict[str, Path], tmp_path: Path
) -> None:
    base = "lora_unet_down_blocks_0_attentions_0_proj_in"
    model = load_model(checkpoints["SD1"], digest="known")
    width = model.backbone.get_parameter("input_blocks.1.1.proj_in.weight").shape[0]
    up, down = torch.ones(width, 1), torch.ones(1, width)
    save_file(
        {f"{base}.lora_up.weight": up, f"{base}.lora_down.weight": down}, tmp_path / "a.safetensors"
    )
    lora = [Lora(tmp_path / "a.safetensors")]
    expected, _ = with_loras(load_expanded(checkpoints["SD1"], digest="known"), lora)
    before = size_of(*model.networks)
    changed, [effect] = with_loras(model, lora)
    assert effect.layers == 1
    assert size_of(*model.networks) == before
    changed.bring(*changed.networks)
    model.bring(*model.networks)
    weights, theirs = changed.backbone.state_dict(), model.backbone.state_dict()
    for name, value in expected.backbone.state_dict().items():
        assert torch.equal(weights[name], value), name
        shares = weights[name].data_ptr() == theirs[name].data_ptr()
        assert shares == (name != "input_blocks.1.1.proj_in.weight")


def test_a_vae_for_a_model_that_waits_computes_in_the_type_of_its_own(
    checkpoints: dict[str, Path],
) -> None:
    model = load_model(checkpoints["SD1"], digest="known", dtype=torch.bfloat16)
    changed = with_vae(model, checkpoints["SD1"])
    latent = torch.ones(1, 4, 8, 8)
    assert changed.arithmetic == model.arithmetic == "bfloat16, autoencoder bfloat16"
    assert torch.equal(changed.decode(latent), model.decode(latent))


def test_numbers_beyond_the_type_that_is_computed_in_are_refused_when_loading(
    tinies: dict[str, Tiny], tmp_path: Path
) -> None:
    weights = {name: value.clone() for name, value in original(tinies["SD1"]).items()}
    weights["first_stage_model.decoder.conv_in.bias"][0] = 1e30
    save_file(weights, tmp_path / "model.safetensors")
    load_model(tmp_path / "model.safetensors", digest="known")
    with pretended_gpu(), pytest.raises(ModelError, match="not finite"):
        load_model(tmp_path / "model.safetensors", "cuda", digest="known")


def test_a_copy_of_a_network_that_waits_has_weights_of_its_own(
    checkpoints: dict[str, Path],
) -> None:
    model = load_model(checkpoints["SD1"], digest="known")
    copied = copy.deepcopy(model.autoencoder)
    assert size_of(copied) == size_of(model.autoencoder)
    expand(copied, model.device)
    model.bring(model.autoencoder)
    weights = copied.state_dict()
    for name, value in model.autoencoder.state_dict().items():
        assert torch.equal(weights[name], value), name
        assert weights[name].data_ptr() != value.data_ptr(), name


def test_computing_with_a_network_that_waits_is_an_error(checkpoints: dict[str, Path]) -> None:
    model = load_model(checkpoints["SD1"], digest="known")
    [encoder] = model.text.networks
    with pytest.raises(RuntimeError, match=r"Model\.bring"):
        model.autoencoder.decode(torch.zeros(1, 4, 8, 8))
    with pytest.raises(RuntimeError, match=r"Model\.bring"):
        encoder(torch.zeros(1, 77, dtype=torch.long), 0)
    with pytest.raises(RuntimeError, match=r"Model\.bring"):
        model.backbone.to(torch.bfloat16)
    with pytest.raises(RuntimeError, match=r"Model\.bring"):
        model.backbone.state_dict()


def test_all_that_share_weights_leave_the_device(
    checkpoints: dict[str, Path], tmp_path: Path
) -> None:
    path = tmp_path / "a.safetensors"
    weight = {"lora_unet_down_blocks_0_attentions_0_proj_in.diff_b": torch.ones(64)}
    with pretended_gpu() as memory:
        manager = DeviceManager(torch.device("cuda"))
        model = load_model(checkpoints["SD1"], digest="known", device_manager=manager)
        width = model.backbone.get_parameter("input_blocks.1.1.proj_in.bias").shape
        save_file({name: value[: width[0]] for name, value in weight.items()}, path)
        changed, _ = with_loras(model, [Lora(path)])
        computed = size_of(*model.networks, dtype=torch.float32) + width.numel() * 4
        assert manager.pinned.weights == computed
        manager.load(model.backbone)
        assert memory.taken == size_of(model.backbone)
        assert manager.pinned.weights == computed
        manager.unpin()
        assert (memory.taken, manager.pinned.weights) == (0, 0)
        assert size_of(changed.backbone) > 0


@pytest.mark.parametrize(
    "change",
    [
        lambda x: x.add_(1),
        lambda x: x.mul_(2),
        lambda x: x.copy_(torch.ones_like(x)),
        lambda x: x + 1,
    ],
    ids=["add_", "mul_", "copy_", "add"],
)
def test_a_waiting_weight_cannot_be_changed_in_place(
    change: Callable[[Tensor], Tensor], checkpoints: dict[str, Path]
) -> None:
    model = load_model(checkpoints["SD1"], digest="known")
    weight = model.backbone.get_parameter("out.2.bias")
    with pytest.raises(RuntimeError, match=r"Model\.bring"):
        change(weight)
    assert not weight.requires_grad_(False).requires_grad
