"""What pyproject.toml cannot say: the documentation is installed as a part of `resources`."""

from __future__ import annotations

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

DOCS = Path("docs")


class BuildWithDocs(build_py):
    """Copies docs/ to where the program looks when it is installed; see ldm_studio/help."""

    def run(self) -> None:
        super().run()
        if not self.editable_mode:  # which is used from where it is
            shutil.copytree(DOCS, Path(self.build_lib, "resources", DOCS.name), dirs_exist_ok=True)

    def get_source_files(self) -> list[str]:
        """For archives of the sources."""
        return [*super().get_source_files(), *map(str, _files())]

    def get_outputs(self, include_bytecode: bool = True) -> list[str]:
        installed = Path(self.build_lib, "resources")
        made = [] if self.editable_mode else [str(installed / path) for path in _files()]
        return [*super().get_outputs(include_bytecode), *made]


def _files() -> list[Path]:
    return [path for path in DOCS.rglob("*") if path.is_file()]


setup(cmdclass={"build_py": BuildWithDocs})
