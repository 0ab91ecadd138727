"""Makes docs/pictures, and the window of the README: python tools/docs_pictures.py [NAME ...]

Sheets are drawn by the default model, windows photographed while the program runs. On two cores
that takes some minutes. No display is needed.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

PICTURES = ROOT / "docs" / "pictures"
README = {"drawing": ROOT / "resources" / "readme" / "window.png"}
"""Those that the README shows as well."""
QUALITY = 85


def main() -> int:
    from PIL import Image

    from tools.docs_sheets import SHEETS
    from tools.docs_windows import WINDOWS, photograph

    parser = argparse.ArgumentParser(description="Make the pictures of the documentation.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join((*SHEETS, *WINDOWS)))
    names = parser.parse_args().names or [*SHEETS, *WINDOWS]
    if unknown := [name for name in names if name not in (*SHEETS, *WINDOWS)]:
        parser.error(f"there is no picture {unknown[0]!r}")
    PICTURES.mkdir(exist_ok=True)

    def save(name: str, image: Image.Image) -> None:
        path = PICTURES / f"{name}.webp"
        image.save(path, quality=QUALITY, method=6)
        written = [path]
        if name in README:
            image.save(README[name], optimize=True)
            written.append(README[name])
        for path in written:
            print(f"{path.relative_to(ROOT)}  {path.stat().st_size / 1024:.0f} KiB")

    for name in names:
        if name in SHEETS:
            began = time.monotonic()
            save(name, SHEETS[name]())
            print(f"  {time.monotonic() - began:.0f} s")
    windows = [name for name in names if name in WINDOWS]
    if windows:
        for name, image in photograph(windows):
            save(name, image)
    return 0


if __name__ == "__main__":
    sys.exit(main())
