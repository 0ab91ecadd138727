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
                "The prompts, every setting and the model's name are in the file: anybody who has "
                "it can read them, and any program of this kind can make the picture again."
            ),
            MetadataPolicy.NO_PROMPTS: self.tr(
                "Seed, sampler, size and the model's name are in the file, the prompts are not. "
                "The history cannot find such pictures by their words, nor make them again."
            ),
            MetadataPolicy.NOTHING: self.tr(
                "Nothing is in the file but the picture. The history knows no more of it, and it "
                "cannot be made again."
            ),
        }
        self.row = self.choice(
            "privacy",
            "told",
            self.tr("What saved pictures tell of how they were made"),
            [
                (MetadataPolicy.ALL, self.tr("Everything")),
                (MetadataPolicy.NO_PROMPTS, self.tr("Everything but the prompts")),
                (MetadataPolicy.NOTHING, self.tr("Nothing")),
            ],
            when=self.tr("This holds from the next picture on."),
        )
        self.follow(lambda now: self.row.explain(self._meanings[now.privacy.told]))
        self.finish()
