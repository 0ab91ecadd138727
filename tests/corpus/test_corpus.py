"""Files of version 96bb21d open, restore and replay unchanged.

`home` is a data directory as the program left it; `expected.json` is what it read from it.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.corpus import app

CORPUS = Path(__file__).parent
EXPECTED: dict[str, Any] = json.loads((CORPUS / "expected.json").read_text(encoding="utf-8"))
MADE_IN = "/tmp/ldm-studio-corpus/home"
DAY = "Pictures/LDM Studio/2026-11-30"
MODELS = sorted({one["request"]["model"] for one in EXPECTED["images"].values() if one["request"]})

MAX_MEAN_DIFFERENCE = 1.0
"""Of 255 levels, on another machine; the image of another recipe differs by more than 10."""


@pytest.fixture(scope="session")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data directory with its models, which no test changes."""
    home = tmp_path_factory.mktemp("corpus") / "home"
    shutil.copytree(CORPUS / "home", home)
    app.write_models_of(home)
    return home


@pytest.fixture
def home(corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of it for this process."""
    home = tmp_path / "corpus"
    shutil.copytree(corpus, home, copy_function=_copy)
    app.relocate(home, MADE_IN)
    monkeypatch.setenv("LDM_STUDIO_HOME", str(home))
    monkeypatch.chdir(home / DAY)
    return home


def _copy(source: str, target: str) -> None:
    """Models are not written to, so a link suffices."""
    if source.endswith(".safetensors") and "/models/" in source.replace(os.sep, "/"):
        os.link(source, target)
    else:
        shutil.copy2(source, target)


@pytest.fixture(scope="session")
def exact() -> bool:
    """Whether this machine's arithmetic equals that of the corpus."""
    return app.this_machine() == EXPECTED["environment"] and app.probe() == EXPECTED["probe"]


def assert_same_pixels(pixels: np.ndarray, path: Path, *, exact: bool) -> None:
    """Bit for bit on a machine of the same kind, otherwise visually."""
    then = app.pixels_of(path)
    assert pixels.shape == then.shape
    difference = np.abs(pixels.astype(int) - then.astype(int))
    if exact:
        assert not difference.any(), f"{path.name} differs by {difference.mean():.3f}"
    assert difference.mean() <= MAX_MEAN_DIFFERENCE, path.name


def assert_includes(found: Any, expected: Any, place: str = "") -> None:
    """Checks that all old entries exist; new ones may be added."""
    if isinstance(expected, dict):
        for key, value in expected.items():
            assert key in found, f"{place}/{key} is lost"
            assert_includes(found[key], value, f"{place}/{key}")
    else:
        assert found == expected, place


# --- images --------------------------------------------------------------------------------------


def test_every_image_has_its_old_metadata(home: Path) -> None:
    for name, expected in EXPECTED["images"].items():
        (path,) = home.glob(f"{DAY}/**/{name}")
        assert app.describe_image(path) == expected, name
        if expected["request"]:
            assert app.read_again(expected["request"]) == expected["request"], name


@pytest.mark.parametrize("model", MODELS)
def test_every_image_replays(home: Path, exact: bool, model: str) -> None:
    names = [
        name
        for name, one in EXPECTED["images"].items()
        if one["request"] and one["request"]["model"] == model
    ]
    files = [str(next(home.glob(f"{DAY}/**/{name}"))) for name in names]
    # On another machine, the pixels of all images are compared below and a few verdicts suffice.
    replayed = files if exact else files[:4]
    _, verdicts = app.run("replay", "--json", *replayed)
    assert len(verdicts) == len(replayed)
    for name, verdict in zip(names, verdicts, strict=False):
        del verdict["path"]
        if exact or verdict["verdict"] == "identical":
            assert verdict == EXPECTED["replays"][name], name
            continue
        causes = " ".join(verdict["causes"])  # which names how the machine differs
        assert "when it was made" in causes or "the machine is the same" in causes, verdict
    if not exact:
        pipeline = app.new_pipeline()
        for path in map(Path, files):
            if path.suffix != LOSSY:  # the output of its command line is compared below
                assert_same_pixels(app.draw_again(path, pipeline), path, exact=False)


LOSSY = ".jpg"
IN_FULL = ("branch", "--count", "--transparent")
"""Commands that are always run completely."""


def test_old_command_lines_make_identical_images(home: Path, exact: bool) -> None:
    """Replays already compare the images, so every fifth command is enough."""
    made = home / "made"
    made.mkdir()
    commands = [
        one
        for number, one in enumerate(EXPECTED["commands"])
        if number % 5 == 0
        or {*IN_FULL} & {*one["arguments"]}
        or (not exact and one["arguments"][-1].endswith(LOSSY))
    ]
    vectors = []
    for one in commands:
        *arguments, output = one["arguments"]
        vectors.append([*arguments, str(made / output)])
    for one, (code, printed) in zip(commands, app.run_again(vectors), strict=True):
        assert code == 0, one["arguments"]
        paths = [Path(found["path"]) for found in printed]
        assert [os.path.relpath(path, made) for path in paths] == one["files"]
        for path, file in zip(paths, one["files"], strict=True):
            assert_same_pixels(app.pixels_of(path), home / DAY / file, exact=exact)
            expected = EXPECTED["images"][Path(file).name]
            assert app.describe_image(path)["request"] == expected["request"], file
            assert app.describe_image(path)["infotext"] == expected["infotext"], file


def test_old_command_lines_make_identical_requests(home: Path) -> None:
    commands = [one for one in EXPECTED["commands"] if one["arguments"][0] == "generate"]
    requests = app.asked([one["arguments"] for one in commands])
    for one, request in zip(commands, requests, strict=True):
        expected = app.as_asked(EXPECTED["images"][Path(one["files"][0]).name]["request"])
        if "--count" not in one["arguments"]:
            assert request == expected, one["arguments"]


# --- states, queue, steps ------------------------------------------------------------------------


@pytest.mark.parametrize("one", EXPECTED["states"], ids=lambda one: one["state"])
def test_every_old_state_resumes_to_its_image(home: Path, exact: bool, one: dict[str, Any]) -> None:
    state = home / "states" / one["state"]
    code, (printed,) = app.run("resume", str(state), "--json", "-o", str(home / "resumed.png"))
    assert code == 0
    then = home / DAY / one["image"]
    assert_same_pixels(app.pixels_of(Path(printed["path"])), then, exact=exact)
    found = app.describe_image(home / "resumed.png")
    assert found["request"] == EXPECTED["images"][one["image"]]["request"]
    if exact:
        assert found["run"] == EXPECTED["images"][one["image"]]["run"]


def test_the_old_queue_is_restored_and_makes_identical_images(home: Path, exact: bool) -> None:
    items, paths = app.finish_queue()
    assert items == EXPECTED["queue"]
    assert len(paths) == len(EXPECTED["queue results"])
    for number, path in enumerate(paths):
        then = CORPUS / "results" / f"queue-{number}.png"
        assert_same_pixels(app.pixels_of(path), then, exact=exact)


def test_old_saved_steps_are_read_and_shown(home: Path, exact: bool) -> None:
    assert app.kept_steps() == EXPECTED["steps"]
    seen = {name: app.digest_of(pixels) for name, pixels in app.look(3).items()}
    assert seen.keys() == EXPECTED["looks"].keys()
    if exact:
        assert seen == EXPECTED["looks"]


# --- what the program remembers ------------------------------------------------------------------


def test_the_old_history_has_the_same_contents(home: Path) -> None:
    assert app.history_of(home / "data", ours=True) == EXPECTED["history"]


def test_every_image_is_indexed_with_the_same_recipe(home: Path) -> None:
    fresh = home / "fresh"
    os.environ["LDM_STUDIO_HOME"] = str(fresh)
    assert app.run("history", "rebuild", str(home / DAY), "--json")[0] == 0
    found = app.history_of(fresh / "data", ours=False)["images"]
    ours = ("favourite", "rating", "tags", "collections", "state", "kept_steps")
    expected = EXPECTED["history"]["images"]
    assert found.keys() == expected.keys()
    for name, one in expected.items():
        assert found[name] == {k: v for k, v in one.items() if k not in ours}, name


def test_models_have_the_same_identity(home: Path) -> None:
    text = json.dumps(EXPECTED["listing"]).replace(MADE_IN, home.as_posix())
    expected = [one for one in json.loads(text) if one["reference"] != "default"]
    found = [one for one in app.run("models", "--json")[1] if one["reference"] != "default"]
    assert found == expected


def test_cached_preview_matrices_are_read(home: Path) -> None:
    then = json.loads((home / "state" / "colours.json").read_text(encoding="utf-8"))
    assert then
    assert {digest: app.preview_colours(digest) for digest in then} == then


def test_old_canvas_settings_and_styles_are_read(home: Path) -> None:
    assert app.canvas_of(home) == EXPECTED["canvas"]
    assert_includes(app.settings_of(home), EXPECTED["settings"])
    assert app.styles_of(home) == EXPECTED["styles"]


def test_the_old_window_state_is_restored(home: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.corpus.window"],
        cwd=CORPUS.parents[1],
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert_includes(json.loads(done.stdout), EXPECTED["window"])


@pytest.fixture(autouse=True)
def _home_is_left(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Restores the environment after each test."""
    before = os.environ.get("LDM_STUDIO_HOME")
    yield
    if before is not None:
        os.environ["LDM_STUDIO_HOME"] = before
