"""Groups of parameters in the store, by their names in the table."""

from __future__ import annotations

from core.request.parameters import PARAMETERS, in_panel

FIRST_VALUES = {
    "sampler": "Euler a",
    "steps": 8,
    "cfg": 3.0,
    "strength": 0.75,
    "match": True,
}
"""Defaults that differ from those of a request. Sampling suits the model that ships with the
program, even before it is loaded."""

FOLLOWING = (("sampler", "schedule"), ("steps",), ("cfg",), ("width", "height"), ("noise_level",))
"""Groups of settings for which models have their own defaults."""
MODEL_FIELDS = tuple(name for names in FOLLOWING for name in names)

SAMPLING = tuple(
    name
    for name, row in PARAMETERS.items()
    if row.field.startswith(("guidance.", "options.", "levels."))
)
"""The parameters that are reset to a model's recommended settings."""

MORE = tuple(row.name for row in in_panel("more"))
"""The advanced parameters."""

KEEP_CHANGES = ("seed", "seed_locked", "count", "more_open", "finer_open", "model_folders")
"""Editing these keeps the applied changes meaningful."""
