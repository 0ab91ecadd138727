"""Native LDM Studio models, such as the default model: a folder with a model.json.

Beside it lie `unet.safetensors`, `autoencoder.safetensors`, `text_encoder.safetensors` and
`tokenizer.json`. The U-Net works on latents of a compact autoencoder, and attends to the vectors of
a sentence encoder (BERT).
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

from tokenizers import Tokenizer

from ..conditioning.text.sentence import SentenceConditioner
from ..errors import InvalidError, Message, ModelError, UnreadableError
from ..networks.bert import Bert, BertConfig
from ..networks.compact_autoencoder import FACTOR, CompactAutoencoder, CompactAutoencoderConfig
from ..networks.unet import UNet
from ..untrusted_files import parse_json, read_bytes
from .config_from_shapes import unet_facts
from .family import (
    Conditioners,
    Conditions,
    DetectedPrediction,
    Family,
    FoundAutoencoder,
    Identity,
    LatentFormat,
    Match,
    Networks,
)
from .header import Header
from .key_names import Sources
from .native_config import MAX_WIDTH, Defaults, NativeConfig

TOKENIZER = "tokenizer.json"
MAX_TOKENIZER_BYTES = 32_000_000
PROBE = "a \N{SNOWMAN} \ue000\U0010fffd"
"""A text with unknown characters, which some damaged tokenizers cannot encode."""
AGAIN = Message("Install or export the model again.")


def detect(header: Header) -> Match | None:
    return None if header.native is None else Match.PUBLISHED


def configure(family: Family, header: Header) -> Identity:
    config = header.native
    assert config is not None
    return Identity(
        path=header.path,
        name=config.name,
        family=family,
        display_name=family.name,
        input_kind="",
        backbone=config.unet,
        autoencoder=config.autoencoder,
        text_encoders=(config.text_encoder,),
        prediction=DetectedPrediction(config.prediction, Message("its model.json says so")),
        detected_prediction=config.prediction,
        schedule=config.schedule,
        latent_mean=config.latent_mean,
        latent_std=config.latent_std,
        defaults=config.defaults,
        side=max(config.defaults.width, config.defaults.height),
        components=header.components,
        facts=unet_facts(config.unet),
        build=partial(_build, config, header.path / TOKENIZER),
        files=header.files,
        max_side=config.max_side,
        size_multiple=config.size_multiple,
    )


def _build(config: NativeConfig, tokenizer: Path) -> Networks:
    text_encoder = Bert(config.text_encoder)

    def conditioners() -> Conditioners:
        read = read_tokenizer(tokenizer, config.text_encoder)
        return Conditioners(SentenceConditioner(read, text_encoder, config.prompt_tokens))

    return Networks(
        backbone=UNet(config.unet),
        autoencoder=CompactAutoencoder(config.autoencoder),
        text_encoders=(text_encoder,),
        image_encoder=None,
        conditioners=conditioners,
    )


def find_autoencoder(sources: Sources) -> FoundAutoencoder | None:
    """A compact autoencoder, as in the folder of a native model."""
    names = ("decoder.0", "encoder.1", "encoder.3", "encoder.5")
    names += ("decoder.1.conv1", "decoder.4.conv1", "decoder.6.conv1")
    shapes = [sources[key].shape for name in names if (key := f"{name}.weight") in sources]
    if len(shapes) != len(names) or any(len(shape) != 4 for shape in shapes):
        return None
    if any(not 1 <= side <= MAX_WIDTH for shape in shapes for side in shape):
        raise UnreadableError("its autoencoder has impossible sizes")
    latent, (e1, e2, e3, d1, d2, d3) = shapes[0][1], (shape[0] for shape in shapes[1:])
    found = CompactAutoencoderConfig(latent, (e1, e2, e3), (d3, d2, d1))
    return FoundAutoencoder(CompactAutoencoder(found), sources)


def read_tokenizer(path: Path, config: BertConfig) -> Tokenizer:
    """Raises ModelError."""
    try:
        text = read_bytes(path, MAX_TOKENIZER_BYTES)
        parse_json(text, object_pairs_hook=_without_patterns)
        tokenizer = Tokenizer.from_buffer(text)
        tokenizer.encode(PROBE)
    except Exception as error:  # the library raises bare Exception
        raise ModelError(
            "{path} is not a readable tokenizer: {error}.", AGAIN, path=path, error=error
        ) from error
    if max(tokenizer.get_vocab().values(), default=0) >= config.vocabulary:
        raise ModelError("{path} has tokens that the text encoder lacks.", AGAIN, path=path)
    return tokenizer


def _without_patterns(pairs: list[tuple[str, object]]) -> None:
    """Raises InvalidError for a regular expression: a stranger's may take for ever."""
    if any(name == "Regex" for name, _ in pairs):
        raise InvalidError("it splits texts with a regular expression")


NATIVE = Family(
    name="LDM Studio",
    detect=detect,
    configure=configure,
    find_autoencoder=find_autoencoder,
    latents=LatentFormat("LDM Studio", channels=8, factor=FACTOR, scale=1.0),
    defaults=Defaults(),
    takes=Conditions(refiner=False, vae=False),  # each native model has its own latents
    layouts=("original",),
    text_width=384,
    float32_only=True,
)
