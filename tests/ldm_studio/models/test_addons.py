"""LoRAs, embeddings and VAEs in requests: found, applied, recorded, and replayed."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer

from core.checkpoints.load_model import load_model
from core.checkpoints.overrides import Overrides, write_overrides
from core.conditioning.text.sentence import SentenceConditioner
from core.errors import Message, ModelError, RequestError
from core.networks.kl_autoencoder import AutoencoderKL
from core.pipeline.text_to_image import finish, prepare, steps
from core.request.parameters import Guidance
from core.request.request import Addon, Change, Request
from ldm_studio import paths
from ldm_studio.engine.core_pipeline import CorePipeline
from ldm_studio.engine.core_run import CoreRun
from ldm_studio.models import addon_files
from ldm_studio.models import file_digests as digests
from ldm_studio.models.addon_files import AddonFinder
from ldm_studio.models.found_models import SHIPPED
from tests.core.checkpoints.tiny import VAE, made, original
from tests.core.conftest import randomise
from tests.ldm_studio.fakes import Gate
from tests.narrowing import present
from tests.waiting import HANG_SECONDS

LAYER = "lora_unet_input_blocks_4_1_transformer_blocks_0_attn2_to_k"
REQUEST = Request(
    prompt="a cat", model="dream.safetensors", steps=2, width=64, height=64, seed=1, cfg=3.0
)


def noise(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def lora(path: Path, seed: int = 0, width: int = 64, **more: torch.Tensor) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    down, up = noise(4, width, seed=seed), noise(64, 4, seed=seed)
    save_file({f"{LAYER}.lora_down.weight": down, f"{LAYER}.lora_up.weight": up, **more}, path)
    return path


def embedding(path: Path, width: int = 64, seed: int = 0, vectors: int = 2) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    save_file({"emb_params": noise(vectors, width, seed=seed)}, path)
    return path


def vae(path: Path, seed: int = 7) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    save_file(randomise(AutoencoderKL(VAE), seed).state_dict(), path)
    return path


@pytest.fixture(scope="session")
def tiny_sd1(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sd1") / "dream.safetensors"
    save_file(original(made("SD1", randomise)), path)
    return path


@pytest.fixture
def folder(tiny_sd1: Path) -> Path:
    folder = paths.models_dir()
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "dream.safetensors").symlink_to(tiny_sd1)
    return folder


@pytest.fixture
def pipeline(folder: Path) -> CorePipeline:
    pipeline = CorePipeline(device="cpu")
    pipeline.load("dream.safetensors")
    return pipeline


def drawn(pipeline: CorePipeline, request: Request) -> tuple[np.ndarray, Request, CoreRun]:
    run = pipeline.begin(request)
    last = None
    for step in run.steps():
        last = step
    image = run.finish(last)
    return image.rgb, image.request, run


def with_prompt(prompt: str, **more: object) -> Request:
    return replace(REQUEST, prompt=prompt, **more)


def test_a_lora_applies_with_its_strength_and_only_when_named(pipeline, folder) -> None:
    file = lora(folder / "Lora" / "detail.safetensors")
    plain, request, _ = drawn(pipeline, REQUEST)
    assert request.addons == ()
    strong, request, _ = drawn(pipeline, with_prompt("a cat <lora:detail:0.8>"))
    content = file.read_bytes()
    header = 8 + int.from_bytes(content[:8], "little")
    assert request.addons == (
        Addon(
            "lora",
            "detail",
            hashlib.sha256(content).hexdigest(),
            hashlib.sha256(content[header:]).hexdigest()[:12],
        ),
    )
    weak, _, _ = drawn(pipeline, with_prompt("a cat <lora:detail:0.1>"))
    none, _, _ = drawn(pipeline, with_prompt("a cat <lora:detail:0>"))
    assert not np.array_equal(plain, strong)
    assert not np.array_equal(weak, strong)
    assert np.array_equal(plain, none)
    assert np.array_equal(plain, drawn(pipeline, REQUEST)[0])


IN_THE_DEFAULT_MODEL = {
    "input_blocks_3_0_in_layers_2": "input_blocks.3.0.in_layers.2",
    "input_blocks_5_1_transformer_blocks_0_attn2_to_k": (
        "input_blocks.5.1.transformer_blocks.0.attn2.to_k"
    ),
    "mid_block_attentions_0_transformer_blocks_0_attn1_to_q": (
        "middle_block.1.transformer_blocks.0.attn1.to_q"
    ),
}
"""Layers with kohya's names, after the original checkpoints and after diffusers."""


