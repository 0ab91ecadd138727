"""Text conditioning depends only on the words of a prompt."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from tokenizers import Tokenizer
from torch import Tensor, nn
from torch.nn import functional as F

from core.checkpoints.load_model import load_model
from core.conditioning.text.embeddings import Embedding
from core.conditioning.text.prompt_parser import parse
from core.conditioning.text.sentence import SentenceConditioner
from core.networks.bert import Bert, BertConfig
from core.networks.cond import Cond, concatenate
from core.request.text_segment import COMFYUI
from tests.narrowing import present

CONFIG = BertConfig(vocabulary=11, dim=16, layers=2, heads=2, feed_forward=32, positions=20)
LENGTH = 6


def equal(tokens: Tensor | None, expected: Tensor | None) -> bool:
    return torch.equal(present(tokens), present(expected))


@pytest.fixture(scope="module")
def bert(randomised: Callable[[nn.Module], nn.Module]) -> nn.Module:
    return randomised(Bert(CONFIG))


@pytest.fixture(scope="module")
def conditioner(tokenizer: Tokenizer, bert: Bert) -> SentenceConditioner:
    return SentenceConditioner(tokenizer, bert, LENGTH)


@pytest.mark.parametrize("blank", ["", " ", "\n\t "])
def test_a_blank_prompt_is_all_zeros(conditioner: SentenceConditioner, blank: str) -> None:
    cond = conditioner.encode([blank])
    assert present(cond.tokens).shape == (1, LENGTH, 16)
    assert cond.vector is not None
    assert not present(cond.tokens).any()
    assert not cond.vector.any()


def test_vectors_are_normalised_and_padding_is_zeros(conditioner: SentenceConditioner) -> None:
    cond = conditioner.encode(["a cat"])  # two words between two marks
    given, padding = present(cond.tokens)[0, :4], present(cond.tokens)[0, 4:]
    torch.testing.assert_close(given.mean(dim=1), torch.zeros(4), atol=1e-5, rtol=0)
    torch.testing.assert_close(given.std(dim=1, correction=0), torch.ones(4), atol=1e-3, rtol=0)
    assert not padding.any()
    assert cond.vector is not None
    assert float(cond.vector.square().mean()) == pytest.approx(1.0, rel=1e-5)


def test_padding_changes_no_vector(
    conditioner: SentenceConditioner, tokenizer: Tokenizer, bert: Bert
) -> None:
    longer = SentenceConditioner(tokenizer, bert, 15)
    short, long = conditioner.encode(["red heart"]), longer.encode(["red heart"])
    torch.testing.assert_close(
        present(short.tokens)[:, :4], present(long.tokens)[:, :4], atol=1e-5, rtol=1e-5
    )
    torch.testing.assert_close(short.vector, long.vector, atol=1e-5, rtol=1e-5)


def test_a_long_prompt_keeps_its_end_token_and_is_counted_completely(
    conditioner: SentenceConditioner, tokenizer: Tokenizer
) -> None:
    seen = "a red cat with"  # as many words as fit between the marks
    long = seen + " smile blue heart"
    reading = conditioner.count_tokens(long)
    assert (reading.count, reading.limit) == (LENGTH - 2 + 3, LENGTH - 2)
    assert [long[a:b] for a, b in reading.unread] == [long[len(seen) :]]
    assert torch.equal(
        present(conditioner.encode([long]).tokens), present(conditioner.encode([seen]).tokens)
    )


def test_the_tokenizers_own_padding_and_truncation_are_ignored(
    conditioner: SentenceConditioner, tokenizer: Tokenizer, bert: Bert
) -> None:
    meddling = Tokenizer.from_str(tokenizer.to_str())
    meddling.enable_truncation(3)
    meddling.enable_padding(length=50)
    other = SentenceConditioner(meddling, bert, LENGTH)
    assert other.count_tokens("a red cat") == conditioner.count_tokens("a red cat")
    assert torch.equal(
        present(other.encode(["a red cat"]).tokens),
        present(conditioner.encode(["a red cat"]).tokens),
    )
    assert meddling.truncation is not None, "the caller's tokenizer is left as it was"


def test_a_batch_row_equals_the_prompt_alone(conditioner: SentenceConditioner) -> None:
    prompts = ["a cat", "", "red blue heart with smile", "a"]
    batch = conditioner.encode(prompts)
    alone = concatenate([conditioner.encode([prompt]) for prompt in prompts])
    torch.testing.assert_close(batch.tokens, alone.tokens, atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(batch.vector, alone.vector, atol=1e-5, rtol=1e-5)
    assert not torch.allclose(present(batch.tokens)[0], present(batch.tokens)[3], atol=1e-2)


def test_a_condition_repeats_for_several_images(conditioner: SentenceConditioner) -> None:
    one = conditioner.encode(["a cat"])
    three = one.repeat(3)
    assert torch.equal(present(three.tokens), present(concatenate([one] * 3).tokens))
    assert torch.equal(present(three.vector), present(concatenate([one] * 3).vector))


def plain(conditioner: SentenceConditioner, tokenizer: Tokenizer, prompt: str) -> Cond:
    """The condition of a prompt without weights, by definition."""
    ids = torch.tensor([tokenizer.encode(prompt).ids])
    mask = torch.zeros(1, LENGTH, dtype=torch.bool)
    mask[:, : ids.shape[1]] = True
    vectors = conditioner.network(F.pad(ids, (0, LENGTH - ids.shape[1])), mask)
    keep = mask.unsqueeze(-1).float()
    mean = (vectors * keep).sum(dim=1) / keep.sum(dim=1)
    context = F.layer_norm(vectors, vectors.shape[-1:]) * keep
    return Cond(context, F.normalize(mean, dim=-1) * vectors.shape[-1] ** 0.5)


@pytest.mark.parametrize(
    "prompt", ["a red cat", "a (red:1) cat", "(a red cat:1.0)", "([a]) red cat"]
)
def test_weights_of_1_change_no_bit(
    conditioner: SentenceConditioner, tokenizer: Tokenizer, prompt: str
) -> None:
    cond = conditioner.encode([prompt])
    expected = plain(conditioner, tokenizer, "a red cat")
    assert torch.equal(present(cond.tokens), present(expected.tokens))
    assert torch.equal(present(cond.vector), present(expected.vector))


def test_a_weight_multiplies_its_words_and_moves_the_mean(
    conditioner: SentenceConditioner,
) -> None:
    usual, strong = conditioner.encode(["a red cat"]), conditioner.encode(["a (red:1.5) cat"])
    factors = torch.tensor([1, 1, 1.5, 1, 1, 0])[:, None]  # [CLS] a red cat [SEP], padding
    torch.testing.assert_close(present(strong.tokens)[0], present(usual.tokens)[0] * factors)
    assert strong.vector is not None
    assert not torch.equal(strong.vector, present(usual.vector))
    assert float(strong.vector.square().mean()) == pytest.approx(1.0, rel=1e-5)


def test_a_weight_of_0_masks_a_word(
    conditioner: SentenceConditioner,
) -> None:
    cond = conditioner.encode(["a (red:0) cat"])
    assert not present(cond.tokens)[0, 2].any()
    assert present(cond.tokens)[0, 3].any()


def test_adjacent_words_with_other_weights_are_separate_words(
    conditioner: SentenceConditioner,
) -> None:
    apart, touching = (
        conditioner.encode(["(red:1.2) (cat:0.8)"]),
        conditioner.encode(["(red:1.2)(cat:0.8)"]),
    )
    assert torch.equal(present(apart.tokens), present(touching.tokens))
    assert torch.equal(present(apart.vector), present(touching.vector))


def test_break_separates_words_only(conditioner: SentenceConditioner) -> None:
    broken, plain = conditioner.encode(["red BREAK cat"]), conditioner.encode(["red cat"])
    assert torch.equal(present(broken.tokens), present(plain.tokens))


def test_weights_of_comfyui_interpolate_from_the_empty_prompt(
    conditioner: SentenceConditioner,
) -> None:
    passage = parse("a (red:1.5) cat", COMFYUI).parts[0].segment(0, 1)
    weighted, usual, empty = (
        conditioner.encode([passage]),
        conditioner.encode(["a red cat"]),
        conditioner.encode([""]),
    )
    factors = torch.tensor([1, 1, 1.5, 1, 1, 0])[:, None]
    expected = present(empty.tokens) + factors * (present(usual.tokens) - present(empty.tokens))
    torch.testing.assert_close(weighted.tokens, expected)


@pytest.mark.parametrize("prompt", ["()", "( [ ] :1.3)", "(cat:0)"])
def test_a_prompt_of_markup_only_is_the_null_condition(
    conditioner: SentenceConditioner, prompt: str
) -> None:
    cond, null = conditioner.encode([prompt]), conditioner.encode([""])
    assert torch.equal(present(cond.tokens), present(null.tokens))
    assert torch.equal(present(cond.vector), present(null.vector))


def with_word(conditioner: SentenceConditioner, tokenizer: Tokenizer) -> SentenceConditioner:
    """A conditioner with an embedding "smile", whose vectors are those of "red cat"."""
    rows = torch.tensor([tokenizer.token_to_id(word) for word in ("red", "cat")])
    vectors = conditioner.network.embeddings.word_embeddings.weight[rows]
    return conditioner.with_embeddings([Embedding("smile", (vectors,))])


@pytest.mark.parametrize(
    ("word", "words"),
    [
        ("a smile", "a red cat"),
        ("a (smile:1.5)", "a (red cat:1.5)"),
    ],
)
def test_an_embedding_replaces_its_name_by_vectors(
    conditioner: SentenceConditioner, tokenizer: Tokenizer, word: str, words: str
) -> None:
    knowing = with_word(conditioner, tokenizer)
    found, expected = knowing.encode([word]), conditioner.encode([words])
    assert torch.equal(present(found.tokens), present(expected.tokens))
    assert torch.equal(present(found.vector), present(expected.vector))
    assert knowing.count_tokens(word).count == conditioner.count_tokens(words).count
    assert not torch.equal(present(conditioner.encode([word]).tokens), present(expected.tokens))


def test_embeddings_in_a_long_prompt_are_cut_off_and_counted(
    conditioner: SentenceConditioner, tokenizer: Tokenizer
) -> None:
    knowing = with_word(conditioner, tokenizer)
    prompt = "a red heart smile"
    assert equal(knowing.encode([prompt]).tokens, conditioner.encode(["a red heart red"]).tokens)
    reading = knowing.count_tokens(prompt)
    assert (reading.count, reading.limit, reading.unread) == (5, LENGTH - 2, ())


def test_words_that_only_begin_like_an_embedding_are_not_replaced() -> None:
    model = load_model()
    text = model.text
    model.bring(*text.networks)
    knowing = text.with_embeddings([Embedding("cat", (torch.ones(1, 384),))])
    for prompt in ("a catx", "a xcat"):  # "cat" and "##x", "xc" and "##at"
        assert equal(knowing.encode([prompt]).tokens, text.encode([prompt]).tokens)
    for prompt in ("a Cat", "a cat-x", "a embedding:cat"):
        assert not equal(knowing.encode([prompt]).tokens, text.encode([prompt]).tokens)


def test_an_embedding_name_of_unknown_words_replaces_no_others(
    conditioner: SentenceConditioner, tokenizer: Tokenizer
) -> None:
    knowing = conditioner.with_embeddings([Embedding("zzz", (torch.ones(1, CONFIG.dim),))])
    assert equal(knowing.encode(["a yyy"]).tokens, conditioner.encode(["a yyy"]).tokens)
