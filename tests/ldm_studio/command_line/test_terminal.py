"""What strangers wrote is shown on a terminal, and never obeyed by it."""

from __future__ import annotations

import json
import sys

import pytest

from ldm_studio import paths
from ldm_studio.command_line import cli
from ldm_studio.command_line.terminal import safe_output, visible
from ldm_studio.exit_codes import Exit

ORDERS = "\x1b]0;owned\x07\x9b2J\x08\u202egnp.\x7f"


def test_control_characters_are_shown_and_lines_stay() -> None:
    assert visible("a\tb\nc é 猫 \u200f") == "a\tb\nc é 猫 \u200f"
    assert visible(ORDERS) == r"\u001b]0;owned\u0007\u009b2J\u0008\u202egnp.\u007f"
    assert json.loads(visible(json.dumps(ORDERS, ensure_ascii=False))) == ORDERS


@pytest.mark.parametrize("flags", [[], ["--json"]])
def test_no_command_sends_the_name_of_a_file_to_the_terminal(flags, capsys) -> None:
    name = "\x1b]0;owned\x07.ckpt"
    paths.models_dir().mkdir(parents=True)
    (paths.models_dir() / name).write_bytes(b"nothing")
    assert cli.main(["models", *flags]) == Exit.OK
    assert cli.main(["inspect", name]) == Exit.MODEL
    out, err = capsys.readouterr()
    assert r"\u001b]0;owned\u0007" in out
    assert r"\u001b]0;owned\u0007" in err
    assert "\x1b" not in out + err
    assert "\x07" not in out + err


def test_a_progress_bar_begins_its_line_again_and_nothing_else_does(capsys) -> None:
    before = sys.stderr
    with safe_output():
        sys.stderr.write("\r 3/20")
        sys.stderr.writelines(["safe\rowned"])
    assert capsys.readouterr().err == "\r 3/20safe\\u000downed"
    assert sys.stderr is before
