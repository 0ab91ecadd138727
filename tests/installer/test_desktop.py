"""Files for desktops, software centres and Inno Setup."""

from __future__ import annotations

import configparser
import plistlib
import re
import subprocess
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tools.installer import contents, desktop, icons, macos, portable, windows
from tools.installer.naming import BUNDLE_ID, InstallerError, Product

EPOCH = 1_700_000_000


def made(system: str = "windows", flavour: str = "cpu") -> Product:
    return Product("1.2.3", flavour, system, "amd64", EPOCH)


def test_the_menu_entry_opens_supported_file_types() -> None:
    entry = configparser.ConfigParser(interpolation=None)
    entry.optionxform = str  # type: ignore[assignment]  # keys have capitals
    entry.read_string(desktop.desktop_entry())
    section = entry["Desktop Entry"]
    assert section["Exec"] == "ldm-studio %F"
    assert section["Icon"] == "ldm-studio"
    assert {"image/png", "image/jpeg", "image/webp", "application/x-safetensors"} == set(
        section["MimeType"].rstrip(";").split(";")
    )
    assert section["Comment[zh_CN]"]


def test_the_metadata_contain_version_date_and_menu_entry() -> None:
    root = ElementTree.fromstring(desktop.metainfo("1.2.3", EPOCH))
    assert root.findtext("id") == BUNDLE_ID
    assert root.findtext("launchable") == "ldm-studio.desktop"
    release = root.find("releases/release")
    assert release is not None
    assert release.attrib == {"version": "1.2.3", "date": "2023-11-14"}
    assert root.findtext("project_license") == "Apache-2.0"


def test_a_model_file_gets_its_own_type() -> None:
    root = ElementTree.fromstring(desktop.mime_types())
    (glob,) = root.iter("{http://www.freedesktop.org/standards/shared-mime-info}glob")
    assert glob.attrib["pattern"] == "*.safetensors"


def test_icons_of_all_sizes_are_drawn(qapp, tmp_path: Path) -> None:
    from PIL import Image

    icons.draw(tmp_path)
    names = {entry.name: entry for entry in desktop.entries("1.2.3", EPOCH, tmp_path)}
    for size in desktop.ICON_SIZES:
        entry = names[f"usr/share/icons/hicolor/{size}x{size}/apps/ldm-studio.png"]
        assert entry.source is not None
        with Image.open(entry.source) as image:
            assert image.size == (size, size)
            assert len(image.getcolors(maxcolors=1 << 20) or []) > 2  # something was drawn
    with Image.open(tmp_path / "ldm-studio.ico") as image:
        assert (16, 16) in image.info["sizes"]
        assert (256, 256) in image.info["sizes"]
    with Image.open(tmp_path / "ldm-studio.icns") as image:
        assert image.size == (1024, 1024)


def test_the_script_of_the_windows_installer(tmp_path: Path) -> None:
    tree, icon = Path("C:/tree"), Path("C:/icons/ldm-studio.ico")
    text = windows.inno_script(made(), tree, Path("C:/dist"), icon)
    sections = re.findall(r"^\[(\w+)\]$", text, re.MULTILINE)
    assert sections[0] == "Setup"
    assert {"Files", "Icons", "Registry", "Run", "Tasks", "Code"} <= set(sections)
    assert "AppVersion=1.2.3\n" in text
    assert "OutputBaseFilename=ldm-studio-1.2.3-windows-amd64-setup\n" in text
    assert "PrivilegesRequired=lowest\n" in text
    assert '""%1"""' in text  # a file name with spaces arrives whole
    assert 'OpenWithProgids"; ValueType: string; ValueName: "LDMStudio.File"' in text
    assert "{app}" in text
    assert "{{app}}" not in text
    # Every entry is a line of `Name: value` pairs: none was broken.
    for line in text.partition("[Files]")[2].partition("[Code]")[0].splitlines():
        assert not line or line.startswith("[") or re.match(r"(Source|Name|Root|Filename): ", line)


