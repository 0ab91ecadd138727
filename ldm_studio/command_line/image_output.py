"""Saves and prints the results of the command line."""

from __future__ import annotations

import json
import secrets
import sys
import tempfile
from argparse import ArgumentParser, Namespace
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tqdm import tqdm

from core.errors import ImageError, Message, StateError
from core.request.inputs import Inputs
from core.request.request import Request
from ldm_studio.engine_protocol import ModelInfo
from ldm_studio.history.index_one import index_image
from ldm_studio.images.headless_run import Drawn, OnStep
from ldm_studio.images.image_files import save_next
from ldm_studio.images.image_formats import SUFFIXES, save
from ldm_studio.images.image_saving import saver_from_settings
from ldm_studio.images.input_store import InputStore
from ldm_studio.images.recipe_inputs import keep
from ldm_studio.paths import data_dir, inputs_dir, make_folder

from .argument_types import output


def add(command: ArgumentParser, *, several: bool = False) -> None:
    """The arguments that `Output.of` reads."""
    group = command.add_argument_group("output")
    folder = "a folder for numbered files" if several else "a folder for a numbered one"
    group.add_argument(
        "-o",
        "--output",
        metavar="FILE_OR_FOLDER",
        type=output,
        help=f"a .png, .webp or .jpg file, or {folder}; by default today's folder in "
        "Pictures/LDM Studio",
    )
    group.add_argument(
        "--transparent", action="store_true", help="save with a transparent background"
    )
    group.add_argument(
        "--json", action="store_true", help="print one JSON object per image instead of its path"
    )


@dataclass(frozen=True)
class Output:
    """Where and how to save."""

    path: Path | None = None
    """A file or a folder; None: today's folder."""
    transparent: bool = False
    as_json: bool = False
    _printed: set[Message] = field(default_factory=set[Message])
    """Warnings printed so far."""

    @classmethod
    def of(cls, arguments: Namespace) -> Output:
        return cls(arguments.output, arguments.transparent, arguments.json)

    @property
    def is_file(self) -> bool:
        return _is_file(self.path)

    def make_folder(self) -> None:
        """Before generating rather than after. Raises ImageError."""
        if self.path is None:
            make_folder(saver_from_settings().today())
        else:
            make_folder(self.path.parent if self.is_file else self.path)

    def save(self, drawn: Drawn, model: ModelInfo) -> Path:
        """Raises ImageError; the latent is then saved elsewhere if possible, and the error says
        where.

        Warns if the image differs from the request.
        """
        self.warn_once(drawn.notes)
        try:
            path = self._save(drawn, model)
        except ImageError as error:
            raise _save_elsewhere(drawn, error) from error
        if problem := index_image(path):
            print_warning(f"the image is saved, but not in the history yet: {problem}")
        return path

    def warn_once(self, sentences: Iterable[Message]) -> None:
        """Prints warnings that were not printed before."""
        for sentence in sentences:
            if sentence not in self._printed:
                print_warning(str(sentence))
                self._printed.add(sentence)

    def _save(self, drawn: Drawn, model: ModelInfo) -> Path:
        image = drawn.image
        pixels = image.rgba() if self.transparent else image.rgb
        digest = image.request.model_digest or model.digest
        arguments = (pixels, image.request, model.name, digest, drawn.record)
        if self.path is None:
            return saver_from_settings().save(*arguments)
        if self.is_file:
            save(self.path, *arguments)
            return self.path
        return save_next(self.path, *arguments)

    def print_result(
        self, path: Path, request: Request, seconds: float, notes: Iterable[Message], **more: Any
    ) -> None:
        """Prints the path, or a JSON object."""
        record = {"path": str(path), "seed": request.seed, "seconds": round(seconds, 3), **more}
        record["notes"] = list(map(str, notes))
        record["request"] = json.loads(request.to_json())
        print_line(json.dumps(record, ensure_ascii=False) if self.as_json else str(path))


def _save_elsewhere(drawn: Drawn, error: ImageError) -> ImageError:
    """Saves the latent of an image that could not be saved; returns the error to report."""
    seed = drawn.image.request.seed
    for folder in (data_dir() / "rescued", Path(tempfile.gettempdir())):
        path = folder / f"{seed}-{secrets.token_hex(4)}.safetensors"
        try:
            drawn.rescue(path)
        except (OSError, StateError):  # the first error is the one to report
            continue
        return ImageError(
            error.message,
            "The image is finished and kept: free some space, and run ldm-studio resume '{path}'.",
            path=path,
        )
    return error


def _is_file(path: Path | None) -> bool:
    return path is not None and path.suffix.lower() in SUFFIXES and not path.is_dir()


@contextmanager
def progress(runs: int = 1) -> Iterator[OnStep]:
    """A progress bar on a terminal, over the steps of `runs` runs."""
    with tqdm(unit="step", disable=None, leave=False, file=sys.stderr) as bar:

        def on_step(done: int, total: int) -> None:
            bar.total = total * runs
            bar.update()

        yield on_step


def print_line(line: str) -> None:
    """Prints a result without breaking the progress bar."""
    tqdm.write(line, file=sys.stdout)
    sys.stdout.flush()


def print_warning(text: str) -> None:
    """Prints to stderr."""
    tqdm.write(text, file=sys.stderr)


def keep_inputs_or_warn(images: Inputs) -> None:
    """Stores the images for replays; generating does not depend on it."""
    try:
        keep(images, InputStore(inputs_dir()))
    except OSError as error:
        print_warning(f"the initial image is not kept for replays: {error.strerror or error}")
