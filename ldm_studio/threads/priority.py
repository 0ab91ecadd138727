"""Lowers the priority of threads, so that the window stays responsive."""

from __future__ import annotations

import os
import sys
import threading

NICENESS = 10


def lower_priority() -> None:
    """Lowers the priority of this thread and of threads that it starts later; Linux only."""
    if sys.platform == "linux":
        thread = threading.get_native_id()
        now = os.getpriority(os.PRIO_PROCESS, thread)
        os.setpriority(os.PRIO_PROCESS, thread, max(now, NICENESS))
