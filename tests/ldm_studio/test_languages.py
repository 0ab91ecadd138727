"""Translations are complete, match the code, and are what the program reads."""

from __future__ import annotations

import ast
import re
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree

import pytest
from PySide6.QtCore import QCoreApplication, QTranslator
from PySide6.QtGui import QAction
from pytestqt.qtbot import QtBot

from core.checkpoints.load_model import load_model
from core.conditioning.text.prompt_parser import parse
from core.errors import StudioError
from core.families.stable_diffusion import INPUT_KINDS
from core.pipeline.saved_job import read_header
from core.request.parameters import Levels, Options
from core.request.request import Request
from ldm_studio.commands.shortcuts import label
from ldm_studio.draw.models.model_texts import family
from ldm_studio.engine.running_image import decode_failure
from ldm_studio.history import query_language
from ldm_studio.images.image_files import load_image
from ldm_studio.models.found_models import FoundModel
from ldm_studio.models.known_checkpoints import KnownCheckpoint
from ldm_studio.translation import translate_message
from tools import translations

LANGUAGES = sorted(translations.FOLDER.glob("ldm_studio_*.ts"))
PLACE = re.compile(r"\{\w*(?::\w+)?\}|%n|%Ln|%\d")
HAN = re.compile(r"[\u4e00-\u9fff]")
MNEMONIC = re.compile(r"&(?=\S)")


class Text(NamedTuple):
    """One message of a `.ts` file; `said` has one entry, or one per plural form."""

    context: str
    source: str
    note: str
    said: tuple[str, ...]
    unfinished: bool


def texts(path: Path) -> Iterator[Text]:
    for context in ElementTree.parse(path).getroot().iter("context"):
        for message in context.iter("message"):
            translation = message.find("translation")
            assert translation is not None
            forms = [form.text or "" for form in translation.iter("numerusform")]
            yield Text(
                context.findtext("name", ""),
                message.findtext("source", ""),
                message.findtext("comment", ""),
                tuple(forms or [translation.text or ""]),
                "type" in translation.attrib,
            )


def every_text() -> list[tuple[str, Text]]:
    found = [(path.stem, text) for path in LANGUAGES for text in texts(path)]
    assert len(found) > 1000
    return found


@pytest.fixture
def chinese(qtbot: QtBot) -> Iterator[None]:
    translator = QTranslator()
    assert translator.load("ldm_studio_zh_CN", str(translations.FOLDER))
    QCoreApplication.installTranslator(translator)
    yield
    QCoreApplication.removeTranslator(translator)


def test_translations_contain_all_texts_of_the_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for path in LANGUAGES:
        shutil.copy(path, tmp_path)
    monkeypatch.setattr(translations, "FOLDER", tmp_path)
    translations.update()
    for path in LANGUAGES:
        kept = {text[:3] for text in texts(path)}
        fresh = {text[:3] for text in texts(tmp_path / path.name)}
        assert kept == fresh, f"make translations brings {path.name} up to date"


def test_every_text_is_translated() -> None:
    left = [
        (language, text.context, text.source)
        for language, text in every_text()
        if text.unfinished or not all(text.said)
    ]
    assert left == []


def test_compiled_translations_are_up_to_date(tmp_path: Path) -> None:
    translations.release(tmp_path)
    for path in LANGUAGES:
        read = path.with_suffix(".qm")
        assert read.read_bytes() == (tmp_path / read.name).read_bytes(), "make translations"


@pytest.mark.parametrize(
    "mark", [PLACE, MNEMONIC, re.compile("\n")], ids=["places", "keys", "lines"]
)
def test_translations_keep_placeholders_and_markup(mark: re.Pattern[str]) -> None:
    def marks(text: str) -> Counter[str]:
        return Counter(mark.findall(text))

    wrong: list[tuple[str, str, str]] = []
    for language, text in every_text():
        asked = marks(text.source)
        for said in text.said:
            # Of several plural forms, that for one may say "at step 3" instead of "at steps 3 to
            # 3".
            fits = marks(said) <= asked if len(text.said) > 1 else marks(said) == asked
            if not fits:
                wrong.append((language, text.source, said))
    assert wrong == []


