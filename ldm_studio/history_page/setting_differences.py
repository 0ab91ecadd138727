"""The settings that differ between two images, as text. Free of Qt."""

from __future__ import annotations

from dataclasses import dataclass

from ldm_studio.history.results import Details


@dataclass(frozen=True)
class Difference:
    name: str
    one: str
    other: str


def differences(one: Details, other: Details) -> tuple[Difference, ...]:
    """The settings that differ; empty text if one image lacks the setting."""
    first, second = settings(one), settings(other)
    names = dict.fromkeys((*first, *second))
    return tuple(
        Difference(name, first.get(name, ""), second.get(name, ""))
        for name in names
        if first.get(name, "") != second.get(name, "")
    )


def settings(details: Details) -> dict[str, str]:
    """All settings of an image."""
    found = {"Prompt": details.prompt, "Negative prompt": details.negative}
    found |= {name: value for name, value in details.settings.items() if name != "Version"}
    if "Size" not in found and details.listed.width:
        found["Size"] = f"{details.listed.width}x{details.listed.height}"
    found["Made with"] = details.program
    return {name: value for name, value in found.items() if value}
