"""The settings page for device, precision and threads."""

from __future__ import annotations

import os
from concurrent.futures import Future

from PySide6.QtCore import QLocale
from PySide6.QtWidgets import QComboBox

from core.errors import message_of
from core.runtime.device import physical_cores
from ldm_studio.hardware import GIB, Device, Memory, devices, memory
from ldm_studio.look.plain_label import PlainLabel
from ldm_studio.settings.preferences import Preferences
from ldm_studio.settings.settings import Precision, Settings
from ldm_studio.threads.background import Background
from ldm_studio.translation import joined, translate_message

from .settings_page import SettingRow, SettingsPage

AUTO = "auto"


class ComputePage(SettingsPage):
    name = "compute"
    sections = ("compute",)

    def __init__(self, preferences: Preferences) -> None:
        super().__init__(preferences, "")
        self.title = self.tr("Device and Memory")
        self.found: tuple[Device, ...] = ()
        """The devices found so far."""
        self._background = Background(self)
        later = self.tr("Takes effect after restart.")
        self.device = self.choice(
            "compute",
            "device",
            self.tr("Device"),
            [(AUTO, self.tr("Automatic"))],
            when=later,
        )
        self.precision = self.choice(
            "compute",
            "precision",
            self.tr("Precision"),
            [
                (Precision.AUTO, self.tr("Automatic")),
                (Precision.FLOAT32, "float32"),
                (Precision.BFLOAT16, "bfloat16"),
                (Precision.FLOAT16, "float16"),
            ],
            when=later,
        )
        cores = physical_cores() or os.cpu_count() or 1
        self.threads = self.number(
            "compute",
            "threads",
            self.tr("Threads"),
            (0, max(cores, os.cpu_count() or 1)),
            self.tr("Processor threads. More threads than cores are slower."),
            special=self.tr("One for each of %n cores", "", cores),
            when=later,
        )
        self.memory = self.add(
            SettingRow(self.tr("Memory"), PlainLabel(self._memory_words(memory())))
        )
        self.memory.explain(
            self.tr(
                "Images that do not fit are decoded in tiles, and on a GPU the networks are "
                "offloaded in turns. This is decided for each image and needs no setting."
            )
        )
        self.follow(self._explain)
        self.finish()
        self._background.run(devices, self._listed)

    def close_threads(self) -> None:
        self._background.close()

    def _listed(self, done: Future[tuple[Device, ...]]) -> None:
        try:
            self.found = done.result()
        except (ImportError, OSError) as error:
            self.device.explain(
                self.tr("PyTorch cannot be used: {reason}").format(
                    reason=translate_message(message_of(error))
                )
            )
            return
        box = self.device.control
        assert isinstance(box, QComboBox)
        now = self.preferences.now
        for device in self.found:
            place = box.findData(device.name)
            text = f"{device.name}: {self._title(device)}"
            if place < 0:
                box.addItem(text, device.name)
            else:
                box.setItemText(place, text)
        box.setCurrentIndex(box.findData(now.compute.device))
        self._explain(now)

    def _explain(self, now: Settings) -> None:
        """Explains the choices for this computer."""
        self.device.explain(self._device_words(now.compute.device))
        self.precision.explain(self._precision_words(now.compute.precision))

    def _chosen(self, name: str) -> Device | None:
        if name == AUTO:
            return self.found[-1] if self.found else None
        return next((device for device in self.found if device.name == name), None)

    def _device_words(self, name: str) -> str:
        if not self.found:
            return self.tr("Detecting devices…")
        device = self._chosen(name)
        if device is None:
            return self.tr("This device is not available; the fastest one is used instead.")
        if device.name == "cpu":
            return self.tr(
                "{title}. Every computer has one; small models take seconds, large ones minutes."
            ).format(title=self._title(device))
        return self.tr("{title}, {memory}. The faster choice for every model that fits.").format(
            title=self._title(device), memory=self._memory_words(device.memory)
        )

    def _title(self, device: Device) -> str:
        if device.cores == 1:
            return device.title
        words = self.tr("{processor}, %n cores", "", device.cores)
        return words.format(processor=device.title)

    def _memory_words(self, amount: Memory) -> str:
        total, free = (
            None if size is None else QLocale().toString(size / GIB, "f", 1)
            for size in (amount.total, amount.free)
        )
        if total is None and free is None:
            return self.tr("unknown")
        if total is None:
            return self.tr("{free} GiB free").format(free=free)
        if free is None:
            return self.tr("{total} GiB").format(total=total)
        return self.tr("{total} GiB, {free} GiB free").format(total=total, free=free)

    def _precision_words(self, precision: Precision) -> str:
        device = self._chosen(self.preferences.now.compute.device)
        if device is not None and precision not in (Precision.AUTO, *device.precisions):
            return self.tr("Not supported by this device; the automatic choice is used instead.")
        match precision:
            case Precision.AUTO:
                words = self.tr(
                    "float32 on a processor, float16 on a GPU. This applies to checkpoints; "
                    "native LDM Studio models compute in float32."
                )
                if device is not None and device.prefers_bfloat16:
                    words = joined(words, self.tr("This processor is much faster in bfloat16."))
                return words
            case Precision.FLOAT32:
                return self.tr("The most exact choice. Slower on a GPU, and twice the memory.")
            case Precision.BFLOAT16:
                words = self.tr("Half the memory, and no overflow; colours may be slightly off.")
                if device is not None and device.prefers_bfloat16:
                    words = joined(
                        words, self.tr("This processor is much faster with it than with float32.")
                    )
                return words
            case Precision.FLOAT16:
                return self.tr("Half the memory, and fast on a GPU. Slow on a processor.")
