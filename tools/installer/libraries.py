"""Linux libraries: which are bundled, and which the system must provide."""

from __future__ import annotations

import re
import sysconfig
from collections.abc import Iterable, Mapping
from pathlib import Path

from tools.setup_env import WINDOW_LIBRARIES

from .elf import Elf
from .naming import InstallerError

BROUGHT = re.compile(
    r"lib(python3|ssl|crypto|sqlite3|ffi|bz2|lzma|xcb-|xkbcommon)[\w.-]*\.so"
    r"|libX11-xcb\.so"
)
"""Of the system's libraries, those in the bundle: what Python is linked with, and the small ones of
X11 that a desktop may lack. Drivers, fonts and what they share state with are the system's own.
"""

LEFT_OUT_OF_DEB = re.compile(r"lib(xcb-|xkbcommon)[\w.-]*\.so|libX11-xcb\.so")
"""Those of them that Debian's packages have, which get their repairs from there."""

SYSTEM = WINDOW_LIBRARIES | {
    "ld-linux-x86-64.so.2": "libc6",
    "ld-linux-aarch64.so.1": "libc6",
    "libc.so.6": "libc6",
    "libdl.so.2": "libc6",
    "libm.so.6": "libc6",
    "libpthread.so.0": "libc6",
    "libresolv.so.2": "libc6",
    "librt.so.1": "libc6",
    "libutil.so.1": "libc6",
    "libgcc_s.so.1": "libgcc-s1",
    "libstdc++.so.6": "libstdc++6",
    "libz.so.1": "zlib1g",
    "libuuid.so.1": "libuuid1",
    "libexpat.so.1": "libexpat1",
    "libgthread-2.0.so.0": "libglib2.0-0",
    "libxcb.so.1": "libxcb1",
    "libxcb-glx.so.0": "libxcb-glx0",
    "libXext.so.6": "libxext6",
    "libdrm.so.2": "libdrm2",
    "libgssapi_krb5.so.2": "libgssapi-krb5-2",
    "libzstd.so.1": "libzstd1",
    "libbrotlicommon.so.1": "libbrotli1",
    "libbrotlidec.so.1": "libbrotli1",
    "libwayland-client.so.0": "libwayland-client0",
    "libwayland-cursor.so.0": "libwayland-cursor0",
    "libwayland-egl.so.1": "libwayland-egl1",
}
"""Shared library -> Debian package, of all that may be asked of the system."""

OPTIONAL = {
    "libgtk-3.so.0": "libgtk-3-0",
    "libgdk-3.so.0": "libgtk-3-0",
    "libpango-1.0.so.0": "libgtk-3-0",
    "libpangocairo-1.0.so.0": "libgtk-3-0",
    "libcairo.so.2": "libgtk-3-0",
    "libcairo-gobject.so.2": "libgtk-3-0",
    "libgdk_pixbuf-2.0.so.0": "libgtk-3-0",
    "libatk-1.0.so.0": "libgtk-3-0",
    "libharfbuzz.so.0": "libgtk-3-0",
    "libgobject-2.0.so.0": "libglib2.0-0",
    "libgio-2.0.so.0": "libglib2.0-0",
    "libcuda.so.1": "libcuda1",
    "libnvidia-ml.so.1": "libnvidia-ml1",
}
"""What is used where it is there: GTK's dialogs, the driver of the GPU."""

BESIDE = ("libc6", "fontconfig-config", "fonts-dejavu-core | fonts-freefont-ttf | fonts-noto-core")
"""Without a font every letter is a box."""


def is_system(path: Path) -> bool:
    """Whether a library is one of the system's, not of Python's or one of its packages."""
    if path.is_relative_to(sysconfig.get_path("stdlib")) or "python3" in path.parts:
        return False
    return path.is_relative_to("/usr/lib") or path.is_relative_to("/lib")


def wanted(files: Mapping[Path, Elf]) -> set[str]:
    """What the files need that is not among them, by the names they are linked with."""
    there = {path.name for path in files} | {elf.soname for elf in files.values()}
    return {name for elf in files.values() for name in elf.needed} - there


def depends(files: Mapping[Path, Elf]) -> list[str]:
    """The Debian packages to depend on. Raises InstallerError for a library nobody has named."""
    names = wanted(files) - OPTIONAL.keys()
    if unknown := sorted(names - SYSTEM.keys()):
        users = {name: path.name for path, item in files.items() for name in item.needed}
        found = ", ".join(f"{name} (for {users[name]})" for name in unknown)
        raise InstallerError(
            f"Neither in the bundle nor listed in tools/installer/libraries.py: {found}. "
            "Name their Debian packages there, or leave out what needs them."
        )
    packages = {SYSTEM[name] for name in names}
    # Qt opens these by name, when a window is wanted.
    packages |= {SYSTEM["libGL.so.1"], SYSTEM["libEGL.so.1"]}
    major, minor = max((elf.glibc for elf in files.values()), default=(0, 0))
    plain = sorted(packages - {"libc6"})
    return [f"libc6 (>= {major}.{minor})", *plain, *BESIDE[1:]]


def unneeded(files: Mapping[Path, Elf], removable: Iterable[Path]) -> list[Path]:
    """Of the `removable` libraries those that nothing needs, nor what is left then."""
    rest = dict(files)
    candidates = set(removable) & rest.keys()
    gone: list[Path] = []
    while True:
        used = {name for elf in rest.values() for name in elf.needed}
        idle = [path for path in candidates if not {path.name, rest[path].soname} & used]
        if not idle:
            return sorted(gone)
        for path in idle:
            candidates.remove(path)
            del rest[path]
        gone += idle
