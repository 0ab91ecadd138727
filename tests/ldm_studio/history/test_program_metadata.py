"""Recipes of every program: known settings are read, unsupported ones listed, nothing raises."""

from __future__ import annotations

import json
from pathlib import Path
from time import thread_time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from core.request.request import Request
from ldm_studio.history.comfyui import comfyui as read_graph
from ldm_studio.history.image_reader import scan
from ldm_studio.history.program_metadata import recipe_in, recipe_of
from ldm_studio.history.recipe import Facts, Recipe, facts
from tests.ldm_studio.history.files import (
    comfyui,
    commented,
    graph,
    node,
    ours,
    png,
    sampler,
    stealthy,
)

PARAMETERS = (
    "a red fox, <lora:fur:0.8>\nNegative prompt: blurry\nSteps: 20, Sampler: DPM++ 2M, Schedule "
    "type: Karras, CFG scale: 7, Seed: 42, Size: 512x768, Model hash: 6ce0161689, Model: v1-5, "
    "Clip skip: 2, "
)


def recipe(path: Path) -> Recipe:
    found = scan(path)
    assert str(found.problem) == ""
    assert found.recipe is not None
    return found.recipe


def check(found: Recipe, program: str, **changes: object) -> None:
    """The same fox in all these programs, except for `changes`."""
    assert (found.program, found.info.prompt, found.info.negative) == (
        program, "a red fox", "blurry",
    )  # fmt: skip
    expected = {"steps": 20, "cfg": 7.5, "seed": 42, "sampler": "Euler a"} | changes
    values = facts(found)
    assert {key: getattr(values, key) for key in expected} == expected


# --- this program --------------------------------------------------------------------------------


@given(st.text(st.characters(codec="utf-8"), max_size=300), st.integers(0, 2**64 - 1))
def test_an_image_of_this_program_has_its_exact_request(tmp_path_factory, words, seed):
    request = Request(prompt=words, negative=words[::-1], seed=seed, cfg=3.7, width=8, height=8)
    found = recipe(ours(tmp_path_factory.mktemp("ours") / "a.png", request))
    assert Request.from_json(found.request) == request
    assert (found.info.prompt, found.info.negative) == (
        words.replace("\0", ""), words[::-1].replace("\0", ""),
    )  # fmt: skip
    assert facts(found).seed == seed
    assert facts(found).model == "Tiny"
    assert found.ignored() == ()


def test_a_request_of_a_newer_version_is_indexed_by_known_fields(tmp_path):
    newer = json.dumps({"prompt": "a fox", "steps": 9, "sampler": "Quantum", "colour": [1]})
    found = recipe(png(tmp_path / "a.png", ldm_studio=newer))
    assert found.info.prompt == "a fox"
    assert facts(found) == Facts(steps=9, sampler="Quantum")


def test_the_run_record_is_kept_verbatim(tmp_path):
    path = png(tmp_path / "a.png", ldm_studio="{}", ldm_studio_run='{"torch": "2.9"}')
    assert recipe(path).run == '{"torch": "2.9"}'
    path = png(tmp_path / "b.png", ldm_studio="{}", ldm_studio_run="damaged")
    assert recipe(path).run == ""


# --- the `parameters` text -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("last", "program"),
    [
        ("Version: v1.10.1", "AUTOMATIC1111"),
        ("Version: f2.0.1v1.10.1-previous-665-gae278f79", "Forge"),
        ("App: SD.Next, Version: 4a8fcb7", "SD.Next"),
        ("Version: stable-diffusion.cpp", "stable-diffusion.cpp"),
        ("Version: Fooocus v2.5.5", "Fooocus"),
        ("Version: LDM Studio 0.1.0", "LDM Studio"),
    ],
)
def test_the_parameters_text_of_a_png(tmp_path, last, program):
    found = recipe(png(tmp_path / "a.png", parameters=PARAMETERS + last))
    assert found.program == program
    assert found.info.prompt == "a red fox, <lora:fur:0.8>"
    assert found.info.negative == "blurry"
    assert facts(found) == Facts(
        model="v1-5", model_hash="6ce0161689", sampler="DPM++ 2M", schedule="Karras", steps=20,
        cfg=7.0, seed=42,
    )  # fmt: skip
    assert "Model: v1-5" in found.ignored()
    assert "Clip skip: 2" not in found.ignored()


