"""Checks the installation: packages, devices, models, folders; with advice."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from core.errors import ModelError
from ldm_studio.exit_codes import Exit
from ldm_studio.images.image_saving import saver_from_settings
from ldm_studio.settings.settings import load

from . import __version__
from .hardware import GIB, Memory, devices, memory
from .models import found_models
from .paths import config_dir, data_dir, logs_dir, models_dir, state_dir
from .versions import version_of

PACKAGES = ("torch", "PySide6-Essentials", "numpy", "pillow", "safetensors", "tokenizers")
MIN_MEMORY = 2 * GIB
MIN_DISK = GIB
PROBE = "--probe-window"
PROBE_SECONDS = 30
MAX_MODELS = 8


@dataclass(frozen=True)
class Check:
    """A line of the report."""

    name: str
    found: str
    advice: str = ""
    """What to do; empty if all is well."""
    exit: Exit = Exit.OK
    """The exit code of `ldm-studio doctor` if it fails."""


def lines() -> list[str]:
    """The report, for a file."""
    return report_lines(checks())


def report_lines(found: Iterable[Check]) -> list[str]:
    made: list[str] = []
    for check in found:
        made.append(f"{check.name:<20}{check.found}")
        if check.advice:
            made.append(f"{'':<18}> {check.advice}")
    return made


def checks() -> Iterator[Check]:
    """Quick ones first."""
    system = f"Python {platform.python_version()}, {platform.platform()}"
    yield Check("LDM Studio", f"{__version__}, {system}")
    for package in PACKAGES:
        version = version_of(package)
        missing = version == "is not installed" and not getattr(sys, "frozen", False)
        advice = f"Install it: pip install {package}" if missing else ""
        yield Check(package, version, advice)
    yield _window()
    yield _memory("memory", memory())
    yield from _devices()
    yield from _models()
    yield from _folders()
    loaded = load_settings()
    if loaded is not None:
        yield loaded


def _window() -> Check:
    """In its own process, because a broken platform plugin ends the process."""
    frozen = getattr(sys, "frozen", False)
    command = [sys.executable] if frozen else [sys.executable, "-m", "ldm_studio"]
    try:
        done = subprocess.run(
            [*command, "doctor", PROBE],
            capture_output=True,
            text=True,
            timeout=PROBE_SECONDS,
            check=False,
            cwd=Path(__file__).parents[1],
        )
    except subprocess.TimeoutExpired:
        return Check("window", "does not open", "Is the display reachable? It did not answer.")
    if done.returncode == 0:
        return Check("window", done.stdout.strip())
    stderr = " ".join(done.stderr.split())
    return Check("window", "cannot be opened", _window_advice(stderr))


def _window_advice(stderr: str) -> str:
    if sys.platform == "linux" and not (
        os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    ):
        return 'There is no display here. ldm-studio generate "a red heart" needs none.'
    for library in ("libGL.so.1", "libEGL.so.1", "libxkbcommon", "libdbus-1", "xcb-cursor"):
        if library.casefold() in stderr.casefold():
            return (
                f"{library} is missing. On Debian and Ubuntu: apt install libgl1 libegl1 "
                "libxkbcommon-x11-0 libdbus-1-3 libxcb-cursor0 libxcb-icccm4 libxcb-keysyms1"
            )
    return f"Qt says: {stderr[:300]}"


def _memory(name: str, found: Memory) -> Check:
    short = found.free is not None and found.free < MIN_MEMORY
    advice = "Close other programs, or choose smaller images." if short else ""
    return Check(name, str(found), advice)


def _devices() -> Iterator[Check]:
    try:
        found = devices()
    except (ImportError, OSError) as error:
        advice = f"PyTorch cannot be used: {error}. Install it again: pip install --upgrade torch"
        yield Check("device", "none", advice, Exit.MODEL)
        return
    import torch

    for device in found:
        precisions = ", ".join(device.precisions) or "nothing"
        cores = f", {device.cores} cores" if device.cores > 1 else ""
        words = f"{device.title}{cores}; {device.memory}; computes in {precisions}"
        advice = "" if "float32" in device.precisions else "Update its driver, or use another."
        yield Check(device.name, words, advice)
    yield Check("threads", str(torch.get_num_threads()))
    if len(found) == 1:
        yield Check("GPU", "none that PyTorch can use", _gpu_advice(torch.__version__))


def _gpu_advice(version: str) -> str:
    if shutil.which("nvidia-smi"):
        if "+cpu" in version:
            return (
                "There is an NVIDIA driver, but this PyTorch is for the CPU alone: install the "
                "build for CUDA, as pytorch.org says."
            )
        return "There is an NVIDIA driver, but it does not answer: is it older than this PyTorch?"
    return ""


def _models() -> Iterator[Check]:
    try:
        from core.checkpoints.load_model import DEFAULT_MODEL, load_model

        model = load_model(DEFAULT_MODEL)
    except ModelError as error:
        yield Check("model", str(error), "Install LDM Studio again.", Exit.MODEL)
    except (ImportError, OSError) as error:  # the device check has reported it
        yield Check("model", f"cannot be tried: {error}", "", Exit.MODEL)
    else:
        yield Check("model", f"{model.name}, hash {model.digest[:10]}, {DEFAULT_MODEL}")
    found = found_models.find_models(found_models.added_folders())[1:]
    broken = [model for model in found if model.problem]
    yield Check("your models", f"{len(found) - len(broken)} usable, in {models_dir()} and yours")
    for model in broken[:MAX_MODELS]:
        yield Check("", f"{model.path.name}: {model.problem}")


def _folders() -> Iterator[Check]:
    folders = {
        "pictures": saver_from_settings().root,
        "settings": config_dir(),
        "data": data_dir(),
        "state": state_dir(),
        "logs": logs_dir(),
    }
    for name, folder in folders.items():
        existing = folder
        while not existing.exists():
            existing = existing.parent
        try:
            with tempfile.TemporaryFile(dir=existing):
                free = shutil.disk_usage(existing).free
        except OSError as error:
            words = f"{folder} (not writable: {error.strerror})"
            yield Check(name, words, "Choose another folder, or its owner.", Exit.IMAGE)
            continue
        short = free < MIN_DISK
        advice = "The disk is nearly full: nothing more can be kept soon." if short else ""
        yield Check(name, f"{folder}, {free / GIB:.1f} GiB free", advice)


def load_settings() -> Check | None:
    """The problems of the settings; the file is left unchanged."""
    path = config_dir() / "settings.json"
    if not path.exists():
        return None
    with tempfile.TemporaryDirectory() as folder:  # because a damaged file is set aside
        copy = Path(folder) / path.name
        try:
            shutil.copy(path, copy)
        except OSError as error:
            return Check("settings file", f"{path}: {error.strerror or error}")
        loaded = load(copy)
    return Check("settings file", str(path), str(loaded.problem))
