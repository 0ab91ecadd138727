"""The language of the window: Qt's translations, ours, and those of messages from elsewhere.

Texts of widgets go through Qt: `self.tr("...")`, or `translate("Context", "...")` without a
QObject. Messages of `core` and of code without widgets are templates with values
(`core.errors.Message`); `translate_message` looks the template up.

A language is one file, `resources/translations/ldm_studio_<locale>.ts`; `make translations` updates
it from the code, and makes the `.qm` file that is read here.
"""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QCoreApplication, QLibraryInfo, QLocale, QTranslator

from core.errors import Message, StudioError

FOLDER = Path(__file__).parents[1] / "resources" / "translations"
CONTEXT = "messages"
"""The context of message templates in translation files."""
SOURCE = "en"
"""The language of the texts in the code."""
_PREFIX = "ldm_studio_"


def languages() -> dict[str, str]:
    """Locale -> the language's own name, of all available languages; English first."""
    found = sorted(path.stem.removeprefix(_PREFIX) for path in FOLDER.glob(f"{_PREFIX}*.qm"))
    return {name: native_name(name) for name in (SOURCE, *found)}


def native_name(locale: str) -> str:
    """For example 简体中文 for zh_CN."""
    if locale == SOURCE:
        return "English"
    return QLocale(locale).nativeLanguageName()


def chosen(language: str) -> str:
    """The locale for the setting `language`; empty follows the system."""
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
    """The installed language of the running application."""

    def __init__(self) -> None:
        self._translators: list[QTranslator] = []
        self.locale = SOURCE

    def install(self, language: str) -> None:
        """Shows new widgets in `language`; empty follows the system."""
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
    """`text`, which is translated when it is shown. Like PySide6's, with types."""
    return text


def translate(context: str, text: str, disambiguation: str | None = None) -> str:
    """Like QCoreApplication.translate, for code without a QObject."""
    return QCoreApplication.translate(context, text, disambiguation)


def counted(context: str, text: str, n: int) -> str:
    """`text` with its %n as the number, in the language's plural form.

    Like `self.tr(text, "", n)`, for code without a QObject.
    """
    return QCoreApplication.translate(context, text, None, n)


def joined(*sentences: str) -> str:
    """The non-empty texts, joined. Chinese has no spaces between them."""
    text = ""
    for sentence in filter(None, sentences):
        text += sentence if not text or text[-1] in "。！？；" else f" {sentence}"
    return text


def translate_message(message: Message | StudioError | str) -> str:
    """A message in the language of the window. Text that is not a template is shown as it is."""
    if isinstance(message, str):
        return _template(message)
    if isinstance(message, StudioError):
        return joined(translate_message(message.message), translate_message(message.hint))
    return message.text(_template)


def _template(template: str) -> str:
    return translate(CONTEXT, template) if template else ""
