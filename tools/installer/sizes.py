"""Reports the sizes of a bundle's parts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
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


def breakdown(tree: Path, libraries: Iterable[Path]) -> Mapping[str, int]:
    """Bytes of each group in the bundle, the largest first; `libraries`: the folders of them."""
    groups = {
        folder / first: name for name, firsts in GROUPS for first in firsts for folder in libraries
    }
    sizes: Counter[str] = Counter()
    for path in _files(tree):
        group = next((groups[above] for above in path.parents if above in groups), REST)
        sizes[group] += path.stat().st_size
    return dict(sizes.most_common())


def mib(size: int) -> str:
    return f"{size / 2**20:,.1f} MiB"


def table(parts: Mapping[str, int]) -> str:
    rows = [*parts.items(), ("together", sum(parts.values()))]
    return "\n".join(f"  {name:<26}{mib(size):>14}" for name, size in rows)


def largest(tree: Path, count: int = 10) -> list[tuple[str, int]]:
    """The largest files: (path, bytes)."""
    files = [(path.relative_to(tree).as_posix(), path.stat().st_size) for path in _files(tree)]
    return sorted(files, key=lambda item: -item[1])[:count]


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
