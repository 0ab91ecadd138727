"""Exit codes of the command line."""

from __future__ import annotations

from enum import IntEnum


class Exit(IntEnum):
    OK = 0
    BUG = 1
    USAGE = 2
    MODEL = 3
    IMAGE = 4
    MEMORY = 5
    NO_WINDOW = 6
    HISTORY = 7
    DIFFERS = 8
    NOT_REPLAYED = 9
    INTERRUPTED = 130


MEANING = """\
exit codes:
  0 done   2 wrong usage or value   3 model problem   4 image or state file problem
  5 out of memory   6 the window cannot open   7 history problem   1 a bug
  130 interrupted, finished images are kept
"""
