"""Where the bundled program starts."""

from __future__ import annotations

import sys

from ldm_studio.__main__ import main


def help_multiprocessing() -> None:
    """Be the helper that `multiprocessing` starts, which knows no other program to start than this
    one. On macOS a lock of tqdm is enough for it to want one.
    """
    if "-c" in sys.argv or "--multiprocessing-fork" in sys.argv:
        from multiprocessing import freeze_support

        freeze_support()  # which does not come back from being one


if __name__ == "__main__":
    help_multiprocessing()
    sys.exit(main())
