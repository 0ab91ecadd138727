"""The entry point of the bundled program."""

from __future__ import annotations

import os
import sys
from glob import glob

WINDOW = (
    "libpython3*",
    "libcrypto*",
    "numpy.libs/*",
    "numpy/_core/_multiarray_umath*",
    "PIL/_imaging.*",
    "shiboken6/*.so*",
    "PySide6/*.so*",
    "PySide6/Qt/lib/libQt6[CGW]*",
    "PySide6/Qt/lib/libicu[iu]*",
    "PySide6/Qt/plugins/platforms/libqxcb*",
)
"""Patterns of the libraries that the window needs, below the folder of the bundle."""


def read_ahead(folder: str) -> None:
    """Have Linux read them now, each in one go and beside all else. Page by page, as they are used,
    they would take two to three times as long from a disk.
    """
    for pattern in ("../ldm-studio", *WINDOW):
        for path in glob(os.path.join(folder, pattern)):
            try:
                file = os.open(path, os.O_RDONLY)
                os.posix_fadvise(file, 0, 0, os.POSIX_FADV_WILLNEED)
                os.close(file)
            except OSError:  # they are read when they are needed
                return


def help_multiprocessing() -> None:
    """Be the helper that `multiprocessing` starts, which knows no other program to start than this
    one. On macOS a lock of tqdm is enough for it to want one.
    """
    if "-c" in sys.argv or "--multiprocessing-fork" in sys.argv:
        from multiprocessing import freeze_support

        freeze_support()  # which does not come back from being one


if __name__ == "__main__":
    if sys.platform == "linux":
        read_ahead(sys._MEIPASS)  # type: ignore[attr-defined]  # PyInstaller's
    help_multiprocessing()
    from ldm_studio.__main__ import main

    sys.exit(main())
