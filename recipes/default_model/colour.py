"""Names the colour of a drawing, and changes it, in the perceptual space OKLab.

Hues are degrees in OKLab's polar form: about 29 is red, 110 yellow, 142 green, 264 blue. Source of
the space: B. Ottosson, "A perceptual color space for image processing", 2020.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

_TO_CONES = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
_TO_LAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)

NEUTRAL = 0.04
"""Chroma below which something is black, grey or white."""

PALE = 0.07
"""The same for nearly white colours."""

MOSTLY = 0.42
"""The minimum share of a drawing that has its colour."""

STRENGTH = 0.75
"""How far lightness moves towards that of the new colour: shading stays."""

HUES_TOGETHER = (40.0, 70.0)
"""Parts whose hue is at most this far from the main one are changed with it."""


@dataclass(frozen=True)
class Colour:
    """A typical colour of a name: lightness 0 to 1, chroma 0 to about 0.3, hue in degrees."""

    name: str
    lightness: float
    chroma: float
    hue: float


COLOURS = (
    Colour("red", 0.58, 0.22, 27),
    Colour("orange", 0.73, 0.17, 58),
    Colour("yellow", 0.87, 0.17, 97),
    Colour("green", 0.68, 0.18, 143),
    Colour("blue", 0.60, 0.18, 254),
    Colour("purple", 0.54, 0.20, 303),
    Colour("pink", 0.77, 0.14, 355),
    Colour("brown", 0.47, 0.08, 52),
    Colour("black", 0.27, 0.01, 270),
    Colour("white", 0.96, 0.005, 90),
)


def to_oklab(rgb: np.ndarray) -> np.ndarray:
    """sRGB in [0, 1] -> lightness and the two opponent axes, [..., 3]."""
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    return np.cbrt(linear @ _TO_CONES.T) @ _TO_LAB.T


def from_oklab(lab: np.ndarray) -> np.ndarray:
    """The inverse, clipped to sRGB."""
    cones = lab @ np.linalg.inv(_TO_LAB).T
    linear = np.clip(cones**3 @ np.linalg.inv(_TO_CONES).T, 0, 1)
    return np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055)


def polar(lab: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Lightness, chroma, hue in degrees (0 to 360)."""
    a, b = lab[..., 1], lab[..., 2]
    return lab[..., 0], np.hypot(a, b), np.degrees(np.arctan2(b, a)) % 360


def neutral(light: np.ndarray, chroma: np.ndarray) -> np.ndarray:
    """Where it is black, grey or white."""
    return (chroma < NEUTRAL) | ((chroma < PALE) & (light > 0.85))


def names(lab: np.ndarray) -> np.ndarray:
    """The everyday name of each colour, an array of strings."""
    light, chroma, hue = polar(lab)
    reddish = (hue >= 335) | (hue < 40)
    warm = (hue >= 40) & (hue < 84)
    colourless = neutral(light, chroma)
    kinds = [
        colourless & (light < 0.42),
        colourless & (light > 0.85),
        colourless,
        warm & (light >= 0.6) & (chroma < 0.1),
        (reddish | warm) & (light < 0.6) & (chroma < 0.12),
        reddish & (light >= 0.68),
        reddish,
        warm & (light < 0.58),
        warm,
        (hue >= 84) & (hue < 115),
        (hue >= 115) & (hue < 168),
        (hue >= 168) & (hue < 215),
        (hue >= 215) & (hue < 285),
        (hue >= 285) & (hue < 325),
        light >= 0.62,
    ]
    words = ["black", "white", "grey", "beige", "brown", "pink", "red", "brown", "orange"]
    words += ["yellow", "green", "turquoise", "blue", "purple", "pink"]
    return np.select(kinds, words, default="purple")


def colour_name(image: np.ndarray) -> str | None:
    """The main colour of a drawing (uint8 [H, W, 4], straight RGBA), or None if it is mixed."""
    opaque = image[..., 3] >= 128
    if not opaque.any():
        return None
    found, counts = np.unique(names(to_oklab(image[opaque][:, :3] / 255)), return_counts=True)
    most = int(counts.argmax())
    return str(found[most]) if counts[most] >= MOSTLY * opaque.sum() else None


def recoloured(image: np.ndarray, colour: Colour) -> np.ndarray | None:
    """The drawing with its main colour, and shades of it, replaced by another.

    Parts of other hues, and black and white parts of a coloured drawing, stay: eyes, leaves,
    windows. None if the result is not mostly of that colour, or was before.
    """
    if colour_name(image) == colour.name:
        return None
    lab = to_oklab(image[..., :3] / 255)
    light, chroma, hue = polar(lab)
    opaque = image[..., 3] >= 128
    coloured = opaque & ~neutral(light, chroma)
    colourless = coloured.sum() < 0.35 * opaque.sum()
    main_hue = colour.hue
    if colourless:
        part = np.clip((2 * PALE - chroma) / PALE, 0, 1)
        main = opaque & neutral(light, chroma) & (light > 0.3)
        if not main.any():
            return None
        now = float(np.median(light[main]))
    else:
        counts, edges = np.histogram(hue[coloured], 36, (0, 360), weights=chroma[coloured])
        around = counts + np.roll(counts, 1) + np.roll(counts, -1)
        main_hue = float(edges[around.argmax()]) + 5
        apart = np.abs((hue - main_hue + 180) % 360 - 180)
        near, far = HUES_TOGETHER
        part = np.clip((far - apart) / (far - near), 0, 1)
        part *= np.clip(chroma / NEUTRAL - 0.5, 0, 1)
        main = coloured & (apart < near)
        now = float(np.median(light[main]))
    goal = now + STRENGTH * (colour.lightness - now)
    if goal < now:
        lightness = light * goal / now
    else:
        lightness = 1 - (1 - light) * (1 - goal) / (1 - min(now, 0.99))
    if colourless:
        hue = np.full_like(hue, colour.hue)
        chroma = colour.chroma * lightness / max(goal, 0.01)
    else:
        chroma = chroma * min(3.0, colour.chroma / float(np.median(chroma[main])))
    angle = np.radians(hue + colour.hue - main_hue)
    new = np.stack([lightness, chroma * np.cos(angle), chroma * np.sin(angle)], -1)
    rgb = from_oklab(lab + part[..., None] * (new - lab))
    result = image.copy()
    result[..., :3] = np.round(rgb * 255).astype(np.uint8)
    return result if colour_name(result) == colour.name else None
