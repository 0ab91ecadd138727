"""A wheel of the sources is the whole application, from any working directory."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

from PIL import Image

from ldm_studio import __version__

ROOT = Path(__file__).parents[2]
PACKAGES = ("core", "ldm_studio", "resources")
NOT_SHIPPED = ("resources/readme/",)


def build(folder: Path) -> Path:
    """A wheel from a copy of the sources, because building writes beside them; no network is
    used."""
    sources = folder / "sources"
    sources.mkdir()
    for name in PACKAGES:
        shutil.copytree(ROOT / name, sources / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "docs", sources / "docs")
    for name in ("pyproject.toml", "setup.py", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, sources)
    pip("wheel", "--no-build-isolation", "--wheel-dir", str(folder), str(sources))
    (path,) = folder.glob("*.whl")
    return path


def pip(*arguments: str) -> None:
    command = [sys.executable, "-m", "pip", "--quiet", "--no-input", *arguments]
    done = subprocess.run([*command, "--no-index", "--no-deps"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def shipped(root: Path) -> set[str]:
    """The files a wheel should have."""
    names = {
        path.relative_to(root).as_posix()
        for package in PACKAGES
        for path in (root / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    docs = {
        f"resources/{path.relative_to(root).as_posix()}"
        for path in (root / "docs").rglob("*")
        if path.is_file()
    }
    return {name for name in names if not name.startswith(NOT_SHIPPED)} | docs


def check_contents(wheel: Path) -> None:
    """Checks that it has every file, the licences, and nothing else."""
    with zipfile.ZipFile(wheel) as packed:
        names = {name for name in packed.namelist() if ".dist-info/" not in name}
        licences = [name for name in packed.namelist() if ".dist-info/licenses/" in name]
    assert names == shipped(wheel.parent / "sources")
    assert {Path(name).name for name in licences} == {"LICENSE", "LICENSES.md"}


# One test, so that the wheel is built once however the tests are distributed over processes.
# Packing 80 MB and importing torch take a while on a busy machine.
def test_the_wheel_contains_the_whole_application(tmp_path: Path) -> None:
    wheel = build(tmp_path)
    check_contents(wheel)
    site, elsewhere = tmp_path / "site", tmp_path / "elsewhere"
    elsewhere.mkdir()
    pip("install", "--target", str(site), str(wheel))
    program = str(next((site / "bin").glob("ldm-studio*")))
    environ = os.environ | {"PYTHONPATH": str(site), "PYTHONSAFEPATH": "1"}

    def run(*command: str) -> str:
        done = subprocess.run(command, cwd=elsewhere, env=environ, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout

    where = "from core import request as r; from ldm_studio.models import found_models as m; "
    where += "print(r.__file__, m.__file__, m.SHIPPED)"
    places = run(sys.executable, "-c", where).split()
    assert [path.startswith(str(site)) for path in places] == [True] * 3
    pages = "from ldm_studio.help.documentation import pages; print(*pages(), sep=chr(10))"
    found = [Path(line) for line in run(sys.executable, "-c", pages).splitlines()]
    assert {page.name for page in found} == {page.name for page in (ROOT / "docs").glob("*.md")}
    assert all(page.is_relative_to(site) for page in found)
    assert run(program, "--version").strip() == f"LDM Studio {__version__}"
    run(program, "generate", "a red heart", "--steps", "2", "-o", "heart.png")
    with Image.open(elsewhere / "heart.png") as image:
        assert image.size == (128, 128)
