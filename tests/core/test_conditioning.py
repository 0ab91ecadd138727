"""Prompts become conditions that depend on nothing but their words."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from tokenizers import Tokenizer
from torch import nn

from core.networks.bert import Bert, BertConfig
from core.text.conditioning import SentenceConditioner, concatenate

CONFIG = BertConfig(vocabulary=11, dim=16, layers=2, heads=2, feed_forward=32, positions=20)
LENGTH = 6


@pytest.fixture(scope="module")
def bert(randomised: Callable[[nn.Module], nn.Module]) -> nn.Module:
    return randomised(Bert(CONFIG))


@pytest.fixture(scope="module")
def conditioner(tokenizer: Tokenizer, bert: Bert) -> SentenceConditioner:
    return SentenceConditioner(tokenizer, bert, LENGTH)


@pytest.mark.parametrize("blank", ["", " ", "\n\t "])
def test_a_blank_prompt_is_all_zeros(conditioner: SentenceConditioner, blank: str) -> None:
    cond = conditioner([blank])
    assert cond.context.shape == (1, LENGTH, 16)
    assert cond.vector is not None
    assert not cond.context.any()
    assert not cond.vector.any()


def test_vectors_are_normalised_and_padding_is_zeros(conditioner: SentenceConditioner) -> None:
    cond = conditioner(["a cat"])  # two words between two marks
    given, padding = cond.context[0, :4], cond.context[0, 4:]
    torch.testing.assert_close(given.mean(dim=1), torch.zeros(4), atol=1e-5, rtol=0)
    torch.testing.assert_close(given.std(dim=1, correction=0), torch.ones(4), atol=1e-3, rtol=0)
    assert not padding.any()
    assert cond.vector is not None
    assert float(cond.vector.square().mean()) == pytest.approx(1.0, rel=1e-5)


def test_padding_changes_no_vector(
    conditioner: SentenceConditioner, tokenizer: Tokenizer, bert: Bert
) -> None:
    longer = SentenceConditioner(tokenizer, bert, 15)
    short, long = conditioner(["red heart"]), longer(["red heart"])
    torch.testing.assert_close(short.context[:, :4], long.context[:, :4], atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(short.vector, long.vector, atol=1e-5, rtol=1e-5)


def test_a_long_prompt_keeps_its_end_mark_and_is_counted_whole(
    conditioner: SentenceConditioner, tokenizer: Tokenizer
) -> None:
    seen = "a red cat with"  # as many words as fit between the marks
    long = seen + " smile blue heart"
    reading = conditioner.read(long)
    assert (reading.count, reading.limit) == (LENGTH - 2 + 3, LENGTH - 2)
    assert long[: reading.end] == seen
    assert torch.equal(conditioner([long]).context, conditioner([seen]).context)


def test_the_tokenizers_own_padding_and_truncation_are_ignored(
    conditioner: SentenceConditioner, tokenizer: Tokenizer, bert: Bert
) -> None:
    meddling = Tokenizer.from_str(tokenizer.to_str())
    meddling.enable_truncation(3)
    meddling.enable_padding(length=50)
    other = SentenceConditioner(meddling, bert, LENGTH)
    assert other.read("a red cat") == conditioner.read("a red cat")
    assert torch.equal(other(["a red cat"]).context, conditioner(["a red cat"]).context)
    assert meddling.truncation is not None, "the caller's tokenizer is left as it was"


def test_a_row_of_a_batch_is_the_prompt_alone(conditioner: SentenceConditioner) -> None:
    prompts = ["a cat", "", "red blue heart with smile", "a"]
    batch = conditioner(prompts)
    alone = concatenate([conditioner([prompt]) for prompt in prompts])
    torch.testing.assert_close(batch.context, alone.context, atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(batch.vector, alone.vector, atol=1e-5, rtol=1e-5)
    assert not torch.allclose(batch.context[0], batch.context[3], atol=1e-2)


def test_a_condition_repeats_for_several_pictures(conditioner: SentenceConditioner) -> None:
    one = conditioner(["a cat"])
    three = one.repeat(3)
    assert torch.equal(three.context, concatenate([one] * 3).context)
    assert torch.equal(three.vector, concatenate([one] * 3).vector)