@pytest.mark.parametrize("suffix", [".jpg", ".webp"])
@pytest.mark.parametrize("encoding", ["utf-16-be", "utf-16-le", "utf-16"])
def test_the_parameters_text_of_jpeg_and_webp(tmp_path, suffix, encoding):
    text = PARAMETERS.replace("fox", "fox 狐狸 🦊") + "Version: v1.10.1"
    found = recipe(commented(tmp_path / f"a{suffix}", text, encoding))
    assert found.info.prompt == "a red fox 狐狸 🦊, <lora:fur:0.8>"
    assert facts(found).seed == 42


def test_krita_images_have_no_model_hash(tmp_path):
    text = PARAMETERS.replace("6ce0161689", "unknown") + "Version: 1"
    assert recipe(png(tmp_path / "a.png", parameters=text)).program == "Krita AI Diffusion"


def test_schedules_in_old_sampler_names_are_read(tmp_path):
    text = "a fox\nSteps: 20, Sampler: DPM++ 2M Karras, Seed: 3"
    values = facts(recipe(png(tmp_path / "a.png", parameters=text)))
    assert (values.sampler, values.schedule) == ("DPM++ 2M", "Karras")


@pytest.mark.parametrize("packed", [True, False])
def test_a_text_hidden_in_the_alpha_channel_is_read(tmp_path, packed):
    found = recipe(stealthy(tmp_path / "a.png", PARAMETERS + "Version: f2.0.1", packed))
    assert found.program == "Forge"
    assert facts(found).seed == 42


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.txt", PARAMETERS + "Version: v1.10.1"),
        ("a.json", json.dumps({"prompt": "a red fox, <lora:fur:0.8>", "num_inference_steps": 20})),
    ],
)
def test_a_sidecar_recipe_is_read(tmp_path, name, text):
    Image.new("RGB", (4, 4)).save(tmp_path / "a.png")
    (tmp_path / name).write_text(text, encoding="utf-8")
    found = recipe(tmp_path / "a.png")
    assert found.info.prompt == "a red fox, <lora:fur:0.8>"
    assert facts(found).steps == 20


def test_a_sidecar_caption_is_not_a_recipe(tmp_path):
    Image.new("RGB", (4, 4)).save(tmp_path / "a.png")
    (tmp_path / "a.txt").write_text("a red fox in the snow")
    assert scan(tmp_path / "a.png").recipe is None


# --- other programs ------------------------------------------------------------------------------


def test_invokeai(tmp_path):
    data = {
        "generation_mode": "txt2img", "positive_prompt": "a red fox", "negative_prompt": "blurry",
        "width": 512, "height": 768, "seed": 42, "rand_device": "cpu", "cfg_scale": 7.5,
        "steps": 20, "scheduler": "euler_a", "seamless_x": False, "loras": [],
        "model": {"name": "Dreamshaper 8", "hash": "blake3:0123456789abcdef"},
        "controlnets": [{"control_model": {"name": "canny"}}], "app_version": "5.4.0",
    }  # fmt: skip
    found = recipe(png(tmp_path / "a.png", invokeai_metadata=json.dumps(data)))
    check(found, "InvokeAI", model="Dreamshaper 8", model_hash="0123456789")
    assert found.unread == (
        "rand_device: cpu", 'controlnets: [{"control_model": {"name": "canny"}}]',
    )  # fmt: skip


def test_invokeai_2_and_its_command_line(tmp_path):
    image = {
        "prompt": [{"prompt": "a red fox [blurry]", "weight": 1}], "steps": 20, "cfg_scale": 7.5,
        "sampler": "k_euler_a", "seed": 42, "width": 512, "height": 768, "type": "txt2img",
        "hires_fix": True,
    }  # fmt: skip
    data = {"model_weights": "v1-5", "model_hash": "6ce0161689b3", "image": image}
    found = recipe(png(tmp_path / "a.png", sd_metadata=json.dumps(data)))
    check(found, "InvokeAI", model="v1-5", model_hash="6ce0161689")
    assert found.unread == ("hires_fix: True",)
    line = '"a red fox [blurry]" -s 20 -S 42 -W 512 -H 768 -C 7.5 -A k_euler_a -G 0.9'
    found = recipe(png(tmp_path / "b.png", Dream=line))
    check(found, "InvokeAI")
    assert found.info.settings["Size"] == "512x768"
    assert found.unread == ("-G 0.9",)


