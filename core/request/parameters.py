"""The table of parameters: what can be set about an image, each declared once, at its field.

Ranges, texts, infotext keys and flags are read from here by everything else: a new parameter is
a field of this file and its use in `core`. Imports neither torch nor Qt.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from typing import Any

from ..images.mask_morphology import RADIUS_MAX
from ..sampling.conventions import A1111 as A1111_CONVENTIONS
from ..sampling.conventions import CONVENTIONS, IN_TIMESTEPS, UNIPC
from ..sampling.conventions import STUDIO as STUDIO_CONVENTIONS
from ..sampling.noise_profiles import A1111_CPU, A1111_NV, PROFILES, STUDIO
from ..sampling.sampler_names import conventions_name, noise_name, sampler_name, schedule_name
from ..sampling.samplers import SAMPLERS, resolve
from ..sampling.sigma_schedules import SCHEDULES, parse_sigmas
from .parameter import Choice, Flag, Group, InfotextKey, Parameter, parameter, rows
from .text_segment import A1111, SYNTAXES

MAX_STEPS = 1000
MAX_CFG = 100.0
MAX_SIDE = 16384
MAX_COUNT = 1000
MAX_SEED = 2**64 - 1
MAX_PROMPT = 100_000
MAX_CLIP_SKIP = 12
MAX_SIGMA = 1e6
MIN_SIGMA = 1e-6
MAX_NOISE_LEVEL = 999
MAX_UPSCALING_NOISE_LEVEL = 350

PROMPT = Group("Prompt")
MAIN = Group("Main settings", "main")
TEXT = Group("Prompt syntax, CLIP skip and VAE", "more")
REFINER = Group("Refiner", "more")
GUIDANCE = Group("Guidance", "more")
OPTIONS = Group("Sampler options", "more")
LEVELS = Group("Noise levels", "more")
NOISE = Group("Noise", "more")
TILES = Group("Tiled diffusion", "more")
CONTROL = Group("Control image", "control")
INPAINT = Group("Inpainting", "inpaint")
MASK = Group("Advanced mask options", "mask")


@dataclass(frozen=True)
class ModelTraits:
    """What a model supports."""

    prediction: str = ""
    """What its network predicts, a key of `predictions.PREDICTIONS`; empty: not known."""
    input_kind: str = ""
    """What it is conditioned on besides the prompt, such as "instruct-pix2pix" or "upscaling"."""
    clip_skip: bool = True
    vae: bool = True
    """Whether another autoencoder may replace its own."""
    refiner: bool = True
    """Whether another model can take over for the last steps."""
    needs_vae: bool = False
    """Whether its file lacks an autoencoder."""


@dataclass(frozen=True)
class Context:
    """Everything that decides whether a parameter has an effect."""

    values: Parameters
    refiner: str = ""
    """The refiner's name; empty: none."""
    from_image: bool = False
    masked: bool = False
    model: ModelTraits | None = None
    """None: unknown, so it may support everything."""


def _takes(option: str) -> Callable[[Context], bool]:
    return lambda context: option in SAMPLERS[context.values.sampler].options


def _churns(context: Context) -> bool:
    return _takes("churn")(context) and bool(context.values.options.churn)


def _s_noise_acts(context: Context) -> bool:
    return _churns(context) if _takes("churn")(context) else _takes("s_noise")(context)


def _is_unipc(context: Context) -> bool:
    return context.values.sampler in UNIPC


def _has_cfg_plus_plus(context: Context) -> bool:
    """Whether the sampler has CFG++ itself."""
    return SAMPLERS[context.values.sampler].takes_both


def _has_schedule(context: Context) -> bool:
    return not context.values.levels.sigmas


def _follows_schedule(context: Context) -> bool:
    """AUTOMATIC1111 ignores the schedule for some samplers."""
    values = context.values
    ignored = values.conventions == A1111_CONVENTIONS and values.sampler in IN_TIMESTEPS
    return _has_schedule(context) and not ignored


def _has_rho(context: Context) -> bool:
    schedule = resolve(context.values.schedule, context.values.sampler)
    return _has_schedule(context) and SCHEDULES[schedule].with_rho is not None


def _is_for(*kinds: str) -> Callable[[Context], bool]:
    return lambda context: context.model is None or context.model.input_kind in kinds


