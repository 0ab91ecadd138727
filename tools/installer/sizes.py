"""How large everything is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path

GROUPS = (
    ("PyTorch", ("torch", "torchgen", "functorch")),
    ("CUDA", ("nvidia", "triton")),
    ("Qt", ("PySide6", "shiboken6")),
    ("NumPy", ("numpy", "numpy.libs")),
    ("Pillow", ("PIL", "pillow.libs")),
    ("default model", ("resources",)),
    ("tokenizers, safetensors", ("tokenizers", "safetensors")),
)
REST = "Python and the program"


def breakdown(inner: Path) -> Mapping[str, int]:
    """Bytes of each group in the bundle's library folder `inner`, the largest first."""
    groups = {folder: name for name, folders in GROUPS for folder in folders}
    sizes: Counter[str] = Counter()
    for path in inner.rglob("*"):
        if path.is_file() and not path.is_symlink():
            first = path.relative_to(inner).parts[0]
            sizes[groups.get(first, REST)] += path.stat().st_size
    return dict(sizes.most_common())


def mib(size: int) -> str:
    return f"{size / 2**20:,.1f} MiB"


def table(inner: Path) -> str:
    parts = breakdown(inner)
    rows = [*parts.items(), ("together", sum(parts.values()))]
    return "\n".join(f"  {name:<26}{mib(size):>14}" for name, size in rows)


def largest(inner: Path, count: int = 10) -> list[tuple[str, int]]:
    """The largest files: (path, bytes)."""
    files = [
        (path.relative_to(inner).as_posix(), path.stat().st_size)
        for path in inner.rglob("*")
        if path.is_file() and not path.is_symlink()
    ]
    return sorted(files, key=lambda item: -item[1])[:count]
