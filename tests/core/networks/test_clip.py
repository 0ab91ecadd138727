"""CLIP encoders against transformers', and weights against AUTOMATIC1111's rule."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from core.conditioning.text.clip_text import ClipConditioner, EncoderOptions
from core.conditioning.text.clip_tokenizer import END, START
from core.networks.clip import ClipConfig, ClipImageConfig, ClipImageEncoder, ClipTextEncoder
from tests.core.checkpoints.tiny import reference_images
from tests.core.conftest import Randomise
from tests.narrowing import present

TINY = ClipConfig(dim=16, layers=3, heads=2, feed_forward=32, projection=12)
LOOKS = ClipImageConfig(patch=4, side=12, dim=16, layers=3, heads=2, feed_forward=32, projection=12)
SD1 = EncoderOptions(skip=0, normalised=True, pooled=False, pad=END)
SDXL_L = EncoderOptions(skip=1, normalised=False, pooled=False, pad=END)
SDXL_G = EncoderOptions(skip=1, normalised=False, pooled=True, pad=0)


def transformers_encoder(config: ClipConfig, network: nn.Module) -> Any:
    transformers = pytest.importorskip("transformers")
    made = transformers.CLIPTextModelWithProjection(
        transformers.CLIPTextConfig(
            vocab_size=config.vocabulary,
            hidden_size=config.dim,
            intermediate_size=config.feed_forward,
            projection_dim=config.projection,
            num_hidden_layers=config.layers,
            num_attention_heads=config.heads,
            hidden_act=config.activation,
            bos_token_id=START,
            eos_token_id=END,
        )
    ).eval()
    names = {
        name if name.startswith("text_projection") else f"text_model.{name}": value
        for name, value in network.state_dict().items()
    }
    made.load_state_dict(names)
    return made


@pytest.mark.parametrize("activation", ["quick_gelu", "gelu"])
def test_the_text_encoder_equals_transformers(activation: str, randomised: Randomise) -> None:
    config = replace(TINY, activation=activation)
    network = randomised(ClipTextEncoder(config))
    tokens = torch.randint(0, END, (2, 77), generator=torch.Generator().manual_seed(1))
    tokens[:, 0] = START
    tokens[0, 20:] = END
    tokens[1, 76] = END
    with torch.no_grad():
        expected = transformers_encoder(config, network)(tokens, output_hidden_states=True)
        full = network(tokens, END, pooled=True)
        states = [network(tokens, END, skip=i, normalised=False).vectors for i in range(4)]
    torch.testing.assert_close(full.vectors, expected.last_hidden_state, atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(full.pooled, expected.text_embeds, atol=1e-5, rtol=1e-5)
    for ours, theirs in zip(states, reversed(expected.hidden_states), strict=True):
        torch.testing.assert_close(ours, theirs, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("activation", ["quick_gelu", "gelu"])
def test_the_image_encoder_equals_transformers(activation: str, randomised: Randomise) -> None:
    network = randomised(ClipImageEncoder(replace(LOOKS, activation=activation)))
    theirs = reference_images(network)
    images = torch.randn(2, 3, 12, 12, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        expected = theirs(images).image_embeds
        torch.testing.assert_close(network(images), expected, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize(
    ("config", "count"),
    [
        (ClipImageConfig(), 303_966_208),
        (
            ClipImageConfig(
                dim=1280, layers=32, feed_forward=5120, activation="gelu", projection=1024
            ),
            632_076_800,
        ),
    ],
    ids=["CLIP ViT-L", "OpenCLIP ViT-H"],
)
def test_published_image_encoders_have_the_same_parameter_count(
    config: ClipImageConfig, count: int
) -> None:
    with torch.device("meta"):
        network = ClipImageEncoder(config)
    assert sum(weights.numel() for weights in network.parameters()) == count


@pytest.mark.parametrize(
    ("config", "count"),
    [
        (ClipConfig(), 123_060_480),
        (
            ClipConfig(dim=1024, layers=23, heads=16, feed_forward=4096, activation="gelu"),
            340_387_840,
        ),
        (
            ClipConfig(
                dim=1280,
                layers=32,
                heads=20,
                feed_forward=5120,
                activation="gelu",
                projection=1280,
            ),
            694_659_840,
        ),
    ],
    ids=["ViT-L", "ViT-H", "ViT-bigG"],
)
def test_published_text_encoders_have_the_same_parameter_count(
    config: ClipConfig, count: int
) -> None:
    with torch.device("meta"):
        assert sum(value.numel() for value in ClipTextEncoder(config).parameters()) == count


def test_there_is_no_pooled_vector_without_a_projection(randomised: Randomise) -> None:
    network = randomised(ClipTextEncoder(replace(TINY, projection=None)))
    with pytest.raises(ValueError, match="projection"):
        network(torch.tensor([[START, END]]), END, pooled=True)


@pytest.fixture(scope="module")
def encoder(randomised: Randomise) -> ClipTextEncoder:
    return randomised(ClipTextEncoder(TINY))


def encode(encoder: ClipTextEncoder, tokens: list[int], use: EncoderOptions = SD1) -> Tensor:
    filled = [*tokens, *[use.pad] * (77 - len(tokens))]
    with torch.no_grad():
        return encoder(
            torch.tensor([filled]), END, skip=use.skip, normalised=use.normalised
        ).vectors


CAT = [START, 320, 736, 2368, END]  # a red cat


def test_a_prompt_is_one_padded_sequence(encoder: ClipTextEncoder) -> None:
    for use in (SD1, SDXL_L, SDXL_G):
        cond = ClipConditioner([(encoder, use)]).encode(["a red cat"])
        torch.testing.assert_close(cond.tokens, encode(encoder, CAT, use))
        assert (cond.vector is not None) == use.pooled


def test_weights_multiply_and_the_mean_is_restored(encoder: ClipTextEncoder) -> None:
    plain = encode(encoder, CAT)
    weighted = plain.clone()
    weighted[:, 2] *= 1.3
    weighted[:, 3] *= 0.5
    expected = weighted * (plain.mean() / weighted.mean())
    cond = ClipConditioner([(encoder, SD1)]).encode(["a (red:1.3) (cat:0.5)"])
    torch.testing.assert_close(cond.tokens, expected, atol=1e-5, rtol=1e-4)


def test_long_prompts_are_encoded_in_chunks(encoder: ClipTextEncoder) -> None:
    conditioner = ClipConditioner([(encoder, SDXL_G)])
    cond = conditioner.encode(["a red cat BREAK a red cat", "a red cat"])
    assert present(cond.tokens).shape == (2, 2 * 77, 16)
    once = encode(encoder, CAT, SDXL_G)
    torch.testing.assert_close(present(cond.tokens)[0], torch.cat([once, once], dim=1)[0])
    empty = encode(encoder, [START, END], SDXL_G)
    torch.testing.assert_close(present(cond.tokens)[1], torch.cat([once, empty], dim=1)[0])
    torch.testing.assert_close(present(cond.vector)[0], present(cond.vector)[1])
    torch.testing.assert_close(present(cond.vector)[:1], conditioner.encode(["a red cat"]).vector)


def test_two_encoders_are_concatenated(encoder: ClipTextEncoder) -> None:
    both = ClipConditioner([(encoder, SDXL_L), (encoder, SDXL_G)]).encode(["a red cat"])
    parts = [encode(encoder, CAT, use) for use in (SDXL_L, SDXL_G)]
    torch.testing.assert_close(both.tokens, torch.cat(parts, dim=-1))
    assert present(both.vector).shape == (1, 12)


def test_clip_skip_skips_more_layers(encoder: ClipTextEncoder) -> None:
    skipping = ClipConditioner([(encoder, SD1)], supports_clip_skip=True).encode(["a red cat"], 2)
    torch.testing.assert_close(skipping.tokens, encode(encoder, CAT, replace(SD1, skip=1)))
