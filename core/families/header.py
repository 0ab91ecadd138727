"""The headers of a model's files, from which families are detected before any weight is read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from ..errors import UnknownKindError, UnreadableError
from ..networks.unet import UNetConfig
from .components import Components
from .config_from_shapes import unet_config
from .edm_metadata import Edm, read_edm
from .native_config import NativeConfig
from .unsupported import unsupported_kind


@dataclass(frozen=True)
class Header:
    """Names, shapes and metadata of a model's tensors, and the configurations beside them."""

    path: Path
    components: Components
    files: tuple[Path, ...]
    metadata: Mapping[str, str] = field(default_factory=dict[str, str])
    parameterization: str = ""
    """The prediction type in a .yaml file of the same name."""
    scheduler: Mapping[str, object] = field(default_factory=dict[str, object])
    """The scheduler's configuration in a diffusers folder."""
    autoencoder: Mapping[str, object] = field(default_factory=dict[str, object])
    """The autoencoder's configuration in a diffusers folder."""
    prediction_override: str = ""
    """The prediction type that the user set; empty: as detected."""
    native: NativeConfig | None = None
    """The model.json of a native model."""

    @property
    def name(self) -> str:
        return self.path.name if self.path.is_dir() else self.path.stem

    @cached_property
    def unet(self) -> UNetConfig | None:
        """The configuration, as far as shapes show it; None if there is no U-Net.

        Raises UnreadableError."""
        component = self.components.backbone
        if component is None:
            return None
        try:
            return unet_config(component.sources)
        except UnreadableError as error:
            if not any(".attn2." in name for name in component.sources):
                raise UnknownKindError(unsupported_kind(component, None)) from error
            raise

    @cached_property
    def edm(self) -> Edm | None:
        """None unless it was trained on a continuum of noise levels. Raises UnreadableError."""
        return read_edm(self.components.markers, self.scheduler, self.autoencoder)
