"""Checkpoints with the true architectures but narrow networks and random weights."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from core.checkpoints.load_model import load_model
from core.conditioning.text.clip_tokenizer import END, MERGES, START, clip_tokenizer
from core.families.key_names import autoencoder_from_diffusers, unet_from_diffusers
from core.model.model import Model
from core.networks.clip import ClipConfig, ClipImageConfig, ClipImageEncoder, ClipTextEncoder
from core.networks.kl_autoencoder import AutoencoderKL, AutoencoderKLConfig
from core.networks.unet import UNet, UNetConfig
from core.request.request import Request

VAE = AutoencoderKLConfig(channels=32)
CLIP_L = ClipConfig(dim=64, layers=3, heads=1, feed_forward=96)
OPEN_CLIP = replace(CLIP_L, activation="gelu", projection=64)
CLIP_H_IMAGES = ClipImageConfig(dim=64, layers=2, feed_forward=96, activation="gelu", projection=64)
CLIP_L_IMAGES = replace(CLIP_H_IMAGES, activation="quick_gelu", projection=768)
SD1 = UNetConfig(channels=32, context_dim=64)
SD2 = UNetConfig(
    channels=64, multipliers=(1, 2), depths=(1, 0), context_dim=64, heads=None,
    linear_projection=True,
)  # fmt: skip
SDXL = replace(
    SD2, multipliers=(1, 2, 2), depths=(0, 1, 2), middle_depth=2, context_dim=128, vector_dim=1600
)

SSD_1B = replace(
    SDXL, channels=32, depths=(0, 2, 4), up_depths=((0, 0, 0), (2, 1, 1), (4, 4, 10)),
    middle_depth=0, middle_blocks=1,
)  # fmt: skip
KOALA_700M = replace(SDXL, channels=32, blocks=1, depths=(0, 2, 5), middle_depth=0, middle_blocks=0)

REQUEST = Request(
    prompt="a red cat in the snow",
    negative="blurry",
    steps=4,
    cfg=5.0,
    width=64,
    height=96,
    seed=7,
    sampler="Euler",
    schedule="Normal",
)

Weights = dict[str, Tensor]


UPSCALER = replace(
    SD2,
    in_channels=7,
    channels=32,
    multipliers=(1, 2, 2),
    depths=(0, 1, 1),
    heads=8,
    classes=1000,
    cross_levels=(1, 2),
)


def load_expanded(path: Path, **options: Any) -> Model:
    """A model whose weights can be read: its networks no longer wait as their files have them."""
    model = load_model(path, **options)
    model.bring(*model.networks)
    return model


@dataclass(frozen=True)
class Kind:
    unet: UNetConfig
    texts: tuple[ClipConfig, ...]
    pipeline: str
    prediction: str = "epsilon"
    vae: AutoencoderKLConfig = VAE
    scale: float = 0.18215
    betas: tuple[float, float] = (0.00085, 0.012)
    scores: bool = False
    """Whether it takes an aesthetic score."""
    images: ClipImageConfig | None = None
    """Its image encoder."""


KINDS = {
    "SD1": Kind(SD1, (CLIP_L,), "StableDiffusionPipeline"),
    "SD2": Kind(SD2, (OPEN_CLIP,), "StableDiffusionPipeline", "v_prediction"),
    "SD2 base": Kind(SD2, (OPEN_CLIP,), "StableDiffusionPipeline"),
    "SDXL": Kind(SDXL, (CLIP_L, OPEN_CLIP), "StableDiffusionXLPipeline", scale=0.13025),
    "SSD-1B": Kind(SSD_1B, (CLIP_L, OPEN_CLIP), "StableDiffusionXLPipeline", scale=0.13025),
    "KOALA 700M": Kind(KOALA_700M, (CLIP_L, OPEN_CLIP), "StableDiffusionXLPipeline", scale=0.13025),
    "refiner": Kind(
        replace(SDXL, context_dim=64, vector_dim=64 + 5 * 256),
        (OPEN_CLIP,),
        "StableDiffusionXLImg2ImgPipeline",
        scale=0.13025,
        scores=True,
    ),
    "SD1 inpainting": Kind(
        replace(SD1, in_channels=9), (CLIP_L,), "StableDiffusionInpaintPipeline"
    ),
    "SD2 inpainting": Kind(
        replace(SD2, in_channels=9), (OPEN_CLIP,), "StableDiffusionInpaintPipeline"
    ),
    "SDXL inpainting": Kind(
        replace(SDXL, in_channels=9),
        (CLIP_L, OPEN_CLIP),
        "StableDiffusionXLInpaintPipeline",
        scale=0.13025,
    ),
    "instruct-pix2pix": Kind(
        replace(SD1, in_channels=8), (CLIP_L,), "StableDiffusionInstructPix2PixPipeline"
    ),
    "SD2 depth": Kind(
        replace(SD2, in_channels=5), (OPEN_CLIP,), "StableDiffusionDepth2ImgPipeline"
    ),
    "SD2 unCLIP-H": Kind(
        replace(SD2, vector_dim=2 * 64),
        (OPEN_CLIP,),
        "StableUnCLIPImg2ImgPipeline",
        "v_prediction",
        images=CLIP_H_IMAGES,
    ),
    "SD2 unCLIP-L": Kind(
        replace(SD2, vector_dim=2 * 768),
        (OPEN_CLIP,),
        "StableUnCLIPImg2ImgPipeline",
        "v_prediction",
        images=CLIP_L_IMAGES,
    ),
    "SD1 LCM": Kind(replace(SD1, guidance_dim=32), (CLIP_L,), "LatentConsistencyModelPipeline"),
    "x4 upscaler": Kind(
        UPSCALER,
        (OPEN_CLIP,),
        "StableDiffusionUpscalePipeline",
        "v_prediction",
        replace(VAE, multipliers=(1, 2, 2)),
        0.08333,
        (0.0001, 0.02),
    ),
}


@dataclass(frozen=True)
class Tiny:
    """The networks of a kind with their weights."""

    kind: Kind
    unet: nn.Module
    vae: nn.Module
    texts: tuple[nn.Module, ...]
    images: ClipImageEncoder | None = None

    @property
    def statistics(self) -> tuple[Tensor, Tensor]:
        """Mean and standard deviation of the image embeddings."""
        assert self.kind.images is not None
        steps = torch.linspace(-1, 1, self.kind.images.projection)
        return 0.3 * steps, 1.5 + 0.5 * steps


def made(name: str, randomised: Callable[..., Any]) -> Tiny:
    kind = KINDS[name]
    return Tiny(
        kind,
        randomised(UNet(kind.unet), 1),
        randomised(AutoencoderKL(kind.vae), 2),
        tuple(randomised(ClipTextEncoder(text), 3 + i) for i, text in enumerate(kind.texts)),
        kind.images and randomised(ClipImageEncoder(kind.images), 5),
    )


def prefixed(prefix: str, weights: Weights) -> Weights:
    return {prefix + name: value for name, value in weights.items()}


def open_clip(weights: Weights) -> Weights:
    """Our names -> OpenCLIP's."""
    names = {
        "embeddings.token_embedding.weight": "token_embedding.weight",
        "embeddings.position_embedding.weight": "positional_embedding",
        "final_layer_norm.weight": "ln_final.weight",
        "final_layer_norm.bias": "ln_final.bias",
        "embeddings.class_embedding": "class_embedding",
        "embeddings.patch_embedding.weight": "conv1.weight",
        "pre_layrnorm.weight": "ln_pre.weight",
        "pre_layrnorm.bias": "ln_pre.bias",
        "post_layernorm.weight": "ln_post.weight",
        "post_layernorm.bias": "ln_post.bias",
    }
    projections = {"text_projection.weight": "text_projection", "visual_projection.weight": "proj"}
    found: Weights = {}
    for name, value in weights.items():
        if name in names:
            found[names[name]] = value
        elif name in projections:
            found[projections[name]] = value.T.contiguous()
        elif "_proj." not in name or "out_proj" in name:
            name = name.replace("encoder.layers", "transformer.resblocks")
            for ours, theirs in (
                ("layer_norm", "ln_"),
                ("mlp.fc1", "mlp.c_fc"),
                ("mlp.fc2", "mlp.c_proj"),
                ("self_attn", "attn"),
            ):
                name = name.replace(ours, theirs)
            found[name] = value
    layers = {name.split(".")[2] for name in weights if name.startswith("encoder.layers.")}
    for layer in layers:
        for end in ("weight", "bias"):
            parts = [weights[f"encoder.layers.{layer}.self_attn.{x}_proj.{end}"] for x in "qkv"]
            found[f"transformer.resblocks.{layer}.attn.in_proj_{end}"] = torch.cat(parts)
    return found


