"""Runs PyInstaller, and describes the resulting tree."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from .naming import APPLICATION, COMMAND, ROOT, InstallerError

LICENCES_NAME = "LICENSES.txt"
SPEC = Path(__file__).parent / "ldm_studio.spec"
TOOLS = {"linux": {"objdump": "binutils", "ldd": "libc-bin"}}
"""What PyInstaller calls, by system: program -> Debian package."""


@dataclass(frozen=True)
class Frozen:
    """The program and everything it needs, as PyInstaller laid them."""

    tree: Path
    """The folder with the program in it; on macOS the `.app`."""
    sources: Mapping[str, str]
    """Module, or path below `inner` -> the file it was made from."""

    @property
    def inner(self) -> Path:
        """Where libraries and data lie."""
        if self.tree.suffix == ".app":
            return self.tree / "Contents" / "Frameworks"
        return self.tree / "_internal"

    @property
    def folders(self) -> tuple[Path, ...]:
        """All of them that hold libraries and data: in an `.app`, `inner` links to the other."""
        if self.tree.suffix == ".app":
            return self.tree / "Contents" / "Resources", self.inner
        return (self.inner,)

    @property
    def licences(self) -> Path:
        """Where the texts go; nothing may stand beside the `Contents` of an `.app`."""
        folder = self.folders[0] if self.tree.suffix == ".app" else self.tree
        return folder / LICENCES_NAME

    @property
    def program(self) -> Path:
        """What is started from a terminal."""
        if self.tree.suffix == ".app":
            return self.tree / "Contents" / "MacOS" / COMMAND
        return self.tree / (f"{COMMAND}.exe" if sys.platform == "win32" else COMMAND)


def check_tools(platform: str = sys.platform) -> None:
    """Raises InstallerError when a program that PyInstaller calls is missing."""
    for program, package in TOOLS.get(platform, {}).items():
        if shutil.which(program) is None:
            raise InstallerError(
                f"PyInstaller needs the program {program}. Debian and Ubuntu: "
                f"apt-get install {package}."
            )


def freeze(work: Path, epoch: int) -> Frozen:
    """Run PyInstaller in the folder `work`. Raises InstallerError."""
    check_tools()
    spec_work = work / SPEC.stem
    environ = os.environ | {"SOURCE_DATE_EPOCH": str(epoch), "PYTHONHASHSEED": "1"}
    command = [
        *(sys.executable, "-m", "PyInstaller", "--noconfirm", "--clean", "--log-level", "WARN"),
        *("--workpath", str(work), "--distpath", str(work / "frozen"), str(SPEC)),
    ]
    log = work / "pyinstaller.log"
    with log.open("wb") as file:
        done = subprocess.run(command, cwd=ROOT, env=environ, stdout=file, stderr=file)
    if done.returncode:
        last = "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-5:])
        raise InstallerError(f"PyInstaller failed; all it said is in {log}:\n{last}")
    name = f"{APPLICATION}.app" if sys.platform == "darwin" else COMMAND
    sources = json.loads((spec_work / "sources.json").read_text(encoding="utf-8"))
    return Frozen(work / "frozen" / name, sources)
