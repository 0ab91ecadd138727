"""Naming images by their pixels. Imports no torch."""

from __future__ import annotations

import hashlib

import numpy as np


def digest(pixels: np.ndarray) -> str:
    """SHA-256 in hex of an image's or a mask's shape and pixels, by which a request names it."""
    named = f"{pixels.dtype}{pixels.shape}".encode()
    return hashlib.sha256(named + np.ascontiguousarray(pixels).tobytes()).hexdigest()
