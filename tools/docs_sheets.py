"""Makes the sheets of docs/images: the effect of a setting, with the default model.

Everything is fixed (prompts, seeds, settings), so the same program makes the same sheets.
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from core.checkpoints.load_model import load_model
from core.images.image_digest import digest
from core.model.model import Model
from core.pipeline.text_to_image import finish, prepare, steps
from core.request.inputs import Inputs
from core.request.parameters import PARAMETERS, Guidance, Inpaint, Options
from core.request.request import Request
from core.sampling.model_schedule import scaled_linear
from core.sampling.samplers import SAMPLERS
from core.sampling.sigma_schedules import AUTOMATIC, SCHEDULES
from recipes.default_model.prompts import COMPOSITIONS

AREAS, CONTENTS = (tuple(PARAMETERS[name].choices or ()) for name in ("area", "content"))


SIDE = 104
"""Pixels of an image in a sheet: three pairs fit into the window of the documentation."""
GAP = 8
LINE = 17
LETTERS = 19
"""In a line below an image."""
INK, FAINT, PAPER = (30, 30, 34), (110, 110, 118), (255, 255, 255)


@dataclass(frozen=True)
class Cell:
    """Images beside each other, and what is written below them."""

    words: str
    images: tuple[np.ndarray, ...]


# --- drawing -----------------------------------------------------------------------------------


@cache
def model() -> Model:
    return load_model()


def asked(prompt: str, seed: int, **settings: object) -> Request:
    """With the model's own settings unless given."""
    usual = model().defaults
    request = Request(prompt=prompt, seed=seed, sampler=usual.sampler, schedule=usual.schedule)
    return replace(replace(request, steps=usual.steps, cfg=usual.cfg), **settings)


def draw(
    request: Request, init: np.ndarray | None = None, mask: np.ndarray | None = None
) -> np.ndarray:
    """uint8 [128, 128, 3]."""
    inputs = Inputs()
    if init is not None:
        request, inputs = replace(request, init=digest(init)), Inputs(init, mask)
    if mask is not None:
        request = replace(request, mask=digest(mask))
    job = prepare(model(), request, inputs)
    *_, last = steps(job)
    return finish(job, last.state).rgb


# --- sheets ------------------------------------------------------------------------------------


def samplers() -> Image.Image:
    def pair(name: str) -> Cell:
        both = (asked(*FOX, sampler=name, schedule=AUTOMATIC) for _ in range(2))
        images = (draw(replace(each, steps=n)) for each, n in zip(both, (8, 20), strict=True))
        return Cell(name, tuple(images))

    return sheet([pair(name) for name in SAMPLERS], columns=3)


def cfg() -> Image.Image:
    cells = [Cell(f"CFG {x:g}", (draw(asked(*SUN, cfg=x)),)) for x in (1.0, 2.0, 3.0, 5.0, 9.0)]
    for words, guidance in (
        ("9, rescale 0.7", Guidance(rescale=0.7)),
        ("9, mimic 3", Guidance(mimic=3.0)),
        ("9, from 0 to 0.5", Guidance(end=0.5)),
        ("9, from 0.3 to 1", Guidance(start=0.3)),
        ("CFG++ 0.6", Guidance(plus_plus=0.6)),
    ):
        cells.append(Cell(words, (draw(asked(*SUN, cfg=9.0, guidance=guidance)),)))
    return sheet(cells, columns=5)


def numbers_of_steps() -> Image.Image:
    """Each image with twice as many steps as the previous one."""
    cells = [
        Cell(f"{name}, {n} steps", (draw(asked(*SUN, sampler=name, schedule="Normal", steps=n)),))
        for name in ("DPM++ 2M", "Euler a")
        for n in (3, 6, 12, 24, 48)
    ]
    return sheet(cells, columns=5)


def strength() -> Image.Image:
    fox = draw(asked(*FOX))
    cells = [Cell("the init image", (fox,))]
    for share in (0.2, 0.4, 0.6, 0.75, 0.9):
        panda = asked("a panda, 3d", 7, strength=share)
        cells.append(Cell(f"strength {share:g}", (draw(panda, fox),)))
    return sheet(cells, columns=6)


