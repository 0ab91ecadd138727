"""`ldm-studio history`: find pictures, know how they were made, index folders, take them along."""

from __future__ import annotations

import argparse
import json
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from tqdm import tqdm

from core.errors import PictureError, RequestError
from ldm_studio.paths import data_dir, pictures_dir, trajectories_dir

from . import steps
from .export import export
from .query import GRAMMAR, Problem, Query, parse
from .reader import Count, Details, Reader
from .rebuild import Progress, Report, locate, rebuild
from .store import History
from .view import line, page, record, short_record

_LIMIT = 50

EXAMPLES = """\
examples:
  ldm-studio history rebuild
  ldm-studio history import ~/stable-diffusion-webui/outputs
  ldm-studio history search fox rating:>=4 date:2026-11
  ldm-studio history search --json 'model:"v1-5" -blurry'
  ldm-studio history show 42
  ldm-studio history export is:favourite -o favourites.zip
"""

QUERIES = f"queries:\n{GRAMMAR}\nPut -- before a query that begins with -.\n"


def add_arguments(command: ArgumentParser, kind: type[ArgumentParser]) -> None:
    """Declare the subcommands; `kind` is the parser they are made of."""
    actions = command.add_subparsers(
        dest="action", metavar="ACTION", title="actions", required=True, parser_class=kind
    )
    raw = argparse.RawDescriptionHelpFormatter
    _listing(actions.add_parser("list", help="the newest pictures"))
    searching = actions.add_parser(
        "search", help="pictures that a query finds", epilog=QUERIES, formatter_class=raw
    )
    searching.add_argument("query", metavar="QUERY", nargs="+", help="what to look for; see below")
    searching.add_argument(
        "--facets", action="store_true", help="count models, samplers and days instead"
    )
    _listing(searching)
    showing = actions.add_parser("show", help="everything about a picture")
    showing.add_argument("id", metavar="ID_OR_FILE", help="its number in the list, or its file")
    _json(showing, "print one JSON object")
    _indexing(
        actions.add_parser(
            "rebuild",
            help="index folders of pictures",
            description="Index folders: what is new, changed, moved or gone. Can be interrupted, "
            "and goes on where it was. Tags, ratings and favourites are kept.",
        ),
        "*",
        "by default the folder of this program's pictures and all others that are known",
    )
    _indexing(
        actions.add_parser(
            "import",
            help="index folders of other programs and know them from now on",
            description="Index folders with pictures of AUTOMATIC1111, Forge, ComfyUI, InvokeAI, "
            "Fooocus, SD.Next, NovelAI, Draw Things, Krita AI Diffusion, Easy Diffusion, SwarmUI. "
            "Nothing is copied or changed. Settings that have no equal here are listed.",
        ),
        "+",
        "with pictures in them or in folders below",
    )
    locating = actions.add_parser("locate", help="say where the file of a missing picture is now")
    locating.add_argument("id", metavar="ID", type=int)
    locating.add_argument("file", metavar="FILE", type=_path)
    exporting = actions.add_parser(
        "export",
        help="copy pictures or their recipes out",
        description="Copy the pictures that a query finds, or all, into a folder or a .zip file; "
        "or write what is known of them into a .csv or .jsonl file.",
        epilog=QUERIES,
        formatter_class=raw,
    )
    exporting.add_argument("query", metavar="QUERY", nargs="*", help="which; see below")
    exporting.add_argument(
        "-o",
        "--output",
        metavar="TARGET",
        type=_path,
        required=True,
        help="a folder, or a .zip, .csv or .jsonl file",
    )
    _json(exporting, "print one JSON object with the counts")


def _listing(command: ArgumentParser) -> None:
    command.add_argument(
        "--limit", metavar="N", type=_count, default=_LIMIT, help=f"how many ({_LIMIT}; 0: all)"
    )
    _json(command, "print one JSON object a picture")


def _indexing(command: ArgumentParser, number: str, words: str) -> None:
    command.add_argument("folders", metavar="FOLDER", nargs=number, type=_path, help=words)
    command.add_argument("--again", action="store_true", help="read unchanged files too")
    _json(command, "print one JSON object with the counts and the problems")


def _json(command: ArgumentParser, words: str) -> None:
    command.add_argument("--json", action="store_true", help=words)


def _path(text: str) -> Path:
    return Path(text).expanduser().absolute()


