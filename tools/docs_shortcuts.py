"""Writes the shortcut tables of docs/shortcuts.md, in every language.

The text before the first table and after the last is written by hand.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from PySide6.QtCore import QCoreApplication  # noqa: E402 - its path is set above

from ldm_studio.commands.actions import ACTIONS, MENUS  # noqa: E402
from ldm_studio.commands.shortcuts import fixed_keys, plain  # noqa: E402
from ldm_studio.translation import SOURCE, Language, languages, translate  # noqa: E402

DOCS = ROOT / "docs"


def pages() -> dict[str, Path]:
    """Locale -> page, for the languages that have one."""
    places = {locale: DOCS / locale / "shortcuts.md" for locale in languages()}
    places[SOURCE] = DOCS / "shortcuts.md"
    return {locale: page for locale, page in places.items() if page.exists()}


def rewritten(page: Path) -> str:
    """The page with new tables, in the installed language."""
    sections = page.read_text(encoding="utf-8").split("\n## ")
    tables = "\n".join(_lines())
    return f"{sections[0]}\n{tables}\n## {sections[-1]}"


def _lines() -> Iterator[str]:
    for menu in MENUS:
        rows = [
            (plain(translate("Actions", spec.text)), _keys(spec.keys))
            for spec in ACTIONS
            if spec.menu == menu and spec.keys
        ]
        yield from _table(plain(translate("Actions", str(menu))), rows)
    for place, keys in fixed_keys().items():
        yield from _table(place, [(row.what, row.more or _keys(row.keys)) for row in keys])


def _table(title: str, rows: list[tuple[str, str]]) -> Iterator[str]:
    command, keys = translate("ShortcutsPage", "Command"), translate("ShortcutsPage", "Keys")
    yield f"## {title}\n"
    yield f"| {command} | {keys} |"
    yield "|---|---|"
    for what, how in rows:
        yield f"| {what} | {how} |"
    yield ""


def _keys(keys: tuple[str, ...]) -> str:
    return " ".join(f"`{key}`" for key in keys)


def main() -> None:
    application = QCoreApplication([])
    language = Language()
    for locale, page in pages().items():
        language.install(locale)
        page.write_text(rewritten(page), encoding="utf-8")
    application.quit()


if __name__ == "__main__":
    main()