def _takes_vae(context: Context) -> bool:
    return context.model is None or context.model.vae or context.model.needs_vae


def _takes_refiner(context: Context) -> bool:
    return context.model is None or context.model.refiner


def _thresholds(context: Context) -> bool:
    return context.values.guidance.mimic > 0


def _varies(context: Context) -> bool:
    return context.values.variation.strength > 0


def _predicts_flow(context: Context) -> bool:
    return context.model is None or context.model.prediction in ("", "flow")


def _masked(context: Context) -> bool:
    return context.masked


def _masked_area(context: Context) -> bool:
    return context.masked and context.values.inpaint.area == "masked"


def _read_percent(text: str) -> float:
    try:
        return float(Decimal(text) / 100)
    except InvalidOperation as error:
        raise ValueError(text) from error


def _write_percent(share: float) -> str:
    return f"{(Decimal(repr(share)) * 100).normalize():f}"


@dataclass(frozen=True)
class Guidance:
    """How the conditional and the unconditional prediction are combined, besides the scale."""

    rescale: float = parameter(
        0.0,
        title="CFG rescale",
        help="Brings back the contrast that a strong CFG spoils: 0.7 is usual, 0 is off.",
        group=GUIDANCE,
        low=0.0,
        high=1.0,
        useful=(0, 1),
        step=0.05,
        decimals=2,
        infotext="CFG Rescale",
        flag="--cfg-rescale",
    )
    start: float = parameter(
        0.0,
        name="guidance_start",
        title="Guidance start",
        row="CFG interval",
        help="CFG acts from this share of the sampling time on: 0 is pure noise, 1 the image.",
        group=GUIDANCE,
        low=0.0,
        high=1.0,
        step=0.05,
        decimals=2,
        infotext="Guidance start",
        flag="--guidance-start",
    )
    end: float = parameter(
        1.0,
        name="guidance_end",
        title="Guidance end",
        follows=True,
        help="CFG acts up to this share of the sampling time.",
        group=GUIDANCE,
        low=0.0,
        high=1.0,
        step=0.05,
        decimals=2,
        infotext="Guidance end",
        flag="--guidance-end",
    )
    mimic: float = parameter(
        0.0,
        title="Mimic CFG",
        help="Dynamic thresholding: keeps to the range of values that this lower CFG would give; "
        "0 is off.",
        group=GUIDANCE,
        low=0.0,
        high=MAX_CFG,
        useful=(0, 15),
        step=0.5,
        decimals=1,
        infotext="Mimic scale",
        flag="--mimic-cfg",
    )
    quantile: float = parameter(
        0.995,
        title="Threshold quantile",
        row="Quantile",
        help="Dynamic thresholding clips the values beyond this quantile.",
        group=GUIDANCE,
        low=0.5,
        high=1.0,
        useful=(0.9, 1),
        step=0.005,
        decimals=3,
        infotext=InfotextKey(
            "Threshold percentile", _read_percent, _write_percent, when=_thresholds, always=True
        ),
        flag=Flag("--mimic-quantile", needs="--mimic-cfg"),
        applies=_thresholds,
    )
    plus_plus: float = parameter(
        0.0,
        title="CFG++",
        help="CFG++ of this strength, in place of the CFG scale: 0.6 is usual, 0 is off.",
        group=GUIDANCE,
        low=0.0,
        high=1.0,
        useful=(0, 1),
        step=0.05,
        decimals=2,
        infotext="CFG plus plus",
        flag=Flag("--cfg-plus-plus", excludes=("--cfg",)),
        applies=lambda context: not _has_cfg_plus_plus(context),
    )
    zero_star: bool = parameter(
        False,
        title="CFG-Zero*",
        help="Scales the unconditional prediction of a flow model to fit the conditional one, "
        "before CFG.",
        group=GUIDANCE,
        infotext="CFG-Zero star",
        flag="--cfg-zero-star",
        applies=_predicts_flow,
    )
    zero_init: int = parameter(
        0,
        title="Zero-init steps",
        help="The number of first steps in which a flow model's velocity is zero: 1 is usual with "
        "CFG-Zero*, 0 is off.",
        group=GUIDANCE,
        low=0,
        high=MAX_STEPS,
        useful=(0, 5),
        infotext="Zero init steps",
        flag="--zero-init-steps",
        applies=_predicts_flow,
    )
    image: float = parameter(
        1.5,
        name="image_guidance",
        title="Image CFG",
        help="How closely the result keeps to the image that is edited: 1.5 is usual, 1 is no "
        "image guidance.",
        group=CONTROL,
        low=0.0,
        high=MAX_CFG,
        useful=(1, 3),
        step=0.1,
        decimals=1,
        infotext="Image CFG scale",
        flag="--image-guidance",
        applies=_is_for("instruct-pix2pix"),
    )


