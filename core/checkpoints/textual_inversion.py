"""Loads textual inversion embeddings: new words, each a few vectors in a small file."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor

from ..conditioning.text.clip_tokenizer import CHUNK, clip_tokenizer
from ..conditioning.text.embeddings import Embedding
from ..errors import InvalidError, ModelError, quoted
from ..model.model import Model
from .open_file import open_tensors
from .tensor_file import TensorFile, unreadable

_BY_ENCODER = (("clip_l", "clip_g"), ("text_encoders_0", "text_encoders_1"))
"""Names of the vectors for each text encoder: those of kohya and ComfyUI, and of diffusers."""
_OF_WORDS = ("emb_params", "string_to_param.")
"""How the names of kohya's and AUTOMATIC1111's vectors begin."""
_SEVERAL_WORDS = re.compile(r"(^|\.)string_to_param\.|^<.+>$")
"""Names of vectors in files of several words, of AUTOMATIC1111 and of diffusers."""


def with_embeddings(
    model: Model, paths: Sequence[Path], names: Sequence[str] = ()
) -> tuple[Model, tuple[ModelError, ...]]:
    """The model with the embeddings in the files, and errors for those that do not fit it.

    `names`: what prompts call each of them; the names of the files if it is empty.
    """
    text = model.text
    known: list[Embedding] = []
    refused: list[ModelError] = []
    for path, name in zip(paths, names or [path.stem for path in paths], strict=True):
        try:
            known.append(replace(read_embedding(path, text.embedding_widths), name=name))
        except ModelError as error:
            refused.append(error)
    if not known:
        return model, tuple(refused)
    return model.with_text(text.with_embeddings(known)), tuple(refused)


def read_embedding(path: Path, widths: Sequence[int]) -> Embedding:
    """Reads an embedding of AUTOMATIC1111, diffusers or kohya for text encoders of these widths.

    A file of several words stands for all their vectors, in its order. Raises ModelError if it is
    damaged, unsafe, or made for other text encoders.
    """
    if not widths:
        raise ModelError(
            "{path} is an embedding; this model does not support embeddings.",
            "Choose another model.",
            path=path,
        )
    file = open_tensors(path)
    return _embedding(file, path.stem, {name: name for name in file.entries}, widths)


def bundled_embedding(
    file: TensorFile, word: str, names: Mapping[str, str], widths: Sequence[int]
) -> Embedding | None:
    """The embedding for `word` in a LoRA's file, or None if it is not for text encoders of these
    widths. `names`: those of its tensors in the file, by their names within the embedding.

    Raises ModelError if it is damaged.
    """
    groups = _vector_names(file, names)
    if [file.entries[group[0]].shape[-1] for group in groups] != list(widths):
        return None
    return _embedding(file, word, names, widths)


def _embedding(
    file: TensorFile, word: str, names: Mapping[str, str], widths: Sequence[int]
) -> Embedding:
    """Raises ModelError."""
    groups = _vector_names(file, names)
    if not groups:
        raise unreadable(file.path, InvalidError("it does not hold the vectors of a word"))
    found = [file.entries[group[0]].shape[-1] for group in groups]
    if found != list(widths):
        raise ModelError(
            "{path} is made for text encoders of {widths} dimensions; this model has {expected}.",
            "Use it with a model of its own family.",
            path=file.path,
            widths=list(map(str, found)),
            expected=list(map(str, widths)),
        )
    vectors = [torch.cat([_vectors(file, name) for name in group]) for group in groups]
    if len({len(tensor) for tensor in vectors}) != 1 or not 1 <= len(vectors[0]) <= CHUNK:
        raise unreadable(
            file.path, InvalidError("it has too many vectors, or different numbers of them")
        )
    return Embedding(word, tuple(vectors))


def embedding_widths(file: TensorFile) -> tuple[int, ...] | None:
    """The widths of the text encoders that the embedding is made for; None for other files."""
    widths: list[int] = []
    for group in _vector_names(file, {name: name for name in file.entries}):
        shapes = [file.entries[name].shape for name in group]
        if not 1 <= sum(shape[0] if len(shape) == 2 else 1 for shape in shapes) <= CHUNK:
            return None
        widths.append(shapes[0][-1])
    return tuple(widths) or None


def names_in_prompts(names: Iterable[str], *prompts: str) -> list[str]:
    """The names that occur in the prompts: with the same tokens, and not only as part of a longer
    name.
    """
    tokenizer = clip_tokenizer()
    texts = [f" {' '.join(map(str, tokenizer.encode(text).ids))} " for text in prompts]
    written = [n for n in names if any(n.casefold() in text.casefold() for text in prompts)]
    found: set[str] = set()
    for name in sorted(written, key=len, reverse=True):
        ids = " ".join(map(str, tokenizer.encode(name).ids))
        if ids and any(f" {ids} " in text for text in texts):
            found.add(name)
            texts = [re.sub(f"(?<= ){ids}(?= )", "-", text) for text in texts]
    return [name for name in written if name in found]


def _vector_names(file: TensorFile, names: Mapping[str, str]) -> list[list[str]]:
    """For each text encoder, the tensors in the file that hold its vectors, in order; empty if
    there are none. `names`: tensors in the file, by their names within the embedding.
    """
    for encoders in _BY_ENCODER:
        several = [[names[name]] for name in encoders if name in names]
        if several and all(len(file.entries[name].shape) in (1, 2) for [name] in several):
            return several
    vectors = [own for own in names.values() if len(file.entries[own].shape) in (1, 2)]
    words = [own for name, own in names.items() if name.startswith(_OF_WORDS) and own in vectors]
    words = words or vectors
    if len(words) > 1 and not all(_SEVERAL_WORDS.search(word) for word in words):
        return []
    return [words] if len({file.entries[word].shape[-1] for word in words}) == 1 else []


def _vectors(file: TensorFile, name: str) -> Tensor:
    """[n, dim]"""
    if not file.entries[name].dtype.is_floating_point:
        raise unreadable(
            file.path, InvalidError("{tensor} does not hold vectors", tensor=quoted(name))
        )
    vectors = file.tensor(name).float()
    if not vectors.isfinite().all():
        raise unreadable(
            file.path,
            InvalidError("{tensor} holds values that are not finite", tensor=quoted(name)),
        )
    return vectors if vectors.ndim == 2 else vectors[None]
