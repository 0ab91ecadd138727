"""Formats images of the history as text and JSON, for the command line and for tables."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from ldm_studio.images.infotext import Infotext

from .recipe import Recipe, json_object
from .results import Details, ListedImage


def line(image: ListedImage) -> str:
    """An image in one line: id, day, size, stars, prompt, path."""
    stars = ("♥" if image.favourite else " ") + ("★" * image.rating).ljust(5)
    prompt = " ".join(image.prompt.split())[:60]
    state = f" ({image.state.name.lower()})" if image.state else ""
    state += " (damaged)" if image.problem else ""
    size = f"{image.width}x{image.height}"
    return f"{image.id:>7}  {image.day}  {size:>9}  {stars}  {prompt:<60}  {image.path}{state}"


def short_record(image: ListedImage) -> dict[str, Any]:
    """An image of a list as JSON."""
    return {
        "id": image.id,
        "path": str(image.path),
        "state": image.state.name.lower(),
        "problem": str(image.problem),
        "digest": image.digest,
        "made": datetime.fromtimestamp(image.made_at / 1000, UTC).isoformat(timespec="seconds"),
        "day": image.day,
        "width": image.width,
        "height": image.height,
        "model": image.model,
        "sampler": image.sampler,
        "seed": image.seed,
        "prompt": image.prompt,
        "favourite": image.favourite,
        "rating": image.rating,
    }


def record(details: Details) -> dict[str, Any]:
    """Everything about an image as JSON."""
    return short_record(details.listed) | {
        "format": details.format,
        "program": details.program,
        "prompt": details.prompt,
        "negative": details.negative,
        "model_hash": details.model_hash,
        "schedule": details.schedule,
        "steps": details.steps,
        "cfg": details.cfg,
        "strength": details.strength,
        "tags": list(details.tags),
        "collections": list(details.collections),
        "kept_steps": _kept_steps(details),
        "settings": details.settings,
        "request": json_object(details.request),
        "run": json_object(details.run),
        "ignored": list(ignored(details)),
        "parents": [
            {"digest": one.digest, "step": one.step, "mask": one.mask, "ids": list(one.ids)}
            for one in details.parents
        ],
        "children": list(details.children),
    }


def _kept_steps(details: Details) -> list[int] | None:
    """The first and the last saved step."""
    kept = details.kept_steps
    return None if kept is None else [kept.first, kept.last]


def recipe(details: Details) -> Recipe:
    """The recipe as read from the file."""
    info = Infotext(details.prompt, details.negative, details.settings)
    return Recipe(details.program, info, details.unread, details.request, details.run)


def ignored(details: Details) -> tuple[str, ...]:
    """The unsupported settings of the recipe."""
    return recipe(details).ignored() if details.program else ()


def page(details: Details) -> str:
    """Everything about an image, one line each."""
    image = details.listed
    rows: list[tuple[str, str]] = [
        (
            "file",
            f"{image.path}{'' if not image.state else f' ({image.state.name.lower()})'}",
        ),
        ("problem", str(image.problem)),
        ("day", image.day),
        ("made with", details.program),
        ("size", f"{image.width} x {image.height}, {details.format}" if image.width else ""),
        ("marks", " ".join((["favourite"] if image.favourite else []) + ["★" * image.rating])),
        ("tags", ", ".join(details.tags)),
        ("collections", ", ".join(details.collections)),
        ("kept steps", " to ".join(str(step) for step in _kept_steps(details) or ())),
        ("prompt", details.prompt),
        ("negative", details.negative),
        ("settings", ", ".join(f"{key}: {value}" for key, value in details.settings.items())),
    ]
    for parent in details.parents:
        known = ", ".join(str(number) for number in parent.ids) or "not in the history"
        step = "" if parent.step is None else f", from step {parent.step}"
        mask = ", masked" if parent.mask else ""
        rows.append(("made from", f"{known}{step}{mask} ({parent.digest[:10]})"))
    if details.children:
        rows.append(("started", ", ".join(str(number) for number in details.children)))
    rows += [("ignored here", setting) for setting in ignored(details)]
    return "\n".join(
        f"{name:<13} {value}".rstrip().replace("\n", "\n" + " " * 14)
        for name, value in rows
        if value.strip()
    )
