"""Other programs' readers understand our metadata."""

from __future__ import annotations

import pytest
from sd_parsers import ParserManager
from sd_prompt_reader.image_data_reader import ImageDataReader

from core.request.request import Request
from tests.ldm_studio.history.files import DIGEST, ours

PROMPTS = [
    ("a red fox, (detailed fur:1.2)", "blurry"),
    ("крот 🦔 狐狸 ثعلب", "размыто"),
    ('quotes " and: commas, and\nlines', "one\ntwo"),
    ("word " * 2000, "worse " * 500),
    ("only a prompt", ""),
]


def request(prompt: str, negative: str) -> Request:
    return Request(
        prompt=prompt, negative=negative, sampler="DPM++ 2M", schedule="Karras", steps=23, cfg=6.5,
        seed=2**53 + 1, width=16, height=8,
    )  # fmt: skip


@pytest.mark.parametrize(("prompt", "negative"), PROMPTS)
def test_sd_parsers_reads_the_recipe(tmp_path, prompt, negative):
    path = ours(tmp_path / "a.png", request(prompt, negative), "My model")
    info = ParserManager().parse(path)
    assert info is not None
    (sampler,) = info.samplers
    assert [found.value for found in sampler.prompts] == [prompt.strip()]
    assert [found.value for found in sampler.negative_prompts] == (
        [negative.strip()] * bool(negative)
    )
    assert sampler.name == "DPM++ 2M"
    assert sampler.parameters == {
        "steps": "23", "scheduler": "Karras", "cfg_scale": "6.5", "seed": str(2**53 + 1),
    }  # fmt: skip
    assert sampler.model is not None
    assert (sampler.model.name, sampler.model.hash) == ("My model", DIGEST[:10])


@pytest.mark.parametrize(("prompt", "negative"), PROMPTS)
def test_sd_prompt_reader_reads_the_recipe(tmp_path, prompt, negative):
    reader = ImageDataReader(ours(tmp_path / "a.png", request(prompt, negative), "My model"))
    assert reader.tool == "A1111 webUI"
    assert (reader.positive, reader.negative) == (prompt.strip(), negative.strip())
    assert reader.parameter == {
        "model": "My model", "sampler": "DPM++ 2M", "seed": str(2**53 + 1), "cfg": "6.5",
        "steps": "23", "size": "16x8",
    }  # fmt: skip
