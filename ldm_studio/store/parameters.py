"""Which parameters there are, and where each stands in a request."""

from __future__ import annotations

from core.sampling.sampler_options import Options

PLAIN = (
    "prompt",
    "negative",
    "model",
    "sampler",
    "schedule",
    "steps",
    "cfg",
    "seed",
    "width",
    "height",
    "count",
    "noise",
    "tile",
    "syntax",
    "clip_skip",
    "vae",
    "noise_level",
)
"""Those that a request has under the same names."""

LED_BY = {"image_guidance": ("instruct-pix2pix",), "noise_level": ("upscaling", "unCLIP")}
"""The kinds of models that these are for."""

FOLLOWING = (("sampler", "schedule"), ("steps",), ("cfg",), ("width", "height"), ("noise_level",))
"""What belongs together of the settings that models have as their own."""
MODEL_FIELDS = tuple(name for names in FOLLOWING for name in names)

PARTS = {
    "guidance": {
        "rescale": "rescale",
        "guidance_start": "start",
        "guidance_end": "end",
        "mimic": "mimic",
        "quantile": "quantile",
        "plus_plus": "plus_plus",
        "image_guidance": "image",
    },
    "options": {name: name for name in Options.RANGES},
    "levels": {name: name for name in ("sigmas", "sigma_min", "sigma_max", "rho")},
    "variation": {"variation_seed": "seed", "variation_strength": "strength"},
    "inpaint": {
        "area": "area",
        "padding": "padding",
        "area_width": "width",
        "area_height": "height",
        **{n: n for n in ("content", "invert", "soft", "grow", "blur", "match")},
    },
}
"""Parts of a request: {parameter: field} of each."""

INPAINT = tuple(PARTS["inpaint"])

SAMPLING = (*PARTS["guidance"], *PARTS["options"], *PARTS["levels"])

MORE = (
    *("syntax", "clip_skip", "vae", "refiner", "refiner_at"),
    *(name for name in SAMPLING if name not in LED_BY),
    "noise",
    *PARTS["variation"],
    "tile",
)
"""The seldom used parameters."""

KEEP_CHANGES = ("seed", "seed_locked", "count", "more_open", "finer_open", "model_folders")
"""Editing these leaves it sensible to ask for the applied changes again."""
