"""Loads textual inversion embeddings: new words, each a few vectors in a small file."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from torch import Tensor

from ..conditioning.text.clip_tokenizer import CHUNK, clip_tokenizer
from ..conditioning.text.embeddings import Embedding
from ..errors import InvalidError, ModelError, quoted
from ..model.model import Model
from .open_file import open_tensors
from .tensor_file import TensorFile, unreadable

TWO_ENCODER_NAMES = ("clip_l", "clip_g")
"""Names of the vectors for two text encoders."""


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

    Raises ModelError if it is damaged, unsafe, or made for other text encoders.
    """
    if not widths:
        raise ModelError(
            "{path} is an embedding; this model does not support embeddings.",
            "Choose another model.",
            path=path,
        )
    file = open_tensors(path)
    vectors = [_vectors(file, name) for name in _vector_names(file)]
    found = [tensor.shape[1] for tensor in vectors]
    if found != list(widths):
        raise ModelError(
            "{path} is made for text encoders of {widths} dimensions; this model has {expected}.",
            "Use it with a model of its own family.",
            path=path,
            widths=list(map(str, found)),
            expected=list(map(str, widths)),
        )
    counts = {len(tensor) for tensor in vectors}
    if len(counts) != 1 or not 1 <= max(counts) <= CHUNK:
        raise unreadable(
            path, InvalidError("it has too many vectors, or different numbers of them")
        )
    return Embedding(path.stem, tuple(vectors))


def embedding_widths(file: TensorFile) -> tuple[int, ...] | None:
    """The widths of the text encoders that the embedding is made for; None for other files."""
    try:
        shapes = [file.entries[name].shape for name in _vector_names(file)]
    except ModelError:
        return None
    rows = [shape[0] if len(shape) == 2 else 1 for shape in shapes if shape]
    if len(rows) != len(shapes) or not all(1 <= count <= CHUNK for count in rows):
        return None
    return tuple(shape[-1] for shape in shapes)


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


def _vector_names(file: TensorFile) -> list[str]:
    several = [name for name in TWO_ENCODER_NAMES if name in file.entries]
    if several:
        return several
    vectors = [name for name, entry in file.entries.items() if len(entry.shape) in (1, 2)]
    named = [name for name in vectors if name.startswith(("emb_params", "string_to_param."))]
    names = named or vectors
    if len(names) != 1:
        raise unreadable(file.path, InvalidError("it does not hold the vectors of one word"))
    return names


def _vectors(file: TensorFile, name: str) -> Tensor:
    """[n, dim]"""
    entry = file.entries[name]
    if len(entry.shape) not in (1, 2) or not entry.dtype.is_floating_point:
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