NOVELAI = {"steps": 20, "sampler": "k_euler_ancestral", "seed": 42, "scale": 7.5, "uc": "blurry",
           "width": 512, "height": 768, "noise_schedule": "karras", "sm": True}  # fmt: skip


def test_novelai(tmp_path):
    texts = {
        "Software": "NovelAI", "Source": "Stable Diffusion XL 7BCCAA2C",
        "Description": "a red fox", "Comment": json.dumps(NOVELAI),
    }  # fmt: skip
    found = recipe(png(tmp_path / "a.png", **texts))
    check(found, "NovelAI", schedule="Karras", model="Stable Diffusion XL 7BCCAA2C")
    assert found.unread == ("sm: True",)
    check(recipe(stealthy(tmp_path / "b.png", json.dumps(texts))), "NovelAI", schedule="Karras")


FOOOCUS = {
    "base_model": "juggernautXL.safetensors", "base_model_hash": "aeb7e9e689",
    "prompt": "a red fox", "negative_prompt": "blurry", "steps": 20, "sampler": "euler_ancestral",
    "scheduler": "karras", "guidance_scale": 7.5, "seed": "42",
    "resolution": "(512, 768)", "sharpness": 2,
    "metadata_scheme": "fooocus", "styles": "['Fooocus V2']", "version": "Fooocus v2.5.5",
}  # fmt: skip


def test_fooocus(tmp_path):
    found = recipe(
        png(tmp_path / "a.png", parameters=json.dumps(FOOOCUS), fooocus_scheme="fooocus")
    )
    check(found, "Fooocus", schedule="Karras", model="juggernautXL", model_hash="aeb7e9e689")
    assert found.info.settings["Size"] == "512x768"
    assert found.unread == ("sharpness: 2", "styles: ['Fooocus V2']")
    check(recipe(commented(tmp_path / "a.jpg", json.dumps(FOOOCUS))), "Fooocus")


def test_swarmui(tmp_path):
    made = {
        "prompt": "a red fox", "negativeprompt": "blurry", "model": "Flux/flux1.safetensors",
        "seed": 42, "steps": 20, "cfgscale": 7.5, "width": 512, "height": 768,
        "sampler": "euler_ancestral", "aspectratio": "2:3",
    }  # fmt: skip
    found = recipe(png(tmp_path / "a.png", parameters=json.dumps({"sui_image_params": made})))
    check(found, "SwarmUI", model="flux1")
    assert found.unread == ("aspectratio: 2:3",)


EASY = {
    "prompt": "a red fox", "negative_prompt": "blurry", "seed": 42, "num_inference_steps": 20,
    "guidance_scale": 7.5, "sampler_name": "euler_a", "width": 512, "height": 768,
    "use_stable_diffusion_model": "D:\\models\\sd-v1.5.ckpt", "use_upscale": "RealESRGAN_x4plus",
}  # fmt: skip


def test_easy_diffusion(tmp_path):
    texts = {key: str(value) for key, value in EASY.items()}
    found = recipe(png(tmp_path / "a.png", **texts))
    check(found, "Easy Diffusion", model="sd-v1.5")
    assert found.unread == ("use_upscale: RealESRGAN_x4plus",)
    check(recipe(commented(tmp_path / "a.webp", json.dumps(EASY))), "Easy Diffusion")
    labelled = {
        "Prompt": "a red fox", "Negative Prompt": "blurry", "Seed": "42", "Steps": "20",
        "Guidance Scale": "7.5", "Sampler": "euler_a", "Stable Diffusion model": "sd-v1.5",
    }  # fmt: skip
    check(recipe(png(tmp_path / "b.png", **labelled)), "Easy Diffusion", model="sd-v1.5")


