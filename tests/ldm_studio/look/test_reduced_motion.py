"""Nothing moves by itself if settings or system ask for reduced motion."""

from __future__ import annotations

import plistlib

import pytest
from PySide6.QtCore import QProcess, QSize, Qt
from PySide6.QtGui import QColor, QImage
from PySide6.QtWidgets import QApplication

from ldm_studio.history_page.compare_view import CompareMode, CompareView
from ldm_studio.look import reduced_motion
from ldm_studio.look.reduced_motion import ReducedMotion, motion_allowed, system_reduces_motion
from ldm_studio.settings.settings import Motion, read
from tests.ldm_studio.fakes import FakePipeline
from tests.narrowing import present

GTK = "[Settings]\ngtk-enable-animations={}\n"


@pytest.fixture(autouse=True)
def config(tmp_path, monkeypatch):
    """A system without any setting."""
    monkeypatch.setattr(reduced_motion.sys, "platform", "linux")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.delenv("XDG_CURRENT_DESKTOP", raising=False)
    return tmp_path


@pytest.fixture
def compared(application, qtbot) -> CompareView:
    view = CompareView()
    qtbot.addWidget(view)
    view.resize(QSize(200, 100))
    images = [QImage(8, 8, QImage.Format.Format_RGB32) for _ in range(2)]
    for image, colour in zip(images, ("red", "blue"), strict=True):
        image.fill(QColor(colour))
    view.show_images(*images)
    view.set_way(CompareMode.BLINK)
    return view


def shown(view: CompareView) -> str:
    colour = view.grab().toImage().pixelColor(100, 70)
    return "first" if colour.red() > colour.blue() else "second"


def test_images_blink_unless_motion_is_reduced(application, compared) -> None:
    assert motion_allowed()
    assert compared._blink.isActive()
    application.preferences.change("look", motion=Motion.REDUCED)
    assert not motion_allowed()
    compared._blink.timeout.emit()
    assert shown(compared) == "first"
    assert not compared._blink.isActive()


def test_with_reduced_motion_a_key_shows_the_other_image(application, compared, qtbot) -> None:
    application.preferences.change("look", motion=Motion.REDUCED)
    compared.set_way(CompareMode.BLINK)
    assert not compared._blink.isActive()
    for expected in ("second", "first"):
        qtbot.keyClick(compared, Qt.Key.Key_Space)
        assert shown(compared) == expected


def test_the_choice_is_in_the_settings_and_stored(start, qtbot) -> None:
    first = start(FakePipeline())
    first.auxiliary_windows.open_settings()
    row = first.auxiliary_windows.settings.pages[0].rows[2].control
    row.setCurrentIndex(row.findData(Motion.REDUCED))
    row.activated.emit(row.currentIndex())
    assert read(first.preferences.path).look.motion is Motion.REDUCED
    assert not motion_allowed()
    first.auxiliary_windows.settings.close()
    second = start(FakePipeline())
    assert not motion_allowed()
    second.preferences.change("look", motion=Motion.SYSTEM)
    assert motion_allowed()


@pytest.mark.parametrize(("value", "rests"), [("0", True), ("false", True), ("1", False)])
@pytest.mark.parametrize("toolkit", ["gtk-3.0", "gtk-4.0"])
def test_gtk_settings_are_followed(config, toolkit, value, rests) -> None:
    folder = config / toolkit
    folder.mkdir()
    (folder / "settings.ini").write_text(GTK.format(value), encoding="utf-8")
    assert system_reduces_motion() is rests


@pytest.mark.parametrize(("value", "rests"), [("0", True), ("0.5", False)])
def test_kde_settings_are_followed(config, value, rests) -> None:
    text = f"[KDE]\nAnimationDurationFactor={value}\n"
    (config / "kdeglobals").write_text(text, encoding="utf-8")
    assert system_reduces_motion() is rests


@pytest.mark.parametrize(("value", "rests"), [("false", True), ("true", False)])
def test_gnome_is_asked_in_the_background(config, monkeypatch, qtbot, value, rests) -> None:
    program = config / "gsettings"
    program.write_text(f"#!/bin/sh\necho {value}\n", encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(config), prepend=":")
    monkeypatch.setenv("XDG_CURRENT_DESKTOP", "ubuntu:GNOME")
    rest = ReducedMotion(Motion.SYSTEM)
    with qtbot.waitSignal(present(rest.findChild(QProcess)).finished):
        assert motion_allowed()
    assert motion_allowed() is not rests
    QApplication.setEffectEnabled(Qt.UIEffect.UI_General, True)


def test_macos_settings_are_read(tmp_path) -> None:
    path = tmp_path / "com.apple.universalaccess.plist"
    assert reduced_motion._mac_reduces_motion(path) is False
    path.write_bytes(plistlib.dumps({"reduceMotion": True}))
    assert reduced_motion._mac_reduces_motion(path) is True


def test_files_without_the_setting_are_ignored(config, application) -> None:
    (config / "kdeglobals").write_text("no section\n", encoding="utf-8")
    (config / "gtk-3.0").mkdir()
    (config / "gtk-3.0" / "settings.ini").write_bytes(b"\xff\xfe\x00")
    assert system_reduces_motion() is False
    assert motion_allowed()
