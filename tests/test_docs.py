"""The documentation matches the program: links, images, commands, keys, samplers."""

from __future__ import annotations

import argparse
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest.mock import MagicMock

import pytest
from PySide6.QtCore import QUrl
from PySide6.QtGui import QImage, QTextDocument

from benchmarks.__main__ import BENCHMARKS
from core.sampling.samplers import SAMPLERS
from core.sampling.sigma_schedules import SCHEDULES
from ldm_studio.canvas.tools.canvas_keys import ARROWS, REACH, key_table
from ldm_studio.command_line.cli import parser
from ldm_studio.help.documentation import pages
from ldm_studio.help.help_page import HelpPage
from ldm_studio.store.parameter_texts import text_of
from ldm_studio.translation import SOURCE, Language
from recipes.default_model.__main__ import parser as recipe_parser
from tools import docs_settings, docs_shortcuts
from tools.docs_sheets import SHEETS
from tools.docs_windows import WINDOWS

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
IMAGES = DOCS / "images"
TRANSLATED = sorted(DOCS.glob("*/*.md"))
PAGES = [
    *sorted(DOCS.glob("*.md")),
    *TRANSLATED,
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
]
MAX_BYTES = 1_500_000
NAMES = [page.relative_to(ROOT).as_posix() for page in PAGES]
SAMPLER_PAGES = [page for page in TRANSLATED if page.name == "samplers.md"]
NAMES_TRANSLATED = [page.relative_to(DOCS).as_posix() for page in TRANSLATED]


@pytest.fixture(params=PAGES, ids=NAMES)
def page(request: pytest.FixtureRequest) -> Path:
    return request.param


@pytest.fixture
def language(qtbot) -> Iterator[Language]:
    """Installs another language; afterwards it is English again."""
    language = Language()
    yield language
    language.install(SOURCE)


def links(page: Path) -> list[str]:
    """Links to pages and images that are not on the web."""
    found = re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8"))
    return [link for link in found if not link.startswith(("http://", "https://"))]


