"""What is bundled, what the system must provide, and the licences."""

from __future__ import annotations

import struct
from importlib.metadata import Distribution, distribution
from pathlib import Path

import pytest

import ldm_studio
from tools.installer import build, contents, elf, libraries, licences, naming, prune, sizes
from tools.installer.elf import Elf
from tools.installer.licences import Part
from tools.installer.naming import InstallerError


def library(*needed: str, soname: str = "", glibc: tuple[int, int] = (2, 17)) -> Elf:
    return Elf(needed, soname, glibc)


# --- pruning ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "out"),
    [
        ("torch/lib/libtorch_cpu.so", False),
        ("torch/bin/protoc", True),
        ("torch/bin/torch_shm_manager", False),  # torch looks for it when imported
        ("torch/include/ATen/ATen.h", True),
        ("torch/lib/libtorch.a", True),
        ("torch/_inductor/config.py", False),  # which reads itself
        ("PySide6/Qt/plugins/platforms/libqxcb.so", False),
        ("PySide6/Qt/plugins/platforms/libqoffscreen.so", False),
        ("PySide6/Qt/plugins/platforms/libqeglfs.so", True),
        ("PySide6/plugins/platforms/qminimal.dll", True),
        ("PySide6/Qt/plugins/platforminputcontexts/libibusplatforminputcontextplugin.so", False),
        ("PySide6/Qt/translations/qtbase_zh_CN.qm", False),
        ("PySide6/Qt/translations/designer_de.qm", True),
        ("resources/default_model/unet.safetensors", False),
    ],
)
def test_excluded_files_are_not_bundled(path: str, out: bool) -> None:
    assert prune.is_left_out(path) is out


def test_the_documentation_is_bundled_where_the_program_looks() -> None:
    places = {Path(file): folder for file, folder in contents.data_files(naming.ROOT)}
    docs = naming.ROOT / "docs"
    assert places[docs / "getting-started.md"] == "resources/docs"
    assert places[docs / "zh_CN" / "getting-started.md"] == "resources/docs/zh_CN"
    assert places[docs / "images" / "samplers.webp"] == "resources/docs/images"


