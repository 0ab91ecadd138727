"""The pipeline that generates with `core`.

Nothing here imports torch until `CorePipeline.load` is called, on the engine's thread.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from core.cancellation import CancelCheck, never_cancel
from core.errors import NO_MESSAGE, Message, ModelError, message_of
from core.networks.cost import FLOAT16, FLOAT32
from core.request.inputs import Inputs
from core.request.request import Request
from core.runtime.device import physical_cores
from ldm_studio.engine_protocol import ModelInfo, memory_shortage
from ldm_studio.hardware import precisions
from ldm_studio.models.addon_files import AddonFinder
from ldm_studio.models.file_digests import DigestWorker, ModelDigests
from ldm_studio.models.found_models import DEFAULT, find_model
from ldm_studio.models.known_checkpoints import Catalogue, companion_vae, is_checkpoint
from ldm_studio.threads.priority import lower_priority

from .addon_applier import AddonApplier, ModelWithAddons, Provenance
from .core_run import CoreRun
from .latent_rgb_store import LatentRgbStore
from .model_components import ComponentFinder
from .recent_models import LoadedModel, ModelKey, RecentModels
from .token_counter import TokenCounter
from .torch_libraries import open_torch_libraries

if TYPE_CHECKING:
    import torch

    from core.conditioning.text.token_count import PromptTokenCounter
    from core.model.model import Model
    from core.request.inputs import Models
    from core.runtime.offload import DeviceManager


log = logging.getLogger(__name__)


class CorePipeline:
    """The latent diffusion model in `path` (None: the model that ships with the program)."""

    def __init__(
        self,
        path: Path | None = None,
        device: str = "",
        *,
        precision: str = "",
        threads: int = 0,
        background: bool = False,
    ) -> None:
        """`device`, `precision` (of checkpoints), `threads`: detected unless given.

        `background`: the loading thread and the threads it starts have low priority.
        """
        self._path = path
        self._device = device
        self._precision = precision
        self._threads = threads
        self._background = background
        self._model: Model | None = None
        self._info: ModelInfo | None = None
        self._loaded: ModelKey | None = None
        self._finder = AddonFinder()
        self._component_finder = ComponentFinder(self._finder)
        self._digests = DigestWorker()
        self._addon_applier: AddonApplier | None = None
        self._pending_digests: Future[ModelDigests] | None = None
        """The digest of the loaded model, while it is unknown."""
        self._second_models: dict[ModelKey, tuple[Model, AddonApplier]] = {}
        """The last model that a change switched to."""
        self._recent = RecentModels()
        self._device_manager: DeviceManager | None = None
        """The device manager of the models that share the device."""

    @property
    def info(self) -> ModelInfo | None:
        return self._info

    def holds(self, model: str, vae: str = "") -> bool:
        path = self._path_of(model)
        if self._model is None or self._loaded is None or self._loaded.path != path:
            return False
        return self._loaded == self._component_finder.wanted(path, vae)

    def load(self, model: str = DEFAULT, vae: str = "") -> ModelInfo:
        path = self._path_of(model)
        self._prepare_torch()
        wanted = self._component_finder.wanted(path, vae)
        if self._info is not None and self._loaded == wanted:
            return self._info
        _check(wanted)
        before = self._loaded if self._model is not None else None
        self._unload()  # before the next one: there may not be room for two
        try:
            recent = self._recent.take(wanted)
            if recent is not None:
                return self._restore(recent)
            self._recent.make_room(wanted)
            self._info = self._load(wanted)
        except Exception:  # whatever the error is, the previous model is restored
            if before is not None:
                self._load_previous(before)
            raise
        self._loaded = wanted
        self._recent.trim()
        return self._info

    def _unload(self) -> None:
        """Unloads the model; it may stay in main memory."""
        model, info = self._model, self._info
        self._model = self._info = self._addon_applier = None
        self._forget_second_models()
        if model is not None and info is not None and self._loaded is not None:
            self._recent.keep(LoadedModel(self._loaded, model, info, self._pending_digests))
        self._pending_digests = None

    def _restore(self, known: LoadedModel) -> ModelInfo:
        """Restores an unloaded model."""
        self._model, self._info, self._pending_digests = known.model, known.info, known.sums
        self._loaded = known.key
        self._addon_applier = self._addon_applier_of(known.key)
        self._recent.trim()
        if isinstance(known.info.read, TokenCounter):
            known.info.read.refresh()
        return known.info

    def begin(
        self,
        request: Request,
        inputs: Inputs | None = None,
        *,
        check: CancelCheck = never_cancel,
    ) -> CoreRun:
        from core.pipeline.text_to_image import prepare

        if self._info is not None and not (request.vae or request.model_digest):
            request = replace(request, vae=self._info.vae)
        inputs = inputs or Inputs()
        added, provenance = self._with_addons(request)
        recorded_request = replace(
            inputs.request(request),
            model_digest=request.model_digest or added.model.digest,
            prediction=request.prediction
            if request.model_digest
            else added.model.prediction_override,
        )
        inputs = replace(inputs, models=self._models(provenance))
        run = prepare(added.model, recorded_request, inputs, check)
        return CoreRun(run, provenance=provenance, notes=added.notes)

    def resume(
        self,
        path: Path,
        images: Callable[[Request], Inputs] | None = None,
        *,
        check: CancelCheck = never_cancel,
    ) -> CoreRun:
        from core.pipeline.resume import resume
        from core.pipeline.saved_job import load

        saved = load(path)
        added, provenance = self._with_addons(saved.request)
        if images is not None:
            saved = replace(saved, inputs=images(saved.request))
        inputs = replace(saved.inputs, models=self._models(provenance))
        saved = replace(saved, inputs=inputs)
        run, state = resume(added.model, saved, check)
        return CoreRun(run, state, saved.step_digests, provenance=provenance, notes=added.notes)

    def digest(self) -> str:
        if self._model is not None and self._pending_digests is not None:
            self._model = replace(self._model, digest=self._pending_digests.result().digest)
            self._pending_digests = None
        return "" if self._model is None else self._model.digest

    def _with_addons(self, request: Request) -> tuple[ModelWithAddons, Provenance]:
        """The loaded model with the add-ons of `request`."""
        assert self._model is not None, "an image before load()"
        assert self._addon_applier is not None
        if request.model_digest or (
            self._pending_digests is not None and self._pending_digests.done()
        ):
            self.digest()
        made_before = bool(request.model_digest or request.addons)
        added = self._addon_applier.applied(self._model, request, exactly=made_before)
        provenance = Provenance(self._pending_digests, added.used)
        model = replace(added.model, digest=self._model.digest, notify=provenance.add_note)
        return replace(added, model=model), provenance

    def _models(self, provenance: Provenance) -> Models:
        """Provides the models of changes with the add-ons of their prompts, and records them in
        `provenance`."""

        def model_for(request: Request, exactly: bool) -> Model:
            try:
                if self.holds(request.model, request.vae):
                    assert self._model is not None
                    assert self._addon_applier is not None
                    added = self._addon_applier.applied(self._model, request, exactly=exactly)
                    added = replace(added, model=replace(added.model, digest=self._model.digest))
                else:
                    path = self._path_of(request.model)
                    other, addon_applier = self._second_model(
                        self._component_finder.wanted(path, request.vae)
                    )
                    added = _with_fitting_addons(other, addon_applier, request, exactly=exactly)
                    if other.plan.evicts_others and self._info is not None:
                        added = replace(
                            added, notes=(*added.notes, _offload_note(self._info, other))
                        )
            except (MemoryError, RuntimeError) as error:
                if shortage := memory_shortage(error):
                    raise shortage from error
                raise
            provenance.add_change(request, added)
            return replace(added.model, notify=provenance.add_note)

        return model_for

    def _second_model(self, wanted: ModelKey) -> tuple[Model, AddonApplier]:
        """A model for changes, which stays loaded beside the main one until another is needed."""
        if wanted not in self._second_models:
            self._forget_second_models()  # before the next one: there may not be room for three
            _check(wanted)
            model = self._open(wanted)
            if model.plan.evicts_others:
                self._mark_offloaded()
            digest = model.digest or self._digests.of(wanted.path).result().digest
            addon_applier = self._addon_applier_of(wanted)
            self._second_models[wanted] = replace(model, digest=digest), addon_applier
        return self._second_models[wanted]

    def _mark_offloaded(self) -> None:
        """The networks of the model are offloaded from now on."""
        assert self._model is not None
        assert self._info is not None
        plan = replace(self._model.plan, made_room=True)
        self._model = replace(self._model, plan=plan)
        self._info = replace(self._info, plan=plan.message)

    def _forget_second_models(self) -> None:
        self._second_models.clear()
        if self._device_manager is not None:
            self._device_manager.evict()  # it may be one of theirs

    def _addon_applier_of(self, wanted: ModelKey) -> AddonApplier:
        return AddonApplier(self._finder, self._digests, wanted.vae, wanted.texts)

    def _path_of(self, model: str) -> Path:
        own = self._path if model == DEFAULT else None
        return _absolute(
            own or find_model(model)
        )  # a link is not resolved: other files may be next to it

    def _load_previous(self, wanted: ModelKey) -> None:
        """Loads the previous model again; if that fails too, there is none."""
        try:
            recent = self._recent.take(wanted)
            if recent is not None:
                self._restore(recent)
                return
            self._info = self._load(wanted)
        except Exception as error:  # the reported error is that of the other model
            log.warning("the previous model, %s, cannot be loaded again: %s", wanted.path, error)
            self._model = None

    def _prepare_torch(self) -> None:
        # A waiting OpenMP thread that spins takes the processor from all others.
        os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
        open_torch_libraries()
        import torch

        import core.pipeline  # noqa: F401  # all that takes long to import, before the next line

        # After the imports, which hold the interpreter's lock that the interface waits for; before
        # the first parallel work, whose threads inherit it.
        if self._background:
            lower_priority()
        if self._threads:
            torch.set_num_threads(self._threads)
        elif "OMP_NUM_THREADS" not in os.environ and (cores := physical_cores()):
            torch.set_num_threads(cores)
        if torch.get_num_interop_threads() != 1:
            torch.set_num_interop_threads(1)

    def _detect_device(self) -> str:
        """The requested device, or the fastest one if that does not exist (any more)."""
        import torch

        if self._device.startswith("cuda"):
            index = int(self._device.partition(":")[2] or 0)
            if index < torch.cuda.device_count():
                return self._device
        elif self._device == "cpu" or (self._device == "mps" and torch.backends.mps.is_available()):
            return self._device
        if self._device:
            log.warning("%s is not there; another device is used", self._device)
        return "cuda" if torch.cuda.is_available() else "cpu"

    def _dtype(self, device: str) -> torch.dtype | None:
        """The type that checkpoints compute in; None: the device's default."""
        import torch

        if not self._precision:
            return None
        if self._precision not in precisions(torch.device(device)):
            log.warning("%s does not compute in %s", device, self._precision)
            return None
        dtype: torch.dtype = getattr(torch, self._precision)
        return dtype

    def _open(self, wanted: ModelKey) -> Model:
        """The model; without a digest if that is not known yet."""
        from core.checkpoints.load_model import load_model

        device, path = self._detect_device(), wanted.path
        model = load_model(
            path,
            device,
            companions=wanted.companions,
            digest=Catalogue().digest(path) if is_checkpoint(path) else None,
            dtype=self._dtype(device),
            device_manager=self._device_manager_of(device),
        )
        if not model.plan.offloads:  # otherwise the first image would be measured with it
            model.bring(*model.networks)
        return self._with_preview(model)

    def _device_manager_of(self, device: str) -> DeviceManager:
        """The device manager of all models there."""
        import torch

        from core.runtime.offload import DeviceManager

        if self._device_manager is None or self._device_manager.device != torch.device(device):
            self._device_manager = DeviceManager(torch.device(device))
        return self._device_manager

    def _load(self, wanted: ModelKey) -> ModelInfo:
        from core.runtime.environment import title

        path = wanted.path
        self._model = model = self._open(wanted)
        if not model.digest:  # computed while the first image is generated
            self._pending_digests = self._digests.of(path)
        device = str(model.device)
        self._addon_applier = self._addon_applier_of(wanted)
        defaults, takes = model.defaults, model.config.family.takes
        return ModelInfo(
            name=model.name,
            digest=model.digest,
            device=f"{title(device)}, {model.precision}",
            sampler=defaults.sampler,
            schedule=defaults.schedule,
            steps=defaults.steps,
            cfg=defaults.cfg,
            width=defaults.width,
            height=defaults.height,
            noise_level=defaults.noise_level,
            size_multiple=model.size_multiple,
            max_side=model.max_side,
            factor=model.factor,
            load=model.backbone.operations(costs=FLOAT32 if model.dtype.itemsize == 4 else FLOAT16),
            path=path,
            torch_device=device,
            plan=model.plan.message if is_checkpoint(path) else NO_MESSAGE,
            supports_clip_skip=model.text.supports_clip_skip,
            prediction=model.prediction.name,
            input_kind=model.input_kind,
            has_guidance_embedding=model.has_guidance_embedding,
            family=model.config.display_name if is_checkpoint(path) else "",
            latents=model.config.family.latents.name,
            vae=self._vae_of(wanted),
            texts=tuple(text.name for text in wanted.texts),
            takes_vae=takes.vae,
            takes_refiner=takes.refiner,
            read=self._reader(model),
        )

    def _reader(self, model: Model) -> PromptTokenCounter | None:
        text, counter = model.text, model.text.count_tokens
        if counter is None or not model.config.family.takes.embeddings:
            return counter
        return TokenCounter(counter, text.embedding_widths, AddonFinder())

    def _vae_of(self, wanted: ModelKey) -> str:
        """The name in requests of the VAE that a model uses by default; empty for its own."""
        vae = companion_vae(wanted.path) or wanted.vae
        if vae is None:
            return ""
        vae = _absolute(vae)
        listed = any(vae.is_relative_to(_absolute(folder)) for folder in self._finder.folders)
        return vae.name if listed else str(vae)

    def _with_preview(self, model: Model) -> Model:
        """With step previews: a tiny decoder if the folders contain one, otherwise a linear
        approximation."""
        from core.checkpoints.tiny_decoders import load_tiny_decoder
        from core.model.latent_rgb import LatentRgb

        if model.autoencoder.decodes_fast:
            return model
        model = replace(model, latent_rgb=LatentRgb(LatentRgbStore()))
        for path in previews_for(model, self._finder.previews()):
            try:
                return model.with_preview(load_tiny_decoder(path, model))
            except ModelError as error:
                log.warning("%s", error)
        return model


