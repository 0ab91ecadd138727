"""Prepares the environment of `make run` and `make test`; quick if nothing is missing.

    python3 tools/setup_env.py run     what the application needs
    python3 tools/setup_env.py test    the same, and what its tests need
    python3 tools/setup_env.py docs    what builds the documentation website, and nothing else

`build_installer.py` prepares its own in the same way.

1. create the virtual environment; 2. install the locked packages; 3. install torch, in a build
that suits this machine; 4. install this project, editable; 5. check the system libraries of Qt.
"""

from __future__ import annotations

import argparse
import ctypes
import hashlib
import json
import os
import shutil
import subprocess
import sys
import venv
from collections.abc import Callable, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LOCKS = {
    "run": "requirements.lock",
    "test": "requirements-test.lock",
    "installer": "requirements-installer.lock",
    "docs": "requirements-docs.lock",
}

LINUX = sys.platform == "linux"
TORCH = "2.13.0"
TORCH_RANGE = ((2, 6), (3,))  # the range of pyproject.toml
GPU_PREFIXES = ("nvidia-", "cuda-", "triton", "pytorch-triton")
CPU_INDEX = "https://download.pytorch.org/whl/cpu"
CUDA_INDEX = "https://download.pytorch.org/whl/cu130"
CUDA_BUILD = f"torch=={TORCH},!={TORCH}+cpu"
"""Where an index has both, pip takes the one for the CPU for the newer one."""

# Shared library -> Debian and Ubuntu package. Ubuntu 24.04 calls some of them `...t64`;
# apt finds those by the names given here.
OFFSCREEN_LIBRARIES = {
    "libglib-2.0.so.0": "libglib2.0-0",
    "libGL.so.1": "libgl1",
    "libEGL.so.1": "libegl1",
    "libdbus-1.so.3": "libdbus-1-3",
    "libfontconfig.so.1": "libfontconfig1",
    "libfreetype.so.6": "libfreetype6",
    "libxkbcommon.so.0": "libxkbcommon0",
    "libX11.so.6": "libx11-6",
}
WINDOW_LIBRARIES = OFFSCREEN_LIBRARIES | {
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-image.so.0": "libxcb-image0",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-render-util.so.0": "libxcb-render-util0",
    "libxcb-render.so.0": "libxcb-render0",
    "libxcb-shape.so.0": "libxcb-shape0",
    "libxcb-shm.so.0": "libxcb-shm0",
    "libxcb-sync.so.1": "libxcb-sync1",
    "libxcb-util.so.1": "libxcb-util1",
    "libxcb-randr.so.0": "libxcb-randr0",
    "libxcb-xfixes.so.0": "libxcb-xfixes0",
    "libxcb-xkb.so.1": "libxcb-xkb1",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
    "libX11-xcb.so.1": "libx11-xcb1",
}


class SetupError(Exception):
    """Why the setup cannot continue, and what to do."""


def say(text: str) -> None:
    print(f"set-up: {text}", file=sys.stderr, flush=True)


# --- what can be decided without touching anything ---------------------------------------------


def stamp(kind: str, files: Sequence[Path]) -> str:
    """A digest of everything that decides what gets installed."""
    digest = hashlib.sha256(f"{kind} {sys.version} {ROOT}".encode())
    for file in files:
        digest.update(file.read_bytes())
    return digest.hexdigest()


def torch_in_range(version: str) -> bool:
    """Whether a version such as "2.13.0+cpu" or "2.14.0a0+git1" will do."""
    try:
        release = tuple(int(part) for part in version.split("+")[0].split(".")[:2])
    except ValueError:
        return False
    low, high = TORCH_RANGE
    return low <= release < high


def gpu_packages(report: str) -> list[str]:
    """The packages of CUDA or ROCm in the report of `pip install --dry-run --report`."""
    names = [item["metadata"]["name"].lower() for item in json.loads(report)["install"]]
    return sorted(name for name in names if name.startswith(GPU_PREFIXES))


def missing_packages(libraries: dict[str, str], present: Callable[[str], bool]) -> list[str]:
    """The Debian packages of those libraries that are not present."""
    return [package for library, package in libraries.items() if not present(library)]


def needed_libraries(kind: str, environ: dict[str, str], platform: str) -> dict[str, str]:
    """The system libraries to look for: none without a display, when only images are made."""
    if platform != "linux" or kind == "docs":
        return {}
    if kind == "installer":
        return WINDOW_LIBRARIES  # which a portable archive brings along
    if kind == "test":
        return OFFSCREEN_LIBRARIES
    return WINDOW_LIBRARIES if has_display(environ) else {}


def has_display(environ: dict[str, str]) -> bool:
    return bool(environ.get("DISPLAY") or environ.get("WAYLAND_DISPLAY"))


# --- the steps ---------------------------------------------------------------------------------


