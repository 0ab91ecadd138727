"""Errors of the command line: messages and exit codes."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image
from tokenizers import Tokenizer, models, pre_tokenizers

from core.conditioning.text.token_count import PromptTokenCounter
from core.errors import ModelError
from core.sampling.samplers import SAMPLERS
from core.sampling.sigma_schedules import SCHEDULES
from ldm_studio.command_line import cli


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ("--sampler eulr", f"Similar: Euler, Euler a. Known: {', '.join(SAMPLERS)}."),
        ("--schedule nothing", f"Known: {', '.join(SCHEDULES)}."),
        ("--steps 0", "whole number from 1 to 1000"),
        ("--steps many", "whole number from 1 to 1000"),
        ("--cfg nan", "a number from 0 to 100"),
        ("--seed -1", "whole number from 0 to 18446744073709551615"),
        ("--size 128", "not a size such as 128x128"),
        ("--size 1x1", "width is 1, outside 8 to 16384"),
        ("--count 0", "whole number from 1 to"),
        ("--strength 0 --init start.png", "not a number above 0 to 1"),
        ("--strength 0.5", "Add --init"),
        ("--mask start.png", "Add --init"),
        ("--transparent --init start.png --mask start.png", "no transparent background"),
        ("--count 2 -o a.png", "Name a folder"),
        ("-o a.gif", ".webp, not as .gif; use a.png"),
        ("--output=", "the name is empty"),
        ("--init start.png", "Add --size 128x80 to scale it"),
        ("--init start.png --mask small.png", "must have the same size"),
        ("--surprise", "unrecognized arguments"),
        ("--sampler Euler --order 3", "--order: Euler has no option order. It has --churn"),
        ("--sampler LCM --eta 0.5", "--eta: LCM has no option eta"),
        ("--eta 2", "a number from 0 to 1"),
        ("--churn-min 0.1 --sampler Euler", "--churn-min has no effect without --churn"),
        ("--mimic-quantile 0.9", "--mimic-quantile has no effect without --mimic-cfg"),
        ("--variation-seed 9", "has no effect without --variation-strength"),
        ("--cfg 3 --cfg-plus-plus 1", "--cfg has no effect beside --cfg-plus-plus"),
        ("--sigmas 3,2 --schedule beta", "--schedule has no effect beside --sigmas"),
        ("--sigmas 3,2 --rho 5", "--rho has no effect beside --sigmas"),
        ("--sigmas 3,nan", "“nan” is not a number"),
        ("--sigmas 2,3", "--sigmas: '2,3': The numbers must decrease"),
        ("--sigmas 3,2 --steps 5", "--sigmas: 2 sigmas do not make 5 steps. Set steps to 2"),
        ("--schedule normal --rho 5", "--rho: Normal has no rho"),
        ("--sigma-min 3 --sigma-max 2", "--sigma-min: sigma_min 3 is not below"),
        ("--guidance-start 0.5 --guidance-end 0.4", "--guidance-end: guidance.end is 0.4"),
        ("--noise comfu", "Similar: ComfyUI. Known: Studio, A1111 CPU"),
        ("--stop-after 2", "--stop-after K and --state FILE need each other"),
        ("--state a.state", "--stop-after K and --state FILE need each other"),
        ("--stop-after 2 --state a.state --count 2", "--count must be 1"),
        ("--stop-after 2 --state a.state -o a.png", "Add -o to `ldm-studio resume`"),
        ("--stop-after 9 --state a.state", "--stop-after 9 is beyond the last of 3 steps"),
    ],
)
def test_wrong_usage_explains_the_right_one(run, capsys, tmp_path, arguments, says):
    Image.new("RGB", (300, 190)).save(tmp_path / "start.png")
    Image.new("L", (3, 3)).save(tmp_path / "small.png")
    assert run("generate", "fox", *arguments.split()) == cli.Exit.USAGE
    out, err = capsys.readouterr()
    assert out == ""
    assert says in err
    assert "Traceback" not in err
    assert [path.name for path in tmp_path.glob("*.state")] == []


def test_an_unknown_model_lists_known_ones(run, capsys, tmp_path):
    folder = tmp_path / "home" / "data" / "models" / "paint"
    folder.mkdir(parents=True)
    (folder / "model.json").write_text("{}")
    assert run("generate", "fox", "--model", "pant") == cli.Exit.MODEL
    assert "Known: default, paint;" in capsys.readouterr().err


def test_a_damaged_model_has_its_own_exit_code(run, pipeline, capsys):
    pipeline.load_error = ModelError("The weights are damaged.", "Install them again.")
    assert run("generate", "fox") == cli.Exit.MODEL
    assert "The weights are damaged. Install them again." in capsys.readouterr().err


def test_ignored_prompt_text_is_reported(run, pipeline, capsys):
    words = {"[UNK]": 0, "fox": 1, "red": 2}
    tokenizer = Tokenizer(models.WordLevel(words, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    pipeline.read = PromptTokenCounter(tokenizer, 2)
    assert run("generate", "red fox red fox", "-n", "猫") == 0
    err = capsys.readouterr().err
    assert "the prompt has 4 tokens; Paint reads 2, not 'red fox'" in err
    assert "Paint does not know these words of the negative prompt: 猫" in err


def test_settings_without_effect_are_reported_once(run, pipeline, capsys):
    pipeline.notes = ("The negative prompt has no effect.",)
    assert run("generate", "fox", "-n", "cat", "--count", "2") == 0
    assert capsys.readouterr().err.count("The negative prompt has no effect.") == 1


def test_a_lone_bracket_is_reported_with_its_position(run, capsys):
    assert run("generate", "a (red fox") == 0
    assert "the prompt, at character 3 '(': This ( is never closed" in capsys.readouterr().err


def test_a_read_only_folder_is_reported_before_generating(run, pipeline, tmp_path):
    (tmp_path / "file").write_text("")
    assert run("generate", "fox", "-o", "file/pictures") == cli.Exit.IMAGE
    assert not pipeline.loaded


def test_unreadable_and_unwritable_images_have_their_exit_code(run, capsys, tmp_path):
    (tmp_path / "junk.png").write_text("junk")
    assert run("generate", "fox", "--init", "junk.png") == cli.Exit.IMAGE
    assert "junk.png is not an image" in capsys.readouterr().err
    assert run("generate", "fox", "-o", "junk.png/a.png") == cli.Exit.IMAGE
    assert (
        "LDM Studio cannot write into junk.png: it is, or is in, a file" in capsys.readouterr().err
    )


@pytest.mark.parametrize(
    "error", [MemoryError(), RuntimeError("DefaultCPUAllocator: can't allocate memory: 8 EB")]
)
def test_running_out_of_memory_is_not_a_bug(run, pipeline, capsys, error):
    pipeline.fails[0] = error
    assert run("generate", "fox") == cli.Exit.MEMORY
    err = capsys.readouterr().err
    assert "not enough memory" in err
    assert "Traceback" not in err


def test_a_bug_shows_its_traceback(run, pipeline, capsys):
    pipeline.fails[0] = ZeroDivisionError("surprise")
    assert run("generate", "fox") == cli.Exit.BUG
    err = capsys.readouterr().err
    assert "surprise" in err
    assert "please report" in err


def test_an_interrupt_keeps_finished_images(run, pipeline, capsys, tmp_path):
    pipeline.fails[1] = KeyboardInterrupt()
    assert run("generate", "fox", "--count", "3", "--seed", "1", "-o", "out") == 130
    out, err = capsys.readouterr()
    assert out.splitlines() == [str(Path("out/00001-1.png"))]
    assert "1 of 3 images are finished" in err
    assert [entry.name for entry in (tmp_path / "out").iterdir()] == ["00001-1.png"]
