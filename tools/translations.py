"""Keep the translations in step with the code: `make translations`.

1. Sentences of messages are collected from the source into `messages.json`, values numbered;
   titles and helps come from the table of parameters;
2. Qt's lupdate brings every `.ts` file up to date: new texts are marked unfinished;
3. Qt's lrelease makes the `.qm` files that the application reads.

A new language: copy a `.ts` file to `ldm_studio_<locale>.ts`, empty its translations with
`python tools/translations.py --new <locale>`, translate it in Qt Linguist, run this again.
"""

from __future__ import annotations

import argparse
import ast
import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from core.request.parameter import CONTEXT as PARAMETERS_CONTEXT  # noqa: E402
from core.request.parameters import PARAMETERS  # noqa: E402

FOLDER = ROOT / "resources" / "translations"
MESSAGES = FOLDER / "messages.json"
CONTEXT = "messages"
SOURCE = "en"
"""The language of the texts in the code."""
SOURCES = ("core", "ldm_studio")
UNSEEN = ("training", "command_line", "diagnostics.py")
"""Folders and files whose messages never reach the window."""
PHRASES = (
    "core/families/family.py", "core/families/stable_diffusion.py",
    "core/families/header.py", "core/families/unsupported.py", "core/checkpoints/fill_network.py",
    "core/checkpoints/identify.py", "core/checkpoints/load_model.py",
    "core/checkpoints/lora.py", "core/families/components.py",
    "core/families/config_from_shapes.py",
    "core/pipeline/extra_conditioning.py", "core/request/inputs.py",
    "ldm_studio/models/found_models.py",
    "ldm_studio/images/replay_causes.py", "ldm_studio/images/replay.py",
)  # fmt: skip
"""Files whose texts are parts of sentences that are said elsewhere."""
_SENTENCE = re.compile(r"^[A-Z{“\[].*(\S[.!?]|[\w}][.!?] \{\d+\}|\w: \{\d+\})$", re.DOTALL)
"""Also where the reason, a sentence made elsewhere, follows."""
_PHRASE = re.compile(r"^[a-z{](?:[^a-zA-Z]*[a-zA-Z]){7,}[^.]*$")
"""A part of a sentence, long enough to be told from anything else."""
_QUIET = {"debug", "info", "warning", "error", "exception", "critical"}
_TRANSLATED = {"tr", "translate", "counted", "QT_TRANSLATE_NOOP"}


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--new", metavar="LOCALE", help="begin a language, such as fr")
    arguments = parser.parse_args()
    if arguments.new:
        (FOLDER / f"ldm_studio_{arguments.new}.ts").touch(exist_ok=False)
    MESSAGES.write_text(text_of(messages()), encoding="utf-8", newline="\n")
    update()
    release(FOLDER)
    return 0


def text_of(found: list[str]) -> str:
    return json.dumps(found, ensure_ascii=False, indent=0) + "\n"


def messages() -> list[str]:
    """The sentences in the code that become messages, sorted."""
    found = {
        sentence
        for source in SOURCES
        for path in sorted((ROOT / source).rglob("*.py"))
        if not set(UNSEEN) & set(path.parts)
        for sentence in sentences(
            ast.parse(path.read_text(encoding="utf-8")),
            phrases=path.relative_to(ROOT).as_posix() in PHRASES,
        )
    }
    return sorted(found.difference(parameter_texts()))


def parameter_texts() -> list[str]:
    """The texts of the table of parameters, which are translated in a context of their own."""
    return list(dict.fromkeys(text for row in PARAMETERS.values() for text in row.texts))


