"""What settings are called where a sentence names them."""

from __future__ import annotations

from ldm_studio.translation import QT_TRANSLATE_NOOP, translate

_NAMES = {
    "model": QT_TRANSLATE_NOOP("Setting", "model"),
    "vae": QT_TRANSLATE_NOOP("Setting", "VAE"),
    "syntax": QT_TRANSLATE_NOOP("Setting", "syntax"),
    "clip_skip": QT_TRANSLATE_NOOP("Setting", "clip skip"),
    "template": QT_TRANSLATE_NOOP("Setting", "wildcards"),
    "negative_template": QT_TRANSLATE_NOOP("Setting", "wildcards of the negative prompt"),
    "seed": QT_TRANSLATE_NOOP("Setting", "seed"),
    "width": QT_TRANSLATE_NOOP("Setting", "width"),
    "height": QT_TRANSLATE_NOOP("Setting", "height"),
    "count": QT_TRANSLATE_NOOP("Setting", "number of pictures"),
    "strength": QT_TRANSLATE_NOOP("Setting", "strength"),
    "inpaint": QT_TRANSLATE_NOOP("Setting", "mask options"),
    "control": QT_TRANSLATE_NOOP("Setting", "control picture"),
    "noise_level": QT_TRANSLATE_NOOP("Setting", "noise level"),
    "tile": QT_TRANSLATE_NOOP("Setting", "tiles"),
    "guidance": QT_TRANSLATE_NOOP("Setting", "finer guidance"),
    "options": QT_TRANSLATE_NOOP("Setting", "sampler options"),
    "levels": QT_TRANSLATE_NOOP("Setting", "noise levels"),
    "noise": QT_TRANSLATE_NOOP("Setting", "way of noise"),
    "variation": QT_TRANSLATE_NOOP("Setting", "variation"),
}


def name_of(field: str) -> str:
    """Of a field of `Request`, in the language of the window."""
    return translate("Setting", _NAMES.get(field, field))
