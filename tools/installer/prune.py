"""Removes files from a frozen tree that the program never opens."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from fnmatch import fnmatch
from pathlib import Path

from . import elf
from .libraries import BROUGHT, is_system, unneeded

NEVER = (
    # For building against, typing and testing.
    "*.a",
    "*.h",
    "*.lib",
    "*.pyi",
    "*.pyx",
    "*.pxd",
    "*/py.typed",
    "torch/include/*",
    "torch/share/*",
    "torch/test/*",
    "torch/testing/*",
    "torch/bin/*",
    "torch/_inductor/codegen/*",  # templates for a C++ compiler, which few have installed
    "torch/_inductor/kernel/*",
    "torch/lib/libaoti_custom_ops.so",
    "torch/lib/libbackend_with_compiler.so",
    "torch/lib/libjitbackend_test.so",
    "torch/lib/libtorchbind_test.so",
    "numpy/*/tests/*",
    # Qt: displays that no desktop has, and what only QML or the network uses.
    "PySide6/Qt/plugins/egldeviceintegrations/*",
    "PySide6/Qt/plugins/platforms/*qeglfs*",
    "PySide6/Qt/plugins/platforms/*qlinuxfb*",
    "PySide6/Qt/plugins/platforms/*qminimal*",
    "PySide6/Qt/plugins/platforms/*qvkkhrdisplay*",
    "PySide6/Qt/plugins/platforms/*qvnc*",
    "PySide6/Qt/plugins/platforminputcontexts/*virtualkeyboard*",
    "PySide6/Qt/plugins/imageformats/*pdf*",
    "PySide6/Qt/plugins/networkinformation/*",
    "PySide6/Qt/plugins/tls/*",
    "PySide6/Qt/plugins/qmltooling/*",
    "PySide6/Qt/qml/*",
    "PySide6/Qt/metatypes/*",
)
"""Patterns of paths below the bundle's library folder."""

EVER = ("torch/bin/torch_shm_manager",)
"""What of it must stay: `import torch` looks whether this program is there."""

_TRANSLATION = re.compile(r"PySide6/(?:Qt/)?translations/(?!qtbase_).*")
_QT = re.compile(r"PySide6/(?:Qt/lib/|)(?:lib)?Qt6\w+\.(?:so|dll).*")


def is_left_out(path: str) -> bool:
    """`path` is relative to the folder of libraries, with slashes."""
    if path in EVER:
        return False
    # PyInstaller lays the same file of Qt for Windows without the folder "Qt".
    named = path.replace("PySide6/plugins", "PySide6/Qt/plugins")
    return any(fnmatch(named, rule) for rule in NEVER) or bool(_TRANSLATION.fullmatch(path))


def prune(inner: Path, sources: Mapping[str, str]) -> None:
    """Remove it from `inner`, the folder of libraries; `sources`: its files -> where they were."""
    for path in list(_files(inner)):
        if is_left_out(path.relative_to(inner).as_posix()) or _left_to_system(inner, path, sources):
            path.unlink()
    libraries = elf.read_all(inner)
    removable = [path for path in libraries if _QT.fullmatch(path.relative_to(inner).as_posix())]
    for path in unneeded(libraries, removable):
        path.unlink()
    for path in inner.glob("libpython3*.so*"):
        _strip(path)
    _tidy(inner)


def _strip(library: Path) -> None:
    """Debugging information is most of a Python that was built by hand."""
    if program := shutil.which("strip"):
        subprocess.run([program, "--strip-unneeded", str(library)], check=True)


def _left_to_system(inner: Path, path: Path, sources: Mapping[str, str]) -> bool:
    source = sources.get(path.relative_to(inner).as_posix())
    return source is not None and is_system(Path(source)) and not BROUGHT.match(path.name)


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if path.is_file() or path.is_symlink())


def _tidy(folder: Path) -> None:
    """No links to what is gone, no empty folders."""
    for path in folder.rglob("*"):
        if path.is_symlink() and not path.exists():
            path.unlink()
    for path in sorted(folder.rglob("*"), reverse=True):  # the deepest first
        if path.is_dir() and not path.is_symlink() and not any(path.iterdir()):
            path.rmdir()
