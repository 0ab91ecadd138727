"""Reduced motion, if the user or the system asks for it."""

from __future__ import annotations

import configparser
import os
import shutil
import sys
from pathlib import Path

from PySide6.QtCore import QObject, QProcess, Qt
from PySide6.QtWidgets import QApplication

from core.untrusted_files import read_bytes
from ldm_studio.settings.settings import Motion

MAX_BYTES = 1_000_000
GNOME_LIKE = {"GNOME", "UNITY", "X-CINNAMON", "BUDGIE", "PANTHEON"}
"""Desktops whose settings are GNOME's."""
_CLIENT_AREA_ANIMATION = 0x1042
"""SPI_GETCLIENTAREAANIMATION of Windows: "Show animations"."""


def motion_allowed() -> bool:
    """Whether anything may move by itself, such as a sliding menu or a blinking image."""
    return QApplication.isEffectEnabled(Qt.UIEffect.UI_General)


class ReducedMotion(QObject):
    """Holds the choice, and Qt's own switch for animations, which `motion_allowed` returns."""

    def __init__(self, choice: Motion, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._choice = choice
        self._system_reduces = system_reduces_motion()
        self._apply()
        if program := _gnome_settings():  # the window does not wait for its answer
            self._requested = QProcess(self)
            self._requested.finished.connect(self._on_answer)
            self._requested.start(
                program, ["get", "org.gnome.desktop.interface", "enable-animations"]
            )

    @property
    def choice(self) -> Motion:
        return self._choice

    @choice.setter
    def choice(self, choice: Motion) -> None:
        self._choice = choice
        self._apply()

    def _on_answer(self) -> None:
        output = self._requested.readAllStandardOutput().toStdString()
        self._system_reduces = self._system_reduces or output.strip() == "false"
        self._apply()

    def _apply(self) -> None:
        rests = self._choice is Motion.REDUCED or self._system_reduces
        QApplication.setEffectEnabled(Qt.UIEffect.UI_General, not rests)


def system_reduces_motion() -> bool:
    """Whether the system asks for less motion, as far as its files and calls tell immediately."""
    if sys.platform == "win32":
        return _windows_reduces_motion()
    if sys.platform == "darwin":
        return _mac_reduces_motion(
            Path.home() / "Library/Preferences/com.apple.universalaccess.plist"
        )
    folder = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")
    gtk = (_ini(folder / name / "settings.ini") for name in ("gtk-4.0", "gtk-3.0"))
    values = [ini.get("Settings", "gtk-enable-animations", fallback="") for ini in gtk]
    if any(value.strip().lower() in ("0", "false") for value in values):
        return True
    kde = _ini(folder / "kdeglobals").get("KDE", "AnimationDurationFactor", fallback="")
    return kde.strip() in ("0", "0.0")


def _gnome_settings() -> str | None:
    """The program that reads the settings of desktops like GNOME, which are in a database."""
    desktops = os.environ.get("XDG_CURRENT_DESKTOP", "").upper().split(":")
    return shutil.which("gsettings") if GNOME_LIKE & set(desktops) else None


def _ini(path: Path) -> configparser.ConfigParser:
    """What can be read of an INI file."""
    found = configparser.ConfigParser(interpolation=None, strict=False)
    try:
        found.read_string(read_bytes(path, MAX_BYTES).decode("utf-8"))
    except (configparser.Error, OSError, ValueError):
        return configparser.ConfigParser(interpolation=None)
    return found


def _windows_reduces_motion() -> bool:
    import ctypes

    animates = ctypes.c_int(1)
    user = getattr(ctypes, "windll").user32  # noqa: B009  # only there on Windows
    user.SystemParametersInfoW(_CLIENT_AREA_ANIMATION, 0, ctypes.byref(animates), 0)
    return not animates.value


def _mac_reduces_motion(path: Path) -> bool:
    import plistlib  # with an XML parser

    try:
        return bool(plistlib.loads(read_bytes(path, MAX_BYTES)).get("reduceMotion", False))
    except (OSError, plistlib.InvalidFileException, ValueError):
        return False
