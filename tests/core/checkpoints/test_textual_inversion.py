"""Textual inversion: read from every file format, and inserted in place of their names."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from core.checkpoints.load_model import load_model
from core.checkpoints.lora import Lora, with_loras
from core.checkpoints.textual_inversion import with_embeddings
from core.conditioning.text.clip_text import ClipConditioner
from core.conditioning.text.clip_tokenizer import END, START
from core.model.model import Model
from core.request.conditions import Text
from tests.core.checkpoints.tiny import load_expanded
from tests.narrowing import present

VECTORS = torch.randn(3, 64, generator=torch.Generator().manual_seed(0))
WIDE = torch.ones(1, 768)


@pytest.fixture(scope="module")
def models(checkpoints: dict[str, Path]) -> dict[str, Model]:
    return {kind: load_expanded(checkpoints[kind], digest=kind) for kind in ("SD1", "SDXL")}


def expected(model: Model, before: list[int], after: list[int]) -> Tensor:
    """The context of known tokens with the vectors inserted."""
    assert isinstance(model.text, ClipConditioner)
    network, _ = model.text.encoders[0]
    tokens = [START, *before, -1, -2, -3, *after, END]
    tokens += [END] * (77 - len(tokens))
    with torch.no_grad():
        return network(torch.tensor([tokens]), END, inserted=VECTORS).vectors


def write(form: str, path: Path) -> None:
    if form == "A1111":
        torch.save(
            {
                "string_to_token": {"*": 265},
                "string_to_param": {"*": VECTORS},
                "name": "another name",
                "step": 500,
                "sd_checkpoint": None,
            },
            path,
        )
    elif form == "diffusers":
        torch.save({"<my-word>": VECTORS}, path)
    elif form == "A1111, of old":
        parameters = torch.nn.ParameterDict({"*": torch.nn.Parameter(VECTORS)})
        torch.save({"string_to_token": {"*": 265}, "string_to_param": parameters}, path)
    elif form == "several words":
        torch.save({"string_to_param": {"*": VECTORS[:1], "+": VECTORS[1:]}}, path)
    elif form == "several words of diffusers":
        torch.save({f"<s{i}>": vector for i, vector in enumerate(VECTORS)}, path)
    elif form == "diffusers, by encoder":
        save_file({"text_encoders_0": VECTORS}, path)
    else:
        save_file({"emb_params": VECTORS}, path)


@pytest.mark.parametrize(
    ("form", "suffix"),
    [
        ("A1111", ".pt"),
        ("diffusers", ".bin"),
        ("kohya", ".safetensors"),
        ("A1111, of old", ".pt"),
        ("several words", ".pt"),
        ("several words of diffusers", ".bin"),
        ("diffusers, by encoder", ".safetensors"),
    ],
)
def test_every_embedding_format_is_read(
    form: str, suffix: str, models: dict[str, Model], tmp_path: Path
) -> None:
    path = tmp_path / f"My-Word{suffix}"
    write(form, path)
    model, refused = with_embeddings(models["SD1"], [path])
    assert not refused
    context = expected(model, [320], [2368])  # a ... cat
    for prompt in ("a my-word cat", "a My-Word cat", "a embedding:My-Word cat"):
        torch.testing.assert_close(model.condition(Text(prompt)).tokens, context)
    plain = models["SD1"].condition(Text("a my-word cat")).tokens
    assert not torch.equal(present(plain), context)


def test_an_embedding_has_the_weight_of_its_name(models: dict[str, Model], tmp_path: Path) -> None:
    write("kohya", tmp_path / "word.safetensors")
    model, _ = with_embeddings(models["SD1"], [tmp_path / "word.safetensors"])
    weighted = expected(model, [320], [2368])
    mean = weighted.mean()
    weighted[:, 2:5] *= 1.5
    weighted *= mean / weighted.mean()
    actual = model.condition(Text("a (word:1.5) cat")).tokens
    torch.testing.assert_close(actual, weighted, atol=1e-5, rtol=1e-4)


def test_an_embedding_counts_as_many_tokens_as_vectors(
    models: dict[str, Model], tmp_path: Path
) -> None:
    write("kohya", tmp_path / "word.safetensors")
    model, _ = with_embeddings(models["SD1"], [tmp_path / "word.safetensors"])
    assert present(model.text.count_tokens)("a word cat").count == 5
    assert pickle.loads(pickle.dumps(model.text.count_tokens))("a word cat").count == 5
    assert present(model.text.count_tokens)("cat " * 73 + "word").limit == 150  # is not split
    assert present(model.condition(Text("cat " * 73 + "word")).tokens).shape[1] == 154


@pytest.mark.parametrize("names", [("clip_l", "clip_g"), ("text_encoders_0", "text_encoders_1")])
def test_an_embedding_has_vectors_for_both_encoders(
    names: tuple[str, str], models: dict[str, Model], tmp_path: Path
) -> None:
    path = tmp_path / "word.safetensors"
    save_file(dict(zip(names, (VECTORS, VECTORS + 1), strict=True)), path)
    model, refused = with_embeddings(models["SDXL"], [path])
    assert not refused
    assert isinstance(model.text, ClipConditioner)
    first, second = model.text.embeddings[0].vectors
    assert torch.equal(first, VECTORS)
    assert torch.equal(second, VECTORS + 1)
    assert present(model.condition(Text("a word")).tokens).shape == (1, 77, 128)


def test_unusable_embeddings_are_reported(models: dict[str, Model], tmp_path: Path) -> None:
    files = {
        "wide": {"emb_params": torch.zeros(2, 768)},
        "long": {"emb_params": torch.zeros(76, 64)},
        "two": {"a": torch.zeros(1, 64), "b": torch.zeros(1, 64)},
        "broken": {"emb_params": torch.full((1, 64), float("nan"))},
    }
    for name, tensors in files.items():
        save_file(tensors, tmp_path / f"{name}.safetensors")
    paths = [tmp_path / f"{name}.safetensors" for name in files]
    model, refused = with_embeddings(models["SD1"], paths)
    assert [name in str(error) for name, error in zip(files, refused, strict=True)] == [True] * 4
    assert "768" in str(refused[0])
    assert model is models["SD1"]


def test_models_without_embeddings_ignore_them(tiny_model_folder: Path, tmp_path: Path) -> None:
    write("kohya", tmp_path / "word.safetensors")
    model = load_model(tiny_model_folder)
    same, refused = with_embeddings(model, [tmp_path / "word.safetensors"])
    assert same is model
    assert len(refused) == 1


def test_a_lora_keeps_the_embeddings(models: dict[str, Model], tmp_path: Path) -> None:
    write("kohya", tmp_path / "word.safetensors")
    model, _ = with_embeddings(models["SD1"], [tmp_path / "word.safetensors"])
    save_file({"lora_unet_out_2.diff_b": torch.ones(4)}, tmp_path / "lora.safetensors")
    changed, [effect] = with_loras(model, [Lora(tmp_path / "lora.safetensors")])
    assert effect.layers == 1
    assert present(changed.text.count_tokens)("a word cat").count == 5


@pytest.mark.parametrize("form", ["string_to_param.*", "emb_params", "clip_l"])
def test_embeddings_in_a_lora_are_words_of_the_prompt(
    form: str, models: dict[str, Model], tmp_path: Path
) -> None:
    path = tmp_path / "lora.safetensors"
    save_file({f"bundle_emb.my-word.{form}": VECTORS, "bundle_emb.wide.emb_params": WIDE}, path)
    model, [effect] = with_loras(models["SD1"], [Lora(path)])
    assert effect.unused == ("bundle_emb.wide.emb_params",)
    context = expected(model, [320], [2368])
    torch.testing.assert_close(model.condition(Text("a my-word cat")).tokens, context)
