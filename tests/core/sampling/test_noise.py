"""Noise that only depends on the image's seed, the step and the draw."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
import torch

from core.sampling import noise
from core.sampling.noise import (
    batch_step_noise,
    initial_noise,
    nvidia_noise,
    slerp,
    slerp_by_column,
    step_noise,
)
from core.sampling.philox import cuda_normal, philox4x32

SHAPE = (4, 8, 8)


def test_initial_noise_equals_torchs_generator() -> None:
    torch.manual_seed(1234)
    assert torch.equal(initial_noise(1234, SHAPE), torch.randn(SHAPE))
    # What PyTorch has printed for seed 0 since 1.0.
    published = torch.tensor([-1.1258, -1.1524, -0.2506, -0.4339, 0.8487, 0.6920])
    torch.testing.assert_close(initial_noise(0, SHAPE).flatten()[:6], published, rtol=0, atol=5e-5)


def test_step_noise_equals_torchs_generator_with_the_documented_hash() -> None:
    key = int.from_bytes(hashlib.sha256(b"1234,5,6").digest()[:8], "big")
    expected = torch.randn(SHAPE, generator=torch.Generator().manual_seed(key))
    assert torch.equal(step_noise(1234, 5, 6, SHAPE), expected)


def test_noise_ignores_global_generator_and_default_dtype() -> None:
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


def test_every_draw_differs() -> None:
    seeds = (0, 1, 2**32 - 1, 2**64 - 2)
    all_noise = [initial_noise(seed, SHAPE) for seed in seeds]
    all_noise += [
        step_noise(seed, step, draw, SHAPE)
        for seed in seeds
        for step in range(5)
        for draw in range(2)
    ]
    assert len({tuple(values.flatten().tolist()) for values in all_noise}) == len(all_noise)


@pytest.mark.parametrize("seed", [7, 7 + 2**40])
def test_a_colliding_hash_does_not_repeat_the_initial_noise(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Collision:
        def __init__(self, data: bytes) -> None: ...

        def digest(self) -> bytes:
            return (7).to_bytes(8, "big") + bytes(24)

    monkeypatch.setattr(noise.hashlib, "sha256", Collision)
    assert not torch.equal(step_noise(seed, 0, 0, SHAPE), initial_noise(seed, SHAPE))


def test_an_image_gets_the_same_noise_alone_and_in_a_batch() -> None:
    batch = batch_step_noise([10, 11, 12], SHAPE, "cpu")(3, 1)
    assert batch.shape == (3, *SHAPE)
    for i, seed in enumerate((10, 11, 12)):
        assert torch.equal(batch[i], batch_step_noise([seed], SHAPE, "cpu")(3, 1)[0])
        assert torch.equal(batch[i], step_noise(seed, 3, 1, SHAPE))


def test_noise_has_unit_variance() -> None:
    values = step_noise(0, 0, 0, (4, 256, 256))
    assert float(values.mean()) == pytest.approx(0, abs=0.01)
    assert float(values.std()) == pytest.approx(1, abs=0.01)


# -- as an NVIDIA card draws it ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("counter", "seed", "words"),
    [
        ([0, 0, 0, 0], 0, [0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8]),
        ([2**32 - 1] * 4, 2**64 - 1, [0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD]),
        (
            [0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344],
            0x299F31D0_A4093822,
            [0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1],
        ),
    ],
    ids=["zeros", "ones", "pi"],
)
def test_philox_equals_the_published_words(counter: list[int], seed: int, words: list[int]) -> None:
    """The known answers that come with Random123."""
    counters = np.array([counter, counter], np.uint32).T
    assert philox4x32(counters, seed).T.tolist() == [words, words]


def test_nvidia_noise_equals_cuda() -> None:
    """torch.manual_seed(0); torch.randn(3, 4, device="cuda")"""
    published = torch.tensor(
        [
            [-0.9247, -0.4253, -2.6438, 0.1452],
            [-0.1209, -0.5797, -0.6229, -0.3284],
            [-1.0745, -0.3631, -1.6711, 2.2655],
        ]
    )
    drawn = nvidia_noise(0, (3, 4))
    assert drawn.dtype == torch.float32
    torch.testing.assert_close(drawn, published, rtol=0, atol=5e-5)


def test_nvidia_noise_has_unit_variance_and_differs_per_draw() -> None:
    draws = [nvidia_noise(seed, SHAPE, offset) for seed in (0, 1, 2**40) for offset in (0, 1)]
    assert len({tuple(values.flatten().tolist()) for values in draws}) == len(draws)
    values = nvidia_noise(5, (4, 256, 256))
    assert float(values.mean()) == pytest.approx(0, abs=0.01)
    assert float(values.std()) == pytest.approx(1, abs=0.01)
    assert values.isfinite().all()


def test_nvidia_noise_of_a_smaller_image_is_a_prefix() -> None:
    assert np.array_equal(cuda_normal(3, 100), cuda_normal(3, 1000)[:100])


# -- variations --------------------------------------------------------------------------------


def test_a_variation_interpolates_between_two_noises() -> None:
    one, two = initial_noise(1, SHAPE), initial_noise(2, SHAPE)
    torch.testing.assert_close(slerp(one, two, 0.0), one)
    torch.testing.assert_close(slerp(one, two, 1.0), two)
    two = two * one.norm() / two.norm()
    third = slerp(one, two, 1 / 3)

    def angle(a: torch.Tensor, b: torch.Tensor) -> float:
        return float(torch.acos((a * b).sum() / (a.norm() * b.norm())))

    assert angle(one, third) == pytest.approx(angle(one, two) / 3, abs=1e-3)


@pytest.mark.parametrize("strength", [0.1, 0.5, 0.9])
def test_a_variation_has_unit_variance(strength: float) -> None:
    shape = (4, 128, 128)
    mixed = slerp(initial_noise(1, shape), initial_noise(2, shape), strength)
    assert mixed.dtype == torch.float32
    assert float(mixed.std()) == pytest.approx(1, abs=0.01)


def test_a_variation_with_the_same_seed_is_unchanged() -> None:
    torch.testing.assert_close(
        slerp(initial_noise(1, SHAPE), initial_noise(1, SHAPE), 0.4), initial_noise(1, SHAPE)
    )


@pytest.mark.parametrize("strength", [-0.1, 1.1, float("nan")])
def test_impossible_variations_are_refused(strength: float) -> None:
    with pytest.raises(ValueError, match="strength"):
        slerp(initial_noise(1, SHAPE), initial_noise(2, SHAPE), strength)


def test_a_variation_of_a1111_turns_every_column_by_itself() -> None:
    """Each column of each channel, along the arc between the two."""
    one, two = (initial_noise(seed, SHAPE).double().numpy() for seed in (1, 2))
    lengths = np.linalg.norm(one, axis=1) * np.linalg.norm(two, axis=1)
    angle = np.arccos((one * two).sum(axis=1) / lengths)[:, None]
    expected = (np.sin(0.7 * angle) * one + np.sin(0.3 * angle) * two) / np.sin(angle)
    found = slerp_by_column(initial_noise(1, SHAPE), initial_noise(2, SHAPE), 0.3)
    np.testing.assert_allclose(found.numpy(), expected, atol=1e-6)
