"""The settings page for previews and saved steps."""

from __future__ import annotations

from ldm_studio.settings.preferences import Preferences
from ldm_studio.settings.settings import Settings, Steps

from .settings_page import SettingsPage

MIB_STEP = 256
MAX_MIB = 1_000_000


class PreviewsPage(SettingsPage):
    name = "previews"
    sections = ("previews", "steps")

    def __init__(self, preferences: Preferences) -> None:
        super().__init__(preferences, "")
        self.title = self.tr("Previews and Steps")
        self.shown = self.switch(
            self.tr("Show previews"),
            lambda now: now.previews.shown,
            lambda on: preferences.change("previews", shown=on),
            self.tr("If off, only the finished image is shown."),
        )
        self.rate = self.number(
            "previews",
            "per_second",
            self.tr("Maximum preview rate"),
            (1, 30),
            self.tr(
                "Per second. A lower rate leaves more time for steps that take less than a second."
            ),
        )
        self.detail = self.number(
            "previews",
            "longest_side",
            self.tr("Maximum preview size"),
            (64, 8192),
            self.tr("Larger images have coarser previews. The result is not affected."),
            suffix=self.tr(" pixels"),
            step=128,
        )
        self.kept = self.switch(
            self.tr("Save intermediate steps"),
            lambda now: now.steps.trajectory_mib > 0,
            self._keep,
            self.tr("To view every step later, and branch from it."),
        )
        self.disk = self.number(
            "steps",
            "trajectory_mib",
            self.tr("Disk limit for saved steps"),
            (0, MAX_MIB),
            self.tr("The oldest are deleted first."),
            suffix=self.tr(" MiB"),
            special=self.tr("None are saved"),
            step=MIB_STEP,
        )
        self.follow(self._enable)
        self.finish()

    def _keep(self, on: bool) -> None:
        mib = Steps().trajectory_mib if on else 0
        self.preferences.change("steps", trajectory_mib=mib)

    def _enable(self, now: Settings) -> None:
        for row in (self.rate, self.detail):
            row.control.setEnabled(now.previews.shown)
        self.disk.control.setEnabled(now.steps.trajectory_mib > 0)