@dataclass(frozen=True)
class Options:
    """Keyword arguments of the sampler functions; None: the sampler's default."""

    eta: float | None = parameter(
        None,
        title="Eta",
        help="The share of fresh noise per step: 0 none, 1 that of the full stochastic process.",
        group=OPTIONS,
        low=0.0,
        high=1.0,
        useful=(0, 1),
        step=0.05,
        decimals=2,
        infotext=(
            InfotextKey("Eta", when=lambda context: context.values.sampler != "DDIM"),
            InfotextKey("Eta DDIM", when=lambda context: context.values.sampler == "DDIM"),
        ),
        flag="--eta",
        applies=_takes("eta"),
    )
    s_noise: float | None = parameter(
        None,
        title="S-noise",
        help="Scales fresh noise: a little above 1 gives more detail.",
        group=OPTIONS,
        low=0.0,
        high=2.0,
        useful=(0.9, 1.1),
        step=0.01,
        decimals=2,
        infotext="Sigma noise",
        flag="--s-noise",
        applies=_s_noise_acts,
    )
    churn: float | None = parameter(
        None,
        title="Churn",
        help="Noise that is put back before each step, summed over the run (S_churn).",
        group=OPTIONS,
        low=0.0,
        high=100.0,
        useful=(0, 40),
        step=1.0,
        decimals=1,
        infotext="Sigma churn",
        flag="--churn",
        applies=_takes("churn"),
    )
    churn_lowest: float | None = parameter(
        None,
        title="Churn minimum",
        row="Churn range",
        help="Noise is put back only above this sigma (S_tmin).",
        group=OPTIONS,
        low=0.0,
        high=MAX_SIGMA,
        unset="0",
        infotext="Sigma tmin",
        flag=Flag("--churn-min", needs="--churn"),
        applies=_churns,
    )
    churn_highest: float | None = parameter(
        None,
        title="Churn maximum",
        follows=True,
        help="Noise is put back only below this sigma (S_tmax).",
        group=OPTIONS,
        low=0.0,
        high=MAX_SIGMA,
        unset="∞",
        infotext="Sigma tmax",
        flag=Flag("--churn-max", needs="--churn"),
        applies=_churns,
    )
    order: int | None = parameter(
        None,
        title="Order",
        help="How many evaluations a multistep solver looks back to: fewer are steadier.",
        group=OPTIONS,
        low=1,
        high=4,
        useful=(1, 4),
        infotext=(
            InfotextKey("UniPC order", when=_is_unipc),
            InfotextKey("Solver order", when=lambda context: not _is_unipc(context)),
        ),
        flag="--order",
        applies=_takes("order"),
    )

    @property
    def given(self) -> dict[str, float | int]:
        """Those that are set."""
        return {name: value for name, value in vars(self).items() if value is not None}


