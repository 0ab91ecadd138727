"""Digests of images, by which requests refer to them. Imports no torch."""

from __future__ import annotations

import hashlib

import numpy as np


def digest(pixels: np.ndarray) -> str:
    """SHA-256 in hex of the shape and pixels of an image or a mask."""
    named = f"{pixels.dtype}{pixels.shape}".encode()
    return hashlib.sha256(named + np.ascontiguousarray(pixels).tobytes()).hexdigest()
