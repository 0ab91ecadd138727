"""The interface between the corpus and the application, with every name that the corpus uses.

When modules are renamed, adapt this file; the return values of its functions must not change.
"""

from __future__ import annotations

import io
import json
import os
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager, redirect_stdout
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from core.errors import StudioError
from core.images.image_digest import digest
from core.request.request import Request
from core.runtime.environment import VERSION, environment
from ldm_studio import paths
from ldm_studio.canvas.document.canvas_store import load_canvas
from ldm_studio.command_line import cli
from ldm_studio.engine.core_pipeline import CorePipeline
from ldm_studio.engine.engine import Engine
from ldm_studio.engine.engine_storage import Storage
from ldm_studio.engine.events import Finished, QueueChanged, QueueItem, Ready, StepViewed
from ldm_studio.engine.latent_rgb_store import LatentRgbStore
from ldm_studio.history.formatting import record
from ldm_studio.history.history_store import History
from ldm_studio.images import image_files as images
from ldm_studio.images import recipe_inputs as recall
from ldm_studio.images.headless_run import draw
from ldm_studio.images.image_saving import ImageSaver
from ldm_studio.images.infotext import Infotext
from ldm_studio.images.input_store import InputStore
from ldm_studio.images.trajectory_store import read as read_trajectory
from ldm_studio.prompts.styles import StyleBook
from ldm_studio.settings import settings
from tests.corpus.models import read_table, write_models
from tests.ldm_studio.engine_events import Reader, end
from tests.ldm_studio.infotext_of import infotext_of

Data = dict[str, Any]

MODELS_TIME = 1_700_000_000
"""The modification time of the model files, in seconds since 1970."""
TRAJECTORY_BYTES = 2**30

new_pipeline: Callable[[], CorePipeline] = partial(CorePipeline, device="cpu", threads=1)


# --- the folder ----------------------------------------------------------------------------------


def write_models_of(home: Path) -> None:
    """The models are generated rather than stored: they are a hundred times as large as the
    rest."""
    folder = home / "data" / "models"
    write_models(folder)
    for name in read_table():
        os.utime(folder / name, (MODELS_TIME, MODELS_TIME))


def relocate(home: Path, before: str) -> None:
    """The files contain their paths: adapts a copy of them to `home`."""
    for path in home.rglob("*.json*"):
        text = path.read_text(encoding="utf-8")
        path.write_text(text.replace(before, home.as_posix()), encoding="utf-8")
    with closing(sqlite3.connect(home / "data" / "history.sqlite3")) as connection, connection:
        for table, column in (("pictures", "path"), ("pictures", "folder"), ("folders", "path")):
            connection.execute(
                f"UPDATE {table} SET {column} = replace({column}, ?, ?)", (before, home.as_posix())
            )


# --- command line --------------------------------------------------------------------------------


def run(*arguments: str) -> tuple[int, list[Data]]:
    """A command that prints JSON: its exit code and the objects."""
    out = io.StringIO()
    with redirect_stdout(out):
        code = cli.main(arguments, new_pipeline)
    return int(code), [json.loads(line) for line in out.getvalue().splitlines()]


def run_again(commands: list[list[str]]) -> list[tuple[int, list[Data]]]:
    """Several commands with one pipeline, so that models are loaded once."""
    pipeline = new_pipeline()
    results = []
    for arguments in commands:
        out = io.StringIO()
        with redirect_stdout(out):
            code = cli.main(arguments, lambda: pipeline)
        results.append((int(code), [json.loads(line) for line in out.getvalue().splitlines()]))
    return results


NEWER: Mapping[str, Data] = {
    "guidance": {"zero_star": False, "zero_init": 0},
    "variation": {"from_width": 0, "from_height": 0},
}
"""Parameters added since, by group, with the values that leave images unchanged."""
NEWER_FIELDS: Data = {"conditions": [], "conventions": "Studio", "noise_seed_delta": 0}
"""Likewise for fields of the request itself."""


def as_then(request: Request) -> Data:
    """The JSON of a request, without new parameters that change nothing."""
    data: Data = json.loads(request.to_json())
    data["version"], data["syntax"] = 1, data["syntax"].removesuffix(" 0.1")
    for part, newer in ((data, NEWER_FIELDS), *((data[group], NEWER[group]) for group in NEWER)):
        for name, value in newer.items():
            if part.get(name) == value:
                del part[name]
    return data