def transformers_text(weights: Weights) -> Weights:
    """Our names -> those of transformers before version 5."""
    return {
        name if name.startswith("text_projection") else f"text_model.{name}": value
        for name, value in weights.items()
    }


def transformers_images(weights: Weights) -> Weights:
    """The same of an image encoder."""
    return {
        name if name.startswith("visual_projection") else f"vision_model.{name}": value
        for name, value in weights.items()
    }


def original(tiny: Tiny) -> Weights:
    """In the first published layout."""
    found = prefixed("model.diffusion_model.", tiny.unet.state_dict())
    found |= prefixed("first_stage_model.", tiny.vae.state_dict())
    texts = [text.state_dict() for text in tiny.texts]
    sgm = tiny.kind.unet.vector_dim is not None and tiny.images is None
    for i, (config, text) in enumerate(zip(tiny.kind.texts, texts, strict=True)):
        stage = f"conditioner.embedders.{i}" if sgm else "cond_stage_model"
        if config.activation == "gelu":
            found |= prefixed(f"{stage}.model.", open_clip(text))
            found[f"{stage}.model.logit_scale"] = torch.tensor(4.6)
            found[f"{stage}.model.attn_mask"] = torch.zeros(77, 77)
        else:
            found |= prefixed(f"{stage}.transformer.", transformers_text(text))
            ids = f"{stage}.transformer.text_model.embeddings.position_ids"
            found[ids] = torch.arange(77)[None]
    if tiny.images is not None:
        found |= embedder(tiny)
    found["alphas_cumprod"] = torch.linspace(0.999, 0.005, 1000)
    return found