class Environment:
    """A virtual environment and the commands run in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        bin_folder = folder / ("Scripts" if sys.platform == "win32" else "bin")
        self.python = bin_folder / ("python.exe" if sys.platform == "win32" else "python")

    def create(self) -> None:
        if self.python.exists() and self.output("-m", "pip", "--version") is not None:
            return
        say(f"creating {self.folder} with Python {sys.version.split()[0]}")
        try:
            venv.create(self.folder, with_pip=True, clear=self.folder.exists())
        except (subprocess.CalledProcessError, OSError) as error:
            raise SetupError(
                f"Python could not create {self.folder}: {error}. "
                "On Debian and Ubuntu, install the package python3-venv and try again."
            ) from error

    def output(self, *arguments: str) -> str | None:
        """What Python prints, or None when it fails."""
        done = subprocess.run(
            [str(self.python), *arguments], cwd=ROOT, text=True, capture_output=True, check=False
        )
        return done.stdout if done.returncode == 0 else None

    def pip(self, *arguments: str) -> None:
        quiet = ["--quiet", "--quiet", "--disable-pip-version-check"]  # errors only
        command = [str(self.python), "-m", "pip", *quiet, *arguments]
        if subprocess.run(command, cwd=ROOT, check=False).returncode:
            raise SetupError(f"this failed: {' '.join(command)}")


def install_torch(env: Environment, flavour: str | None = None) -> None:
    """Install torch unless a usable one is there; never a CUDA build without an NVIDIA GPU, unless
    `flavour` ("cpu" or "cuda") asks for it.
    """
    version = env.output("-c", "from importlib.metadata import version; print(version('torch'))")
    other = flavour == "cuda" and version is not None and version.strip().endswith("+cpu")
    if version and torch_in_range(version.strip()) and not other:
        say(f"torch {version.strip()} is already there")
        return
    if flavour == "cuda":
        say(f"installing torch {TORCH} for NVIDIA GPUs; this downloads several GB")
        # The package index has CUDA builds for Linux alone.
        env.pip("install", CUDA_BUILD, *(() if LINUX else ("--index-url", CUDA_INDEX)))
        if (
            env.output("-c", "import torch; print(torch.version.cuda)") or "None"
        ).strip() == "None":
            raise SetupError(f"the torch {TORCH} that was installed is not one for NVIDIA GPUs.")
        return
    if flavour is None and shutil.which("nvidia-smi"):
        say(f"an NVIDIA GPU is here: installing torch {TORCH} from the package index")
        env.pip("install", CUDA_BUILD)
        return
    # A CPU build where pip already looks (a folder of wheels, an index of the house); one in
    # PyTorch's own index; then the plain name, which on Windows and macOS is a CPU build too.
    for options in (
        [f"torch=={TORCH}+cpu"],
        [f"torch=={TORCH}+cpu", "--extra-index-url", CPU_INDEX, "--retries", "2"],
        [f"torch=={TORCH}"],
    ):
        report = env.output("-m", "pip", "install", "-qq", "--dry-run", "--report", "-", *options)
        if report is not None and not gpu_packages(report):
            say(f"installing torch {TORCH} for the CPU")
            env.pip("install", "--no-deps", *options)
            return
    raise SetupError(
        f"no CPU build of torch {TORCH} was found, and the one with CUDA takes several GB, "
        f"so nothing was downloaded. Is {CPU_INDEX} within reach? Any torch from 2.6 on will do: "
        f"install one with {env.python} -m pip install, and try again."
    )


def check_libraries(kind: str) -> None:
    """Install the system libraries Qt needs where apt can; say what is missing elsewhere."""
    missing = missing_packages(
        needed_libraries(kind, dict(os.environ), sys.platform), library_present
    )
    if not missing:
        return
    if shutil.which("apt-get") is None:
        raise SetupError(
            "Qt needs system libraries that are missing here. Debian calls their packages "
            f"{', '.join(missing)}; install what your distribution calls them and try again."
        )
    prefix = [] if os.geteuid() == 0 else ["sudo"]
    install = [*prefix, "apt-get", "install", "-y", "--no-install-recommends", *missing]
    if prefix and shutil.which("sudo") is None:
        raise SetupError(f"Qt needs system packages. As root, run: {' '.join(install[1:])}")
    say(f"installing the system packages Qt needs: {' '.join(missing)}")
    environ = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    # A list of packages that is out of date in part is still good enough to try with.
    subprocess.run([*prefix, "apt-get", "update", "-qq"], env=environ, check=False)
    if subprocess.run(install, env=environ, check=False).returncode:
        raise SetupError(f"the system packages were not installed. Try: {' '.join(install)}")


def library_present(name: str) -> bool:
    try:
        ctypes.CDLL(name)
    except OSError:
        return False
    return True


def set_up(kind: str, folder: Path, flavour: str | None = None) -> Path:
    """The environment's Python, once everything is there. Raises SetupError."""
    check_libraries(kind)
    lock = ROOT / LOCKS[kind]
    wanted = stamp(f"{kind} {flavour}", [lock, ROOT / "pyproject.toml", Path(__file__)])
    done = folder / f"set-up-{kind}"
    env = Environment(folder)
    if done.exists() and done.read_text() == wanted:
        return env.python
    env.create()
    # First pip itself: older ones download whole wheels to learn what they need.
    pip = next(line for line in lock.read_text().splitlines() if line.startswith("pip=="))
    env.pip("install", pip)
    say(f"installing the packages of {lock.name}; this takes a minute or two")
    env.pip("install", "--no-deps", "-r", str(lock))
    if kind != "docs":
        install_torch(env, flavour)
        env.pip("install", "--no-deps", "--no-build-isolation", "--editable", str(ROOT))
    done.write_text(wanted)
    say("done")
    return env.python


def main() -> int:
    parser = argparse.ArgumentParser(description="Prepare the environment of LDM Studio.")
    parser.add_argument("kind", choices=sorted(LOCKS), help="what for")
    parser.add_argument("--venv", type=Path, default=ROOT / ".venv", help="default: .venv")
    arguments = parser.parse_args()
    if sys.version_info < (3, 11):  # noqa: UP036 (any Python may be asked to run this file)
        say(f"Python 3.11 or newer is needed; this is {sys.version.split()[0]}.")
        return 1
    try:
        set_up(arguments.kind, arguments.venv.absolute())
    except SetupError as error:
        say(str(error))
        return 1
    except KeyboardInterrupt:
        say("interrupted; run it again to continue")
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
