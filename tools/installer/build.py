"""Builds the installers from the sources: freeze, prune, test, pack, checksums."""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from . import (
    archive,
    deb,
    desktop,
    elf,
    icons,
    libraries,
    licences,
    macos,
    portable,
    sizes,
    windows,
)
from . import prune as pruning
from .archive import Entry
from .freeze import LICENCES_NAME, Frozen, freeze
from .naming import (
    APPLICATION,
    COMMAND,
    MAINTAINER,
    ROOT,
    SUMMARY,
    InstallerError,
    Product,
    product,
)

KINDS = {
    "linux": {
        "deb": "a package for Debian and Ubuntu",
        "portable": "an archive to unpack anywhere",
    },
    "windows": {"setup": "an installer (Inno Setup 6)", "portable": "a zip to unpack anywhere"},
    "macos": {"dmg": "a disk image with the application"},
}
"""What can be built on each system."""

PRESETS = {"small": 6, "quick": 0}
"""Of xz."""
INSTALLED = f"usr/lib/{COMMAND}"
"""Where the Debian package puts the bundle."""


@dataclass(frozen=True)
class Options:
    kinds: tuple[str, ...]
    work: Path
    output: Path
    maintainer: str
    preset: int
    reuse: bool
    """Pack what an earlier run has frozen."""


def say(text: str) -> None:
    print(f"installer: {text}", file=sys.stderr, flush=True)


def bundle(made: Product, options: Options) -> Frozen:
    """The pruned tree with its licences, tried once. Raises InstallerError."""
    say(f"freezing {APPLICATION} {made.version} for {made.system}; this takes some minutes")
    icons.draw(options.work / "icons")
    frozen = freeze(options.work, made.epoch)
    before = sum(sizes.breakdown(frozen.tree, frozen.folders).values())
    for folder in frozen.folders:
        pruning.prune(folder, frozen.sources)
    after = sum(sizes.breakdown(frozen.tree, frozen.folders).values())
    say(f"pruned from {sizes.mib(before)} to {sizes.mib(after)}")
    parts = licences.collect(kept_sources(frozen))
    text = licences.document(parts)
    frozen.licences.write_text(text, encoding="utf-8", newline="\n")
    say(f"licence texts of {len(parts)} parts: {', '.join(part.name for part in parts)}")
    if made.system == "macos":
        macos.sign(frozen.tree)  # anew, as its contents have changed
    return frozen


def kept_sources(frozen: Frozen) -> list[str]:
    """What the modules, and the files that pruning left, were made from."""
    inner = frozen.inner
    return [
        source
        for name, source in sorted(frozen.sources.items())
        if (inner / name).exists() or _is_module(name, source)
    ]


def _is_module(name: str, source: str) -> bool:
    return "/" not in name and "\\" not in name and source.endswith((".py", ".pyc"))


def try_out(frozen: Frozen) -> None:
    """Runs the bundle in a temporary home and folder. Raises InstallerError."""
    with tempfile.TemporaryDirectory() as home:
        environ = {
            **{name: value for name, value in os.environ.items() if not name.startswith("PYTHON")},
            "LDM_STUDIO_HOME": home,
            "QT_QPA_PLATFORM": "offscreen",
        }
        command = [str(frozen.program), "generate", "a red heart", "--steps", "4", "-o", "h.png"]
        done = subprocess.run(command, cwd=home, env=environ, capture_output=True, text=True)
        if done.returncode or not Path(home, "h.png").is_file():
            raise InstallerError(f"The bundle does not draw:\n{done.stderr.strip()}")


def pack_deb(made: Product, frozen: Frozen, options: Options) -> Path:
    """Raises InstallerError when it would need a library that nobody has named."""
    target = options.output / made.deb_name
    left_out = [
        path
        for path in frozen.inner.iterdir()
        if libraries.LEFT_OUT_OF_DEB.match(path.name) and not path.is_symlink()
    ]
    files = {path: item for path, item in _elves(frozen).items() if path not in left_out}
    skipped = {f"{INSTALLED}/_internal/{path.name}" for path in left_out}
    entries = [
        entry
        for entry in archive.entries_of(frozen.tree, INSTALLED)
        if entry.name not in skipped and not entry.name.endswith(f"/{LICENCES_NAME}")
    ]
    doc = f"usr/share/doc/{made.package}"
    entries += [
        Entry(f"usr/bin/{COMMAND}", link=f"../lib/{COMMAND}/{COMMAND}"),
        Entry(f"{doc}/copyright", frozen.licences),
        *desktop.entries(made.version, made.epoch, options.work / "icons"),
    ]
    control = deb.Control(
        package=made.package,
        version=made.version,
        architecture=made.architecture,
        maintainer=options.maintainer,
        summary=SUMMARY[0].lower() + SUMMARY[1:],
        description="\n\n".join(desktop.DESCRIPTION),
        depends=libraries.depends(files),
        recommends=["libgtk-3-0", "fonts-noto-cjk"],
        conflicts=[COMMAND] if made.package != COMMAND else [f"{COMMAND}-cuda"],
    )
    deb.write(target, control, entries, made.epoch, options.preset)
    return target


def pack_portable(made: Product, frozen: Frozen, options: Options) -> Path:
    if made.system == "windows":
        target = options.output / f"{made.name}.zip"
        start = f"{made.name}/{APPLICATION} (portable).cmd"
        entries = archive.entries_of(frozen.tree, made.name)
        entries.append(Entry(start, content=windows.PORTABLE_START.encode()))
        archive.write_zip(target, entries, made.epoch)
        return target
    target = options.output / f"{made.name}.tar.xz"
    script = portable.start_script(libraries.depends(_elves(frozen)))
    entries = [
        *archive.entries_of(frozen.tree, f"{made.name}/{portable.PROGRAM}"),
        Entry(f"{made.name}/{COMMAND}", content=script.encode(), executable=True),
    ]
    archive.write_tar_xz(target, entries, made.epoch, options.preset)
    return target


