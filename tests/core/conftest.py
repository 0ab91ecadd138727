"""A complete model with tiny networks and random weights."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol, TypeVar

import pytest
import torch
from safetensors.torch import save_file
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from torch import nn

from core.checkpoints.load_model import load_model
from core.families.native_config import Defaults, NativeConfig
from core.model.model import Model
from core.networks.bert import Bert, BertConfig
from core.networks.compact_autoencoder import CompactAutoencoder, CompactAutoencoderConfig
from core.networks.unet import UNet, UNetConfig
from core.sampling.model_schedule import FlowSchedule

WORDS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "a", "red", "blue", "cat", "heart", "with", "smile")

TINY = NativeConfig(
    name="Tiny",
    unet=UNetConfig(
        in_channels=4,
        out_channels=4,
        channels=16,
        multipliers=(1, 2),
        blocks=1,
        depths=(0, 1),
        context_dim=16,
        heads=2,
        vector_dim=16,
        upsample="pixel_shuffle",
        groups=4,
    ),
    autoencoder=CompactAutoencoderConfig(
        latent_channels=4, encoder_widths=(8, 8, 8), decoder_widths=(8, 8, 8)
    ),
    text_encoder=BertConfig(
        vocabulary=len(WORDS), dim=16, layers=1, heads=2, feed_forward=32, positions=12
    ),
    prompt_tokens=6,
    prediction="flow",
    schedule=FlowSchedule(),
    latent_mean=(0.1, -0.2, 0.0, 0.3),
    latent_std=(1.0, 0.8, 1.2, 0.9),
    defaults=Defaults(steps=3, width=32, height=32),
    max_side=96,
)


M = TypeVar("M", bound=nn.Module)


class Randomise(Protocol):
    def __call__(self, module: M, seed: int = 0) -> M: ...


def randomise(module: M, seed: int = 0) -> M:
    """Random weights that keep activations of about unit size; nothing stays zero."""
    generator = torch.Generator().manual_seed(seed)
    for name, value in module.named_parameters():
        noise = torch.randn(value.shape, generator=generator)
        if value.ndim > 1:
            noise = noise * value[0].numel() ** -0.5
        elif name.endswith("weight"):  # of a norm
            noise = 1 + 0.1 * noise
        else:
            noise = 0.1 * noise
        value.data.copy_(noise)
    return module.eval().requires_grad_(False)


@pytest.fixture(scope="session")
def randomised() -> Randomise:
    return randomise


@pytest.fixture(scope="session")
def tokenizer() -> Tokenizer:
    """Words of a tiny vocabulary between [CLS] and [SEP]."""
    vocabulary = {word: i for i, word in enumerate(WORDS)}
    made = Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
    made.pre_tokenizer = pre_tokenizers.Whitespace()
    made.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    return made


@pytest.fixture(scope="session")
def tiny_config() -> NativeConfig:
    return TINY


@pytest.fixture(scope="session")
def tiny_model_folder(tmp_path_factory: pytest.TempPathFactory, tokenizer: Tokenizer) -> Path:
    """A model folder as shipped; copy it before changing anything."""
    folder = tmp_path_factory.mktemp("tiny_model")
    (folder / "model.json").write_text(TINY.to_json(), encoding="utf-8")
    tokenizer.save(str(folder / "tokenizer.json"))
    networks = {
        "unet": UNet(TINY.unet),
        "autoencoder": CompactAutoencoder(TINY.autoencoder),
        "text_encoder": Bert(TINY.text_encoder),
    }
    for seed, (name, network) in enumerate(networks.items()):
        weights = randomise(network, seed).state_dict()
        save_file({k: v.half() for k, v in weights.items()}, folder / f"{name}.safetensors")
    return folder


@pytest.fixture(scope="session")
def tiny_model(tiny_model_folder: Path) -> Model:
    model = load_model(tiny_model_folder)
    model.bring(*model.networks)  # tests call them directly
    return model
