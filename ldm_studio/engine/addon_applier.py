"""Applies add-ons to a loaded model: a VAE, LoRAs, embeddings.

The model itself stays unchanged. Changed models are kept while there is room, so that consecutive
images with the same LoRAs start at once.
"""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from core.conditioning.text.embeddings import missing_embeddings
from core.conditioning.text.prompt_parser import LoraUse, loras
from core.errors import Message, ModelError, RequestError, quoted
from core.request.request import Addon, Request
from core.sampling.samplers import SAMPLERS
from ldm_studio.models.addon_files import WORDS, AddonFinder
from ldm_studio.models.file_digests import DigestWorker, ModelDigests

if TYPE_CHECKING:
    from core.checkpoints.lora import Lora, LoraEffect
    from core.model.model import Model

log = logging.getLogger(__name__)

AddonKind = Literal["lora", "embedding", "vae", "text"]
MAX_KEPT = 4
"""Maximum number of models with add-ons that are kept."""
ROOM = 0.5
"""Their maximum total size, as a share of the model's; the last one is always kept."""
LISTED = 3
"""Maximum number of tensor names in a message."""


@dataclass(frozen=True)
class Used:
    """A file that a model was changed with."""

    kind: AddonKind
    name: str
    path: Path
    sums: Future[ModelDigests]

    def addon(self) -> Addon:
        """Waits until its digest is known. Raises ModelError."""
        sums = self.sums.result()
        return Addon(self.kind, self.name, sums.digest, sums.short)


@dataclass(frozen=True)
class Provenance:
    """The provenance of an image: the model and files that it is made with, recorded once their
    digests are known."""

    model: Future[ModelDigests] | None = None
    """None if the model's digest is known."""
    used: tuple[Used, ...] = ()
    later: dict[Request, tuple[Used, ...]] = field(default_factory=dict[Request, tuple[Used, ...]])
    """For each change that may add files: the request after it, and the files."""
    notes: list[Message] = field(default_factory=list[Message])
    """Settings without effect, or replaced by others, in words."""

    def add_change(self, request: Request, added: ModelWithAddons) -> None:
        """Records the files of a change; `request` is the one after it."""
        self.later[_without_digest(request)] = added.used
        for note in added.notes:
            self.add_note(note)

    def add_note(self, note: Message) -> None:
        """Adds a note, once."""
        if note not in self.notes:
            self.notes.append(note)

    @property
    def are_known(self) -> bool:
        """Whether all digests are known, so that nothing below waits."""
        used = (self.used, *self.later.values())
        sums = [one.sums for part in used for one in part]
        return all(future.done() for future in (*sums, *filter(None, [self.model])))

    def digest(self) -> str:
        """The model's digest; empty if it must not be recorded."""
        try:
            return "" if self.model is None else self.model.result().digest
        except ModelError as error:  # it was removed meanwhile, which is no reason to lose an image
            log.warning("%s", error)
            return ""

    def addons(self) -> tuple[Addon, ...]:
        return _addons(self.used)

    def addons_of(self, request: Request) -> tuple[Addon, ...] | None:
        """The add-ons after a change, by its request; None if it added none."""
        used = self.later.get(_without_digest(request))
        return None if used is None else _addons(used)


def _without_digest(request: Request) -> Request:
    """The request as it was before the digest of its last change's model was known."""
    return replace(request, model_digest="")


def _addons(used: Iterable[Used]) -> tuple[Addon, ...]:
    found: list[Addon] = []
    for one in used:
        try:
            found.append(one.addon())
        except ModelError as error:  # it was removed meanwhile
            log.warning("%s", error)
    return tuple(found)


@dataclass(frozen=True)
class ModelWithAddons:
    """A model with the add-ons of a request."""

    model: Model
    used: tuple[Used, ...] = ()
    notes: tuple[Message, ...] = ()
    """Add-ons without effect, in words."""


@dataclass(frozen=True)
class _Recipe:
    """The add-ons by path and strength."""

    vae: Path | None = None
    loras: tuple[Lora, ...] = ()
    embeddings: tuple[tuple[str, Path], ...] = ()
    """Their names in prompts: they may have had another name when the image was made."""


@dataclass(frozen=True)
class _ChangedModel:
    model: Model
    effects: tuple[LoraEffect, ...] = ()
    refused: Mapping[Path, Message] = field(default_factory=dict[Path, Message])
    """Embeddings that cannot be used, and why."""


