"""Every text in the window is translatable."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tools.translations import FOLDER

ROOT = Path(__file__).parents[2] / "ldm_studio"
EXCLUDED = ("command_line",)
"""Excluded: the command line speaks English."""

WIDGETS = {
    "QAction", "QCheckBox", "QDockWidget", "QGroupBox", "QLabel", "QMenu", "QProgressDialog",
    "QPushButton", "QRadioButton", "QToolButton", "QTableWidgetItem", "QListWidgetItem",
    "QTreeWidgetItem", "QStandardItem",
}  # fmt: skip
METHODS = {
    "addAction", "addButton", "addItem", "addItems", "addMenu", "addRow", "addTab",
    "insertItem", "setAccessibleDescription", "setAccessibleName", "setDetailedText",
    "setHeaderLabels", "setHorizontalHeaderLabels", "setInformativeText", "setLabelText",
    "setPlaceholderText", "setPrefix", "setSectionTitle", "setSpecialValueText", "setStatusTip",
    "setSuffix", "setText", "setTitle", "setToolTip", "setWhatsThis", "setWindowTitle",
    "showMessage", "showText",
}  # fmt: skip
DIALOGS = {"QFileDialog", "QInputDialog", "QMessageBox"}
OURS = {
    "Caption", "Collapsible", "FilePicker", "LinkButton", "OptionalNumber", "PromptEditor",
    "SegmentedControl",
    "_caption", "_check", "_reading", "_side", "_worded", "ask_for_name", "tool_button",
}  # fmt: skip
"""Calls that make widgets, and take texts to show."""
TRANSLATORS = {"tr", "translate", "translate_message", "counted"}
NAMES = {"LDM Studio", "CFG", "VAE", "DPM++", "×", "∞"}
"""The same in every language."""
IDENTIFIERS = {"icon", "native", "setObjectName", "setProperty", "QKeySequence", "fromTheme"}
"""Their texts are not shown."""


def sources() -> list[Path]:
    every = sorted(ROOT.rglob("*.py"))
    return [path for path in every if path.relative_to(ROOT).parts[0] not in EXCLUDED]


def name_of(call: ast.Call) -> str:
    function = call.func
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""


def is_sink(call: ast.Call) -> bool:
    name = name_of(call)
    owner = call.func.value if isinstance(call.func, ast.Attribute) else None
    of_dialog = isinstance(owner, ast.Name) and owner.id in DIALOGS
    return name in WIDGETS | METHODS | DIALOGS | OURS or of_dialog


def texts(node: ast.AST) -> Iterator[str]:
    """The texts in an argument that would be shown literally."""
    if isinstance(node, ast.Call):
        if name_of(node) in TRANSLATORS | IDENTIFIERS:
            return
        for inner in (node.func, *node.args, *(keyword.value for keyword in node.keywords)):
            yield from texts(inner)
    elif isinstance(node, (ast.Subscript, ast.Compare, ast.Lambda)):
        return
    elif isinstance(node, ast.IfExp):
        yield from texts(node.body)
        yield from texts(node.orelse)
    elif isinstance(node, ast.JoinedStr):
        yield "".join(str(part.value) for part in node.values if isinstance(part, ast.Constant))
        for part in node.values:
            if isinstance(part, ast.FormattedValue):
                yield from texts(part.value)
    elif isinstance(node, ast.Constant):
        if isinstance(node.value, str):
            yield node.value
    else:
        for inner in ast.iter_child_nodes(node):
            yield from texts(inner)


def is_shown_in_words(text: str) -> bool:
    """Whether it contains words to translate; icons and keys are single lower-case words."""
    if text in NAMES or not re.search(r"[A-Za-z]{2}", text):
        return False
    return " " in text or not re.fullmatch(r"[a-z0-9_-]+", text)


def untranslated(path: Path) -> list[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found: list[str] = []
    for call in ast.walk(tree):
        if not isinstance(call, ast.Call) or not is_sink(call):
            continue
        for argument in (*call.args, *(keyword.value for keyword in call.keywords)):
            for text in texts(argument):
                if is_shown_in_words(text) and not re.search(r"\.\w{2,4}$|[<{;]", text):
                    found.append(f"{path.name}:{call.lineno}: {text!r}")
    return found


@pytest.mark.parametrize("path", sources(), ids=lambda path: str(path.relative_to(ROOT)))
def test_texts_of_widgets_are_translatable(path: Path) -> None:
    assert untranslated(path) == []


def test_a_text_that_is_not_translated_is_found(tmp_path: Path) -> None:
    (tmp_path / "panel.py").write_text('QLabel("Not translated")\nQLabel(self.tr("Translated"))\n')
    assert untranslated(tmp_path / "panel.py") == ["panel.py:1: 'Not translated'"]


def calls(name: str) -> Iterator[tuple[Path, ast.Call]]:
    for path in sorted(ROOT.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and name_of(node) == name:
                yield path, node


def test_values_are_filled_in_after_translating() -> None:
    """lupdate reads literals: it does not find texts that are composed before translating."""
    wrong = [
        f"{path.name}:{call.lineno}"
        for name in ("tr", "translate", "counted")
        for path, call in calls(name)
        for argument in call.args[:2]
        if isinstance(argument, (ast.JoinedStr, ast.BinOp))
    ]
    assert any(True for _ in calls("tr"))
    assert wrong == []


def marks(text: str) -> list[str]:
    """The placeholders for values."""
    return re.findall(r"\{\w*(?:[!:][^{}]*)?\}|%L?n", text)


def messages(path: Path) -> Iterator[tuple[str, list[str]]]:
    """Each text of a `.ts` file with its translations: several for plural forms."""
    for message in ElementTree.parse(path).getroot().iter("message"):
        said = message.find("translation")
        assert said is not None
        if said.get("type") == "unfinished":
            continue
        forms = [form.text or "" for form in said.iter("numerusform")] or [said.text or ""]
        yield message.findtext("source", ""), forms


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.ts")), ids=lambda path: path.stem)
def test_translations_have_the_placeholders_of_the_text(path: Path) -> None:
    wrong = [
        (source, said)
        for source, forms in messages(path)
        for said in forms
        if not set(marks(said)) <= set(marks(source)) or (said == "") != (source == "")
    ]
    assert wrong == []


def test_english_has_all_plural_forms() -> None:
    path = FOLDER / "ldm_studio_en.ts"
    plurals = [
        one for one in ElementTree.parse(path).getroot().iter("message") if one.get("numerus")
    ]
    said = dict(messages(path))
    assert said
    assert sorted(said) == sorted({one.findtext("source", "") for one in plurals})
    assert all(len(forms) == 2 for forms in said.values())
