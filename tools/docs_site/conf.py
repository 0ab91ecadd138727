"""Configuration of Sphinx for the documentation website; `build.py` beside it calls Sphinx."""

from __future__ import annotations

import os
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(ROOT))

from sphinx import search  # noqa: E402  # pyright: ignore[reportMissingImports]

from tools.docs_site import chinese_search  # noqa: E402
from tools.docs_site.build import LANGUAGES  # noqa: E402
from tools.installer import naming  # noqa: E402

locale = os.environ["LDM_STUDIO_DOCS_LOCALE"]

project = naming.APPLICATION
author = naming.PUBLISHER
copyright = naming.PUBLISHER
version = release = naming.version()
language = locale

extensions = ["myst_parser"]
myst_heading_anchors = 3
root_doc = "index"
templates_path = [str(HERE / "templates")]
html_static_path = [str(HERE / "static")]

html_theme = "furo"
html_title = f"{project} {release}"
html_logo = html_favicon = str(ROOT / "resources" / "icons" / "app.svg")
html_css_files = ["site.css"]
html_show_sphinx = False
html_show_sourcelink = False
html_copy_source = False
html_use_index = False
html_search_language = locale.partition("_")[0]
html_context = {"locale": locale, "languages": LANGUAGES}
html_sidebars = {
    "**": [
        "sidebar/brand.html",
        "sidebar/search.html",
        "sidebar/scroll-start.html",
        "sidebar/navigation.html",
        "languages.html",
        "sidebar/scroll-end.html",
    ]
}
html_theme_options = {
    "light_css_variables": {"color-brand-primary": "#4f46c8", "color-brand-content": "#4f46c8"},
    "dark_css_variables": {"color-brand-primary": "#a5a0ff", "color-brand-content": "#a5a0ff"},
}


class SearchChinese(search.SearchLanguage):
    lang = "zh"
    language_name = "Chinese"
    js_splitter_code = chinese_search.SPLITTER_IN_JAVASCRIPT

    def split(self, input: str) -> list[str]:
        return chinese_search.split(input)


search.languages["zh"] = SearchChinese
