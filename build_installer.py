"""Build what people install: on Linux a `.deb` and a portable archive, on Windows an installer and
a zip, on macOS a disk image.

    python3 build_installer.py                    all of this system's, for the CPU
    python3 build_installer.py --flavour cuda     with the CUDA build of PyTorch
    python3 build_installer.py --help

Any Python from 3.11 on will do. A separate environment is made below `build/installer`, so that
nothing else that is installed here gets into the bundle; the results are in `dist`.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent


def main() -> int:
    if sys.version_info < (3, 11):  # noqa: UP036 (any Python may be asked to run this file)
        print("installer: Python 3.11 or newer is needed.", file=sys.stderr)
        return 1
    from tools.installer.build import kinds_here, parser, work_folder
    from tools.installer.naming import InstallerError, product
    from tools.setup_env import SetupError, set_up

    arguments = parser().parse_args()
    try:
        made = product(arguments.flavour, dict(os.environ))
        kinds_here(
            arguments.kinds, made.system
        )  # impossible kinds are reported before the long work
        python = set_up("installer", work_folder(made.flavour) / "venv", made.flavour)
    except (InstallerError, SetupError) as error:
        print(f"installer: {error}", file=sys.stderr)
        return 1
    command = [str(python), "-m", "tools.installer", *sys.argv[1:]]
    return subprocess.run(command, cwd=ROOT, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
