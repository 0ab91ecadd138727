"""The running image: its steps, their digests, and its files on disk."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from core.errors import DecodeError, StudioError
from core.images.generated_image import GeneratedImage
from core.images.image_digest import digest
from core.request.request import Change
from ldm_studio.engine_protocol import Run, memory_shortage
from ldm_studio.images.job_files import Journal
from ldm_studio.images.run_record import Parent, Record
from ldm_studio.images.trajectory_store import Trajectory


class RunningImage:
    """A run and its journal: after each step, the files suffice to resume with identical bits.

    A journal that cannot be written is reported once, and tried again with every step: the image
    itself continues. Its step log is dropped then, because it would have a gap.
    """

    def __init__(
        self, run: Run, journal: Journal | None, warn: Callable[[OSError], None], *, keeps: bool
    ) -> None:
        """`journal`: None if it should not survive the program; `keeps`: the steps are saved."""
        self._run = run
        self._journal = journal
        self._warn = warn
        self._keeps = keeps and journal is not None
        self._logs = journal is not None
        self._last: Any = None
        self.done = run.done
        """Steps done."""
        self._step_digests = list(run.step_digests)
        self._first = 1
        self._estimates: list[np.ndarray] = []
        self._written: Path | None = None
        self._tiled = False
        if journal is not None and run.done:
            self._written = journal.state_after(run.done)
            self._recall(journal)

    @property
    def run(self) -> Run:
        return self._run

    @property
    def total(self) -> int:
        return self._run.total

    def steps(self) -> Iterator[Any]:
        """Yields each step once it is in the journal."""
        for step in self._run.steps():
            self._last = step
            self.done += 1
            if self._journal is not None:
                self._note(step)
            yield step

    def steer(self, change: Change, images: Mapping[str, np.ndarray]) -> Change:
        """Steers from the next step on; returns the change as recorded. Raises RequestError."""
        change = replace(change, step=self.done)
        self._run.steer(change, images)
        if self._journal is not None:
            self._write(self._journal, durable=False)
        return change

    def pause(self) -> bool:
        """Writes the state durably, so that it survives a power failure; False if that fails."""
        return self._journal is None or self._write(self._journal, durable=True)

    def finish(self) -> GeneratedImage:
        """The image, decoded in small tiles if memory is short.

        The state is saved before it is decoded. Raises the errors of decoding in tiles.
        """
        if self._journal is not None:
            self._write(self._journal, durable=True)
        try:
            return self._run.finish(self._last)
        except (DecodeError, MemoryError, RuntimeError) as error:
            if not isinstance(error, DecodeError) and memory_shortage(error) is None:
                raise
        self._tiled = True  # outside: the error holds on to memory
        return self._run.finish(self._last, tiled=True)

    def rescue(self, path: Path) -> None:
        """Writes all that is needed to decode it later. Raises OSError, StateError."""
        self._run.save(path, self._last, step_digests=self._step_digests)

    def record(self, image: GeneratedImage, parent: Parent | None) -> Record:
        environment, pixels = self._run.environment, digest(image.rgb)
        return Record(environment, tuple(self._step_digests), pixels, parent, self._tiled)

    def trajectory(self, record: Record, image: GeneratedImage) -> Trajectory | None:
        """The estimates of its steps; None if they are not kept."""
        if not self._keeps or not self._estimates:
            return None
        estimates = np.stack(self._estimates)
        return Trajectory(image.request, record.environment, self._first, estimates)

    def close(self) -> None:
        """Closes the journal; its files stay."""
        if self._journal is not None:
            self._journal.log.close()

    def _recall(self, journal: Journal) -> None:
        """Reads the estimates from before the interruption."""
        try:
            self._estimates = journal.log.read(self.done, wanted=self._keeps)
        except OSError as error:
            self._logs = False
            self._warn(error)
        if len(self._estimates) < self.done:
            self._estimates, self._first = [], self.done + 1

    def _note(self, step: Any) -> None:
        assert self._journal is not None
        self._step_digests.append(self._run.step_digest(step))
        if self._keeps:
            self._estimates.append(self._run.estimate(step))
        if self._logs:
            self._log(self._journal)
        if self.done < self.total:  # `finish` writes the last one
            self._write(self._journal, durable=False)

    def _log(self, journal: Journal) -> None:
        try:
            if self._keeps:
                journal.log.append(self.total, self._estimates[-1])
            else:
                journal.log.append(self.total)
        except OSError as error:
            self._logs = False
            self._warn(error)

    def _write(self, journal: Journal, *, durable: bool) -> bool:
        state = journal.state_after(self.done)
        try:
            self._run.save(
                state,
                self._last,
                with_inputs=False,
                durable=durable,
                step_digests=self._step_digests,
            )
            if self._written is not None and self._written != state:
                self._written.unlink(missing_ok=True)
        except OSError as error:
            self._warn(error)
            return False
        self._written = state
        return True


def decode_failure(error: BaseException, file: Path) -> StudioError:
    """The message about an image whose state was saved to `file`."""
    known = error if isinstance(error, StudioError) else memory_shortage(error)
    reason = known.message if known else str(error)
    return DecodeError(
        "The image is finished but could not be decoded. {error}",
        "It is kept: with more memory free, run ldm-studio resume '{path}'.",
        error=reason,
        path=file,
    )
