"""Texts about models in lists."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from PySide6.QtCore import QLocale

from core.errors import Message
from ldm_studio.models import found_models
from ldm_studio.models.found_models import FoundModel
from ldm_studio.translation import QT_TRANSLATE_NOOP, translate, translate_message

from .file_picker import FileItem

_VARIANTS = (
    QT_TRANSLATE_NOOP("ModelBox", "depth"),
    QT_TRANSLATE_NOOP("ModelBox", "inpainting"),
    QT_TRANSLATE_NOOP("ModelBox", "upscaling"),
)
"""Translatable words after the name of a family."""


def family(model: FoundModel) -> str:
    """Such as "Stable Diffusion 1, inpainting"; empty if unknown."""
    name, *variants = translate_message(model.kind).split(", ")
    return ", ".join((name, *(translate("ModelBox", variant) for variant in variants)))


def labels(listed: Sequence[FoundModel]) -> list[str]:
    """Their names, distinguished if several are equal."""
    counts = Counter(model.name for model in listed)
    return [_label(model, alone=counts[model.name] == 1) for model in listed]


def _label(model: FoundModel, *, alone: bool) -> str:
    if model.reference == found_models.DEFAULT:
        return translate("ModelBox", "{name} (default)").format(name=model.name)
    if alone:
        return model.name
    path = model.path
    where = f"{path.parent.name}/{path.name}" if model.is_checkpoint and path.suffix else path.name
    return f"{model.name} ({where})"


def item(model: FoundModel, label: str) -> FileItem:
    """Family, size, precision and preview for the picker."""
    return FileItem(
        key=model.reference,
        title=label,
        detail=" · ".join(filter(None, (family(model), _size(model), _lack(model)))),
        tip=about(model),
        path=model.path if model.is_checkpoint else None,
        problem=_reason(model),
    )


def _reason(model: FoundModel) -> str:
    """Why it cannot be chosen, in few words."""
    reason = model.problem.value("error")
    problem = reason if isinstance(reason, Message) else model.problem
    return translate_message(problem.shorten_path(str(model.path), model.path.name))


def about(model: FoundModel) -> str:
    """The tooltip: family, problem, path."""
    lines = (family(model), _size(model), _lack(model), _reason(model), str(model.path))
    return "\n".join(filter(None, lines))


def _lack(model: FoundModel) -> str:
    vae = translate("ModelBox", "needs a VAE") if model.lacks_vae else ""
    text = translate("ModelBox", "text from other files") if model.lacks_text else ""
    return " · ".join(filter(None, (vae, text)))


def _size(model: FoundModel) -> str:
    """Size and precision, as far as they are known."""
    size = QLocale().formattedDataSize(model.size, 1) if model.size else ""
    return " · ".join(filter(None, (size, model.precision)))
