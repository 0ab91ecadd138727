"""Names of the settings of images, by their names in files."""

from __future__ import annotations

from core.request.parameters import PARAMETERS
from ldm_studio.store.parameter_texts import text_of
from ldm_studio.translation import QT_TRANSLATE_NOOP, translate

_KNOWN = frozenset(
    (
        QT_TRANSLATE_NOOP("Settings of images", "Prompt"),
        QT_TRANSLATE_NOOP("Settings of images", "Negative prompt"),
        QT_TRANSLATE_NOOP("Settings of images", "Size"),
        QT_TRANSLATE_NOOP("Settings of images", "Model"),
        QT_TRANSLATE_NOOP("Settings of images", "Model hash"),
        QT_TRANSLATE_NOOP("Settings of images", "VAE"),
        QT_TRANSLATE_NOOP("Settings of images", "VAE hash"),
        QT_TRANSLATE_NOOP("Settings of images", "Made with"),
        QT_TRANSLATE_NOOP("Settings of images", "Collection"),
        QT_TRANSLATE_NOOP("Settings of images", "Folder"),
        QT_TRANSLATE_NOOP("Settings of images", "Template"),
        QT_TRANSLATE_NOOP("Settings of images", "Negative Template"),
        QT_TRANSLATE_NOOP("Settings of images", "Changes"),
    )
)
_TITLES = {key.name: row.title for row in PARAMETERS.values() for key in row.infotext}


def setting(name: str) -> str:
    """In the language of the interface; unchanged if only another program has it."""
    if name in _TITLES:
        return text_of(_TITLES[name])
    return translate("Settings of images", name) if name in _KNOWN else name