@dataclass(frozen=True)
class Levels:
    """Noise levels, besides the choice of a schedule."""

    sigmas: tuple[float, ...] = parameter(
        (),
        title="Sigmas",
        help="The noise levels to visit in place of a schedule: falling, above 0, one for each "
        "step.",
        group=LEVELS,
        low=0.0,
        high=MAX_SIGMA,
        exclusive=True,
        most=MAX_STEPS,
        parse=parse_sigmas,
        infotext="Sigmas",
        flag=Flag(
            "--sigmas", "LIST", excludes=("--schedule", "--sigma-min", "--sigma-max", "--rho")
        ),
    )
    sigma_min: float | None = parameter(
        None,
        title="Minimum sigma",
        row="Sigma range",
        help="The lowest noise level above 0, within those of the model.",
        group=LEVELS,
        low=MIN_SIGMA,
        high=MAX_SIGMA,
        unset="Auto",
        infotext="Schedule min sigma",
        flag="--sigma-min",
        applies=_has_schedule,
    )
    sigma_max: float | None = parameter(
        None,
        title="Maximum sigma",
        follows=True,
        help="The highest noise level, within those of the model.",
        group=LEVELS,
        low=MIN_SIGMA,
        high=MAX_SIGMA,
        unset="Auto",
        infotext="Schedule max sigma",
        flag="--sigma-max",
        applies=_has_schedule,
    )
    rho: float | None = parameter(
        None,
        title="Rho",
        help="The curvature of the schedule: higher spends more steps where there is little noise.",
        group=LEVELS,
        low=0.1,
        high=100.0,
        useful=(0.5, 10),
        step=0.5,
        decimals=1,
        infotext="Schedule rho",
        flag="--rho",
        applies=_has_rho,
    )


@dataclass(frozen=True, kw_only=True)
class Variation:
    """The initial noise, interpolated towards that of another seed."""

    strength: float = parameter(
        0.0,
        name="variation_strength",
        title="Variation strength",
        row="Variation",
        help="How far the noise is turned towards that of the variation seed: 0 is off, 1 is that "
        "seed's noise.",
        group=NOISE,
        low=0.0,
        high=1.0,
        useful=(0, 1),
        step=0.05,
        decimals=2,
        infotext="Variation seed strength",
        flag="--variation-strength",
    )
    seed: int = parameter(
        0,
        name="variation_seed",
        title="Variation seed",
        help="The seed that the variation goes towards.",
        group=NOISE,
        low=0,
        high=MAX_SEED,
        infotext=InfotextKey("Variation seed", when=_varies, always=True),
        flag=Flag("--variation-seed", needs="--variation-strength"),
        applies=_varies,
    )
    from_width: int = parameter(
        0,
        name="seed_width",
        title="Seed width",
        row="Seed size",
        help="The width of an image whose noise is put in the middle, so that this one resembles "
        "it; 0 is off.",
        group=NOISE,
        low=0,
        high=MAX_SIDE,
        step=8,
        unit="px",
        unset="Off",
        flag="--seed-width",
    )
    from_height: int = parameter(
        0,
        name="seed_height",
        title="Seed height",
        follows=True,
        help="The height of that image; 0 is off.",
        group=NOISE,
        low=0,
        high=MAX_SIDE,
        step=8,
        unit="px",
        unset="Off",
        flag="--seed-height",
    )


