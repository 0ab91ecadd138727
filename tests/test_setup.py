"""The decisions of the setup before it touches the machine."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from types import ModuleType

import pytest
from packaging.specifiers import SpecifierSet

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def setup_env() -> ModuleType:
    spec = importlib.util.spec_from_file_location("setup_env", ROOT / "tools" / "setup_env.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("version", "usable"),
    [
        ("2.13.0+cpu", True),
        ("2.6.0", True),
        ("2.99.1+cu130", True),
        ("2.14.0a0+git12ab", True),
        ("2.5.1", False),
        ("3.0.0", False),
        ("1.13.1", False),
        ("unknown", False),
    ],
)
def test_suitable_torch_versions_are_accepted(setup_env, version, usable):
    assert setup_env.torch_in_range(version) is usable


def test_a_cuda_build_is_recognised_by_its_requirements(setup_env):
    def report(*names: str) -> str:
        return json.dumps({"install": [{"metadata": {"name": name}} for name in names]})

    assert setup_env.gpu_packages(report("torch", "sympy", "filelock")) == []
    names = ("torch", "NVIDIA-cublas", "cuda-toolkit", "triton")
    assert setup_env.gpu_packages(report(*names)) == ["cuda-toolkit", "nvidia-cublas", "triton"]


def test_only_missing_libraries_are_installed(setup_env):
    libraries = {"libGL.so.1": "libgl1", "libEGL.so.1": "libegl1"}
    assert setup_env.missing_packages(libraries, lambda name: True) == []
    assert setup_env.missing_packages(libraries, lambda name: "GL.so" not in name) == [
        "libgl1",
        "libegl1",
    ]
    assert setup_env.missing_packages(libraries, "libGL.so.1".__eq__) == ["libegl1"]


def test_the_window_needs_more_libraries_than_the_tests(setup_env):
    display = {"DISPLAY": ":0"}
    test = setup_env.needed_libraries("test", {}, "linux")
    run = setup_env.needed_libraries("run", display, "linux")
    assert test.items() < run.items()
    assert "libxcb-cursor.so.0" in run
    assert setup_env.needed_libraries("run", {}, "linux") == {}
    assert setup_env.needed_libraries("run", display, "darwin") == {}


def test_the_setup_is_repeated_when_the_lock_changes(setup_env, tmp_path):
    lock = tmp_path / "requirements.lock"
    lock.write_text("numpy==2.4.6\n")
    first = setup_env.stamp("run", [lock])
    assert setup_env.stamp("run", [lock]) == first
    assert setup_env.stamp("test", [lock]) != first
    lock.write_text("numpy==2.4.7\n")
    assert setup_env.stamp("run", [lock]) != first


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-test.lock"])
def test_the_locks_are_exact_and_leave_torch_to_the_setup(name):
    lines = (ROOT / name).read_text().splitlines()
    pins = [line for line in lines if line and not line.startswith("#")]
    assert all("==" in pin for pin in pins)
    names = {pin.split("==")[0] for pin in pins}
    assert "torch" not in names
    assert {"pip", "setuptools", "pyside6-essentials"} <= names
    assert not any(n.startswith(("nvidia-", "triton")) for n in names)


def test_the_tested_versions_are_the_installed_ones():
    run, test = (
        set((ROOT / name).read_text().splitlines()[1:])
        for name in ("requirements.lock", "requirements-test.lock")
    )
    assert run <= test


def test_building_an_installer_needs_its_bundled_packages(setup_env):
    needed = setup_env.needed_libraries("installer", {}, "linux")
    assert "libxcb-cursor.so.0" in needed
    assert setup_env.needed_libraries("installer", {}, "win32") == {}


def test_the_website_needs_no_qt_libraries(setup_env):
    assert setup_env.needed_libraries("docs", {"DISPLAY": ":0"}, "linux") == {}


class Installed:
    """An environment in which pip finds the packages of an index."""

    def __init__(self, before: str, cuda: str | None) -> None:
        self.before, self.cuda = before, cuda
        self.asked: list[str] = []

    def output(self, *arguments: str) -> str | None:
        return f"{self.cuda}\n" if "torch.version.cuda" in arguments[-1] else self.before or None

    def pip(self, *arguments: str) -> None:
        self.asked += arguments


def test_a_cuda_request_gets_no_cpu_build(setup_env):
    for before in ("", "2.13.0+cpu"):
        index = Installed(before, "13.0")
        setup_env.install_torch(index, "cuda")
        (spec,) = (word for word in index.asked if word.startswith("torch"))
        allowed = SpecifierSet(spec.removeprefix("torch"))
        assert allowed.contains("2.13.0")
        assert allowed.contains("2.13.0+cu130")
        assert not allowed.contains("2.13.0+cpu")
    with pytest.raises(setup_env.SetupError, match="not one for NVIDIA"):
        setup_env.install_torch(Installed("", None), "cuda")
