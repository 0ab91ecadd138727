"""What the settings of pictures are called, by the names that they have in files."""

from __future__ import annotations

from ldm_studio.translation import QT_TRANSLATE_NOOP, translate

_KNOWN = frozenset((
    QT_TRANSLATE_NOOP("Settings of pictures", "Prompt"),
    QT_TRANSLATE_NOOP("Settings of pictures", "Negative prompt"),
    QT_TRANSLATE_NOOP("Settings of pictures", "Steps"),
    QT_TRANSLATE_NOOP("Settings of pictures", "Sampler"),
    QT_TRANSLATE_NOOP("Settings of pictures", "Schedule type"),
    QT_TRANSLATE_NOOP("Settings of pictures", "CFG scale"),
    QT_TRANSLATE_NOOP("Settings of pictures", "Seed"),
    QT_TRANSLATE_NOOP("Settings of pictures", "Size"),
    QT_TRANSLATE_NOOP("Settings of pictures", "Model"),
    QT_TRANSLATE_NOOP("Settings of pictures", "Model hash"),
    QT_TRANSLATE_NOOP("Settings of pictures", "VAE"),
    QT_TRANSLATE_NOOP("Settings of pictures", "VAE hash"),
    QT_TRANSLATE_NOOP("Settings of pictures", "Denoising strength"),
    QT_TRANSLATE_NOOP("Settings of pictures", "Made with"),
    QT_TRANSLATE_NOOP("Settings of pictures", "Collection"),
    QT_TRANSLATE_NOOP("Settings of pictures", "Folder"),
    QT_TRANSLATE_NOOP("Settings of pictures", "Clip skip"),
    QT_TRANSLATE_NOOP("Settings of pictures", "Prompt syntax"),
    QT_TRANSLATE_NOOP("Settings of pictures", "Variation seed"),
    QT_TRANSLATE_NOOP("Settings of pictures", "Variation seed strength"),
    QT_TRANSLATE_NOOP("Settings of pictures", "Noise"),
    QT_TRANSLATE_NOOP("Settings of pictures", "Mask mode"),
    QT_TRANSLATE_NOOP("Settings of pictures", "Mask blur"),
    QT_TRANSLATE_NOOP("Settings of pictures", "Inpaint area"),
    QT_TRANSLATE_NOOP("Settings of pictures", "Masked area padding"),
    QT_TRANSLATE_NOOP("Settings of pictures", "Masked content"),
    QT_TRANSLATE_NOOP("Settings of pictures", "Schedule min sigma"),
    QT_TRANSLATE_NOOP("Settings of pictures", "Schedule max sigma"),
    QT_TRANSLATE_NOOP("Settings of pictures", "Schedule rho"),
    QT_TRANSLATE_NOOP("Settings of pictures", "Sigmas"),
    QT_TRANSLATE_NOOP("Settings of pictures", "Eta"),
    QT_TRANSLATE_NOOP("Settings of pictures", "Eta DDIM"),
    QT_TRANSLATE_NOOP("Settings of pictures", "Sigma churn"),
    QT_TRANSLATE_NOOP("Settings of pictures", "Sigma tmin"),
    QT_TRANSLATE_NOOP("Settings of pictures", "Sigma tmax"),
    QT_TRANSLATE_NOOP("Settings of pictures", "Sigma noise"),
    QT_TRANSLATE_NOOP("Settings of pictures", "UniPC order"),
    QT_TRANSLATE_NOOP("Settings of pictures", "Solver order"),
    QT_TRANSLATE_NOOP("Settings of pictures", "CFG Rescale"),
    QT_TRANSLATE_NOOP("Settings of pictures", "Guidance start"),
    QT_TRANSLATE_NOOP("Settings of pictures", "Guidance end"),
    QT_TRANSLATE_NOOP("Settings of pictures", "Mimic scale"),
    QT_TRANSLATE_NOOP("Settings of pictures", "Threshold percentile"),
    QT_TRANSLATE_NOOP("Settings of pictures", "Image CFG scale"),
    QT_TRANSLATE_NOOP("Settings of pictures", "Noise level"),
    QT_TRANSLATE_NOOP("Settings of pictures", "Tile"),
    QT_TRANSLATE_NOOP("Settings of pictures", "Template"),
    QT_TRANSLATE_NOOP("Settings of pictures", "Negative Template"),
    QT_TRANSLATE_NOOP("Settings of pictures", "Changes"),
    QT_TRANSLATE_NOOP("Settings of pictures", "Refiner"),
    QT_TRANSLATE_NOOP("Settings of pictures", "Refiner switch at"),
))  # fmt: skip


def setting(name: str) -> str:
    """In the language of the interface; as it is where it is one of another program alone."""
    return translate("Settings of pictures", name) if name in _KNOWN else name
