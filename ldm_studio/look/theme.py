"""Dark and light palettes, a style sheet made from them, and icons that follow."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from PySide6.QtCore import QByteArray, QObject, QPoint, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QIcon, QIconEngine, QPainter, QPalette, QPixmap
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QApplication

from ldm_studio.settings.settings import Scheme

RESOURCES = Path(__file__).resolve().parents[2] / "resources"
ICONS = RESOURCES / "icons"

Role = QPalette.ColorRole
Group = QPalette.ColorGroup

GRID = 8
"""Spacings are multiples of it, in logical pixels."""

_LIGHT: dict[Role, str] = {
    Role.Window: "#f4f4f7",
    Role.WindowText: "#1c1d24",
    Role.Base: "#ffffff",
    Role.AlternateBase: "#ebebf0",
    Role.Text: "#1c1d24",
    Role.PlaceholderText: "#62646f",
    Role.Button: "#ffffff",
    Role.ButtonText: "#1c1d24",
    Role.BrightText: "#c02a37",
    Role.Highlight: "#5646d6",
    Role.HighlightedText: "#ffffff",
    Role.Link: "#4a3bc4",
    Role.LinkVisited: "#4a3bc4",
    Role.ToolTipBase: "#1c1d24",
    Role.ToolTipText: "#f4f4f7",
    Role.Light: "#ffffff",
    Role.Midlight: "#e6e6ec",
    Role.Mid: "#cfd0d9",
    Role.Dark: "#838593",
    Role.Shadow: "#7e808e",
    Role.Accent: "#5646d6",
}

_DARK: dict[Role, str] = {
    Role.Window: "#1b1c22",
    Role.WindowText: "#e8e8ee",
    Role.Base: "#131419",
    Role.AlternateBase: "#24252d",
    Role.Text: "#e8e8ee",
    Role.PlaceholderText: "#9698a6",
    Role.Button: "#292a33",
    Role.ButtonText: "#e8e8ee",
    Role.BrightText: "#ff8088",
    Role.Highlight: "#6a5be2",
    Role.HighlightedText: "#ffffff",
    Role.Link: "#a99ffa",
    Role.LinkVisited: "#a99ffa",
    Role.ToolTipBase: "#34353f",
    Role.ToolTipText: "#f1f1f5",
    Role.Light: "#3b3c47",
    Role.Midlight: "#2c2d36",
    Role.Mid: "#3a3b46",
    Role.Dark: "#747685",
    Role.Shadow: "#0b0b0e",
    Role.Accent: "#6a5be2",
}

_DISABLED = {"light": "#9a9ca8", "dark": "#6c6e7b"}


def palette(dark: bool) -> QPalette:
    """The whole palette of the dark or the light theme."""
    made = QPalette()
    for role, colour in (_DARK if dark else _LIGHT).items():
        made.setColor(role, QColor(colour))
    faint = QColor(_DISABLED["dark" if dark else "light"])
    for role in (Role.WindowText, Role.Text, Role.ButtonText, Role.PlaceholderText):
        made.setColor(Group.Disabled, role, faint)
    made.setColor(Group.Disabled, Role.Highlight, made.color(Role.Mid))
    made.setColor(Group.Disabled, Role.HighlightedText, faint)
    return made


def is_dark(colours: QPalette) -> bool:
    return colours.color(Role.Window).lightness() < 128


def style_sheet(colours: QPalette) -> str:
    """Spacing, round corners and subtle borders, which Fusion does not provide."""

    def name(role: Role, group: Group = Group.Active) -> str:
        return colours.color(group, role).name()

    line, accent, base = name(Role.Mid), name(Role.Highlight), name(Role.Base)
    # The edge of what can be changed, and of what has the keyboard: 3:1 against all behind them.
    edge, focus = name(Role.Dark), name(Role.Link)
    hover, faint = name(Role.Midlight), name(Role.Text, Group.Disabled)
    track = name(Role.AlternateBase if is_dark(colours) else Role.Mid)
    window, alternate = name(Role.Window), name(Role.AlternateBase)
    knob = colours.color(Role.Light if is_dark(colours) else Role.Base).name()
    arrow = (ICONS / "combo-arrow.svg").as_posix()
    tick = (ICONS / "box-check.svg").as_posix()
    return f"""
