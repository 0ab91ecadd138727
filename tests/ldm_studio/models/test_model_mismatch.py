"""Local files with the names of another program's files, but other contents."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from core.request.request import Change, Request
from ldm_studio import paths
from ldm_studio.models import addon_files, found_models
from ldm_studio.models.file_digests import early_hash
from ldm_studio.models.known_checkpoints import Catalogue
from ldm_studio.models.model_mismatch import compare_with_local, find_mismatches
from tests.core.checkpoints.tiny import made, original
from tests.core.conftest import randomise

WRONG = "0123456789"


@pytest.fixture
def folder(qapp) -> Path:
    folder = paths.models_dir()
    folder.mkdir(parents=True, exist_ok=True)
    lora = {"lora_unet_mid_block.lora_up.weight": torch.zeros(2, 2)}
    save_file(lora, folder / "style.safetensors", metadata={"a": "b"})
    save_file({"emb_params": torch.zeros(2, 64)}, folder / "face.safetensors")
    save_file(original(made("SD1", randomise)), folder / "dream.safetensors")
    found_models.find_models()
    addon_files.find_addons()
    return folder


def sha(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_different_files_with_equal_names_are_reported(folder) -> None:
    settings = {
        "Lora hashes": f"style: {WRONG}ab, unknown: {WRONG}ab",
        "TI hashes": f"face: {sha(folder / 'face.safetensors')[:10]}",
    }
    reported = find_mismatches(settings, compute=True)
    assert len(reported) == 1
    assert reported[0].startswith("style here is a different file")
    assert WRONG in reported[0]


def test_equal_files_are_not_reported(folder) -> None:
    content = (folder / "style.safetensors").read_bytes()
    behind = content[8 + int.from_bytes(content[:8], "little") :]
    settings = {"Lora hashes": f"style: {hashlib.sha256(behind).hexdigest()[:12]}"}
    assert find_mismatches(settings, compute=True) == ()


def test_models_are_compared_if_their_hash_is_known(folder) -> None:
    settings = {"Model": "dream", "Model hash": WRONG, "Refiner": f"dream [{WRONG}]"}
    assert find_mismatches(settings, compute=True) == ()
    path = folder / "dream.safetensors"
    Catalogue().keep_digest(path, sha(path))
    (reported,) = find_mismatches(settings)
    assert sha(path)[:10] in reported
    assert find_mismatches({**settings, "Model hash": sha(path)[:10], "Refiner": "dream"}) == ()


def test_early_hashes_of_models_are_compared(folder, tmp_path) -> None:
    content = (folder / "dream.safetensors").read_bytes()
    part = content[0x100000:0x110000]  # as the program that wrote them takes it
    own = hashlib.sha256(part).hexdigest()[:8]
    assert find_mismatches({"Model": "dream", "Model hash": own}) == ()
    (reported,) = find_mismatches({"Model": "dream", "Model hash": "7460a6fa"})
    assert reported.startswith("dream here is a different file")
    assert own in reported
    big = tmp_path / "big.ckpt"
    big.write_bytes(bytes(0x100000) + b"x" * 0x10000 + b"rest")
    assert early_hash(big) == hashlib.sha256(b"x" * 0x10000).hexdigest()[:8]


def test_a_refiner_is_found_by_other_programs_names(folder) -> None:
    request = Request(changes=(Change(8, model="dream"), Change(9, model="elsewhere")))
    assert [change.model for change in compare_with_local(request).changes] == [
        "dream.safetensors",
        "elsewhere",
    ]
