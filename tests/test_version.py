"""The version is defined once, and the changelog contains it."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest

from ldm_studio import __version__
from tools.release_notes import main, section

CHANGELOG = Path(__file__).parents[1] / "CHANGELOG.md"
RELEASE = re.compile(r"^## \[(.+)\](?: - (.+))?$", re.MULTILINE)
KINDS = {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}
"""Of Keep a Changelog."""


def test_the_newest_changelog_entry_is_the_version() -> None:
    (unreleased, undated), *releases = RELEASE.findall(CHANGELOG.read_text(encoding="utf-8"))
    assert (unreleased, undated) == ("Unreleased", "")
    assert releases[0][0] == __version__
    days = [date.fromisoformat(day) for _, day in releases]
    assert days == sorted(days, reverse=True)


def test_the_changelog_has_the_headings_of_keep_a_changelog() -> None:
    headings = re.findall(r"^### (.+)$", CHANGELOG.read_text(encoding="utf-8"), re.MULTILINE)
    assert set(headings) <= KINDS


def test_release_notes_are_their_section_of_the_changelog() -> None:
    changelog = "# Changelog\n\n## [1.1.0] - 2026-02-01\n\n- New.\n\n## [1.0.0]\n\n- Old.\n"
    assert section(changelog, "1.1.0") == "- New."
    assert section(changelog, "1.0.0") == "- Old."
    assert section(changelog, "1.0") is None


def test_a_release_needs_its_version_tag(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--tag", "v99.0.0"]) == 1
    assert "v99.0.0" in capsys.readouterr().err
    assert main(["--tag", f"v{__version__}"]) == 0
    assert "### Added" in capsys.readouterr().out
