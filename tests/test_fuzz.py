"""Damaged files and texts, the same ones every time, for everything that reads what others made.

`python -m benchmarks fuzz --minutes N` goes on with others.
"""

from __future__ import annotations

import warnings
from pathlib import Path

import pytest

from benchmarks.fuzz import run_case
from benchmarks.readers import READERS, REFUSALS, Reader

INPUTS = 8
"""For each reader; all together take a few seconds."""


@pytest.mark.parametrize("reader", READERS, ids=lambda reader: reader.name)
def test_whatever_is_damaged_a_reader_returns_or_says_why_not(
    reader: Reader, tmp_path: Path
) -> None:
    with warnings.catch_warnings(action="ignore"):  # of Pillow, about damaged tags
        for number in range(INPUTS):
            case, _ = run_case(reader, number, tmp_path)
            assert not case.is_bad, case


@pytest.mark.parametrize("reader", READERS, ids=lambda reader: reader.name)
def test_a_reader_accepts_what_is_not_damaged(reader: Reader, tmp_path: Path) -> None:
    refused: list[Exception] = []
    for seed in reader.seeds():
        path = tmp_path / reader.file
        path.write_bytes(reader.wrap(seed))
        try:
            reader.read(path)
        except REFUSALS as error:
            refused.append(error)
    assert len(refused) < len(reader.seeds()), refused