def pack_setup(made: Product, frozen: Frozen, options: Options) -> Path:
    script = options.output / f"{made.name}.iss"
    icon = options.work / "icons" / "ldm-studio.ico"
    text = windows.inno_script(made, frozen.tree.absolute(), options.output.absolute(), icon)
    script.write_text(text, encoding="utf-8-sig", newline="\r\n")
    if windows.compile_script(script):
        return options.output / f"{made.name}-setup.exe"
    say("Inno Setup's compiler ISCC is not on the PATH: only its script was written")
    return script


def pack_dmg(made: Product, frozen: Frozen, options: Options) -> Path:
    target = options.output / f"{made.name}.dmg"
    macos.disk_image(frozen.tree, target, options.work)
    return target


PACKERS: dict[str, Callable[[Product, Frozen, Options], Path]] = {
    "deb": pack_deb,
    "portable": pack_portable,
    "setup": pack_setup,
    "dmg": pack_dmg,
}


def _elves(frozen: Frozen) -> dict[Path, elf.Elf]:
    return elf.read_all(frozen.tree)


def write_sums(files: Sequence[Path], target: Path) -> None:
    """As `sha256sum --check` reads them."""
    lines: list[str] = []
    for path in sorted(files):
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        lines.append(f"{digest}  {path.name}\n")
    target.write_text("".join(lines), encoding="ascii", newline="\n")


def run(made: Product, options: Options) -> list[Path]:
    """Build `options.kinds`; the files made. Raises InstallerError."""
    began = time.monotonic()
    options.work.mkdir(parents=True, exist_ok=True)
    options.output.mkdir(parents=True, exist_ok=True)
    frozen = earlier(options.work) if options.reuse else bundle(made, options)
    try_out(frozen)
    say(f"it draws; packing {', '.join(options.kinds)}")
    with ThreadPoolExecutor(len(options.kinds)) as pool:  # xz gives the interpreter's lock away
        files = list(pool.map(lambda kind: PACKERS[kind](made, frozen, options), options.kinds))
    write_sums(files, options.output / "SHA256SUMS")
    print(sizes.table(sizes.breakdown(frozen.tree, frozen.folders)))
    print("the largest files:")
    for name, size in sizes.largest(frozen.tree):
        print(f"  {name:<50}{sizes.mib(size):>14}")
    print(f"made in {time.monotonic() - began:.0f} s:")
    for path in files:
        print(f"  {path}  {sizes.mib(path.stat().st_size)}")
    return files


def earlier(work: Path) -> Frozen:
    """What an earlier run left in `work`. Raises InstallerError."""
    folder = work / "frozen"
    tree = folder / (f"{APPLICATION}.app" if sys.platform == "darwin" else COMMAND)
    frozen = Frozen(tree, {})
    if not frozen.licences.is_file():
        raise InstallerError(f"There is no bundle in {tree}; build one without --reuse.")
    return frozen


def main(argv: Sequence[str] | None = None) -> int:
    """0, or 1 with a reason on standard error."""
    arguments = parser().parse_args(argv)
    try:
        made = product(arguments.flavour, dict(os.environ))
        options = Options(
            kinds=kinds_here(arguments.kinds, made.system),
            work=work_folder(arguments.flavour),
            output=arguments.output.absolute(),
            maintainer=arguments.maintainer,
            preset=PRESETS["quick" if arguments.quick else "small"],
            reuse=arguments.reuse,
        )
        check_space(options.work)
        run(made, options)
    except InstallerError as error:
        say(str(error))
        return 1
    return 0


def kinds_here(kinds: Sequence[str], system: str) -> tuple[str, ...]:
    """The requested kinds, or all of the system's. Raises InstallerError for impossible ones."""
    possible = KINDS[system]
    for kind in kinds:
        if kind not in possible:
            raise InstallerError(
                f"{kind!r} cannot be built on {system}; there are {', '.join(possible)}."
            )
    return tuple(dict.fromkeys(kinds)) or tuple(possible)


def work_folder(flavour: str) -> Path:
    """A folder for each flavour, because they need different builds of PyTorch."""
    return ROOT / "build" / "installer" / flavour


def check_space(work: Path, needed: int = 4 << 30) -> None:
    """Raises InstallerError when the disk is too full for a bundle and its archives."""
    existing = next(folder for folder in (work, *work.parents) if folder.exists())
    free = shutil.disk_usage(existing).free
    if free < needed:
        raise InstallerError(
            f"{existing} has {sizes.mib(free)} free; {sizes.mib(needed)} are needed."
        )


def parser() -> argparse.ArgumentParser:
    described = "\n".join(
        f"  {system}: " + "; ".join(f"{kind}, {words}" for kind, words in kinds.items())
        for system, kinds in KINDS.items()
    )
    parser = argparse.ArgumentParser(
        prog="build_installer.py",
        description=f"Build what people install, with {APPLICATION}'s version and date in it.",
        epilog=f"kinds:\n{described}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("kinds", nargs="*", metavar="KIND", help="default: all of this system's")
    parser.add_argument(
        "--flavour", choices=("cpu", "cuda"), default="cpu", help="PyTorch's build (cpu)"
    )
    parser.add_argument("--output", type=Path, default=ROOT / "dist", help="folder (dist)")
    parser.add_argument("--maintainer", default=MAINTAINER, help='"Name <address>" in the package')
    parser.add_argument("--quick", action="store_true", help="pack fast, and larger")
    parser.add_argument("--reuse", action="store_true", help="pack what was frozen before")
    return parser
