"""The effect of weights on CLIP's vectors, against independent formulas."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from core.conditioning.text.clip_text import ClipConditioner, EncoderOptions
from core.conditioning.text.clip_tokenizer import CHUNK, END, START, clip_tokenizer
from core.conditioning.text.embeddings import Embedding
from core.conditioning.text.prompt_parser import parse
from core.networks.clip import ClipConfig, ClipTextEncoder
from core.request.text_segment import A1111, COMFYUI, TextSegment
from tests.narrowing import present

DIM = 16
CONFIG = ClipConfig(dim=DIM, layers=3, heads=2, feed_forward=32, projection=8)


@pytest.fixture(scope="module")
def encoder(randomised: Callable[[nn.Module], nn.Module]) -> nn.Module:
    return randomised(ClipTextEncoder(CONFIG))


@pytest.fixture(scope="module")
def conditioner(encoder: ClipTextEncoder) -> ClipConditioner:
    return ClipConditioner([(encoder, EncoderOptions(1, normalised=True, pooled=True, pad=END))])


def passage(prompt: str, syntax: str) -> TextSegment:
    return parse(prompt, syntax).parts[0].segment(0, 1)


def encoded(encoder: ClipTextEncoder, words: list[str]) -> Tensor:
    """One chunk of words, each encoded separately: [1, 77, dim]."""
    tokens = [START]
    for word in words:
        tokens += clip_tokenizer().encode(word, add_special_tokens=False).ids
    tokens += [END] * (CHUNK + 2 - len(tokens))
    return encoder(torch.tensor([tokens]), END, skip=1).vectors


def test_comfyui_interpolates_from_the_empty_prompt(
    conditioner: ClipConditioner, encoder: ClipTextEncoder
) -> None:
    cond = conditioner.encode([passage("a (red:1.5) cat (dog:0.3)", COMFYUI)])
    vectors, empty = encoded(encoder, ["a", "red", "cat", "dog"]), encoded(encoder, [])
    weights = torch.ones(77)
    weights[2], weights[4] = 1.5, 0.3  # after the start token
    expected = torch.stack(
        [z * w + e * (1 - w) for z, e, w in zip(vectors[0], empty[0], weights, strict=True)]
    )
    torch.testing.assert_close(present(cond.tokens)[0], expected, atol=1e-5, rtol=1e-5)


def test_comfyui_interpolates_in_every_chunk(
    conditioner: ClipConditioner, encoder: ClipTextEncoder
) -> None:
    cond = conditioner.encode([passage("cat " * CHUNK + "(dog:2)", COMFYUI)])
    vectors, empty = encoded(encoder, ["dog"]), encoded(encoder, [])
    expected = vectors[0].clone()
    expected[1] = 2 * vectors[0, 1] - empty[0, 1]
    torch.testing.assert_close(present(cond.tokens)[0, 77:], expected, atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(present(cond.tokens)[0, :77], encoded(encoder, ["cat"] * CHUNK)[0])


def test_a1111_multiplies_and_restores_the_mean(
    conditioner: ClipConditioner, encoder: ClipTextEncoder
) -> None:
    cond = conditioner.encode([passage("a (red:1.5) cat [dog]", A1111)])
    vectors = encoded(encoder, ["a", "red", "cat", "dog"])[0]
    weights = torch.ones(77, 1)
    weights[2], weights[4] = 1.5, 1 / 1.1
    weighted = vectors * weights
    expected = weighted * (vectors.mean() / weighted.mean())
    torch.testing.assert_close(present(cond.tokens)[0], expected, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("syntax", [A1111, COMFYUI])
def test_weights_of_1_change_no_bit_and_no_weight_changes_the_pooled_vector(
    conditioner: ClipConditioner, syntax: str
) -> None:
    plain, even, strong = (
        conditioner.encode([passage(prompt, syntax)])
        for prompt in ("a red cat", "a (red:1) cat", "a (red:1.5) cat")
    )
    assert torch.equal(present(plain.tokens), present(even.tokens))
    assert not torch.equal(present(plain.tokens), present(strong.tokens))
    torch.testing.assert_close(plain.vector, strong.vector)


def test_both_syntaxes_are_equal_without_weights(conditioner: ClipConditioner) -> None:
    one, other = (conditioner.encode([passage("a red cat, 3d", s)]) for s in (A1111, COMFYUI))
    assert torch.equal(present(one.tokens), present(other.tokens))


def test_break_makes_two_chunks(conditioner: ClipConditioner, encoder: ClipTextEncoder) -> None:
    cond = conditioner.encode([passage("a cat BREAK red", A1111)])
    expected = torch.cat([encoded(encoder, ["a", "cat"]), encoded(encoder, ["red"])], dim=1)
    torch.testing.assert_close(cond.tokens, expected)


def test_only_a1111_names_embeddings_without_a_prefix(encoder: ClipTextEncoder) -> None:
    vectors = torch.randn(2, DIM, generator=torch.Generator().manual_seed(0))
    use = EncoderOptions(1, normalised=True, pooled=True, pad=END)
    conditioner = ClipConditioner([(encoder, use)], embeddings=[Embedding("mine", (vectors,))])
    bare, named = "a mine cat", "a embedding:mine cat"
    a1111, comfy = (
        [conditioner.encode([passage(p, s)]).tokens for p in (bare, named)]
        for s in (A1111, COMFYUI)
    )
    assert torch.equal(present(a1111[0]), present(a1111[1]))
    assert torch.equal(present(comfy[1]), present(a1111[1]))
    assert not torch.equal(present(comfy[0]), present(comfy[1]))
