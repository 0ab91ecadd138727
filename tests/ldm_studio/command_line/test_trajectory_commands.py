"""Stopping, resuming, branching and replaying on the command line, with a tiny real model."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.images.image_digest import digest
from core.request.request import Change, Request
from ldm_studio.command_line import cli
from ldm_studio.command_line.cli import Exit
from ldm_studio.engine.core_pipeline import CorePipeline
from ldm_studio.images.image_files import (
    load_image,
    read_pixels,
    read_record,
    read_request,
    save_png,
)
from ldm_studio.images.input_store import InputStore
from ldm_studio.images.run_record import Record
from ldm_studio.paths import inputs_dir
from tests.core import conftest as core_fixtures
from tests.narrowing import present

tokenizer = core_fixtures.tokenizer
tiny_model_folder = core_fixtures.tiny_model_folder

ROOT = Path(__file__).parents[3]
STEPS = 5
PHOTO = np.random.default_rng(2).integers(0, 256, (32, 32, 3), np.uint8)
MASK = np.zeros((32, 32), np.uint8)
MASK[8:24, 8:24] = 255

Command = Callable[..., int]


@pytest.fixture
def run(tiny_model_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Command:
    """Runs `ldm-studio` in a folder with a model, a photo and a mask; returns the exit code."""
    models = tmp_path / "home" / "data" / "models"
    models.mkdir(parents=True)
    (models / "tiny").symlink_to(tiny_model_folder, target_is_directory=True)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("ldm_studio.engine.core_pipeline.physical_cores", lambda: 1)
    Image.fromarray(PHOTO).save("photo.png")
    Image.fromarray(MASK).save("mask.png")

    def command(*arguments: str) -> int:
        try:
            return cli.main(arguments, CorePipeline)
        except SystemExit as leaving:
            return int(str(leaving.code))

    return command


def generate(run: Command, *more: str, name: str = "a.png") -> Path:
    words = ["generate", "a red cat", "--model", "tiny", "--steps", str(STEPS), "--seed", "3"]
    assert run(*words, *more, *(() if "--state" in more else ("-o", name))) == 0
    return Path(name)


def recipe(path: Path) -> Request:
    found = read_request(path)
    assert found is not None
    return found


def record(path: Path) -> Record:
    found = read_record(path)
    assert found is not None
    return found


def rewrite(
    path: Path,
    *,
    request: Request | None = None,
    run: Record | None = None,
    pixels: np.ndarray | None = None,
) -> None:
    """The same file with other contents, as an editor of metadata or pixels writes it."""
    own = read_pixels(path) if pixels is None else pixels
    save_png(path, own, request or recipe(path), "Tiny", "", run or record(path))


# --- stop and resume ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "settings",
    [
        ("--sampler", "DPM++ 2M SDE", "--eta", "0.7"),
        ("--sampler", "unipc", "--cfg", "3", "--cfg-rescale", "0.5"),
        ("--sampler", "restart", "--noise", "comfyui"),
        ("--init", "photo.png", "--mask", "mask.png", "--variation-strength", "0.3",
         "--variation-seed", "8"),
        ("--sigmas", "80,20,5,1,0.2"),
    ],
    ids=lambda settings: settings[1],
)  # fmt: skip
def test_a_resumed_image_equals_the_uninterrupted_file(
    run: Command, settings: tuple[str, ...]
) -> None:
    whole = generate(run, *settings).read_bytes()
    for done in (1, 3, STEPS):
        generate(run, *settings, "--stop-after", str(done), "--state", "a.state")
        assert run("resume", "a.state", "-o", "b.png") == 0
        assert Path("b.png").read_bytes() == whole


def test_a_finished_state_is_only_decoded(run: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    generate(run, "--stop-after", str(STEPS), "--state", "a.state")
    monkeypatch.setattr("core.pipeline.segments.Segment.step", None)
    assert run("resume", "a.state", "--transparent", "-o", "a.png") == 0
    assert read_pixels(Path("a.png")).shape == (32, 32, 4)
    assert len(record(Path("a.png")).steps) == STEPS


def test_a_state_describes_its_progress(run: Command, capsys: pytest.CaptureFixture[str]) -> None:
    generate(run, "--stop-after", "2", "--state", "deep/a.state", "--json")
    output = json.loads(capsys.readouterr().out)
    assert (output["path"], output["step"], output["steps"]) == ("deep/a.state", 2, STEPS)


def test_a_state_with_a_missing_model_names_its_hash(
    run: Command, capsys: pytest.CaptureFixture[str], tiny_model_folder: Path, tmp_path: Path
) -> None:
    generate(run, "--stop-after", "2", "--state", "a.state")
    (tmp_path / "home" / "data" / "models" / "tiny").unlink()
    capsys.readouterr()
    assert run("resume", "a.state", "-o", "a.png") == Exit.MODEL
    err = capsys.readouterr().err
    generate(run, "--model", str(tiny_model_folder), name="b.png")
    assert f'needs the model "tiny" with the hash {recipe(Path("b.png")).model_digest[:10]}' in err
    assert run("resume", "a.state", "--model", str(tiny_model_folder), "-o", "a.png") == 0
    assert np.array_equal(load_image(Path("a.png")), load_image(Path("b.png")))


def test_an_invalid_state_is_a_file_error(run: Command, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("photo.png", "nothing"):
        assert run("resume", name) == Exit.IMAGE
        assert name in capsys.readouterr().err
    assert run("generate", "a cat", "--model", "tiny", "--stop-after", "1", "--state", ".") == (
        Exit.IMAGE
    )


# --- branch ------------------------------------------------------------------------------------


def test_a_branch_records_its_parent_and_replays(run: Command) -> None:
    parent = generate(run, "--sampler", "DPM++ 2M")
    words = ["--prompt", "a blue heart", "-n", "smile", "--cfg", "2.5", "--sampler", "euler a"]
    assert run("branch", "a.png", "--step", "2", *words, "--steps", "8", "-o", "b.png") == 0
    request, made = recipe(Path("b.png")), record(Path("b.png"))
    change = Change(2, "a blue heart", "smile", 2.5, "Euler a", None, 8, addons=())
    assert request == replace(recipe(parent), changes=(change,))
    assert made.parent is not None
    assert (made.parent.name, made.parent.step) == ("a.png", 2)
    assert made.parent.picture == digest(load_image(parent)) == record(parent).pixels
    assert made.steps[:2] == record(parent).steps[:2]
    assert made.steps[2] != record(parent).steps[2]
    assert run("replay", "a.png", "b.png") == 0


def test_a_branch_of_a_branch_keeps_earlier_changes(
    run: Command, capsys: pytest.CaptureFixture[str]
) -> None:
    generate(run)
    for step, cfg in (("1", "2"), ("3", "5")):
        assert run("branch", "a.png", "--step", step, "--cfg", cfg, "-o", "a.png") == 0
    assert [change.step for change in recipe(Path("a.png")).changes] == [1, 3]
    assert "left out" not in capsys.readouterr().err
    assert run("branch", "a.png", "--step", "2", "--prompt", "a heart", "-o", "b.png") == 0
    assert "changes of the image from step 2 on: cfg at step 3" in capsys.readouterr().err
    assert recipe(Path("b.png")).changes == (
        Change(1, cfg=2.0),
        Change(2, prompt="a heart", addons=()),
    )
    assert run("replay", "a.png", "b.png") == 0


def test_a_branch_with_a_mask_keeps_the_rest_of_the_image(run: Command) -> None:
    generate(run)
    words = ["--mask", "mask.png", "--prompt", "a heart"]
    assert run("branch", "a.png", "--step", "2", *words, "-o", "b.png") == 0
    before, after = load_image(Path("a.png")), load_image(Path("b.png"))
    assert np.array_equal(before[MASK == 0], after[MASK == 0])
    assert not np.array_equal(before[MASK > 0], after[MASK > 0])
    (change,) = recipe(Path("b.png")).changes
    assert (change.init, change.mask) == (digest(before), digest(MASK))
    for kept in (before, MASK):
        assert np.array_equal(present(InputStore(inputs_dir()).find(digest(kept))), kept)
    assert run("replay", "b.png") == 0


@pytest.mark.parametrize(
    ("arguments", "says", "code"),
    [
        ("a.png --step 2", "Add --prompt, --negative", Exit.USAGE),
        ("a.png --step 5 --cfg 2", "--step: The change at step 5 comes after", Exit.USAGE),
        ("a.png --cfg 2", "required: --step", Exit.USAGE),
        ("a.png --step 2 --mask small.png", "small.png has 3 x 3 pixels", Exit.USAGE),
        ("a.png --step 2 --mask mask.png --transparent", "no transparent", Exit.USAGE),
        ("a.png --step 2 --sampler eulr", "Similar: Euler", Exit.USAGE),
        ("photo.png --step 2 --cfg 2", "contains no recipe", Exit.IMAGE),
        ("nothing.png --step 2 --cfg 2", "No such file", Exit.IMAGE),
    ],
)
def test_an_impossible_branch_is_explained(
    run: Command, capsys: pytest.CaptureFixture[str], arguments: str, says: str, code: Exit
) -> None:
    generate(run)
    Image.new("L", (3, 3), 255).save("small.png")
    assert run("branch", *arguments.split(), "-o", "b.png") == code
    assert says in capsys.readouterr().err
    assert not Path("b.png").exists()


# --- replay ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "settings",
    [
        (),
        ("--transparent",),
        ("--init", "photo.png", "--strength", "0.6"),
        ("--init", "photo.png", "--mask", "mask.png"),
        ("--sampler", "restart", "--schedule", "beta", "--noise", "nv"),
        ("--sampler", "heun", "--churn", "3", "--guidance-start", "0.2", "--mimic-cfg", "2"),
        ("--cfg-plus-plus", "0.6"),
    ],
    ids=" ".join,
)
def test_an_image_replays_from_its_file(
    run: Command, capsys: pytest.CaptureFixture[str], settings: tuple[str, ...]
) -> None:
    generate(run, *settings)
    capsys.readouterr()
    assert run("replay", "a.png") == 0
    steps = len(record(Path("a.png")).steps)
    assert capsys.readouterr().out == f"a.png: identical, {steps} steps\n"


def test_a_steered_recipe_replays_in_another_process(run: Command, tmp_path: Path) -> None:
    steered = ["--prompt", "a blue heart", "--cfg", "1.5"]
    generate(run, "--sampler", "DPM++ 3M SDE")
    assert run("branch", "a.png", "--step", "1", *steered, "-o", "b.png") == 0
    assert run("branch", "b.png", "--step", "4", "--mask", "mask.png", "-o", "c.png") == 0
    program = (
        "import sys, ldm_studio.engine.core_pipeline as pipeline;"
        "from ldm_studio.command_line.cli import main;"
        "pipeline.physical_cores = lambda: 1;"
        "sys.exit(main(['replay', 'a.png', 'b.png', 'c.png', '--json']))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr + done.stdout
    reported = [json.loads(line) for line in done.stdout.splitlines()]
    assert [(one["path"], one["verdict"]) for one in reported] == [
        (name, "identical") for name in ("a.png", "b.png", "c.png")
    ]


def test_the_first_different_step_is_named(
    run: Command, capsys: pytest.CaptureFixture[str]
) -> None:
    path = generate(run)
    marks = list(record(path).steps)
    marks[2] = "0" * 16
    rewrite(path, run=replace(record(path), steps=tuple(marks)))
    assert run("replay", "a.png") == Exit.DIFFERS
    out = capsys.readouterr().out
    assert f"step 3 of {STEPS} is the first that differs; the final image is the same" in out
    assert "possible cause: the machine is the same" in out


def test_an_edited_recipe_makes_another_image(
    run: Command, capsys: pytest.CaptureFixture[str]
) -> None:
    path = generate(run)
    rewrite(path, request=replace(recipe(path), prompt="a blue cat"))
    assert run("replay", "a.png", "--json") == Exit.DIFFERS
    output = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (output["verdict"], output["first_difference"]) == ("differs", 1)
    assert output["pixels_equal"] is False
    rewrite(path, request=replace(recipe(path), prompt="a red cat", steps=STEPS + 2))
    assert run("replay", "a.png", "--json") == Exit.DIFFERS
    output = json.loads(capsys.readouterr().out)
    assert output["notes"] == [f"its record has {STEPS} steps, the replay {STEPS + 2}"]


def test_another_machine_is_named_as_the_likely_cause(
    run: Command, capsys: pytest.CaptureFixture[str]
) -> None:
    path = generate(run)
    made = record(path)
    elsewhere = replace(made.environment, torch="1.0", threads=64)
    rewrite(path, run=replace(made, environment=elsewhere, steps=("0" * 16, *made.steps[1:])))
    assert run("replay", "a.png", "--json") == Exit.DIFFERS
    causes = json.loads(capsys.readouterr().out.splitlines()[-1])["causes"]
    assert causes[0].startswith("PyTorch: 1.0 when it was made, ")
    assert causes[1].startswith("the number of threads: 64 when it was made, ")
    assert len(causes) == 2


@pytest.mark.parametrize("more", [(), ("--transparent",)])
def test_an_edited_file_is_detected(
    run: Command, capsys: pytest.CaptureFixture[str], more: tuple[str, ...]
) -> None:
    path = generate(run, *more)
    pixels = read_pixels(path)
    pixels[0, 0] ^= 1
    rewrite(path, pixels=pixels)
    assert run("replay", "a.png") == Exit.DIFFERS
    out = capsys.readouterr().out
    assert f"all {STEPS} steps and the final image are the same, the file is not" in out
    assert "the file's pixels were edited after it was made" in out


def test_images_without_a_run_record_are_compared_by_pixels(
    run: Command, capsys: pytest.CaptureFixture[str]
) -> None:
    path = generate(run)
    save_png(path, load_image(path), recipe(path), "Tiny", "")
    assert run("replay", "a.png") == 0
    assert "it carries no record of its steps" in capsys.readouterr().out
    save_png(path, 255 - load_image(path), recipe(path), "Tiny", "")
    assert run("replay", "a.png") == Exit.DIFFERS
    assert "the final image differs" in capsys.readouterr().out


def test_a_missing_model_is_named_with_its_hash(
    run: Command, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    path = generate(run)
    wanted = recipe(path).model_digest[:10]
    rewrite(path, request=replace(recipe(path), model_digest="ab" * 32))
    assert run("replay", "a.png") == Exit.NOT_REPLAYED
    output = capsys.readouterr().out
    assert 'needs the model "tiny" with the hash abababab' in output
    assert f"Tiny here has the hash {wanted}" in output
    (tmp_path / "home" / "data" / "models" / "tiny").unlink()
    assert run("replay", "a.png") == Exit.NOT_REPLAYED
    assert 'There is no model "tiny"' in capsys.readouterr().out


@pytest.mark.parametrize("size", [(), ("--size", "64x48")])
def test_a_missing_init_image_is_named_and_can_be_supplied(
    run: Command, capsys: pytest.CaptureFixture[str], size: tuple[str, ...]
) -> None:
    path = generate(run, "--init", "photo.png", "--mask", "mask.png", *size)
    store = InputStore(inputs_dir())
    for named in (recipe(path).init, recipe(path).mask):
        store.path(named).unlink()
    assert run("replay", "a.png") == Exit.NOT_REPLAYED
    assert f"init image that the recipe names by the digest {recipe(path).init[:16]}" in (
        capsys.readouterr().out
    )
    Image.new("RGB", (32, 32)).save("other.png")
    assert run("replay", "a.png", "--init", "other.png") == Exit.NOT_REPLAYED
    given = ["--init", "photo.png", "--mask", "mask.png"]
    assert run("replay", "a.png", *given) == 0
    assert run("replay", "a.png") == 0
    assert store.find(recipe(path).init) is not None


def test_every_image_is_reported_and_the_first_failure_is_returned(
    run: Command, capsys: pytest.CaptureFixture[str]
) -> None:
    generate(run)
    Path("junk.png").write_text("junk")
    capsys.readouterr()
    assert run("replay", "a.png", "photo.png", "junk.png", "a.png") == Exit.NOT_REPLAYED
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == lines[3] == f"a.png: identical, {STEPS} steps"
    assert lines[1].startswith("photo.png: not replayed. photo.png contains no recipe")
    assert lines[2].startswith("junk.png: not replayed. junk.png is not an image")
    assert run("replay", "junk.png", "--json") == Exit.IMAGE
    assert json.loads(capsys.readouterr().out)["verdict"] == "not replayed"


def test_a_recipe_that_does_not_fit_its_model_is_not_replayed(
    run: Command, capsys: pytest.CaptureFixture[str]
) -> None:
    path = generate(run)
    rewrite(path, request=replace(recipe(path), width=40))
    assert run("replay", "a.png") == Exit.NOT_REPLAYED
    assert "Tiny does not support a width of 40 pixels" in capsys.readouterr().out
