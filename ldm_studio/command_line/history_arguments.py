"""`ldm-studio history`: its subcommands and their arguments."""

from __future__ import annotations

import argparse
from argparse import ArgumentParser
from pathlib import Path

from ldm_studio.history.query_language import GRAMMAR
from ldm_studio.paths import expanded

_LIMIT = 50

EXAMPLES = """\
examples:
  ldm-studio history rebuild
  ldm-studio history import ~/stable-diffusion-webui/outputs
  ldm-studio history search fox rating:>=4 date:2026-11
  ldm-studio history search --json 'model:"v1-5" -blurry'
  ldm-studio history show 42
  ldm-studio history collect "Best of 2026" 42 fox.png
  ldm-studio history export is:favourite -o favourites.zip
  ldm-studio history export in:best -o sheet.png --columns 4 --captions name,seed
"""

QUERIES = f"queries:\n{GRAMMAR}\nPut -- before a query that begins with -.\n"


def add_arguments(command: ArgumentParser, kind: type[ArgumentParser]) -> None:
    """Declares the subcommands; `kind` is the parser class."""
    actions = command.add_subparsers(
        dest="action", metavar="ACTION", title="actions", required=True, parser_class=kind
    )
    raw = argparse.RawDescriptionHelpFormatter
    _listing(actions.add_parser("list", help="list the newest images"))
    searching = actions.add_parser(
        "search", help="list the images that a query finds", epilog=QUERIES, formatter_class=raw
    )
    searching.add_argument(
        "query", metavar="QUERY", nargs="+", help="what to search for; see below"
    )
    searching.add_argument(
        "--facets", action="store_true", help="count models, samplers and days instead"
    )
    _listing(searching)
    showing = actions.add_parser("show", help="show everything about an image")
    showing.add_argument("id", metavar="ID_OR_FILE", help="its number in the list, or its file")
    _json(showing, "print one JSON object")
    _indexing(
        actions.add_parser(
            "rebuild",
            help="index image folders",
            description="Index new, changed, moved and missing files of folders. If interrupted, "
            "the same command continues. Tags, ratings and favourites are kept.",
        ),
        "*",
        "by default the output folder and all imported folders",
    )
    _indexing(
        actions.add_parser(
            "import",
            help="index folders of other programs and watch them",
            description="Index image folders of AUTOMATIC1111, Forge, ComfyUI, InvokeAI, "
            "Fooocus, SD.Next, NovelAI, Draw Things, Krita AI Diffusion, Easy Diffusion, SwarmUI. "
            "Nothing is copied or changed. Unsupported settings are listed.",
        ),
        "+",
        "with images in them or in their subfolders",
    )
    locating = actions.add_parser("locate", help="say where the file of a missing image is now")
    locating.add_argument("id", metavar="ID", type=int)
    locating.add_argument("file", metavar="FILE", type=path_of)
    renaming = actions.add_parser("rename", help="rename the file of an image")
    renaming.add_argument("id", metavar="ID", type=int)
    renaming.add_argument("name", metavar="NAME", help="in the same folder; its ending stays")
    _json(renaming, "print one JSON object")
    _json(actions.add_parser("collections", help="the collections"), "print one JSON object each")
    collecting = actions.add_parser("collect", help="add images to a collection")
    collecting.add_argument("collection", metavar="NAME", help="created if it does not exist")
    collecting.add_argument("ids", metavar="ID_OR_FILE", nargs="+")
    collecting.add_argument("--remove", action="store_true", help="remove them instead")
    _json(collecting, "print one JSON object")
    exporting = actions.add_parser(
        "export",
        help="export images or their recipes",
        description="Copy the images that a query finds, or all, into a folder or a .zip file; "
        "make a contact sheet of them, a .png or .jpg file; or write their data into a .csv or "
        ".jsonl file.",
        epilog=QUERIES,
        formatter_class=raw,
    )
    exporting.add_argument("query", metavar="QUERY", nargs="*", help="which; see below")
    exporting.add_argument(
        "-o",
        "--output",
        metavar="TARGET",
        type=path_of,
        required=True,
        help="a folder, or a .zip, .png, .jpg, .csv or .jsonl file",
    )
    exporting.add_argument(
        "--columns", metavar="N", type=_count, default=5, help="columns of a contact sheet (5)"
    )
    exporting.add_argument(
        "--side", metavar="PX", type=_count, default=256, help="side of each image in it (256)"
    )
    exporting.add_argument(
        "--captions",
        metavar="A,B",
        default="name,seed,prompt",
        help="texts below each image in it (name,seed,prompt)",
    )
    _json(exporting, "print one JSON object with the counts")


def _listing(command: ArgumentParser) -> None:
    command.add_argument(
        "--limit", metavar="N", type=_count, default=_LIMIT, help=f"how many ({_LIMIT}; 0: all)"
    )
    _json(command, "print one JSON object per image")


def _indexing(command: ArgumentParser, number: str, words: str) -> None:
    command.add_argument("folders", metavar="FOLDER", nargs=number, type=path_of, help=words)
    command.add_argument("--again", action="store_true", help="read unchanged files too")
    _json(command, "print one JSON object with the counts and the problems")


def _json(command: ArgumentParser, words: str) -> None:
    command.add_argument("--json", action="store_true", help=words)


def path_of(text: str) -> Path:
    return expanded(text).absolute()


def _count(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number.")
    return int(text)
