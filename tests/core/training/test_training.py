"""Training ends with identical bits whether or not it was killed, and it learns."""

from __future__ import annotations

import json
import math
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import NormalDist
from typing import cast

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from core.errors import StudioError
from core.networks.compact_autoencoder import CompactAutoencoder, CompactAutoencoderConfig
from core.networks.cond import Cond
from core.networks.protocols import Backbone
from core.networks.unet import UNet, UNetConfig
from core.sampling.model_schedule import FlowSchedule, Schedule, scaled_linear
from core.sampling.predictions import PREDICTIONS
from core.training.autoencoder_training import AutoencoderTask, DecoderTask, augment, psnr
from core.training.denoiser_training import (
    DiffusionTask,
    LatentSet,
    denoising_error,
    logit_normal_times,
)
from core.training.training_loop import (
    Plan,
    Progress,
    Task,
    load_ema,
    load_model,
    start,
    train,
)
from tests.narrowing import present

ROOT = Path(__file__).parents[3]
CPU = torch.device("cpu")
PLAN = Plan(samples=24, batch=2, lr=2e-3, warmup=3, log_every=1, checkpoint_every=0.0)


def autoencoder_task() -> AutoencoderTask:
    torch.manual_seed(1)
    config = CompactAutoencoderConfig(2, (4, 4, 4), (4, 4, 4))
    network = CompactAutoencoder(config)
    drawings = torch.randint(256, (5, 8, 8, 4), dtype=torch.uint8)
    drawings = drawings.repeat_interleave(8, dim=1).repeat_interleave(8, dim=2)
    return AutoencoderTask(network, drawings, batch=2, device=CPU)


def decoder_task() -> DecoderTask:
    torch.manual_seed(3)
    network = CompactAutoencoder(CompactAutoencoderConfig(2, (4, 4, 4), (4, 4, 4)))
    targets = torch.randint(256, (5, 4, 8, 8), dtype=torch.uint8)
    targets = targets.repeat_interleave(8, dim=2).repeat_interleave(8, dim=3)
    return DecoderTask(network, targets, torch.randn(5, 2, 8, 8), batch=2, device=CPU)


def diffusion_task() -> DiffusionTask:
    torch.manual_seed(2)
    config = UNetConfig(
        in_channels=2,
        out_channels=2,
        channels=8,
        multipliers=(1, 2),
        blocks=1,
        depths=(0, 1),
        context_dim=6,
        heads=2,
        vector_dim=6,
        groups=4,
        dropout=0.1,
    )
    data = LatentSet(
        latents=torch.randn(5, 2, 4, 4).half(),
        contexts=torch.randn(3, 4, 6).half(),
        vectors=torch.randn(3, 6).half(),
        captions=torch.tensor([[0, 1], [1, 0], [2, 0], [2, 1], [0, 0]]),
        caption_weights=torch.tensor([[1.0, 1.0], [2.0, 0.0], [1.0, 3.0], [1.0, 1.0], [1.0, 0.0]]),
        weights=torch.tensor([1.0, 2.0, 1.0, 1.0, 0.5]),
    )
    return DiffusionTask(
        UNet(config), data, PREDICTIONS["flow"], FlowSchedule(), batch=2, device=CPU
    )


TASKS: dict[str, Callable[[], AutoencoderTask | DecoderTask | DiffusionTask]] = {
    "autoencoder": autoencoder_task,
    "decoder": decoder_task,
    "diffusion": diffusion_task,
}


class PowerCutError(Exception):
    pass


@dataclass
class Interrupted:
    """A task that dies before its step `at`."""

    task: Task
    at: int
    module: nn.Module = field(init=False)

    def __post_init__(self) -> None:
        self.module = self.task.module

    def loss(self, step: int, progress: float, generator: torch.Generator) -> dict[str, Tensor]:
        if step == self.at:
            raise PowerCutError
        return self.task.loss(step, progress, generator)


