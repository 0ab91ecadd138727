"""Model folders of this and other programs."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from ldm_studio.models.model_folders import files_in
from ldm_studio.paths import expanded


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
def test_only_relevant_folders_of_other_programs_are_searched(tmp_path, wanted) -> None:
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


def test_all_models_managed_by_invokeai_are_listed(tmp_path) -> None:
    files = [tmp_path / "models" / "sd-1" / "main" / "a.safetensors"]
    folder = tmp_path / "models" / "sdxl" / "main" / "b"
    touch(*files, folder / "model_index.json", folder / "unet" / "weights.safetensors")
    touch(tmp_path / "databases" / "invokeai.db", tmp_path / "outputs" / "x.ckpt")
    assert files_in(tmp_path) == [*files, folder]


def test_folders_in_extra_model_paths_are_searched(tmp_path) -> None:
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
    [
        *("[", "- a\n- b", "a: 5", "a:\n  checkpoints: {b: c}", "a:\n  base_path: [x]", "\0"),
        *("&a [*a]", "a: !!timestamp foo", 'a: !!int ""', "a: !!bool foo", "[" * 29_000),
        "a:\n  base_path: ~nosuchuser/x\n  checkpoints: y",
        "a: &a {<<: *a}\nb: {<<: [*a, *a]}",
        "\n".join(
            ["a0: &a0 {k: v}"]
            + [f"a{i}: &a{i} {{<<: [{', '.join([f'*a{i - 1}'] * 10)}]}}" for i in range(1, 12)]
        ),
    ],
    ids=range(14),
)
def test_a_damaged_extra_model_paths_is_ignored(tmp_path, text) -> None:
    touch(tmp_path / "models" / "checkpoints" / "a.ckpt")
    (tmp_path / "extra_model_paths.yaml").write_text(text, encoding="utf-8")
    assert [path.name for path in files_in(tmp_path)] == ["a.ckpt"]


def test_sections_of_extra_model_paths_may_be_merged(tmp_path) -> None:
    touch(tmp_path / "disk" / "b.ckpt")
    (tmp_path / "extra_model_paths.yaml").write_text(
        f"base: &base\n  base_path: {tmp_path}\nmine:\n  <<: *base\n  checkpoints: disk\n"
    )
    assert [path.name for path in files_in(tmp_path)] == ["b.ckpt"]


def test_a_home_folder_of_nobody_is_an_ordinary_name() -> None:
    assert expanded("~nosuchuser/x") == Path("~nosuchuser/x")
    assert expanded("~/x") == Path.home() / "x"


def test_circular_links_end(tmp_path) -> None:
    touch(tmp_path / "a" / "x.ckpt")
    (tmp_path / "a" / "round").symlink_to(tmp_path)
    assert [path.name for path in files_in(tmp_path)] == ["x.ckpt"]


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere there are no such names")
def test_undecodable_names_are_skipped(tmp_path) -> None:
    touch(tmp_path / "good.safetensors")
    os.close(os.open(os.fsencode(tmp_path) + b"/\xff.safetensors", os.O_CREAT))
    os.mkdir(os.fsencode(tmp_path) + b"/\xfe")
    os.close(os.open(os.fsencode(tmp_path) + b"/\xfe/inside.safetensors", os.O_CREAT))
    assert files_in(tmp_path) == [tmp_path / "good.safetensors"]