def test_a_lora_for_the_default_model_adds_its_product_to_the_weights(folder) -> None:
    model = load_model()
    model.bring(*model.networks)
    weights: dict[str, torch.Tensor] = {}
    for seed, (name, path) in enumerate(IN_THE_DEFAULT_MODEL.items()):
        weight = model.backbone.get_parameter(f"{path}.weight")
        up, down = noise(len(weight), 4, seed=seed) / 3, noise(4, *weight.shape[1:], seed=seed) / 3
        product = (up @ down.flatten(1)).reshape(weight.shape)
        weight += 0.8 * product
        weights[f"lora_unet_{name}.lora_down.weight"] = down
        up = up if weight.ndim == 2 else up[..., None, None]
        weights[f"lora_unet_{name}.lora_up.weight"] = up
    (folder / "Lora").mkdir()
    save_file(weights, folder / "Lora" / "ink.safetensors")
    pipeline = CorePipeline(device="cpu")
    pipeline.load()
    asked = Request(prompt="a cat <lora:ink:0.8>", steps=2, width=64, height=64, seed=1, cfg=3.0)
    with_lora, request, run = drawn(pipeline, asked)
    assert [(one.kind, one.name) for one in request.addons] == [("lora", "ink")]
    assert run.notes == ()
    job = prepare(model, replace(asked, prompt="a cat"))
    *_, last = steps(job)
    difference = np.abs(with_lora.astype(int) - finish(job, last.state).rgb)
    assert difference.max() <= 1  # rounding
    plain, _, _ = drawn(pipeline, replace(asked, prompt="a cat"))
    assert np.abs(with_lora.astype(int) - plain).mean() > 3
    assert np.array_equal(drawn(pipeline, replace(asked, addons=request.addons))[0], with_lora)


def test_an_embedding_for_the_default_model_replaces_its_name(folder) -> None:
    model = load_model()
    text = model.text
    assert isinstance(text, SentenceConditioner)
    model.bring(*text.networks)
    tokenizer = Tokenizer.from_file(str(SHIPPED / "tokenizer.json"))
    tokens = [tokenizer.token_to_id(word) for word in ("red", "heart")]
    vectors = text.network.embeddings.word_embeddings.weight[tokens]
    embedding(folder / "embeddings" / "for-sd.safetensors", width=768)
    save_file({"emb_params": vectors.clone()}, folder / "embeddings" / "my-word.safetensors")
    pipeline = CorePipeline(device="cpu")
    info = pipeline.load()
    asked = Request(prompt="a my-word", steps=2, width=64, height=64, seed=1, cfg=3.0)
    found, request, run = drawn(pipeline, asked)
    assert [(one.kind, one.name) for one in request.addons] == [("embedding", "my-word")]
    assert run.notes == ()
    assert present(info.read)("a my-word").count == 3
    words, none, _ = drawn(pipeline, replace(asked, prompt="a red heart"))
    assert np.array_equal(found, words)
    assert none.addons == ()
    _, refused, run = drawn(pipeline, replace(asked, prompt="a for-sd"))
    assert refused.addons == ()
    [note] = map(str, run.notes)
    assert note.startswith('The embedding "for-sd" is read as text: ')
    assert "text encoders of 768 dimensions" in note


def test_the_family_decides_which_addons_apply(pipeline) -> None:
    checkpoint = pipeline.load("dream.safetensors")
    assert checkpoint.takes_vae
    assert checkpoint.takes_refiner
    default = pipeline.load()
    assert not default.takes_vae
    assert not default.takes_refiner


def test_several_loras_apply_together_and_are_cached(pipeline, folder, monkeypatch) -> None:
    lora(folder / "one.safetensors", 1)
    lora(folder / "two.safetensors", 2)
    both = with_prompt("a cat <lora:one:0.5> <lora:two:-0.5>")
    first, request, _ = drawn(pipeline, both)
    assert [one.name for one in request.addons] == ["one", "two"]
    monkeypatch.setattr("core.checkpoints.lora.with_loras", lambda *_: pytest.fail("made again"))
    assert np.array_equal(first, drawn(pipeline, both)[0])