def embedder(tiny: Tiny) -> Weights:
    """The image encoder within its whole CLIP, and the statistics."""
    assert tiny.images is not None
    found = prefixed("embedder.model.visual.", open_clip(tiny.images.state_dict()))
    texts = open_clip(tiny.texts[0].state_dict())
    if tiny.kind.images is not CLIP_L_IMAGES:  # OpenAI's is complete
        texts = {key: value for key, value in texts.items() if not key.startswith("transformer.")}
    mean, std = tiny.statistics
    found["noise_augmentor.data_mean"], found["noise_augmentor.data_std"] = mean[None], std[None]
    found["noise_augmentor.betas"] = torch.linspace(0.001, 0.9, 1000)
    copies = {key: value.clone() for key, value in texts.items()}
    return found | prefixed("embedder.model.", copies)


def tokenizer() -> Any:
    transformers = pytest.importorskip("transformers")
    merges = [tuple(line.split(" ")) for line in MERGES.read_text(encoding="utf-8").splitlines()]
    return transformers.CLIPTokenizer(
        vocab=clip_tokenizer().get_vocab(), merges=merges, model_max_length=77
    )


def reference_text(tiny: Tiny, i: int) -> Any:
    """The text encoders of transformers; Stable Diffusion 2's without its last layer, as
    published."""
    transformers = pytest.importorskip("transformers")
    config = tiny.kind.texts[i]
    sizes = tiny.kind.unet.vector_dim is not None and tiny.images is None
    cut = config.projection is not None and not sizes
    theirs = transformers.CLIPTextConfig(
        hidden_size=config.dim,
        intermediate_size=config.feed_forward,
        projection_dim=config.projection or config.dim,
        num_hidden_layers=config.layers - cut,
        num_attention_heads=config.heads,
        hidden_act=config.activation,
        bos_token_id=START,
        eos_token_id=END,
    )
    weights = tiny.texts[i].state_dict()
    if cut:
        last = f"encoder.layers.{config.layers - 1}."
        weights = {name: value for name, value in weights.items() if not name.startswith(last)}
    pooled = config.projection is not None and not cut
    if pooled:
        text = transformers.CLIPTextModelWithProjection(theirs)
        weights = transformers_text(weights)
    else:
        text = transformers.CLIPTextModel(theirs)
        weights.pop("text_projection.weight", None)
    text.load_state_dict(weights)
    return text.eval().requires_grad_(False)


MIDDLES = {0: None, 1: "UNetMidBlock2D", 2: "UNetMidBlock2DCrossAttn"}


def blocks_in_diffusers(config: UNetConfig) -> dict[str, Any]:
    """diffusers' description of our U-Net's blocks."""
    kinds = ["CrossAttn" if depth else "" for depth in config.depths]
    up = [list(config.upward(level)) for level in reversed(range(len(kinds)))]
    return {
        "layers_per_block": config.blocks,
        "down_block_types": [f"{kind}DownBlock2D" for kind in kinds],
        "mid_block_type": MIDDLES[config.middle_blocks],
        "up_block_types": [f"{kind}UpBlock2D" for kind in reversed(kinds)],
        "transformer_layers_per_block": [d or config.middle_depth or 1 for d in config.depths],
        "reverse_transformer_layers_per_block": up,
    }


def reference_images(network: ClipImageEncoder) -> Any:
    """Likewise the image encoder of transformers."""
    transformers = pytest.importorskip("transformers")
    config = network.config
    theirs = transformers.CLIPVisionModelWithProjection(
        transformers.CLIPVisionConfig(
            image_size=config.side,
            patch_size=config.patch,
            hidden_size=config.dim,
            intermediate_size=config.feed_forward,
            projection_dim=config.projection,
            num_hidden_layers=config.layers,
            num_attention_heads=config.heads,
            hidden_act=config.activation,
        )
    )
    theirs.load_state_dict(transformers_images(network.state_dict()))
    return theirs.eval().requires_grad_(False)