def test_draw_things(tmp_path):
    data = {
        "c": "a red fox", "uc": "blurry", "steps": 20, "sampler": "Euler a", "scale": 7.5,
        "seed": 42, "size": "512x768", "model": "sd_v1.5_f16.ckpt", "strength": 1,
        "seed_mode": "Scale Alike", "v2": {"tiledDecoding": False},
    }  # fmt: skip
    found = recipe(commented(tmp_path / "a.jpg", json.dumps(data)))
    check(found, "Draw Things", model="sd_v1.5_f16", strength=None)
    assert found.unread == ("seed_mode: Scale Alike",)
    escaped = json.dumps(data).replace('"', "&quot;")
    packet = (
        "<x:xmpmeta><exif:UserComment><rdf:Alt><rdf:li>"
        f"{escaped}</rdf:li></rdf:Alt></exif:UserComment></x:xmpmeta>"
    )
    check(recipe(png(tmp_path / "a.png", **{"XML:com.adobe.xmp": packet})), "Draw Things")


# --- ComfyUI -------------------------------------------------------------------------------------


def test_comfyui(tmp_path):
    found = recipe(comfyui(tmp_path / "a.png", graph()))
    check(found, "ComfyUI", cfg=8.0, schedule="Karras", model="v1-5-pruned-emaonly", strength=None)
    assert found.info.settings["Size"] == "512x768"
    assert found.unread == ()
    exif = Image.Exif()
    exif[0x0110] = "prompt:" + json.dumps(graph())
    Image.new("RGB", (4, 4)).save(tmp_path / "a.webp", exif=exif)
    check(recipe(tmp_path / "a.webp"), "ComfyUI", cfg=8.0)


def read(**changes: object) -> Recipe:
    found = read_graph(graph(**changes))
    assert found is not None
    return found


def test_model_patches_are_listed():
    lora = node("LoraLoader", lora_name="fur.safetensors", strength_model=0.8, model=["4", 0])
    found = read(**{"3": sampler(model=["10", 0]), "10": lora})
    assert facts(found).model == "v1-5-pruned-emaonly"
    assert found.unread == (
        "on the way of the model: LoraLoader (lora_name: fur.safetensors, strength_model: 0.8)",
    )


def test_values_are_followed_through_primitive_nodes():
    found = read(**{
        "3": sampler(seed=["10", 0], positive=["11", 0]),
        "10": node("Seed (rgthree)", seed=7),
        "11": node("CLIPTextEncode", text=["12", 0], clip=["4", 1]),
        "12": node("String Literal", string="a blue fox"),
    })  # fmt: skip
    assert facts(found).seed == 7
    assert found.info.prompt == "a blue fox"


def test_a_custom_sampler_is_read_from_its_parts():
    found = read(**{
        "3": node("SamplerCustomAdvanced", noise=["10", 0], guider=["11", 0], sampler=["12", 0],
                  sigmas=["13", 0], latent_image=["5", 0]),
        "10": node("RandomNoise", noise_seed=7),
        "11": node("CFGGuider", cfg=3.5, model=["4", 0], positive=["6", 0], negative=["7", 0]),
        "12": node("KSamplerSelect", sampler_name="dpmpp_2m"),
        "13": node("BasicScheduler", scheduler="sgm_uniform", steps=12, denoise=1.0,
                   model=["4", 0]),
    })  # fmt: skip
    assert (found.info.prompt, found.info.negative) == ("a red fox", "blurry")
    assert facts(found) == Facts(
        model="v1-5-pruned-emaonly", sampler="DPM++ 2M", schedule="SGM Uniform", steps=12,
        cfg=3.5, seed=7,
    )  # fmt: skip


def test_combined_prompts_are_all_read_and_reported():
    found = read(**{
        "3": sampler(positive=["10", 0]),
        "10": node("ConditioningCombine", conditioning_1=["6", 0], conditioning_2=["11", 0]),
        "11": node("CLIPTextEncode", text="in the snow", clip=["4", 1]),
    })  # fmt: skip
    assert found.info.prompt == "a red fox\nin the snow"
    assert found.unread == ("on the way of the prompt: ConditioningCombine",)


def test_the_first_of_two_samplers_is_the_recipe_and_the_second_is_listed():
    found = read(**{
        "8": node("VAEDecode", samples=["10", 0], vae=["4", 2]),
        "10": sampler(latent_image=["11", 0], steps=8, denoise=0.5),
        "11": node("LatentUpscale", samples=["3", 0], width=1024, height=1536),
    })  # fmt: skip
    assert facts(found).steps == 20
    assert found.info.settings["Size"] == "512x768"
    assert len(found.unread) == 1
    assert found.unread[0].startswith("a further sampler: KSampler (seed: 42, steps: 8")