@dataclass(frozen=True)
class Inpaint:
    """How a masked image is inpainted."""

    invert: bool = parameter(
        False,
        title="Inpaint",
        help="Which side of the mask changes.",
        group=INPAINT,
        choices={
            False: Choice(
                "Masked area", "Inpaint the masked part, and keep the rest.", "Inpaint masked"
            ),
            True: Choice(
                "Unmasked area",
                "Inpaint the rest, and keep the masked part.",
                "Inpaint not masked",
            ),
        },
        infotext=InfotextKey("Mask mode", when=_masked),
        flag=Flag("--invert", needs="--mask"),
        applies=_masked,
    )
    grow: int = parameter(
        0,
        title="Grow mask",
        help="Grows the mask by this many pixels before it is used; below 0 shrinks it.",
        group=MASK,
        low=-RADIUS_MAX,
        high=RADIUS_MAX,
        useful=(-64, 64),
        unit="px",
        flag=Flag("--grow", needs="--mask"),
        applies=_masked,
    )
    blur: float = parameter(
        0.0,
        title="Mask blur",
        help="Then softens its edge over this many pixels, to blend new and kept parts.",
        group=MASK,
        low=0.0,
        high=float(RADIUS_MAX),
        useful=(0, 64),
        step=0.5,
        decimals=1,
        unit="px",
        infotext=InfotextKey("Mask blur", when=_masked, always=True),
        flag=Flag("--blur", needs="--mask"),
        applies=_masked,
    )
    content: str = parameter(
        "original",
        title="Masked content",
        help="What the masked area starts from.",
        group=MASK,
        choices={
            "original": Choice(
                "Original", "The existing content: a low strength keeps much of it.", "original"
            ),
            "fill": Choice("Fill", "The colours around the mask, spread into it.", "fill"),
            "noise": Choice(
                "Latent noise", "Noise alone: something new. Needs a strength near 1.",
                "latent noise",
            ),
            "nothing": Choice(
                "Latent zeros", "An empty latent: something new and calm. Strength near 1.",
                "latent nothing",
            ),
        },
        infotext=InfotextKey("Masked content", when=_masked),
        flag=Flag("--content", "WHAT", needs="--mask"),
        applies=_masked,
    )  # fmt: skip
    soft: bool = parameter(
        False,
        title="Soft mask",
        help="Differential diffusion: grey in the mask is the strength of a pixel. The lighter it "
        "is, the sooner the pixel takes part and the more it changes.",
        group=MASK,
        flag=Flag("--soft", needs="--mask"),
        applies=_masked,
    )
    area: str = parameter(
        "whole",
        title="Inpaint area",
        help="Which part of the image the model sees.",
        group=INPAINT,
        choices={
            "whole": Choice(
                "Whole image", "Process the whole image; only masked pixels change.",
                "Whole image",
            ),
            "masked": Choice(
                "Only masked",
                "Crop the masked area, process it at the model's size, and paste it back: more "
                "detail, and images of any size.",
                "Only masked",
            ),
        },
        infotext=InfotextKey("Inpaint area", when=_masked),
        flag=Flag("--area", "AREA", needs="--mask"),
        applies=_masked,
    )  # fmt: skip
    padding: int = parameter(
        32,
        title="Padding",
        help="Pixels around the masked area that the model sees as well, so that the result fits "
        "in.",
        group=INPAINT,
        low=0,
        high=MAX_SIDE,
        useful=(0, 256),
        unit="px",
        infotext=InfotextKey("Masked area padding", when=_masked),
        flag=Flag("--padding", needs="--area"),
        applies=_masked_area,
    )
    width: int = parameter(
        0,
        name="area_width",
        title="Process width",
        row="Process at",
        help="The width that the masked area is processed at; 0 is the model's.",
        group=MASK,
        low=0,
        high=MAX_SIDE,
        unit="px",
        unset="Auto",
        flag=Flag("--area-width", needs="--area"),
        applies=_masked_area,
    )
    height: int = parameter(
        0,
        name="area_height",
        title="Process height",
        follows=True,
        help="The height that the masked area is processed at; 0 is the model's.",
        group=MASK,
        low=0,
        high=MAX_SIDE,
        unit="px",
        unset="Auto",
        flag=Flag("--area-height", needs="--area"),
        applies=_masked_area,
    )
    match: bool = parameter(
        False,
        title="Match colours",
        help="Removes the difference in colour at the border of the masked area that decoding "
        "leaves. Only masked pixels change.",
        group=INPAINT,
        flag=Flag("--match", needs="--mask"),
        applies=_masked,
    )


