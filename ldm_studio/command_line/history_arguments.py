"""`ldm-studio history`: its subcommands and their arguments."""

from __future__ import annotations

import argparse
from argparse import ArgumentParser
from pathlib import Path

from ldm_studio.history.query_language import GRAMMAR

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
    locating.add_argument("file", metavar="FILE", type=path_of)
    renaming = actions.add_parser("rename", help="give the file of a picture another name")
    renaming.add_argument("id", metavar="ID", type=int)
    renaming.add_argument("name", metavar="NAME", help="in the same folder; its ending stays")
    _json(renaming, "print one JSON object")
    _json(actions.add_parser("collections", help="the collections"), "print one JSON object each")
    collecting = actions.add_parser("collect", help="put pictures into a collection")
    collecting.add_argument("collection", metavar="NAME", help="made if there is none")
    collecting.add_argument("ids", metavar="ID_OR_FILE", nargs="+")
    collecting.add_argument("--remove", action="store_true", help="take them out instead")
    _json(collecting, "print one JSON object")
    exporting = actions.add_parser(
        "export",
        help="copy pictures or their recipes out",
        description="Copy the pictures that a query finds, or all, into a folder or a .zip file; "
        "draw them into one contact sheet, a .png or .jpg file; or write what is known of them "
        "into a .csv or .jsonl file.",
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
        "--columns", metavar="N", type=_count, default=5, help="of a contact sheet (5)"
    )
    exporting.add_argument(
        "--side", metavar="PX", type=_count, default=256, help="of each picture in it (256)"
    )
    exporting.add_argument(
        "--captions",
        metavar="A,B",
        default="name,seed,prompt",
        help="below each picture in it (name,seed,prompt)",
    )
    _json(exporting, "print one JSON object with the counts")


def _listing(command: ArgumentParser) -> None:
    command.add_argument(
        "--limit", metavar="N", type=_count, default=_LIMIT, help=f"how many ({_LIMIT}; 0: all)"
    )
    _json(command, "print one JSON object a picture")


def _indexing(command: ArgumentParser, number: str, words: str) -> None:
    command.add_argument("folders", metavar="FOLDER", nargs=number, type=path_of, help=words)
    command.add_argument("--again", action="store_true", help="read unchanged files too")
    _json(command, "print one JSON object with the counts and the problems")


def _json(command: ArgumentParser, words: str) -> None:
    command.add_argument("--json", action="store_true", help=words)


def path_of(text: str) -> Path:
    return Path(text).expanduser().absolute()


def _count(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number.")
    return int(text)