class AddonApplier:
    """Applies add-ons to one model, which is the same at every call."""

    def __init__(
        self,
        finder: AddonFinder,
        digests: DigestWorker,
        vae: Path | None = None,
        texts: Sequence[Path] = (),
    ) -> None:
        """`vae`, `texts`: files that complete the model."""
        self._finder = finder
        self._digests = digests
        self._vae = vae
        self._texts = texts
        self._kept: OrderedDict[_Recipe, _ChangedModel] = OrderedDict()

    def applied(
        self, model: Model, request: Request, *, exactly: bool = False, fitting: bool = False
    ) -> ModelWithAddons:
        """`model` with the VAE of `request` and what its prompts name.

        `exactly`: apply no embedding that `request.addons` does not list, because it may be newer.
        `fitting`: leave out LoRAs for other families, and note that. Raises RequestError if a file
        is missing, or is not the one that `request.addons` lists; ModelError if it cannot be used.
        """
        from core.checkpoints.lora import Lora

        uses = loras(request.prompt, request.syntax)
        used = [self._used("lora", use.name, request) for use in uses]
        added = tuple(
            Lora(one.path, use.unet, use.text) for one, use in zip(used, uses, strict=True)
        )
        without: list[str] = []
        if fitting:
            unfit = {one.path for one in added if not _fits(model, one)}
            without = [one.name for one in used if one.path in unfit]
            used = [one for one in used if one.path not in unfit]
            added = tuple(one for one in added if one.path not in unfit)
        vae = None
        if request.vae:
            used.append(self._used("vae", request.vae, request))
            vae = used[-1].path if used[-1].path != self._vae else None
        used += self._text_encoders(request, exactly=exactly)
        words = self._embeddings(model, request, exactly=exactly)
        made = self._changed_model(
            model, _Recipe(vae, added, tuple((word.name, word.path) for word in words))
        )
        once = {(one.kind, one.path): one for one in [*used, *words]}
        notes = [*_ignored_settings(model, request), *_unused_lora_tensors(used, made.effects)]
        notes += [
            Message("{model} is used without the LoRA {lora}.", model=model.name, lora=quoted(name))
            for name in without
        ]
        for word in words:
            if word.path in made.refused:
                del once[word.kind, word.path]
                notes.append(
                    Message(
                        "The embedding {embedding} is read as text: {reason}",
                        embedding=quoted(word.name),
                        reason=made.refused[word.path],
                    )
                )
        notes += _missing_embeddings(made.model, request, words)
        return ModelWithAddons(made.model, tuple(once.values()), tuple(dict.fromkeys(notes)))

    def _used(self, kind: AddonKind, name: str, request: Request) -> Used:
        then = [one for one in request.addons if (one.kind, one.name) == (kind, name)]
        path = self._finder.find(kind, name, then[0].digest if then else "")
        return self._check_digest(Used(kind, name, path, self._sums(kind, path)), then)

    def _sums(self, kind: AddonKind, path: Path) -> Future[ModelDigests]:
        return self._digests.of(path, lora=kind == "lora")

    def _check_digest(self, used: Used, then: Sequence[Addon]) -> Used:
        """Raises RequestError if the file differs from `then`."""
        for one in then:
            now = used.sums.result().digest
            if one.digest != now:
                raise RequestError(
                    "addons",
                    "This needs the {kind} {name} with the hash {expected}; {path} has {actual}.",
                    "Put the original file into one of your folders.",
                    kind=WORDS[used.kind],
                    name=quoted(one.name),
                    expected=one.digest[:10],
                    path=used.path,
                    actual=now[:10],
                )
        return used

    def _text_encoders(self, request: Request, *, exactly: bool) -> list[Used]:
        """The text encoders from other files."""
        then = [one for one in request.addons if one.kind == "text"]
        own = [Used("text", path.name, path, self._sums("text", path)) for path in self._texts]
        if exactly and then:
            own = [self._check_digest(u, [one]) for u, one in zip(own, then, strict=False)]
        return own

    def _embeddings(self, model: Model, request: Request, *, exactly: bool) -> list[Used]:
        """The embeddings that the prompts name."""
        if not _takes_embeddings(model):
            return []
        names = [one.name for one in request.addons if one.kind == "embedding"]
        if not exactly:
            names += self._finder.embeddings(request.prompt, request.negative)
        return [self._used("embedding", name, request) for name in dict.fromkeys(names)]

    def _changed_model(self, model: Model, recipe: _Recipe) -> _ChangedModel:
        if recipe == _Recipe():
            return _ChangedModel(model)
        if recipe in self._kept:
            self._kept.move_to_end(recipe)
            return self._kept[recipe]
        self._make_room(model)
        made = _build(model, recipe)
        self._kept[recipe] = made
        return made

    def _make_room(self, model: Model) -> None:
        """Makes room for another one as large as the largest so far."""
        room = ROOM * _size([model], ())
        while self._kept:
            sizes = [_size([made.model], [model]) for made in self._kept.values()]
            if len(sizes) < MAX_KEPT and sum(sizes) + max(sizes) <= room:
                return
            self._kept.popitem(last=False)


