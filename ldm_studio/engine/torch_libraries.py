"""Loads torch's libraries without the interpreter lock, so that the window stays responsive."""

from __future__ import annotations

import ctypes
import importlib.util
import os
import sys
from pathlib import Path


def open_torch_libraries() -> None:
    """Loads torch's libraries into the process, without importing torch.

    `import` holds the interpreter lock while the system links hundreds of megabytes, 0.3 to 0.8 s
    in which the window freezes; a foreign call releases it. In the order and with the scopes that
    torch itself uses. Failures are left to the import to report.
    """
    torch = importlib.util.find_spec("torch")
    if sys.platform != "linux" or torch is None or torch.origin is None or "torch" in sys.modules:
        return
    libraries = Path(torch.origin).parent / "lib"
    open_library = ctypes.CDLL(None).dlopen
    open_library.restype = ctypes.c_void_p
    open_library.argtypes = (ctypes.c_char_p, ctypes.c_int)
    for name, scope in (
        ("libtorch_global_deps.so", os.RTLD_GLOBAL),
        ("libtorch_python.so", os.RTLD_LOCAL),
    ):
        open_library(os.fsencode(libraries / name), os.RTLD_NOW | scope)