def test_a_missing_lora_is_named_with_the_searched_folders(pipeline, folder) -> None:
    with pytest.raises(RequestError, match='no LoRA "gone"') as caught:
        pipeline.begin(with_prompt("a cat <lora:gone:1>"))
    assert str(folder) in str(caught.value.hint)
    with pytest.raises(RequestError, match='no VAE "gone"'):
        pipeline.begin(replace(REQUEST, vae="gone"))


def test_a_lora_for_another_family_is_refused_with_a_message(pipeline, folder) -> None:
    lora(folder / "wide.safetensors", width=2048)
    with pytest.raises(ModelError, match="is a LoRA for Stable Diffusion XL; dream belongs to the"):
        pipeline.begin(with_prompt("a cat <lora:wide:1>"))


def test_unmatched_lora_tensors_are_reported_by_name_and_count(pipeline, folder) -> None:
    lora(folder / "odd.safetensors", odd_1=noise(1), odd_2=noise(1))
    run = pipeline.begin(with_prompt("a cat <lora:odd:1>"))
    assert tuple(map(str, run.notes)) == (
        'Tensors of the LoRA "odd" that match nothing in this model: 2 (odd_1, odd_2). '
        "The rest is applied.",
    )
    run = pipeline.begin(replace(REQUEST, negative="<lora:odd:1>"))
    assert "no effect in the negative prompt" in str(run.notes[0])


def test_an_embedding_applies_at_its_name(pipeline, folder) -> None:
    plain, _, _ = drawn(pipeline, with_prompt("a my-word cat"))
    embedding(folder / "embeddings" / "my-word.safetensors")
    with_it, request, _ = drawn(pipeline, with_prompt("a my-word cat"))
    assert [(one.kind, one.name) for one in request.addons] == [("embedding", "my-word")]
    assert not np.array_equal(plain, with_it)
    _, request, _ = drawn(pipeline, replace(REQUEST, negative="my-word"))
    assert request.addons
    assert drawn(pipeline, REQUEST)[1].addons == ()


def test_the_folder_chooses_between_embeddings_of_one_name(pipeline, folder) -> None:
    files = [embedding(folder / sub / "my-word.safetensors", seed=i) for i, sub in enumerate("ab")]
    digests = [hashlib.sha256(file.read_bytes()).hexdigest() for file in files]
    images = {}
    for prompt, name, digest in (
        ("a my-word cat", "my-word", digests[0]),
        ("a a/my-word cat", "a/my-word", digests[0]),
        ("a b/my-word cat", "b/my-word", digests[1]),
        ("a (b/my-word:1.0) cat", "b/my-word", digests[1]),
    ):
        images[prompt], request, _ = drawn(pipeline, with_prompt(prompt))
        assert [(one.name, one.digest) for one in request.addons] == [(name, digest)]
    plain, by_a, by_b, weighted = images.values()
    assert np.array_equal(plain, by_a)
    assert not np.array_equal(plain, by_b)
    assert np.array_equal(by_b, weighted)


def test_embeddings_work_in_comfyuis_syntax_too(pipeline, folder) -> None:
    embedding(folder / "a" / "my-word.safetensors")
    embedding(folder / "b" / "my-word.safetensors", seed=1)
    images = []
    for name in ("my-word", "a/my-word", "b/my-word"):
        request = with_prompt(f"a embedding:{name} cat", syntax="ComfyUI")
        image, request, _ = drawn(pipeline, request)
        assert [one.name for one in request.addons] == [name]
        images.append(image)
    assert np.array_equal(images[0], images[1])
    assert not np.array_equal(images[0], images[2])


def test_a_name_within_a_longer_one_does_not_match(pipeline, folder) -> None:
    for name in ("my-word", "my-word-2"):
        embedding(folder / f"{name}.safetensors")
    _, request, _ = drawn(pipeline, with_prompt("a my-word-2 cat"))
    assert [one.name for one in request.addons] == ["my-word-2"]
    _, request, _ = drawn(pipeline, with_prompt("a my-word-2 cat, my-word"))
    assert {one.name for one in request.addons} == {"my-word", "my-word-2"}


def test_an_embedding_counts_as_many_tokens_as_vectors(folder) -> None:
    embedding(folder / "embeddings" / "my-word.safetensors")
    embedding(folder / "wide.safetensors", width=100)
    pipeline = CorePipeline(folder / "dream.safetensors")
    read = pipeline.load().read
    assert read is not None
    assert read("a my-word cat").count == 4
    assert read("a wide cat").count == 3


