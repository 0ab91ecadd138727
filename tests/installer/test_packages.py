"""Packages and archives are what dpkg, tar and unzip expect, and reproducible."""

from __future__ import annotations

import io
import lzma
import tarfile
import zipfile
from pathlib import Path

import pytest

from tools.installer import archive, deb
from tools.installer.archive import Entry

EPOCH = 1_700_000_000
CONTROL = deb.Control(
    package="ldm-studio",
    version="1.2.3",
    architecture="amd64",
    maintainer="Somebody <somebody@example.org>",
    summary="make images",
    description="First paragraph,\nbroken anywhere.\n\nSecond one.",
    depends=["libc6 (>= 2.34)", "libgl1"],
)


@pytest.fixture
def entries(tmp_path: Path) -> list[Entry]:
    program = tmp_path / "program"
    program.write_bytes(b"#!/bin/sh\necho it runs\n")
    return [
        Entry("usr/lib/ldm-studio/ldm-studio", program, executable=True),
        Entry("usr/bin/ldm-studio", link="../lib/ldm-studio/ldm-studio"),
        Entry("usr/share/doc/ldm-studio/copyright", content="Freedom, 自由\n".encode()),
    ]


def members(package: Path) -> dict[str, bytes]:
    """The parts of an ar archive, by its own headers."""
    data = package.read_bytes()
    assert data.startswith(b"!<arch>\n")
    found, at = {}, 8
    while at < len(data):
        header = data[at : at + 60]
        assert header.endswith(b"`\n")
        name, size = header[:16].decode().strip(), int(header[48:58])
        found[name] = data[at + 60 : at + 60 + size]
        at += 60 + size + size % 2
    return found


def unpacked(data: bytes) -> dict[str, tarfile.TarInfo]:
    with tarfile.open(fileobj=io.BytesIO(lzma.decompress(data))) as tar:
        return {item.name: item for item in tar}


def test_a_package_has_its_three_parts_in_order(tmp_path: Path, entries) -> None:
    deb.write(tmp_path / "x.deb", CONTROL, entries, EPOCH, preset=0)
    parts = members(tmp_path / "x.deb")
    assert list(parts) == ["debian-binary", "control.tar.xz", "data.tar.xz"]
    assert parts["debian-binary"] == b"2.0\n"
    data = unpacked(parts["data.tar.xz"])
    assert data["./usr/bin"].isdir()
    assert data["./usr/bin/ldm-studio"].linkname == "../lib/ldm-studio/ldm-studio"
    assert data["./usr/lib/ldm-studio/ldm-studio"].mode == 0o755
    assert data["./usr/share/doc/ldm-studio/copyright"].mode == 0o644
    assert {(item.uid, item.gid, item.uname) for item in data.values()} == {(0, 0, "root")}
    assert {item.mtime for item in data.values()} == {EPOCH}


def test_folders_are_listed_once_before_their_contents(tmp_path: Path, entries) -> None:
    archive.write_tar_xz(tmp_path / "x.tar.xz", entries, EPOCH, preset=0)
    with tarfile.open(tmp_path / "x.tar.xz") as tar:
        names = tar.getnames()
    assert len(names) == len(set(names))
    for name in names:
        parent = name.rpartition("/")[0]
        assert not parent or names.index(parent) < names.index(name)


def test_the_control_file_has_the_fields_that_dpkg_needs(tmp_path: Path, entries) -> None:
    text = CONTROL.text(installed_bytes=2049)
    assert "Package: ldm-studio\n" in text
    assert "Depends: libc6 (>= 2.34), libgl1\n" in text
    assert "Installed-Size: 3\n" in text  # KiB, rounded up
    assert text.endswith(
        "Description: make images\n First paragraph, broken anywhere.\n .\n Second one.\n"
    )
    assert "Recommends" not in text


def test_packages_are_reproducible(tmp_path: Path, entries) -> None:
    for name in ("one", "two"):
        deb.write(tmp_path / f"{name}.deb", CONTROL, reversed(entries), EPOCH, preset=0)
        archive.write_zip(tmp_path / f"{name}.zip", [entries[0], entries[2]], EPOCH)
        (tmp_path / "program").touch()  # it does not contain the time of the build
    for suffix in (".deb", ".zip"):
        one, two = (tmp_path / f"{name}{suffix}" for name in ("one", "two"))
        assert one.read_bytes() == two.read_bytes()


def test_checksums_match_the_files(tmp_path: Path, entries) -> None:
    deb.write(tmp_path / "x.deb", CONTROL, entries, EPOCH, preset=0)
    control = lzma.decompress(members(tmp_path / "x.deb")["control.tar.xz"])
    with tarfile.open(fileobj=io.BytesIO(control)) as tar:
        sums = tar.extractfile("./md5sums")
        assert sums is not None
        lines = sums.read().decode().splitlines()
    assert [line.split("  ")[1] for line in lines] == [
        "usr/lib/ldm-studio/ldm-studio",
        "usr/share/doc/ldm-studio/copyright",
    ]


def test_a_zip_keeps_executable_bits(tmp_path: Path, entries) -> None:
    archive.write_zip(tmp_path / "x.zip", [entries[0], entries[2]], EPOCH)
    with zipfile.ZipFile(tmp_path / "x.zip") as packed:
        info = packed.getinfo("usr/lib/ldm-studio/ldm-studio")
        assert info.external_attr >> 16 == 0o755
        assert packed.read("usr/share/doc/ldm-studio/copyright") == "Freedom, 自由\n".encode()
        assert packed.testzip() is None


def test_a_zip_for_windows_has_no_links(tmp_path: Path, entries) -> None:
    with pytest.raises(ValueError, match="bin/ldm-studio is a link"):
        archive.write_zip(tmp_path / "x.zip", entries, EPOCH)


def test_a_folder_is_listed_recursively(tmp_path: Path) -> None:
    inside = tmp_path / "tree" / "inside"
    inside.mkdir(parents=True)
    (inside / "text").write_text("x")
    (inside / "run").write_text("x")
    (inside / "run").chmod(0o755)
    (tmp_path / "tree" / "link").symlink_to("inside/text")
    found = {entry.name: entry for entry in archive.entries_of(tmp_path / "tree", "top")}
    assert set(found) == {"top/inside/text", "top/inside/run", "top/link"}
    assert found["top/inside/run"].executable
    assert not found["top/inside/text"].executable
    assert found["top/link"].link == "inside/text"
