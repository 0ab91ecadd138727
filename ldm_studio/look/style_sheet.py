"""The style sheet: spacing, round corners and the states of controls, made from the tokens.

Later rules outrank earlier ones of the same weight, so the states of a control are always in this
order: hover, pressed, checked, checked and hover, disabled, focus; and each that sets a background
sets the colour of the text too.
"""

from __future__ import annotations

from .icons import ICONS
from .tokens import Tokens


def style_sheet(t: Tokens) -> str:
    """For the whole application."""
    arrow = (ICONS / "combo-arrow.svg").as_posix()
    tick = (ICONS / "box-check.svg").as_posix()
    return f"""
QLineEdit, QAbstractSpinBox, QComboBox, QPlainTextEdit {{
    border: 1px solid {t.field}; border-radius: 7px; background: {t.raised}; color: {t.text};
    selection-background-color: {t.accent}; selection-color: {t.on_accent}; }}
QLineEdit, QAbstractSpinBox, QComboBox {{ padding: 0 8px; min-height: 26px; }}
QAbstractSpinBox {{ padding: 0; max-height: 26px; }}
QAbstractSpinBox QLineEdit {{ border: 0; padding: 0 5px; min-height: 0; background: transparent; }}
QPlainTextEdit {{ padding: 4px; border-radius: 9px; }}
QComboBox:hover {{ background: {t.hover}; color: {t.text}; }}
QLineEdit:disabled, QAbstractSpinBox:disabled, QComboBox:disabled {{
    background: {t.sunken}; color: {t.disabled}; border-color: {t.line}; }}
QLineEdit:focus, QAbstractSpinBox:focus, QComboBox:focus, QPlainTextEdit:focus {{
    border: 2px solid {t.ring}; }}
QLineEdit:focus, QComboBox:focus {{ padding: 0 7px; min-height: 24px; }}
QComboBox, QComboBox:focus {{ padding-right: 0; }}
QAbstractSpinBox:focus {{ min-height: 24px; max-height: 24px; }}
QAbstractSpinBox QLineEdit:focus {{ border: 0; padding: 0 4px; min-height: 0; }}
QPlainTextEdit:focus {{ padding: 3px; }}
QAbstractSpinBox::up-button, QAbstractSpinBox::down-button {{
    width: 0; border: 0; subcontrol-position: top left; }}
QLineEdit[wrong="true"], QAbstractSpinBox[wrong="true"] {{ border-color: {t.danger}; }}
QComboBox::drop-down {{ border: 0; width: 24px; }}
QComboBox::down-arrow {{ image: url("{arrow}"); width: 14px; height: 14px; }}
QComboBox QAbstractItemView {{ border: 1px solid {t.line}; background: {t.floating};
    color: {t.text}; padding: 3px; outline: 0; }}

QToolButton {{ border: 1px solid transparent; border-radius: 7px; padding: 4px;
    color: {t.text}; }}
QToolButton[framed="true"] {{ border-color: {t.line}; background: {t.raised}; color: {t.text}; }}
QToolButton:hover, QToolButton[framed="true"]:hover {{
    background: {t.hover}; color: {t.text}; }}
QToolButton:pressed, QToolButton[framed="true"]:pressed {{
    background: {t.press}; color: {t.text}; }}
QToolButton:checked, QToolButton[framed="true"]:checked {{
    background: {t.soft}; color: {t.accent_text}; border-color: {t.accent}; }}
QToolButton:checked:hover, QToolButton[framed="true"]:checked:hover {{
    background: {t.soft_hover}; color: {t.accent_text}; border-color: {t.accent}; }}
QToolButton[tool="true"]:checked {{
    background: {t.accent}; color: {t.on_accent}; border-color: {t.accent}; }}
QToolButton[tool="true"]:checked:hover {{
    background: {t.accent_hover}; color: {t.on_accent}; border-color: {t.accent_hover}; }}
QToolButton:disabled, QToolButton[framed="true"]:disabled {{
    background: transparent; color: {t.disabled}; }}
QToolButton:checked:disabled, QToolButton[framed="true"]:checked:disabled {{
    background: {t.hover}; color: {t.disabled}; border-color: {t.line}; }}
QToolButton:focus, QToolButton[framed="true"]:focus {{
    border: 2px solid {t.ring}; padding: 3px; }}
QToolButton[tool="true"]:checked:focus {{ border-color: {t.text}; }}

QWidget#segments {{ background: {t.sunken}; border-radius: 8px; }}
QToolButton[segment="true"] {{ background: transparent; color: {t.secondary}; }}
QToolButton[segment="true"]:hover {{ background: {t.hover}; color: {t.text}; }}
QToolButton[segment="true"]:pressed {{ background: {t.press}; color: {t.text}; }}
QToolButton[segment="true"]:checked {{
    background: {t.raised}; color: {t.text}; border-color: {t.line}; }}
QToolButton[segment="true"]:checked:hover {{
    background: {t.raised}; color: {t.accent_text}; border-color: {t.field}; }}
QToolButton[segment="true"]:disabled {{ background: transparent; color: {t.disabled}; }}
QToolButton[segment="true"]:focus {{ border: 2px solid {t.ring}; padding: 3px; }}

QToolButton#link, QToolButton#link:hover, QToolButton#link:pressed, QToolButton#link:checked,
QToolButton#link:checked:hover {{
    background: transparent; text-align: left; padding: 2px 0 0 0; border: 0;
    border-radius: 0; border-bottom: 2px solid transparent; color: {t.secondary}; }}
QToolButton#link:hover, QToolButton#link:checked:hover, QToolButton#link:focus {{
    color: {t.text}; }}
QToolButton#link:focus {{ border-bottom: 2px solid {t.ring}; }}

QPushButton {{ border: 1px solid {t.line}; border-radius: 8px; padding: 4px 12px;
    min-height: 20px; background: {t.raised}; color: {t.text}; }}
QPushButton:hover {{ background: {t.hover}; color: {t.text}; }}
QPushButton:pressed {{ background: {t.press}; color: {t.text}; }}
QDialog QPushButton:default {{ background: {t.accent}; border-color: {t.accent};
    color: {t.on_accent}; }}
QDialog QPushButton:default:hover {{ background: {t.accent_hover}; color: {t.on_accent}; }}
QDialog QPushButton:default:pressed {{ background: {t.accent_press}; color: {t.on_accent}; }}
QPushButton:disabled, QDialog QPushButton:default:disabled {{
    background: transparent; color: {t.disabled}; border-color: {t.line}; }}
QPushButton:focus {{ border: 2px solid {t.ring}; padding: 3px 11px; }}
QDialog QPushButton:default:focus {{ border-color: {t.text}; }}
QPushButton#run {{ min-height: 30px; }}
QPushButton#example {{ border-radius: 12px; padding: 1px 10px; background: transparent; }}
QPushButton#example:hover {{ background: {t.hover}; }}
QPushButton#example:pressed {{ background: {t.press}; }}
QPushButton#example:focus {{ padding: 0 9px; }}

QCheckBox::indicator {{ width: 14px; height: 14px; border: 1px solid {t.field};
    border-radius: 4px; background: {t.raised}; }}
QCheckBox::indicator:hover {{ border-color: {t.ring}; }}
QCheckBox::indicator:checked {{ background: {t.accent}; border-color: {t.accent};
    image: url("{tick}"); }}
QCheckBox::indicator:checked:hover {{ background: {t.accent_hover}; }}
QCheckBox::indicator:disabled {{ background: {t.sunken}; border-color: {t.line}; }}
QCheckBox:disabled {{ color: {t.disabled}; }}
QCheckBox::indicator:focus {{ width: 12px; height: 12px; border: 2px solid {t.ring}; }}
QCheckBox::indicator:checked:focus {{ border-color: {t.text}; }}
QLabel#caption {{ color: {t.secondary}; }}
QLabel#wrong, QLabel#caption[wrong="true"] {{ color: {t.danger}; }}
QFrame#side, QFrame#below {{ background: {t.app}; border: 0; }}
QFrame#floating {{ background: {t.floating}; border: 1px solid {t.line}; border-radius: 8px; }}
QFrame#floating QToolButton {{ padding: 2px 6px; }}
QFrame#floating QToolButton:focus {{ padding: 1px 5px; }}
QFrame#side {{ border-right: 1px solid {t.line}; }}
QFrame#below {{ border-top: 1px solid {t.line}; }}
QScrollArea, QScrollArea > QWidget > QWidget#column {{ background: transparent; border: 0; }}
QListView#strip {{ background: {t.app}; border: 0; outline: 0; }}
QListWidget, QListView#queue {{ border: 1px solid {t.line}; border-radius: 6px;
    background: {t.raised}; padding: 3px; outline: 0; }}
QListView#suggestions {{ background: {t.floating}; border: 1px solid {t.line}; padding: 3px;
    outline: 0; }}
QListView#suggestions::item {{ padding: 3px 6px; border-radius: 4px; }}
QListView#suggestions::item:selected {{ background: {t.accent};
    color: {t.on_accent}; }}
QTextBrowser {{ border: 1px solid {t.line}; border-radius: 6px; background: {t.raised};
    padding: 1px; }}
QTextBrowser:focus {{ border: 2px solid {t.ring}; padding: 0; }}
QTabBar::tab {{ padding: 5px 12px; border: 2px solid transparent; border-radius: 6px;
    color: {t.secondary}; }}
QTabBar::tab:hover {{ color: {t.text}; }}
QTabBar::tab:selected {{ border-bottom: 2px solid {t.ring}; border-radius: 0; color: {t.text}; }}
QTabBar::tab:disabled {{ color: {t.disabled}; }}
QTabBar::tab:selected:focus {{ border: 2px solid {t.ring}; border-radius: 6px; }}
QListWidget:focus, QListView#queue:focus {{ border: 2px solid {t.ring}; padding: 2px; }}
QListWidget::item {{ padding: 4px 6px; border-radius: 4px; }}
QListWidget::item:hover {{ background: {t.hover}; color: {t.text}; }}
QListWidget::item:selected, QListWidget::item:selected:hover {{ background: {t.accent};
    color: {t.on_accent}; }}
QToolButton::menu-indicator {{ image: none; }}
QToolButton::menu-button {{ border: 0; border-left: 1px solid {t.line}; width: 20px;
    margin: 4px 0; }}
QToolButton::menu-arrow {{ image: url("{arrow}"); width: 12px; height: 12px; }}
QLabel#title {{ font-weight: 600; }}
QLabel#heading {{ font-weight: 600; font-size: 18px; }}
QLabel#section {{ color: {t.secondary}; font-weight: 600; padding: 8px 0 0 0; }}
QLabel#preview {{ background: {t.sunken}; border-radius: 6px; }}
QWidget#bar {{ border-bottom: 1px solid {t.line}; }}
QTreeWidget#facets {{ background: {t.app}; border: 0; border-right: 1px solid {t.line};
    outline: 0; }}
QTreeWidget#family {{ background: {t.raised}; border: 1px solid {t.line}; border-radius: 6px;
    outline: 0; padding: 2px; }}
QTreeWidget#keys {{ background: {t.raised}; border: 1px solid {t.line}; border-radius: 6px;
    outline: 0; padding: 2px; }}
QTreeWidget#keys:focus, QTreeWidget#family:focus {{ border: 2px solid {t.ring}; padding: 1px; }}
QTreeWidget#facets:focus, QListView#strip:focus {{ border: 2px solid {t.ring}; }}
QTreeWidget#keys::item {{ padding: 3px 4px; }}
QTreeWidget#keys QHeaderView::section {{ background: {t.raised}; border: 0; padding: 3px 4px;
    border-bottom: 1px solid {t.line}; color: {t.secondary}; }}
QFrame#details {{ background: {t.app}; border: 0; border-left: 1px solid {t.line}; }}
QFrame#chip {{ border: 1px solid {t.line}; border-radius: 14px; background: {t.raised}; }}
QFrame#chip QToolButton {{ padding: 1px; }}
QFrame#chip QToolButton:focus {{ padding: 0; }}
QFrame#warned {{ border: 1px solid {t.danger}; border-radius: 6px; }}
QAbstractItemView#grid {{ border: 0; }}
QMenu {{ background: {t.floating}; color: {t.text}; border: 1px solid {t.line}; padding: 4px; }}
QMenu::item {{ padding: 5px 20px 5px 6px; border: 1px solid transparent; border-radius: 4px; }}
QMenu::item:selected {{ background: {t.accent}; color: {t.on_accent}; }}
QMenu::item:disabled {{ color: {t.disabled}; }}
QMenu::item:disabled:selected {{ background: {t.hover}; }}
QMenu::icon {{ padding-left: 6px; }}
QMenu::indicator {{ width: 14px; height: 14px; left: 4px; }}
QMenu::separator {{ height: 1px; margin: 4px 6px; background: {t.line}; }}
QMenuBar {{ background: {t.app}; border-bottom: 1px solid {t.line}; padding: 2px 4px; }}
QMenuBar::item {{ padding: 4px 8px; border-radius: 4px; background: transparent; }}
QMenuBar::item:selected {{ background: {t.hover}; }}
QStatusBar {{ border-top: 1px solid {t.line}; }}
QStatusBar::item {{ border: 0; }}
QToolTip {{ border: 1px solid {t.line}; padding: 4px 6px; background: {t.tip};
    color: {t.on_tip}; qproperty-textFormat: PlainText; }}
QSlider:horizontal {{ min-height: 20px; }}
QSlider::groove:horizontal {{ height: 4px; border-radius: 2px; background: {t.track}; }}
QSlider::sub-page:horizontal {{ height: 4px; border-radius: 2px; background: {t.fill}; }}
QSlider::handle:horizontal {{ width: 14px; height: 14px; margin: -6px 0; border-radius: 8px;
    background: #ffffff; border: 1px solid {t.field}; }}
QSlider::handle:horizontal:hover {{ border-color: {t.ring}; }}
QSlider::handle:horizontal:focus {{ width: 12px; height: 12px; border: 2px solid {t.ring}; }}
QSlider::sub-page:horizontal:disabled {{ background: {t.line}; }}
QSlider::handle:horizontal:disabled {{ background: {t.sunken}; }}
QProgressBar {{ border: 0; border-radius: 3px; background: {t.track}; max-height: 6px; }}
QProgressBar::chunk {{ border-radius: 3px; background: {t.accent}; }}
QScrollBar:vertical {{ width: 10px; background: transparent; margin: 0; }}
QScrollBar:horizontal {{ height: 10px; background: transparent; margin: 0; }}
QScrollBar::handle {{ background: {t.field}; border-radius: 3px; margin: 2px;
    min-height: 24px; min-width: 24px; }}
QScrollBar::add-line, QScrollBar::sub-line {{ width: 0; height: 0; }}
QScrollBar::add-page, QScrollBar::sub-page {{ background: transparent; }}
"""
