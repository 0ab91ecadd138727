"""A log of the estimates of each step, appended while an image is made and read when it resumes.

The file begins with the shape of the estimates, three unsigned integers, followed by one record a
step: the total number of steps, and the estimate in float16. The shape 0 x 0 x 0 means that no
estimates are kept.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from core.untrusted_files import open_file, open_regular

HEADER = np.dtype("<u4")
HEADER_BYTES = 3 * HEADER.itemsize
MAX_BYTES = 2**31
NOTHING = np.zeros((0, 0, 0), np.float16)


class StepLog:
    """Appends to `path`; the file is opened at the first step."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: BinaryIO | None = None

    def append(self, total: int, estimate: np.ndarray = NOTHING) -> None:
        """`estimate`: x0, float16 [C, h, w]. Raises OSError."""
        if self._file is None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._file = open(self.path, "ab", opener=open_regular)  # noqa: SIM115
            if self._file.tell() == 0:
                self._file.write(np.array(estimate.shape, HEADER).tobytes())
        record = np.zeros((), _record(estimate.shape))
        record["total"], record["x0"] = total, estimate
        self._file.write(record.tobytes())
        self._file.flush()

    def close(self) -> None:
        if self._file is not None:
            with suppress(
                OSError
            ):  # what is still in its buffer could not be appended, which was reported
                self._file.close()
            self._file = None

    def read(self, done: int, *, wanted: bool = True) -> list[np.ndarray]:
        """x0 of the first `done` steps; later records are dropped.

        The whole log is dropped if some of them are missing, or if they are not `wanted`. Raises
        OSError.
        """
        self.close()
        records = self._records()
        if not wanted or len(records) < done or records["x0"].size == 0:
            self.path.unlink(missing_ok=True)
            return []
        with open(self.path, "r+b", opener=open_regular) as file:
            file.truncate(HEADER_BYTES + done * records.dtype.itemsize)
        return [estimate.copy() for estimate in records["x0"][:done]]

    def total(self) -> int:
        """The total number of steps as of the last record; 0 if unknown. Raises OSError."""
        records = self._records()
        return int(records["total"][-1]) if len(records) else 0

    def _records(self) -> np.ndarray[Any, Any]:
        """The complete records; none if there is no such file."""
        try:
            with open_file(self.path) as file:
                data = file.read(MAX_BYTES)
        except FileNotFoundError:
            data = b""
        nothing = np.zeros(0, _record((0, 0, 0)))
        if len(data) < HEADER_BYTES:
            return nothing
        shape = tuple(int(side) for side in np.frombuffer(data[:HEADER_BYTES], HEADER))
        if max(shape) > 2**16 or math.prod(shape) > MAX_BYTES // 2:  # damaged
            return nothing
        kind = _record(shape)
        whole = (len(data) - HEADER_BYTES) // kind.itemsize
        return np.frombuffer(data, kind, whole, HEADER_BYTES) if whole else nothing


def _record(shape: Sequence[int]) -> np.dtype[Any]:
    return np.dtype([("total", "<u4"), ("x0", "<f2", tuple(shape))])
