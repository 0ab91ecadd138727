"""The language of the window: Qt's translations, ours, and those of messages made elsewhere.

Texts of widgets go through Qt: `self.tr("...")`, or `translate("Context", "...")` where there is
no QObject. Messages of `core` and of code without widgets are English sentences with values in
them; `told` finds the sentence a message was made from, and says it in the window's language.

A language is one file, `resources/translations/ldm_studio_<locale>.ts`; `make translations` keeps
it in step with the code, and makes the `.qm` beside it that is read here.
"""

from __future__ import annotations

import json
import re
from functools import cache, lru_cache
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QLibraryInfo, QLocale, QTranslator

FOLDER = Path(__file__).parents[1] / "resources" / "translations"
MESSAGES = FOLDER / "messages.json"
"""The sentences messages are made from, values as {0}, {1} and so on."""
CONTEXT = "messages"
MAX_MATCHED = 4096
"""Messages that are said again and again, as those of a long list."""
SOURCE = "en"
"""The language that the texts in the code are written in."""
_PREFIX = "ldm_studio_"
_BETWEEN = re.compile(r"(?<=[.!?]) (?=[A-Z“])")
"""Where one sentence ends and the next begins."""
_PLACE = re.compile(r"\{(\d+)\}")


def languages() -> dict[str, str]:
    """Locale -> the language's own name, of those there are; English first."""
    found = sorted(path.stem.removeprefix(_PREFIX) for path in FOLDER.glob(f"{_PREFIX}*.qm"))
    return {name: native_name(name) for name in (SOURCE, *found)}


def native_name(locale: str) -> str:
    """Such as 简体中文 for zh_CN."""
    if locale == SOURCE:
        return "English"
    return QLocale(locale).nativeLanguageName()


def chosen(language: str) -> str:
    """The locale that is shown where `language` is asked for; empty follows the system."""
    known = languages()
    if language:
        return language if language in known else SOURCE
    for wanted in QLocale.system().uiLanguages():
        name = wanted.replace("-", "_")
        parts = name.split("_")
        tries = [name, f"{parts[0]}_{parts[-1]}", parts[0]]
        if parts[0] == "zh" and "Hant" not in parts and parts[-1] not in ("TW", "HK", "MO"):
            tries.append("zh_CN")
        if found := next((one for one in tries if one in known), None):
            return found
    return SOURCE


class Language:
    """The language that is installed in the running application."""

    def __init__(self) -> None:
        self._translators: list[QTranslator] = []
        self.locale = SOURCE

    def install(self, language: str) -> None:
        """Show widgets that are made from now on in `language`; empty follows the system."""
        locale = chosen(language)
        for translator in self._translators:
            QCoreApplication.removeTranslator(translator)
        self._translators = []
        self.locale = locale
        QLocale.setDefault(QLocale(locale) if language else QLocale.system())
        theirs = QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)
        for name, folder in ((f"qtbase_{locale}", theirs), (f"{_PREFIX}{locale}", str(FOLDER))):
            translator = QTranslator()
            if translator.load(name, folder):
                QCoreApplication.installTranslator(translator)
                self._translators.append(translator)


def QT_TRANSLATE_NOOP(context: str, text: str) -> str:  # noqa: N802  # lupdate knows this name
    """`text`, which is translated when it is shown. As PySide6's, which says no type."""
    return text


def translate(context: str, text: str, disambiguation: str | None = None) -> str:
    """As QCoreApplication.translate, for code that has no QObject."""
    return QCoreApplication.translate(context, text, disambiguation)


def counted(context: str, text: str, n: int) -> str:
    """`text` with its %n as the number, in the plural form that the language has for it.

    As `self.tr(text, "", n)`, for code that has no QObject.
    """
    return QCoreApplication.translate(context, text, None, n)


def joined(*sentences: str) -> str:
    """One behind the other, without those that are empty. Chinese leaves no space between them."""
    text = ""
    for sentence in filter(None, sentences):
        text += sentence if not text or text[-1] in "。！？；" else f" {sentence}"
    return text


def told(message: str) -> str:
    """A message of `core`, or of another part without widgets, in the window's language.

    Values in it stay as they are, unless they are such messages themselves. Of several sentences
    that nobody wrote together each is said for itself.
    """
    said = translate(CONTEXT, message)
    plain, _ = _sentences()
    if said != message or not message or message in plain:
        return said
    if matching := _matching(message):
        template, values = matching
        said = translate(CONTEXT, template)
        return message if said == template else _filled(said, list(map(told, values)))
    parts = _BETWEEN.split(message)
    return joined(*map(told, parts)) if len(parts) > 1 else message


@lru_cache(maxsize=MAX_MATCHED)
def _matching(message: str) -> tuple[str, tuple[str, ...]] | None:
    """The template that a message was made from, and the values in it. Takes a moment."""
    _, with_values = _sentences()
    for template, literals in with_values:
        if not all(literal in message for literal in literals):
            continue
        if found := _pattern(template).fullmatch(message):
            return template, found.groups()
    return None


def _filled(said: str, values: list[str]) -> str:
    return _PLACE.sub(lambda place: values[int(place[1])], said)


@cache
def _sentences() -> tuple[frozenset[str], list[tuple[str, list[str]]]]:
    """Those without values; and those with, beside the texts between their values, those that say
    most first.
    """
    templates: list[str] = json.loads(MESSAGES.read_text(encoding="utf-8"))
    with_values = [template for template in templates if _PLACE.search(template)]
    with_values.sort(key=lambda template: -len(_PLACE.sub("", template)))
    plain = frozenset(templates).difference(with_values)
    return plain, [(template, _literals(template)) for template in with_values]


def _literals(template: str) -> list[str]:
    return _PLACE.split(template)[::2]


@cache
def _pattern(template: str) -> re.Pattern[str]:
    """Compiled when a message may match: all of them together take 50 ms."""
    return re.compile("(.*?)".join(map(re.escape, _literals(template))), re.DOTALL)