def sentences(tree: ast.AST, *, phrases: bool = False) -> Iterator[str]:
    """What ends like a sentence and is no docstring, no log line and no text of a widget; and the
    reasons that are raised, which become a part of one. `phrases`: all parts of sentences.
    """
    left_out: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
            left_out |= {id(line.value) for line in node.body if isinstance(line, ast.Expr)}
        elif isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else ""
            name = node.func.id if isinstance(node.func, ast.Name) else name
            log = isinstance(node.func, ast.Attribute) and _owner(node.func) in ("log", "logging")
            if name in _TRANSLATED or (log and name in _QUIET):
                left_out |= {id(inner) for inner in ast.walk(node)}
        elif isinstance(node, ast.JoinedStr) and id(node) not in left_out:
            left_out |= {id(value) for value in node.values}
    reasons = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.Raise)
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        if id(node) in left_out:
            continue
        if isinstance(node, ast.JoinedStr):
            text = _template(node)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            text = node.value
        else:
            continue
        is_phrase = (phrases or id(node) in reasons) and _PHRASE.match(text)
        if "\n" not in text and " " in text and (_SENTENCE.match(text) or is_phrase):
            yield text


def _owner(function: ast.Attribute) -> str:
    return function.value.id if isinstance(function.value, ast.Name) else ""


def _template(node: ast.JoinedStr) -> str:
    count = 0
    text = ""
    for value in node.values:
        if isinstance(value, ast.Constant):
            text += str(value.value)
        else:
            text += f"{{{count}}}"
            count += 1
    return text


def update() -> None:
    """Raises CalledProcessError when lupdate fails."""
    files = [str(path) for path in sorted((ROOT / "ldm_studio").rglob("*.py"))]
    with tempfile.TemporaryDirectory() as folder:
        collected = Path(folder) / "messages.py"
        lines = [f"translate({CONTEXT!r}, {json.dumps(one)})" for one in messages()]
        lines += [_plural(*one) for one in counted()]
        lines += [f"translate({PARAMETERS_CONTEXT!r}, {json.dumps(t)})" for t in parameter_texts()]
        collected.write_text("\n".join(lines) + "\n", encoding="utf-8")
        listed = Path(folder) / "sources.lst"
        listed.write_text("\n".join([*files, str(collected)]), encoding="utf-8")
        for path in sorted(FOLDER.glob("ldm_studio_*.ts")):
            if not path.read_bytes():
                path.unlink()  # lupdate makes it
            locale = path.stem.removeprefix("ldm_studio_")
            options = ["-silent", "-no-obsolete", "-locations", "none"]
            if locale == SOURCE:
                options.append("-pluralonly")  # the other texts are what the code has
            languages = ["-source-language", "en", "-target-language", locale]
            command = [tool("lupdate"), *options, *languages, f"@{listed}", "-ts", str(path)]
            subprocess.run(command, check=True)


def counted() -> list[tuple[str, str]]:
    """Context and text of what `counted` says in plural forms, which lupdate does not know."""
    found: set[tuple[str, str]] = set()
    for path in sorted((ROOT / "ldm_studio").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "counted":
                context, text = node.args[:2]
                found.add((ast.literal_eval(context), ast.literal_eval(text)))
    return sorted(found)


def _plural(context: str, text: str) -> str:
    """As lupdate knows a plural form outside of a class."""
    return f"translate({context!r}, {json.dumps(text)}, None, QCoreApplication.UnicodeUTF8, n)"


def release(folder: Path) -> None:
    """Write the `.qm` files into `folder`. Raises CalledProcessError when lrelease fails."""
    for path in sorted(FOLDER.glob("ldm_studio_*.ts")):
        made = folder / f"{path.stem}.qm"
        subprocess.run([tool("lrelease"), "-silent", str(path), "-qm", str(made)], check=True)


def tool(name: str) -> str:
    """Of the PySide6 that this Python has."""
    import PySide6

    folder = Path(str(PySide6.__file__)).parent
    for path in (folder / name, folder / f"{name}.exe", folder / "libexec" / name):
        if path.exists():
            return str(path)
    raise SystemExit(f"{name} is not part of the PySide6 in {folder}.")


if __name__ == "__main__":
    sys.exit(main())
