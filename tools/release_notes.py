"""Print the section of the changelog about the current version: the text of a release.

    python3 tools/release_notes.py --tag v1.2.3    fails unless that is the version's tag

Any Python from 3.11 on will do; nothing needs to be installed.
"""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tools.installer.naming import version  # noqa: E402


def section(changelog: str, released: str) -> str | None:
    """The text under `## [released] - date`, or None without such a heading."""
    heading = rf"^## \[{re.escape(released)}\][^\n]*\n"
    found = re.search(rf"{heading}(.*?)(?=^## |\Z)", changelog, re.MULTILINE | re.DOTALL)
    return found[1].strip() if found else None


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Print the changelog of this version.")
    parser.add_argument("--tag", help="the tag that is released, such as v1.2.3")
    options = parser.parse_args(arguments)
    released = version()
    if options.tag is not None and options.tag != f"v{released}":
        print(
            f"The tag is {options.tag}, but the version in ldm_studio/__init__.py is {released}.",
            file=sys.stderr,
        )
        return 1
    notes = section((ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), released)
    if not notes:
        print(f"CHANGELOG.md has no section about {released}.", file=sys.stderr)
        return 1
    sys.stdout.reconfigure(encoding="utf-8")  # pyright: ignore[reportAttributeAccessIssue]
    print(notes)
    return 0


if __name__ == "__main__":
    sys.exit(main())