def assert_same(one: Progress, two: Progress) -> None:
    """Equal weights, average and optimiser state, bit for bit."""
    assert one.step == two.step
    names = dict(one.module.named_parameters())
    others = dict(two.module.named_parameters())
    for name, value in names.items():
        assert torch.equal(value, others[name]), name
        assert torch.equal(one.ema[name], two.ema[name]), name
        memory, other = one.optimiser.state[value], two.optimiser.state[others[name]]
        assert memory.keys() == other.keys()
        for key in memory:
            assert torch.equal(memory[key], other[key]), (name, key)


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Progress]:
    return {
        name: train(make(), tmp_path_factory.mktemp(name), PLAN) for name, make in TASKS.items()
    }


@pytest.mark.parametrize("name", TASKS)
def test_a_crashed_run_ends_with_identical_bits(
    name: str, uninterrupted: dict[str, Progress], tmp_path: Path
) -> None:
    for at in (4, 5, 11):
        with pytest.raises(PowerCutError):
            train(Interrupted(TASKS[name](), at), tmp_path, PLAN)
        # Random draws of the program in between do not matter.
        torch.manual_seed(at)
    ended = train(TASKS[name](), tmp_path, PLAN)
    assert_same(ended, uninterrupted[name])


@pytest.mark.parametrize("name", TASKS)
def test_steps_after_the_last_checkpoint_are_repeated(
    name: str, uninterrupted: dict[str, Progress], tmp_path: Path
) -> None:
    def stop_saving(progress: Progress) -> None:
        if progress.step == 3:
            os.rename(tmp_path / "checkpoint.safetensors", tmp_path / "third")

    with pytest.raises(PowerCutError):
        train(Interrupted(TASKS[name](), 8), tmp_path, PLAN, on_checkpoint=stop_saving)
    os.replace(tmp_path / "third", tmp_path / "checkpoint.safetensors")
    assert_same(train(TASKS[name](), tmp_path, PLAN), uninterrupted[name])