QLineEdit, QAbstractSpinBox, QComboBox, QPlainTextEdit {{
    border: 1px solid {edge}; border-radius: 6px; background: {base};
    selection-background-color: {accent}; }}
QLineEdit, QAbstractSpinBox, QComboBox {{ padding: 0 8px; min-height: 26px; }}
QAbstractSpinBox {{ padding: 0; max-height: 26px; }}
QAbstractSpinBox QLineEdit {{ border: 0; padding: 0 5px; min-height: 0; background: transparent; }}
QPlainTextEdit {{ padding: 4px; }}
QLineEdit:focus, QAbstractSpinBox:focus, QComboBox:focus, QPlainTextEdit:focus {{
    border: 2px solid {focus}; }}
QLineEdit:focus, QComboBox:focus {{ padding: 0 7px; min-height: 24px; }}
QComboBox, QComboBox:focus {{ padding-right: 0; }}
QAbstractSpinBox:focus {{ min-height: 24px; max-height: 24px; }}
QAbstractSpinBox QLineEdit:focus {{ border: 0; padding: 0 4px; min-height: 0; }}
QPlainTextEdit:focus {{ padding: 3px; }}
QLineEdit:disabled, QAbstractSpinBox:disabled, QComboBox:disabled {{
    background: {alternate}; color: {faint}; border-color: {line}; }}
QAbstractSpinBox::up-button, QAbstractSpinBox::down-button {{
    width: 0; border: 0; subcontrol-position: top left; }}
QLineEdit[wrong="true"], QAbstractSpinBox[wrong="true"] {{
    border-color: {name(Role.BrightText)}; }}
QComboBox::drop-down {{ border: 0; width: 24px; }}
QComboBox::down-arrow {{ image: url("{arrow}"); width: 14px; height: 14px; }}
QComboBox QAbstractItemView {{ border: 1px solid {line}; background: {window}; padding: 3px;
    outline: 0; }}
QToolButton {{ border: 1px solid transparent; border-radius: 6px; padding: 4px; }}
QToolButton:hover {{ background: {hover}; }}
QToolButton:focus {{ border: 2px solid {focus}; padding: 3px; }}
QToolButton[framed="true"] {{ border-color: {line}; background: {name(Role.Button)}; }}
QToolButton[framed="true"]:hover {{ background: {hover}; }}
QToolButton[framed="true"]:focus {{ border-color: {focus}; }}
QToolButton:checked {{ background: {accent}; color: {name(Role.HighlightedText)};
    border-color: {accent}; }}
QToolButton:checked:disabled {{ background: {hover}; color: {faint}; border-color: {line}; }}
QToolButton:checked:focus {{ border-color: {name(Role.Text)}; }}
QToolButton#link, QToolButton#link:checked {{
    background: transparent; text-align: left; padding: 2px 0 0 0; border: 0;
    border-radius: 0; border-bottom: 2px solid transparent;
    color: {name(Role.PlaceholderText)}; }}
QToolButton#link:hover, QToolButton#link:focus {{ color: {name(Role.Text)}; }}
QToolButton#link:focus {{ border-bottom: 2px solid {focus}; }}
QPushButton {{ border: 1px solid {line}; border-radius: 6px; padding: 4px 12px; min-height: 20px;
    background: {name(Role.Button)}; }}
QPushButton:hover {{ background: {hover}; }}
QPushButton:focus {{ border: 2px solid {focus}; padding: 3px 11px; }}
QDialog QPushButton:default:enabled {{ background: {accent}; border-color: {accent};
    color: {name(Role.HighlightedText)}; }}
QDialog QPushButton:default:focus {{ border-color: {name(Role.Text)}; }}
QPushButton#run {{ min-height: 30px; }}
QPushButton#example {{ border-radius: 12px; padding: 1px 10px; background: transparent; }}
QPushButton#example:focus {{ padding: 0 9px; }}
QPushButton#example:hover {{ background: {hover}; }}
QCheckBox::indicator {{ width: 14px; height: 14px; border: 1px solid {edge};
    border-radius: 4px; background: {base}; }}
QCheckBox::indicator:hover {{ border-color: {focus}; }}
QCheckBox::indicator:checked {{ background: {accent}; border-color: {accent};
    image: url("{tick}"); }}
