"""The settings page for metadata in images."""

from __future__ import annotations

from ldm_studio.settings.preferences import Preferences
from ldm_studio.settings.settings import MetadataPolicy

from .settings_page import SettingsPage


class PrivacyPage(SettingsPage):
    name = "privacy"
    sections = ("privacy",)

    def __init__(self, preferences: Preferences) -> None:
        super().__init__(preferences, "")
        self.title = self.tr("Privacy")
        self._meanings = {
            MetadataPolicy.ALL: self.tr(
                "The file contains the prompts, all settings and the model's name: anybody who "
                "has it can read them, and similar programs can reproduce the image."
            ),
            MetadataPolicy.NO_PROMPTS: self.tr(
                "The file contains seed, sampler, size and the model's name, but not the prompts. "
                "The history cannot find such images by their words, and they cannot be "
                "reproduced."
            ),
            MetadataPolicy.NOTHING: self.tr(
                "The file contains only the image. The history knows no settings of it, and it "
                "cannot be reproduced."
            ),
        }
        self.row = self.choice(
            "privacy",
            "told",
            self.tr("Metadata in saved images"),
            [
                (MetadataPolicy.ALL, self.tr("Everything")),
                (MetadataPolicy.NO_PROMPTS, self.tr("Everything but the prompts")),
                (MetadataPolicy.NOTHING, self.tr("Nothing")),
            ],
            when=self.tr("Applies from the next image on."),
        )
        self.follow(lambda now: self.row.explain(self._meanings[now.privacy.told]))
        self.finish()