def test_image_to_image_names_its_init_image():
    found = read(**{
        "3": sampler(latent_image=["5", 0], denoise=0.6),
        "5": node("VAEEncode", pixels=["10", 0], vae=["4", 2]),
        "10": node("LoadImage", image="start.png"),
    })  # fmt: skip
    assert facts(found).strength == 0.6
    assert found.unread == ("started from the image: start.png",)


def test_a_circular_graph_ends():
    read(
        **{
            "3": sampler(latent_image=["3", 0], positive=["6", 0]),
            "6": node("Reroute", conditioning=["6", 0]),
        }
    )


# --- hostile input -------------------------------------------------------------------------------

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
    | st.sampled_from(["3", "4", "positive", "a fox"]) | st.just(["3", 0]) | st.just(["4", 0]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(
        st.sampled_from(["class_type", "inputs", "model", "steps", "seed", "image", "prompt", "c",
                         "uc", "base_model", "sui_image_params", "num_inference_steps",
                         "latent_image", "positive", "text", "width", "resolution"]),
        inner, max_size=5,
    ),
    max_leaves=20,
)  # fmt: skip
KEYWORDS = ["ldm_studio", "parameters", "prompt", "invokeai_metadata", "sd-metadata", "Dream",
            "Comment", "UserComment", "XML:com.adobe.xmp"]  # fmt: skip


@given(
    st.dictionaries(
        st.sampled_from(KEYWORDS), st.text(max_size=100) | json_values.map(json.dumps), max_size=3
    )
)
def test_no_text_raises(texts):
    found = recipe_of(texts)
    if found is not None:
        found.ignored()
        facts(found)
        json.dumps([found.info.prompt, *found.unread]).encode()


@given(st.dictionaries(st.sampled_from("3456789"), json_values, max_size=7))
def test_no_graph_raises(nodes):
    read_graph(nodes)
    read_graph(graph(**nodes))


@pytest.mark.parametrize(
    "text",
    [
        "[" * 200_000,
        '{"c": ' * 100_000,
        '{"c": "\\ud800", "seed": 1e999}',
        '{"c": "x", "seed": ' + "9" * 5_000 + "}",
        "<exif:UserComment>" + "{" * 200_000,
        '"' * 200_000,
    ],
)
def test_absurd_texts_are_read_in_reasonable_time(text):
    start = thread_time()
    for key in KEYWORDS:
        recipe_of({key: text})
    recipe_in(text)
    assert thread_time() - start < 10


# --- ComfyUI: what its graphs are made of --------------------------------------------------------


def encoded(value: object) -> dict[str, object]:
    return {"6": node("CLIPTextEncode", text=value, clip=["4", 1])}


@pytest.mark.parametrize(
    ("nodes", "prompt"),
    [
        ({"30": node("StringConcatenate", string_a="a red", string_b="fox", delimiter=" ")},
         "a red fox"),
        ({"30": node("Text Concatenate", delimiter=", ", clean_whitespace="true",
                     text_a=["31", 0], text_b="", text_c=["32", 0]),
          "31": node("Text Multiline", text="a red fox"),
          "32": node("String Literal", string="snow")},
         "a red fox, snow"),
        ({"30": node("JoinStringMulti", inputcount=2, string_1="a fox", string_2="snow",
                     delimiter="\\n", return_list=False)}, "a fox\nsnow"),
        ({"30": node("easy promptConcat", prompt1="a fox", prompt2=["31", 0], separator=", "),
          "31": node("easy positive", positive="snow")}, "a fox, snow"),
        ({"30": node("ImpactWildcardProcessor", wildcard_text="a {red|blue} fox",
                     populated_text="a red fox", mode="populate", seed=3)}, "a red fox"),
        ({"30": node("ShowText|pysssss", text=["31", 0], text_0="an old fox"),
          "31": node("String Literal", string="a red fox")}, "a red fox"),
        ({"30": node("CR Text Input Switch", Input=2, text1="a cat", text2=["31", 0]),
          "31": node("String Literal", string="a red fox")}, "a red fox"),
        ({"30": node("ImpactSwitch", select=1, sel_mode=False, input1=["31", 0]),
          "31": node("String Literal", string="a red fox")},
         "a red fox"),
        ({"30": node("Switch any [Crystools]", boolean=False, on_true="x", on_false="a red fox")},
         "a red fox"),
        ({"30": node("Any Switch (rgthree)", any_01=["99", 0], any_02=["31", 0]),
          "31": node("Reroute", **{"": ["32", 0]}),
          "32": node("String Literal", string="a red fox")},
         "a red fox"),
        ({"30": node("Reroute", **{"": ["31", 0]}),
          "31": node("PrimitiveString", value="a red fox")},
         "a red fox"),
    ],
)  # fmt: skip
def test_texts_are_followed_through_nodes_of_text(nodes, prompt):
    found = read(**encoded(["30", 0]), **nodes)
    assert found.info.prompt == prompt
    assert found.unread == ()


