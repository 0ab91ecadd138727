"""Folders and file names."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import date
from pathlib import Path

import pytest
import torch

from core.atomic_write import remove_left_behind, replacing
from core.errors import ImageError
from core.pipeline.state_file import save
from core.sampling.trajectory import State
from ldm_studio import paths
from ldm_studio.paths import next_image


def test_one_environment_variable_moves_all_folders(tmp_path, monkeypatch):
    monkeypatch.setenv("LDM_STUDIO_HOME", str(tmp_path))
    for folder in (paths.config_dir, paths.data_dir, paths.state_dir, paths.models_dir):
        assert tmp_path in folder().parents
    assert paths.output_dir(date(2026, 3, 4)) == tmp_path / "Pictures/LDM Studio/2026-03-04"


def test_by_default_images_are_in_the_pictures_folder(monkeypatch):
    monkeypatch.delenv("LDM_STUDIO_HOME", raising=False)
    assert paths.pictures_dir().name == "LDM Studio"
    assert paths.output_dir().name == date.today().isoformat()
    assert paths.pictures_dir().is_absolute()


def test_numbers_grow_and_no_file_is_left_behind(tmp_path):
    folder = tmp_path / "new" / "folder"
    for expected in ("00001-42.png", "00002-42.png", "00003-7.png"):
        with next_image(folder, int(expected.split("-")[1][:-4])) as path:
            assert path == folder / expected
            path.touch()
    assert len(list(folder.iterdir())) == 3


def test_numbers_are_not_reused_after_a_deletion_in_the_middle(tmp_path):
    for name in ("00001-1.png", "00007-1.png", "notes.txt", "123-4.png", "00009.png"):
        (tmp_path / name).touch()
    with next_image(tmp_path, 5) as path:
        assert path.name == "00008-5.png"


def test_a_reserved_number_is_not_used_twice(tmp_path):
    with ExitStack() as stack:
        names = [stack.enter_context(next_image(tmp_path, 1)).name for _ in range(3)]
    assert names == ["00001-1.png", "00002-1.png", "00003-1.png"]
    assert list(tmp_path.iterdir()) == []


def test_concurrent_reservations_get_different_numbers(tmp_path):
    def save(seed: int) -> str:
        with next_image(tmp_path, seed) as path:
            path.touch()
        return path.name.split("-")[0]

    with ThreadPoolExecutor(8) as pool:
        numbers = list(pool.map(save, range(64)))
    assert len(set(numbers)) == 64


def test_a_folder_that_cannot_be_created_is_a_readable_error(tmp_path):
    (tmp_path / "file").touch()
    with (
        pytest.raises(ImageError, match="LDM Studio cannot write into"),
        next_image(tmp_path / "file", 1),
    ):
        pytest.fail("no path should be given")


def test_an_exception_releases_the_number(tmp_path: Path):
    with pytest.raises(ZeroDivisionError), next_image(tmp_path, 1):
        raise ZeroDivisionError
    assert os.listdir(tmp_path) == []


@pytest.mark.skipif(os.name != "posix", reason="Windows gives each user a private folder")
def test_no_other_user_can_read_prompts_and_unfinished_images(tmp_path):
    paths.make_private_folders()
    folders = paths.config_dir(), paths.data_dir(), paths.state_dir()
    assert {folder.stat().st_mode & 0o777 for folder in folders} == {0o700}
    state = tmp_path / "state.safetensors"  # may be rescued into a folder of all users
    save(state, State(1, torch.zeros(1, 4, 2, 2)))
    assert state.stat().st_mode & 0o777 == 0o600


def test_unfinished_files_of_a_crash_are_removed_after_a_day(tmp_path):
    class Killed(BaseException):
        """As good as the end of the process."""

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Path, "unlink", lambda path, missing_ok=False: None)
        for name in ("old.json", "new.json"):
            with pytest.raises(Killed), replacing(tmp_path / "inside" / name):
                raise Killed
    others = tmp_path / "mine.part", tmp_path / ".mine.part"
    for other in others:
        other.touch()
    old = next(tmp_path.glob("inside/.old*.part"))
    for path in (old, *others):
        os.utime(path, (0, 0))
    assert remove_left_behind(tmp_path) == 1
    assert {path.name[:4] for path in (tmp_path / "inside").iterdir()} == {".new"}
    assert all(other.exists() for other in others)
