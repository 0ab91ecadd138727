"""Opens images from files and the clipboard with their settings, and fits them to a model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PySide6.QtGui import QImage

from core.errors import RequestError
from core.request.request import Request
from ldm_studio.canvas.document.qimage import from_qimage
from ldm_studio.engine_protocol import ModelInfo
from ldm_studio.images import image_files
from ldm_studio.models.model_mismatch import compare_with_local, find_mismatches
from ldm_studio.store.model_limits import admit, unused_settings
from ldm_studio.translation import joined, translate, translate_message


@dataclass(frozen=True, eq=False)
class OpenedImage:
    """An image, ready to start from."""

    rgb: np.ndarray
    """uint8 [H, W, 3]"""
    note: str = ""
    """How it was made to fit, in a sentence."""
    request: Request | None = None
    """Its settings, if it has any."""
    ignored: tuple[str, ...] = ()
    """Unsupported settings of another program."""
    differing: tuple[str, ...] = ()
    """Files that differ from the local ones, in sentences."""


def load(
    source: str | QImage, model: ModelInfo | None, base: Request, folders: Sequence[str] = ()
) -> OpenedImage:
    """`base` has the settings that another program's image does not name; `folders`: the user's
    model folders.

    Raises ImageError or MemoryShortage.
    """
    request, ignored, others, notes = None, (), (), []
    if isinstance(source, QImage):
        rgb = from_qimage(source)
    else:
        path = Path(source)
        rgb = image_files.load_image(path)
        if (count := image_files.frames(path)) > 1:
            notes.append(
                translate("Opening", "The first of its {count} images is used.").format(count=count)
            )
        try:
            request, ignored, others = _settings(path, base, folders)
        except RequestError as error:
            notes.append(
                translate("Opening", "The recipe cannot be used: {message}").format(
                    message=translate_message(error.message)
                )
            )
    if request is not None:
        ignored = (*ignored, *unused_settings(request, model))
    if model is not None:
        rgb, note = admit(rgb, model)
        notes.append(note)
    return OpenedImage(rgb, joined(*notes), request, ignored, others)


def _settings(
    path: Path, base: Request, folders: Sequence[str]
) -> tuple[Request | None, tuple[str, ...], tuple[str, ...]]:
    """The settings in a file of any program, the unsupported ones, and the files that differ here.

    Raises RequestError for an unreadable recipe of this program.
    """
    from ldm_studio.history.image_reader import (
        scan,  # the formats of all programs: not before a file is opened
    )

    found = scan(path).recipe
    if found is None:
        return None, (), ()
    if found.request:
        return Request.from_json(found.request), found.ignored(), ()
    if not (found.info.prompt or found.info.settings):
        return None, (), ()
    restored = found.restored(base)
    others = find_mismatches(found.info.settings, folders, compute=True)
    return compare_with_local(restored.request, folders), restored.ignored, others
