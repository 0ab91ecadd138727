"""Collects the licence texts of everything in a bundle in one file."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import sysconfig
import textwrap
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.metadata import Distribution, distributions
from pathlib import Path

from .naming import APPLICATION, ROOT, InstallerError

TEXTS = Path(__file__).parent / "licences"
_TEXT_NAME = re.compile(r"(licen[cs]es?|copying|notice|copyright)([-_.].*)?", re.IGNORECASE)
_RULE = "=" * 78

OURS = (ROOT / "LICENSE", ROOT / "resources" / "LICENSES.md")

# Packages whose archives hold no text of the licence that their metadata name -> texts.
TEXTLESS = {
    "pyside6-essentials": (TEXTS / "LGPL-3.0-only.txt", TEXTS / "GPL-3.0-only.txt"),
    "pyside6": (TEXTS / "LGPL-3.0-only.txt", TEXTS / "GPL-3.0-only.txt"),
    "shiboken6": (TEXTS / "LGPL-3.0-only.txt", TEXTS / "GPL-3.0-only.txt"),
    "tokenizers": (ROOT / "LICENSE",),  # Apache-2.0, as ours
}

QT_NOTE = (
    "Qt and Qt for Python (PySide6, Shiboken) are used unchanged under the GNU LGPL 3. They are "
    "shared libraries in the folder PySide6, which may be replaced by other builds of them; their "
    "sources are published at https://code.qt.io."
)


@dataclass(frozen=True)
class Part:
    """Something bundled, and what its licence says."""

    name: str
    version: str
    licence: str
    """As its metadata name it; empty when they do not."""
    texts: tuple[tuple[str, str], ...]
    """(title, text)"""


def collect(sources: Iterable[str]) -> list[Part]:
    """The parts that the files `sources` are of, by name.

    Raises InstallerError when a file is of no known package, or a package has no licence text.
    """
    owners = {path: dist for dist in distributions() for path in _installed(dist)}
    found: dict[str, Part] = {}
    system: list[Path] = []
    for source in sources:
        path = Path(source)
        if dist := owners.get(str(path)) or owners.get(str(path.resolve())):
            name = _name(dist)
            if name not in found:
                found[name] = part_of(dist)
        elif path.is_relative_to(ROOT) and not path.is_relative_to(sys.prefix):
            continue  # ours, which `document` begins with
        elif _is_python(path):
            found.setdefault("Python", _python())
        else:
            system.append(path)
    found |= {part.name: part for part in _system_parts(system)}
    return sorted(found.values(), key=lambda part: part.name.casefold())


def part_of(dist: Distribution) -> Part:
    """Raises InstallerError when it has no licence text."""
    name = _name(dist)
    named = [file for file in dist.files or () if _TEXT_NAME.fullmatch(file.name)]
    kept = [file for file in dist.files or () if "licenses" in file.parts[:-1]]
    described = [file for file in {*named, *kept} if ".dist-info" in file.parts[0]]
    texts = [(path.stem, _read(path)) for path in TEXTLESS.get(name, ())]
    if described or not texts:
        files = [Path(str(dist.locate_file(file))) for file in described or named]
        texts = [(path.name, _read(path)) for path in sorted(files)]
    licence = _declared(dist)
    if not texts:
        raise InstallerError(
            f"The package {name} {dist.version} comes without the text of its licence "
            f"({licence or 'which it does not name'}). Add the text to tools/installer/licences, "
            "and the package to TEXTLESS in tools/installer/licences.py."
        )
    return Part(name, dist.version, licence, tuple(texts))


def document(parts: Iterable[Part]) -> str:
    """One file of them all; equal texts are given once."""
    parts = list(parts)
    lines = [
        f"{APPLICATION} and what comes with it",
        "",
        "Its own licence is first; those of the parts follow, each under its name.",
        *textwrap.wrap(QT_NOTE, 78),
        "",
    ]
    lines += [f"  {part.name} {part.version}: {part.licence or 'see below'}" for part in parts]
    for path in OURS:
        lines += ["", _RULE, f"{APPLICATION}: {path.name}", _RULE, "", _read(path).strip()]
    seen: dict[str, str] = {}
    for part in parts:
        for title, text in part.texts:
            heading = f"{part.name} {part.version}: {title}"
            lines += ["", _RULE, heading, _RULE, ""]
            if text.strip() in seen:
                lines.append(f"The same text as under {seen[text.strip()]}.")
            else:
                lines.append(text.strip())
                seen[text.strip()] = heading
    return "\n".join(lines) + "\n"


def _installed(dist: Distribution) -> list[str]:
    return [str(Path(str(dist.locate_file(file))).resolve()) for file in dist.files or ()]


def _name(dist: Distribution) -> str:
    return re.sub(r"[-_.]+", "-", dist.metadata["Name"]).lower()


def _declared(dist: Distribution) -> str:
    for key in ("License-Expression", "License"):
        for value in dist.metadata.get_all(key) or ():
            if lines := str(value).strip().splitlines():
                return lines[0]
    kinds = [
        value.rpartition(" :: ")[2]
        for value in dist.metadata.get_all("Classifier") or ()
        if value.startswith("License ::")
    ]
    return ", ".join(kinds)


def _is_python(path: Path) -> bool:
    """Of the interpreter itself: its standard library, and what stands beside it."""
    stdlib = Path(sysconfig.get_path("stdlib")).resolve()
    resolved = path.resolve()
    if resolved.is_relative_to(stdlib) or path.name.startswith("libpython"):
        return True
    base = Path(sys.base_prefix).resolve()
    return base != Path("/usr") and resolved.is_relative_to(base)


def _python() -> Part:
    stdlib, base = Path(sysconfig.get_path("stdlib")), Path(sys.base_prefix)
    short = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    places = (
        stdlib / "LICENSE.txt",
        base / "LICENSE.txt",
        Path(f"/usr/share/doc/lib{short}-stdlib/copyright"),
        Path(f"/usr/share/doc/{short}/copyright"),
    )
    for place in places:
        if place.is_file():
            version = sys.version.split()[0]
            return Part("Python", version, "PSF-2.0", ((place.name, _read(place)),))
    raise InstallerError(f"Python's own licence is at none of {', '.join(map(str, places))}.")


def _system_parts(paths: Iterable[Path]) -> list[Part]:
    """Those of Debian's packages that libraries of the system are of."""
    libraries: dict[str, list[str]] = defaultdict(list)
    for path in sorted(set(paths)):
        libraries[_debian_package(path)].append(path.name)
    parts: list[Part] = []
    for package, names in libraries.items():
        text = Path("/usr/share/doc") / package / "copyright"
        if not text.is_file():
            raise InstallerError(f"{text} is missing: it has the licence of {names[0]}.")
        version = _dpkg("-W", "-f", "${Version}\n", package).splitlines()[0]
        parts.append(Part(package, version, "", ((", ".join(names), _read(text)),)))
    return parts


def _debian_package(path: Path) -> str:
    # dpkg may know a library under /lib or under /usr/lib, which are one folder by now.
    resolved = path.resolve()
    names = dict.fromkeys(str(p) for p in (path, resolved))
    for name in [*names, *(name.removeprefix("/usr") for name in names)]:
        if found := _dpkg("-S", name):
            return found.splitlines()[0].split(":")[0]
    raise InstallerError(
        f"{path} is of no package that pip or dpkg knows, so its licence is not known either."
    )


def _dpkg(*arguments: str) -> str:
    """What `dpkg-query` prints; nothing when it fails, or is no part of this system."""
    program = shutil.which("dpkg-query")
    if program is None:
        return ""
    return subprocess.run([program, *arguments], capture_output=True, text=True).stdout


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace").replace("\r\n", "\n")
