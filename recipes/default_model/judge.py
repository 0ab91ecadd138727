"""Labelled sheets for judging by eye: the fixed prompts, drawn as the application would."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from tqdm import tqdm

from core.model.model import Model
from core.pipeline.text_to_image import finish, prepare, steps
from core.request.request import Request

from .artwork import DEFAULT_STYLES
from .drawing import Settings, settings_of
from .prompt_scores import in_style
from .prompts import COMMON_PROMPTS, COMPOSITIONS, PARAPHRASES, Prompt

PROMPTS: dict[str, tuple[Prompt, ...]] = {
    "common": COMMON_PROMPTS,
    **{f"common-{style}": in_style(COMMON_PROMPTS, style) for style in DEFAULT_STYLES},
    "paraphrases": PARAPHRASES,
    "compositions": COMPOSITIONS,
}
COLUMNS = 8
GAP = 8
FONT_SIZE = 12
LABEL_LINES = 2
LINE_HEIGHT = 15


def draw_sheet(model: Model, name: str, path: Path, *, seed: int = 0) -> None:
    """Generates one list of PROMPTS, prompt i with `seed` + i, and writes the labelled sheet."""
    prompts = PROMPTS[name]
    images = [
        draw_one(model, prompt.text, seed + i)
        for i, prompt in enumerate(tqdm(prompts, desc=f"Drawing {name}", unit="image"))
    ]
    path.parent.mkdir(parents=True, exist_ok=True)
    labelled(images, [prompt.text for prompt in prompts]).save(path)


def draw_one(model: Model, prompt: str, seed: int, settings: Settings | None = None) -> np.ndarray:
    """One image as the application generates it, uint8 [H, W, 3], by default with the model's
    default settings."""
    settings = settings or settings_of(model)
    request = Request(
        prompt=prompt,
        sampler=settings.sampler,
        schedule=settings.schedule,
        steps=settings.steps,
        cfg=settings.cfg,
        seed=seed,
        width=model.defaults.width,
        height=model.defaults.height,
    )
    job = prepare(model, request)
    *_, last = steps(job)
    return finish(job, last.state).rgb


def labelled(images: Sequence[np.ndarray], labels: Sequence[str]) -> Image.Image:
    """Images uint8 [H, W, 3] of one size in rows of eight, each above its caption."""
    height, width, _ = images[0].shape
    across, down = width + GAP, height + LABEL_LINES * LINE_HEIGHT + GAP
    columns = min(COLUMNS, len(images))
    rows = -(-len(images) // columns)
    sheet = Image.new("RGB", (columns * across + GAP, rows * down + GAP), "white")
    pen = ImageDraw.Draw(sheet)
    font = ImageFont.load_default(FONT_SIZE)
    for i, (image, label) in enumerate(zip(images, labels, strict=True)):
        left, top = GAP + i % columns * across, GAP + i // columns * down
        sheet.paste(Image.fromarray(image), (left, top))
        for row, line in enumerate(wrapped(label, font, width)[:LABEL_LINES]):
            place = (left + width / 2, top + height + row * LINE_HEIGHT)
            pen.text(place, line, "black", font, anchor="ma")
    return sheet


def wrapped(text: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont, width: int) -> list[str]:
    """Lines of whole words that fit into `width` pixels, if a single word does."""
    lines: list[str] = []
    for word in text.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and font.getlength(longer) <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines
