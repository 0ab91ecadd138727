"""Drawings of emoji as images: one source per style, 128 x 128 straight RGBA."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from .packages import FLUENT_3D, FLUENT_FLAT, NOTO, TWEMOJI, Package, RecipeError

SIDE = 128
DRAWN = 120  # leaves a margin of 4 pixels, so that nothing touches the border

STYLES = {"3d": FLUENT_3D, "flat": FLUENT_FLAT, "cartoon": NOTO, "minimal": TWEMOJI}
"""Style word -> the package that draws it."""

DEFAULT_STYLES = ("3d", "flat", "cartoon")


@dataclass(frozen=True)
class RasterSource:
    """A folder of square images named by lower-case hexcode."""

    files: dict[str, Path]

    def draw(self, hexcode: str) -> np.ndarray | None:
        """uint8 [128, 128, 4] straight RGBA, or None if this source lacks the emoji."""
        path = self.files.get(hexcode)
        if path is None:
            return None
        with Image.open(path) as image:
            return centred(image)


@dataclass(frozen=True)
class IconSource:
    """An icon set in IconifyJSON: https://iconify.design/docs/types/iconify-json.html."""

    icons: dict[str, Any]
    names: dict[str, str]

    def draw(self, hexcode: str) -> np.ndarray | None:
        """uint8 [128, 128, 4] straight RGBA, or None if this source lacks the emoji."""
        name = self.names.get(hexcode)
        return None if name is None else rasterise(self.svg(name))

    def svg(self, name: str) -> str:
        """The icon as a whole SVG document. Raises RecipeError for an unknown icon."""
        icon: dict[str, Any] = {}
        seen: list[str] = []
        while name not in self.icons["icons"]:
            alias = self.icons.get("aliases", {}).get(name)
            if alias is None or name in seen or alias.keys() & {"rotate", "hFlip", "vFlip"}:
                raise RecipeError(
                    "The icon set {icons} has no plain icon {name}.",
                    icons=self.icons["prefix"],
                    name=name,
                )
            seen.append(name)
            icon = {**alias, **icon}
            name = alias["parent"]
        icon = {**self.icons["icons"][name], **icon}
        left, top = icon.get("left", 0), icon.get("top", 0)
        width = icon.get("width", self.icons.get("width", 16))
        height = icon.get("height", self.icons.get("height", 16))
        return (
            '<svg xmlns="http://www.w3.org/2000/svg" '
            'xmlns:xlink="http://www.w3.org/1999/xlink" '
            f'viewBox="{left} {top} {width} {height}">{icon["body"]}</svg>'
        )


Source = RasterSource | IconSource


def open_source(style: str, packages: Path) -> Source:
    """The source of one style. Raises RecipeError if its package is not unpacked."""
    package = STYLES[style]
    root = package.root(packages)
    if package is FLUENT_3D:
        return RasterSource({_plain(file.stem): file for file in _folder(root / "assets")})
    return IconSource(
        icons=read_json(root / "icons.json", package),
        names={_plain(code): name for code, name in _chars(root, package)},
    )


def _chars(root: Path, package: Package) -> list[tuple[str, str]]:
    return list(read_json(root / "chars.json", package).items())


def _folder(folder: Path) -> list[Path]:
    files = sorted(folder.glob("*.webp"))
    if not files:
        raise RecipeError(
            "There are no images in {folder}.", "Fetch the packages first.", folder=folder
        )
    return files


def _plain(code: str) -> str:
    """A hexcode in emojibase's spelling: upper case, without the presentation selector."""
    return code.upper().replace("-FE0F", "")


def read_json(path: Path, package: Package) -> Any:
    """The parsed file. Raises RecipeError if it is missing or is not JSON."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise RecipeError(
            "{path} of {package} {version} is missing.",
            "Fetch the packages first.",
            path=path,
            package=package.name,
            version=package.version,
        ) from error
    except json.JSONDecodeError as error:
        raise RecipeError("{path} is damaged: {error}", path=path, error=error) from error


def rasterise(svg: str) -> np.ndarray:
    """Draw an SVG document, its longer side 120 pixels: uint8 [128, 128, 4] straight RGBA."""
    import resvg_py  # only building needs it, so reading the data works without

    png = resvg_py.svg_to_bytes(svg_string=svg, width=DRAWN, height=DRAWN)
    with Image.open(io.BytesIO(bytes(png))) as image:
        return centred(image)


def centred(image: Image.Image) -> np.ndarray:
    """Fit an image into 120 x 120 and centre it on transparent 128 x 128 (straight RGBA)."""
    drawing = image.convert("RGBA")
    scale = DRAWN / max(drawing.size)
    size = (max(1, round(drawing.width * scale)), max(1, round(drawing.height * scale)))
    if size != drawing.size:
        # RGBa is premultiplied: the colour of transparent pixels must not bleed into edges.
        resized = drawing.convert("RGBa").resize(size, Image.Resampling.LANCZOS)
        drawing = resized.convert("RGBA")
    canvas = Image.new("RGBA", (SIDE, SIDE))
    canvas.paste(drawing, ((SIDE - size[0]) // 2, (SIDE - size[1]) // 2))
    return np.asarray(canvas)
