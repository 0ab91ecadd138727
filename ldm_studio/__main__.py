"""`ldm-studio` and `python -m ldm_studio`."""

from __future__ import annotations

import ctypes
import gc
import importlib.util
import os
import sys
from pathlib import Path


def preload_torch_library() -> None:
    """On Windows, load torch's c10.dll before Qt, without importing torch.

    Loaded after Qt, it fails with WinError 1114 from torch 2.9 on (pytorch/pytorch#166628).
    """
    if sys.platform != "win32":
        return
    torch = importlib.util.find_spec("torch")
    if torch is None or torch.origin is None:
        return
    libraries = Path(torch.origin).parent / "lib"
    if (libraries / "c10.dll").exists():
        os.add_dll_directory(str(libraries))
        ctypes.WinDLL(str(libraries / "c10.dll"))


def main() -> int:
    gc.disable()  # imported modules stay loaded: searching them takes a tenth of the start-up
    try:
        preload_torch_library()
        from ldm_studio.command_line.cli import main as command_line

        return command_line()
    except KeyboardInterrupt:  # before the command line could take over
        return 130


if __name__ == "__main__":
    sys.exit(main())