def test_a_stored_text_is_read_where_its_origin_is_not_understood():
    found = read(**encoded(["30", 0]), **{
        "30": node("ShowText|pysssss", text=["31", 0], text_0="a red fox"),
        "31": node("Ask a model", image=["32", 0]),
    })  # fmt: skip
    assert found.info.prompt == "a red fox"
    assert found.unread == ("prompt from: Ask a model",)


@pytest.mark.parametrize(
    "nodes",
    [
        {"30": node("Ask a model", image=["31", 0], question="what?")},
        {"30": node("StringReplace", string="a red fox", find="red", replace="blue")},
        {"30": node("StringConcatenate", string_a="a", string_b=["31", 0], delimiter=" "),
         "31": node("Ask a model", question="what?")},
    ],
)  # fmt: skip
def test_a_text_that_comes_through_an_unknown_node_is_reported(nodes):
    found = read(**encoded(["30", 0]), **nodes)
    assert any("StringReplace" in one or "Ask a model" in one for one in found.unread)


def test_a_sampler_without_a_model_input_is_read_through_its_pipe():
    found = read(**{
        "3": node("easy kSampler", pipe=["10", 0], seed=7, steps=9, cfg=3.0, sampler_name="heun",
                  scheduler="normal", denoise=1.0),
        "10": node("easy fullLoader", ckpt_name="a/dream.safetensors", positive="a fox",
                   negative="dark", empty_latent_width=512, empty_latent_height=768,
                   clip_skip=-2, batch_size=1),
    })  # fmt: skip
    assert (found.info.prompt, found.info.negative) == ("a fox", "dark")
    assert facts(found) == Facts(
        model="dream", sampler="Heun", schedule="Normal", steps=9, cfg=3.0, seed=7
    )
    assert found.info.settings["Size"] == "512x768"


def test_sigmas_are_followed_through_other_nodes_which_are_reported():
    found = read(**{
        "3": node("SamplerCustom", add_noise=True, noise_seed=7, cfg=4.0, model=["4", 0],
                  positive=["6", 0], negative=["7", 0], sampler=["10", 0], sigmas=["11", 0],
                  latent_image=["5", 0]),
        "10": node("KSamplerSelect", sampler_name="euler"),
        "11": node("SplitSigmas", step=5, sigmas=["12", 0]),
        "12": node("BasicScheduler", scheduler="karras", steps=12, denoise=1.0, model=["4", 0]),
    })  # fmt: skip
    assert facts(found) == Facts(
        model="v1-5-pruned-emaonly", sampler="Euler", schedule="Karras", steps=12, cfg=4.0, seed=7
    )
    assert found.unread == ("on the way of the sampler: SplitSigmas (step: 5)",)


def test_clip_skip_and_vae_are_settings_and_what_follows_the_sampler_is_reported():
    found = read(**{
        "6": node("CLIPTextEncode", text="a fox", clip=["10", 0]),
        "10": node("CLIPSetLastLayer", stop_at_clip_layer=-2, clip=["4", 1]),
        "8": node("VAEDecode", samples=["3", 0], vae=["11", 0]),
        "11": node("VAELoader", vae_name="sd\\ft-mse.safetensors"),
        "9": node("SaveImage", filename_prefix="x", images=["12", 0]),
        "12": node("ImageScaleBy", upscale_method="lanczos", scale_by=2.0, image=["8", 0]),
    })  # fmt: skip
    assert found.info.settings["Clip skip"] == "2"
    assert found.info.settings["VAE"] == "ft-mse.safetensors"
    assert found.unread == (
        "after the sampler: ImageScaleBy (upscale_method: lanczos, scale_by: 2)",
    )


