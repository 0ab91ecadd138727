"""The base of settings pages: rows with explanations that can be searched."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QLabel,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from ldm_studio.look.plain_label import PlainLabel
from ldm_studio.look.theme import GRID
from ldm_studio.settings.preferences import Preferences
from ldm_studio.settings.settings import Settings
from ldm_studio.translation import joined
from ldm_studio.widgets.fields import WheelGuard

CONTROL_WIDTH = 380


class SettingRow(QWidget):
    """A caption, a control, and an explanation below."""

    def __init__(self, caption: str, control: QWidget, meaning: str = "", when: str = "") -> None:
        """`when`: when a change takes effect, if not immediately."""
        super().__init__()
        self.control = control
        self._said = caption
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID // 2)
        if not isinstance(control, QCheckBox):
            name = PlainLabel(caption)
            name.setBuddy(control)
            column.addWidget(name)
            if not control.accessibleName():
                control.setAccessibleName(caption)
        column.addWidget(control)
        self.explanation = PlainLabel(wordWrap=True)
        self.explanation.setObjectName("caption")
        column.addWidget(self.explanation)
        self._when = when
        self.explain(meaning)

    def explain(self, meaning: str) -> None:
        """Sets the explanation."""
        text = joined(meaning, self._when)
        self.explanation.setText(text)
        self.explanation.setVisible(bool(text))
        self.control.setAccessibleDescription(text)
        if not self.control.toolTip():
            self.control.setToolTip(text)

    def words(self) -> str:
        """The text that the search matches."""
        shown = [self._said, self.explanation.text()]
        if isinstance(self.control, QComboBox):
            shown += [self.control.itemText(i) for i in range(self.control.count())]
        return " ".join(shown).casefold()


class SettingsPage(QWidget):
    """Rows that show settings and change them immediately."""

    name = ""
    """Identifies the page."""
    sections: tuple[str, ...] = ()
    """The sections of the settings that its reset restores."""

    def __init__(self, preferences: Preferences, title: str) -> None:
        super().__init__()
        self.setObjectName("column")
        self.preferences, self.title = preferences, title
        self.rows: list[SettingRow] = []
        self._shows: list[Callable[[Settings], None]] = []
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(GRID, GRID, 2 * GRID, 2 * GRID)
        self.column.setSpacing(2 * GRID)
        self._wheel = WheelGuard(self)
        preferences.changed.connect(self._changed)

    def finish(self) -> None:
        """Called after the last row."""
        self.column.addStretch(1)
        self._wheel.guard(self)
        self._changed(self.preferences.now, self.preferences.now)

    def reset(self) -> None:
        self.preferences.reset(*self.sections)

    def show_matches(self, words: str) -> int:
        """Shows the rows that contain all `words`; returns how many."""
        wanted = words.casefold().split()
        on_title = all(word in self.title.casefold() for word in wanted)
        found = 0
        for row in self.rows:
            fits = on_title or all(word in row.words() for word in wanted)
            row.setVisible(fits)
            found += fits
        return found

    # Rows

    def add(self, row: SettingRow) -> SettingRow:
        self.rows.append(row)
        self.column.addWidget(row)
        return row

    def choice(
        self,
        section: str,
        field: str,
        caption: str,
        choices: Sequence[tuple[Any, str]],
        meaning: str = "",
        when: str = "",
    ) -> SettingRow:
        """One of a few values, with their texts."""
        box = QComboBox()
        for value, text in choices:
            box.addItem(text, value)
        box.setMaximumWidth(CONTROL_WIDTH)
        box.setMinimumContentsLength(12)

        def show(settings: Settings) -> None:
            value = getattr(getattr(settings, section), field)
            place = next((i for i in range(box.count()) if box.itemData(i) == value), -1)
            if place < 0:  # of a file edited by hand, or a device that is gone
                box.addItem(str(value), value)
                place = box.count() - 1
            box.setCurrentIndex(place)

        kind = type(getattr(getattr(Settings(), section), field))  # Qt makes a str of an enum

        def choose(place: int) -> None:
            self.preferences.change(section, **{field: kind(box.itemData(place))})

        box.activated.connect(choose)
        self.follow(show)
        return self.add(SettingRow(caption, box, meaning, when))

    def switch(
        self,
        caption: str,
        get: Callable[[Settings], bool],
        change: Callable[[bool], None],
        meaning: str = "",
    ) -> SettingRow:
        """A check box."""
        box = QCheckBox(caption)
        box.clicked.connect(change)
        self.follow(lambda settings: box.setChecked(get(settings)))
        return self.add(SettingRow(caption, box, meaning))

    def number(
        self,
        section: str,
        field: str,
        caption: str,
        limits: tuple[int, int],
        meaning: str = "",
        *,
        suffix: str = "",
        special: str = "",
        step: int = 1,
        when: str = "",
    ) -> SettingRow:
        """A whole number; `special` is the text for the lowest value."""
        box = QSpinBox()
        box.setRange(*limits)
        box.setSingleStep(step)
        box.setSuffix(suffix)
        box.setSpecialValueText(special)
        box.setKeyboardTracking(False)
        box.setMaximumWidth(CONTROL_WIDTH)
        box.lineEdit().setTextMargins(6, 0, 6, 0)  # in line with the words of the choices above
        box.valueChanged.connect(lambda value: self.preferences.change(section, **{field: value}))
        self.follow(lambda settings: box.setValue(getattr(getattr(settings, section), field)))
        return self.add(SettingRow(caption, box, meaning, when))

    def follow(self, show: Callable[[Settings], None]) -> None:
        """Calls `show` with the settings, now and when they change."""
        self._shows.append(show)

    def _changed(self, _before: Settings, now: Settings) -> None:
        for show in self._shows:
            show(now)


def heading(text: str) -> QLabel:
    """Above rows that belong together."""
    label = PlainLabel(text)
    label.setObjectName("section")
    label.setAlignment(Qt.AlignmentFlag.AlignBottom)
    return label
