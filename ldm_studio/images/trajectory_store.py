"""Saved steps of finished images: x0 of each, one file an image, within a disk budget."""

from __future__ import annotations

import os
import threading
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.atomic_write import replacing
from core.errors import InvalidError, RequestError, StateError
from core.request.request import Request
from core.runtime.environment import Environment
from core.untrusted_files import parse_json, read_bytes

SUFFIX = ".safetensors"
MAX_FILE_BYTES = 2**31


@dataclass(frozen=True, eq=False)
class Trajectory:
    """The steps of one finished image."""

    request: Request
    """The request from which the image can be made again."""
    environment: Environment
    first: int
    """The number of the first step that is kept, counted from 1; above 1 if the run resumed from a
    saved state.
    """
    estimates: np.ndarray
    """x0 of each step from `first` on, float16 [n, C, h, w]."""

    def estimate(self, step: int) -> np.ndarray:
        """x0 after `step` steps, float16 [C, h, w]. Raises StateError if it is not kept."""
        last = self.first + len(self.estimates) - 1
        if not self.first <= step <= last:
            raise StateError(
                "Step {step} is not among the saved ones, {first} to {last}.",
                step=step,
                first=self.first,
                last=last,
            )
        return self.estimates[step - self.first]


class Trajectories:
    """A folder of such files, named by the digest of the finished pixels; the oldest are
    dropped.
    """

    def __init__(self, folder: Path, budget: int) -> None:
        """`budget`: bytes; 0 keeps nothing."""
        self._folder = folder
        self._budget = budget
        self._lock = threading.Lock()

    @property
    def budget(self) -> int:
        return self._budget

    def set_budget(self, budget: int) -> None:
        """Applies to existing files too. Raises OSError."""
        self._budget = budget
        self._trim()

    def path(self, pixels: str) -> Path:
        """The file with the steps of an image, if there is one."""
        return self._folder / f"{pixels}{SUFFIX}"

    def keep(self, pixels: str, trajectory: Trajectory) -> Path | None:
        """Returns None if the budget is smaller than this file alone. Raises OSError."""
        from safetensors.numpy import save

        metadata = {
            "request": trajectory.request.to_json(),
            "environment": trajectory.environment.to_json(),
            "first": str(trajectory.first),
        }
        data = save({"x0": np.ascontiguousarray(trajectory.estimates, np.float16)}, metadata)
        if len(data) > self._budget:
            return None
        path = self.path(pixels)
        with replacing(path) as file:
            file.write(data)
        self._make_newest(path)
        self._trim()
        return path

    def _make_newest(self, path: Path) -> None:
        """Sets the file's time to the newest, even if the clock was put back. Raises OSError."""
        latest = 0
        for other in self._folder.glob(f"*{SUFFIX}"):
            if other != path:
                with suppress(FileNotFoundError):  # another process trims
                    latest = max(latest, other.stat().st_mtime_ns)
        if path.stat().st_mtime_ns <= latest:
            os.utime(path, ns=(latest + 1, latest + 1))

    def _trim(self) -> None:
        """Drops the oldest files until the rest is within the budget."""
        with self._lock:
            found = []
            for path in self._folder.glob(f"*{SUFFIX}"):
                try:
                    status = path.stat()
                except FileNotFoundError:  # another process trims too
                    continue
                found.append((status.st_mtime_ns, status.st_size, path))
            total = sum(size for _, size, _ in found)
            for _, size, path in sorted(found):
                if total <= self._budget:
                    return
                path.unlink(missing_ok=True)
                total -= size


def read(path: Path) -> Trajectory:
    """Needs no torch. Raises StateError for a file that is missing, damaged or of another kind."""
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        data = read_bytes(path, MAX_FILE_BYTES)
        estimates = load(data)["x0"]
        end = 8 + int.from_bytes(data[:8], "little")
        metadata = parse_json(data[8:end])["__metadata__"]
        request = Request.from_json(metadata["request"])
        environment = Environment.from_json(metadata["environment"])
        first = int(metadata["first"])
        if estimates.dtype != np.float16 or estimates.ndim != 4 or first < 1:
            raise InvalidError(
                "its steps are {dtype} {shape}", dtype=estimates.dtype, shape=estimates.shape
            )
    except FileNotFoundError as error:
        raise StateError("The steps of this image are no longer stored.") from error
    except OSError as error:
        raise StateError("{path} cannot be read: {error}.", path=path, error=error) from error
    except (SafetensorError, KeyError, ValueError, RequestError) as error:
        raise StateError(
            "The steps in {path} cannot be used: {error}.", path=path, error=error
        ) from error
    return Trajectory(request, environment, first, estimates)
