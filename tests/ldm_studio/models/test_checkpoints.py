"""The checkpoints people have: found, told apart, chosen, loaded, drawn with."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from PySide6.QtCore import Qt
from safetensors.torch import load_file, save_file

from core.checkpoints.notes import read_notes
from core.errors import ModelError
from core.request import Change, Request
from ldm_studio import paths
from ldm_studio.command_line import cli
from ldm_studio.command_line.exits import Exit
from ldm_studio.engine.core_pipeline import CorePipeline
from ldm_studio.models import models
from ldm_studio.models.checkpoints import Catalogue
from ldm_studio.models.places import files_in
from ldm_studio.panels import model_box
from ldm_studio.panels.model_field import ModelField
from ldm_studio.panels.more import MoreSection
from ldm_studio.panels.sampler import SamplerPanel
from ldm_studio.pictures.images import read_request
from ldm_studio.store.run_state import RunState
from ldm_studio.store.store import Mode, StudioStore
from tests.core.checkpoints.tiny import made, original
from tests.core.conftest import randomise
from tests.ldm_studio.fakes import MODEL, FakePipeline
from tests.ldm_studio.models.test_addons import vae

REQUEST = Request(prompt="a cat", steps=2, width=64, height=64, seed=1, sampler="Euler")


@pytest.fixture(scope="session")
def tiny_sd1(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sd1") / "tinyDream_v10.safetensors"
    save_file(original(made("SD1", randomise)), path)
    return path


@pytest.fixture(scope="session")
def bare(tiny_sd1: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A kind that is known but cannot be drawn with: it lacks its autoencoder."""
    path = tmp_path_factory.mktemp("bare") / "bare.safetensors"
    weights = load_file(tiny_sd1)
    kept = {k: v for k, v in weights.items() if not k.startswith("first_stage_model.")}
    save_file(kept, path)
    return path


