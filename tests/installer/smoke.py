"""Tests of the package that `make installer` built, once installed: `make installer-test`.

Not part of the ordinary tests, whose files are called `test_*.py`, because building takes minutes.
It needs Linux, dpkg, and Xvfb for the window; the package is in `dist`.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from ldm_studio import __version__
from tools.installer import entry
from tools.installer.naming import BUNDLE_ID, product

ROOT = Path(__file__).parents[2]
DIST = Path(os.environ.get("LDM_STUDIO_DIST", ROOT / "dist"))
FLAVOUR = os.environ.get("LDM_STUDIO_FLAVOUR", "cpu")
MADE = product(FLAVOUR, {"SOURCE_DATE_EPOCH": "0"})


def dpkg(root: Path, *arguments: str) -> None:
    """Into a separate system without the package's dependencies."""
    command = ["dpkg", f"--root={root}", "--force-depends", "--log=/dev/null", *arguments]
    if os.geteuid() != 0:
        command.insert(0, "fakeroot")
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def files_in(root: Path) -> set[str]:
    """The installed files, without dpkg's own."""
    return {
        path.relative_to(root).as_posix()
        for path in root.rglob("*")
        if "var/lib/dpkg" not in path.as_posix() and (path.is_symlink() or path.is_file())
    }


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    root = tmp_path_factory.mktemp("root")
    for folder in ("updates", "info", "triggers"):
        (root / "var/lib/dpkg" / folder).mkdir(parents=True)
    (root / "var/lib/dpkg/status").touch()
    dpkg(root, "--install", str(DIST / MADE.deb_name))
    yield root
    shutil.rmtree(root)


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("portable")
    with tarfile.open(DIST / f"{MADE.name}.tar.xz") as tar:
        tar.extractall(folder, filter="data")
    yield folder / MADE.name
    shutil.rmtree(folder)


@pytest.fixture
def environ(tmp_path: Path, studio_home: Path) -> dict[str, str]:
    """No Python anywhere: only the system programs that a start script calls."""
    tools = tmp_path / "tools"
    tools.mkdir()
    for name in ("sh", "dirname", "readlink"):
        found = shutil.which(name)
        assert found is not None
        (tools / name).symlink_to(found)
    return {
        "PATH": str(tools),
        "HOME": str(tmp_path),
        "LDM_STUDIO_HOME": str(studio_home),
        "QT_QPA_PLATFORM": "offscreen",
        "LC_ALL": "C.UTF-8",
    }


