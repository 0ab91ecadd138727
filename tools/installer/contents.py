"""The contents of the bundle: what is included and excluded, and why."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .naming import APPLICATION, BUNDLE_ID, LICENCE, PUBLISHER

NOT_SHIPPED = ("resources/readme",)
"""Images of the README. pyproject.toml leaves the same out of the wheel."""

PACKAGES = ("core", "ldm_studio", "resources")

DOCS = ("docs", "resources/docs")
"""The documentation: where it is in the sources, and where the program looks when it is installed.
setup.py puts it there in the wheel."""

ASKED_FOR = ("torch", "PySide6-Essentials", "numpy", "pillow", "safetensors", "tokenizers")
"""Packages whose versions the program asks for while it runs."""

EXCLUDED = [
    "tkinter",
    "curses",
    "readline",
    "dbm",
    "pip",
    "setuptools",
    "pydoc_data",
    "lib2to3",
    "idlelib",
    "ensurepip",
    # Tests, benchmarks and what reports to other programs.
    "torch.utils.benchmark",
    "torch.utils.bottleneck",
    "torch.utils.tensorboard",
    "torch.utils.model_dump",
    "torch.utils.hipify",
    "numpy.f2py",
    "numpy.testing",
    "numpy._core.tests",
    "numpy.distutils",
]
"""Modules that nothing in the program imports, even when it trains."""

_TESTS = "torch.testing._internal."
_USED_TESTS = {
    _TESTS + name
    for name in ("common_dtype", "logging_tensor", "distributed", "distributed.fake_pg")
}
"""By torch itself: the first two whenever it is imported, or trains."""

READS_ITSELF = re.compile(r"\binstall_config_module\(|(?<!\w)_overload(_method)?\b")
"""Modules of torch that say this read their own source when they are imported."""

ICON = {"win32": "ldm-studio.ico", "darwin": "ldm-studio.icns"}


def is_module_left_out(name: str) -> bool:
    """Of the modules that PyInstaller's recipes collect without asking."""
    return name.startswith(_TESTS) and name not in _USED_TESTS


def data_files(root: Path) -> Iterator[tuple[str, str]]:
    """(file, folder in the bundle) of what is not code: model, icons, vocabularies, docs."""
    for package in PACKAGES:
        for path in sorted((root / package).rglob("*")):
            name = path.relative_to(root).as_posix()
            if name.startswith(NOT_SHIPPED) or not path.is_file():
                continue
            if path.suffix not in (".py", ".pyc"):
                yield str(path), str(Path(name).parent)
    source, place = DOCS
    for path in sorted((root / source).rglob("*")):
        if path.is_file():
            yield str(path), str(Path(place, path.relative_to(root / source)).parent)


def sources_read(torch: Path) -> Iterator[tuple[str, str]]:
    """(file, folder in the bundle) of torch's modules that read their own source."""
    for path in sorted(torch.rglob("*.py")):
        if path.relative_to(torch).parts[0] in ("test", "testing"):
            continue
        if READS_ITSELF.search(path.read_text(encoding="utf-8")):
            yield str(path), str(path.relative_to(torch.parent).parent)


def info_plist(version: str) -> dict[str, Any]:
    """Of the macOS application: what Finder knows of it, and what it opens."""
    safetensors = f"{BUNDLE_ID}.safetensors"
    return {
        "CFBundleShortVersionString": version,
        "CFBundleVersion": version,
        "CFBundleDisplayName": APPLICATION,
        "CFBundleLocalizations": ["en", "zh-Hans"],
        "LSApplicationCategoryType": "public.app-category.graphics-design",
        "NSHighResolutionCapable": True,
        "NSHumanReadableCopyright": f"{PUBLISHER}, {LICENCE}",
        "CFBundleDocumentTypes": [
            {
                "CFBundleTypeName": "Image",
                "CFBundleTypeRole": "Editor",
                "LSHandlerRank": "Alternate",
                "LSItemContentTypes": ["public.png", "public.jpeg", "org.webmproject.webp"],
            },
            {
                "CFBundleTypeName": "Model weights",
                "CFBundleTypeRole": "Viewer",
                "LSHandlerRank": "Alternate",
                "LSItemContentTypes": [safetensors],
            },
        ],
        "UTImportedTypeDeclarations": [
            {
                "UTTypeIdentifier": safetensors,
                "UTTypeDescription": "Model weights (safetensors)",
                "UTTypeConformsTo": ["public.data"],
                "UTTypeTagSpecification": {"public.filename-extension": ["safetensors"]},
            }
        ],
    }