def test_templates_are_literals_and_their_values_are_given() -> None:
    found = list(translations.sites())
    assert len(found) > 400
    wrong = [
        f"{site.path}:{site.line}: {site.problem or site.templates}"
        for site in found
        if site.problem or site.missing or site.unused
    ]
    assert wrong == []


def test_raised_errors_have_translatable_texts() -> None:
    """Sentences in exceptions without messages would never be translated."""
    wrong = []
    for path in sorted((translations.ROOT / "ldm_studio").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
                name = getattr(node.exc.func, "id", "")
                if name == "ValueError" and any(
                    isinstance(one, (ast.JoinedStr, ast.Constant)) for one in node.exc.args
                ):
                    wrong.append(f"{path}:{node.lineno}")
    assert wrong == []


MISTAKES: dict[str, Callable[[Path], object]] = {
    "a number out of its range": lambda folder: Request(steps=0),
    "an unknown sampler": lambda folder: Request(sampler="Nobody"),
    "an option that it has not": lambda folder: Request(sampler="DDIM", options=Options(order=2)),
    "a mask without an image": lambda folder: Request(mask="0" * 64),
    "no whole request": lambda folder: Request.from_json("{"),
    "sigmas that rise": lambda folder: Request(levels=Levels(sigmas=(1.0, 2.0))),
    "no model": lambda folder: load_model(folder),
    "no image": lambda folder: load_image(written(folder / "a.png", "not an image")),
    "no state": lambda folder: read_header(written(folder / "a.state", "not a state")),
}


def written(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


@pytest.mark.parametrize("name", MISTAKES)
def test_errors_are_shown_in_chinese(name: str, chinese: None, tmp_path: Path) -> None:
    with pytest.raises(StudioError) as caught:
        MISTAKES[name](tmp_path)
    for said in filter(None, (caught.value.message, caught.value.hint)):
        assert HAN.search(translate_message(said)), said
        assert translate_message(said) != said


@pytest.mark.parametrize(
    "prompt", ["a (cat", "a cat]", "(cat:99)", "[:cat:often]", "<lora:a:1:2:3>", "<hypernet:a:1>"]
)
def test_prompt_problems_are_shown_in_chinese(prompt: str, chinese: None) -> None:
    problems = parse(prompt).problems
    assert problems
    for problem in problems:
        assert HAN.search(translate_message(problem.explanation)), problem.explanation


@pytest.mark.parametrize(
    "search", ["size:tall", "date:often", "steps:many", "steps:..", "is:purple", "tag:", '"a cat']
)
def test_search_problems_are_shown_in_chinese(search: str, chinese: None) -> None:
    problems = query_language.parse(search).problems
    assert problems
    for problem in problems:
        assert HAN.search(translate_message(problem.message)), problem.message


@pytest.mark.parametrize(
    ("text", "name"),
    [("&Open…", "Open"), ("打开(&O)…", "打开"), ("关于 LDM Studio(&A)", "关于 LDM Studio")],
)
def test_command_names_have_no_mnemonic(text: str, name: str, qtbot: QtBot) -> None:
    assert label(QAction(text)) == name


def test_values_in_a_message_are_translated(chinese: None, tmp_path: Path) -> None:
    path = written(tmp_path / "a.state", "not a state")
    with pytest.raises(StudioError) as caught:
        read_header(path)
    text = translate_message(caught.value.message).replace(str(path), "")
    assert not re.search(r"[a-z]{3,} [a-z]{3,}", text)


def test_a_message_is_translated_with_its_reason(chinese: None, tmp_path: Path) -> None:
    error = decode_failure(MemoryError(), tmp_path / "a.state")
    assert not re.search("[A-Za-z]{2,}", translate_message(error.message)), translate_message(
        error.message
    )


@pytest.mark.parametrize("extra", sorted({*INPUT_KINDS.values()} - {"", "instruct-pix2pix"}))
@pytest.mark.usefixtures("chinese")
def test_input_kinds_are_translated_beside_the_family(extra: str) -> None:
    known = KnownCheckpoint(1, 1, kind=f"Stable Diffusion 2, {extra}, LCM")
    name, variant, further = family(FoundModel("a", "a", Path("a"), known, True)).split(", ")
    assert (name, further) == ("Stable Diffusion 2", "LCM")  # which are names
    assert HAN.search(variant)
