"""Samplers of CFG++: they move to the guided x0, with the noise of the unconditional one.

With D the guided and U the unconditional estimate, a step ends at D + sigma_next * (x - U) / sigma.
The CFG scale is near 1, where other samplers need 7. Their denoiser gives both estimates in one
batch, the guided above the unconditional; from a denoiser that gives one, it is both, and they
equal the samplers without CFG++. Source: Chung et al. 2024, "CFG++: Manifold-constrained Classifier
Free Guidance for Diffusion Models", algorithm 2; ComfyUI for solvers of higher order.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from .exponential import res_weight
from .step_functions import ancestral, current_sigmas, step_towards_x0
from .trajectory import Denoiser, Noise, Sampler, State, Step

if TYPE_CHECKING:
    from torch import Tensor


def euler_cfg_pp() -> Sampler:
    """Euler with CFG++."""
    return euler_ancestral_cfg_pp(0.0)


def euler_ancestral_cfg_pp(eta: float = 1.0, s_noise: float = 1.0) -> Sampler:
    """Euler ancestral with CFG++."""

    def step(denoise: Denoiser, state: State, sigmas: Sequence[float], noise: Noise) -> Step:
        sigma, sigma_next = current_sigmas(state, sigmas)
        down, up = ancestral(sigma, sigma_next, eta)
        guided, unconditional = _both(denoise, state.x, sigma)
        x = guided + (down / sigma) * (state.x - unconditional)
        return _ended(state, x, guided, up * s_noise, sigma, noise)

    return step


_SCALE = 12.5
"""A1111's CFG scale of DDIM CFG++, of which 12.5 is the paper's lambda 1."""


def ddim_cfg_pp(eta: float = 0.0) -> Sampler:
    """DDIM with CFG++, whose CFG scale is divided by 12.5, as in AUTOMATIC1111."""

    def step(denoise: Denoiser, state: State, sigmas: Sequence[float], noise: Noise) -> Step:
        sigma, sigma_next = current_sigmas(state, sigmas)
        down, up = ancestral(sigma, sigma_next, eta)
        guided, unconditional = _both(denoise, state.x, sigma)
        guided = unconditional + (guided - unconditional) / _SCALE
        x = guided + (down / sigma) * (state.x - unconditional)
        return _ended(state, x, guided, up, sigma, noise)

    return step


def dpmpp_2s_ancestral_cfg_pp(eta: float = 1.0, s_noise: float = 1.0) -> Sampler:
    """DPM++ 2S ancestral with CFG++: two evaluations a step."""

    def step(denoise: Denoiser, state: State, sigmas: Sequence[float], noise: Noise) -> Step:
        sigma, sigma_next = current_sigmas(state, sigmas)
        down, up = ancestral(sigma, sigma_next, eta)
        guided, unconditional = _both(denoise, state.x, sigma)
        x = guided
        if down > 0:
            shifted = state.x + (guided - unconditional)
            middle = math.sqrt(sigma * down)
            ahead, _ = _both(denoise, step_towards_x0(shifted, guided, sigma, middle), middle)
            x = step_towards_x0(shifted, ahead, sigma, down)
        return _ended(state, x, guided, up * s_noise, sigma, noise)

    return step


def dpmpp_2m_cfg_pp() -> Sampler:
    """DPM++ 2M with CFG++. The memory is the last unconditional estimate."""

    def step(denoise: Denoiser, state: State, sigmas: Sequence[float], noise: Noise) -> Step:
        sigma, sigma_next = current_sigmas(state, sigmas)
        guided, unconditional = _both(denoise, state.x, sigma)
        x = guided + (sigma_next / sigma) * (state.x - unconditional)
        if state.memory and sigma_next > 0:
            ratio = math.log(sigma / sigma_next) / math.log(sigmas[state.index - 1] / sigma)
            weight = (1 - sigma_next / sigma) * ratio / 2
            x = x + weight * (guided - state.memory[0])
        return Step(State(state.index + 1, x, (unconditional,)), sigma, guided)

    return step


def res_multistep_cfg_pp() -> Sampler:
    """RES Multistep with CFG++. The memory is the last unconditional estimate."""
    return res_multistep_ancestral_cfg_pp(0.0)


def res_multistep_ancestral_cfg_pp(eta: float = 1.0, s_noise: float = 1.0) -> Sampler:
    """RES Multistep ancestral with CFG++. The memory is the last unconditional estimate."""

    def step(denoise: Denoiser, state: State, sigmas: Sequence[float], noise: Noise) -> Step:
        sigma, sigma_next = current_sigmas(state, sigmas)
        down, up = ancestral(sigma, sigma_next, eta)
        guided, unconditional = _both(denoise, state.x, sigma)
        if state.memory and down > 0:
            shifted = state.x + (guided - unconditional)
            x = step_towards_x0(shifted, unconditional, sigma, down)
            change = unconditional - state.memory[0]
            x = x + res_weight(state.index, sigmas, eta) * change
        else:
            x = guided + (down / sigma) * (state.x - unconditional)
        memory = (unconditional,)
        return _ended(state, x, guided, up * s_noise, sigma, noise, memory)

    return step


def gradient_estimation_cfg_pp(gamma: float = 2.0) -> Sampler:
    """Gradient Estimation with CFG++. The memory is the last slope towards the unconditional x0."""

    def step(denoise: Denoiser, state: State, sigmas: Sequence[float], noise: Noise) -> Step:
        sigma, sigma_next = current_sigmas(state, sigmas)
        guided, unconditional = _both(denoise, state.x, sigma)
        slope = (state.x - unconditional) / sigma
        x = guided + sigma_next * slope
        if state.memory and sigma_next > 0:
            x = x + (sigma_next - sigma) * (gamma - 1) * (slope - state.memory[0])
        return Step(State(state.index + 1, x, (slope,)), sigma, guided)

    return step


def _both(denoise: Denoiser, x: Tensor, sigma: float) -> tuple[Tensor, Tensor]:
    """The guided and the unconditional estimate."""
    found = denoise(x, sigma)
    if getattr(found, "shape", None) == getattr(x, "shape", None):
        return found, found
    guided, unconditional = found.chunk(2)
    return guided, unconditional


def _ended(
    state: State,
    x: Tensor,
    x0: Tensor,
    up: float,
    sigma: float,
    noise: Noise,
    memory: tuple[Tensor, ...] = (),
) -> Step:
    """The step that ends at x with `up` of fresh noise."""
    if up > 0:
        x = x + up * noise(state.index, 0)
    return Step(State(state.index + 1, x, memory), sigma, x0)
