"""Names of settings in sentences."""

from __future__ import annotations

from core.request.parameters import PARAMETERS
from ldm_studio.store.parameter_texts import text_of
from ldm_studio.translation import QT_TRANSLATE_NOOP, translate

_OTHERS = {
    "template": QT_TRANSLATE_NOOP("Setting", "wildcards"),
    "negative_template": QT_TRANSLATE_NOOP("Setting", "wildcards of the negative prompt"),
    "control": QT_TRANSLATE_NOOP("Setting", "control image"),
    "conditions": QT_TRANSLATE_NOOP("Setting", "conditions"),
}
"""Fields that are not parameters."""

_TITLES = {
    **{row.field.partition(".")[0]: row.group.title for row in PARAMETERS.values()},
    **{row.field: row.title for row in PARAMETERS.values()},
    "guidance": QT_TRANSLATE_NOOP("Parameters", "Guidance"),
    "inpaint": QT_TRANSLATE_NOOP("Parameters", "Inpainting"),
}
"""By the fields of a request; a part has the name of its parameters' group."""


def name_of(field: str) -> str:
    """The name of a field of `Request`, in the language of the window."""
    return translate("Setting", _OTHERS[field]) if field in _OTHERS else text_of(_TITLES[field])