QCheckBox::indicator:focus {{ width: 12px; height: 12px; border: 2px solid {focus}; }}
QCheckBox::indicator:checked:focus {{ border-color: {name(Role.Text)}; }}
QCheckBox::indicator:disabled {{ background: {alternate}; border-color: {line}; }}
QLabel#caption {{ color: {name(Role.PlaceholderText)}; }}
QLabel#wrong, QLabel#caption[wrong="true"] {{ color: {name(Role.BrightText)}; }}
QFrame#side, QFrame#below {{ background: {window}; border: 0; }}
QFrame#floating {{ background: {window}; border: 1px solid {line}; border-radius: 8px; }}
QFrame#floating QToolButton {{ padding: 2px 6px; }}
QFrame#floating QToolButton:focus {{ padding: 1px 5px; }}
QFrame#side {{ border-right: 1px solid {line}; }}
QFrame#below {{ border-top: 1px solid {line}; }}
QScrollArea, QScrollArea > QWidget > QWidget#column {{ background: transparent; border: 0; }}
QListView#strip {{ background: {window}; border: 0; outline: 0; }}
QListWidget, QListView#queue {{ border: 1px solid {line}; border-radius: 6px;
    background: {base}; padding: 3px; outline: 0; }}
QListView#suggestions {{ background: {window}; border: 1px solid {line}; padding: 3px;
    outline: 0; }}
QListView#suggestions::item {{ padding: 3px 6px; border-radius: 4px; }}
QListView#suggestions::item:selected {{ background: {accent};
    color: {name(Role.HighlightedText)}; }}
QTextBrowser {{ border: 1px solid {line}; border-radius: 6px; background: {base}; padding: 1px; }}
QTextBrowser:focus {{ border: 2px solid {focus}; padding: 0; }}
QTabBar::tab {{ padding: 5px 12px; border: 2px solid transparent; border-radius: 6px; }}
QTabBar::tab:selected {{ border-bottom: 2px solid {accent}; border-radius: 0; }}
QTabBar::tab:selected:focus {{ border: 2px solid {focus}; border-radius: 6px; }}
QListWidget:focus, QListView#queue:focus {{ border: 2px solid {focus}; padding: 2px; }}
QListWidget::item {{ padding: 4px 6px; border-radius: 4px; }}
QListWidget::item:hover {{ background: {hover}; }}
QListWidget::item:selected {{ background: {accent}; color: {name(Role.HighlightedText)}; }}
QToolButton::menu-indicator {{ image: none; }}
QToolButton::menu-button {{ border: 0; border-left: 1px solid {line}; width: 20px; margin: 4px 0; }}
QToolButton::menu-arrow {{ image: url("{arrow}"); width: 12px; height: 12px; }}
QLabel#title {{ font-weight: 600; }}
QLabel#heading {{ font-weight: 600; font-size: 18px; }}
QLabel#section {{ color: {name(Role.PlaceholderText)}; font-weight: 600; padding: 8px 0 0 0; }}
QLabel#preview {{ background: {alternate}; border-radius: 6px; }}
QWidget#bar {{ border-bottom: 1px solid {line}; }}
QTreeWidget#facets {{ background: {window}; border: 0; border-right: 1px solid {line};
    outline: 0; }}
QTreeWidget#family {{ background: {base}; border: 1px solid {line}; border-radius: 6px;
    outline: 0; padding: 2px; }}
QTreeWidget#keys {{ background: {base}; border: 1px solid {line}; border-radius: 6px; outline: 0;
    padding: 2px; }}
QTreeWidget#keys:focus, QTreeWidget#family:focus {{ border: 2px solid {focus}; padding: 1px; }}
QTreeWidget#facets:focus, QListView#strip:focus {{ border: 2px solid {focus}; }}
QTreeWidget#keys::item {{ padding: 3px 4px; }}
QTreeWidget#keys QHeaderView::section {{ background: {base}; border: 0; padding: 3px 4px;
    border-bottom: 1px solid {line}; color: {name(Role.PlaceholderText)}; }}
