"""The scripts of `examples/` run, are short, and are what the documents show."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import pytest
import torch

ROOT = Path(__file__).parents[1]
SCRIPTS = sorted((ROOT / "examples").glob("*.py"))
PAGES = (ROOT / "docs" / "library.md", ROOT / "docs" / "zh_CN" / "library.md")
MAX_LINES = 25


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.stem)
def test_an_example_runs(
    script: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", [str(script)])
    with torch.random.fork_rng():
        runpy.run_path(str(script), run_name="__main__")
    assert list(tmp_path.iterdir()) or capsys.readouterr().out


def test_examples_are_short() -> None:
    assert len(SCRIPTS) >= 8
    long = {p.name for p in SCRIPTS if len(p.read_text().splitlines()) > MAX_LINES}
    assert not long


@pytest.mark.parametrize("page", PAGES, ids=["English", "Chinese"])
def test_the_documentation_shows_every_example_verbatim(page: Path) -> None:
    shown = re.findall(r"```python\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
    missing = {p.name for p in SCRIPTS if p.read_text(encoding="utf-8") not in shown}
    assert not missing
