"""How long tests wait: for so long that only what hangs is not there by then."""

from __future__ import annotations

HANG_SECONDS = 300.0
"""For events, threads and windows. The time-out of a whole test, in pyproject.toml, is longer;
processes that a test starts have no other than that."""
