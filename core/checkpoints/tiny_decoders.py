"""Loads tiny decoders (TAESD), in their original or in diffusers' layout."""

from __future__ import annotations

import re
from pathlib import Path

import torch

from ..errors import Message, ModelError, NotAModelError, UnreadableError
from ..families.key_names import Source
from ..families.native_config import MAX_BLOCKS, MAX_WIDTH
from ..model.model import Model
from ..networks.tiny_autoencoder import TinyDecoder, TinyDecoderConfig
from ..runtime.offload import expand
from .fill_network import compare_keys, fill
from .open_file import open_tensors
from .tensor_file import TensorFile, unreadable

PREFIXES = ("decoder.layers.", "taesd_decoder.", "decoder.", "")
"""Prefixes of the layer numbers; diffusers' comes first and counts from 0, not 1."""
ENCODERS = ("0.weight", "encoder.layers.0.weight", "taesd_encoder.0.weight")
CHOOSE = Message("Choose a TAESD decoder for this family of models.")


def load_tiny_decoder(path: Path, model: Model) -> TinyDecoder:
    """A decoder for the latents of a model, from a file or a folder of diffusers' layout.

    Raises ModelError if it is missing, damaged, not a decoder, or for other latents. The file does
    not say whether it is made for Stable Diffusion 1 or XL; only its name does.
    """
    file = open_tensors(_weight_file(path) if path.is_dir() else path)
    try:
        sources = _decoder_tensors(file)
        config = _config(sources)
        if (config.latent_channels, config.factor) != (model.latent_channels, model.factor):
            raise ModelError(
                "{path} decodes latents of {channels} channels to images {factor} times as "
                "large; this model has {expected_channels} channels and a factor of "
                "{expected_factor}.",
                CHOOSE,
                path=path,
                channels=config.latent_channels,
                factor=config.factor,
                expected_channels=model.latent_channels,
                expected_factor=model.factor,
            )
        with torch.device("meta"):
            decoder = TinyDecoder(config)
        compare_keys(decoder, sources, "decoder").check()
        fill(decoder, sources, model.dtype)
        expand(decoder, model.device)  # for previews of every step, so it is never offloaded
    except (UnreadableError, RuntimeError) as error:
        raise unreadable(path, error) from error
    return decoder


def _weight_file(folder: Path) -> Path:
    for name in ("diffusion_pytorch_model.safetensors", "diffusion_pytorch_model.bin"):
        if (folder / name).is_file():
            return folder / name
    raise ModelError("{folder} holds no weights of a decoder.", CHOOSE, folder=folder)


def _decoder_tensors(file: TensorFile) -> dict[str, Source]:
    for prefix in PREFIXES:
        shift = 1 if prefix == "decoder.layers." else 0
        found = {
            f"{int(match[1]) + shift}{match[2]}": Source(file, key)
            for key in file.entries
            if (match := re.fullmatch(re.escape(prefix) + r"(\d{1,3})(\..+)", key))
        }
        if "1.weight" in found and "0.weight" not in found:
            return found
    if any(name in file.entries for name in ENCODERS):
        raise NotAModelError("it holds an encoder only, and no decoder")
    raise NotAModelError("it holds no tiny decoder (TAESD)")


def _config(sources: dict[str, Source]) -> TinyDecoderConfig:
    first = sources["1.weight"].shape
    if len(first) != 4 or not all(1 <= size <= MAX_WIDTH for size in first):
        raise UnreadableError("its first layer has the shape {shape}", shape=first)
    numbers = {int(name.split(".")[0]) for name in sources}
    if max(numbers) > MAX_BLOCKS:
        raise UnreadableError("it has {count} layers", count=max(numbers))
    counts = [0]
    for number in range(3, max(numbers)):
        if f"{number}.conv.0.weight" in sources:
            counts[-1] += 1
        elif f"{number}.weight" in sources:
            counts.append(0)
    return TinyDecoderConfig(first[1], first[0], tuple(counts))
