"""The command line, as a script would use it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.errors import Message
from core.images.image_digest import digest
from core.request.parameters import Guidance, Levels, Options, Variation
from core.request.request import Request
from ldm_studio import __main__, paths
from ldm_studio.command_line import cli
from ldm_studio.images.image_files import load_image, read_record, read_request
from ldm_studio.prompts.wildcard_files import Wildcards, with_resolved_wildcards
from tests.ldm_studio.command_line.conftest import ENVIRONMENT, MODEL
from tests.narrowing import present

ROOT = Path(__file__).parents[3]


# --- making images ---------------------------------------------------------------------------


def test_a_prompt_is_enough(run, pipeline, capsys, tmp_path):
    assert run("generate", "a fox") == 0
    out, err = capsys.readouterr()
    path = Path(out.strip())
    ((request, image, mask),) = pipeline.asked
    assert path.name == f"00001-{request.seed}.png"
    assert tmp_path / "home" in path.parents
    assert f"seed {request.seed}" in err
    assert (image, mask) == (None, None)
    assert request == Request(
        prompt="a fox",
        sampler="DPM++ 2M",
        schedule="Karras",
        steps=3,
        cfg=2.5,
        width=64,
        height=32,
        seed=request.seed,
    )
    assert read_request(path) == request


def test_wildcards_are_resolved_with_each_images_seed(run, pipeline, capsys):
    folder = paths.wildcards_dir()
    folder.mkdir(parents=True)
    (folder / "hat.txt").write_text("\n".join(map(str, range(500))))
    prompt = "a {red|blue} __hat__ and __nothing__"
    assert run("generate", prompt, "--seed", "7", "--count", "3", "-o", "out") == 0
    requests = [request for request, _, _ in pipeline.asked]
    assert len({request.prompt for request in requests}) == 3
    assert {request.template for request in requests} == {prompt}
    for request in requests:
        alone = Request(prompt=prompt, seed=request.seed)
        assert request.prompt == with_resolved_wildcards(alone, Wildcards()).prompt
    assert "'__nothing__': There is no wildcard" in capsys.readouterr().err


def test_unused_clip_skip_is_reported(run, pipeline, capsys):
    assert run("generate", "[a:b:c", "--syntax", "ComfyUI", "--clip-skip", "2") == 0
    ((request, _, _),) = pipeline.asked
    assert (request.syntax, request.clip_skip) == ("ComfyUI", 1)
    err = capsys.readouterr().err
    assert "--clip-skip has no effect" in err
    assert "never closed" not in err
    assert run("generate", "[a:b:c") == 0
    assert "never closed" in capsys.readouterr().err
    assert run("generate", "a", "--syntax", "Compel") == 2
    assert run("generate", "a", "--clip-skip", "13") == 2


def test_every_main_flag_reaches_the_pipeline(run, pipeline):
    words = "generate fox -n blurry --sampler euler~a --schedule KARRAS --steps 7 --cfg 0 --seed 9"
    command = [w.replace("~", " ") for w in f"{words} --size 96x16 -o a.png".split(" ")]
    assert run(*command) == 0
    ((request, _, _),) = pipeline.asked
    assert request == Request(
        prompt="fox",
        negative="blurry",
        sampler="Euler a",
        schedule="Karras",
        steps=7,
        cfg=0.0,
        seed=9,
        width=96,
        height=16,
    )


def test_every_advanced_flag_reaches_the_pipeline(run, pipeline):
    words = (
        "generate fox --cfg-rescale 0.7 --guidance-start 0.1 --guidance-end 0.8 --mimic-cfg 5 "
        "--mimic-quantile 0.99 --sampler heun --churn 3 --churn-min 0.1 --churn-max 9 "
        "--s-noise 1.1 --schedule karras --sigma-min 0.1 --sigma-max 10 --rho 5 --noise nv "
        "--variation-strength 0.2 --variation-seed 9 -o a.png"
    )
    assert run(*words.split()) == 0
    ((request, _, _),) = pipeline.asked
    assert request.guidance == Guidance(0.7, 0.1, 0.8, 5.0, 0.99)
    assert request.options == Options(None, 1.1, 3.0, 0.1, 9.0)
    assert request.levels == Levels((), 0.1, 10.0, 5.0)
    assert request.noise == "A1111 NV"
    assert request.variation == Variation(seed=9, strength=0.2)
    words = "generate fox --cfg-plus-plus 0.6 --sampler unipc --order 2 --sigmas 9,3,1,0 -o a.png"
    assert run(*words.split()) == 0
    request = pipeline.asked[-1][0]
    assert request.guidance == Guidance(plus_plus=0.6)
    assert request.options == Options(order=2)
    assert (request.levels, request.steps) == (Levels((9.0, 3.0, 1.0)), 3)
    assert run("generate", "fox", "--sampler", "k_euler_a", "--eta", "0.3", "-o", "a.png") == 0
    assert pipeline.asked[-1][0].options == Options(eta=0.3)


def test_a_random_variation_seed_is_printed(run, pipeline, capsys):
    assert run("generate", "fox", "--variation-strength", "0.5", "--seed", "1") == 0
    seed = pipeline.asked[0][0].variation.seed
    assert capsys.readouterr().err == f"variation seed {seed}\n"


def test_images_contain_their_run_record(run, tmp_path):
    assert run("generate", "fox", "-o", "a.png") == 0
    record = read_record(tmp_path / "a.png")
    assert record is not None
    assert record.environment == ENVIRONMENT
    assert record.steps == tuple(f"{step:016x}" for step in range(MODEL.steps))
    assert record.pixels == digest(load_image(tmp_path / "a.png"))


def test_a_batch_counts_seeds_up_and_prints_only_paths(run, capsys, tmp_path):
    assert run("generate", "fox", "--count", "3", "--seed", "5", "-o", "foxes") == 0
    lines = capsys.readouterr().out.splitlines()
    assert [Path(line).name for line in lines] == ["00001-5.png", "00002-6.png", "00003-7.png"]
    assert all((tmp_path / line).exists() for line in lines)


def test_a_decoding_fallback_is_reported_once(run, pipeline, capsys):
    pipeline.notes = ("The negative prompt has no effect.",)
    assert run("generate", "overflow", "--seed", "1", "--count", "2") == 0
    out, err = capsys.readouterr()
    assert len(out.splitlines()) == 2
    assert err == "The negative prompt has no effect.\nIt overflowed.\n"


def test_json_output_contains_the_request_of_each_image(run, pipeline, capsys):
    pipeline.notes = (Message("There is no embedding {embedding}.", embedding="nowhere"),)
    assert run("generate", "狐狸", "--count", "2", "--seed", "5", "--json", "-o", "out") == 0
    records = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [record["seed"] for record in records] == [5, 6]
    for record in records:
        assert read_request(Path(record["path"])) == Request.from_json(
            json.dumps(record["request"])
        )
        assert record["seconds"] >= 0
        assert record["notes"] == ["There is no embedding nowhere."]


def test_transparent_images_keep_their_alpha(run, tmp_path):
    assert run("generate", "fox", "--transparent", "-o", "a.png") == 0
    with Image.open(tmp_path / "a.png") as image:
        assert image.mode == "RGBA"


def test_an_init_image_can_be_given(run, pipeline, tmp_path):
    Image.new("RGB", (48, 32), (1, 2, 3)).save(tmp_path / "start.png")
    assert run("generate", "fox", "--init", "start.png") == 0
    ((request, image, mask),) = pipeline.asked
    assert (request.width, request.height, request.strength) == (48, 32, 0.75)
    assert (image == (1, 2, 3)).all()
    assert mask is None


def test_image_and_mask_are_resized_with_a_size(run, pipeline, tmp_path):
    Image.new("RGB", (50, 30), "red").save(tmp_path / "start.png")
    Image.new("L", (50, 30), 255).save(tmp_path / "mask.png")
    command = "generate fox --init start.png --mask mask.png --size 64x48"
    assert run(*command.split()) == 0
    ((request, image, mask),) = pipeline.asked
    assert (request.width, request.height, request.strength) == (64, 48, 1.0)
    assert image.shape == (48, 64, 3)
    assert (mask == np.full((48, 64), 255)).all()


def test_a_model_is_given_by_name_or_path(run, pipeline, tmp_path):
    folder = tmp_path / "home" / "data" / "models" / "paint"
    folder.mkdir(parents=True)
    for name, chosen in (("paint", ["--model", "paint"]), (str(folder), ["--model", str(folder)])):
        assert run("generate", "fox", *chosen, "-o", "a.png") == 0
        assert pipeline.model == present(read_request(Path("a.png"))).model == name
    assert run("generate", "fox", "-o", "a.png") == 0
    assert pipeline.model == "default"


@pytest.mark.parametrize(
    ("arguments", "sampler", "schedule"),
    [
        (["--sampler", "DPM++ 2M Karras"], "DPM++ 2M", "Karras"),
        (["--sampler", "k_euler_a", "--schedule", "uniform"], "Euler a", "Normal"),
        (["--sampler", "dpmpp_2m_k", "--schedule", "beta"], "DPM++ 2M", "Beta"),
    ],
)
def test_names_of_other_programs_are_understood(run, pipeline, arguments, sampler, schedule):
    assert run("generate", "fox", "-o", "a.png", *arguments) == 0
    request = read_request(Path("a.png"))
    assert (present(request).sampler, present(request).schedule) == (sampler, schedule)


# --- the program itself ------------------------------------------------------------------------


def test_without_a_display_the_command_line_is_suggested(run, capsys, monkeypatch):
    monkeypatch.setattr(sys, "platform", "linux")
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    assert run() == cli.Exit.NO_WINDOW
    err = capsys.readouterr().err
    assert "ldm-studio generate" in err
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        *([name, "--help"] for name in ("generate", "resume", "branch", "replay", "doctor")),
    ],
)
def test_help_texts_are_readable(run, capsys, arguments):
    assert run(*arguments) == 0
    out = capsys.readouterr().out
    assert out.startswith("usage: ldm-studio")
    assert max(map(len, out.splitlines())) <= 100


def test_the_preload_does_nothing_outside_windows():
    before = set(sys.modules)
    __main__.preload_torch_library()
    assert set(sys.modules) == before


def test_arguments_are_parsed_without_torch_or_qt():
    code = (
        "import sys, ldm_studio.command_line.cli as cli;"
        "cli.parser().parse_args(['generate', 'x']);"
        "sys.exit(any(name.split('.')[0] in ('torch', 'PySide6') for name in sys.modules))"
    )
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)


def test_the_real_program_generates_the_same_image_twice(tmp_path):
    images = []
    for name in ("a.png", "b.png"):
        command = [sys.executable, "-m", "ldm_studio", "generate", "a red heart with a smile"]
        command += ["--steps", "2", "--seed", "7", "-o", str(tmp_path / name), "--json"]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        request = read_request(tmp_path / name)
        assert request == Request.from_json(json.dumps(json.loads(done.stdout)["request"]))
        images.append(load_image(tmp_path / name))
    assert request is not None
    assert (request.steps, request.seed) == (2, 7)
    assert images[0].shape == (request.height, request.width, 3)
    assert np.array_equal(*images)
    assert images[0].std() > 0


def test_a_stream_that_cannot_encode_a_path_is_no_error(tmp_path) -> None:
    """Like pipes on Windows, and terminals of old systems."""
    said = (
        "from ldm_studio.command_line.terminal import safe_output\n"
        "with safe_output(): print('猫 ü')"
    )
    environ = {**os.environ, "PYTHONIOENCODING": "ascii"}
    command = [sys.executable, "-c", said]
    done = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True)
    assert done.stdout.split() == ["?", "?"]


def test_a_closed_pipe_ends_the_program_without_a_report() -> None:
    """Like `ldm-studio doctor | head -1`."""
    read, write = os.pipe()
    os.close(read)
    command = [sys.executable, "-m", "ldm_studio", "doctor"]
    done = subprocess.run(command, cwd=ROOT, stdout=write, stderr=subprocess.PIPE, text=True)
    os.close(write)
    assert (done.returncode, done.stderr) == (cli.Exit.INTERRUPTED, "")
