"""The sentence encoder against transformers' BertModel."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import nn

from core.networks.bert import Bert, BertConfig

CONFIG = BertConfig(vocabulary=50, dim=24, layers=3, heads=4, feed_forward=40, positions=20)


def test_bert_equals_transformers(randomised: Callable[[nn.Module], nn.Module]) -> None:
    transformers = pytest.importorskip("transformers")
    theirs = transformers.BertModel(
        transformers.BertConfig(
            vocab_size=CONFIG.vocabulary,
            hidden_size=CONFIG.dim,
            num_hidden_layers=CONFIG.layers,
            num_attention_heads=CONFIG.heads,
            intermediate_size=CONFIG.feed_forward,
            max_position_embeddings=CONFIG.positions,
            layer_norm_eps=CONFIG.norm_eps,
        ),
        add_pooling_layer=False,
    )
    randomised(theirs)
    ours = Bert(CONFIG).eval()
    ours.load_state_dict(theirs.state_dict())  # strict: the names and the shapes are theirs

    tokens = torch.randint(CONFIG.vocabulary, (3, 9), generator=torch.Generator().manual_seed(1))
    mask = torch.arange(9) < torch.tensor([9, 5, 2])[:, None]
    expected = theirs(tokens, attention_mask=mask.long()).last_hidden_state
    torch.testing.assert_close(ours(tokens, mask)[mask], expected[mask], atol=1e-5, rtol=1e-5)


def test_padding_does_not_change_earlier_tokens(
    randomised: Callable[[nn.Module], nn.Module],
) -> None:
    bert = randomised(Bert(CONFIG))
    tokens = torch.tensor([[3, 7, 11, 0, 0], [3, 7, 11, 40, 41]])
    mask = torch.tensor([[True, True, True, False, False]] * 2)
    short = bert(tokens[:1, :3], torch.ones(1, 3, dtype=torch.bool))[0]
    for row in bert(tokens, mask):
        torch.testing.assert_close(row[:3], short, atol=1e-5, rtol=1e-5)
