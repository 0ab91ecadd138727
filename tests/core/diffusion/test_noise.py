"""Noise that depends on the image's seed, the step and the draw, and on nothing else."""

from __future__ import annotations

import hashlib

import pytest
import torch

from core.diffusion import noise
from core.diffusion.noise import initial, seeded, step_noise

SHAPE = (4, 8, 8)


def test_initial_noise_is_torchs_for_the_seed() -> None:
    torch.manual_seed(1234)
    assert torch.equal(initial(1234, SHAPE), torch.randn(SHAPE))
    # What PyTorch has printed for seed 0 since 1.0.
    published = torch.tensor([-1.1258, -1.1524, -0.2506, -0.4339, 0.8487, 0.6920])
    torch.testing.assert_close(initial(0, SHAPE).flatten()[:6], published, rtol=0, atol=5e-5)


def test_step_noise_is_torchs_for_the_documented_hash() -> None:
    key = int.from_bytes(hashlib.sha256(b"1234,5,6").digest()[:8], "big")
    expected = torch.randn(SHAPE, generator=torch.Generator().manual_seed(key))
    assert torch.equal(step_noise(1234, 5, 6, SHAPE), expected)


def test_noise_leaves_no_trace_and_follows_no_default() -> None:
    state = torch.get_rng_state()
    first = step_noise(1, 2, 0, SHAPE)
    step_noise(1, 3, 0, SHAPE)
    torch.set_default_dtype(torch.float64)
    try:
        again = step_noise(1, 2, 0, SHAPE)
    finally:
        torch.set_default_dtype(torch.float32)
    assert torch.equal(first, again)
    assert first.dtype == again.dtype == torch.float32
    assert torch.equal(torch.get_rng_state(), state)


def test_every_draw_is_new() -> None:
    seeds = (0, 1, 2**32 - 1, 2**64 - 2)
    all_noise = [initial(seed, SHAPE) for seed in seeds]
    all_noise += [
        step_noise(seed, step, draw, SHAPE)
        for seed in seeds
        for step in range(5)
        for draw in range(2)
    ]
    assert len({tuple(values.flatten().tolist()) for values in all_noise}) == len(all_noise)


@pytest.mark.parametrize("seed", [7, 7 + 2**40])
def test_even_a_colliding_hash_does_not_repeat_the_initial_noise(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Collision:
        def __init__(self, data: bytes) -> None: ...

        def digest(self) -> bytes:
            return (7).to_bytes(8, "big") + bytes(24)

    monkeypatch.setattr(noise.hashlib, "sha256", Collision)
    assert not torch.equal(step_noise(seed, 0, 0, SHAPE), initial(seed, SHAPE))


def test_an_image_draws_the_same_alone_and_in_a_batch() -> None:
    batch = seeded([10, 11, 12], SHAPE, "cpu")(3, 1)
    assert batch.shape == (3, *SHAPE)
    for i, seed in enumerate((10, 11, 12)):
        assert torch.equal(batch[i], seeded([seed], SHAPE, "cpu")(3, 1)[0])
        assert torch.equal(batch[i], step_noise(seed, 3, 1, SHAPE))


def test_noise_is_unit() -> None:
    values = step_noise(0, 0, 0, (4, 256, 256))
    assert float(values.mean()) == pytest.approx(0, abs=0.01)
    assert float(values.std()) == pytest.approx(1, abs=0.01)
