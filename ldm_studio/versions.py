"""Versions of the program and its dependencies."""

from __future__ import annotations

import platform

from . import __version__


def versions() -> list[str]:
    """The versions for a bug report."""
    return [
        f"LDM Studio {__version__} on Python {platform.python_version()}, {platform.platform()}",
        *(f"{name} {version_of(name)}" for name in ("PySide6-Essentials", "torch", "numpy")),
    ]


def version_of(name: str) -> str:
    """Of an installed package."""
    from importlib.metadata import PackageNotFoundError, version  # takes long, and rarely needed

    try:
        return version(name)
    except PackageNotFoundError:
        return "is not installed"