def test_a_killed_process_ends_with_identical_bits(
    uninterrupted: dict[str, Progress], tmp_path: Path
) -> None:
    child = subprocess.Popen(
        [sys.executable, __file__, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=os.environ | {"PYTHONPATH": str(ROOT), "THREADS": str(torch.get_num_threads())},
    )
    with child:
        assert child.stdout is not None
        assert any(line == "step 4\n" for line in child.stdout)
        child.kill()
    assert child.returncode == (-signal.SIGKILL if os.name == "posix" else 1)
    assert (tmp_path / "checkpoint.safetensors").exists()
    assert_same(train(diffusion_task(), tmp_path, PLAN), uninterrupted["diffusion"])


@dataclass
class Told:
    """A task that reports its steps, and waits to be killed before the last."""

    task: Task
    module: nn.Module = field(init=False)

    def __post_init__(self) -> None:
        self.module = self.task.module

    def loss(self, step: int, progress: float, generator: torch.Generator) -> dict[str, Tensor]:
        print("step", step, flush=True)
        if step == PLAN.steps - 1:
            sys.stdin.read()
        return self.task.loss(step, progress, generator)


def test_a_time_limit_stops_a_run_that_can_be_resumed(
    uninterrupted: dict[str, Progress], tmp_path: Path
) -> None:
    saved: list[int] = []
    train(
        autoencoder_task(),
        tmp_path,
        replace(PLAN, seconds=0.0),
        on_checkpoint=lambda progress: saved.append(progress.step),
    )
    assert saved == [0]
    ended = train(autoencoder_task(), tmp_path, PLAN)
    assert_same(ended, uninterrupted["autoencoder"])
    again = train(autoencoder_task(), tmp_path, PLAN)
    assert_same(again, ended)


def log_of(folder: Path) -> list[dict[str, float]]:
    lines = (folder / "log.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def test_a_run_writes_a_log_and_its_average(tmp_path: Path) -> None:
    progress = train(autoencoder_task(), tmp_path, replace(PLAN, log_every=4))
    records = log_of(tmp_path)
    assert [record["step"] for record in records] == [4, 8, 12]
    assert [record["samples"] for record in records] == [8, 16, 24]
    assert all(math.isfinite(record[key]) for record in records for key in ("loss", "l1", "norm"))
    assert not (tmp_path / "checkpoint.tmp").exists()
    network = autoencoder_task().module
    load_ema(network, tmp_path / "checkpoint.safetensors")
    for name, value in network.named_parameters():
        assert torch.equal(value, progress.ema[name])


def test_the_average_follows_the_weights(tmp_path: Path) -> None:
    """Against its recursion: a warm-up, then a fixed decay."""
    task = autoencoder_task()
    plan = replace(PLAN, ema=0.6)
    expected = {name: value.detach().double() for name, value in task.module.named_parameters()}

    def follow(progress: Progress) -> None:
        decay = min(0.6, (1 + progress.step) / (10 + progress.step))
        for name, value in progress.module.named_parameters():
            expected[name] = decay * expected[name] + (1 - decay) * value.detach().double()

    plan = replace(plan, checkpoint_every=-1.0, samples=20)
    followed = 0

    def at_checkpoint(progress: Progress) -> None:
        nonlocal followed
        if progress.step > followed:  # the end is saved twice
            follow(progress)
            followed = progress.step

    progress = train(task, tmp_path, plan, on_checkpoint=at_checkpoint)
    assert followed == plan.steps
    for name, value in progress.ema.items():
        torch.testing.assert_close(value.double(), expected[name], atol=1e-5, rtol=1e-4)


def truncated(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-100])


def emptied(path: Path) -> None:
    path.write_bytes(b"")


def without_a_step(path: Path) -> None:
    save_file(load_file(path), path)


def of_another_shape(path: Path) -> None:
    """Would broadcast."""
    tensors = load_file(path)
    tensors = {name: value[:1].clone() if value.ndim else value for name, value in tensors.items()}
    save_file(tensors, path, {"step": "3"})


def without_a_tensor(path: Path) -> None:
    tensors = load_file(path)
    del tensors[next(name for name in tensors if "exp_avg_sq" in name)]
    save_file(tensors, path, {"step": "3"})


@pytest.mark.parametrize(
    "damage", [truncated, emptied, without_a_step, of_another_shape, without_a_tensor]
)
def test_a_damaged_checkpoint_is_refused(tmp_path: Path, damage: Callable[[Path], None]) -> None:
    path = tmp_path / "checkpoint.safetensors"
    train(autoencoder_task(), tmp_path, replace(PLAN, samples=4))
    damage(path)
    before = path.read_bytes()
    with pytest.raises(StudioError, match=r"checkpoint\.safetensors"):
        train(autoencoder_task(), tmp_path, PLAN)
    assert path.read_bytes() == before


def test_the_checkpoint_of_another_network_is_refused(tmp_path: Path) -> None:
    train(autoencoder_task(), tmp_path, replace(PLAN, samples=4))
    path = tmp_path / "checkpoint.safetensors"
    with pytest.raises(StudioError, match="not a checkpoint of this training run"):
        load_model(start(diffusion_task().module, PLAN), path)
    for file in (path, tmp_path / "nowhere", tmp_path):
        with pytest.raises(StudioError, match="does not fit this network"):
            load_ema(diffusion_task().module, file)


def test_the_learning_rate_warms_up_stays_and_decays() -> None:
    plan = Plan(samples=1000, batch=10, lr=0.5, warmup=10, decay=0.4)
    rates = [plan.rate(step) for step in range(100)]
    assert rates[:10] == pytest.approx([0.05 * (i + 1) for i in range(10)])
    assert rates[10:61] == pytest.approx([0.5] * 51)
    assert rates[80] == pytest.approx(0.25)
    assert rates[60:] == sorted(rates[60:], reverse=True)
    assert 0 < rates[99] < 1e-3
    assert Plan(samples=10, batch=1, lr=0.5, warmup=0, decay=0).rate(0) == 0.5
    assert Plan(samples=11, batch=2, lr=1.0).steps == 6


@pytest.mark.parametrize("name", TASKS)
def test_the_loss_decreases(name: str, tmp_path: Path) -> None:
    plan = Plan(samples=320, batch=8, lr=5e-3, warmup=2, log_every=1)
    task = TASKS[name]()
    task.batch = plan.batch
    train(task, tmp_path, plan)
    losses = [record["loss"] for record in log_of(tmp_path)]
    assert len(losses) == 40
    assert sum(losses[-8:]) < 0.75 * sum(losses[:8])


# The diffusion task


def test_times_are_logit_normal() -> None:
    schedule = FlowSchedule(t_min=0.01, t_max=0.98)
    generator = torch.Generator().manual_seed(0)
    times = logit_normal_times(4000, schedule, 0.3, 0.8, generator)
    assert all(10.0 <= t <= 980.0 for t in times)
    places = sorted((t - 10) / 970 for t in times)
    logits = [math.log(p / (1 - p)) for p in places]
    normal = NormalDist(0.3, 0.8)
    for share in (0.01, 0.1, 0.5, 0.9, 0.99):
        assert logits[int(4000 * share)] == pytest.approx(normal.inv_cdf(share), abs=0.01)
    fitted = NormalDist.from_samples(logits)
    assert fitted.mean == pytest.approx(0.3, abs=0.005)
    assert fitted.stdev == pytest.approx(0.8, abs=0.01)


def test_each_batch_covers_the_distribution() -> None:
    """One time from each of the equally likely slices."""
    generator = torch.Generator().manual_seed(3)
    schedule = FlowSchedule()
    low, high = (schedule.t(s) for s in (schedule.sigma_min, schedule.sigma_max))
    for _ in range(20):
        times = logit_normal_times(8, schedule, 0.0, 1.0, generator)
        places = [(t - low) / (high - low) for t in times]
        shares = [NormalDist().cdf(math.log(p / (1 - p))) for p in places]
        assert [int(share * 8) for share in shares] == list(range(8))


class Recorder(nn.Module):
    """Predicts zero and records its conditions."""

    def __init__(self) -> None:
        super().__init__()
        self.contexts: list[Tensor] = []
        self.vectors: list[Tensor] = []

    def forward(self, x: Tensor, t: Tensor, cond: Cond) -> Tensor:
        self.contexts.append(present(cond.tokens))
        self.vectors.append(present(cond.vector))
        return torch.zeros_like(x)


@pytest.mark.parametrize("dropout", [0.0, 0.25, 1.0])
def test_captions_are_dropped_as_often_as_asked(dropout: float) -> None:
    task, recorder = diffusion_task(), Recorder()
    task.module, task.batch, task.dropout = cast("Backbone", recorder), 4000, dropout
    task.loss(0, 0.0, torch.Generator().manual_seed(0))
    empty = recorder.contexts[0].flatten(1).abs().sum(dim=1) == 0
    assert torch.equal(empty, recorder.vectors[0].abs().sum(dim=1) == 0)
    assert float(empty.float().mean()) == pytest.approx(dropout, abs=0.03)


def test_images_and_captions_are_drawn_by_their_weights() -> None:
    task, recorder = diffusion_task(), Recorder()
    task.module, task.batch, task.dropout = cast("Backbone", recorder), 8000, 0.0
    task.loss(0, 0.0, torch.Generator().manual_seed(0))
    distances = torch.cdist(recorder.vectors[0], task.data.vectors.float())
    counts = torch.bincount(distances.argmin(dim=1), minlength=3) / 8000
    chosen = torch.zeros(3)
    for weight, row, shares in zip(
        task.data.weights, task.data.captions, task.data.caption_weights, strict=True
    ):
        chosen.index_add_(0, row, weight * shares / shares.sum())
    torch.testing.assert_close(counts, chosen / chosen.sum(), atol=0.02, rtol=0)


@pytest.mark.parametrize("name", PREDICTIONS)
@pytest.mark.parametrize("schedule", [FlowSchedule(), scaled_linear()])
def test_a_perfect_predictor_has_zero_loss(name: str, schedule: Schedule) -> None:
    prediction = PREDICTIONS[name]
    generator = torch.Generator().manual_seed(0)
    x0, eps = torch.randn(2, 3, 2, 4, 4, generator=generator)
    times = [30.0, 500.0, 940.0]
    sigma = torch.tensor([schedule.sigma(t) for t in times])[:, None, None, None]
    cond = Cond(torch.zeros(3, 1, 1), torch.zeros(3, 1))

    def perfect(x: Tensor, t: Tensor, cond: Cond) -> Tensor:
        assert t.tolist() == times
        torch.testing.assert_close(x, prediction.network_input(x0 + sigma * eps, sigma))
        return prediction.target(x0, eps, sigma)

    def error(network: Callable[..., Tensor]) -> Tensor:
        backbone = cast("Backbone", network)
        return denoising_error(backbone, prediction, schedule, x0, eps, times, cond, CPU)

    assert error(perfect).tolist() == [0.0, 0.0, 0.0]
    target = prediction.target(x0, eps, sigma)
    torch.testing.assert_close(error(Recorder()), target.square().mean(dim=(1, 2, 3)))


# The autoencoder task


def test_psnr_equals_the_textbook_definition() -> None:
    a = torch.rand(2, 3, 8, 8)
    b = a.clone()
    b[0] += 0.1
    b[1] -= 0.2
    each = [10 * math.log10(2**2 / d**2) for d in (0.1, 0.2)]
    assert float(psnr(a, b)) == pytest.approx(sum(each) / 2, rel=1e-4)
    assert float(psnr(a, a)) > 90


def test_augmented_drawings_are_composited_on_white_by_alpha() -> None:
    generator = torch.Generator().manual_seed(0)
    alpha = torch.rand(600, 1, 12, 12, generator=generator)
    black = torch.cat([torch.zeros(600, 3, 12, 12), alpha], dim=1)
    image, seen = augment(black, 8, generator)
    assert image.shape == (600, 3, 8, 8)
    assert seen.shape == (600, 1, 8, 8)
    solid = (seen == 1).flatten(1).all(dim=1)
    assert float(solid.float().mean()) == pytest.approx(0.15, abs=0.05)
    # Black on white: darkness equals opacity.
    torch.testing.assert_close(image[~solid], -seen[~solid].expand(-1, 3, -1, -1))
    assert image.min() >= -1
    assert image.max() <= 1


def test_augmentation_only_crops_flips_and_permutes_colours() -> None:
    generator = torch.Generator().manual_seed(1)
    column = torch.arange(6.0).expand(6, 6) / 5
    colour = torch.stack([column, column / 2, column / 4])
    drawing = torch.cat([colour, torch.ones(1, 6, 6)])
    image, alpha = augment(drawing.expand(400, 4, 6, 6), 6, generator)
    assert (alpha == 1).all()
    seen = {tuple(row.tolist()) for row in ((image[:, :, 0, -1] + 1) / 2)}
    ends = {0.0, 1.0, 0.5, 0.25}
    assert all(set(row) <= ends for row in seen)
    flipped = image[:, :, 0, -1].sum(dim=1) == -3
    assert float(flipped.float().mean()) == pytest.approx(0.5, abs=0.08)
    plain = ((image[:, :, 0].amax(dim=2) + 1) / 2 == torch.tensor([1.0, 0.5, 0.25])).all(dim=1)
    assert float(plain.float().mean()) >= 0.8
    cropped, _ = augment(drawing.expand(400, 4, 6, 6), 3, generator)
    assert cropped.shape == (400, 3, 3, 3)


if __name__ == "__main__":
    torch.set_num_threads(int(os.environ["THREADS"]))
    train(Told(diffusion_task()), Path(sys.argv[1]), PLAN)