FOUND_OUT = ("model_digest", "prediction", "addons", "vae", "init", "mask")
"""What the pipeline adds to a request when an image starts."""


def asked(commands: list[list[str]]) -> list[Data]:
    """The request of each command; nothing is generated."""
    pipeline, requests = new_pipeline(), []

    def begin(request: Request, *_: Any, **__: Any) -> Any:
        requests.append(as_then(request))
        raise StudioError("This is enough.")

    pipeline.begin = begin
    for arguments in commands:
        cli.main(arguments, lambda: pipeline)
    return [as_asked(request) for request in requests]


def as_asked(request: Data) -> Data:
    """A request without what is added when it runs."""
    plain = {key: value for key, value in request.items() if key not in FOUND_OUT}
    plain["changes"] = [as_asked(change) for change in request.get("changes", ())]
    return plain


SAME_ARITHMETIC = {"3": "2"}
"""Versions of the arithmetic that give all images of the corpus the same bits: 3 differs for DPM2 a
between coarse levels alone."""


def this_machine() -> Data:
    import torch

    torch.set_num_threads(1)
    return {**asdict(environment()), "core": SAME_ARITHMETIC.get(VERSION, VERSION)}


# --- images --------------------------------------------------------------------------------------


def pixels_of(path: Path) -> np.ndarray:
    return images.read_pixels(path)


def describe_image(path: Path) -> Data:
    """The metadata of an image."""
    pixels = images.read_pixels(path)
    request, run, info = (
        images.read_request(path),
        images.read_record(path),
        infotext_of(path),
    )
    return {
        "shape": list(pixels.shape),
        "pixels": digest(pixels),
        "request": None if request is None else as_then(request),
        "run": None if run is None else _as_recorded(json.loads(run.to_json())),
        "infotext": None if info is None else _infotext_then(info),
    }


def _infotext_then(info: Infotext) -> Data:
    """A parsed text, without the part that came later and is empty."""
    found = asdict(info)
    if not found["notes"]:
        del found["notes"]
    return _plain(found)


def _as_recorded(run: Data) -> Data:
    """A record with the version of the arithmetic that it would have had then."""
    core = run["environment"]["core"]
    run["environment"]["core"] = SAME_ARITHMETIC.get(core, core)
    return run


def draw_again(path: Path, pipeline: CorePipeline) -> np.ndarray:
    """The pixels of an image generated from its own recipe."""
    request = recall.recipe(path)
    start = recall.find(request, InputStore(paths.inputs_dir()))
    recall.load_model(pipeline, request)
    drawn = draw(pipeline.begin(request, start), lambda done, total: None).image
    return drawn.rgba() if images.read_pixels(path).shape[-1] == 4 else drawn.rgb


def read_again(request: Data) -> Data:
    """A request after a JSON round trip."""
    return as_then(Request.from_json(json.dumps(request)))


# --- history -------------------------------------------------------------------------------------


def history_of(folder: Path, *, ours: bool) -> Data:
    """The contents of the index in the data folder, by the names of the images.

    `ours`: with the user's marks and what is stored beside them.
    """
    with History(folder) as history, closing(history.reader()) as reader:
        found = {}
        details = [reader.details(one.id) for one in _listed(reader)]
        names = {one.listed.id: one.listed.path.name for one in details if one is not None}
        for one in details:
            assert one is not None
            data = _plain(record(one))
            for key in ("id", "path", "made", "day"):
                del data[key]
            data["children"] = sorted(names[number] for number in data["children"])
            for parent in data["parents"]:
                parent["ids"] = sorted(names[number] for number in parent["ids"])
            if not ours:
                for key in ("favourite", "rating", "tags", "collections", "state", "kept_steps"):
                    del data[key]
            found[one.listed.path.name] = data
        if not ours:
            return {"images": found}
        return {
            "images": found,
            "searches": reader.searches(),
            "collections": [_collection(one) for one in reader.collections()],
            "folders": [path.name for path in reader.folders()],
        }


def _collection(one: Any) -> Any:
    """Under the field names of the version that wrote the expected values."""
    return _plain({"key": one.key, "title": one.title, "pictures": one.images})


