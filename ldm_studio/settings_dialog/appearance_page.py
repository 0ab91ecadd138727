"""The settings page for theme, language and motion."""

from __future__ import annotations

from ldm_studio.settings.preferences import Preferences
from ldm_studio.settings.settings import Motion, Scheme
from ldm_studio.translation import languages

from .settings_page import SettingsPage


class AppearancePage(SettingsPage):
    name = "look"
    sections = ("look",)

    def __init__(self, preferences: Preferences) -> None:
        super().__init__(preferences, "")
        self.title = self.tr("Appearance")
        self.choice(
            "look",
            "scheme",
            self.tr("Theme"),
            [
                (Scheme.SYSTEM, self.tr("Same as the system")),
                (Scheme.LIGHT, self.tr("Light")),
                (Scheme.DARK, self.tr("Dark")),
            ],
        ).control.setToolTip(self.tr("The colours of the windows. Images are not affected."))
        self.choice(
            "look",
            "language",
            self.tr("Language"),
            [("", self.tr("Same as the system")), *languages().items()],
        ).control.setToolTip(self.tr("The language of the window, tooltips and messages."))
        self.choice(
            "look",
            "motion",
            self.tr("Motion"),
            [
                (Motion.SYSTEM, self.tr("Same as the system")),
                (Motion.REDUCED, self.tr("Reduced")),
            ],
            self.tr(
                "Reduced: menus do not slide, and compared images alternate only at a key press."
            ),
        )
        self.finish()
