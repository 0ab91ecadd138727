"""The language of the window: Qt's translations, ours, and those of messages made elsewhere.

Texts of widgets go through Qt: `self.tr("...")`, or `translate("Context", "...")` where there is
no QObject. Messages of `core` and of code without widgets are templates with values
(`core.errors.Message`); `translate_message` looks the template up.

A language is one file, `resources/translations/ldm_studio_<locale>.ts`; `make translations` keeps
it in step with the code, and makes the `.qm` beside it that is read here.
"""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QCoreApplication, QLibraryInfo, QLocale, QTranslator

from core.errors import Message, StudioError

FOLDER = Path(__file__).parents[1] / "resources" / "translations"
CONTEXT = "messages"
"""Of the templates of messages, in the files of translations."""
SOURCE = "en"
"""The language that the texts in the code are written in."""
_PREFIX = "ldm_studio_"


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


def translate_message(message: Message | StudioError | str) -> str:
    """A message in the language of the window. Text that is no template is shown as it is."""
    if isinstance(message, str):
        return _template(message)
    if isinstance(message, StudioError):
        return joined(translate_message(message.message), translate_message(message.hint))
    return message.text(_template)


def _template(template: str) -> str:
    return translate(CONTEXT, template) if template else ""