def _listed(reader: Any) -> Iterator[Any]:
    from ldm_studio.history.query_language import parse

    for state in ("", "is:missing", "is:deleted"):
        yield from reader.pages(parse(state))


# --- states, queue, steps ------------------------------------------------------------------------


@contextmanager
def engine() -> Iterator[tuple[Engine, Reader]]:
    """An engine in the folders of this program, and its events."""
    reader = Reader()
    engine = Engine(
        new_pipeline(),
        reader.mailbox,
        ImageSaver().save_image,
        Storage.in_user_folders(TRAJECTORY_BYTES),
    )
    try:
        yield engine, reader
    finally:
        end(engine)


def describe_queue(items: tuple[QueueItem, ...]) -> list[Data]:
    return [
        {
            "state": item.state,
            "request": as_then(item.request),
            "done": item.done,
            "step": item.step,
            "steps": item.steps,
        }
        for item in items
    ]


def finish_queue() -> tuple[list[Data], list[Path]]:
    """The restored queue, and the images once all jobs are finished."""
    with engine() as (running, reader):
        first = reader.one(QueueChanged, lambda event: bool(event.items))
        found = describe_queue(first.items)
        for item in first.items:
            if item.state == "interrupted":
                running.resume_item(item.id)
        running.resume()
        reader.until(lambda event: isinstance(event, QueueChanged) and not event.items)
        done = reader.all(Finished)
    return found, [event.path for event in done if event.path is not None]


def kept_steps() -> Data:
    """The files of saved steps by name."""
    found = {}
    for path in sorted(paths.trajectories_dir().glob("*")):
        kept = read_trajectory(path)
        found[path.name] = {
            "first": kept.first,
            "estimates": digest_of(kept.estimates),
            "request": as_then(kept.request),
        }
    return found


def look(step: int) -> dict[str, np.ndarray]:
    """The pixels of each of them after a step."""
    found = {}
    files = {path: read_trajectory(path).request for path in paths.trajectories_dir().glob("*")}
    loaded = ""
    with engine() as (running, reader):
        for path, request in sorted(files.items(), key=lambda item: (item[1].model, item[0])):
            if request.model != loaded:
                reader.forget()
                loaded = request.model
                running.warm_up(loaded)
                reader.one(Ready)
            running.view_step(path, step)
            seen = reader.one(StepViewed, lambda event, path=path: event.trajectory == path)
            found[path.name] = seen.pixels
    return found


def digest_of(array: np.ndarray) -> str:
    import hashlib

    return hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()


# --- what is read without a window ---------------------------------------------------------------


def canvas_of(home: Path) -> Data:
    kept = load_canvas(home / "state" / "canvas")
    assert kept is not None
    return {
        name: None if plane is None else digest(plane)
        for name, plane in (("rgb", kept.rgb), ("alpha", kept.alpha), ("mask", kept.mask))
    }


def settings_of(home: Path) -> Data:
    return _plain(settings.as_object(settings.load(home / "config" / "settings.json").settings))


def preview_colours(autoencoder: str) -> Any:
    """The cached latent-to-RGB matrix of an autoencoder, by its digest."""
    return LatentRgbStore().find(autoencoder)


def styles_of(home: Path) -> list[Data]:
    return [asdict(style) for style in StyleBook(home / "config" / "styles.json").styles]


def _plain(value: Any) -> Any:
    """As JSON reads it back."""
    return json.loads(json.dumps(value, default=str))


# --- arithmetic ----------------------------------------------------------------------------------


def probe() -> str:
    """A digest of some sums in torch: equal on processors of one kind."""
    import torch

    torch.set_num_threads(1)
    numbers = torch.arange(1, 40_001, dtype=torch.float64).sin().float()
    a, b = numbers[:16_384].reshape(128, 128), numbers[16_384:32_768].reshape(128, 128)
    image, kernel = a.reshape(1, 4, 64, 64), numbers[-1152:].reshape(32, 4, 3, 3)
    parts = [
        a @ b,
        torch.nn.functional.conv2d(image, kernel, padding=1),
        torch.softmax(a * 3, dim=-1),
        torch.nn.functional.silu(a).exp(),
        torch.nn.functional.group_norm(image, 2),
        torch.nn.functional.scaled_dot_product_attention(
            a[None, None], b[None, None], a[None, None]
        ),
    ]
    return digest_of(np.concatenate([part.numpy().ravel() for part in parts]))