def _count(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number.")
    return int(text)


# --- running -------------------------------------------------------------------------------------


def run(arguments: Namespace) -> int:
    """Raises HistoryError, PictureError, RequestError."""
    action: Callable[[Namespace, History], None] = {
        "list": _list,
        "search": _search,
        "show": _show,
        "rebuild": _rebuild,
        "import": _import,
        "locate": _locate,
        "export": _export,
    }[arguments.action]
    with History(data_dir()) as history:
        if history.recovery is not None:
            _say(history.recovery.message)
            _indexed(history, _all_folders(history), Namespace(again=False))
        action(arguments, history)
    return 0


def _list(arguments: Namespace, history: History) -> None:
    _print_pictures(arguments, history, Query())


def _search(arguments: Namespace, history: History) -> None:
    query = _query(arguments)
    if not arguments.facets:
        _print_pictures(arguments, history, query)
        return
    with closing(history.reader()) as reader:
        facets = reader.facets(query)
    named = {"models": facets.models, "samplers": facets.samplers, "days": facets.days}
    if arguments.json:
        _print_json({name: _as_dict(counts) for name, counts in named.items()})
        return
    for name, counts in named.items():
        print(name)
        for count in counts:
            print(f"{count.pictures:>8}  {count.value}")


def _as_dict(counts: Sequence[Count]) -> dict[str, int]:
    return {count.value: count.pictures for count in counts}


def _print_pictures(arguments: Namespace, history: History, query: Query) -> None:
    with closing(history.reader()) as reader:
        number = 0
        for picture in reader.pages(query):
            if arguments.limit and number == arguments.limit:
                break
            number += 1
            if arguments.json:
                _print_json(short_record(picture))
            else:
                print(line(picture))
        if sys.stderr.isatty() or not number:
            _say(_found(number, reader, query))


def _found(number: int, reader: Reader, query: Query) -> str:
    total = reader.count(query)
    if number < total:
        return f"{number} of {total} pictures; --limit 0 shows all"
    if total or query.terms:
        return f"{total} pictures" if total != 1 else "1 picture"
    return "no pictures are indexed yet; try: ldm-studio history rebuild"


def _show(arguments: Namespace, history: History) -> None:
    with closing(history.reader()) as reader:
        details = _details(arguments.id, reader)
    if arguments.json:
        _print_json(record(details))
    else:
        print(page(details))


def _details(named: str, reader: Reader) -> Details:
    number = int(named) if named.isdecimal() and len(named) < 19 else reader.at(_path(named))
    details = None if number is None else reader.details(number)
    if details is None:
        raise RequestError(
            "id",
            f"There is no picture {named!r} in the history.",
            "ldm-studio history list shows their numbers; history rebuild indexes new files.",
        )
    return details


def _rebuild(arguments: Namespace, history: History) -> None:
    folders = [_folder(path) for path in arguments.folders] or _all_folders(history)
    _print_report(_indexed(history, folders, arguments), arguments)


def _import(arguments: Namespace, history: History) -> None:
    folders = [_folder(path) for path in arguments.folders]
    for folder in folders:
        history.add_folder(folder).result()
    report = _indexed(history, folders, arguments)
    _print_report(report, arguments)
    if not arguments.json:
        for program, number in sorted(report.programs.items(), key=lambda item: -item[1]):
            print(f"{number:>8}  {program or 'without a recipe'}")
        if report.ignored:
            print("settings that have no equal here, and in how many pictures:")
        for name, number in sorted(report.ignored.items(), key=lambda item: -item[1]):
            print(f"{number:>8}  {name}")


def _folder(path: Path) -> Path:
    if not path.is_dir():
        raise PictureError(f"There is no folder {path}.")
    return path


def _all_folders(history: History) -> list[Path]:
    with closing(history.reader()) as reader:
        return [pictures_dir(), *(path for path in reader.folders() if path != pictures_dir())]


def _indexed(history: History, folders: Sequence[Path], arguments: Namespace) -> Report:
    with tqdm(unit="file", disable=None, leave=False, file=sys.stderr) as bar:

        def show(progress: Progress) -> None:
            bar.total = progress.total
            bar.update(progress.done - bar.n)

        # A folder of one's own that is not there yet holds no pictures.
        there = [folder for folder in folders if folder.is_dir() or folder != pictures_dir()]
        try:
            steps.follow(history, trajectories_dir())
            return rebuild(history, there, again=arguments.again, progress=show)
        except KeyboardInterrupt:
            bar.close()
            _say("stopped; the same command goes on where it was")
            raise


def _print_report(report: Report, arguments: Namespace) -> None:
    if arguments.json:
        problems = [{"path": str(one.path), "message": one.message} for one in report.problems]
        _print_json({**vars(report), "problems": problems})
        return
    for problem in report.problems:
        _say(f"{problem.path}: {problem.message}")
    counts = {
        "new": report.added,
        "changed": report.changed,
        "moved": report.moved,
        "missing": report.missing,
        "unreadable": len(report.problems),
        "unchanged": report.unchanged,
    }
    said = ", ".join(f"{number} {name}" for name, number in counts.items() if number)
    print(f"{report.files} pictures{': ' if said else ''}{said}")


def _locate(arguments: Namespace, history: History) -> None:
    locate(history, arguments.id, arguments.file)


def _export(arguments: Namespace, history: History) -> None:
    query = _query(arguments)
    with closing(history.reader()) as reader:
        done = export(reader.pages(query), reader.details, arguments.output)
    if arguments.json:
        _print_json({"output": str(arguments.output), **vars(done)})
        return
    print(arguments.output)
    _say(f"{done.pictures} pictures" + (f", {done.left_out} missing" if done.left_out else ""))


def _query(arguments: Namespace) -> Query:
    """Raises RequestError where there is a mistake in it, and points at it."""
    text = " ".join(arguments.query)
    query = parse(text)
    if query.problems:
        raise RequestError("query", "\n".join(_pointed(text, one) for one in query.problems))
    return query


def _pointed(text: str, problem: Problem) -> str:
    start, end = problem.span.start, problem.span.end
    return f"{problem.message}\n  {text}\n  {' ' * start}{'^' * (end - start)}"


def _print_json(record: dict[str, Any]) -> None:
    print(json.dumps(record, ensure_ascii=False))


def _say(text: str) -> None:
    print(text, file=sys.stderr)
