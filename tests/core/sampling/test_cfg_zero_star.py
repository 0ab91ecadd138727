"""CFG-Zero* against the formulas of the paper, on velocities."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from core.errors import RequestError
from core.model.model import Model
from core.pipeline.text_to_image import prepare
from core.request.parameters import PARAMETERS, Context, Guidance, ModelTraits
from core.request.request import Request
from core.sampling.guidance import cfg, cfg_zero_star, combine_pair, zero_init
from core.sampling.predictions import FLOW


def test_the_guided_velocity_equals_the_paper() -> None:
    generator = torch.Generator().manual_seed(1)
    x, v_c, v_u = (torch.randn(2, 4, 8, 8, generator=generator) for _ in range(3))
    sigma, scale = 1.7, 5.0
    pair = cfg_zero_star(lambda x, sigma: (FLOW.to_x0(v_c, x, sigma), FLOW.to_x0(v_u, x, sigma)))
    x0 = combine_pair(pair, cfg(scale))(x, sigma)
    velocity = FLOW.target(x0, (x - x0) / sigma, sigma)
    for i in range(2):  # each image has its own optimal scale: s* = <v_c, v_u> / ||v_u||^2
        c, u = v_c[i].flatten(), v_u[i].flatten()
        best = torch.linalg.lstsq(u[:, None], c[:, None]).solution.item()
        expected = (1 - scale) * best * u + scale * c
        torch.testing.assert_close(velocity[i].flatten(), expected, rtol=1e-4, atol=1e-4)


def test_zero_init_keeps_the_latent_in_the_first_steps() -> None:
    sigmas = (9.0, 4.0, 1.0, 0.0)
    denoise = zero_init(lambda x, sigma: x * 0, sigmas, 2)
    x = torch.full((1, 1, 2, 2), 3.0)
    for sigma, after in ((9.0, 4.0), (4.0, 1.0)):
        stepped = x + (x - denoise(x, sigma)) / sigma * (after - sigma)  # Euler
        torch.testing.assert_close(stepped / (1 + after), x / (1 + sigma))
    assert denoise(x, 1.0).abs().max() == 0  # the third step is the network's


@pytest.mark.parametrize("guidance", [Guidance(zero_star=True), Guidance(zero_init=1)])
def test_other_models_refuse_cfg_zero_star(tiny_model: Model, guidance: Guidance) -> None:
    request = Request(prompt="a cat", width=32, height=32, steps=2, guidance=guidance)
    prepare(tiny_model, request)
    other = replace(tiny_model, config=replace(tiny_model.config, prediction="eps"))
    with pytest.raises(RequestError, match="not a flow model"):
        prepare(other, request)


def test_flow_models_accept_cfg_zero_star() -> None:
    for prediction, applies in (("flow", True), ("eps", False), ("v", False)):
        context = Context(Request(), model=ModelTraits(prediction))
        assert PARAMETERS["zero_star"].applies(context) is applies
        assert PARAMETERS["zero_init"].applies(context) is applies
