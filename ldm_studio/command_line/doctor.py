"""`ldm-studio doctor`: what the program runs on, and what is missing."""

from __future__ import annotations

import platform
import tempfile
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from core.errors import ModelError

from .. import __version__
from ..paths import config_dir, data_dir, pictures_dir, state_dir

_PACKAGES = ("torch", "PySide6-Essentials", "numpy", "pillow", "safetensors", "tokenizers")


def run() -> int:
    """Print the report; 0 when pictures can be made and kept, 3 or 4 as `generate` would."""
    _line("LDM Studio", f"{__version__}, Python {platform.python_version()}, {platform.platform()}")
    for package in _PACKAGES:
        _line(package, _version(package))
    model_found = _report_model()
    folders = {
        "pictures": pictures_dir(),
        "settings": config_dir(),
        "data": data_dir(),
        "state": state_dir(),
    }
    problems = {name: _problem(folder) for name, folder in folders.items()}
    for name, folder in folders.items():
        _line(name, f"{folder} {problems[name]}".strip())
    if not model_found:
        return 3
    return 4 if any(problems.values()) else 0


def _report_model() -> bool:
    import torch

    from core.model import DEFAULT_MODEL, load_model

    gpu = torch.cuda.get_device_name() if torch.cuda.is_available() else "none"
    _line("GPU", gpu)
    _line("threads", str(torch.get_num_threads()))
    try:
        model = load_model(DEFAULT_MODEL)
    except ModelError as error:
        _line("model", str(error))
        return False
    _line("model", f"{model.name}, hash {model.digest[:10]}, {DEFAULT_MODEL}")
    return True


def _problem(folder: Path) -> str:
    """Why nothing can be saved in `folder`; empty when it can."""
    existing = folder
    while not existing.exists():
        existing = existing.parent
    try:
        with tempfile.TemporaryFile(dir=existing):
            return ""
    except OSError as error:
        return f"(not writable: {error.strerror})"


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "missing"


def _line(name: str, value: str) -> None:
    print(f"{name:<20}{value}")
