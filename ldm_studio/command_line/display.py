"""Whether a window can be opened here."""

from __future__ import annotations

import os
import sys


def window_possible() -> bool:
    """Only X11 and Wayland need telling where the display is."""
    if sys.platform != "linux" or os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"):
        return True
    platform = os.environ.get("QT_QPA_PLATFORM", "")
    return bool(platform) and not platform.startswith(("xcb", "wayland"))
