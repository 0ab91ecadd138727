"""The sources of the documentation website are complete; building it needs `make docs`."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tools.docs_site.build import DOCS, LANGUAGES, stage
from tools.docs_site.chinese_search import split


@pytest.mark.parametrize("locale", LANGUAGES)
def test_every_language_has_every_page_with_valid_links(locale: str, tmp_path: Path) -> None:
    listed = stage(locale, tmp_path)
    pages = {page.stem for page in tmp_path.glob("*.md")}
    assert pages == {page.stem for page in DOCS.glob("*.md")} - {"README"} | {"index"}
    assert {"index", *listed} == pages
    for page in tmp_path.glob("*.md"):
        links = re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text(encoding="utf-8"))
        inside = [link for link in links if not link.startswith("http")]
        assert [link for link in inside if not (tmp_path / link).is_file()] == []


def test_a_page_is_translated_if_a_translation_exists(tmp_path: Path) -> None:
    stage("zh_CN", tmp_path)
    translated = (DOCS / "zh_CN" / "prompts.md").read_text(encoding="utf-8")
    assert (tmp_path / "prompts.md").read_text(encoding="utf-8") == translated
    glossary = (DOCS / "glossary.md").read_text(encoding="utf-8")
    assert (tmp_path / "glossary.md").read_text(encoding="utf-8") == glossary


def test_every_translation_folder_is_a_language_of_the_website() -> None:
    translations = {page.parent.name for page in DOCS.glob("*/*.md")}
    assert translations == set(LANGUAGES) - {"en"}


def test_chinese_is_searched_by_pairs_of_characters() -> None:
    assert split("提示词里的LoRA和seed_2，画") == [
        "提示",
        "示词",
        "词里",
        "里的",
        "LoRA",
        "和",
        "seed_2",
        "画",
    ]
