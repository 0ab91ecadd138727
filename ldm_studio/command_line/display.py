"""Whether a window can be opened, and whether there is a terminal."""

from __future__ import annotations

import os
import sys


def window_possible() -> bool:
    """Only X11 and Wayland need a display variable."""
    if sys.platform != "linux" or os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"):
        return True
    platform = os.environ.get("QT_QPA_PLATFORM", "")
    return bool(platform) and not platform.startswith(("xcb", "wayland"))


def started_from_desktop() -> bool:
    """Started by a menu, an icon or a file manager, without a terminal."""
    if sys.stderr is None:  # a program of Windows that has a window
        return True
    if sys.platform == "darwin":
        return os.getppid() == 1  # by Finder
    return "GIO_LAUNCHED_DESKTOP_FILE" in os.environ or "XDG_ACTIVATION_TOKEN" in os.environ


def show_problem(text: str) -> None:
    """Shows why the program does not start, until the message is closed."""
    from PySide6.QtCore import Qt
    from PySide6.QtWidgets import QApplication, QMessageBox

    app = QApplication.instance() or QApplication(["ldm-studio"])
    box = QMessageBox(QMessageBox.Icon.Critical, "LDM Studio", text)
    box.setTextFormat(Qt.TextFormat.PlainText)
    box.exec()
    del app