def _check(wanted: ModelKey) -> None:
    """Raises ModelError if its headers show that it cannot be loaded."""
    from core.checkpoints.load_model import check

    check(wanted.path, companions=wanted.companions)


def _absolute(path: Path) -> Path:
    return Path(os.path.abspath(path))


def _offload_note(info: ModelInfo, other: Model) -> Message:
    return Message(
        "The GPU has no room for {model} and {other} at once: their networks take turns there.",
        model=info.name,
        other=other.name,
    )


def _with_fitting_addons(
    model: Model, addon_applier: AddonApplier, request: Request, *, exactly: bool
) -> ModelWithAddons:
    """A model that takes over, such as a refiner, may be of a family that the LoRAs and
    embeddings do not fit."""
    try:
        added = addon_applier.applied(model, request, exactly=exactly, fitting=True)
    except ModelError as error:
        return ModelWithAddons(model, notes=(message_of(error),))
    return replace(added, model=replace(added.model, digest=model.digest))


def previews_for(model: Model, found: Iterable[Path]) -> list[Path]:
    """Tiny decoders whose names match the model's family, the likeliest first."""
    from core.families.stable_diffusion_xl import LATENTS

    wide = model.config.family.latents == LATENTS
    names = [(path.stem.casefold(), path) for path in found]
    fitting = [
        (("decoder" not in name, "encoder" in name, name), path)
        for name, path in names
        if ("xl" in name) is wide and not any(other in name for other in ("sd3", "f1", "flux"))
    ]
    return [path for _, path in sorted(fitting)]
