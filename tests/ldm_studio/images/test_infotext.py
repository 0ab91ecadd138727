"""Advanced settings in the `parameters` text."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sd_parsers import ParserManager
from sd_prompt_reader.image_data_reader import ImageDataReader

from core.conditioning.text.prompt_parser import parse
from core.request.parameters import Guidance, Inpaint, Levels, Options, Variation
from core.request.request import Addon, Change, Request
from core.sampling.noise_profiles import A1111_CPU, A1111_NV, COMFYUI
from ldm_studio.images.image_files import read_request, save_png
from ldm_studio.images.infotext import Infotext, infotext, parse_infotext, restore
from ldm_studio.images.infotext_keys import read_changes, write_changes
from tests.core.request.test_request import changes, whole_requests
from tests.ldm_studio.infotext_of import infotext_of

DIGEST = "ab" * 32
PIXELS = np.zeros((8, 8, 3), np.uint8)

FINE = Request(
    prompt="a fox",
    negative="blur",
    sampler="UniPC",
    schedule="Karras",
    steps=12,
    options=Options(order=2),
    guidance=Guidance(rescale=0.7, start=0.1, end=0.9, mimic=5.0, quantile=0.99),
    levels=Levels(sigma_min=0.03, sigma_max=14.6, rho=5.0),
    noise=A1111_NV,
    variation=Variation(seed=3, strength=0.25),
    changes=(Change(4, prompt='a "wolf", grey: big', cfg=3.0), Change(8, sampler="Heun")),
)


def settings(request: Request) -> dict[str, str]:
    return dict(parse_infotext(infotext(request, "m", DIGEST)).settings)


def test_settings_have_the_names_of_other_programs():
    written = settings(FINE)
    expected = {
        "Variation seed": "3",
        "Variation seed strength": "0.25",
        "RNG": "NV",
        "Schedule min sigma": "0.03",
        "Schedule max sigma": "14.6",
        "Schedule rho": "5",
        "UniPC order": "2",
        "CFG Rescale": "0.7",
        "Dynamic thresholding enabled": "True",
        "Mimic scale": "5",
        "Threshold percentile": "99",
    }
    assert expected.items() <= written.items()
    churned = Request(sampler="Heun", options=Options(None, 1.1, 3.0, 0.1, 9.0))
    expected = {"Sigma churn": "3", "Sigma tmin": "0.1", "Sigma tmax": "9", "Sigma noise": "1.1"}
    assert expected.items() <= settings(churned).items()
    assert settings(Request(sampler="DDIM", options=Options(eta=0.5)))["Eta DDIM"] == "0.5"
    assert settings(Request(sampler="Euler a", options=Options(eta=0.5)))["Eta"] == "0.5"


def test_defaults_are_not_written():
    usual = {"Steps", "Sampler", "Schedule type", "CFG scale", "Seed", "Size", "Model hash",
             "Model", "Version"}  # fmt: skip
    assert set(settings(Request())) == usual


def test_changes_are_readable_text():
    assert settings(FINE)["Changes"] == (
        '4 prompt "a \\"wolf\\", grey: big" cfg 3; 8 sampler "Heun"'
    )


@given(changes())
def test_changes_round_trip_exactly(listed: tuple[Change, ...]):
    assert read_changes(write_changes(listed)) == unsealed(listed)


@pytest.mark.parametrize(
    "text", ["x", "4", '4 prompt "a', "4 shell 3", "4 cfg", "4 cfg 3; x", '4 cfg "3"', "4 steps ."]
)
def test_invalid_changes_are_listed_as_ignored(text: str):
    info = parse_infotext(f"a\nSteps: 3, Seed: 5, Size: 8x8, Changes: {text}")
    assert restore(info, Request()).ignored == (f"Changes: {text}",)


def unsealed(changes: tuple[Change, ...]) -> tuple[Change, ...]:
    """Without the digests of the add-ons."""
    return tuple(replace(change, addons=None) for change in changes)


def subset(request: Request) -> Request:
    """The part of a request that the text contains."""
    inpaint = replace(request.inpaint, grow=0, soft=False, width=0, height=0, match=False)
    guidance = request.guidance
    return replace(
        request,
        prompt="a fox",
        negative="",
        model="default",
        model_digest="",
        prediction="",
        vae="",
        addons=(),
        changes=unsealed(request.changes),
        count=1,
        control="",
        inpaint=inpaint if request.mask else Inpaint(),
        guidance=guidance if guidance.mimic else replace(guidance, quantile=Guidance().quantile),
        variation=request.variation if request.variation.strength else Variation(),
    )


@given(whole_requests())
def test_the_text_contains_every_setting_exactly(request: Request):
    expected = subset(request)
    base = Request(init=request.init, mask=request.mask)
    restored = restore(parse_infotext(infotext(expected, "m", DIGEST)), base)
    assert restored.request == expected
    assert [item.split(":")[0] for item in restored.ignored] == ["Model hash", "Model", "Version"]


@given(whole_requests())
def test_any_recipe_round_trips_through_an_image(
    tmp_path_factory: pytest.TempPathFactory, request: Request
):
    path = tmp_path_factory.mktemp("recipe") / "a.png"
    save_png(path, PIXELS, request, "m", DIGEST)
    assert read_request(path) == request


PASTED = """a [red:blue:0.4] fox, (detailed fur:1.2), <lora:add_detail:0.8> AND snow :0.5
BREAK [day|night], \\(old\\)
Negative prompt: EasyNegative, (blurry)
Steps: 20, Sampler: DPM++ 2M, Schedule type: Karras, CFG scale: 7, Seed: 1234567890, \
Size: 512x768, Clip skip: 2, Template: "a {red|blue} fox, __x__", Version: v1.10.1"""


def test_a_recipe_of_a1111_is_kept_unchanged():
    base = Request(clip_skip=5, syntax="ComfyUI", template="x", negative_template="y")
    restored = restore(parse_infotext(PASTED), base)
    request = restored.request
    assert f"{request.prompt}\nNegative prompt: {request.negative}\n" in PASTED
    assert (request.clip_skip, request.syntax, request.negative_template) == (2, "A1111", "")
    assert request.template == "a {red|blue} fox, __x__"
    assert restored.ignored == ("Version: v1.10.1",)
    assert parse(request.prompt).problems == ()
    again = restore(parse_infotext(infotext(request, "m", DIGEST)), Request())
    assert again.request == request


@pytest.mark.parametrize("noise", [A1111_CPU, A1111_NV, COMFYUI, "Studio"])
def test_our_own_text_overrides_the_noise_source(noise: str):
    info = parse_infotext(infotext(Request(noise=noise), "m", DIGEST))
    assert restore(info, Request(noise=A1111_CPU)).request.noise == noise


@pytest.mark.parametrize(
    ("source", "noise"), [("CPU", A1111_CPU), ("NV", A1111_NV), ("GPU", A1111_NV)]
)
def test_noise_sources_of_other_programs_are_understood(source: str, noise: str):
    info = parse_infotext(f"a fox\nSteps: 20, Sampler: Euler, Seed: 3, RNG: {source}")
    assert restore(info, Request()).request.noise == noise


def test_the_order_of_settings_does_not_matter():
    text = "a\nEta: 0.5, Schedule rho: 3, Sampler: Euler a, Schedule type: Karras, Steps: 9"
    restored = restore(parse_infotext(text), Request())
    assert restored.ignored == ()
    assert restored.request.options == Options(eta=0.5)
    assert restored.request.levels == Levels(rho=3.0)


@given(st.sampled_from(["Sigmas", "Changes", "Mimic scale", "Threshold percentile", "RNG", "Tile",
                        "Masked content", "Eta", "Schedule rho", "Variation seed"]),
       st.text(st.characters(codec="utf-8", exclude_characters='\n,"'), max_size=40))  # fmt: skip
def test_no_value_of_another_program_raises(name: str, value: str):
    info = parse_infotext(f"a fox\nSteps: 20, Sampler: Euler, Seed: 3, {name}: {value}")
    restored = restore(info, Request())
    assert restored.request.steps == 20


def test_popular_readers_ignore_unknown_settings(tmp_path: Path):
    path = tmp_path / "a.png"
    save_png(path, PIXELS, FINE, "m", DIGEST)
    assert infotext_of(path) is not None
    info = ParserManager().parse(path)
    assert info is not None
    (sampler,) = info.samplers
    assert [found.value for found in sampler.prompts] == ["a fox"]
    assert sampler.parameters["seed"] == "0"
    reader = ImageDataReader(path)
    assert (reader.positive, reader.negative) == ("a fox", "blur")
    assert reader.parameter["steps"] == "12"


def test_addons_are_written_like_in_other_programs() -> None:
    used = (
        Addon("lora", "detail", "1" * 64, "a1" * 6),
        Addon("lora", "ink", "2" * 64, "b2" * 6),
        Addon("embedding", "EasyNegative", "3" * 64, "3" * 12),
        Addon("vae", "/models/VAE/ft-mse.safetensors", "4" * 64, "4" * 12),
    )
    request = Request(
        prompt="a fox <lora:detail:0.5> <lora:ink:1>",
        vae="/models/VAE/ft-mse.safetensors",
        addons=used,
    )
    written = settings(request)
    expected = {
        "VAE hash": "4" * 10,
        "VAE": "ft-mse.safetensors",
        "TI hashes": "EasyNegative: 333333333333",
        "Lora hashes": "detail: a1a1a1a1a1a1, ink: b2b2b2b2b2b2",
    }
    assert expected.items() <= written.items()
    assert not expected.keys() & settings(Request()).keys()
    restored = restore(parse_infotext(infotext(request, "m", DIGEST)), Request(vae="other"))
    assert restored.request.prompt == request.prompt
    assert restored.request.vae == "ft-mse.safetensors"
    assert not any("hash" in words for words in restored.ignored if "Model" not in words)
    plain = parse_infotext("a\nSteps: 2, Seed: 1, VAE: Automatic, Size: 8x8")
    assert restore(plain, Request(vae="other")).request.vae == ""


# --- texts as people have them -----------------------------------------------------------------

LAST = "Steps: 20, Sampler: DPM++ 2M Karras, CFG scale: 7, Seed: 425, Size: 512x512, Model: photon"


def test_lines_behind_the_settings_are_kept_and_reported():
    text = f"a red cat\nNegative prompt: blurry\n{LAST}\nPostprocess upscale by: 4\nby: me, a, b"
    info = parse_infotext(text)
    assert (info.prompt, info.negative) == ("a red cat", "blurry")
    assert info.settings["Seed"] == "425"
    assert info.notes == "Postprocess upscale by: 4\nby: me, a, b"
    assert str(info) == text
    restored = restore(info, Request())
    assert (restored.request.steps, restored.request.seed) == (20, 425)
    assert restored.ignored[-2:] == ("Postprocess upscale by: 4", "by: me, a, b")


def test_templates_behind_the_settings_are_read():
    info = parse_infotext(
        f"a red cat on a mat\nNegative prompt: blurry\n{LAST}\n"
        "Template: a {red|blue} cat, Seed: 5,\non a __place__\nNegative Template: {blurry|dark}"
    )
    restored = restore(info, Request())
    assert (restored.request.prompt, restored.request.seed) == ("a red cat on a mat", 425)
    assert restored.request.template == "a {red|blue} cat, Seed: 5,\non a __place__"
    assert restored.request.negative_template == "{blurry|dark}"
    assert restored.ignored == ("Model: photon",)


@pytest.mark.parametrize(
    "value",
    [
        '{"model": "b59c", "lora:a, b": "d0"}',
        '[{"type": "checkpoint", "id": 1}, {"name": "[a, Seed: 9"}]',
        "(0.5, (0.25, 1), [2])",
        "photon (v1, Steps: 3)",
    ],
)
def test_commas_inside_brackets_do_not_end_a_value(value: str):
    info = parse_infotext(f"a cat\n{LAST}, Extra: {value}, Clip skip: 2, Version: v1.9.4")
    assert info.settings["Extra"] == value
    assert (info.settings["Clip skip"], info.settings["Seed"]) == ("2", "425")


@pytest.mark.parametrize("value", ["a (b", "[", "{x)", ":) (", '5" wide', ") ] }"])
def test_lone_brackets_and_quotes_end_at_the_next_comma(value: str):
    info = parse_infotext(f"a cat\n{LAST}, Extra: {value}, Clip skip: 2")
    assert (info.settings["Extra"], info.settings["Clip skip"]) == (value, "2")


def test_lone_brackets_and_quotes_are_written_so_that_they_are_read_back():
    settings = {
        "Steps": "3",
        "Aa": "a (b",
        "Bb": '5" wide',
        "Cc": "c) (d",
        "Dd": "e (f)",
        "Seed": "4",
    }
    assert parse_infotext(str(Infotext("a cat", "", settings))).settings == settings


def test_the_first_of_two_equal_keys_counts():
    info = parse_infotext(f"a cat\n{LAST}, Hires prompt: a dog, Steps: 3, Seed: 9, Clip skip: 2")
    assert (info.settings["Steps"], info.settings["Seed"]) == ("20", "425")


def test_a_prompt_may_contain_lines_like_settings():
    prompt = "Steps: 3, Seed: 9, Size: 8x8\na list: of, many: words, and: more"
    assert parse_infotext(f"{prompt}\n{LAST}").prompt == prompt
    info = parse_infotext(f"a cat\nSampler: Euler, {LAST}")  # some programs write Steps later
    assert (info.prompt, info.settings["Sampler"]) == ("a cat", "Euler")


@pytest.mark.parametrize("unit", ["a: (", "a: [{(", 'ab: "', "(", "a: (x), ", "Steps: 1, a: (\n"])
def test_any_long_line_of_settings_is_read_in_linear_time(unit: str):
    began = time.process_time()
    parse_infotext(f"a cat\nSteps: 3, {unit * (200_000 // len(unit))}")
    assert time.process_time() - began < 5


@pytest.mark.parametrize(
    ("program", "noise"),
    [("AUTOMATIC1111", A1111_NV), ("Forge", A1111_NV), ("ComfyUI", COMFYUI), ("Fooocus", "Studio")],
)
def test_a_text_that_names_no_noise_means_that_of_its_program(program: str, noise: str):
    text = f"a cat\n{LAST}"
    assert restore(parse_infotext(text), Request(), program).request.noise == noise
    named = parse_infotext(f"{text}, RNG: CPU")
    assert restore(named, Request(), program).request.noise == A1111_CPU


def test_the_seed_of_another_size_and_the_delta_of_its_noise_are_read_and_written() -> None:
    info = parse_infotext(f"a cat\n{LAST}, Seed resize from: 512x768, ENSD: 31337")
    restored = restore(info, Request())
    assert restored.ignored == ("Model: photon",)
    variation = restored.request.variation
    assert (variation.from_width, variation.from_height) == (512, 768)
    assert restored.request.noise_seed_delta == 31337
    again = parse_infotext(infotext(restored.request, "m", DIGEST))
    assert again.settings["Seed resize from"] == "512x768"
    assert restore(again, Request()).request == restored.request
    without_effect = parse_infotext(f"a cat\n{LAST}, Seed resize from: -1x-1, ENSD: 0")
    assert restore(without_effect, restored.request).ignored == ("Model: photon",)


@pytest.mark.parametrize(
    ("program", "meaning"),
    [
        ("AUTOMATIC1111", "A1111"),
        ("Forge", "A1111"),
        ("ComfyUI", "ComfyUI"),
        ("InvokeAI", "Studio"),
    ],
)
def test_a_text_means_what_its_program_means(program: str, meaning: str) -> None:
    info = parse_infotext("a cat\nSteps: 20, Sampler: UniPC, Schedule type: Beta, CFG scale: 7")
    request = restore(info, Request(conventions="A1111"), program).request
    assert request.conventions == meaning
    assert request.sampler == ("UniPC" if meaning == "Studio" else "UniPC bh1")
    assert request.schedule == "Beta"
    ours = parse_infotext(infotext(request, "m", DIGEST))
    assert restore(ours, Request(), "LDM Studio").request.conventions == meaning
    second = parse_infotext(
        "a cat\nSteps: 20, Sampler: uni_pc_bh2, Schedule type: Beta, CFG scale: 7"
    )
    assert restore(second, Request(), program).request.sampler == "UniPC"


@pytest.mark.parametrize("unit", ["a", "ab ", '\\"', "[", "ab:", '"', "k: [", "Steps: 1\n"])
def test_the_longest_lines_are_parsed_in_a_moment(unit: str) -> None:
    began = time.process_time()
    parse_infotext('Steps: 1, "' + unit * (150_000 // len(unit)))
    assert time.process_time() - began < 3  # what is not linear takes minutes


def test_settings_divided_by_bars_are_read() -> None:
    info = parse_infotext(
        "a castle\nNegative prompt: fog\n"
        "Steps: 25 | Seed: 18 | Sampler: Euler a | CFG scale: 7 | Size: 768x512 | Operations: |"
    )
    assert (info.prompt, info.negative) == ("a castle", "fog")
    restored = restore(info, Request()).request
    assert (restored.steps, restored.seed, restored.sampler) == (25, 18, "Euler a")
    assert (restored.cfg, restored.width, restored.height) == (7, 768, 512)


SETTINGS = "Steps: 25, Sampler: Euler a, CFG scale: 7, Seed: 5, Size: 64x64"


@pytest.mark.parametrize(
    ("text", "prompt", "negative"),
    [
        (f"a cat,.Negative prompt: fog.{SETTINGS}", "a cat", "fog"),
        (f"a cat. Negative prompt: fog, rain, {SETTINGS}", "a cat", "fog, rain"),
        (f"a cat, {SETTINGS}", "a cat", ""),
        (f"Negative prompt: fog. {SETTINGS}", "", "fog"),
        (f"a cat, Steps: three, {SETTINGS}", "a cat, Steps: three", ""),
    ],
)
def test_a_text_on_one_line_is_divided(text: str, prompt: str, negative: str) -> None:
    info = parse_infotext(text)
    assert (info.prompt, info.negative) == (prompt, negative)
    assert info.settings["Steps"] == "25"
    assert info.settings["Size"] == "64x64"


def test_a_prompt_on_one_line_that_lists_steps_stays_a_prompt() -> None:
    text = "a recipe, Steps: mix, bake, eat"
    assert parse_infotext(text).prompt == text