def contents() -> Image.Image:
    """The masked content matters if the strength is below 1."""
    cat = draw(asked("a cat, 3d", 5))
    mask = np.zeros((128, 128), np.uint8)
    mask[:52, 16:112] = 255
    red = np.array((224, 60, 60))
    shown = np.where(mask[..., None] > 0, (cat + red) // 2, cat).astype(np.uint8)
    cells = [Cell("the image, masked", (shown,))]
    for words, content, share in (
        *((name, name, 0.7) for name in CONTENTS),
        ("any, strength 1", "original", 1.0),
    ):
        hat = asked("a cat with a hat", 8, strength=share, inpaint=Inpaint(content=content))
        cells.append(Cell(words, (draw(hat, cat, mask),)))
    return sheet(cells, columns=6)


def freshness() -> Image.Image:
    """Fresh noise: of a sampler that adds it itself, and added by hand."""
    kinds: list[tuple[str, str, str, tuple[float, ...]]] = [
        ("Euler a", "eta", "eta", (0.0, 0.3, 0.6, 1.0)),
        ("Euler", "churn", "churn", (0.0, 2.0, 5.0, 10.0)),
    ]
    cells = [
        Cell(
            f"{sampler}, {words} {x:g}",
            (draw(asked(*SUN, sampler=sampler, options=replace(Options(), **{name: x}))),),
        )
        for sampler, name, words, values in kinds
        for x in values
    ]
    return sheet(cells, columns=4)


def compositions() -> Image.Image:
    """The images that the model is evaluated on."""
    texts = [prompt.text for prompt in COMPOSITIONS]
    return sheet([Cell(text, (draw(asked(text, i)),)) for i, text in enumerate(texts)], columns=6)


def styles() -> Image.Image:
    """From one style to another with the same subject."""
    cells: list[Cell] = []
    for seed, thing in enumerate(("cat", "dog", "pizza", "rocket", "house", "owl"), start=1):
        image = draw(asked(f"a {thing}, 3d", seed))
        cells.append(Cell(f"{thing}, 3d", (image,)))
        for style in ("flat", "cartoon"):
            other = asked(f"a {thing}, {style}", seed, strength=0.75)
            cells.append(Cell(style, (draw(other, image),)))
    return sheet(cells, columns=6)


def schedules() -> Image.Image:
    """The positions of ten steps between pure noise (left) and a clean image, for Stable
    Diffusion."""
    trained, left, width = scaled_linear(), 205, 530
    top, bottom = np.log(trained.sigma_max), np.log(trained.sigma_min)
    rows = [name for name in SCHEDULES if name != AUTOMATIC]
    image = Image.new("RGB", (left + width + 20, 26 * len(rows) + 28), PAPER)
    pen = ImageDraw.Draw(image)
    for row, name in enumerate(rows):
        y = 14 + 26 * row
        pen.text((left - 14, y), name, INK, font(13), anchor="rm")
        pen.line((left, y, left + width, y), (216, 216, 222))
        for sigma in SCHEDULES[name].sigmas(10, trained)[:-1]:
            x = left + width * (top - np.log(sigma)) / (top - bottom)
            pen.ellipse((x - 4, y - 4, x + 4, y + 4), (46, 110, 230))
    y = 14 + 26 * len(rows)
    for sigma in (10.0, 3.0, 1.0, 0.3, 0.1, 0.03):
        x = left + width * (top - np.log(sigma)) / (top - bottom)
        pen.text((x, y), f"{sigma:g}", FAINT, font(12), anchor="mm")
    pen.text((left - 14, y), "noise (sigma)", FAINT, font(12), anchor="rm")
    return image


FOX = ("a fox, 3d", 3)
SUN = ("an angry sun, cartoon", 3)
"""Prompt and seed."""

SHEETS: Mapping[str, Callable[[], Image.Image]] = {
    "schedules": schedules,
    "cfg": cfg,
    "strength": strength,
    "inpaint": contents,
    "fresh-noise": freshness,
    "steps": numbers_of_steps,
    "samplers": samplers,
    "compositions": compositions,
    "styles": styles,
}
"""By the names of their files."""


# --- laying out --------------------------------------------------------------------------------


def font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)


def sheet(cells: Sequence[Cell], columns: int) -> Image.Image:
    wide = max(len(cell.images) for cell in cells)
    words = [textwrap.fill(cell.words, LETTERS * wide) for cell in cells]
    lines = 1 + max(text.count("\n") for text in words)
    width, height = wide * (SIDE + 2) - 2, SIDE + LINE * lines
    rows = -(-len(cells) // columns)
    size = columns * (width + GAP) - GAP, rows * (height + GAP) - GAP
    drawn = Image.new("RGB", size, PAPER)
    pen = ImageDraw.Draw(drawn)
    for i, cell in enumerate(cells):
        left, top = (i % columns) * (width + GAP), (i // columns) * (height + GAP)
        for j, image in enumerate(cell.images):
            small = Image.fromarray(image).resize((SIDE, SIDE), Image.Resampling.LANCZOS)
            drawn.paste(small, (left + j * (SIDE + 2), top))
        place = (left + width / 2, top + SIDE + 2)
        pen.multiline_text(place, words[i], INK, font(11), anchor="ma", align="center")
    return drawn
