"""Names of samplers, schedules and noise in other programs."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.sampling.noise_profiles import PROFILES
from core.sampling.sampler_names import noise_name, sampler_name, schedule_name, split_name
from core.sampling.samplers import SAMPLERS
from core.sampling.sigma_schedules import SCHEDULES


@pytest.mark.parametrize("name", SAMPLERS)
def test_samplers_are_found_by_name_in_any_case(name: str) -> None:
    for text in (name, name.lower(), name.upper(), f" {name} "):
        assert sampler_name(text) == name


@pytest.mark.parametrize("name", SCHEDULES)
def test_schedules_are_found_by_name_in_any_case(name: str) -> None:
    for text in (name, name.lower(), name.replace(" ", "_"), name.replace(" ", "")):
        assert schedule_name(text) == name


@pytest.mark.parametrize(
    ("text", "name"),
    [
        # A1111's API
        ("k_euler", "Euler"),
        ("k_euler_a", "Euler a"),
        ("k_lms", "LMS"),
        ("k_heun", "Heun"),
        ("k_dpm_2", "DPM2"),
        ("k_dpm_2_a", "DPM2 a"),
        ("k_dpmpp_2s_a", "DPM++ 2S a"),
        ("k_dpmpp_2m", "DPM++ 2M"),
        ("k_dpmpp_sde", "DPM++ SDE"),
        ("k_dpm_fast", "DPM fast"),
        ("k_dpm_ad", "DPM adaptive"),
        # ComfyUI
        ("euler", "Euler"),
        ("euler_ancestral", "Euler a"),
        ("dpm_2_ancestral", "DPM2 a"),
        ("dpmpp_2s_ancestral", "DPM++ 2S a"),
        ("dpmpp_2m_sde_gpu", "DPM++ 2M SDE"),
        ("dpmpp_2m_sde_heun", "DPM++ 2M SDE Heun"),
        ("dpmpp_3m_sde_gpu", "DPM++ 3M SDE"),
        ("dpm_adaptive", "DPM adaptive"),
        ("uni_pc", "UniPC"),
        ("uni_pc_bh2", "UniPC"),
        ("er_sde", "ER SDE"),
        ("gradient_estimation", "Gradient Estimation"),
        ("heunpp2", "HeunPP2"),
        ("ipndm", "IPNDM"),
        ("ipndm_v", "IPNDM_V"),
        ("res_multistep", "RES Multistep"),
        ("res_multistep_ancestral", "RES Multistep a"),
        ("seeds_2", "SEEDS-2"),
        ("seeds_3", "SEEDS-3"),
        ("sa_solver", "SA-Solver"),
        ("sa_solver_pece", "SA-Solver PECE"),
        ("euler_cfg_pp", "Euler CFG++"),
        ("euler_ancestral_cfg_pp", "Euler a CFG++"),
        ("dpmpp_2s_ancestral_cfg_pp", "DPM++ 2S a CFG++"),
        ("dpmpp_2m_cfg_pp", "DPM++ 2M CFG++"),
        ("res_multistep_cfg_pp", "RES Multistep CFG++"),
        ("res_multistep_ancestral_cfg_pp", "RES Multistep a CFG++"),
        ("gradient_estimation_cfg_pp", "Gradient Estimation CFG++"),
        ("ddim_cfgpp", "DDIM CFG++"),
        # InvokeAI
        ("kdpm_2", "DPM2"),
        ("kdpm_2_a", "DPM2 a"),
        ("pndm", "PLMS"),
        ("unipc", "UniPC"),
        ("deis", "DEIS"),
    ],
)
def test_sampler_names_of_other_programs_are_known(text: str, name: str) -> None:
    assert split_name(text) == (name, None)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Uniform", "Normal"),
        ("normal", "Normal"),
        ("sgm_uniform", "SGM Uniform"),
        ("ddim_uniform", "DDIM Uniform"),
        ("DDIM", "DDIM Uniform"),
        ("kl_optimal", "KL Optimal"),
        ("ays", "Align Your Steps"),
        ("align_your_steps_32", "Align Your Steps 32"),
        ("AYS GITS", "Align Your Steps GITS"),
        ("linear_quadratic", "Linear Quadratic"),
        ("turbo", "Turbo"),
    ],
)
def test_schedule_names_of_other_programs_are_known(text: str, name: str) -> None:
    assert schedule_name(text) == name


@pytest.mark.parametrize(
    ("text", "sampler", "schedule"),
    [
        ("DPM++ 2M Karras", "DPM++ 2M", "Karras"),
        ("dpm++ 2m sde exponential", "DPM++ 2M SDE", "Exponential"),
        ("DPM++ 2M SDE Heun Karras", "DPM++ 2M SDE Heun", "Karras"),
        ("DPM++ 2M SGMUniform", "DPM++ 2M", "SGM Uniform"),
        ("DPM++ 2M SGM Uniform", "DPM++ 2M", "SGM Uniform"),
        ("dpmpp_2m_sgm_uniform", "DPM++ 2M", "SGM Uniform"),
        ("dpmpp_sde_k", "DPM++ SDE", "Karras"),
        ("euler_k", "Euler", "Karras"),
        ("k_dpmpp_2m_ka", "DPM++ 2M", "Karras"),
        ("k_dpm_2_a_ka", "DPM2 a", "Karras"),
        ("DPM++ 2M Turbo", "DPM++ 2M", "Turbo"),
        ("Euler Align Your Steps 32 SDXL", "Euler", "Align Your Steps 32 SDXL"),
    ],
)
def test_a_schedule_may_be_named_after_the_sampler(text: str, sampler: str, schedule: str) -> None:
    assert split_name(text) == (sampler, schedule)
    assert sampler_name(text) == sampler


@pytest.mark.parametrize("text", ["eulr", "Euler aa", "dpmpp_3m", "dpmpp_2s", "Karras", "", "_k"])
def test_unknown_samplers_are_refused(text: str) -> None:
    """InvokeAI's dpmpp_3m and dpmpp_2s add no noise, so they are not ours."""
    with pytest.raises(ValueError, match="unknown sampler"):
        sampler_name(text)


def test_a_refusal_suggests_similar_names() -> None:
    with pytest.raises(ValueError, match=r"Similar: Euler.*Known: Euler, Euler a"):
        sampler_name("eulr")
    with pytest.raises(ValueError, match="Similar: Karras"):
        schedule_name("karas")
    with pytest.raises(ValueError, match="unknown schedule"):
        schedule_name("")


@given(st.text(max_size=300))
def test_any_text_is_a_name_or_refused(text: str) -> None:
    try:
        sampler, schedule = split_name(text)
    except ValueError:
        return
    assert sampler in SAMPLERS
    assert schedule is None or schedule in SCHEDULES


@pytest.mark.parametrize(
    ("text", "name"),
    [
        *((name, name) for name in PROFILES),
        ("cpu", "A1111 CPU"),
        ("NV", "A1111 NV"),
        ("GPU", "A1111 NV"),
        ("a1111_cpu", "A1111 CPU"),
        ("comfy", "ComfyUI"),
        ("comfy_ui", "ComfyUI"),
    ],
)
def test_noise_profiles_are_found_by_their_names(text: str, name: str) -> None:
    assert noise_name(text) == name


def test_unknown_noise_profiles_list_the_known_ones() -> None:
    with pytest.raises(ValueError, match=r"Similar: ComfyUI.*Known: Studio, A1111 CPU"):
        noise_name("comfu")