def run(program: Path, *arguments: str, cwd: Path, env: dict[str, str]) -> str:
    done = subprocess.run([program, *arguments], cwd=cwd, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    assert "Warning" not in done.stderr
    return done.stdout


def test_checksums_are_correct() -> None:
    lines = (DIST / "SHA256SUMS").read_text().splitlines()
    sums = {name: digest for digest, name in (line.split("  ") for line in lines)}
    assert {MADE.deb_name, f"{MADE.name}.tar.xz"} <= set(sums)
    for name, digest in sums.items():
        with (DIST / name).open("rb") as file:
            assert hashlib.file_digest(file, "sha256").hexdigest() == digest


def test_files_are_installed_where_desktops_look(installed: Path) -> None:
    share = installed / "usr/share"
    entry = share / "applications/ldm-studio.desktop"
    assert "MimeType=image/png;" in entry.read_text()
    for name in (
        "mime/packages/ldm-studio.xml",
        f"metainfo/{BUNDLE_ID}.metainfo.xml",
        "icons/hicolor/48x48/apps/ldm-studio.png",
        "icons/hicolor/scalable/apps/ldm-studio.svg",
    ):
        assert (share / name).is_file()
    if validator := shutil.which("desktop-file-validate"):
        done = subprocess.run([validator, entry], capture_output=True, text=True)
        assert (done.returncode, done.stdout) == (0, "")
    licences = (share / "doc" / MADE.package / "copyright").read_text()
    for name in ("torch 2", "pyside6-essentials 6", "numpy 2", "Python 3"):
        assert name in licences


def test_nothing_superfluous_is_bundled(installed: Path) -> None:
    names = files_in(installed / "usr/lib/ldm-studio")
    assert not [name for name in names if name.endswith((".a", ".h", ".pyi"))]
    for folder in (
        "torch/test/",
        "torch/include/",
        "PySide6/Qt/qml/",
        "pytest",
        "resources/readme",
    ):
        assert not [name for name in names if f"_internal/{folder}" in name]


def test_preloaded_files_exist(installed: Path) -> None:
    program = installed / "usr/lib/ldm-studio"
    assert (program / "ldm-studio").is_file()
    assert [rule for rule in entry.WINDOW if not list((program / "_internal").glob(rule))] == []


def test_the_installed_program_generates_without_python(
    installed: Path, tmp_path: Path, environ: dict[str, str]
) -> None:
    program = installed / "usr/bin/ldm-studio"
    assert run(program, "--version", cwd=tmp_path, env=environ) == f"LDM Studio {__version__}\n"
    report = run(program, "doctor", cwd=tmp_path, env=environ)
    assert "missing" not in report
    drawn = run(program, "generate", "a red heart", "--seed", "7", cwd=tmp_path, env=environ)
    with Image.open(drawn.strip()) as image:
        assert image.size == (128, 128)
        red, green, _ = image.convert("RGB").getpixel((64, 64))  # type: ignore[misc]  # three
        assert red > green + 60
    again = run(program, "replay", drawn.strip(), cwd=tmp_path, env=environ)
    assert "identical" in again
    found = run(program, "history", "search", "heart", cwd=tmp_path, env=environ)
    assert Path(drawn.strip()).name in found


def test_the_installed_window_generates_on_a_display(
    installed: Path, tmp_path: Path, environ: dict[str, str]
) -> None:
    program = installed / "usr/bin/ldm-studio"
    xvfb = shutil.which("Xvfb")
    assert xvfb, "this test needs Xvfb: apt-get install xvfb"
    read, write = os.pipe()
    command = [xvfb, "-displayfd", str(write), "-screen", "0", "1280x800x24", "-nolisten", "tcp"]
    server = subprocess.Popen(command, pass_fds=(write,), stderr=subprocess.DEVNULL)
    try:
        os.close(write)
        with os.fdopen(read) as number:
            display = f":{number.readline().strip()}"
        environ |= {"DISPLAY": display, "QT_QPA_PLATFORM": "xcb"}
        shot = tmp_path / "window.png"
        reported = run(program, "self-test", "--shot", str(shot), cwd=tmp_path, env=environ)
    finally:
        server.terminate()
        server.wait()
    assert "first image" in reported
    with Image.open(shot) as image:
        assert image.width >= 640
        assert len(image.convert("RGB").getcolors(maxcolors=1 << 24) or []) > 200


def test_the_program_is_also_the_helper_that_multiprocessing_starts(
    installed: Path, tmp_path: Path, environ: dict[str, str]
) -> None:
    """As it is started on macOS, for a lock: it reads what to watch over until that ends."""
    read, write = os.pipe()
    os.close(write)
    helper = f"from multiprocessing.resource_tracker import main;main({read})"
    # The flags of the bundled Python, which `multiprocessing` hands on.
    command = [installed / "usr/bin/ldm-studio", "-B", "-S", "-I", "-c", helper]
    done = subprocess.run(
        command, cwd=tmp_path, env=environ, pass_fds=(read,), capture_output=True, text=True
    )
    os.close(read)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_the_portable_program_keeps_its_data_beside_it(
    unpacked: Path, tmp_path: Path, environ: dict[str, str]
) -> None:
    del environ["LDM_STUDIO_HOME"]
    data = unpacked / "data"
    data.mkdir()
    drawn = run(unpacked / "ldm-studio", "generate", "a cat", cwd=tmp_path, env=environ)
    assert Path(drawn.strip()).is_relative_to(data)
    assert not [path for path in tmp_path.iterdir() if path.name not in ("tools", "home")]
    assert (unpacked / "program" / "LICENSES.txt").is_file()


def test_removing_the_package_leaves_nothing(installed: Path) -> None:
    assert files_in(installed)
    dpkg(installed, "--purge", MADE.package)
    assert files_in(installed) == set()
    assert not (installed / "usr/lib/ldm-studio").exists()
