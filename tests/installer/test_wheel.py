"""A wheel of the sources is the whole application, from any working directory."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from PIL import Image

from ldm_studio import __version__

ROOT = Path(__file__).parents[2]
PACKAGES = ("core", "ldm_studio", "resources")
NOT_SHIPPED = ("resources/readme/",)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from a copy, as building writes beside the sources; no network is used."""
    folder = tmp_path_factory.mktemp("wheel")
    sources = folder / "sources"
    sources.mkdir()
    for name in PACKAGES:
        shutil.copytree(ROOT / name, sources / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, sources)
    pip("wheel", "--no-build-isolation", "--wheel-dir", str(folder), str(sources))
    (path,) = folder.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def site(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    pip("install", "--target", str(folder), str(wheel))
    return folder


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
    return {name for name in names if not name.startswith(NOT_SHIPPED)}


def test_the_wheel_has_every_file_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as packed:
        names = {name for name in packed.namelist() if ".dist-info/" not in name}
        licences = [name for name in packed.namelist() if ".dist-info/licenses/" in name]
    assert names == shipped(wheel.parent / "sources")
    assert {Path(name).name for name in licences} == {"LICENSE", "LICENSES.md"}


def test_the_installed_program_draws_from_another_folder(site: Path, tmp_path: Path) -> None:
    program = next((site / "bin").glob("ldm-studio*"))
    environ = os.environ | {"PYTHONPATH": str(site), "PYTHONSAFEPATH": "1"}

    def run(*command: str) -> str:
        done = subprocess.run(command, cwd=tmp_path, env=environ, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout

    where = "import core.request, ldm_studio.paths as p; print(core.request.__file__, p.__file__)"
    assert all(path.startswith(str(site)) for path in run(sys.executable, "-c", where).split())
    assert run(str(program), "--version").strip() == f"LDM Studio {__version__}"
    report = run(str(program), "doctor")
    assert str(site / "resources" / "default_model") in report
    run(str(program), "generate", "a red heart", "--steps", "2", "-o", "heart.png")
    with Image.open(tmp_path / "heart.png") as picture:
        assert picture.size == (128, 128)
