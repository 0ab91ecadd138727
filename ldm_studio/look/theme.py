"""Dark and light: the palette made from the tokens, and the object that applies it."""

from __future__ import annotations

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QApplication

from ldm_studio.settings.settings import Scheme

from .style_sheet import style_sheet
from .tokens import DARK, LIGHT

Role = QPalette.ColorRole
Group = QPalette.ColorGroup

GRID = 8
"""Spacings are multiples of it, in logical pixels."""


def palette(dark: bool) -> QPalette:
    """The whole palette of the dark or the light theme."""
    t = DARK if dark else LIGHT
    colours = {
        Role.Window: t.app,
        Role.WindowText: t.text,
        Role.Base: t.raised,
        Role.AlternateBase: t.sunken,
        Role.Text: t.text,
        Role.PlaceholderText: t.secondary,
        Role.Button: t.raised,
        Role.ButtonText: t.text,
        Role.BrightText: t.danger,
        Role.Highlight: t.accent,
        Role.HighlightedText: t.on_accent,
        Role.Link: t.accent_text,
        Role.LinkVisited: t.accent_text,
        Role.ToolTipBase: t.tip,
        Role.ToolTipText: t.on_tip,
        Role.Light: t.raised,
        Role.Midlight: t.hover,
        Role.Mid: t.line,
        Role.Dark: t.field,
        Role.Shadow: t.canvas,
        Role.Accent: t.accent,
    }
    made = QPalette()
    for role, colour in colours.items():
        made.setColor(role, QColor(colour))
    for role in (Role.WindowText, Role.Text, Role.ButtonText, Role.PlaceholderText):
        made.setColor(Group.Disabled, role, QColor(t.disabled))
    made.setColor(Group.Disabled, Role.Highlight, QColor(t.line))
    made.setColor(Group.Disabled, Role.HighlightedText, QColor(t.disabled))
    return made


class Theme(QObject):
    """Applies palette and style sheet, and follows the system if asked to."""

    changed = Signal(object)
    """Scheme"""

    def __init__(self, app: QApplication, scheme: Scheme, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._app = app
        self._scheme = scheme
        if not app.styleSheet():  # it may be dressed already, for a window before this one
            app.setStyle("Fusion")
        app.styleHints().colorSchemeChanged.connect(self._system_changed)
        self._dress()

    @property
    def scheme(self) -> Scheme:
        return self._scheme

    @scheme.setter
    def scheme(self, scheme: Scheme) -> None:
        if scheme is not self._scheme:
            self._scheme = scheme
            self._dress()
            self.changed.emit(scheme)

    def _system_changed(self) -> None:
        if self._scheme is Scheme.SYSTEM:
            self._dress()

    def _dress(self) -> None:
        hints = self._app.styleHints()
        wanted = {
            Scheme.SYSTEM: Qt.ColorScheme.Unknown,
            Scheme.LIGHT: Qt.ColorScheme.Light,
            Scheme.DARK: Qt.ColorScheme.Dark,
        }[self._scheme]
        hints.setColorScheme(wanted)  # native title bars follow where the platform has them
        dark = self._scheme is Scheme.DARK or (
            self._scheme is Scheme.SYSTEM and hints.colorScheme() == Qt.ColorScheme.Dark
        )
        colours = palette(dark)
        sheet = style_sheet(DARK if dark else LIGHT)
        if sheet != self._app.styleSheet():  # each time every widget is dressed anew
            self._app.setPalette(colours)
            self._app.setStyleSheet(sheet)
