"""Writes the tables of docs/settings.md, in every language, from the table of parameters.

The text before the first table is written by hand.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from PySide6.QtCore import QCoreApplication  # noqa: E402

from core.request.parameter import Parameter  # noqa: E402
from core.request.parameters import PARAMETERS  # noqa: E402
from ldm_studio.store.parameter_texts import choice_title, text_of, value_text  # noqa: E402
from ldm_studio.translation import SOURCE, Language, joined, languages  # noqa: E402

DOCS = ROOT / "docs"
HEADERS = {
    SOURCE: ("Setting", "Values", "Default", "Option", "In the image file"),
    "zh_CN": ("设置", "取值", "默认值", "命令行选项", "图像文件中的名称"),
}
MAX_CHOICES = 5
"""Longer lists of choices have their own page."""


def pages() -> dict[str, Path]:
    """Locale -> page, for the languages that have one."""
    places = {locale: DOCS / locale / "settings.md" for locale in languages()}
    places[SOURCE] = DOCS / "settings.md"
    return {locale: page for locale, page in places.items() if page.exists()}


def rewritten(page: Path, locale: str) -> str:
    """The page with new tables, in the installed language."""
    head = page.read_text(encoding="utf-8").split("\n## ")[0]
    return "\n".join([head, *_lines(HEADERS[locale])])


def _lines(headers: tuple[str, ...]) -> Iterator[str]:
    for group, rows in groupby(PARAMETERS.values(), key=lambda row: row.group):
        yield f"## {text_of(group.title)}\n"
        yield f"| {' | '.join(headers)} |"
        yield "|---" * len(headers) + "|"
        yield from (f"| {' | '.join(_cells(row))} |" for row in rows)
        yield ""


def _cells(row: Parameter) -> tuple[str, ...]:
    flag = f"`{row.flag.name}`" if row.flag else ""
    keys = ", ".join(f"`{key.name}`" for key in row.infotext)
    title = joined(f"**{text_of(row.title)}**:", text_of(row.help))
    default = text_of(row.unset) if row.default is None else value_text(row, row.default)
    return title, _values(row), default, flag, keys


def _values(row: Parameter) -> str:
    if row.choices is not None:
        if len(row.choices) > MAX_CHOICES:
            return "[…](samplers.md)"
        return ", ".join(choice_title(row, value) for value in row.choices)
    if row.kind is bool:
        return f"{value_text(row, False)}, {value_text(row, True)}"
    if row.kind in (int, float):
        low, high = (str(int(n)) if n == int(n) else f"{n:g}" for n in (row.low, row.high))
        return f"{'> ' if row.exclusive else ''}{low} … {high} {row.unit}".strip()
    return ""


def main() -> None:
    application = QCoreApplication([])
    language = Language()
    for locale, page in pages().items():
        language.install(locale)
        page.write_text(rewritten(page, locale), encoding="utf-8")
    application.quit()


if __name__ == "__main__":
    main()