def blocks(page: Path) -> Iterator[list[str]]:
    """The commands in fenced blocks, as words, without comments and pipes."""
    for block in re.findall(r"```sh\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL):
        for line in block.splitlines():
            words = shlex.split(line, comments=True)
            if words:
                yield words[: words.index("|")] if "|" in words else words


def mentions(page: Path) -> list[str]:
    """Text formatted as code."""
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    return re.findall(r"`([^`\n]+)`", text)


def parses(command: argparse.ArgumentParser, arguments: list[str]) -> bool:
    try:
        command.parse_args(arguments)
    except SystemExit as end:
        return end.code in (0, None)  # --help
    return True


# --- links and images -------------------------------------------------------------------------


def test_links_commands_and_code_are_found() -> None:
    """The tests below run page by page, and a page may lack some of these."""
    assert "docs/library.md" in links(ROOT / "README.md")
    commands = [words for page in PAGES for words in blocks(page)]
    assert sum(words[0] == "ldm-studio" for words in commands) > 50
    assert any("python -m benchmarks" in one for page in PAGES for one in mentions(page))
    assert "python -m recipes.default_model data" in mentions(DOCS / "training.md")
    assert sum(one.startswith("core/") for one in mentions(DOCS / "architecture.md")) > 5


def test_every_link_has_a_target(page: Path) -> None:
    missing = [link for link in links(page) if not (page.parent / link.split("#")[0]).exists()]
    assert missing == []


def test_every_mentioned_source_file_exists(page: Path) -> None:
    pattern = r"(?:core|ldm_studio|tests|tools|recipes|benchmarks)/[\w./*-]*"
    named = [text for text in mentions(page) if re.fullmatch(pattern, text)]
    assert [name for name in named if not any(ROOT.glob(name.rstrip("/")))] == []


def test_the_architecture_page_lists_every_folder() -> None:
    """The map lists each folder of core and ldm_studio, and nothing else."""
    text = (DOCS / "architecture.md").read_text(encoding="utf-8")
    block = next(one for one in text.split("```")[1::2] if one.startswith("\ncore/"))
    top, listed = "", dict[str, set[str]](core=set(), ldm_studio=set())
    for line in block.splitlines():
        if not line.startswith(" "):
            top = line.split("/")[0]
        elif top in listed:
            names = re.match(r" +(\w+(?:/|\.py)(?: \w+(?:/|\.py))*)", line)
            assert names is not None, line
            listed[top] |= {name.rstrip("/") for name in names[1].split()}
    for top, names in listed.items():
        assert [name for name in names if not (ROOT / top / name).exists()] == []
        folders = {path.parent.name for path in (ROOT / top).glob("*/__init__.py")}
        assert folders <= names


def test_pages_link_only_to_installed_files() -> None:
    outside = [
        link
        for page in DOCS.rglob("*.md")
        for link in links(page)
        if not (page.parent / link).resolve().is_relative_to(DOCS)
    ]
    assert outside == []


def test_the_overview_links_to_every_page() -> None:
    listed = set(links(DOCS / "README.md"))
    assert {page.name for page in DOCS.glob("*.md")} - {"README.md"} == listed


def test_every_image_is_small_and_can_be_regenerated() -> None:
    files = {path.name for path in IMAGES.iterdir()}
    shown = {Path(link).name for page in PAGES for link in links(page) if "images/" in link}
    assert files == shown
    assert files == {f"{name}.webp" for name in (*SHEETS, *WINDOWS)}
    assert sum(path.stat().st_size for path in IMAGES.iterdir()) < MAX_BYTES


def test_images_are_never_wider_than_the_page(qtbot) -> None:
    page = HelpPage()
    qtbot.addWidget(page)
    page.resize(900, 600)
    page.show()
    kind = QTextDocument.ResourceType.MarkdownResource
    page.setSource(QUrl.fromLocalFile(str(DOCS / "canvas.md")), kind)
    qtbot.waitUntil(lambda: drawn_width(page) in range(700, page.viewport().width()))
    page.resize(500, 600)
    qtbot.waitUntil(lambda: drawn_width(page) in range(300, page.viewport().width()))


def drawn_width(page: HelpPage) -> int:
    """The width of a window's image in logical pixels."""
    name = QUrl("images/masking.webp")
    image = page.document().resource(QTextDocument.ResourceType.ImageResource.value, name)
    return round(image.width() / image.devicePixelRatio()) if isinstance(image, QImage) else 0


def test_the_documentation_window_starts_with_the_overview() -> None:
    found = pages()
    assert [page.name for page in found][:2] == ["README.md", "getting-started.md"]
    assert set(found) == set(DOCS.glob("*.md"))


# --- translations -------------------------------------------------------------------------------


def test_pages_open_in_the_language_of_the_window_if_translated() -> None:
    found = pages("zh_CN")
    assert [page.name for page in found] == [page.name for page in pages()]
    assert {page for page in found if page.parent.name == "zh_CN"} == set(TRANSLATED)
    assert found[-1] == DOCS / "architecture.md"  # for readers of the code, which is English
    assert pages("fr") == pages()


@pytest.mark.parametrize("page", TRANSLATED, ids=NAMES_TRANSLATED)
def test_a_translated_page_has_the_same_structure(page: Path) -> None:
    original = DOCS / page.name
    assert shape(page) == shape(original)
    assert sorted(mentions(page)) == sorted(mentions(original))
    assert list(blocks(page)) == list(blocks(original))
    assert figures(page) == figures(original)


def shape(page: Path) -> list[str]:
    """Its structure: headings, rows, items, images, and link targets."""
    text = page.read_text(encoding="utf-8")
    kinds = [re.match(r"#+ |\||- |\d+\. |!", line) for line in text.splitlines()]
    leads = [re.sub(r"^(\.\./)+|#.*", "", link) for link in links(page)]
    return [kind[0].strip() for kind in kinds if kind] + sorted(leads)


def figures(page: Path) -> list[str]:
    """Numbers of two or more digits, which both languages write in digits."""
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    return sorted(re.findall(r"(?<![\w.,])\d[\d.,]*\d(?![\w.,]*\d)", text))


# --- commands -----------------------------------------------------------------------------------


def test_every_command_line_example_is_valid(page: Path) -> None:
    commands = [words for words in blocks(page) if words[0] == "ldm-studio"]
    assert [words for words in commands if not parses(parser(), words[1:])] == []


def test_every_mentioned_command_exists(page: Path) -> None:
    text = {" ".join(words) for words in blocks(page)} | set(mentions(page))
    named = [words.split()[1:] for words in text if words.startswith("ldm-studio ")]
    for words in named:
        command, given = parser(), list(words)
        while given and (choices := commands_of(command)) and re.fullmatch("[a-z-]+", given[0]):
            if not given[0].startswith("-"):
                assert given[0] in choices, words
                command = choices[given[0]]
            del given[0]
        takes = any(not action.option_strings for action in command._actions)
        assert takes or all(word.startswith("-") for word in given[:1]), words


def commands_of(command: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    kind = argparse._SubParsersAction
    return next((dict(a.choices) for a in command._actions if isinstance(a, kind)), {})


def test_every_mentioned_benchmark_and_recipe_exists(page: Path) -> None:
    text = [" ".join(words) for words in blocks(page)] + mentions(page)
    for words in text:
        if found := re.fullmatch(r"\S*python3? -m benchmarks ([a-z].*)", words):
            assert set(found[1].split()) <= set(BENCHMARKS), words
        if found := re.fullmatch(r"\S*python3? -m recipes\.default_model ([a-z].*)", words):
            assert parses(recipe_parser(), shlex.split(found[1])), words


def test_the_python_example_of_the_readme_runs() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    names: dict[str, Any] = {}
    exec(compile(example, "README.md", "exec"), names)
    assert names["image"].rgba().shape == (128, 128, 4)


def test_every_mentioned_make_target_exists(page: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    text = [" ".join(words) for words in blocks(page)] + mentions(page)
    named = {found[1] for words in text if (found := re.match(r"make ([a-z-]+)", words))}
    assert named <= targets


# --- tables -------------------------------------------------------------------------------------


@pytest.mark.parametrize("locale", docs_shortcuts.pages())
def test_the_list_of_shortcuts_is_up_to_date(locale: str, language: Language) -> None:
    page = docs_shortcuts.pages()[locale]
    language.install(locale)
    written = page.read_text(encoding="utf-8")
    assert written == docs_shortcuts.rewritten(page), "run: python tools/docs_shortcuts.py"


@pytest.mark.parametrize("locale", docs_settings.pages())
def test_the_reference_of_settings_is_up_to_date(locale: str, language: Language) -> None:
    page = docs_settings.pages()[locale]
    language.install(locale)
    written = page.read_text(encoding="utf-8")
    assert written == docs_settings.rewritten(page, locale), "run: python tools/docs_settings.py"


def test_every_canvas_key_is_listed() -> None:
    page = (DOCS / "shortcuts.md").read_text(encoding="utf-8")
    text = page.split("## On the canvas")[1].split("##")[0]
    alike = {"=": "+", "Shift++": "+", "Shift+{": "Shift+[", "Shift+}": "Shift+]"}
    keys = {alike.get(key, key) for key in key_table(MagicMock(), MagicMock())}
    with_arrows = {f"{held}{arrow}" for held in REACH for arrow in ARROWS}
    assert {key for key in keys - with_arrows if f"`{key}`" not in text} == set()


@pytest.mark.parametrize("locale", [SOURCE, *(page.parent.name for page in SAMPLER_PAGES)])
@pytest.mark.parametrize("table", [SAMPLERS, SCHEDULES], ids=["samplers", "schedules"])
def test_samplers_and_schedules_are_described_as_in_the_window(
    table, locale: str, language: Language
) -> None:
    language.install(locale)
    folder = DOCS if locale == SOURCE else DOCS / locale
    text = (folder / "samplers.md").read_text(encoding="utf-8")
    rows = {name: f"| {name} | {text_of(row.summary)} |" for name, row in table.items()}
    assert [name for name, row in rows.items() if row not in text] == []


@pytest.mark.parametrize(
    "page", sorted(DOCS.rglob("repeating.md")), ids=lambda page: page.parent.name
)
def test_the_tests_that_a_page_names_exist(page: Path) -> None:
    named = set(re.findall(r"`(test_\w+)`", page.read_text(encoding="utf-8")))
    tests = (path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py"))
    known = {name for text in tests for name in re.findall(r"def (test_\w+)", text)}
    assert named
    assert named <= known


def test_the_readme_counts_samplers_and_schedules() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert f"{len(SAMPLERS)} samplers and {len(SCHEDULES)} noise schedules" in text
