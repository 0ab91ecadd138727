"""What the command line returns, for scripts."""

from __future__ import annotations

from enum import IntEnum


class Exit(IntEnum):
    OK = 0
    BUG = 1
    USAGE = 2
    MODEL = 3
    PICTURE = 4
    MEMORY = 5
    NO_WINDOW = 6
    HISTORY = 7
    DIFFERS = 8
    NOT_REPLAYED = 9
    INTERRUPTED = 130


MEANING = """\
exit codes:
  0 done   2 wrong usage or value   3 model problem   4 picture or state file problem
  5 out of memory   6 no window possible here   7 history problem   1 a bug
  130 interrupted, finished pictures are kept
"""
