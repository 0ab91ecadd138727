"""Which parameters go together in the store, by their names in the table."""

from __future__ import annotations

from core.request.parameters import PARAMETERS, in_panel

FIRST_VALUES = {
    "sampler": "Euler a",
    "steps": 8,
    "cfg": 3.0,
    "strength": 0.75,
    "match": True,
}
"""Those that are not a request's defaults. Sampling is as suits the model that comes with the
program: right before it is loaded, too."""

FOLLOWING = (("sampler", "schedule"), ("steps",), ("cfg",), ("width", "height"), ("noise_level",))
"""What belongs together of the settings that models have as their own."""
MODEL_FIELDS = tuple(name for names in FOLLOWING for name in names)

SAMPLING = tuple(
    name
    for name, row in PARAMETERS.items()
    if row.field.startswith(("guidance.", "options.", "levels."))
)
"""What a model's recommended settings reset."""

MORE = tuple(row.name for row in in_panel("more"))
"""The seldom used parameters."""

KEEP_CHANGES = ("seed", "seed_locked", "count", "more_open", "finer_open", "model_folders")
"""Editing these leaves it sensible to ask for the applied changes again."""