@dataclass(frozen=True)
class Parameters:
    """The parameters of an image, unchecked."""

    prompt: str = parameter(
        "",
        title="Prompt",
        help="What the image shows.",
        group=PROMPT,
        high=MAX_PROMPT,
        flag=Flag("PROMPT", special=True),
    )
    negative: str = parameter(
        "",
        title="Negative prompt",
        help="What the image should not show.",
        group=PROMPT,
        high=MAX_PROMPT,
        flag=Flag("--negative", "TEXT", special=True),
    )
    syntax: str = parameter(
        A1111,
        title="Prompt syntax",
        row="Syntax",
        help="The program whose prompt syntax and weighting are used.",
        group=TEXT,
        choices={name: Choice(help=row.summary) for name, row in SYNTAXES.items()},
        infotext="Prompt syntax",
        flag="--syntax",
    )
    clip_skip: int = parameter(
        1,
        title="Clip skip",
        help="The number of skipped layers of the text encoder plus 1: 1 uses all layers, 2 all "
        "but the last. Models of Stable Diffusion 1 were often made for 2.",
        group=TEXT,
        low=1,
        high=MAX_CLIP_SKIP,
        useful=(1, 4),
        infotext="Clip skip",
        flag="--clip-skip",
        applies=lambda context: context.model is None or context.model.clip_skip,
    )
    model: str = parameter(
        "default",
        title="Model",
        help="Name, file or folder of the model.",
        group=MAIN,
        high=MAX_PROMPT,
        flag=Flag("--model", special=True),
    )
    vae: str = parameter(
        "",
        title="VAE",
        help="The autoencoder that encodes and decodes images, in place of the model's own: "
        "another one may give better colours and eyes.",
        group=TEXT,
        high=MAX_PROMPT,
        flag="--vae",
        applies=_takes_vae,
    )
    sampler: str = parameter(
        "Euler",
        title="Sampler",
        help="The method that denoises the image step by step.",
        group=MAIN,
        choices={name: Choice(help=row.summary) for name, row in SAMPLERS.items()},
        parse=sampler_name,
        infotext=InfotextKey("Sampler", always=True),
        flag=Flag("--sampler", special=True),
    )
    schedule: str = parameter(
        "Normal",
        title="Schedule",
        help="How the noise levels are spread over the steps.",
        group=MAIN,
        choices={name: Choice(help=row.summary) for name, row in SCHEDULES.items()},
        parse=schedule_name,
        infotext=InfotextKey("Schedule type", always=True),
        flag="--schedule",
        applies=_follows_schedule,
    )
    steps: int = parameter(
        20,
        title="Steps",
        help="How many steps lead from noise to the image: more take longer and show more detail.",
        group=MAIN,
        low=1,
        high=MAX_STEPS,
        useful=(1, 60),
        infotext=InfotextKey("Steps", always=True),
        flag="--steps",
        applies=_has_schedule,
    )
    cfg: float = parameter(
        4.0,
        title="CFG scale",
        help="How closely the image follows the prompt: 1 is no guidance, 15 is very strict.",
        group=MAIN,
        low=0.0,
        high=MAX_CFG,
        useful=(1, 15),
        step=0.5,
        decimals=1,
        infotext=InfotextKey("CFG scale", always=True),
        flag="--cfg",
        applies=lambda context: (
            context.values.guidance.plus_plus == 0 or _has_cfg_plus_plus(context)
        ),
    )
    width: int = parameter(
        128,
        title="Width",
        row="Size",
        help="Width of the image in pixels, a multiple of what the model needs.",
        group=MAIN,
        low=8,
        high=MAX_SIDE,
        step=8,
        unit="px",
        flag=Flag("--size", special=True),
    )
    height: int = parameter(
        128,
        title="Height",
        follows=True,
        help="Height of the image in pixels, a multiple of what the model needs.",
        group=MAIN,
        low=8,
        high=MAX_SIDE,
        step=8,
        unit="px",
        flag=Flag("--size", special=True),
    )
    seed: int = parameter(
        0,
        title="Seed",
        help="The number that the noise is made from: the same seed and settings give the same "
        "image.",
        group=MAIN,
        low=0,
        high=MAX_SEED,
        infotext=InfotextKey("Seed", always=True),
        flag="--seed",
    )
    count: int = parameter(
        1,
        title="Batch count",
        help="How many images to make, each with the next seed.",
        group=MAIN,
        low=1,
        high=MAX_COUNT,
        flag="--count",
    )
    strength: float = parameter(
        1.0,
        title="Strength",
        help="Denoising strength: how much of the initial image may change. 1 keeps nothing of it.",
        group=MAIN,
        low=0.0,
        high=1.0,
        exclusive=True,
        useful=(0.05, 1),
        step=0.05,
        decimals=2,
        infotext=InfotextKey("Denoising strength", always=True),
        flag="--strength",
        applies=lambda context: context.from_image,
    )
    guidance: Guidance = Guidance()
    options: Options = Options()
    levels: Levels = Levels()
    noise: str = parameter(
        STUDIO,
        title="Noise source",
        help="The program whose noise is used, to reproduce its images.",
        group=NOISE,
        choices={
            name: Choice(help=summary, infotext={A1111_CPU: "CPU", A1111_NV: "NV"}.get(name, ""))
            for name, summary in PROFILES.items()
        },
        parse=noise_name,
        infotext=(
            InfotextKey(
                "RNG", when=lambda context: context.values.noise in (A1111_CPU, A1111_NV)
            ),
            InfotextKey(
                "Noise", when=lambda context: context.values.noise not in (A1111_CPU, A1111_NV)
            ),
        ),
        flag=Flag("--noise", "PROFILE"),
    )  # fmt: skip
    variation: Variation = Variation()
    noise_seed_delta: int = parameter(
        0,
        title="Noise seed delta",
        help="Added to the seed for the noise of the steps, but not for the initial noise: 31337 "
        "in many recipes of AUTOMATIC1111 (ENSD).",
        group=NOISE,
        low=0,
        high=MAX_SEED,
        infotext="ENSD",
        flag="--noise-seed-delta",
    )
    conventions: str = parameter(
        STUDIO_CONVENTIONS,
        title="Conventions",
        help="The program whose meaning of schedules, steps and strength is used, to repeat its "
        "images.",
        group=NOISE,
        choices={name: Choice(help=summary) for name, summary in CONVENTIONS.items()},
        parse=conventions_name,
        infotext="Conventions",
        flag=Flag("--conventions", "PROGRAM"),
    )
    tile: int = parameter(
        0,
        title="Tile size",
        help="Process in overlapping tiles of this side, which share one trajectory: for images "
        "larger than the model's limit. 0 is off.",
        group=TILES,
        low=0,
        high=MAX_SIDE,
        useful=(0, 1024),
        step=64,
        unit="px",
        infotext="Tile",
        flag="--tile",
    )
    inpaint: Inpaint = Inpaint()
    noise_level: int = parameter(
        20,
        title="Noise level",
        help="How much noise is added to the image that is upscaled or varied: more noise "
        "invents more detail. 20 is usual for upscaling, 0 for variations.",
        group=CONTROL,
        low=0,
        high=MAX_NOISE_LEVEL,
        useful=(0, 100),
        step=5,
        infotext="Noise level",
        flag="--noise-level",
        applies=_is_for("upscaling", "unCLIP"),
    )