def put(source: Path, path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    os.link(source, path)
    return path


def lora(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    save_file({"lora_unet_mid_block.lora_up.weight": torch.zeros(2, 2)}, path)
    return path


def truncated(source: Path, path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(source.read_bytes()[:-100])
    return path


def with_nan(source: Path, path: Path) -> Path:
    """Whose header is sound: only loading tells."""
    path.parent.mkdir(parents=True, exist_ok=True)
    weights = load_file(source)
    weights["model.diffusion_model.out.2.bias"][0] = float("nan")
    save_file(weights, path)
    return path


def malicious(source: Path, path: Path) -> Path:
    """A whole model, beside which its pickle has a call."""
    path.parent.mkdir(parents=True, exist_ok=True)
    torch.save({"state_dict": load_file(source), "hook": Calls(path.with_suffix(".proof"))}, path)
    return path


class Calls:
    """Unpickled, it would create a file."""

    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> tuple[object, ...]:
        return Path.touch, (self.target,)


def with_a_huge_header(source: Path, path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes((10 * 2**30).to_bytes(8, "little") + source.read_bytes()[8:])
    return path


def with_a_flipped_bit(source: Path, path: Path) -> Path:
    """In the header, in which it makes another shape."""
    path.parent.mkdir(parents=True, exist_ok=True)
    data = bytearray(source.read_bytes())
    at = data.index(b'"shape":[') + len(b'"shape":[')
    data[at] ^= 1
    path.write_bytes(bytes(data))
    return path


# --- where they lie -----------------------------------------------------------------------------


def touch(*files: Path) -> None:
    for file in files:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()


@pytest.mark.parametrize(
    "wanted",
    [
        [
            "embeddings/e.pt",
            "models/Lora/sub/l.safetensors",
            "models/Stable-diffusion/a.safetensors",
            "models/Stable-diffusion/sub/b.ckpt",
            "models/VAE/v.safetensors",
            "models/VAE-approx/taesd.pth",
        ],
        ["models/checkpoints/a.safetensors", "models/loras/l.safetensors", "models/vae/v.pt"],
        ["checkpoints/a.ckpt", "loras/l.safetensors", "b.safetensors"],
    ],
)
def test_of_other_programs_only_what_is_of_use_is_looked_at(tmp_path, wanted) -> None:
    files = [tmp_path / name for name in wanted]
    touch(*files)
    holder = tmp_path / "models" if (tmp_path / "models").is_dir() else tmp_path
    for other in (
        tmp_path / "venv",
        tmp_path / "outputs",
        holder / "ESRGAN",
        holder / "ControlNet",
    ):
        touch(other / "x.pth")
    assert files_in(tmp_path) == sorted(files)


def test_of_invokeai_all_it_manages_is_looked_at(tmp_path) -> None:
    files = [tmp_path / "models" / "sd-1" / "main" / "a.safetensors"]
    folder = tmp_path / "models" / "sdxl" / "main" / "b"
    touch(*files, folder / "model_index.json", folder / "unet" / "weights.safetensors")
    touch(tmp_path / "databases" / "invokeai.db", tmp_path / "outputs" / "x.ckpt")
    assert files_in(tmp_path) == [*files, folder]


def test_the_folders_of_extra_model_paths_are_looked_at(tmp_path) -> None:
    touch(
        tmp_path / "comfy" / "models" / "checkpoints" / "a.ckpt",
        tmp_path / "webui" / "models" / "Stable-diffusion" / "b.ckpt",
        tmp_path / "disk" / "c.ckpt",
        tmp_path / "webui" / "models" / "Lora" / "l.safetensors",
        tmp_path / "webui" / "models" / "ESRGAN" / "e.pth",
    )
    (tmp_path / "comfy" / "extra_model_paths.yaml").write_text(
        f"""# what is shared
a111:
    base_path: {tmp_path}/webui/
    checkpoints: models/Stable-diffusion
    loras: |
         models/Lora
other:
    base_path: ../   # relative
    checkpoints: |
         disk
         gone
""",
        encoding="utf-8",
    )
    found = files_in(tmp_path / "comfy")
    assert sorted(path.name for path in found) == ["a.ckpt", "b.ckpt", "c.ckpt", "l.safetensors"]


@pytest.mark.parametrize(
    "text",
    ["[", "- a\n- b", "a: 5", "a:\n  checkpoints: {b: c}", "a:\n  base_path: [x]", "\0", "&a [*a]"],
)
def test_a_damaged_extra_model_paths_is_passed_over(tmp_path, text) -> None:
    touch(tmp_path / "models" / "checkpoints" / "a.ckpt")
    (tmp_path / "extra_model_paths.yaml").write_text(text, encoding="utf-8")
    assert [path.name for path in files_in(tmp_path)] == ["a.ckpt"]


def test_links_in_a_circle_end(tmp_path) -> None:
    touch(tmp_path / "a" / "x.ckpt")
    (tmp_path / "a" / "round").symlink_to(tmp_path)
    assert [path.name for path in files_in(tmp_path)] == ["x.ckpt"]


# --- what they are ------------------------------------------------------------------------------


def test_what_may_not_be_looked_at_is_passed_by(tiny_sd1, tmp_path, monkeypatch) -> None:
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
    assert [model.name for model in models.found(folders) if model.is_checkpoint] == ["dream"]
    with pytest.raises(ModelError, match="There is no model"):
        models.find_model("x" * 300)
    with pytest.raises(ModelError, match="There is no model"):
        models.find_model(str(closed / "model.safetensors"))


def test_only_models_are_listed_and_what_is_of_no_use_says_why(tiny_sd1, bare) -> None:
    folder = paths.models_dir()
    put(tiny_sd1, folder / "sub" / "dream.safetensors")
    put(bare, folder / "bare.safetensors")
    lora(folder / "style.safetensors")
    truncated(tiny_sd1, folder / "half.safetensors")
    found = {model.reference: model for model in models.found()}
    names = [models.DEFAULT, "bare.safetensors", "sub/dream.safetensors", "half.safetensors"]
    assert list(found) == names
    assert found["sub/dream.safetensors"].kind == "Stable Diffusion 1"
    assert found["sub/dream.safetensors"].problem == ""
    assert (found["bare.safetensors"].lacks_vae, found["bare.safetensors"].problem) == (True, "")
    assert not found["sub/dream.safetensors"].lacks_vae
    assert "not complete" in found["half.safetensors"].problem


def test_a_vae_beside_a_model_completes_it_and_is_told(bare, tmp_path, capsys) -> None:
    model = put(bare, paths.models_dir() / "bare.safetensors")
    assert models.found()[1].lacks_vae
    words = ["generate", "a cat", "--model", "bare", "--steps", "2", "--size", "64x64"]
    assert cli.main([*words, "-o", str(tmp_path / "no.png")]) != Exit.OK
    assert "as bare.vae.safetensors" in capsys.readouterr().err
    vae(model.with_name("bare.vae.safetensors"))
    assert not models.found()[1].lacks_vae
    made_there = tmp_path / "cat.png"
    assert cli.main([*words, "-o", str(made_there)]) == Exit.OK
    assert "the VAE beside the model, bare.vae.safetensors" in capsys.readouterr().err
    request = read_request(made_there)
    assert request is not None
    assert request.vae == "bare.vae.safetensors"
    assert [addon.kind for addon in request.addons] == ["vae"]
    assert cli.main(["replay", str(made_there)]) == Exit.OK


def test_a_vae_beside_a_model_replaces_its_own_in_new_pictures_alone(tiny_sd1, tmp_path) -> None:
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


def test_what_was_found_out_is_remembered_until_the_file_changes(tiny_sd1) -> None:
    path = paths.models_dir() / "dream.safetensors"
    path.parent.mkdir(parents=True)
    path.write_bytes(tiny_sd1.read_bytes())
    assert Catalogue().known(path) is None
    models.found()
    Catalogue().keep_digest(path, "ab" * 32)
    known = Catalogue().known(path)
    assert known is not None
    assert (known.kind, known.digest) == ("Stable Diffusion 1", "ab" * 32)
    path.write_bytes(b"other")
    assert Catalogue().known(path) is None
    assert Catalogue().digest(path) == ""


def test_a_damaged_catalogue_is_made_again(tiny_sd1) -> None:
    path = put(tiny_sd1, paths.models_dir() / "dream.safetensors")
    (paths.data_dir() / "checkpoints.json").write_text(
        json.dumps({str(path): {"size": "large"}, "x": 5}), encoding="utf-8"
    )
    assert models.found()[1].kind == "Stable Diffusion 1"


def test_a_model_is_meant_by_its_name_or_a_part_that_no_other_has(tiny_sd1) -> None:
    put(tiny_sd1, paths.models_dir() / "dreamOne.safetensors")
    put(tiny_sd1, paths.models_dir() / "dreamTwo.safetensors")
    assert models.meant("DREAMONE") == "dreamOne.safetensors"
    assert models.meant("two") == "dreamTwo.safetensors"
    assert models.meant(str(tiny_sd1)) == str(tiny_sd1)
    with pytest.raises(ModelError, match="Several") as caught:
        models.meant("dream")
    assert "dreamOne.safetensors, dreamTwo.safetensors" in caught.value.hint
    with pytest.raises(ModelError, match="no model 'draemone'") as caught:
        models.meant("draemone")
    assert "Alike: dreamOne.safetensors" in caught.value.hint


# --- the command line ---------------------------------------------------------------------------


def test_a_picture_is_drawn_with_a_checkpoint(tiny_sd1, tmp_path, capsys) -> None:
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


def test_another_model_goes_on_as_the_refiner(tiny_sd1, tmp_path, capsys) -> None:
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
        (models.DEFAULT, True), (str(other), False), ("dream.safetensors", True),
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


def test_inspecting_says_what_is_missing_and_what_is_unknown(tiny_sd1, tmp_path, capsys) -> None:
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


def test_inspecting_what_is_no_model_says_what_it_is(tmp_path, capsys) -> None:
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


def test_what_models_are_used_with_is_listed(tiny_sd1, capsys) -> None:
    put(tiny_sd1, paths.models_dir() / "dream.safetensors")
    lora(paths.models_dir() / "style.safetensors")
    assert cli.main(["models", "--kind", "lora"]) == Exit.OK
    assert capsys.readouterr().out.split() == ["style", "for", "an", "unknown", "family"]
    assert cli.main(["models", "--kind", "lora", "--json"]) == Exit.OK
    assert json.loads(capsys.readouterr().out)["name"] == "style"


def test_the_shipped_model_is_inspected_too(capsys) -> None:
    assert cli.main(["inspect", "default", "--json"]) == Exit.OK
    assert json.loads(capsys.readouterr().out)["name"] == "LDM Studio Emoji"


# --- the engine ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "damage", [truncated, with_nan, malicious, with_a_huge_header, with_a_flipped_bit]
)
def test_a_damaged_checkpoint_leaves_the_loaded_model(
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
    run = pipeline.begin(REQUEST, None, None)
    assert sum(1 for _ in run.steps()) == run.total
    assert not [*tmp_path.glob("*.proof")]


def test_the_precision_that_is_said_is_the_models(tiny_sd1) -> None:
    pipeline = CorePipeline(device="cpu")
    info = pipeline.load(str(tiny_sd1))
    run = pipeline.begin(REQUEST, None, None)
    assert info.device == f"CPU, {run.environment.precision}" == "CPU, float32"
    model = pipeline._model
    assert model is not None
    pipeline._model = replace(model, dtype=torch.bfloat16)
    assert pipeline.begin(REQUEST, None, None).environment.precision == "bfloat16"


def test_the_digest_is_computed_once(tiny_sd1, monkeypatch) -> None:
    first = CorePipeline()
    first.load(str(tiny_sd1))
    digest = first.digest()
    assert digest == hashlib.sha256(tiny_sd1.read_bytes()).hexdigest()
    monkeypatch.setattr("ldm_studio.models.digests.computed", lambda *_, **__: pytest.fail("again"))
    assert CorePipeline().load(str(tiny_sd1)).digest == digest


# --- the window ---------------------------------------------------------------------------------


@pytest.fixture
def store(qapp) -> StudioStore:
    store = StudioStore()
    store.run = RunState(loading=False, model=MODEL)
    return store


@pytest.fixture
def field(store, qtbot, tiny_sd1) -> ModelField:
    put(tiny_sd1, paths.models_dir() / "dream.safetensors")
    truncated(tiny_sd1, paths.models_dir() / "broken.safetensors")
    lora(paths.models_dir() / "style.safetensors")
    field = ModelField(store)
    qtbot.addWidget(field)
    with qtbot.waitSignal(field.box.listed, timeout=20_000):
        field.show()
    return field


def test_the_box_lists_them_with_what_they_are(field) -> None:
    box = field.box
    names = [box.itemText(i) for i in range(box.count()) if box.itemText(i)]
    assert names == ["LDM Studio Emoji (default)", "dream", "broken", "Add a folder…"]
    tips = [box.itemData(i, Qt.ItemDataRole.ToolTipRole) for i in range(3)]
    assert "not complete" in tips[2]
    assert tips[1].startswith("Stable Diffusion 1\n")
    enabled = [bool(box.model().flags(box.model().index(i, 0)) & Qt.ItemFlag.ItemIsEnabled)
               for i in range(3)]  # fmt: skip
    assert enabled == [True, True, False]


def test_the_box_says_what_is_loaded_of_the_model(field, store) -> None:
    store.model = "dream.safetensors"
    assert "float32" in field.box.toolTip()
    assert "While it draws" not in field.box.toolTip()
    plan = "one at a time on the GPU: about 3.1 of the 7.9 GB that were free"
    loaded = replace(MODEL, name="dream", plan=plan, vae="/m/dream.vae.pt")
    store.run = RunState(loading=False, model=loaded)
    assert f"While it draws: {plan}" in field.box.toolTip()
    assert "With the VAE beside it: dream.vae.pt" in field.box.toolTip()


def test_few_steps_leave_little_choice_of_strength(qtbot, store) -> None:
    panel = SamplerPanel(store)
    qtbot.addWidget(panel)
    store.mode, store.steps = Mode.IMAGE, 4
    assert panel.strength.slider.minimum() == 1
    store.run = RunState(loading=False, model=replace(MODEL, steps=4))
    assert panel.strength.slider.minimum() * 0.05 == 0.25
    assert "with 4 steps, a strength of 0.25" in panel.strength.toolTip()
    store.steps = 8
    assert "with 8 steps, a strength of 0.12" in panel.strength.toolTip()
    store.run = RunState(loading=False, model=MODEL)
    assert panel.strength.slider.minimum() == 1
    assert "At least one step" not in panel.strength.toolTip()


def test_new_files_appear_without_a_restart(field, qtbot, tiny_sd1) -> None:
    put(tiny_sd1, paths.models_dir() / "later.safetensors")
    with qtbot.waitSignal(field.box.listed, timeout=20_000):
        field.box.look()
    assert field.box.findText("later") > 0


def test_what_is_known_of_many_files_is_shown_while_others_are_looked_at(
    qtbot, store, tiny_sd1, monkeypatch
) -> None:
    for name in ("a", "b", "c"):
        put(tiny_sd1, paths.models_dir() / f"{name}.safetensors")
    monkeypatch.setattr(model_box, "AT_ONCE", 0.0)
    field = ModelField(store)
    qtbot.addWidget(field)
    seen: list[tuple[int, str]] = []

    def look() -> None:
        listed = sum(field.box.findText(name) > 0 for name in ("a", "b", "c"))
        unread = field.box.unread
        seen.append((listed, "" if unread.isHidden() else unread.text()))

    field.box.listed.connect(look)
    field.show()
    qtbot.waitUntil(lambda: field.box.findText("c") > 0, timeout=20_000)
    assert [listed for listed, _ in seen] == [1, 2, 3]
    assert [text for _, text in seen] == ["Looking at 2 more files…", "Looking at 1 more file…", ""]


def test_no_header_is_read_before_the_engine_has_started(qtbot, tiny_sd1) -> None:
    put(tiny_sd1, paths.models_dir() / "dream.safetensors")
    store = StudioStore()
    field = ModelField(store)
    qtbot.addWidget(field)
    with qtbot.waitSignal(field.box.listed, timeout=20_000):
        field.show()
    assert field.box.findText("dream") == -1
    store.model = "dream.safetensors"
    assert not field.box.is_missing
    with qtbot.waitSignal(field.box.listed, timeout=20_000):
        pass
    with qtbot.waitSignal(field.box.listed, timeout=20_000):
        store.run = RunState(loading=False, model=MODEL)
    assert field.box.currentText() == "dream"


def test_settings_that_were_the_models_follow_the_next_one(field, store) -> None:
    store.apply_defaults(MODEL)
    store.cfg = 3.25
    choose(field, "dream")
    other = replace(MODEL, name="dream", steps=25, cfg=7.0, width=512, height=512)
    store.run = RunState(loading=True, model=MODEL)
    store.run = RunState(loading=False, model=other)
    assert (store.steps, store.width, store.height) == (25, 512, 512)
    assert store.cfg == 3.25


def choose(field: ModelField, text: str) -> None:
    field.box.setCurrentText(text)
    field.box.activated.emit(field.box.currentIndex())


def test_a_damaged_checkpoint_is_told_and_the_model_stays(start, qtbot, tiny_sd1) -> None:
    class Breaking(FakePipeline):
        def load(self, model: str = models.DEFAULT, vae: str = ""):  # type: ignore[no-untyped-def]
            if model != models.DEFAULT:
                raise ModelError("bad.safetensors is damaged.", "Download it again.")
            return super().load(model)

    with_nan(tiny_sd1, paths.models_dir() / "bad.safetensors")
    application = start(Breaking())
    field = application.window.sampler.model
    qtbot.waitUntil(lambda: field.box.findText("bad") > 0, timeout=20_000)
    with qtbot.waitSignal(application.bridge.load_failed, timeout=5000):
        choose(field, "bad")
    qtbot.waitUntil(lambda: application.store.run.model is not None, timeout=5000)
    assert "bad.safetensors is damaged." in application.window.notice.text()
    assert application.store.model == models.DEFAULT
    assert application.window.status.model.text().startswith(MODEL.name)


def test_the_model_of_the_last_session_is_loaded(start, qtbot, tiny_sd1) -> None:
    put(tiny_sd1, paths.models_dir() / "dream.safetensors")
    folder = paths.state_dir()
    folder.mkdir(parents=True, exist_ok=True)
    session = {"parameters": {"model": "dream.safetensors"}}
    (folder / "session.json").write_text(json.dumps(session), encoding="utf-8")
    pipeline = FakePipeline()
    application = start(pipeline, ready=False)
    with qtbot.waitSignal(application.bridge.ready, timeout=20_000):
        pass
    assert pipeline.named == application.store.model == "dream.safetensors"


def test_the_picker_says_family_size_and_precision_and_chooses(field, store, qtbot) -> None:
    field.box.showPopup()
    picker = field.box.picker
    details = {item.title: (item.detail, item.problem) for item in picker.items.shown}
    assert details["dream"][0].startswith("Stable Diffusion 1 · ")
    assert details["dream"][0].endswith(" · float32")
    assert picker.isVisible()
    picker.search.setText("dre")
    with qtbot.waitSignal(field.picked):
        qtbot.keyClick(picker.search, Qt.Key.Key_Return)
    assert store.model == "dream.safetensors"
    assert not picker.isVisible()


def test_files_that_come_are_noticed_without_looking(field, qtbot, tiny_sd1) -> None:
    put(tiny_sd1, paths.models_dir() / "later.safetensors")
    qtbot.waitUntil(lambda: field.box.findText("later") > 0, timeout=20_000)


def test_what_a_model_predicts_can_be_decided_and_is_remembered(field, store, qtbot) -> None:
    choose(field, "dream")
    field.box.showPopup()
    predicts = field.box._predicts
    assert (predicts.isEnabled(), predicts.currentData()) == (True, "")
    with qtbot.waitSignal(field.picked):
        predicts.setCurrentIndex(predicts.findData("v"))
        predicts.activated.emit(predicts.currentIndex())
    assert read_notes(paths.models_dir() / "dream.safetensors").prediction == "v"
    choose(field, "LDM Studio Emoji (default)")
    field.box.showPopup()
    assert not predicts.isEnabled()


def test_the_vae_is_chosen_among_those_in_the_folders(qtbot, tiny_sd1) -> None:
    put(tiny_sd1, paths.models_dir() / "dream.safetensors")
    vae(paths.models_dir() / "VAE" / "colours.safetensors")
    store = StudioStore()
    more = MoreSection(store)
    qtbot.addWidget(more)
    store.run = RunState(loading=False, model=replace(MODEL, takes_addons=True))
    assert more.vae.currentText() == "the model's own"
    more.vae.showPopup()
    qtbot.waitUntil(lambda: more.vae.findText("colours") > 0, timeout=20_000)
    assert more.vae.findText("dream") == -1
    more.vae.setCurrentIndex(more.vae.findText("colours"))
    more.vae.activated.emit(more.vae.currentIndex())
    assert store.snapshot().vae == "colours"
    assert "vae" in store.edited()
    store.run = RunState(loading=False, model=MODEL)
    assert store.snapshot().vae == ""
    store.apply(Request(vae="gone"))
    assert more.vae.currentText() == "gone"


def test_the_panel_adapts_to_the_model(qtbot, store) -> None:
    panel = SamplerPanel(store)
    qtbot.addWidget(panel)
    assert panel.mode.button(Mode.TEXT).isEnabled()
    few = replace(MODEL, name="quick", steps=4, cfg=1.0, extra="upscaling")
    store.run = RunState(loading=False, model=few)
    assert panel.steps.slider.maximum() == 30
    assert panel.cfg.slider.maximum() * 0.5 == 5
    assert "quick was made to draw in about 4 steps" in panel.steps.toolTip()
    text = panel.mode.button(Mode.TEXT)
    assert "Enlarge the picture below" in text.toolTip()
    store.run = RunState(loading=False, model=MODEL)
    assert panel.steps.slider.maximum() == 60
    assert "quick" not in panel.steps.toolTip()
    assert "Enlarge" not in text.toolTip()
