"""Embeddings count as their vectors, also if they are added or removed while the window is open."""

from __future__ import annotations

from dataclasses import replace

from core.conditioning.text.clip_tokenizer import ClipTokenCounter
from ldm_studio import paths
from ldm_studio.engine.token_counter import TokenCounter
from ldm_studio.models.addon_files import AddonFinder
from tests.ldm_studio.fakes import MODEL, FakePipeline
from tests.ldm_studio.models.test_addons import embedding


def test_added_and_removed_embeddings_are_counted_without_a_restart(start, qtbot) -> None:
    folder = paths.models_dir() / "embeddings"
    embedding(folder / "wide.safetensors", width=100)
    model = replace(MODEL, read=TokenCounter(ClipTokenCounter(), [64], AddonFinder()))
    application = start(FakePipeline(model=model))
    application.store.prompt = "a my-word cat"
    shown = application.window.prompt.prompt_count

    def counts(tokens: int) -> None:
        qtbot.waitUntil(lambda: shown.text().startswith(f"{tokens}/"))

    counts(5)
    file = embedding(folder / "my-word.safetensors")
    counts(4)
    file.unlink()
    counts(5)


def test_a_replaced_embedding_is_counted_again() -> None:
    file = embedding(paths.models_dir() / "my-word.safetensors")
    counter = TokenCounter(ClipTokenCounter(), [64], AddonFinder())
    assert counter("my-word").count == 2
    assert not counter.refresh()
    embedding(file, vectors=5)
    assert counter.refresh()
    assert counter("my-word, a my-word").count == 12
    assert counter("embedding:my-word", "ComfyUI").count == 5
    assert counter("my-word", "ComfyUI").count == 3


def test_the_folder_chooses_between_embeddings_of_one_name() -> None:
    for folder, vectors in (("a", 2), ("b", 5)):
        embedding(paths.models_dir() / folder / "my-word.safetensors", vectors=vectors)
    counter = TokenCounter(ClipTokenCounter(), [64], AddonFinder())
    assert counter("my-word").count == counter("a/my-word").count == 2
    assert counter("a b/my-word, my-word").count == 1 + 5 + 1 + 2
    assert counter("embedding:b/my-word", "ComfyUI").count == 5