QFrame#details {{ background: {window}; border: 0; border-left: 1px solid {line}; }}
QFrame#chip {{ border: 1px solid {line}; border-radius: 14px; background: {name(Role.Button)}; }}
QFrame#chip QToolButton {{ padding: 1px; }}
QFrame#chip QToolButton:focus {{ padding: 0; }}
QFrame#warned {{ border: 1px solid {name(Role.BrightText)}; border-radius: 6px; }}
QAbstractItemView#grid {{ border: 0; }}
QMenu {{ background: {window}; border: 1px solid {line}; padding: 4px; }}
QMenu::item {{ padding: 5px 20px 5px 6px; border: 1px solid transparent; border-radius: 4px; }}
QMenu::item:selected {{ background: {accent}; color: {name(Role.HighlightedText)}; }}
QMenu::item:disabled {{ color: {faint}; }}
QMenu::item:disabled:selected {{ background: {hover}; }}
QMenu::icon {{ padding-left: 6px; }}
QMenu::indicator {{ width: 14px; height: 14px; left: 4px; }}
QMenu::separator {{ height: 1px; margin: 4px 6px; background: {line}; }}
QMenuBar {{ background: {window}; border-bottom: 1px solid {line}; padding: 2px 4px; }}
QMenuBar::item {{ padding: 4px 8px; border-radius: 4px; background: transparent; }}
QMenuBar::item:selected {{ background: {hover}; }}
QStatusBar {{ border-top: 1px solid {line}; }}
QStatusBar::item {{ border: 0; }}
QToolTip {{ border: 1px solid {line}; padding: 4px 6px; background: {name(Role.ToolTipBase)};
    color: {name(Role.ToolTipText)}; qproperty-textFormat: PlainText; }}
QSlider:horizontal {{ min-height: 20px; }}
QSlider::groove:horizontal {{ height: 4px; border-radius: 2px; background: {track}; }}
QSlider::sub-page:horizontal {{ height: 4px; border-radius: 2px; background: {accent}; }}
QSlider::handle:horizontal {{ width: 14px; height: 14px; margin: -6px 0; border-radius: 8px;
    background: {knob}; border: 1px solid {name(Role.Dark)}; }}
QSlider::handle:horizontal:hover {{ border-color: {focus}; }}
QSlider::handle:horizontal:focus {{ width: 12px; height: 12px; border: 2px solid {focus}; }}
QSlider::sub-page:horizontal:disabled {{ background: {line}; }}
QSlider::handle:horizontal:disabled {{ background: {alternate}; }}
QProgressBar {{ border: 0; border-radius: 3px; background: {track}; max-height: 6px; }}
QProgressBar::chunk {{ border-radius: 3px; background: {accent}; }}
QScrollBar:vertical {{ width: 10px; background: transparent; margin: 0; }}
QScrollBar:horizontal {{ height: 10px; background: transparent; margin: 0; }}
QScrollBar::handle {{ background: {name(Role.Dark)}; border-radius: 3px; margin: 2px;
    min-height: 24px; min-width: 24px; }}
QScrollBar::add-line, QScrollBar::sub-line {{ width: 0; height: 0; }}
QScrollBar::add-page, QScrollBar::sub-page {{ background: transparent; }}
"""


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
        sheet = style_sheet(colours)
        if sheet != self._app.styleSheet():  # each time every widget is dressed anew
            self._app.setPalette(colours)
            self._app.setStyleSheet(sheet)


class _SvgIcon(QIconEngine):
    """Draws an SVG in the current palette's colour, because the theme may change at any time."""

    def __init__(self, name: str, role: Role, checked: Role, active: Role) -> None:
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
        if mode == QIcon.Mode.Selected or state == QIcon.State.On:
            return colours.color(self._checked).name()
        return colours.color(self._active if mode == QIcon.Mode.Active else self._role).name()


@cache
def _renderer(name: str, colour: str) -> QSvgRenderer:
    source = (ICONS / f"{name}.svg").read_text(encoding="utf-8")
    return QSvgRenderer(QByteArray(source.replace("currentColor", colour).encode()))


def icon(name: str, role: Role = Role.Text, checked: Role = Role.HighlightedText) -> QIcon:
    """The icon `resources/icons/<name>.svg`, in a colour of the palette in force.

    `role` is the colour; `checked` the one on a checked button, which has the accent behind it.
    """
    return QIcon(_SvgIcon(name, role, checked, role))


def menu_icon(name: str) -> QIcon:
    """For a menu item, which has the accent behind it while the pointer is on it."""
    return QIcon(_SvgIcon(name, Role.Text, Role.HighlightedText, Role.HighlightedText))


def app_icon() -> QIcon:
    return QIcon(str(ICONS / "app.svg"))
