"""Build the documentation website from `docs/`: `make docs`.

The pages are written for the window of the program and for GitHub, so Sphinx gets a copy: the
overview is `index.md`, and every language is complete, with the English page where there is no
translation. Sphinx is strict: a broken link or a missing image fails.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
BUILD = ROOT / "build" / "docs"
SITE = BUILD / "site"

LANGUAGES = {"en": "English", "zh_CN": "简体中文"}
"""The folder of a language in `docs/` -> its own name. English lies in `docs/` itself."""
OVERVIEW = "README.md"


def stage(locale: str, folder: Path) -> list[str]:
    """Write the sources of a language into an empty folder; the names of its pages in the order of
    the overview."""
    pages = {page.name: page for page in DOCS.glob("*.md")}
    pages |= {page.name: page for page in (DOCS / locale).glob("*.md")}
    for name, page in pages.items():
        text = page.read_text(encoding="utf-8")
        text = text.replace("](../", "](")  # from a translated page to what all languages share
        text = text.replace(f"]({OVERVIEW}", "](index.md")
        target = "index.md" if name == OVERVIEW else name
        (folder / target).write_text(text, encoding="utf-8", newline="\n")
    for shared in DOCS.iterdir():
        if shared.is_dir() and shared.name not in LANGUAGES:
            shutil.copytree(shared, folder / shared.name)
    index = folder / "index.md"
    overview = index.read_text(encoding="utf-8")
    linked = dict.fromkeys(re.findall(r"\]\(([\w-]+)\.md\)", overview))
    contents = "\n".join(["", "```{toctree}", ":hidden:", "", *linked, "```", ""])
    index.write_text(overview + contents, encoding="utf-8", newline="\n")
    return list(linked)


def build(locale: str) -> int:
    """Sphinx's exit code for the website of a language."""
    source = BUILD / "source" / locale
    shutil.rmtree(source, ignore_errors=True)
    source.mkdir(parents=True)
    stage(locale, source)
    target = SITE if locale == "en" else SITE / locale
    strict = ("--fail-on-warning", "--keep-going", "--quiet", "--fresh-env")
    places = ("--conf-dir", str(Path(__file__).parent), "--doctree-dir", f"{source}.doctrees")
    command = [sys.executable, "-m", "sphinx", *strict, *places, str(source), str(target)]
    environ = {**os.environ, "LDM_STUDIO_DOCS_LOCALE": locale}
    return subprocess.run(command, env=environ, check=False).returncode


def main() -> int:
    shutil.rmtree(SITE, ignore_errors=True)
    failed = [locale for locale in LANGUAGES if build(locale)]
    if failed:
        print(f"documentation: errors in {', '.join(failed)}", file=sys.stderr)
        return 1
    print(f"documentation: open {(SITE / 'index.html').relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
