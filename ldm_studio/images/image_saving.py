"""Saves finished images as the user's settings say: folder, file name, format, metadata."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from core.images.generated_image import GeneratedImage
from core.request.request import Request
from ldm_studio import paths
from ldm_studio.settings.settings import Files, ImageFormat, MetadataPolicy, Privacy, read

from . import image_formats
from .file_names import Pattern, PatternError, facts
from .image_files import Pixels
from .run_record import Record

if TYPE_CHECKING:
    from ldm_studio.engine_protocol import ModelInfo


@dataclass(frozen=True)
class ImageSaver:
    """Saves under the next free number of the user's pattern."""

    files: Files = field(default_factory=Files)
    privacy: Privacy = field(default_factory=Privacy)

    @property
    def root(self) -> Path:
        """The folder of all images."""
        return paths.expanded(self.files.folder) if self.files.folder else paths.pictures_dir()

    @property
    def pattern(self) -> Pattern:
        """The default pattern if the user's is damaged, so that no image is lost."""
        try:
            return Pattern(self.files.pattern)
        except PatternError:
            return Pattern()

    def today(self) -> Path:
        """The folder of the next image, as far as it is known in advance."""
        folder = self.root
        for part in self.pattern.text.split("/")[:-1]:
            known = part.replace("{date}", datetime.now().date().isoformat())
            if "{" in known:
                break
            folder /= known
        return folder

    def save(
        self,
        pixels: Pixels,
        request: Request,
        model: str,
        digest: str,
        record: Record | None = None,
    ) -> Path:
        """Saves uint8 [H, W, 3], or [H, W, 4] with straight alpha, as PNG if the format is JPEG.
        Raises ImageError.
        """
        folder, before, after = self.pattern.place(facts(request, model, datetime.now()))
        opaque = pixels.shape[-1] == 3
        format_ = (
            self.files.format
            if opaque or self.files.format is not ImageFormat.JPEG
            else ImageFormat.PNG
        )
        numbered = paths.Numbered(before, after, f".{format_}")
        with paths.next_numbered(self.root / folder, numbered) as path:
            self.write(path, pixels, request, model, digest, record)
        return path

    def save_image(self, image: GeneratedImage, model: ModelInfo, record: Record) -> Path:
        """As `save`, for the engine."""
        return self.save(
            image.rgb,
            image.request,
            model.name,
            image.request.model_digest or model.digest,
            record,
        )

    def write(
        self,
        path: Path,
        pixels: Pixels,
        request: Request,
        model: str,
        digest: str,
        record: Record | None = None,
    ) -> None:
        """Writes in the format of the suffix of `path`. Raises ImageError."""
        saved_request = apply_metadata_policy(request, self.privacy.told)
        is_exact = path.suffix.lower() not in (".jpg", ".jpeg") and saved_request is request
        image_formats.save(path, pixels, saved_request, model, digest, record if is_exact else None)

    def next_image(self, seed: int) -> AbstractContextManager[Path]:
        """Reserves the file name for an image with this seed in the default pattern."""
        return paths.next_image(self.today(), seed)


def apply_metadata_policy(request: Request, policy: MetadataPolicy) -> Request | None:
    """The part of `request` that may be saved in an image; None for nothing."""
    match policy:
        case MetadataPolicy.ALL:
            return request
        case MetadataPolicy.NO_PROMPTS:
            # Changes may contain prompts, and mean nothing without them.
            return replace(request, prompt="", negative="", changes=())
        case MetadataPolicy.NOTHING:
            return None


def saver_from_settings() -> ImageSaver:
    """Saves where and as the user's settings say."""
    settings = read(paths.config_dir() / "settings.json")
    return ImageSaver(settings.files, settings.privacy)
