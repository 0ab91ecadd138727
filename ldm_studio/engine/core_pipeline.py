"""The pipeline that draws with `core`.

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
    """The latent diffusion model in `path` (None: the one that ships with the program)."""

    def __init__(
        self,
        path: Path | None = None,
        device: str = "",
        *,
        precision: str = "",
        threads: int = 0,
        background: bool = False,
    ) -> None:
        """`device`, `precision` (of checkpoints), `threads`: what suits the computer, unless given.

        `background`: the thread that loads gives way to others, as do the threads it starts.
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
        self._sums: Future[ModelDigests] | None = None
        """Of the model that is loaded, while they are not known."""
        self._others: dict[ModelKey, tuple[Model, AddonApplier]] = {}
        """The one that a change went on with last."""
        self._recent = RecentModels()
        self._turns: DeviceManager | None = None
        """Of the models that share the device."""

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
        self._put_away()  # before the next one: there may not be room for two
        try:
            recent = self._recent.take(wanted)
            if recent is not None:
                return self._have(recent)
            self._recent.make_room(wanted)
            self._info = self._load(wanted)
        except Exception:  # whatever it was, there is to be a model as before
            if before is not None:
                self._go_back(before)
            raise
        self._loaded = wanted
        self._recent.trim()
        return self._info

    def _put_away(self) -> None:
        """Have no model; the one that is loaded may stay in main memory."""
        model, info = self._model, self._info
        self._model = self._info = self._addon_applier = None
        self._forget_others()
        if model is not None and info is not None and self._loaded is not None:
            self._recent.keep(LoadedModel(self._loaded, model, info, self._sums))
        self._sums = None

    def _have(self, known: LoadedModel) -> ModelInfo:
        """Have a model again that was put away."""
        self._model, self._info, self._sums = known.model, known.info, known.sums
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
        added, provenance = self._added(request)
        recorded_request = replace(
            inputs.request(request),
            model_digest=request.model_digest or added.model.digest,
            prediction=request.prediction
            if request.model_digest
            else added.model.prediction_override,
        )
        inputs = replace(inputs, models=self._models(provenance))
        job = prepare(added.model, recorded_request, inputs, check)
        return CoreRun(job, provenance=provenance, notes=added.notes)

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
        added, provenance = self._added(saved.request)
        if images is not None:
            saved = replace(saved, inputs=images(saved.request))
        inputs = replace(saved.inputs, models=self._models(provenance))
        saved = replace(saved, inputs=inputs)
        job, state = resume(added.model, saved, check)
        return CoreRun(job, state, saved.step_digests, provenance=provenance, notes=added.notes)

    def digest(self) -> str:
        if self._model is not None and self._sums is not None:
            self._model = replace(self._model, digest=self._sums.result().digest)
            self._sums = None
        return "" if self._model is None else self._model.digest

    def _added(self, request: Request) -> tuple[ModelWithAddons, Provenance]:
        """The loaded model as `request` wants it."""
        assert self._model is not None, "an image before load()"
        assert self._addon_applier is not None
        if request.model_digest or (self._sums is not None and self._sums.done()):
            self.digest()
        made_before = bool(request.model_digest or request.addons)
        added = self._addon_applier.applied(self._model, request, exactly=made_before)
        provenance = Provenance(self._sums, added.used)
        model = replace(added.model, digest=self._model.digest, notify=provenance.tell)
        return replace(added, model=model), provenance

    def _models(self, provenance: Provenance) -> Models:
        """What changes go on with, and what its prompt names; `provenance` come to know of that."""

        def named(request: Request, exactly: bool) -> Model:
            try:
                if self.holds(request.model, request.vae):
                    assert self._model is not None
                    assert self._addon_applier is not None
                    added = self._addon_applier.applied(self._model, request, exactly=exactly)
                    added = replace(added, model=replace(added.model, digest=self._model.digest))
                else:
                    path = self._path_of(request.model)
                    other, addon_applier = self._other(
                        self._component_finder.wanted(path, request.vae)
                    )
                    added = _as_far_as_it_fits(other, addon_applier, request, exactly=exactly)
                    if other.plan.evicts_others and self._info is not None:
                        added = replace(added, notes=(*added.notes, _cleared(self._info, other)))
            except (MemoryError, RuntimeError) as error:
                if shortage := memory_shortage(error):
                    raise shortage from error
                raise
            provenance.also(request, added)
            return replace(added.model, notify=provenance.tell)

        return named

    def _other(self, wanted: ModelKey) -> tuple[Model, AddonApplier]:
        """Stays loaded beside the model until another one, or another model, is wanted."""
        if wanted not in self._others:
            self._forget_others()  # before the next one: there may not be room for three
            _check(wanted)
            model = self._open(wanted)
            if model.plan.evicts_others:
                self._note_that_room_was_made()
            digest = model.digest or self._digests.of(wanted.path).result().digest
            addon_applier = self._addon_applier_of(wanted)
            self._others[wanted] = replace(model, digest=digest), addon_applier
        return self._others[wanted]

    def _note_that_room_was_made(self) -> None:
        """The networks of the model take turns from now on."""
        assert self._model is not None
        assert self._info is not None
        plan = replace(self._model.plan, made_room=True)
        self._model = replace(self._model, plan=plan)
        self._info = replace(self._info, plan=plan.message)

    def _forget_others(self) -> None:
        self._others.clear()
        if self._turns is not None:
            self._turns.evict()  # which may be one of theirs

    def _addon_applier_of(self, wanted: ModelKey) -> AddonApplier:
        return AddonApplier(self._finder, self._digests, wanted.vae, wanted.texts)

    def _path_of(self, model: str) -> Path:
        own = self._path if model == DEFAULT else None
        return _absolute(own or find_model(model))  # a link stays one: files may lie beside it

    def _go_back(self, wanted: ModelKey) -> None:
        """Have the model again that was loaded; none, if that fails as well."""
        try:
            recent = self._recent.take(wanted)
            if recent is not None:
                self._have(recent)
                return
            self._info = self._load(wanted)
        except Exception as error:  # what is told is why the other one did not load
            log.warning("the model before, %s, is not loaded again: %s", wanted.path, error)
            self._model = None

    def _prepare_torch(self) -> None:
        # A waiting OpenMP thread that spins takes the processor from everybody else.
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

    def _found_device(self) -> str:
        """The one that was asked for; the fastest if that is not there (any more)."""
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
        """Of checkpoints; None for what suits the device."""
        import torch

        if not self._precision:
            return None
        if self._precision not in precisions(torch.device(device)):
            log.warning("%s does not compute in %s", device, self._precision)
            return None
        dtype: torch.dtype = getattr(torch, self._precision)
        return dtype

    def _open(self, wanted: ModelKey) -> Model:
        """The model; without a digest where that is not known yet."""
        from core.checkpoints.load_model import load_model

        device, path = self._found_device(), wanted.path
        model = load_model(
            path,
            device,
            companions=wanted.companions,
            digest=Catalogue().digest(path) if is_checkpoint(path) else None,
            dtype=self._dtype(device),
            turns=self._turns_on(device),
        )
        return self._with_preview(model)

    def _turns_on(self, device: str) -> DeviceManager:
        """Those of all models there."""
        import torch

        from core.runtime.offload import DeviceManager

        if self._turns is None or self._turns.device != torch.device(device):
            self._turns = DeviceManager(torch.device(device))
        return self._turns

    def _load(self, wanted: ModelKey) -> ModelInfo:
        from core.runtime.environment import title

        path = wanted.path
        self._model = model = self._open(wanted)
        if not model.digest:  # it is found out while the first image is drawn
            self._sums = self._digests.of(path)
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
            size=sum(model.plan.weights.values()),
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
        """How requests name the autoencoder that a model is drawn with unless they say otherwise;
        empty for its own."""
        vae = companion_vae(wanted.path) or wanted.vae
        if vae is None:
            return ""
        vae = _absolute(vae)
        listed = any(vae.is_relative_to(_absolute(folder)) for folder in self._finder.folders)
        return vae.name if listed else str(vae)

    def _with_preview(self, model: Model) -> Model:
        """With what shows its steps: a tiny decoder, if one lies in the folders, else colours."""
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
    """Raises ModelError if it cannot be loaded, as far as its headers show."""
    from core.checkpoints.load_model import check

    check(wanted.path, companions=wanted.companions)


