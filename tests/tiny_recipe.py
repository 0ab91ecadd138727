"""The results of the default model's recipe in miniature: a data set of coloured shapes and a
model folder with tiny networks and random weights."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file
from tokenizers import Tokenizer, models, pre_tokenizers, processors

from core.families.native_config import Defaults, NativeConfig
from core.networks.bert import Bert, BertConfig
from core.networks.compact_autoencoder import CompactAutoencoder, CompactAutoencoderConfig
from core.networks.unet import UNet, UNetConfig
from core.sampling.model_schedule import FlowSchedule
from recipes.default_model.data import Drawing, HeldOut, write

WORDS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "red", "green", "blue", "square", ",", "flat", "3d")
STYLES = ("3d", "flat", "cartoon")
COLOURS = {"red": (230, 30, 30), "green": (30, 200, 30), "blue": (30, 30, 230)}
PLACES = {"left": slice(4, 60), "middle": slice(36, 92), "right": slice(68, 124)}

CONFIG = NativeConfig(
    name="Tiny",
    unet=UNetConfig(
        in_channels=8,
        out_channels=8,
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
    autoencoder=CompactAutoencoderConfig(encoder_widths=(8, 8, 8), decoder_widths=(8, 8, 8)),
    text_encoder=BertConfig(
        vocabulary=len(WORDS), dim=16, layers=1, heads=2, feed_forward=32, positions=12
    ),
    prompt_tokens=8,
    prediction="flow",
    schedule=FlowSchedule(),
    latent_mean=(0.0,) * 8,
    latent_std=(1.0,) * 8,
    defaults=Defaults(steps=2),
    max_side=256,
)


def write_model(folder: Path, config: NativeConfig = CONFIG) -> Path:
    """A model folder as the recipe exports it."""
    folder.mkdir()
    (folder / "model.json").write_text(config.to_json(), encoding="utf-8")
    tokenizer = Tokenizer(models.WordLevel({w: i for i, w in enumerate(WORDS)}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    tokenizer.save(str(folder / "tokenizer.json"))
    generator = torch.Generator().manual_seed(0)
    networks = {
        "unet": UNet(config.unet),
        "autoencoder": CompactAutoencoder(config.autoencoder),
        "text_encoder": Bert(config.text_encoder),
    }
    for name, network in networks.items():
        tensors = {
            key: torch.randn(value.shape, generator=generator).mul(0.05).half()
            for key, value in network.state_dict().items()
        }
        save_file(tensors, folder / f"{name}.safetensors")
    return folder


def write_data(folder: Path) -> Path:
    """Nine concepts in three styles: coloured squares in three places, darker or paler by style.

    One style of each concept is a held-out pair; a tenth concept is held out entirely.
    """
    images: list[np.ndarray] = []
    drawings: list[Drawing] = []

    def add(label: str, style: str, part: HeldOut, image: np.ndarray) -> None:
        code = f"{sum(label.encode()):04X}"
        text = f"{label}, {style}"
        images.append(image)
        drawings.append(Drawing(code, label, style, "shapes", True, part, ((text, 1.0),)))

    for number, (colour, place) in enumerate((c, p) for c in COLOURS for p in PLACES):
        for shade, style in enumerate(STYLES):
            image = np.zeros((128, 128, 4), np.uint8)
            image[36:92, PLACES[place], :3] = np.array(COLOURS[colour]) * (10 - shade) // 10
            image[36:92, PLACES[place], 3] = 255
            part: HeldOut = "pair" if shade == number % 3 else "train"
            add(f"{colour} square {place}", style, part, image)
    grey = np.full((128, 128, 4), 120, np.uint8)
    add("grey", "flat", "concept", grey)
    write(folder, np.stack(images), drawings)
    return folder