def test_an_embedding_for_other_models_is_reported_and_ignored(pipeline, folder) -> None:
    embedding(folder / "wide.safetensors", width=100)
    _, request, run = drawn(pipeline, with_prompt("a wide cat"))
    assert request.addons == ()
    [note] = map(str, run.notes)
    assert note.startswith('The embedding "wide" is read as text: ')
    assert note.endswith("is made for text encoders of 100 dimensions; this model has 64.")


def test_a_damaged_embedding_is_reported_with_the_reason(pipeline, folder) -> None:
    save_file({"emb_params": torch.full((1, 64), torch.nan)}, folder / "broken.safetensors")
    _, request, run = drawn(pipeline, with_prompt("a broken cat"))
    assert request.addons == ()
    [note] = map(str, run.notes)
    assert note.startswith('The embedding "broken" is read as text: ')
    assert "holds values that are not finite" in note


def test_embeddings_that_prompts_name_and_that_do_not_exist_are_reported(pipeline, folder) -> None:
    embedding(folder / "my word.safetensors")
    _, _, run = drawn(
        pipeline,
        with_prompt("embedding:my word, (embedding:Nowhere:1.2), embedding:nowhere.", negative="x"),
    )
    assert list(map(str, run.notes)) == ['There is no embedding "Nowhere"; it is read as text.']
    _, _, run = drawn(pipeline, with_prompt("a cat", negative="embedding:bad"))
    assert list(map(str, run.notes)) == ['There is no embedding "bad"; it is read as text.']


def test_an_embedding_in_a_lora_is_not_reported_as_missing(pipeline, folder) -> None:
    bundled = {"bundle_emb.my-word.emb_params": noise(2, 64)}
    save_file(load_file(lora(folder / "style.safetensors")) | bundled, folder / "style.safetensors")
    plain, _, _ = drawn(pipeline, with_prompt("a embedding:other <lora:style>"))
    found, _, run = drawn(pipeline, with_prompt("a embedding:my-word <lora:style>"))
    assert run.notes == ()
    assert not np.array_equal(plain, found)


def test_another_vae_decodes(pipeline, folder) -> None:
    file = vae(folder / "VAE" / "other.safetensors")
    plain, _, _ = drawn(pipeline, REQUEST)
    other, request, _ = drawn(pipeline, replace(REQUEST, vae="other"))
    assert not np.array_equal(plain, other)
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    assert [(one.kind, one.name, one.digest) for one in request.addons] == [
        ("vae", "other", digest)
    ]
    assert np.array_equal(other, drawn(pipeline, replace(REQUEST, vae=str(file)))[0])


def test_a_recorded_request_reproduces_the_image_bit_for_bit(pipeline, folder) -> None:
    lora(folder / "detail.safetensors")
    embedding(folder / "my-word.safetensors")
    vae(folder / "other.safetensors")
    first, request, _ = drawn(pipeline, with_prompt("a my-word cat <lora:detail:1>", vae="other"))
    assert {one.kind for one in request.addons} == {"lora", "embedding", "vae"}
    (folder / "detail.safetensors").rename(folder / "renamed.safetensors")
    embedding(folder / "cat.safetensors")  # added later, so the word keeps its old meaning
    again, same, _ = drawn(pipeline, request)
    assert np.array_equal(first, again)
    assert same == request


def test_a_changed_file_is_reported(pipeline, folder) -> None:
    file = lora(folder / "detail.safetensors")
    _, request, _ = drawn(pipeline, with_prompt("a cat <lora:detail:1>"))
    file.unlink()
    lora(file, seed=5)
    with pytest.raises(RequestError, match='needs the LoRA "detail" with the hash'):
        pipeline.begin(request)


@pytest.fixture
def gate(monkeypatch) -> Iterator[Gate]:
    """Digests wait at it."""
    gate, computed = Gate(), digests.computed

    def waiting(path: Path, **more: bool) -> digests.ModelDigests:
        gate()
        return computed(path, **more)

    monkeypatch.setattr(digests, "computed", waiting)
    yield gate
    gate.open()


def test_the_first_image_does_not_wait_for_digests_but_records_them(gate, folder, tiny_sd1) -> None:
    lora(folder / "detail.safetensors")
    pipeline = CorePipeline(device="cpu")
    assert pipeline.load("dream.safetensors").digest == ""
    run = pipeline.begin(with_prompt("a cat <lora:detail:1>"))
    *_, last = run.steps()
    assert run.request.model_digest == ""
    finished = []
    thread = threading.Thread(target=lambda: finished.append(run.finish(last)))
    thread.start()
    gate.open()
    thread.join(HANG_SECONDS)
    [image] = finished
    digest = hashlib.sha256(tiny_sd1.read_bytes()).hexdigest()
    assert image.request.model_digest == pipeline.digest() == digest
    assert [one.name for one in image.request.addons] == ["detail"]


