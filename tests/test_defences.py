"""Each defence against hostile input has one place, and nothing passes it by."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
RULES = {
    "files are opened, and JSON is parsed, in core/untrusted_files.py": (
        re.compile(
            r"""\.read_text\( | \.read_bytes\( | \bfrom_file\( | \bjson\.loads?\( | \bsafe_load\(
            | \bopen\((?!.*opener=)[^()]*(["'][rax]\+?b?["']|encoding=)
            | \bImage\.open\((?!file\b|io\.BytesIO)
            | \bQ(Pixmap|Image|ImageReader|Icon)\(str\(""",
            re.VERBOSE,
        ),
        {
            "core/conditioning/text/clip_tokenizer.py",  # a resource of ours
            "core/errors.py",  # messages that we stored, below that module
            "core/runtime/device.py",  # the system's
            "core/training/training_loop.py",  # its own log
            "core/untrusted_files.py",
            "ldm_studio/command_line/image_output.py",  # of a Request
            "ldm_studio/draw/run/first_run_page.py",  # a resource of ours
            "ldm_studio/hardware.py",  # the system's
            "ldm_studio/help/about.py",  # a resource of ours
            "ldm_studio/help/documentation.py",  # a resource of ours
            "ldm_studio/history/history_reader.py",  # what the index wrote
            "ldm_studio/images/job_files.py",  # of a Request
            "ldm_studio/look/icons.py",  # a resource of ours
            "ldm_studio/startup/crash_handler.py",  # its own log
        },
    ),
    "labels of plain text are made in ldm_studio/look/plain_label.py": (
        re.compile(r"\bQLabel\(|\(QLabel\):"),
        {
            "ldm_studio/history_page/compare_view.py",  # a table of escaped texts
            "ldm_studio/history_page/search_link.py",  # a link around escaped text
            "ldm_studio/look/plain_label.py",
        },
    ),
    "paths are expanded in ldm_studio/paths.py": (
        re.compile(r"\bexpanduser\("),
        {"ldm_studio/paths.py"},
    ),
}


@pytest.mark.parametrize("rule", RULES)
def test_each_defence_has_one_place(rule: str) -> None:
    pattern, exempt = RULES[rule]
    sources = {
        path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8")
        for folder in ("core", "ldm_studio")
        for path in (ROOT / folder).rglob("*.py")
    }
    found = {
        f"{name}:{number}: {line.strip()}"
        for name, source in sources.items()
        for number, line in enumerate(source.splitlines(), 1)
        if pattern.search(line) and name not in exempt
    }
    assert not found
    assert exempt <= {name for name, source in sources.items() if pattern.search(source)}
