"""Timeouts of tests: so long that only hanging code exceeds them."""

from __future__ import annotations

HANG_SECONDS = 300.0
"""For events, threads and windows. The timeout of a whole test, in pyproject.toml, is longer;
processes that a test starts have no other timeout."""
