"""Auxiliary windows: command palette, settings, help; imported on demand."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from ldm_studio.commands.shortcuts import Shortcuts
from ldm_studio.controllers.command_controller import CommandController
from ldm_studio.controllers.studio import Studio
from ldm_studio.settings.preferences import Preferences
from ldm_studio.startup.session import Session

from .translation import chosen

if TYPE_CHECKING:
    from ldm_studio.commands.command_palette import CommandPalette
    from ldm_studio.help.documentation import Documentation
    from ldm_studio.settings_dialog.settings_dialog import SettingsDialog

_EXCLUDED_FROM_PALETTE = ("palette", "undo", "redo", "cancel", "generate", "quit")
"""Commands with well-known keys, or without use in a list."""


class AuxiliaryWindows(QObject):
    """Opens auxiliary windows, one of each."""

    def __init__(
        self,
        commands: CommandController,
        studio: Studio,
        preferences: Preferences,
        session: Session,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._studio, self._window = studio, studio.window
        self._preferences, self._session = preferences, session
        self.shortcuts = Shortcuts(self._window.actions_by_id, preferences, self)
        session.recent.watch(self._window.actions_by_id, _EXCLUDED_FROM_PALETTE)
        self.palette: CommandPalette | None = None
        self.settings: SettingsDialog | None = None
        self.documentation: Documentation | None = None
        self._open: dict[str, Callable[[], object]] = {
            "palette": self.open_palette,
            "settings": self.open_settings,
            "shortcuts": lambda: self.open_settings("shortcuts"),
            "documentation": self.open_documentation,
            "report": self.open_report,
            "about": self.open_about,
        }
        commands.window_requested.connect(lambda name: self._open[name]())

    def open_palette(self) -> None:
        from ldm_studio.commands.command_palette import CommandPalette

        self.palette = palette = CommandPalette(self._window, self.shortcuts, self._session.recent)
        palette.finished.connect(self._palette_closed)
        palette.open_over(self._window)

    def open_settings(self, page: str = "") -> None:
        """At the last page, or the page with this name."""
        from ldm_studio.settings_dialog.settings_dialog import SettingsDialog

        if self.settings is None:
            self.settings = SettingsDialog(
                self._window, self._preferences, self.shortcuts, self._studio.store
            )
            self.settings.finished.connect(self._settings_closed)
            self.settings.open_over(self._window)
        if page:
            self.settings.show_page(page)

    def open_documentation(self) -> None:
        from ldm_studio.help.documentation import Documentation, pages

        if self.documentation is not None:
            self.documentation.begin()
        elif found := pages(chosen(self._preferences.now.look.language)):
            self.documentation = Documentation(found)
            self.documentation.destroyed.connect(self._documentation_closed)
            self.documentation.begin()
        else:
            self._window.notice.show_error(
                self.tr("The documentation is not installed."),
                self.tr("Help → Keyboard Shortcuts and the tooltips work without it."),
            )

    def open_report(self) -> None:
        from ldm_studio.help.problem_report import ReportDialog

        ReportDialog(self._window, self._preferences.now, self._session.secrets()).begin()

    def open_about(self) -> None:
        from ldm_studio.help.about import AboutDialog

        AboutDialog(self._window).begin()

    def close(self) -> None:
        """Closes the documentation, which has no parent window."""
        if self.documentation is not None:
            self.documentation.close()

    def _documentation_closed(self) -> None:
        self.documentation = None

    def _palette_closed(self) -> None:
        self.palette = None

    def _settings_closed(self) -> None:
        self.settings = None
