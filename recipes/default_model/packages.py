"""The npm packages the artwork and the labels come from: pinned, verified and unpacked."""

from __future__ import annotations

import hashlib
import subprocess
import tarfile
from dataclasses import dataclass
from pathlib import Path

from core.errors import StudioError


class RecipeError(StudioError):
    """The recipe cannot continue: a package or a data set is missing, damaged or unexpected."""


@dataclass(frozen=True)
class Package:
    """An npm package: `sha256` is that of the archive that `npm pack` downloads."""

    name: str
    version: str
    licence: str
    sha256: str

    @property
    def stem(self) -> str:
        """The archive's name as `npm pack` writes it, without `.tgz`."""
        return f"{self.name.removeprefix('@').replace('/', '-')}-{self.version}"

    def root(self, packages: Path) -> Path:
        """The folder with the package's files, once unpacked under `packages`."""
        return packages / self.stem / "package"


FLUENT_3D = Package(
    "@lobehub/fluent-emoji-3d",
    "1.1.0",
    "MIT",
    "c1bb7eee7de090205a232518a9ab4adb3df458bfbe8a1f78232991194c8b2e58",
)
FLUENT_FLAT = Package(
    "@iconify-json/fluent-emoji-flat",
    "1.2.6",
    "MIT",
    "7d064769dee690815f823bc5bcc511d957198caf9f5edd8dd9c1aa48a6aeb175",
)
NOTO = Package(
    "@iconify-json/noto",
    "1.2.9",
    "Apache-2.0",
    "3e918d88fc945c0bb3d468dbace6f88caef67f01c9f0e7bcae0915a042e8f1ad",
)
TWEMOJI = Package(
    "@iconify-json/twemoji",
    "1.2.5",
    "CC-BY-4.0",
    "19046dff7d8707ce96212ec86468b36ac5f8e60409629dd13f809265c6d0ebb7",
)
EMOJIBASE = Package(
    "emojibase-data",
    "17.0.0",
    "MIT",
    "d01d0e2ca4e22cb402679532155342c71e2e871f25c32223c013b8b166ebdf5a",
)


def fetch(package: Package, packages: Path) -> Path:
    """Downloads (unless present), verifies and unpacks one package; returns its root folder.

    Raises RecipeError if npm fails or the archive is not the pinned one.
    """
    packages.mkdir(parents=True, exist_ok=True)
    archive = packages / f"{package.stem}.tgz"
    if not archive.exists():
        _download(package, packages)
    verify(archive, package.sha256)
    if not package.root(packages).is_dir():
        unpack(archive, packages / package.stem)
    return package.root(packages)


def _download(package: Package, packages: Path) -> None:
    command = ["npm", "pack", f"{package.name}@{package.version}", "--pack-destination", "."]
    try:
        subprocess.run(command, cwd=packages, check=True, capture_output=True, text=True)
    except FileNotFoundError as error:
        raise RecipeError("npm was not found.", "Install Node.js and try again.") from error
    except subprocess.CalledProcessError as error:
        raise RecipeError(
            "{command} failed: {strip}", command=" ".join(command), strip=error.stderr.strip()
        ) from error


def verify(archive: Path, sha256: str) -> None:
    """Raises RecipeError unless the file's SHA-256 is `sha256`."""
    try:
        found = hashlib.sha256(archive.read_bytes()).hexdigest()
    except FileNotFoundError as error:
        raise RecipeError("npm did not write {archive}.", archive=archive) from error
    if found != sha256:
        raise RecipeError(
            "{archive} is not the pinned package: its SHA-256 is {found}, expected {sha256}.",
            "Delete it and fetch it again.",
            archive=archive,
            found=found,
            sha256=sha256,
        )


def unpack(archive: Path, folder: Path) -> None:
    """Unpacks a `.tgz` into `folder`; members outside of it and devices are refused."""
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with tarfile.open(archive, "r:gz") as tar:
            tar.extractall(folder, filter="data")
    except tarfile.TarError as error:
        raise RecipeError(
            "{archive} cannot be unpacked: {error}", archive=archive, error=error
        ) from error