def reference_normalizer(tiny: Tiny) -> Any:
    """diffusers' module with the statistics."""
    stable = pytest.importorskip("diffusers.pipelines.stable_diffusion")
    mean, std = tiny.statistics
    normalizer = stable.stable_unclip_image_normalizer.StableUnCLIPImageNormalizer(len(mean))
    normalizer.load_state_dict({"mean": mean[None], "std": std[None]})
    return normalizer.requires_grad_(False)


def reference_unet(tiny: Tiny) -> Any:
    diffusers = pytest.importorskip("diffusers")
    config = tiny.kind.unet
    widths = [config.channels * multiplier for multiplier in config.multipliers]
    sizes = bool(config.vector_dim) and tiny.images is None
    unet = diffusers.UNet2DConditionModel(
        sample_size=64,
        in_channels=config.in_channels,
        block_out_channels=widths,
        **blocks_in_diffusers(config),
        cross_attention_dim=config.context_dim,
        attention_head_dim=[config.heads or width // config.head_channels for width in widths],
        use_linear_projection=config.linear_projection,
        addition_embed_type="text_time" if sizes else None,
        addition_time_embed_dim=256 if sizes else None,
        projection_class_embeddings_input_dim=config.vector_dim,
        class_embed_type="projection" if tiny.images is not None else None,
        only_cross_attention=[level in config.cross_levels for level in range(len(widths))],
        num_class_embeds=config.classes,
        time_cond_proj_dim=config.guidance_dim,
    )
    return filled(unet, tiny.unet.state_dict(), unet_from_diffusers)


def reference_vae(tiny: Tiny) -> Any:
    diffusers = pytest.importorskip("diffusers")
    config = tiny.kind.vae
    levels = len(config.multipliers)
    vae = diffusers.AutoencoderKL(
        down_block_types=["DownEncoderBlock2D"] * levels,
        up_block_types=["UpDecoderBlock2D"] * levels,
        block_out_channels=[config.channels * multiplier for multiplier in config.multipliers],
        layers_per_block=config.blocks,
        latent_channels=config.latent_channels,
        scaling_factor=tiny.kind.scale,
        force_upcast=False,
    )
    return filled(vae, tiny.vae.state_dict(), autoencoder_from_diffusers)


def filled(network: Any, weights: Weights, names: Callable[[Any], dict[str, str]]) -> Any:
    shapes = {name: value.shape for name, value in network.state_dict().items()}
    table = names(shapes)
    values = {name: weights[table[name]].reshape(shape) for name, shape in shapes.items()}
    network.load_state_dict(values)
    return network.eval().requires_grad_(False)


def write_folder(tiny: Tiny, folder: Path, dtype: torch.dtype = torch.float16) -> None:
    """In diffusers' layout: the U-Net in two shards, the autoencoder as a .fp16 variant."""
    (folder / "unet").mkdir(parents=True)
    index = {"_class_name": tiny.kind.pipeline}
    (folder / "model_index.json").write_text(json.dumps(index), encoding="utf-8")
    names = list(unet := reference_unet(tiny).state_dict())
    halves = names[: len(names) // 2], names[len(names) // 2 :]
    places: dict[str, str] = {}
    for i, half in enumerate(halves, start=1):
        shard = f"diffusion_pytorch_model-0000{i}-of-00002.safetensors"
        places |= dict.fromkeys(half, shard)
        save_file({k: unet[k].to(dtype).contiguous() for k in half}, folder / "unet" / shard)
    table = folder / "unet" / "diffusion_pytorch_model.safetensors.index.json"
    table.write_text(json.dumps({"weight_map": places}), encoding="utf-8")
    parts = {"vae/diffusion_pytorch_model.fp16.safetensors": reference_vae(tiny)}
    for i in range(len(tiny.texts)):
        second = i or tiny.kind.scores  # the refiner has no first one
        name = "text_encoder_2" if second else "text_encoder"
        parts[f"{name}/model.safetensors"] = reference_text(tiny, i)
    if tiny.images is not None:
        parts["image_encoder/model.safetensors"] = reference_images(tiny.images)
        normalizer = reference_normalizer(tiny)
        parts["image_normalizer/diffusion_pytorch_model.safetensors"] = normalizer
    for name, network in parts.items():
        (folder / name).parent.mkdir()
        weights = {k: v.to(dtype).contiguous() for k, v in network.state_dict().items()}
        save_file(weights, folder / name)
    (folder / "scheduler").mkdir()
    config = json.dumps({"prediction_type": tiny.kind.prediction})
    (folder / "scheduler" / "scheduler_config.json").write_text(config, encoding="utf-8")