def _absolute(path: Path) -> Path:
    return Path(os.path.abspath(path))


def _cleared(info: ModelInfo, other: Model) -> Message:
    return Message(
        "The GPU has no room for {model} and {other} at once: their networks take turns there.",
        model=info.name,
        other=other.name,
    )


def _as_far_as_it_fits(
    model: Model, addon_applier: AddonApplier, request: Request, *, exactly: bool
) -> ModelWithAddons:
    """A model that goes on, such as a refiner, is often of a family that the LoRAs and words of the
    one before are not for."""
    try:
        added = addon_applier.applied(model, request, exactly=exactly, fitting=True)
    except ModelError as error:
        return ModelWithAddons(model, notes=(message_of(error),))
    return replace(added, model=replace(added.model, digest=model.digest))


def previews_for(model: Model, found: Iterable[Path]) -> list[Path]:
    """Those whose names say that they are for the model's family: decoders, the likeliest first."""
    from core.families.stable_diffusion_xl import LATENTS

    wide = model.config.family.latents == LATENTS
    names = [(path.stem.casefold(), path) for path in found]
    fitting = [
        (("decoder" not in name, "encoder" in name, name), path)
        for name, path in names
        if ("xl" in name) is wide and not any(other in name for other in ("sd3", "f1", "flux"))
    ]
    return [path for _, path in sorted(fitting)]
