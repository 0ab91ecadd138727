"""Icons that follow the theme: drawn from SVG files in the colours of the palette in force."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from PySide6.QtCore import QByteArray, QPoint, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QIcon, QIconEngine, QPainter, QPalette, QPixmap
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QApplication

RESOURCES = Path(__file__).resolve().parents[2] / "resources"
ICONS = RESOURCES / "icons"

Role = QPalette.ColorRole
Group = QPalette.ColorGroup


class _SvgIcon(QIconEngine):
    """Draws an SVG in the current palette's colour, because the theme may change at any time."""

    def __init__(self, name: str, role: Role, checked: Role, active: Role | None = None) -> None:
        super().__init__()
        self._name = name
        self._role = role
        self._checked = checked
        self._active = active

    def clone(self) -> QIconEngine:
        return _SvgIcon(self._name, self._role, self._checked, self._active)

    def paint(self, painter: QPainter, rect: QRect, mode: QIcon.Mode, state: QIcon.State) -> None:
        _renderer(self._name, self._colour(mode, state)).render(painter, QRectF(rect))

    def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:
        pixmap = QPixmap(size)
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        self.paint(painter, QRect(QPoint(0, 0), size), mode, state)
        painter.end()
        return pixmap

    def _colour(self, mode: QIcon.Mode, state: QIcon.State) -> str:
        colours = QApplication.palette()
        if mode == QIcon.Mode.Disabled:
            return colours.color(Group.Disabled, Role.Text).name()
        if mode == QIcon.Mode.Selected:
            return colours.color(Role.HighlightedText).name()
        if mode == QIcon.Mode.Active and self._active is not None:
            return colours.color(self._active).name()
        return colours.color(self._checked if state == QIcon.State.On else self._role).name()


@cache
def _renderer(name: str, colour: str) -> QSvgRenderer:
    source = (ICONS / f"{name}.svg").read_text(encoding="utf-8")
    return QSvgRenderer(QByteArray(source.replace("currentColor", colour).encode()))


def icon(name: str, role: Role = Role.Text, checked: Role = Role.Link) -> QIcon:
    """The icon `resources/icons/<name>.svg`, in a colour of the palette in force.

    `role` is the colour; `checked` the one on a button that is on. The chosen one of several tools
    has the accent behind it and needs `HighlightedText`.
    """
    return QIcon(_SvgIcon(name, role, checked))


def menu_icon(name: str) -> QIcon:
    """For a menu item, which has the accent behind it while the pointer is on it."""
    return QIcon(_SvgIcon(name, Role.Text, Role.Text, Role.HighlightedText))


def app_icon() -> QIcon:
    return QIcon(str(ICONS / "app.svg"))
