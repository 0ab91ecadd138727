"""`ldm-studio history`: search images, show their recipes, index folders, export."""

from __future__ import annotations

import json
import sys
from argparse import Namespace
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tqdm import tqdm

from core.errors import ImageError, Message, RequestError, quoted
from ldm_studio.history import steps_on_disk
from ldm_studio.history.collections import clean_title
from ldm_studio.history.exporters import SHEETS, Export, Exported
from ldm_studio.history.file_renaming import rename
from ldm_studio.history.folder_scan import Progress, Report, locate, rebuild
from ldm_studio.history.formatting import line, page, record, short_record
from ldm_studio.history.history_reader import Reader
from ldm_studio.history.history_store import History
from ldm_studio.history.query_language import Problem, Query, parse
from ldm_studio.history.results import Count, Details, ListedImage
from ldm_studio.paths import data_dir, pictures_dir, trajectories_dir

from .history_arguments import EXAMPLES, add_arguments, path_of

if TYPE_CHECKING:
    from ldm_studio.history.contact_sheet import Sheet

__all__ = ["EXAMPLES", "add_arguments", "run"]


def run(arguments: Namespace) -> int:
    """Raises HistoryError, ImageError, RequestError."""
    action: Callable[[Namespace, History], None] = {
        "list": _list,
        "search": _search,
        "show": _show,
        "rebuild": _rebuild,
        "import": _import,
        "locate": _locate,
        "rename": _rename,
        "collections": _collections,
        "collect": _collect,
        "export": _export,
    }[arguments.action]
    with History(data_dir()) as history:
        if history.recovery is not None:
            _print_line(str(history.recovery.message))
            _indexed(history, _all_folders(history), Namespace(again=False))
        action(arguments, history)
    return 0


def _list(arguments: Namespace, history: History) -> None:
    _print_images(arguments, history, Query())


def _search(arguments: Namespace, history: History) -> None:
    query = _query(arguments)
    if not arguments.facets:
        _print_images(arguments, history, query)
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
            print(f"{count.images:>8}  {count.value}")


def _as_dict(counts: Sequence[Count]) -> dict[str, int]:
    return {count.value: count.images for count in counts}


def _print_images(arguments: Namespace, history: History, query: Query) -> None:
    with closing(history.reader()) as reader:
        number = 0
        for image in reader.pages(query):
            if arguments.limit and number == arguments.limit:
                break
            number += 1
            if arguments.json:
                _print_json(short_record(image))
            else:
                print(line(image))
        if sys.stderr.isatty() or not number:
            _print_line(_find_image(number, reader, query))


def _find_image(number: int, reader: Reader, query: Query) -> str:
    total = reader.count(query)
    if number < total:
        return f"{number} of {total} images; --limit 0 shows all"
    if total or query.terms:
        return f"{total} images" if total != 1 else "1 image"
    return "no images are indexed yet; try: ldm-studio history rebuild"


def _show(arguments: Namespace, history: History) -> None:
    with closing(history.reader()) as reader:
        details = _details(arguments.id, reader)
    if arguments.json:
        _print_json(record(details))
    else:
        print(page(details))


