"""Every benchmark runs and leaves a complete record; nothing here asserts a speed."""

from __future__ import annotations

import importlib
import json
from pathlib import Path

import pytest

from benchmarks.__main__ import BENCHMARKS, main
from benchmarks.reference import Widths
from tests.tiny_recipe import write_model
from tests.waiting import HANG_SECONDS

FIELDS = {
    "picture": {"seconds_per_picture", "ms_per_step", "size", "pictures"},
    "seam": {"matched", "plain", "plain_over_matched", "pictures"},
    "preview": {"preview_ms", "step_ms", "percent_of_step", "pictures"},
    "trajectory": {"journal_ms", "keep_ms", "percent_of_step", "sd_percent_of_step", "live_ms"},
    "interface": {"median_ms", "p99_ms", "longest_ms", "longest_while_loading_ms", "pictures"},
    "canvas": {"strokes", "by_view", "ends", "invert", "undo", "undo_mib", "niceness"},
    "startup": {"window_s", "ready_s", "picture_s", "runs"},
    "history": {"first_page_ms", "search_ms", "search_while_writing_ms", "pictures"},
    "browser": {"first_page_ms", "search_ms", "frame_p99_ms", "longest_jump_ms", "memory_mib"},
    "checkpoint": {"step_ratio", "decode_ratio", "picture_ratio", "load_memory", "peak_mb"},
    "loading": {"layouts", "most", "full"},
    "lora": {"apply_ratio", "change_ratio", "remove_ms", "layers", "peft", "rounds"},
    "forecast": {"cases", "worst_seconds", "worst_memory"},
    "fuzz": {"inputs", "accepted", "readers", "slowest", "largest", "findings"},
    "peer": {"ours_ms", "diffusers_ms", "ratio", "largest_difference", "rounds"},
}
TINY = Widths(unet=32, autoencoder=32, text=64, layers=2, rounds=1)
MACHINE = {"cpu", "cores", "threads", "torch", "python", "system"}


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_model(tmp_path_factory.mktemp("benchmarks") / "model")


def run(names: list[str], model: Path, records: Path) -> list[dict[str, object]]:
    options = ["--model", str(model), "--repeats", "1", "--steps", "2", "--json", str(records)]
    assert main([*names, *options]) == 0
    return [json.loads(line) for line in records.read_text(encoding="utf-8").splitlines()]


def check(record: dict[str, object]) -> None:
    name = record["benchmark"]
    assert isinstance(name, str)
    assert record.keys() >= FIELDS[name] | {"time", "steps", "machine"}
    machine = record["machine"]
    assert isinstance(machine, dict)
    assert machine.keys() == MACHINE
    assert all(machine.values())


def test_every_benchmark_has_a_test() -> None:
    assert BENCHMARKS.keys() == FIELDS.keys()


@pytest.mark.parametrize("name", ["picture", "preview", "seam", "trajectory", "peer"])
def test_a_benchmark_prints_a_line_and_its_record(
    name: str, model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (record,) = run([name], model, tmp_path / "records.jsonl")
    check(record)
    line, printed = capsys.readouterr().out.splitlines()
    assert line.startswith(f"{name}: ")
    assert json.loads(printed) == record


@pytest.mark.filterwarnings("ignore:No LoRA keys associated")
@pytest.mark.filterwarnings("ignore:__array__ implementation")  # diffusers, of its own tensors
@pytest.mark.parametrize("name", ["checkpoint", "loading", "lora", "forecast"])
def test_stable_diffusion_is_measured_with_tiny_networks(
    name: str, model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = importlib.import_module(f"benchmarks.{name}")
    monkeypatch.setattr(module, "NARROW", TINY)
    if name in ("checkpoint", "forecast"):
        monkeypatch.setattr(module, "SIDE", 64)
    if name == "loading":
        gguf = {"GGUF": module.LAYOUTS["GGUF"]}
        monkeypatch.setattr(module, "LAYOUTS", gguf)
    (record,) = run([name], model, tmp_path / "records.jsonl")
    check(record)


def test_readers_are_fuzzed_as_long_as_one_likes(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("benchmarks.fuzz.KEPT", tmp_path / "kept")
    options = ["--minutes", "0.1", "--json", str(tmp_path / "records.jsonl")]
    assert main(["fuzz", *options]) == 0
    check(record := json.loads((tmp_path / "records.jsonl").read_text(encoding="utf-8")))
    assert record["inputs"] > record["readers"]


def test_the_canvas_is_measured_without_a_model(model: Path, tmp_path: Path) -> None:
    (record,) = run(["canvas"], model, tmp_path / "records.jsonl")
    check(record)
    strokes = record["strokes"]
    assert isinstance(strokes, dict)
    assert 0 < strokes["computing_median_ms"] <= strokes["computing_p99_ms"]


def test_the_window_is_measured_in_separate_processes(model: Path, tmp_path: Path) -> None:
    interface, startup = run(["interface", "startup"], model, tmp_path / "records.jsonl")
    check(interface)
    check(startup)
    moments = [startup[name] for name in ("window_s", "ready_s", "picture_s")]
    assert all(isinstance(moment, float) for moment in moments)
    assert moments == sorted(moments)  # type: ignore[type-var]  # floats, as just asserted


def test_a_small_history_is_measured_like_a_large_one(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("benchmarks.history.ITEMS", 1_000)
    (record,) = run(["history"], model, tmp_path / "records.jsonl")
    check(record)
    assert record["pictures"] == 1_000


def test_the_history_page_is_measured_with_a_small_history(
    qapp, model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("benchmarks.browser.ITEMS", 1_000)
    monkeypatch.setattr("benchmarks.browser.FRAMES", 5)
    monkeypatch.setattr("benchmarks.browser.JUMPS", 5)
    monkeypatch.setattr("benchmarks.browser._SECONDS", HANG_SECONDS)
    (record,) = run(["browser"], model, tmp_path / "records.jsonl")
    check(record)
    assert record["pictures"] == 1_000


def test_a_missing_model_is_reported_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["picture", "--model", str(tmp_path / "none")]) == 2
    said = capsys.readouterr().err.strip()
    assert "none" in said
    assert len(said.splitlines()) == 1


def test_an_unknown_name_lists_all_benchmarks(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["speed"])
    assert ", ".join(BENCHMARKS) in capsys.readouterr().err