def test_pruning_leaves_no_empty_folder_or_broken_link(tmp_path: Path) -> None:
    for name in ("torch/bin/protoc", "torch/lib/libtorch.so", "libxcb-cursor.so.0", "libgio.so.0"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    (tmp_path / "protoc").symlink_to("torch/bin/protoc")
    (tmp_path / "libtorch.so").symlink_to("torch/lib/libtorch.so")
    sources = {name: f"/usr/lib/{name}" for name in ("libxcb-cursor.so.0", "libgio.so.0")}
    prune.prune(tmp_path, sources)
    left = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*")}
    assert left == {
        "torch",
        "torch/lib",
        "torch/lib/libtorch.so",
        "libtorch.so",
        "libxcb-cursor.so.0",
    }


def test_only_the_torch_tests_that_torch_imports_are_bundled() -> None:
    assert contents.is_module_left_out("torch.testing._internal.common_utils")
    assert not contents.is_module_left_out("torch.testing._internal.logging_tensor")
    assert not contents.is_module_left_out("torch.nn")


# --- libraries ----------------------------------------------------------------------------------


def a_library(needed: list[str], soname: str, versions: list[str]) -> bytes:
    """The smallest file that Linux's loader calls a shared library."""
    names = [*needed, soname, *versions]
    strings = b"\0" + b"".join(name.encode() + b"\0" for name in names)
    at = {name: strings.index(b"\0" + name.encode() + b"\0") + 1 for name in names}
    base, headers = 0x10000, 64 + 2 * 56
    tags = [(elf.DT_NEEDED, at[name]) for name in needed]
    tags += [(elf.DT_SONAME, at[soname]), (elf.DT_STRSZ, len(strings))]
    dynamic_size = 16 * (len(tags) + 2)
    tags += [(elf.DT_STRTAB, base + headers + dynamic_size), (0, 0)]
    dynamic = b"".join(struct.pack("<qQ", *tag) for tag in tags)
    size = headers + dynamic_size + len(strings)
    header = elf.MAGIC.ljust(16, b"\0") + struct.pack(
        "<HHIQQQIHHHHHH", 3, 62, 1, 0, 64, 0, 0, 64, 56, 2, 0, 0, 0
    )
    load = struct.pack("<IIQQQQQQ", elf.PT_LOAD, 4, 0, base, base, size, size, 4096)
    where = (elf.PT_DYNAMIC, 4, headers, base + headers, base + headers)
    dynamic_segment = struct.pack("<IIQQQQQQ", *where, dynamic_size, dynamic_size, 8)
    return header + load + dynamic_segment + dynamic + strings


def test_dependencies_of_a_library_are_read(tmp_path: Path) -> None:
    path = tmp_path / "libx.so.1.2"
    path.write_bytes(a_library(["libc.so.6", "liby.so"], "libx.so.1", ["GLIBC_2.4", "GLIBC_2.34"]))
    assert elf.read_all(tmp_path) == {
        path: library("libc.so.6", "liby.so", soname="libx.so.1", glibc=(2, 34))
    }


def test_other_files_are_not_libraries(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("\x7fELF, it says")
    (tmp_path / "empty").touch()
    assert elf.read_all(tmp_path) == {}


def test_bundled_dependencies_become_packages() -> None:
    files = {
        Path("a.so"): library("libc.so.6", "libb.so.1", "libX11.so.6", "libgtk-3.so.0"),
        Path("libb.so"): library("libm.so.6", soname="libb.so.1", glibc=(2, 34)),
    }
    depends = libraries.depends(files)
    assert depends[0] == "libc6 (>= 2.34)"
    assert {"libx11-6", "libgl1", "libegl1", "fontconfig-config"} <= set(depends)
    assert not any("gtk" in package for package in depends)


def test_an_unknown_library_is_an_error() -> None:
    with pytest.raises(InstallerError, match=r"libfoo\.so\.3 \(for a\.so\)"):
        libraries.depends({Path("a.so"): library("libfoo.so.3")})


def test_libraries_that_are_no_longer_needed_are_removed_too() -> None:
    files = {
        Path("program"): library("libQt6Core.so.6"),
        Path("libQt6Core.so.6"): library(soname="libQt6Core.so.6"),
        Path("libQt6Quick.so.6"): library("libQt6Qml.so.6", soname="libQt6Quick.so.6"),
        Path("libQt6Qml.so.6"): library("libQt6Core.so.6", soname="libQt6Qml.so.6"),
    }
    gone = libraries.unneeded(files, [path for path in files if path.name.startswith("lib")])
    assert gone == [Path("libQt6Qml.so.6"), Path("libQt6Quick.so.6")]


# --- licences -----------------------------------------------------------------------------------


def test_the_licence_text_of_a_package_is_found() -> None:
    part = licences.part_of(distribution("numpy"))
    assert part.version == distribution("numpy").version
    assert any("Redistribution" in text for _, text in part.texts)


@pytest.mark.parametrize("name", ["PySide6-Essentials", "shiboken6", "tokenizers"])
def test_packages_without_a_licence_text_get_the_standard_one(name: str) -> None:
    assert licences.part_of(distribution(name)).texts


def test_a_package_without_any_licence_text_is_an_error(tmp_path: Path) -> None:
    info = tmp_path / "secret-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: secret\nVersion: 1.0\n")
    (info / "RECORD").write_text("secret-1.0.dist-info/METADATA,,\nsecret.py,,\n")
    with pytest.raises(InstallerError, match=r"secret 1\.0 comes without"):
        licences.part_of(Distribution.at(info))


def test_a_licence_text_among_the_files_of_a_package_is_found(tmp_path: Path) -> None:
    info = tmp_path / "sparse-1.0.dist-info"
    for path, content in {
        info / "METADATA": "Metadata-Version: 2.1\nName: sparse\nVersion: 1.0\n",
        info / "RECORD": "sparse/lib/LICENSE.txt,,\nsparse/lib/libsparse.so,,\n",
        tmp_path / "sparse" / "lib" / "LICENSE.txt": "Use it so.\n",
    }.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    assert licences.part_of(Distribution.at(info)).texts == (("LICENSE.txt", "Use it so.\n"),)


def test_files_are_assigned_to_their_package() -> None:
    import json as standard

    import numpy
    import PIL

    own = naming.ROOT / "ldm_studio" / "app.py"
    files = [numpy.__file__, PIL.__file__, standard.__file__, str(own)]
    assert [part.name for part in licences.collect(files)] == ["numpy", "pillow", "Python"]


def test_a_file_of_an_unknown_package_is_an_error(tmp_path: Path) -> None:
    stray = tmp_path / "libstray.so"
    stray.touch()
    with pytest.raises(InstallerError, match=r"libstray\.so is of no package"):
        licences.collect([str(stray)])


def test_the_licence_document_contains_equal_texts_once() -> None:
    one = Part("one", "1.0", "MIT", (("LICENSE", "Take it.\n"),))
    two = Part("two", "2.0", "", (("COPYING", "Take it."), ("NOTICE", "By two.")))
    text = licences.document([one, two])
    assert text.count("Take it.") == 1
    assert "The same text as under one 1.0: LICENSE." in text
    assert "By two." in text
    assert "Apache License" in text  # ours comes first
    assert "all-MiniLM-L6-v2" in text  # and the sources of the default model


# --- names, sums, sizes -------------------------------------------------------------------------


def test_the_version_comes_from_one_place() -> None:
    assert naming.version() == ldm_studio.__version__


def test_the_environment_can_set_the_build_date() -> None:
    assert naming.epoch({"SOURCE_DATE_EPOCH": "1700000000"}) == 1_700_000_000
    with pytest.raises(InstallerError, match="yesterday"):
        naming.epoch({"SOURCE_DATE_EPOCH": "yesterday"})


def test_a_format_of_another_system_is_refused() -> None:
    assert build.kinds_here([], "linux") == ("deb", "portable")
    assert build.kinds_here(["deb", "deb"], "linux") == ("deb",)
    with pytest.raises(InstallerError, match="'dmg' cannot be built on linux"):
        build.kinds_here(["dmg"], "linux")


def test_a_full_disk_is_reported_before_the_build(tmp_path: Path) -> None:
    with pytest.raises(InstallerError, match="free"):
        build.check_space(tmp_path / "not" / "there", needed=1 << 60)


def test_checksums_are_in_sha256sum_format(tmp_path: Path) -> None:
    (tmp_path / "b").write_bytes(b"")
    (tmp_path / "a").write_bytes(b"abc")
    build.write_sums([tmp_path / "b", tmp_path / "a"], tmp_path / "SHA256SUMS")
    assert (tmp_path / "SHA256SUMS").read_text().splitlines() == [
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad  a",
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855  b",
    ]


def test_sizes_are_reported_by_component(tmp_path: Path) -> None:
    inner = tmp_path / "_internal"
    (tmp_path / "ldm-studio").write_bytes(bytes(50))
    for name, size in (("torch/lib/x.so", 300), ("PySide6/y.so", 200), ("zlib.so", 10)):
        path = inner / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(bytes(size))
    (inner / "link.so").symlink_to("torch/lib/x.so")
    assert list(sizes.breakdown(tmp_path, [inner]).items()) == [
        ("PyTorch", 300),
        ("Qt", 200),
        (sizes.REST, 60),
    ]
    assert sizes.largest(tmp_path, 1) == [("_internal/torch/lib/x.so", 300)]
