"""diffusers' pipelines with the weights of tiny models."""

from __future__ import annotations

from typing import Any

import pytest

from tests.core.checkpoints.tiny import (
    Tiny,
    reference_images,
    reference_normalizer,
    reference_text,
    reference_unet,
    reference_vae,
    tokenizer,
)
from tests.narrowing import present

UNUSED = ("safety_checker", "feature_extractor", "image_encoder", "depth_estimator", "watermarker")


def reference_pipeline(tiny: Tiny, name: str = "") -> Any:
    """The pipeline that was published with models of its kind, or the one called `name`."""
    diffusers = pytest.importorskip("diffusers")
    kind, name = tiny.kind, name or tiny.kind.pipeline
    betas = {
        "beta_start": kind.betas[0], "beta_end": kind.betas[1], "beta_schedule": "scaled_linear"
    }  # fmt: skip
    parts = {
        "vae": reference_vae(tiny),
        "unet": reference_unet(tiny),
        "scheduler": diffusers.EulerDiscreteScheduler(
            **betas, steps_offset=1, prediction_type=kind.prediction
        ),
        "text_encoder": reference_text(tiny, 0),
        "tokenizer": tokenizer(),
    }
    if name == "StableDiffusionUpscalePipeline":
        parts["low_res_scheduler"] = diffusers.DDPMScheduler(**betas)
    if name == "StableUnCLIPImg2ImgPipeline":
        parts |= {
            "feature_extractor": image_processor(),
            "image_encoder": reference_images(present(tiny.images)),
            "image_normalizer": reference_normalizer(tiny),
            "image_noising_scheduler": diffusers.DDPMScheduler(beta_schedule="squaredcos_cap_v2"),
        }
    if len(tiny.texts) == 2:
        parts |= {"text_encoder_2": reference_text(tiny, 1), "tokenizer_2": tokenizer()}
        parts["tokenizer_2"].pad_token = "!"  # the token 0
    elif kind.texts[0].projection is not None:
        parts["tokenizer"].pad_token = "!"
    make = getattr(diffusers, name)
    if kind.scores:  # the refiner, whose only text encoder is the second of the family
        parts["text_encoder_2"] = parts.pop("text_encoder")
        parts["tokenizer_2"] = parts.pop("tokenizer")
        parts |= {"text_encoder": None, "tokenizer": None, "requires_aesthetics_score": True}
    if "XL" in name:
        parts["add_watermarker"] = False
    elif _takes(make, "requires_safety_checker"):
        parts["requires_safety_checker"] = False
    unused = {name: None for name in UNUSED if _takes(make, name) and name not in parts}
    pipeline = make(**parts, **unused)
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def image_processor() -> Any:
    """The preprocessing that was published with CLIP."""
    clip = pytest.importorskip("transformers.models.clip.image_processing_pil_clip")
    return clip.CLIPImageProcessorPil()


def _takes(make: Any, name: str) -> bool:
    import inspect

    return name in inspect.signature(make.__init__).parameters