def test_a_state_records_its_addons_and_can_be_resumed(pipeline, folder, tmp_path) -> None:
    lora(folder / "detail.safetensors")
    asked = with_prompt("a cat <lora:detail:1>")
    whole, request, _ = drawn(pipeline, asked)
    run = pipeline.begin(asked)
    run.save(tmp_path / "state", next(run.steps()))
    resumed = pipeline.resume(tmp_path / "state")
    assert resumed.request == request
    *_, last = resumed.steps()
    assert np.array_equal(resumed.finish(last).rgb, whole)


def test_a_prompt_change_may_add_loras_and_embeddings(pipeline, folder, tmp_path) -> None:
    lora(folder / "one.safetensors", 1)
    lora(folder / "two.safetensors", 2)
    embedding(folder / "my-word.safetensors")
    asked = replace(with_prompt("a cat <lora:one:1>"), steps=4)
    plain, _, _ = drawn(pipeline, asked)
    steered = replace(asked, changes=(Change(2, prompt="a my-word cat <lora:two:1>"),))
    first, request, _ = drawn(pipeline, steered)
    assert not np.array_equal(plain, first)
    assert [one.name for one in request.addons] == ["one"]
    assert [one.name for one in request.changes[0].addons or ()] == ["two", "my-word"]
    assert [one.name for one in request.every_addon] == ["one", "two", "my-word"]
    assert np.array_equal(first, drawn(pipeline, request)[0])
    run = pipeline.begin(asked)
    steps = run.steps()
    next(steps)
    next(steps)
    run.steer(replace(steered.changes[0], step=2), {})
    *_, last = steps
    image = run.finish(last)
    assert np.array_equal(first, image.rgb)
    assert image.request == request


@pytest.mark.parametrize(
    "change", [Change(1, prompt="a late my-word"), Change(1, negative="a late my-word")]
)
def test_embeddings_of_a_recorded_change_are_reproduced(change, pipeline, folder) -> None:
    word = embedding(folder / "my-word.safetensors")
    embedding(folder / "late.safetensors", seed=1).rename(folder.parent / "late.safetensors")
    plain, _, _ = drawn(pipeline, REQUEST)
    first, request, _ = drawn(pipeline, replace(REQUEST, changes=(change,)))
    assert not np.array_equal(plain, first)
    assert request.addons == ()
    assert [one.name for one in request.every_addon] == ["my-word"]
    again = Request.from_json(request.to_json())
    assert np.array_equal(first, drawn(pipeline, again)[0])
    (folder.parent / "late.safetensors").rename(folder / "late.safetensors")
    assert np.array_equal(first, drawn(pipeline, again)[0])  # it had no meaning then
    new = replace(again, changes=(change,))
    assert not np.array_equal(first, drawn(pipeline, new)[0])
    word.rename(folder / "renamed.safetensors")
    assert np.array_equal(first, drawn(pipeline, again)[0])
    embedding(word, seed=2)
    (folder / "renamed.safetensors").unlink()
    with pytest.raises(RequestError, match='needs the embedding "my-word" with the hash'):
        pipeline.begin(again)


def test_an_embedding_added_by_a_change_applies_from_there_on(pipeline, folder) -> None:
    run = pipeline.begin(with_prompt("a my-word"))
    steps = run.steps()
    next(steps)
    embedding(folder / "my-word.safetensors")
    run.steer(Change(1, prompt="the my-word"), {})
    *_, last = steps
    image = run.finish(last)
    assert image.request.addons == ()
    assert np.array_equal(image.rgb, drawn(pipeline, image.request)[0])


def test_a_new_prediction_override_reloads_the_model(pipeline, folder) -> None:
    assert pipeline.holds("dream.safetensors")
    write_overrides(folder / "dream.safetensors", Overrides(prediction="v"))
    assert not pipeline.holds("dream.safetensors")
    pipeline.load("dream.safetensors")
    assert pipeline.holds("dream.safetensors")


