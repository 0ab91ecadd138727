"""Checkpoints: identified, listed, loaded, used."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from core.checkpoints import auxiliary_files
from core.errors import ModelError
from core.networks.kl_autoencoder import AutoencoderKL
from core.request.request import Change, Request
from ldm_studio import paths
from ldm_studio.command_line import cli
from ldm_studio.engine.core_pipeline import CorePipeline
from ldm_studio.exit_codes import Exit
from ldm_studio.images.headless_run import draw
from ldm_studio.images.image_files import read_request
from ldm_studio.images.image_formats import save
from ldm_studio.images.input_store import InputStore
from ldm_studio.images.replay import replay
from ldm_studio.models import addon_files, found_models, known_checkpoints
from ldm_studio.models.known_checkpoints import Catalogue
from tests.core.checkpoints.test_half import NARROW
from tests.core.checkpoints.tiny import made, original
from tests.core.conftest import randomise
from tests.ldm_studio.models.files import (
    lora,
    malicious,
    put,
    truncated,
    with_a_flipped_bit,
    with_a_huge_header,
    with_nan,
)
from tests.ldm_studio.models.test_addons import vae

REQUEST = Request(prompt="a cat", steps=2, width=64, height=64, seed=1, sampler="Euler")


# --- what they are ------------------------------------------------------------------------------


def test_inaccessible_folders_are_skipped(tiny_sd1, tmp_path, monkeypatch) -> None:
    put(tiny_sd1, tmp_path / "dream.safetensors")
    (tmp_path / "itself").symlink_to(tmp_path / "itself")
    (tmp_path / "itself.safetensors").symlink_to(tmp_path / "itself.safetensors")
    closed = tmp_path / "closed"
    closed.mkdir()
    stat = os.stat

    def refusing(path, *args, **more):
        if isinstance(path, str | os.PathLike) and os.fspath(path).startswith(str(closed)):
            raise PermissionError(13, "Permission denied", str(path))
        return stat(path, *args, **more)

    monkeypatch.setattr(os, "stat", refusing)
    folders = [str(closed / "models"), str(closed), str(tmp_path), str(tmp_path / ("x" * 300))]
    assert [model.name for model in found_models.find_models(folders) if model.is_checkpoint] == [
        "dream"
    ]
    with pytest.raises(ModelError, match="There is no model"):
        found_models.find_model("x" * 300)
    with pytest.raises(ModelError, match="There is no model"):
        found_models.find_model(str(closed / "model.safetensors"))


def test_the_list_has_only_models_and_says_why_some_are_unusable(tiny_sd1, bare) -> None:
    folder = paths.models_dir()
    put(tiny_sd1, folder / "sub" / "dream.safetensors")
    put(bare, folder / "bare.safetensors")
    lora(folder / "style.safetensors")
    truncated(tiny_sd1, folder / "half.safetensors")
    found = {model.reference: model for model in found_models.find_models()}
    names = [found_models.DEFAULT, "bare.safetensors", "sub/dream.safetensors", "half.safetensors"]
    assert list(found) == names
    assert found["sub/dream.safetensors"].kind == "Stable Diffusion 1"
    assert not found["sub/dream.safetensors"].problem
    assert (found["bare.safetensors"].lacks_vae, bool(found["bare.safetensors"].problem)) == (
        True,
        False,
    )
    assert not found["sub/dream.safetensors"].lacks_vae
    assert "incomplete" in str(found["half.safetensors"].problem)


def test_whatever_is_wrong_with_one_file_the_others_are_listed(
    tiny_sd1, monkeypatch, capsys
) -> None:
    put(tiny_sd1, paths.models_dir() / "good.safetensors")
    os.mkfifo(paths.models_dir() / "pipe.safetensors")
    (paths.models_dir() / "half.safetensors").write_bytes(
        with_header(rb'{"__metadata__":{"ss_output_name":"\ud800"},"lora_up.weight":%s}')
    )
    lora(paths.models_dir() / "bug.safetensors")
    describe = auxiliary_files.describe

    def failing(path: Path) -> auxiliary_files.FileDescription:
        if path.stem == "bug":
            raise ZeroDivisionError("by zero")
        return describe(path)

    monkeypatch.setattr(auxiliary_files, "describe", failing)
    assert cli.main(["models"]) == Exit.OK
    found = {model.name: model for model in found_models.find_models()}
    assert set(found) == {found_models.find_model_folders()[0].name, "good", "bug"}
    assert not found["good"].problem
    assert "by zero" in str(found["bug"].problem)
    assert "by zero" in capsys.readouterr().out
    assert [addon.name for addon in addon_files.find_addons()] == ["half"]


def with_header(header: bytes) -> bytes:
    """A safetensors file; `%s` stands for the description of an empty tensor."""
    text = header % b'{"dtype":"F16","shape":[0],"data_offsets":[0,0]}'
    return len(text).to_bytes(8, "little") + text


def test_a_companion_vae_completes_a_model_and_is_reported(bare, tmp_path, capsys) -> None:
    model = put(bare, paths.models_dir() / "bare.safetensors")
    assert found_models.find_models()[1].lacks_vae
    words = ["generate", "a cat", "--model", "bare", "--steps", "2", "--size", "64x64"]
    assert cli.main([*words, "-o", str(tmp_path / "no.png")]) != Exit.OK
    assert "as bare.vae.safetensors" in capsys.readouterr().err
    vae(model.with_name("bare.vae.safetensors"))
    assert not found_models.find_models()[1].lacks_vae
    made_there = tmp_path / "cat.png"
    assert cli.main([*words, "-o", str(made_there)]) == Exit.OK
    assert "the VAE beside the model, bare.vae.safetensors" in capsys.readouterr().err
    request = read_request(made_there)
    assert request is not None
    assert request.vae == "bare.vae.safetensors"
    assert [addon.kind for addon in request.addons] == ["vae"]
    assert cli.main(["replay", str(made_there)]) == Exit.OK


def test_a_companion_vae_replaces_the_models_own_in_new_images_only(tiny_sd1, tmp_path) -> None:
    model = put(tiny_sd1, paths.models_dir() / "dream.safetensors")
    words = ["generate", "a cat", "--model", "dream", "--steps", "2", "--size", "64x64"]
    before, after = tmp_path / "before.png", tmp_path / "after.png"
    assert cli.main([*words, "--seed", "1", "-o", str(before)]) == Exit.OK
    vae(model.with_name("dream.vae.safetensors"))
    assert cli.main([*words, "--seed", "1", "-o", str(after)]) == Exit.OK
    one, other = read_request(before), read_request(after)
    assert one is not None
    assert other is not None
    assert (one.vae, other.vae) == ("", "dream.vae.safetensors")
    assert cli.main(["replay", str(before)]) == Exit.OK
    assert cli.main(["replay", str(after)]) == Exit.OK


def test_identities_are_remembered_until_the_file_changes(tiny_sd1) -> None:
    path = paths.models_dir() / "dream.safetensors"
    path.parent.mkdir(parents=True)
    path.write_bytes(tiny_sd1.read_bytes())
    assert Catalogue().known(path) is None
    found_models.find_models()
    Catalogue().keep_digest(path, "ab" * 32)
    known = Catalogue().known(path)
    assert known is not None
    assert (known.kind, known.digest) == ("Stable Diffusion 1", "ab" * 32)
    path.write_bytes(b"other")
    assert Catalogue().known(path) is None
    assert Catalogue().digest(path) == ""


@pytest.mark.parametrize("kept", ['{"PATH": {"size": "large"}, "x": 5}', "[]", "{", "[" * 100_000])
def test_a_damaged_catalogue_is_rebuilt(tiny_sd1, kept) -> None:
    path = put(tiny_sd1, paths.models_dir() / "dream.safetensors")
    (paths.data_dir() / "checkpoints.json").write_text(kept.replace("PATH", str(path)))
    assert found_models.find_models()[1].kind == "Stable Diffusion 1"
    known = Catalogue().known(path)
    assert known is not None
    assert known.kind == "Stable Diffusion 1"


def test_tens_of_thousands_of_files_are_remembered_and_the_newest_longest(
    tiny_sd1, monkeypatch
) -> None:
    first = put(tiny_sd1, paths.models_dir() / "a.safetensors")
    found_models.find_models()
    file = paths.data_dir() / "checkpoints.json"
    kept = json.loads(file.read_text(encoding="utf-8"))
    (one,) = kept.values()
    kept |= {f"/elsewhere/{number}.safetensors": one for number in range(20_000)}
    file.write_text(json.dumps(kept), encoding="utf-8")
    last = put(tiny_sd1, paths.models_dir() / "b.safetensors")
    found_models.find_models()
    assert Catalogue().known(first) is not None
    assert Catalogue().known(last) is not None
    monkeypatch.setattr(known_checkpoints, "MAX_KNOWN", 100)
    Catalogue().keep_digest(first, "ab" * 32)  # so that it is the newest
    assert Catalogue().digest(first) == "ab" * 32
    assert Catalogue().known(last) is not None
    assert len(json.loads(file.read_text(encoding="utf-8"))) == 100


def test_a_model_is_found_by_its_name_or_a_unique_part(tiny_sd1) -> None:
    put(tiny_sd1, paths.models_dir() / "dreamOne.safetensors")
    put(tiny_sd1, paths.models_dir() / "dreamTwo.safetensors")
    assert found_models.resolve_name("DREAMONE") == "dreamOne.safetensors"
    assert found_models.resolve_name("two") == "dreamTwo.safetensors"
    assert found_models.resolve_name(str(tiny_sd1)) == str(tiny_sd1)
    with pytest.raises(ModelError, match="Several") as caught:
        found_models.resolve_name("dream")
    assert "dreamOne.safetensors, dreamTwo.safetensors" in str(caught.value.hint)
    with pytest.raises(ModelError, match='no model "draemone"') as caught:
        found_models.resolve_name("draemone")
    assert "Alike: dreamOne.safetensors" in str(caught.value.hint)


# --- the command line ---------------------------------------------------------------------------


def test_a_checkpoint_generates_an_image(tiny_sd1, tmp_path, capsys) -> None:
    put(tiny_sd1, paths.models_dir() / "dream.safetensors")
    file = tmp_path / "cat.png"
    words = ["generate", "a cat", "--model", "drea", "--steps", "2", "--size", "64x64"]
    assert cli.main([*words, "-o", str(file)]) == Exit.OK
    request = read_request(file)
    assert request is not None
    assert request.model == "dream.safetensors"
    assert request.model_digest == hashlib.sha256(tiny_sd1.read_bytes()).hexdigest()
    assert request.cfg == 7.0
    assert cli.main(["replay", str(file)]) == Exit.OK
    (paths.models_dir() / "dream.safetensors").rename(paths.models_dir() / "dreamier.safetensors")
    assert cli.main(["replay", str(file)]) == Exit.NOT_REPLAYED
    assert cli.main(["replay", str(file), "--model", "mier"]) == Exit.OK


def test_another_model_takes_over_as_the_refiner(tiny_sd1, tmp_path, capsys) -> None:
    put(tiny_sd1, paths.models_dir() / "dream.safetensors")
    put(tiny_sd1, paths.models_dir() / "finer.safetensors")
    file = tmp_path / "cat.png"
    words = ["generate", "a cat", "--model", "dream", "--steps", "4", "--size", "64x64"]
    assert cli.main([*words, "--refiner-at", "0.5", "-o", str(file)]) == Exit.USAGE
    assert "without --refiner" in capsys.readouterr().err
    words += ["--refiner", "fine", "--refiner-at", "0.5"]
    assert cli.main([*words, "-o", str(file)]) == Exit.OK
    request = read_request(file)
    assert request is not None
    digest = hashlib.sha256(tiny_sd1.read_bytes()).hexdigest()
    assert request.changes == (
        Change(2, model="finer.safetensors", model_digest=digest, addons=()),
    )
    assert cli.main(["replay", str(file)]) == Exit.OK


def test_the_models_are_listed(tiny_sd1, tmp_path, capsys) -> None:
    put(tiny_sd1, paths.models_dir() / "dream.safetensors")
    other = truncated(tiny_sd1, tmp_path / "added" / "broken.safetensors")
    session = {"parameters": {"model_folders": [str(other.parent)]}}
    paths.state_dir().mkdir(parents=True)
    (paths.state_dir() / "session.json").write_text(json.dumps(session), encoding="utf-8")
    assert cli.main(["models"]) == Exit.OK
    out = capsys.readouterr().out
    assert "dream.safetensors" in out
    assert "(cannot be used)" in out
    assert cli.main(["models", "--json"]) == Exit.OK
    entries = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(entry["reference"], entry["usable"]) for entry in entries] == [
        (found_models.DEFAULT, True), (str(other), False), ("dream.safetensors", True),
    ]  # fmt: skip


def test_a_checkpoint_is_inspected(tiny_sd1, capsys) -> None:
    assert cli.main(["inspect", str(tiny_sd1), "--json"]) == Exit.OK
    facts = json.loads(capsys.readouterr().out)
    digest = hashlib.sha256(tiny_sd1.read_bytes()).hexdigest()
    assert (facts["hash"], facts["sha256"]) == (digest[:10], digest)
    assert (facts["kind"], facts["predicts"]) == ("Stable Diffusion 1", "eps")
    assert facts["predicts_because"] == "models of its family usually do"
    assert list(facts["parts"]) == ["U-Net", "autoencoder", "text encoder 1"]
    assert set(facts["dtypes"]) == {"float32"}
    assert facts["misfits"] == {}
    assert cli.main(["inspect", str(tiny_sd1)]) == Exit.OK
    assert f"{digest[:10]} (SHA-256" in capsys.readouterr().out


def test_inspecting_describes_architecture_and_schedule(tmp_path, capsys) -> None:
    small, continuous = tmp_path / "small.safetensors", tmp_path / "continuous.safetensors"
    save_file(original(made("SSD-1B", randomise)), small)
    statistics = {"edm_mean": torch.ones(4), "edm_std": torch.full((4,), 8.5)}
    save_file(original(made("SDXL", randomise)) | statistics, continuous)
    assert cli.main(["inspect", str(small)]) == Exit.OK
    output = capsys.readouterr().out
    assert "Stable Diffusion XL, SSD-1B" in output
    assert "2 per level, 1 in the middle" in output
    assert "0+0+0, 2+1+1, 4+4+10" in output
    assert "noise levels" not in output
    assert cli.main(["inspect", str(continuous), "--json"]) == Exit.OK
    facts = json.loads(capsys.readouterr().out)
    assert facts["kind"] == "Stable Diffusion XL, Playground 2.5"
    assert (facts["predicts"], facts["predicts_because"]) == ("edm", "it holds the tensor edm_mean")
    assert facts["continuous_sigmas"] == [0.002, 80.0]
    assert facts["latents"] == {"mean": [1.0] * 4, "std": [8.5] * 4, "scale": 0.5}
    assert cli.main(["inspect", str(continuous)]) == Exit.OK
    assert "continuous, sigma 0.002 to 80" in capsys.readouterr().out


def test_inspecting_lists_missing_and_unknown_tensors(tiny_sd1, tmp_path, capsys) -> None:
    weights = load_file(tiny_sd1)
    del weights["model.diffusion_model.out.2.bias"]
    weights["surprise"] = torch.zeros(1)
    path = tmp_path / "odd.safetensors"
    save_file(weights, path)
    assert cli.main(["inspect", str(path), "--json"]) == Exit.MODEL
    facts = json.loads(capsys.readouterr().out)
    assert facts["misfits"]["U-Net"]["missing"] == ["out.2.bias"]
    assert facts["unknown_tensors"] == ["surprise"]
    assert "U-Net lacks out.2.bias" in facts["problem"]
    assert cli.main(["inspect", str(path)]) == Exit.MODEL
    assert "of the U-Net: out.2.bias" in capsys.readouterr().out


def test_inspect_identifies_a_lora(tmp_path, capsys) -> None:
    path = lora(tmp_path / "l.safetensors")
    assert cli.main(["inspect", str(path), "--json"]) == Exit.OK
    facts = json.loads(capsys.readouterr().out)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    assert (facts["kind"], facts["tensors"], facts["sha256"]) == ("lora", 1, digest)
    assert cli.main(["inspect", str(path)]) == Exit.OK
    assert "lora" in capsys.readouterr().out
    text = tmp_path / "text.safetensors"
    parts = ("embeddings.token_embedding.weight", "final_layer_norm.weight")
    save_file({name: torch.zeros(9, 9) for name in parts}, text)
    assert cli.main(["inspect", str(text)]) == Exit.OK
    assert "a text encoder 9 wide" in capsys.readouterr().out


def test_auxiliary_files_are_listed(tiny_sd1, capsys) -> None:
    put(tiny_sd1, paths.models_dir() / "dream.safetensors")
    lora(paths.models_dir() / "style.safetensors")
    assert cli.main(["models", "--kind", "lora"]) == Exit.OK
    assert capsys.readouterr().out.split() == ["style", "for", "an", "unknown", "family"]
    assert cli.main(["models", "--kind", "lora", "--json"]) == Exit.OK
    assert json.loads(capsys.readouterr().out)["name"] == "style"


def test_the_default_model_is_inspected_too(capsys) -> None:
    assert cli.main(["inspect", "default", "--json"]) == Exit.OK
    assert json.loads(capsys.readouterr().out)["name"] == "LDM Studio Emoji"


# --- the engine ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "damage", [truncated, with_nan, malicious, with_a_huge_header, with_a_flipped_bit]
)
def test_a_damaged_checkpoint_keeps_the_loaded_model(
    damage: Callable[[Path, Path], Path], tiny_sd1, tmp_path
) -> None:
    damaged = damage(tiny_sd1, tmp_path / "bad.safetensors")
    pipeline = CorePipeline()
    before = pipeline.load(str(tiny_sd1))
    with pytest.raises(ModelError, match=r"bad\.safetensors"):
        pipeline.load(str(damaged))
    assert pipeline.holds(str(tiny_sd1))
    assert pipeline.info is not None
    assert pipeline.info.name == before.name
    run = pipeline.begin(REQUEST)
    assert sum(1 for _ in run.steps()) == run.total
    assert not [*tmp_path.glob("*.proof")]


def test_the_reported_precision_is_the_models(tiny_sd1) -> None:
    pipeline = CorePipeline(device="cpu")
    info = pipeline.load(str(tiny_sd1))
    run = pipeline.begin(REQUEST)
    assert info.device == f"CPU, {run.environment.precision}" == "CPU, float32"
    model = pipeline._model
    assert model is not None
    pipeline._model = replace(model, dtype=torch.bfloat16)
    assert pipeline.begin(REQUEST).environment.precision == "bfloat16"


def overflowing(pipeline: CorePipeline) -> None:
    """As on a GPU, with an autoencoder that exceeds the range of float16."""
    model = pipeline._model
    assert model is not None
    made: Any = randomise(AutoencoderKL(NARROW), 5)
    made.decoder.conv_in.weight.mul_(3e4)
    pipeline._model = replace(model, autoencoder=made.half())


def test_an_overflowing_autoencoder_is_reported(tiny_sd1) -> None:
    pipeline = CorePipeline(device="cpu")
    pipeline.load(str(tiny_sd1))
    overflowing(pipeline)
    run = pipeline.begin(REQUEST)
    assert run.environment.precision == "float32, autoencoder float16"
    *_, last = run.steps()
    assert run.notes == ()
    assert run.finish(last).rgb.std() > 0
    assert tuple(map(str, run.notes)) == (
        "Values of the autoencoder overflowed float16: it computed in float32 instead.",
    )
    assert pipeline.begin(REQUEST).notes == ()
    assert run.finish(last, tiled=True).rgb.std() > 0
    assert "decoded in small tiles" in str(run.notes[-1])


def test_a_replay_names_the_precision_if_it_differs(tiny_sd1, tmp_path) -> None:
    here, there = CorePipeline(device="cpu"), CorePipeline(device="cpu")
    for pipeline in (here, there):
        pipeline.load(str(tiny_sd1))
    overflowing(there)
    drawn = draw(here.begin(replace(REQUEST, model=str(tiny_sd1))), lambda *_: None)
    path = tmp_path / "made.png"
    save(path, drawn.image.rgb, drawn.image.request, "tiny", "", drawn.record)
    inputs = InputStore(tmp_path)
    assert replay(path, here, inputs).identical
    verdict = replay(path, there, inputs)
    assert not verdict.pixels_equal
    assert tuple(map(str, verdict.causes)) == (
        "the precision: float32 when it was made, float32, autoencoder float16 here",
    )
    assert replay(path, there, inputs) == verdict


def test_an_image_decoded_in_tiles_is_replayed_in_tiles(tiny_sd1, tmp_path) -> None:
    pipeline = CorePipeline(device="cpu")
    pipeline.load(str(tiny_sd1))
    request = replace(REQUEST, model=str(tiny_sd1), steps=1, width=272)
    whole, tiled = (
        draw(pipeline.begin(request), lambda *_: None, tiled=tiled) for tiled in (False, True)
    )
    assert whole.record.pixels != tiled.record.pixels
    path = tmp_path / "made.png"
    save(path, tiled.image.rgb, tiled.image.request, "tiny", "", tiled.record)
    assert replay(path, pipeline, InputStore(tmp_path)).identical


def test_the_digest_is_computed_once(tiny_sd1, monkeypatch) -> None:
    first = CorePipeline()
    first.load(str(tiny_sd1))
    digest = first.digest()
    assert digest == hashlib.sha256(tiny_sd1.read_bytes()).hexdigest()
    monkeypatch.setattr(
        "ldm_studio.models.file_digests.computed", lambda *_, **__: pytest.fail("again")
    )
    assert CorePipeline().load(str(tiny_sd1)).digest == digest
