"""diffusers' pipelines with random weights for comparison, in true or narrower shapes."""

from __future__ import annotations

import importlib
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch

from core.conditioning.text.clip_tokenizer import END, MERGES, START, clip_tokenizer
from core.errors import StudioError


@dataclass(frozen=True)
class Widths:
    """Widths of the networks, and the number of measurements."""

    unet: int
    autoencoder: int
    text: int
    layers: int
    """Of the text encoder."""
    rounds: int


NARROW = Widths(unet=96, autoencoder=32, text=192, layers=4, rounds=7)
FULL = Widths(unet=320, autoencoder=128, text=768, layers=12, rounds=3)


def peers() -> tuple[Any, Any]:
    """diffusers and transformers. Raises StudioError if one is missing."""
    try:
        return importlib.import_module("diffusers"), importlib.import_module("transformers")
    except ImportError as error:
        raise StudioError(
            "{error} is not installed.", "Install it with pip.", error=error.name
        ) from error


def stable_diffusion(widths: Widths, dtype: torch.dtype = torch.float32) -> Any:
    """Of Stable Diffusion 1's architecture."""
    diffusers, _ = peers()
    unet = _made(
        lambda: diffusers.UNet2DConditionModel(
            block_out_channels=[widths.unet * multiplier for multiplier in (1, 2, 4, 4)],
            cross_attention_dim=widths.text,
            attention_head_dim=8,
        ),
        dtype,
    )
    pipeline = diffusers.StableDiffusionPipeline(
        vae=_autoencoder(widths, 0.18215),
        unet=unet,
        text_encoder=_text_encoder(widths.text, widths.layers, "quick_gelu", dtype),
        tokenizer=_tokenizer(),
        scheduler=_scheduler(),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )
    return _quiet(pipeline)


def stable_diffusion_xl(widths: Widths, dtype: torch.dtype = torch.float32) -> Any:
    """Of Stable Diffusion XL's architecture, whose second text encoder is wider than the first."""
    diffusers, _ = peers()
    second = widths.text * 5 // 3
    unet = _made(
        lambda: diffusers.UNet2DConditionModel(
            block_out_channels=[widths.unet * multiplier for multiplier in (1, 2, 4)],
            down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
            up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
            transformer_layers_per_block=(1, 2, 10),
            attention_head_dim=[widths.unet * multiplier // 64 for multiplier in (1, 2, 4)],
            cross_attention_dim=widths.text + second,
            use_linear_projection=True,
            addition_embed_type="text_time",
            addition_time_embed_dim=256,
            projection_class_embeddings_input_dim=second + 6 * 256,
        ),
        dtype,
    )
    tokenizer = _tokenizer()
    tokenizer.pad_token = "!"  # the token 0
    pipeline = diffusers.StableDiffusionXLPipeline(
        vae=_autoencoder(widths, 0.13025),
        unet=unet,
        text_encoder=_text_encoder(widths.text, widths.layers, "quick_gelu", dtype),
        text_encoder_2=_text_encoder(second, widths.layers * 8 // 3, "gelu", dtype, second),
        tokenizer=_tokenizer(),
        tokenizer_2=tokenizer,
        scheduler=_scheduler(),
        force_zeros_for_empty_prompt=False,
        add_watermarker=False,
    )
    return _quiet(pipeline)


def in_turn(
    ours: Callable[[], object], theirs: Callable[[], object], rounds: int
) -> tuple[float, float]:
    """Median seconds of each, in turn, so that both meet the same machine.

    CPU time, because other programs affect wall-clock time.
    """
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(rounds):
        for work, seconds in zip((ours, theirs), times, strict=True):
            began = time.process_time()
            work()
            seconds.append((time.process_time() - began) / torch.get_num_threads())
    return statistics.median(times[0]), statistics.median(times[1])


def _made(make: Callable[[], Any], dtype: torch.dtype) -> Any:
    """Created in that type: creating and converting would need twice the memory."""
    usual = torch.get_default_dtype()
    torch.manual_seed(0)
    torch.set_default_dtype(dtype)
    try:
        return make().eval().requires_grad_(False)
    finally:
        torch.set_default_dtype(usual)


def _autoencoder(widths: Widths, scale: float) -> Any:
    """Always in float32, like ours."""
    diffusers, _ = peers()
    return _made(
        lambda: diffusers.AutoencoderKL(
            down_block_types=["DownEncoderBlock2D"] * 4,
            up_block_types=["UpDecoderBlock2D"] * 4,
            block_out_channels=[widths.autoencoder * multiplier for multiplier in (1, 2, 4, 4)],
            layers_per_block=2,
            latent_channels=4,
            scaling_factor=scale,
            force_upcast=False,
        ),
        torch.float32,
    )


def _text_encoder(
    width: int, layers: int, activation: str, dtype: torch.dtype, projection: int | None = None
) -> Any:
    _, transformers = peers()
    config = transformers.CLIPTextConfig(
        hidden_size=width,
        intermediate_size=4 * width,
        num_hidden_layers=layers,
        num_attention_heads=width // 64,
        hidden_act=activation,
        bos_token_id=START,
        eos_token_id=END,
        **({} if projection is None else {"projection_dim": projection}),
    )
    kind = "CLIPTextModel" if projection is None else "CLIPTextModelWithProjection"
    return _made(lambda: getattr(transformers, kind)(config), dtype)


def _tokenizer() -> Any:
    _, transformers = peers()
    merges = [tuple(line.split(" ")) for line in MERGES.read_text(encoding="utf-8").splitlines()]
    return transformers.CLIPTokenizer(
        vocab=clip_tokenizer().get_vocab(), merges=merges, model_max_length=77
    )


def _scheduler() -> Any:
    diffusers, _ = peers()
    return diffusers.EulerDiscreteScheduler(
        beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", steps_offset=1
    )


def _quiet(pipeline: Any) -> Any:
    pipeline.set_progress_bar_config(disable=True)
    for network in (pipeline.unet, pipeline.vae):
        network.to(memory_format=torch.channels_last)
    return pipeline