def test_a_setting_from_an_unknown_node_is_reported():
    found = read(**{"3": sampler(steps=["10", 0]), "10": node("Dice", sides=["11", 0], low=3)})
    assert facts(found).steps is None
    assert found.unread == ("steps from: Dice (low: 3)",)


WORKFLOW = {
    "nodes": [
        {"id": 3, "type": "KSampler", "mode": 0,
         "inputs": [{"name": "model", "type": "MODEL", "link": 1},
                    {"name": "positive", "type": "CONDITIONING", "link": 4},
                    {"name": "negative", "type": "CONDITIONING", "link": 6},
                    {"name": "latent_image", "type": "LATENT", "link": 2}],
         "widgets_values": [42, "randomize", 20, 7.5, "euler_ancestral", "karras", 1]},
        {"id": 4, "type": "CheckpointLoaderSimple", "widgets_values": ["dream.safetensors"]},
        {"id": 5, "type": "EmptyLatentImage", "widgets_values": [512, 768, 1]},
        {"id": 6, "type": "CLIPTextEncode", "inputs": [{"name": "clip", "type": "CLIP", "link": 3}],
         "widgets_values": ["a red fox"]},
        {"id": 7, "type": "CLIPTextEncode",
         "inputs": [{"name": "clip", "type": "CLIP", "link": 5},
                    {"name": "text", "type": "STRING", "link": 9, "widget": {"name": "text"}}],
         "widgets_values": ["unused"]},
        {"id": 8, "type": "VAEDecode",
         "inputs": [{"name": "samples", "type": "LATENT", "link": 7}]},
        {"id": 9, "type": "SaveImage", "inputs": [{"name": "images", "type": "IMAGE", "link": 8}],
         "widgets_values": ["ComfyUI"]},
        {"id": 10, "type": "PrimitiveNode", "widgets_values": ["blurry"]},
        {"id": 11, "type": "LoraLoader", "mode": 4,
         "inputs": [{"name": "model", "type": "MODEL", "link": 10},
                    {"name": "clip", "type": "CLIP", "link": 11}],
         "widgets_values": ["fur.safetensors", 1, 1]},
        {"id": 12, "type": "SaveImage", "mode": 2, "widgets_values": ["muted"]},
        {"id": 13, "type": "Note", "widgets_values": ["read me"]},
    ],
    "links": [[1, 11, 0, 3, 0, "MODEL"], [2, 5, 0, 3, 3, "LATENT"], [3, 11, 1, 6, 0, "CLIP"],
              [4, 6, 0, 3, 1, "CONDITIONING"], [5, 4, 1, 7, 0, "CLIP"],
              [6, 7, 0, 3, 2, "CONDITIONING"], [7, 3, 0, 8, 0, "LATENT"],
              [8, 8, 0, 9, 0, "IMAGE"], [9, 10, 0, 7, 1, "STRING"],
              [10, 4, 0, 11, 0, "MODEL"], [11, 4, 1, 11, 1, "CLIP"]],
}  # fmt: skip


def test_a_workflow_without_the_graph_that_ran_is_read(tmp_path):
    found = recipe(png(tmp_path / "a.png", workflow=json.dumps(WORKFLOW)))
    check(found, "ComfyUI", schedule="Karras", model="dream", strength=None)
    assert found.info.settings["Size"] == "512x768"
    assert found.unread == ()


@given(st.dictionaries(st.sampled_from(["nodes", "links"]), json_values))
def test_no_workflow_raises(workflow):
    recipe_of({"workflow": json.dumps(workflow)})
    nodes = workflow.get("nodes")
    recipe_of({"workflow": json.dumps(WORKFLOW | {"links": workflow.get("links")})})
    if isinstance(nodes, list):
        recipe_of({"workflow": json.dumps(WORKFLOW | {"nodes": [*WORKFLOW["nodes"], *nodes]})})


def test_a_graph_of_joined_texts_is_read_in_reasonable_time():
    joined = ((i, [str(i + 1), 0]) for i in range(100, 160))
    nodes = {
        str(i): node("StringConcatenate", string_a=link, string_b=link, delimiter=" ")
        for i, link in joined
    }
    start = thread_time()
    read(**encoded(["100", 0]), **nodes, **{"160": node("String Literal", string="a fox")})
    assert thread_time() - start < 5