def _build(model: Model, recipe: _Recipe) -> _ChangedModel:
    from core.checkpoints.lora import with_loras
    from core.checkpoints.textual_inversion import with_embeddings
    from core.checkpoints.vae_files import with_vae

    if recipe.vae is not None:
        model = with_vae(model, recipe.vae)
    model, effects = with_loras(model, recipe.loras)
    refused: dict[Path, Message] = {}
    for name, path in recipe.embeddings:
        model, errors = with_embeddings(model, [path], [name])
        if errors:
            refused[path] = errors[0].message
    return _ChangedModel(model, effects, refused)


def _fits(model: Model, lora: Lora) -> bool:
    from core.checkpoints.lora import check_fit

    try:
        check_fit(model, lora)
    except ModelError as error:
        log.info("%s", error)
        return False
    return True


def _takes_embeddings(model: Model) -> bool:
    return model.config.family.takes.embeddings


def _size(models: Iterable[Model], shared: Iterable[Model]) -> int:
    """Bytes of the weights of `models` that `shared` do not have."""
    from core.runtime.offload import sizes

    theirs = sizes(*(network for model in shared for network in model.networks))
    mine = sizes(*(network for model in models for network in model.networks))
    return sum(size for place, size in mine.items() if place not in theirs)


def _ignored_settings(model: Model, request: Request) -> list[Message]:
    named: tuple[LoraUse, ...] = loras(request.negative, request.syntax)
    notes = [
        Message("The LoRA {lora} has no effect in the negative prompt.", lora=quoted(use.name))
        for use in named
    ]
    image = model.image
    if image is not None and image.lacks_statistics and request.control and request.noise_level:
        notes.append(
            Message(
                "The noise differs a little from what {model} was trained with: its file lacks "
                "the statistics, which its folder in the diffusers layout has.",
                model=model.name,
            )
        )
    if not request.negative.strip():
        return notes
    if model.has_guidance_embedding:
        return [
            Message(
                "The negative prompt has no effect: {model} has guidance built in.",
                model=model.name,
            ),
            *notes,
        ]
    guided = request.guidance.plus_plus or SAMPLERS[request.sampler].takes_both
    guided = guided or model.input_kind == "instruct-pix2pix"
    if not guided and {request.cfg, *(change.cfg for change in request.changes)} <= {1.0, None}:
        return [Message("The negative prompt has no effect at CFG 1."), *notes]
    return notes


def _missing_embeddings(model: Model, request: Request, words: Iterable[Used]) -> list[Message]:
    """Notes on embeddings that the prompts name and that are not there."""
    names = [*(word.name for word in words), *(one.name for one in model.text.embeddings)]
    return [
        Message("There is no embedding {embedding}; it is read as text.", embedding=quoted(name))
        for name in missing_embeddings(names, request.prompt, request.negative)
    ]


def _unused_lora_tensors(used: Iterable[Used], effects: Iterable[LoraEffect]) -> list[Message]:
    """Notes on LoRA tensors that match nothing in the model."""
    notes: list[Message] = []
    named = (one for one in used if one.kind == "lora")
    for one, effect in zip(named, effects, strict=True):
        count = len(effect.unused)
        if not count:
            continue
        names = ", ".join((*effect.unused[:LISTED], *(["…"] if count > LISTED else [])))
        notes.append(
            Message(
                "Tensors of the LoRA {lora} that match nothing in this model: {count} "
                "({names}). The rest is applied.",
                lora=quoted(one.name),
                count=count,
                names=names,
            )
        )
    return notes
