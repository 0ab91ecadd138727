"""Linux: a portable folder."""

from __future__ import annotations

from collections.abc import Iterable

from .libraries import SYSTEM
from .naming import APPLICATION, COMMAND

PROGRAM = "program"
"""The folder with the bundle, beside the start script."""


def start_script(packages: Iterable[str]) -> str:
    """Says which of the system's libraries are missing, then starts the program.

    `packages` are those of Debian that the bundle leaves to the system.
    """
    wanted = set(packages)
    pairs = [
        f"{library}={package}"
        for library, package in sorted(SYSTEM.items())
        if package in wanted and not library.startswith("ld-linux")
    ]
    return f"""#!/bin/sh
# Starts {APPLICATION}. With a folder "data" beside this file, everything is kept in there.
here=$(dirname "$(readlink -f "$0")")
if [ -d "$here/data" ]; then
    LDM_STUDIO_HOME="$here/data"
    export LDM_STUDIO_HOME
fi
libraries=$(PATH="$PATH:/usr/sbin:/sbin" ldconfig -p 2>/dev/null)
if [ -n "$libraries" ]; then
    missing=
    for pair in {" ".join(pairs)}; do
        case "$libraries" in
            *"${{pair%%=*}} "*) ;;
            *) missing="$missing ${{pair#*=}}" ;;
        esac
    done
    if [ -n "$missing" ]; then
        echo "{COMMAND}: libraries of the system are missing. Debian and Ubuntu call their" \\
            "packages:$missing" >&2
    fi
fi
exec "$here/{PROGRAM}/{COMMAND}" "$@"
"""