def test_a_recorded_prediction_override_is_reproduced(pipeline, folder, tmp_path) -> None:
    path = folder / "dream.safetensors"
    asked = replace(REQUEST, changes=(Change(1, prompt="a dog"),))
    found, by_file, _ = drawn(pipeline, asked)
    write_overrides(path, Overrides(prediction="v"))
    pipeline.load("dream.safetensors")
    decided, by_note, run = drawn(pipeline, asked)
    run.save(tmp_path / "state.safetensors", None)
    assert np.array_equal(drawn(pipeline, by_file)[0], found)
    write_overrides(path, Overrides())
    pipeline.load("dream.safetensors")
    assert (by_file.prediction, by_note.prediction) == ("", "v")
    assert not np.array_equal(found, decided)
    assert np.array_equal(drawn(pipeline, by_note)[0], decided)
    resumed = pipeline.resume(tmp_path / "state.safetensors")
    *_, last = resumed.steps()
    assert np.array_equal(resumed.finish(last).rgb, decided)


def test_a_second_model_leaves_out_loras_for_other_families_and_reports_it(
    pipeline, folder
) -> None:
    lora(folder / "one.safetensors", 1)
    save_file(original(made("SD2", randomise)), folder / "other.safetensors")
    asked = replace(
        with_prompt("a cat <lora:one:1>"), changes=(Change(1, model="other.safetensors"),)
    )
    image, request, run = drawn(pipeline, asked)
    assert tuple(map(str, run.notes)) == ('other is used without the LoRA "one".',)
    assert [one.name for one in request.addons] == ["one"]
    assert np.array_equal(image, drawn(pipeline, request)[0])


def test_a_negative_prompt_without_effect_is_reported(pipeline, folder) -> None:
    asked = replace(REQUEST, negative="blurry", cfg=1.0)
    note = "The negative prompt has no effect at CFG 1."
    assert pipeline.begin(asked).notes == (Message(note),)
    for read in (
        replace(asked, negative=" "),
        replace(asked, cfg=1.5),
        replace(asked, changes=(Change(1, cfg=3.0),)),
        replace(asked, guidance=Guidance(plus_plus=0.7)),
    ):
        assert pipeline.begin(read).notes == ()


def test_an_lcm_reports_that_it_ignores_the_negative_prompt(folder) -> None:
    save_file(original(made("SD1 LCM", randomise)), folder / "lcm.safetensors")
    pipeline = CorePipeline(device="cpu")
    assert pipeline.load("lcm.safetensors").has_guidance_embedding
    asked = replace(REQUEST, model="lcm.safetensors", negative="blurry")
    [note] = pipeline.begin(asked).notes
    assert str(note) == "The negative prompt has no effect: lcm has guidance built in."
    assert pipeline.begin(replace(asked, negative="")).notes == ()


# --- finding ------------------------------------------------------------------------------------


def test_names_are_found_in_any_spelling(folder) -> None:
    one = lora(folder / "Lora" / "styles" / "Ink-v2.safetensors")
    other = lora(folder / "Lora" / "lines" / "ink-v2.safetensors")
    vae(folder / "VAE" / "ink.safetensors")
    finder = AddonFinder()
    assert finder.find("lora", "Ink-v2") == one
    assert finder.find("lora", "ink-v2") == other
    assert finder.find("lora", "styles/ink-v2") == one
    assert finder.find("lora", "INK-V2.safetensors") in (one, other)
    assert finder.find("lora", str(other)) == other
    with pytest.raises(RequestError):
        finder.find("lora", "ink")  # it is a VAE
    later = lora(folder / "Lora" / "new.safetensors")
    assert finder.find("lora", "new") == later


def test_files_in_the_folders_are_listed_by_kind(folder) -> None:
    lora(folder / "a" / "same.safetensors")
    lora(folder / "b" / "same.safetensors")
    embedding(folder / "word.safetensors", width=768)
    vae(folder / "colour.vae.safetensors")
    (folder / "embeddings").mkdir()
    (folder / "embeddings" / "broken.safetensors").write_bytes(b"\x10")
    found = [(one.name, one.kind, one.known.kind) for one in addon_files.find_addons()]
    assert found == [
        ("a/same", "lora", ""),
        ("b/same", "lora", ""),
        ("broken", "embedding", ""),
        ("colour.vae", "vae", ""),
        ("word", "embedding", "Stable Diffusion 1"),
    ]
    assert "cannot be used" in str(addon_files.find_addons()[2].known.problem)
