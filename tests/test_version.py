"""The version has one place, and the changelog tells of it."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

from ldm_studio import __version__

CHANGELOG = Path(__file__).parents[1] / "CHANGELOG.md"
RELEASE = re.compile(r"^## \[(.+)\](?: - (.+))?$", re.MULTILINE)
KINDS = {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}
"""Of Keep a Changelog."""


def test_the_newest_release_of_the_changelog_is_the_version() -> None:
    (unreleased, undated), *releases = RELEASE.findall(CHANGELOG.read_text(encoding="utf-8"))
    assert (unreleased, undated) == ("Unreleased", "")
    assert releases[0][0] == __version__
    days = [date.fromisoformat(day) for _, day in releases]
    assert days == sorted(days, reverse=True)


def test_the_changelog_has_the_headings_of_keep_a_changelog() -> None:
    headings = re.findall(r"^### (.+)$", CHANGELOG.read_text(encoding="utf-8"), re.MULTILINE)
    assert set(headings) <= KINDS
