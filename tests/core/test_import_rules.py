"""Import rules between packages, checked on the import statements."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Module:
    name: str
    every: frozenset[str]
    """Everything that is imported anywhere in the module, as absolute dotted names."""
    at_once: frozenset[str]
    """What importing the module imports: not in functions, not for type checkers."""


def read_module(name: str, is_package: bool, source: str) -> Module:
    tree = ast.parse(source)
    package = name if is_package else name.rpartition(".")[0]
    every = frozenset(imported(ast.walk(tree), package))
    return Module(name, every, frozenset(imported(executed(tree.body), package)))


def executed(body: list[ast.stmt]) -> Iterator[ast.AST]:
    """The nodes that run when the module is imported."""
    for statement in body:
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        if isinstance(statement, ast.If) and "TYPE_CHECKING" in ast.unparse(statement.test):
            yield from executed(statement.orelse)
            continue
        yield statement
        for block in ("body", "orelse", "finalbody"):
            yield from executed(getattr(statement, block, []))
        for handler in getattr(statement, "handlers", []):
            yield from executed(handler.body)


def imported(nodes: Iterator[ast.AST], package: str) -> Iterator[str]:
    """Absolute names; `from a import b` gives a.b, because b may be a module."""
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            parents = package.split(".")[: len(package.split(".")) - node.level + 1]
            base = ".".join([*(parents if node.level else []), *filter(None, [node.module])])
            yield from (f"{base}.{alias.name}" for alias in node.names)


def modules_of(top: str) -> dict[str, Module]:
    found: dict[str, Module] = {}
    for path in sorted((ROOT / top).rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        is_package = parts[-1] == "__init__"
        name = ".".join(parts[:-1] if is_package else parts)
        found[name] = read_module(name, is_package, path.read_text(encoding="utf-8"))
    return found


CORE = modules_of("core")
STUDIO = modules_of("ldm_studio")


def inside(name: str, *packages: str) -> bool:
    return any(name == package or name.startswith(package + ".") for package in packages)


def foreign(floor: str, ours: tuple[str, ...], allowed: tuple[str, ...]) -> list[str]:
    """Imports of `ours` by modules inside `floor` that are not inside `allowed`."""
    assert floor in CORE | STUDIO
    return [
        f"{module.name} imports {name}"
        for module in (CORE | STUDIO).values()
        if inside(module.name, floor)
        for name in sorted(module.every)
        if inside(name, *ours) and not inside(name, *allowed)
    ]


@pytest.mark.parametrize("floor", ["core.sampling", "core.networks"])
def test_sampling_and_networks_import_only_themselves_and_errors(floor: str) -> None:
    assert not foreign(floor, ("core", "ldm_studio", "recipes"), allowed=(floor, "core.errors"))


def test_core_imports_neither_ldm_studio_nor_recipes() -> None:
    above = ("ldm_studio", "recipes", "benchmarks", "tools", "PySide6", "shiboken6", "qasync")
    assert not foreign("core", above, allowed=())


def path_to_torch(name: str, modules: dict[str, Module], seen: set[str]) -> list[str]:
    """The import chain from `name` to torch, or nothing."""
    if inside(name, "torch", "safetensors.torch"):
        return [name]
    while name and name not in modules:  # an attribute of a module, or another's package
        name = name.rpartition(".")[0]
    if not name or name in seen:
        return []
    seen.add(name)
    parent = name.rpartition(".")[0]
    for target in ([parent] if parent else []) + sorted(modules[name].at_once):
        if path := path_to_torch(target, modules, seen):
            return [name, *path]
    return []


def test_the_window_opens_without_torch() -> None:
    """Only the engine and the command line may import it."""
    for name in STUDIO:
        if not inside(name, "ldm_studio.engine", "ldm_studio.command_line"):
            path = path_to_torch(name, CORE | STUDIO, set())
            assert not path, f"importing {name} loads torch: {' -> '.join(path)}"


LISTED = (
    "core, core.request.request, core.errors, core.sampling.samplers, core.sampling.sigma_schedules"
)


def test_listed_names_load_without_torch() -> None:
    code = f"import sys, {LISTED}; assert 'torch' not in sys.modules"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_the_import_finder_finds_all_imports() -> None:
    source = """
from __future__ import annotations
import a.b
from . import near
from ..up import one, two
from .. import top
if TYPE_CHECKING:
    from torch import Tensor
else:
    import fallback
try:
    import optional
except ImportError:
    import instead
class Lazy:
    import eager
    def method(self):
        import late
def function():
    from torch import nn
"""
    module = read_module("core.floor.room", False, source)
    at_once = {
        "__future__.annotations", "a.b", "core.floor.near", "core.up.one", "core.up.two",
        "core.top", "fallback", "optional", "instead", "eager",
    }  # fmt: skip
    assert module.at_once == at_once
    assert module.every == at_once | {"torch.Tensor", "torch.nn", "late"}
    assert "core.floor.near" in read_module("core.floor", True, "from . import near").every


def test_imports_of_torch_are_found_transitively() -> None:
    modules = {
        "app": read_module("app", True, "from app.panel import Panel"),
        "app.panel": read_module("app.panel", False, "from lib.heavy import thing"),
        "lib": read_module("lib", True, ""),
        "lib.heavy": read_module("lib.heavy", False, "from torch import nn"),
        "lib.light": read_module("lib.light", False, "def f():\n    import torch"),
    }
    assert path_to_torch("app", modules, set()) == ["app", "app.panel", "lib.heavy", "torch.nn"]
    assert path_to_torch("lib.light", modules, set()) == []
