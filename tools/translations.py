"""Keep the translations in step with the code: `make translations`.

1. Templates of messages are collected from the source: the literals that calls to `Message` and to
   classes of errors begin with; titles and helps come from the table of parameters;
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
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from core.request.parameter import CONTEXT as PARAMETERS_CONTEXT  # noqa: E402
from core.request.parameters import PARAMETERS  # noqa: E402

FOLDER = ROOT / "resources" / "translations"
CONTEXT = "messages"
SOURCE = "en"
"""The language of the texts in the code."""
SOURCES = ("core", "ldm_studio")
UNSEEN = ("training", "command_line", "diagnostics.py")
"""Folders and files whose messages never reach the window."""
ERRORS = Path("core") / "errors.py"
MESSAGE = "Message"
BASE = "MessageError"
"""The class of exceptions whose first arguments are templates."""
FIELD_FIRST = ("RequestError", "MissingInput")
"""Exceptions whose first argument is the name of a field."""
_PLACE = re.compile(r"\{([a-z][a-z_0-9]*)\}")


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--new", metavar="LOCALE", help="begin a language, such as fr")
    arguments = parser.parse_args()
    if arguments.new:
        (FOLDER / f"ldm_studio_{arguments.new}.ts").touch(exist_ok=False)
    update()
    release(FOLDER)
    return 0


@dataclass(frozen=True)
class Site:
    """A call that makes a message or an error."""

    path: Path
    line: int
    templates: tuple[str, ...]
    """Those that are literals."""
    values: frozenset[str]
    """Names that values are given for."""
    problem: str = ""

    @property
    def missing(self) -> set[str]:
        """Places of the templates that no value is given for."""
        return {name for text in self.templates for name in places(text)} - self.values

    @property
    def unused(self) -> set[str]:
        return set(self.values) - {name for text in self.templates for name in places(text)}


def places(template: str) -> list[str]:
    """The names of the values in a template."""
    return _PLACE.findall(template)


def messages() -> list[str]:
    """The templates of messages that reach the window, sorted."""
    found = {
        template
        for site in sites()
        if not set(UNSEEN) & set(site.path.parts)
        for template in site.templates
        if template and _PLACE.sub("", template).strip()
    }
    return sorted(found | {JOINED})


JOINED = "{message} {hint}"
"""Of `core.errors.message_of`: a language may join sentences otherwise."""


def parameter_texts() -> list[str]:
    """The texts of the table of parameters, which are translated in a context of their own."""
    return list(dict.fromkeys(text for row in PARAMETERS.values() for text in row.texts))


def sites() -> Iterator[Site]:
    """Every call in the source that makes a message or an error with one."""
    trees = {
        path.relative_to(ROOT): ast.parse(path.read_text(encoding="utf-8"))
        for source in SOURCES
        for path in sorted((ROOT / source).rglob("*.py"))
    }
    names = error_names(trees.values())
    for path, tree in trees.items():
        if path == ERRORS:
            continue
        for node in ast.walk(tree):
            name = _name(node.func) if isinstance(node, ast.Call) else ""
            if isinstance(node, ast.Call) and (name in names or name == MESSAGE):
                yield _site(path, node, names.get(name, (0, 1)))


def error_names(trees: Iterable[ast.AST]) -> dict[str, tuple[int, int]]:
    """Classes of errors with messages -> where the arguments with their templates are."""
    classes = {
        node.name: [_name(base) for base in node.bases]
        for tree in trees
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
    }

    def derives(name: str, other: str) -> bool:
        return name == other or any(derives(base, other) for base in classes.get(name, ()))

    def span(name: str) -> tuple[int, int]:
        first = 1 if any(derives(name, other) for other in FIELD_FIRST) else 0
        return first, first + (2 if derives(name, "StudioError") else 1)

    return {name: span(name) for name in classes if derives(name, BASE)}


def _name(node: ast.expr) -> str:
    if isinstance(node, ast.Name):
        return node.id
    return node.attr if isinstance(node, ast.Attribute) else ""


def _site(path: Path, call: ast.Call, span: tuple[int, int]) -> Site:
    templates: list[str] = []
    problem = ""
    for argument in call.args[slice(*span)]:
        for part in _branches(argument):
            if isinstance(part, ast.Constant) and isinstance(part.value, str):
                templates.append(part.value)
            elif isinstance(part, (ast.JoinedStr, ast.BinOp, ast.Constant)):
                problem = f"{ast.unparse(part)} is not a literal"
    values = {keyword.arg for keyword in call.keywords if keyword.arg is not None}
    return Site(path, call.lineno, tuple(templates), frozenset(values), problem)


def _branches(node: ast.expr) -> Iterator[ast.expr]:
    if isinstance(node, ast.IfExp):
        yield from _branches(node.body)
        yield from _branches(node.orelse)
    else:
        yield node


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
