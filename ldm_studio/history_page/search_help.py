"""The help page for searching: syntax and meaning."""

from __future__ import annotations

from ldm_studio.translation import translate


def _rows() -> tuple[tuple[str, str], ...]:
    """Examples and their meaning, in the language of the interface."""
    return (
        ("fox", translate("Searching", "a word that begins with it, in prompts, tags or model")),
        ('"red fox"', translate("Searching", "these words in this order")),
        ("fox -blurry", translate("Searching", "the first word without the second")),
        ("prompt:fox  negative:blurry  lora:detail", translate("Searching", "words of one text")),
        ("tag:animals,plants", translate("Searching", "one of these tags")),
        (
            "model:v1-5  sampler:euler  schedule:karras  program:forge  format:webp",
            translate("Searching", "a part of the name; in quotation marks the whole name"),
        ),
        (
            "name:00012  folder:foxes",
            translate("Searching", "a part of the file's or folder's name"),
        ),
        ("collection:best", translate("Searching", "the beginning of a collection's name")),
        ("hash:6ce016", translate("Searching", "the beginning of the model's hash")),
        (
            "seed:42  steps:>=20  cfg:4..7  strength:<0.5  width:512  rating:>=4",
            translate("Searching", "a number, or a range of numbers"),
        ),
        ("size:512x768", translate("Searching", "width and height")),
        (
            "date:2026-11  date:7d  date:today  date:2026-11-01..2026-11-20",
            translate("Searching", "days, months, years, or the last days"),
        ),
        (
            "is:favourite  is:missing  is:damaged  is:deleted",
            translate("Searching", "marks, and the state of the file"),
        ),
        ("is:portrait  is:landscape  is:square", translate("Searching", "the shape")),
        (
            "has:mask  has:parent  has:steps  has:tags  has:rating  has:collection  has:recipe",
            translate("Searching", "what belongs to an image"),
        ),
    )


def how_to_search() -> str:
    return "\n".join(f"{example}  –  {meaning}" for example, meaning in _rows())
