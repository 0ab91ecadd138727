"""macOS: a disk image with the application in it."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from .naming import APPLICATION, InstallerError


def disk_image(app: Path, target: Path, work: Path) -> None:
    """`target` holds the application and a link to where it is to be dragged.

    It is signed ad hoc, by PyInstaller: it runs where it was built; elsewhere macOS asks the user
    to allow it, unless who publishes it signs and notarises it. Raises InstallerError.
    """
    program = shutil.which("hdiutil")
    if program is None:
        raise InstallerError("A disk image is made by hdiutil, which only macOS has.")
    folder = work / "dmg"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    shutil.copytree(app, folder / app.name, symlinks=True)
    os.symlink("/Applications", folder / "Applications")
    command = [
        *(program, "create", "-quiet", "-ov", "-format", "ULFO"),
        *("-volname", APPLICATION, "-srcfolder", str(folder), str(target)),
    ]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise InstallerError(f"hdiutil failed: {done.stderr.strip()}")
