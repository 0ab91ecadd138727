"""Noise profiles: whose noise is reproduced. Names and summaries for the user."""

from __future__ import annotations

from collections.abc import Mapping

STUDIO = "Studio"
A1111_CPU = "A1111 CPU"
A1111_NV = "A1111 NV"
COMFYUI = "ComfyUI"

PROFILES: Mapping[str, str] = {
    STUDIO: "The same on every device and in every batch; each step draws its own.",
    A1111_CPU: "Like AUTOMATIC1111 with the random number source CPU.",
    A1111_NV: "Like AUTOMATIC1111 on an NVIDIA card, or with the source NV.",
    COMFYUI: "Like ComfyUI on an NVIDIA card, for the first image of a batch.",
}
"""One sentence each. Other programs' Brownian noise (DPM++ SDE and its kin) is not reproduced: with
those samplers the initial noise follows the profile, and step noise is drawn sequentially.
"""
