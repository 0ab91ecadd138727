"""Configuration of Sphinx for the documentation website; `build.py` beside it calls Sphinx."""

from __future__ import annotations

import logging
import os
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(ROOT))

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
logging.getLogger("jieba").addFilter(lambda _: False)  # splits Chinese, and talks about it
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