def test_finder_opens_the_same_types_as_other_systems() -> None:
    plist = plistlib.loads(plistlib.dumps(contents.info_plist("1.2.3")))
    assert plist["CFBundleShortVersionString"] == "1.2.3"
    (declared,) = plist["UTImportedTypeDeclarations"]
    suffixes = {
        "public.png": [".png"],
        "public.jpeg": [".jpg", ".jpeg"],
        "org.webmproject.webp": [".webp"],
        declared["UTTypeIdentifier"]: [
            f".{end}" for end in declared["UTTypeTagSpecification"]["public.filename-extension"]
        ],
    }
    types = [name for kind in plist["CFBundleDocumentTypes"] for name in kind["LSItemContentTypes"]]
    assert sorted(end for name in types for end in suffixes[name]) == sorted(windows.OPENS)
    assert len(desktop.OPENS) == len(types)


def test_the_licence_in_the_installer_is_readable_by_inno_setup() -> None:
    text = windows.inno_script(made(), Path("C:/tree"), Path("C:/dist"), Path("C:/x.ico"))
    found = re.search(r"^LicenseFile=(.+)$", text, re.MULTILINE)
    assert found is not None
    assert "Apache License" in Path(found[1]).read_text(encoding="ascii")


def test_without_inno_setup_only_the_script_is_written(monkeypatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert not windows.compile_script(tmp_path / "x.iss")


def test_the_disk_image_shows_where_to_drag_the_application(monkeypatch, tmp_path: Path) -> None:
    tools = tmp_path / "tools"
    tools.mkdir()
    (tools / "hdiutil").write_text('#!/bin/sh\nfor last; do :; done\necho "$*" > "$last"\n')
    (tools / "hdiutil").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tools}:/usr/bin:/bin")
    app = tmp_path / "LDM Studio.app"
    (app / "Contents").mkdir(parents=True)
    (tmp_path / "work").mkdir()
    macos.disk_image(app, tmp_path / "x.dmg", tmp_path / "work")
    assert "-volname LDM Studio" in (tmp_path / "x.dmg").read_text()
    inside = tmp_path / "work" / "dmg"
    assert (inside / "LDM Studio.app" / "Contents").is_dir()
    assert (inside / "Applications").readlink() == Path("/Applications")


def test_missing_macos_tools_are_named(monkeypatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(InstallerError, match="codesign is missing"):
        macos.sign(tmp_path / "LDM Studio.app")


def test_the_portable_launcher_keeps_data_beside_it_and_passes_arguments(tmp_path: Path) -> None:
    start = tmp_path / "ldm-studio"
    start.write_text(portable.start_script(["libgl1", "libc6"]))
    start.chmod(0o755)
    program = tmp_path / portable.PROGRAM / "ldm-studio"
    program.parent.mkdir()
    program.write_text('#!/bin/sh\necho "$LDM_STUDIO_HOME|$1|$2"\n')
    program.chmod(0o755)
    link = tmp_path / "link"
    link.symlink_to(start)

    def run() -> str:
        environ = {"PATH": "/usr/bin:/bin"}
        done = subprocess.run([link, "a b", "c"], env=environ, capture_output=True, text=True)
        return done.stdout.strip()

    assert run() == "|a b|c"
    (tmp_path / "data").mkdir()
    assert run() == f"{tmp_path}/data|a b|c"


def test_the_portable_launcher_names_missing_packages(tmp_path: Path) -> None:
    tools = tmp_path / "tools"
    tools.mkdir()
    (tools / "ldconfig").write_text("#!/bin/sh\necho '	libc.so.6 (libc6,x86-64) => /x'\n")
    (tools / "ldconfig").chmod(0o755)
    start = tmp_path / "ldm-studio"
    start.write_text(portable.start_script(["libegl1"]))
    program = tmp_path / portable.PROGRAM / "ldm-studio"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\necho started\n")
    program.chmod(0o755)
    done = subprocess.run(
        ["/bin/sh", start], env={"PATH": f"{tools}:/usr/bin:/bin"}, capture_output=True, text=True
    )
    assert done.stdout == "started\n"
    assert "libegl1" in done.stderr


def test_file_names_are_reproducible_and_descriptive() -> None:
    assert made("linux").name == "ldm-studio-1.2.3-linux-amd64"
    assert made("linux").deb_name == "ldm-studio_1.2.3_amd64.deb"
    assert made("linux", "cuda").name == "ldm-studio-1.2.3-cuda-linux-amd64"
    assert made("linux", "cuda").deb_name == "ldm-studio-cuda_1.2.3_amd64.deb"
