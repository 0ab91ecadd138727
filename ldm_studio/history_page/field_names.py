"""What the settings of images are called, by the names that they have in files."""

from __future__ import annotations

from core.request.parameters import PARAMETERS
from ldm_studio.store.parameter_texts import text_of
from ldm_studio.translation import QT_TRANSLATE_NOOP, translate

_KNOWN = frozenset(
    (
        QT_TRANSLATE_NOOP("Settings of pictures", "Prompt"),
        QT_TRANSLATE_NOOP("Settings of pictures", "Negative prompt"),
        QT_TRANSLATE_NOOP("Settings of pictures", "Size"),
        QT_TRANSLATE_NOOP("Settings of pictures", "Model"),
        QT_TRANSLATE_NOOP("Settings of pictures", "Model hash"),
        QT_TRANSLATE_NOOP("Settings of pictures", "VAE"),
        QT_TRANSLATE_NOOP("Settings of pictures", "VAE hash"),
        QT_TRANSLATE_NOOP("Settings of pictures", "Made with"),
        QT_TRANSLATE_NOOP("Settings of pictures", "Collection"),
        QT_TRANSLATE_NOOP("Settings of pictures", "Folder"),
        QT_TRANSLATE_NOOP("Settings of pictures", "Template"),
        QT_TRANSLATE_NOOP("Settings of pictures", "Negative Template"),
        QT_TRANSLATE_NOOP("Settings of pictures", "Changes"),
    )
)
_TITLES = {key.name: row.title for row in PARAMETERS.values() for key in row.infotext}


def setting(name: str) -> str:
    """In the language of the interface; as it is where it is one of another program alone."""
    if name in _TITLES:
        return text_of(_TITLES[name])
    return translate("Settings of pictures", name) if name in _KNOWN else name
