"""macOS: signs the application, and makes a disk image."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from .naming import APPLICATION, InstallerError


def disk_image(app: Path, target: Path, work: Path) -> None:
    """`target` holds the application and a link to where it is to be dragged.

    Raises InstallerError.
    """
    folder = work / "dmg"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    shutil.copytree(app, folder / app.name, symlinks=True)
    os.symlink("/Applications", folder / "Applications")
    command = [
        *("hdiutil", "create", "-quiet", "-ov", "-format", "ULFO"),
        *("-volname", APPLICATION, "-srcfolder", str(folder), str(target)),
    ]
    _run(command)


def sign(app: Path) -> None:
    """Ad hoc: it runs where it was built; elsewhere macOS asks the user to allow it, unless who
    publishes it signs and notarises it. Raises InstallerError.
    """
    _run(["codesign", "--force", "--deep", "--sign", "-", str(app)])


def _run(command: list[str]) -> None:
    if shutil.which(command[0]) is None:
        raise InstallerError(f"The program {command[0]} is missing, which only macOS has.")
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise InstallerError(f"{command[0]} failed: {done.stderr.strip()}")
