"""Names and the version of the products."""

from __future__ import annotations

import ast
import platform
import subprocess
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

APPLICATION = "LDM Studio"
COMMAND = "ldm-studio"
"""Of the program, the Debian package, the desktop entry and the icon."""
BUNDLE_ID = "app.ldmstudio.LDMStudio"
"""Of AppStream and macOS, in their reversed-domain form."""
SUMMARY = "Make images with latent diffusion models"
LICENCE = "Apache-2.0"
PUBLISHER = "The LDM Studio authors"
MAINTAINER = f"{PUBLISHER} <maintainers@ldm-studio.invalid>"
"""No mailbox: who publishes packages names their own with --maintainer."""

ARCHITECTURES = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}
"""As Python calls them, in small letters -> as Debian does."""
SYSTEMS = {"Linux": "linux", "Windows": "windows", "Darwin": "macos"}


class InstallerError(Exception):
    """Why no installer can be built, and what to do."""


@dataclass(frozen=True)
class Product:
    """What is built."""

    version: str
    flavour: str
    """"cpu" or "cuda"."""
    system: str
    """"linux", "windows" or "macos"."""
    architecture: str
    """"amd64" or "arm64"."""
    epoch: int
    """Seconds since 1970 that every file in it is dated: that of the last commit."""

    @property
    def name(self) -> str:
        """The part of file names before the suffix; the CPU flavour goes without saying."""
        flavour = "" if self.flavour == "cpu" else f"-{self.flavour}"
        return f"{COMMAND}-{self.version}{flavour}-{self.system}-{self.architecture}"

    @property
    def deb_name(self) -> str:
        """As Debian names files: `package_version_architecture.deb`."""
        return f"{self.package}_{self.version}_{self.architecture}.deb"

    @property
    def package(self) -> str:
        """The Debian package's name."""
        return COMMAND if self.flavour == "cpu" else f"{COMMAND}-{self.flavour}"


def version() -> str:
    """`ldm_studio.__version__`, without importing it."""
    tree = ast.parse((ROOT / "ldm_studio" / "__init__.py").read_text(encoding="utf-8"))
    for node in tree.body:
        match node:
            case ast.Assign(targets=[ast.Name(id="__version__")], value=ast.Constant(value=str(v))):
                return v
            case _:
                continue
    raise InstallerError("ldm_studio/__init__.py names no __version__.")


def product(flavour: str, environ: dict[str, str]) -> Product:
    """That of this machine. Raises InstallerError when it is none we know."""
    machine = platform.machine().lower()
    if platform.system() not in SYSTEMS or machine not in ARCHITECTURES:
        raise InstallerError(f"No installers are known for {platform.system()} on {machine}.")
    return Product(
        version=version(),
        flavour=flavour,
        system=SYSTEMS[platform.system()],
        architecture=ARCHITECTURES[machine],
        epoch=epoch(environ),
    )


def epoch(environ: dict[str, str]) -> int:
    """SOURCE_DATE_EPOCH, else when the last commit was made. Raises InstallerError."""
    if given := environ.get("SOURCE_DATE_EPOCH"):
        if not given.isdecimal():
            raise InstallerError(f"SOURCE_DATE_EPOCH is {given!r}; it must be a number of seconds.")
        return int(given)
    command = ["git", "-C", str(ROOT), "log", "-1", "--format=%ct"]
    try:
        return int(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    except (OSError, subprocess.CalledProcessError, ValueError) as error:
        raise InstallerError(
            "The sources have no history to take a date from: set SOURCE_DATE_EPOCH."
        ) from error