def _details(named: str, reader: Reader) -> Details:
    number = int(named) if named.isdecimal() and len(named) < 19 else reader.at(path_of(named))
    details = None if number is None else reader.details(number)
    if details is None:
        raise RequestError(
            "id",
            "There is no image {number} in the history.",
            "`ldm-studio history list` shows the numbers; `history rebuild` indexes new files.",
            number=quoted(named),
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
            print("unsupported settings, and the number of images with them:")
        for name, number in sorted(report.ignored.items(), key=lambda item: -item[1]):
            print(f"{number:>8}  {name}")


def _folder(path: Path) -> Path:
    if not path.is_dir():
        raise ImageError("There is no folder {folder}.", folder=path)
    return path


def _all_folders(history: History) -> list[Path]:
    with closing(history.reader()) as reader:
        return [pictures_dir(), *(path for path in reader.folders() if path != pictures_dir())]


def _indexed(history: History, folders: Sequence[Path], arguments: Namespace) -> Report:
    with tqdm(unit="file", disable=None, leave=False, file=sys.stderr) as bar:

        def show(progress: Progress) -> None:
            bar.total = progress.total
            bar.update(progress.done - bar.n)

        # The default folder may not exist yet; it holds no images then.
        there = [folder for folder in folders if folder.is_dir() or folder != pictures_dir()]
        try:
            steps_on_disk.follow(history, trajectories_dir())
            return rebuild(history, there, again=arguments.again, progress=show)
        except KeyboardInterrupt:
            bar.close()
            _print_line("stopped; the same command continues")
            raise


def _print_report(report: Report, arguments: Namespace) -> None:
    if arguments.json:
        problems = [{"path": str(one.path), "message": str(one.message)} for one in report.problems]
        _print_json({**vars(report), "problems": problems})
        return
    for problem in report.problems:
        _print_line(f"{problem.path}: {problem.message}")
    counts = {
        "new": report.added,
        "changed": report.changed,
        "moved": report.moved,
        "missing": report.missing,
        "unreadable": len(report.problems),
        "unchanged": report.unchanged,
    }
    counted = ", ".join(f"{number} {name}" for name, number in counts.items() if number)
    print(f"{report.files} images{': ' if counted else ''}{counted}")


def _locate(arguments: Namespace, history: History) -> None:
    locate(history, arguments.id, arguments.file)


def _export(arguments: Namespace, history: History) -> None:
    query = _query(arguments)
    with closing(history.reader()) as reader:
        found = list(reader.pages(query))
        done = _written(found, reader, arguments)
    if arguments.json:
        _print_json(
            {"output": str(arguments.output), "pictures": done.images, "left_out": done.left_out}
        )
        return
    print(arguments.output)
    _print_line(f"{done.images} images" + (f", {done.left_out} missing" if done.left_out else ""))


def _written(found: Sequence[ListedImage], reader: Reader, arguments: Namespace) -> Exported:
    """Raises ImageError, RequestError."""
    sheet = _sheet_of(arguments)
    with tqdm(total=len(found), unit="file", disable=None, leave=False, file=sys.stderr) as bar:

        def show(done: int) -> None:
            bar.update(done - bar.n)

        return Export(found, reader.details, progress=show).export_to(arguments.output, sheet)


def _sheet_of(arguments: Namespace) -> Sheet | None:
    """The layout of a contact sheet. Raises RequestError for an unknown caption."""
    if arguments.output.suffix.lower() not in SHEETS:
        return None
    from ldm_studio.history.contact_sheet import CAPTIONS, Sheet

    captions = tuple(name.strip() for name in arguments.captions.split(",") if name.strip())
    for name in captions:
        if name not in CAPTIONS:
            raise RequestError(
                "captions",
                "There is no caption {name}.",
                "Captions: {names}.",
                name=quoted(name),
                names=", ".join(CAPTIONS),
            )
    return Sheet(max(1, arguments.columns), max(32, min(arguments.side, 4096)), captions)


def _rename(arguments: Namespace, history: History) -> None:
    path = rename(history, arguments.id, arguments.name).new
    if arguments.json:
        _print_json({"id": arguments.id, "path": str(path)})
    else:
        print(path)


def _collections(arguments: Namespace, history: History) -> None:
    with closing(history.reader()) as reader:
        for one in reader.collections():
            if arguments.json:
                _print_json({"title": one.title, "pictures": one.images})
            else:
                print(f"{one.images:>8}  {one.title}")


def _collect(arguments: Namespace, history: History) -> None:
    """Adds to the collection of this name, which is created if necessary; or removes from it."""
    title = clean_title(arguments.collection).casefold()
    with closing(history.reader()) as reader:
        known = {one.title.casefold(): one.key for one in reader.collections()}
        numbers = [_details(named, reader).listed.id for named in arguments.ids]
    key = known.get(title)
    if arguments.remove and key is not None:
        changed = len(history.remove_from_collection(key, numbers).result())
    elif arguments.remove:
        raise RequestError(
            "collection", "There is no collection {name}.", name=quoted(arguments.collection)
        )
    elif key is None:
        changed = len(history.create_collection(arguments.collection, numbers).result().members)
    else:
        changed = len(history.add_to_collection(key, numbers).result())
    if arguments.json:
        _print_json({"collection": arguments.collection, "changed": changed})
    else:
        _print_line(f"{changed} images" if changed != 1 else "1 image")


def _query(arguments: Namespace) -> Query:
    """Raises RequestError at the position of the mistake."""
    text = " ".join(arguments.query)
    query = parse(text)
    if query.problems:
        listed = "\n".join(_point_at_problem(text, one) for one in query.problems)
        raise RequestError("query", Message.plain(listed))
    return query


def _point_at_problem(text: str, problem: Problem) -> str:
    start, end = problem.span.start, problem.span.end
    return f"{problem.message}\n  {text}\n  {' ' * start}{'^' * (end - start)}"


def _print_json(record: dict[str, Any]) -> None:
    print(json.dumps(record, ensure_ascii=False))


def _print_line(text: str) -> None:
    print(text, file=sys.stderr)