@dataclass(frozen=True)
class Refiner:
    """Another model that takes over at the end. In a request it is a change."""

    model: str = parameter(
        "",
        name="refiner",
        title="Refiner",
        help="Another model that takes over at the end: the refiner of Stable Diffusion XL, or any "
        "model with the same latents.",
        group=REFINER,
        high=MAX_PROMPT,
        flag=Flag("--refiner", "M"),
        infotext="Refiner",
        applies=_takes_refiner,
    )
    at: float = parameter(
        0.8,
        name="refiner_at",
        title="Refiner switch at",
        row="Switch at",
        help="The share of the steps after which the refiner takes over: 0.8 is usual, 1 never.",
        group=REFINER,
        low=0.0,
        high=1.0,
        useful=(0, 1),
        step=0.05,
        decimals=2,
        flag=Flag("--refiner-at", needs="--refiner"),
        infotext="Refiner switch at",
        applies=lambda context: bool(context.refiner) and _takes_refiner(context),
    )


_GROUPS = (
    PROMPT, MAIN, TEXT, REFINER, GUIDANCE, OPTIONS, LEVELS, NOISE, TILES, CONTROL, INPAINT, MASK,
)  # fmt: skip

REQUESTED = tuple(rows(Parameters))
"""The parameters of a request, each at its `field`."""

PARAMETERS: Mapping[str, Parameter] = {
    row.name: row
    for row in sorted(
        (*REQUESTED, *rows(Refiner, "refiner.")), key=lambda row: _GROUPS.index(row.group)
    )
}
"""All by name, in groups."""


def with_fields(values: Mapping[str, Any]) -> Parameters:
    """Parameters with these values by their fields, such as "steps" and "guidance.rescale"."""
    plain = {field: value for field, value in values.items() if "." not in field}
    parts: dict[str, dict[str, Any]] = {}
    for field, value in values.items():
        part, _, name = field.rpartition(".")
        if part:
            parts.setdefault(part, {})[name] = value
    made = {part: replace(getattr(Parameters, part), **inside) for part, inside in parts.items()}
    return Parameters(**plain, **made)


def in_panel(panel: str) -> tuple[Parameter, ...]:
    """The parameters of a panel of the window."""
    return tuple(row for row in PARAMETERS.values() if row.group.panel == panel)
