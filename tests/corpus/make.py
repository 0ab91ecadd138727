"""Made the corpus, with LDM Studio as of commit 96bb21d: `python -m tests.corpus.make`.

Everything was made by the program itself: its command line, its engine, its window. It is not
meant to run with later versions, which shall read what this one wrote; README.md says more.
"""

# ruff: noqa: I001  # the imports are of that version

from __future__ import annotations

import asyncio
import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from PIL.PngImagePlugin import PngInfo

CORPUS = Path(__file__).parent
HOME = Path("/tmp/ldm-studio-corpus/home")
DAY = "2026-11-30"
IMAGES = HOME / "Pictures" / "LDM Studio" / DAY

SAMPLERS = {
    "Euler": "Normal",
    "Euler a": "Karras",
    "LMS": "Exponential",
    "Heun": "Polyexponential",
    "DPM2": "SGM Uniform",
    "DPM2 a": "Simple",
    "DPM++ 2S a": "DDIM Uniform",
    "DPM++ 2M": "Beta",
    "DPM++ SDE": "KL Optimal",
    "DPM++ 2M SDE": "Align Your Steps",
    "DPM++ 2M SDE Heun": "Karras",
    "DPM++ 3M SDE": "Exponential",
    "DPM fast": "Automatic",
    "DPM adaptive": "Karras",
    "DDIM": "DDIM Uniform",
    "DDPM": "Normal",
    "PLMS": "Automatic",
    "UniPC": "SGM Uniform",
    "LCM": "Simple",
    "Restart": "Karras",
    "DEIS": "Normal",
    "ER SDE": "Beta",
    "Gradient Estimation": "Karras",
}

INIT = "--init photo.png"
INPAINT = f"{INIT} --mask mask.png"
SETTINGS = {
    "sigmas": "--sampler Euler --sigmas 14.6,5.5,1.1,0.3",
    "levels": "--sampler Heun --schedule Karras --sigma-min 0.05 --sigma-max 12 --rho 5",
    "churn": "--sampler Euler --churn 3 --churn-min 0.1 --churn-max 10 --s-noise 1.01",
    "eta": "--sampler DPM++_2M_SDE --eta 0.6 --s-noise 1.02",
    "order": "--sampler LMS --order 2",
    "a1111-cpu": "--sampler Euler_a --noise A1111_CPU",
    "a1111-nv": "--sampler DPM++_2M_SDE --noise A1111_NV",
    "comfyui": "--sampler DPM++_SDE --noise ComfyUI --syntax ComfyUI",
    "rescale": "--cfg 9 --cfg-rescale 0.7",
    "interval": "--guidance-start 0.2 --guidance-end 0.8",
    "mimic": "--cfg 12 --mimic-cfg 5 --mimic-quantile 0.9",
    "plus-plus": "--cfg-plus-plus 0.6",
    "no-guidance": "--cfg 1 --sampler LCM",
    "variation": "--variation-strength 0.3 --variation-seed 8",
    "clip-skip": "--clip-skip 2",
    "vae": "--vae bright",
    "init": f"{INIT} --strength 0.6",
    "init-sde": f"{INIT} --strength 0.8 --sampler DPM++_2M_SDE",
    "inpaint": INPAINT,
    "inpaint-fill": f"{INPAINT} --content fill --strength 0.8 --match",
    "inpaint-noise": f"{INPAINT} --content noise --grow 3 --blur 1.5",
    "inpaint-nothing": f"{INPAINT} --content nothing --invert --no-match",
    "inpaint-soft": f"{INIT} --mask soft.png --soft --strength 0.9",
    "inpaint-masked": f"{INPAINT} --area masked --padding 8 --area-width 64 --area-height 64",
    "outpaint": f"{INIT} --outpaint 0,0,32,0 --fill mirror --overlap 4",
    "outpaint-noise": f"{INIT} --outpaint 16,16,0,0 --fill noise",
    "tiles": "--size 128x64 --tile 64",
}  # fmt: skip
PROMPTS = {
    "weights": "a (red:1.3) cat, ((sunny)), [dull]",
    "editing": "a [cat:dog:0.4] in the [snow::2], [sun|moon] BREAK painted",
    "composable": "a cat :1.1 AND snow :0.6",
    "lora": "a cat <lora:detail:0.7>",
    "embedding": "a cat, softly",
    "unicode": "ein Fuchs 🦊 im Schnee, 雪",
    "long": "a very long prompt, " * 40,
}
FAMILIES = {
    "sd1-decided": "--model sd1-other --sampler Euler",
    "sd2-v": "--model sd2-v --sampler DPM++_2M --schedule Karras",
    "sdxl": "--model sdxl --sampler DPM++_2M_SDE",
    "sdxl-init": f"--model sdxl {INIT} --strength 0.7",
    "sdxl-refiner": "--model sdxl --steps 4 --refiner refiner --refiner-at 0.5",
    "sd1-refiner": "--model sd1 --steps 4 --refiner sd1-other --refiner-at 0.5",
    "refiner": f"--model refiner {INIT} --strength 0.6",
    "upscaler": "--model upscaler --control small.png --noise-level 30",
    "depth-and-init": f"--model depth --control depth.png {INIT} --strength 0.9",
    "pix2pix": "--model pix2pix --control photo.png --image-guidance 1.8",
    "unclip": "--model unclip-h --control photo.png --noise-level 100",
    "inpainting": f"--model sd1-inpainting {INPAINT}",
    "inpainting-whole": "--model sd1-inpainting",
    "playground": "--model playground --sampler DPM++_2M",
    "cosxl": "--model cosxl --sampler Euler_a",
}
BRANCHES = {
    "branch-prompt": ("sampler-dpm-2m.png", "--step 1 --prompt a_dog --cfg 2.5"),
    "branch-sampler": ("sampler-euler.png", "--step 2 --sampler Euler_a -n rain"),
    "branch-schedule": ("sampler-dpm-3m-sde.png", "--step 1 --schedule Karras --steps 5"),
    "branch-mask": ("sampler-euler-a.png", "--step 1 --mask mask.png --prompt a_heart"),
    "branch-of-branch": ("branch-prompt.png", "--step 2 --cfg 8"),
}
STATES = {
    "euler-a": ("sampler-euler-a.png", 1),
    "dpm-2m": ("sampler-dpm-2m.png", 2),
    "dpm-3m-sde": ("sampler-dpm-3m-sde.png", 2),
    "unipc": ("sampler-unipc.png", 2),
    "restart": ("sampler-restart.png", 2),
    "inpaint-soft": ("inpaint-soft.png", 1),
    "sdxl-refiner": ("sdxl-refiner.png", 3),
    "finished": ("sampler-euler.png", 3),
}


def main() -> None:
    shutil.rmtree(HOME.parent, ignore_errors=True)
    IMAGES.mkdir(parents=True)
    os.environ |= {"LDM_STUDIO_HOME": str(HOME), "QT_QPA_PLATFORM": "offscreen"}
    os.chdir(IMAGES)
    from core.checkpoints.notes import Notes, write_notes
    from tests.corpus import app

    app.write_models_of(HOME)
    write_notes(HOME / "data/models/sd1-other.safetensors", Notes("v"))
    made: dict[str, Any] = {"commit": "96bb21d", "environment": app.this_machine(),
                            "probe": app.probe()}  # fmt: skip
    make_inputs()
    made["commands"] = make_images(app)
    made["states"] = make_states(app)
    play_in_a_process("play_forecast")
    make_steered(app)
    made["window"] = make_window()
    make_foreign_image()
    make_history(app)
    made["listing"] = app.run("models", "--json")[1]
    measure(app, made)
    keep(made)


def make_inputs() -> None:
    """Images that are no image of the program: what the others start from."""
    x, y = np.meshgrid(np.arange(64), np.arange(64))
    random = np.random.default_rng(1)
    photo = np.stack([x * 4, y * 4, 255 - x * 2 - y * 2], axis=-1)
    photo = np.clip(photo + random.integers(-20, 20, photo.shape), 0, 255).astype(np.uint8)
    Image.fromarray(photo).save("photo.png")
    Image.fromarray(photo[::4, ::4]).save("small.png")
    mask = (np.hypot(x - 36, y - 28) < 16).astype(np.uint8) * 255
    Image.fromarray(mask).save("mask.png")
    soft = np.clip(255 - np.hypot(x - 32, y - 32) * 8, 0, 255).astype(np.uint8)
    Image.fromarray(soft).save("soft.png")
    Image.fromarray((y * 4).astype(np.uint8)).save("depth.png")
    wildcards = HOME / "data" / "wildcards"
    wildcards.mkdir()
    (wildcards / "colour.txt").write_text("red\nblue\ngreen\n", encoding="utf-8")


def words(text: str) -> list[str]:
    """Underscores are spaces within an argument."""
    return [word.replace("_", " ") for word in text.split()]


def commands() -> dict[str, list[str]]:
    """File name -> argument vector without -o."""
    found: dict[str, list[str]] = {}

    def add(name: str, prompt: str, settings: str, *more: str) -> None:
        given = words(settings)
        vector = ["generate", prompt, *given, *more]
        usual = {"--model": "sd1", "--steps": "3", "--size": "64x64", "--cfg": "5"}
        if "--sigmas" in given:
            del usual["--steps"]
        if {"--outpaint", "--cfg-plus-plus"} & {*given}:
            usual.pop("--size" if "--outpaint" in given else "--cfg")
        for option, value in usual.items():
            if option not in given:
                vector += [option, value]
        found[name] = [*vector, "--seed", str(len(found) + 1)]

    for sampler, schedule in SAMPLERS.items():
        slug = sampler.lower().replace("++", "").replace(" ", "-")
        steps = ["--steps", "4"] if sampler in ("PLMS", "UniPC", "DEIS") else []
        add(f"sampler-{slug}.png", "a red cat in the snow", f"--sampler {sampler}".replace(
            sampler, sampler.replace(" ", "_")) + f" --schedule {schedule.replace(' ', '_')}",
            "-n", "blurry", *steps)  # fmt: skip
    for name, settings in SETTINGS.items():
        add(f"{name}.png", "a red cat", settings, "-n", "blurry")
    for name, prompt in PROMPTS.items():
        add(f"{name}.png", prompt, "--sampler Euler_a")
    for name, settings in FAMILIES.items():
        add(f"{name}.png", "a red cat", settings, "-n", "blurry")
    add("image.webp", "a red cat", "--sampler Euler")
    add("image.jpg", "a red cat", "--sampler Euler")
    default = "--model default --size 64x64 --steps 3"
    add("default.png", "red heart", default)
    add("transparent.png", "a blue fox", default, "--transparent")
    add("wildcards", "a __colour__ {cat|dog}", "--sampler Euler --count 2")
    return found


def make_images(app: Any) -> list[dict[str, Any]]:
    vectors = {name: [*vector, "--json", "-o", name] for name, vector in commands().items()}
    for name, (parent, settings) in BRANCHES.items():
        vectors[name] = ["branch", parent, *words(settings), "--json", "-o", f"{name}.png"]
    results = app.run_again([*vectors.values()])
    made = []
    for vector, (code, printed) in zip(vectors.values(), results, strict=True):
        assert code == 0, vector
        files = [os.path.relpath(Path(one["path"]).absolute(), IMAGES) for one in printed]
        pixels = [app.describe_image(IMAGES / file)["pixels"] for file in files]
        made.append({"arguments": vector, "files": files, "pixels": pixels})
    return made


def make_states(app: Any) -> list[dict[str, Any]]:
    made = []
    for name, (image, step) in STATES.items():
        vector = [*commands()[image], "--stop-after", str(step)]
        vector += ["--state", f"{HOME}/states/{name}.state", "--json"]
        code, printed = app.run(*vector)
        assert code == 0, vector
        made.append({"state": f"{name}.state", "image": image, "steps": printed[0]["steps"]})
    return made


def after_steps(app: Any, acts: dict[int, Callable[[], None]]) -> None:
    """Have each function called on the engine's thread once so many steps are done."""
    from ldm_studio.engine.core_run import CoreRun

    steps = CoreRun.__dict__.get("plain_steps") or CoreRun.steps
    CoreRun.plain_steps = steps  # type: ignore[attr-defined]

    def acting(self: Any) -> Any:
        for number, step in enumerate(steps(self), 1):
            if number in acts:
                acts[number]()
            yield step

    CoreRun.steps = acting  # type: ignore[method-assign]


def make_steered(app: Any) -> None:
    """Images that were changed while they were drawn, whose steps are kept, and a queue."""
    from core.pixels import digest
    from core.request import Change, Request
    from ldm_studio.engine.events import Failed, Finished, Paused, Steered, SteerRefused, Work

    usual = Request(prompt="a red cat", model="sd1.safetensors", sampler="DPM++ 2M", steps=5,
                    cfg=5.0, width=64, height=64, seed=21)  # fmt: skip
    photo = np.array(Image.open("photo.png"))
    mask = np.array(Image.open("mask.png"))
    controlled = replace(usual, model="pix2pix.safetensors", control=digest(photo))
    flipped = np.ascontiguousarray(photo[::-1])
    steered: list[tuple[Work, list[Change], dict[str, Any]]] = [
        (Work(1, usual), [Change(0, prompt="a blue dog", cfg=3.0)], {}),
        (Work(2, replace(usual, seed=22)), [Change(0, sampler="Euler a", negative="rain")], {}),
        (Work(3, replace(usual, seed=23)), [Change(0, schedule="Karras", steps=7)], {}),
        (Work(4, replace(usual, seed=24), photo), [Change(0, mask=digest(mask))],
         {digest(mask): mask}),
        (Work(5, controlled, None, None, {digest(photo): photo}),
         [Change(0, control=digest(flipped))], {digest(flipped): flipped}),
        (Work(6, replace(usual, seed=26)), [Change(0, model="sd1-other.safetensors")], {}),
        (Work(7, replace(usual, seed=27)), [Change(0, prompt="a <lora:detail:0.5> dog")], {}),
    ]  # fmt: skip
    with app.engine() as (engine, reader):
        for work, changes, later in steered:
            reader.forget()

            def steer(work: Work = work, changes: Any = changes, later: Any = later) -> None:
                for change in changes:
                    engine.steer(work.id, change, later)

            after_steps(app, {2: steer})
            engine.submit(work)
            reader.until(lambda event: isinstance(event, Finished | Failed | SteerRefused))
            assert not reader.all(Failed), reader.all(Failed)
            refused = reader.all(SteerRefused)
            assert not refused, (work.id, refused)
            finished, done = reader.one(Finished), reader.one(Steered)
            assert done.change.step == 2, done
            finished.path.rename(IMAGES / f"steered-{work.id}.png")
    with app.engine() as (engine, reader):
        after_steps(app, {2: engine.pause})
        engine.submit(Work(11, replace(usual, seed=31, sampler="DPM++ 2M SDE"), photo, mask))
        engine.submit(Work(12, replace(usual, seed=32, count=2)))
        engine.submit(Work(13, replace(usual, seed=33, prompt="a {dog|cat}", steps=3)))
        reader.one(Paused)
        after_steps(app, {})
        engine.move(13, 0)


def make_window() -> dict[str, Any]:
    """Settings, styles, session and canvas, through the window itself."""
    play_in_a_process("play_window")
    copy = HOME.parent / "window"
    shutil.copytree(HOME, copy, symlinks=True)
    seen = subprocess.run(
        [sys.executable, "-m", "tests.corpus.window"],
        cwd=CORPUS.parents[1],
        env={**os.environ, "LDM_STUDIO_HOME": str(copy)},
        check=True,
        capture_output=True,
        text=True,
        timeout=300,
    )
    shutil.rmtree(copy)
    return json.loads(seen.stdout)


def play_in_a_process(name: str) -> None:
    """A function of this module that opens the window."""
    program = f"from tests.corpus.make import {name}; {name}()"
    command = [sys.executable, "-c", program]
    subprocess.run(command, cwd=CORPUS.parents[1], check=True, timeout=100)


def play_forecast() -> None:
    """One image through the window, whose time and memory are remembered."""
    from ldm_studio.rehearsal import generate
    from tests.corpus.window import play, shown

    async def act(application: Any) -> None:
        store = application.store
        store.model = "sd1.safetensors"
        await shown(application, canvas=False)
        store.width = store.height = 64
        store.steps = 3
        await generate(application, "a red cat")

    play(act)


def play_window() -> None:
    from ldm_studio.prompts.styles import Style, StyleBook
    from ldm_studio.settings.settings import Format, Motion, Scheme, Told
    from tests.corpus.window import play, shown

    photo = np.array(Image.open(IMAGES / "photo.png").convert("RGB"))
    mask = np.array(Image.open(IMAGES / "mask.png"))

    async def act(application: Any) -> None:
        store, window, preferences = application.store, application.window, application.preferences
        store.model = "sd1.safetensors"
        await shown(application, canvas=False)
        application.studio.use_start(photo)
        view = window.canvas.view
        view.document.set_mask(mask, "")
        view.document.undo_stack.undo()
        view.document.undo_stack.redo()
        view.adjust(size=23)
        window.resize(1111, 777)
        for text in ("a first prompt", "a fox 🦊 in the snow"):
            application.session.prompts.add(text)
        window.prompt.prompt.setPlainText("a (fox:1.2) in the [snow:rain:0.5] 🦊")
        window.prompt.negative.setPlainText("blurry")
        values = {
            "sampler": "DPM++ 2M SDE", "schedule": "Karras", "steps": 5, "cfg": 6.5, "seed": 2**63,
            "seed_locked": True, "width": 64, "height": 64, "count": 3, "strength": 0.65,
            "rescale": 0.3, "guidance_start": 0.1, "guidance_end": 0.9, "mimic": 4.0,
            "quantile": 0.98, "noise": "ComfyUI", "syntax": "A1111", "clip_skip": 2,
            "variation_seed": 9, "variation_strength": 0.25, "area": "masked", "padding": 16,
            "content": "fill", "soft": True, "grow": 2, "blur": 1.5, "match": False, "eta": 0.4,
            "s_noise": 1.01, "finer_open": True, "more_open": True, "refiner":
            "sd1-other.safetensors", "refiner_at": 0.6,
        }  # fmt: skip
        for name, value in values.items():
            setattr(store, name, value)
        preferences.change("look", scheme=Scheme.DARK, motion=Motion.REDUCED)
        preferences.change("previews", per_second=7, longest_side=512)
        preferences.change("steps", trajectory_mib=77)
        preferences.change("files", format=Format.PNG, pattern="{number}-{seed}")
        preferences.change("privacy", told=Told.ALL)
        preferences.change("compute", threads=1, device="cpu")
        preferences.put(replace_settings(preferences.now))
        book = StyleBook(HOME / "config/styles.json")
        book.add(Style("Watercolour", "{prompt}, watercolour, soft edges", "photo"))
        await asyncio.sleep(1.5)  # until what changed has been written

    play(act)


def replace_settings(now: Any) -> Any:
    from msgspec.structs import replace as changed

    return changed(now, shortcuts={"generate": ("Ctrl+G",), "cancel": ()})


def make_foreign_image() -> None:
    info = PngInfo()
    info.add_text("parameters", (
        "a lighthouse, (storm:1.2), <lora:waves:0.8>\nNegative prompt: blurry, text\n"
        "Steps: 28, Sampler: DPM++ 2M Karras, CFG scale: 6.5, Seed: 1234567890, Size: 64x64, "
        "Model hash: 6ce0161689, Model: v1-5-pruned-emaonly, Clip skip: 2, Version: v1.9.4"
    ))  # fmt: skip
    Image.new("RGB", (64, 64), (40, 80, 120)).save("foreign.png", pnginfo=info)


def make_history(app: Any) -> None:
    from ldm_studio.history.schema import State
    from ldm_studio.history.store import History

    assert app.run("history", "rebuild", "--json")[0] == 0
    with History(HOME / "data") as history, closing(history.reader()) as reader:
        at = {name: reader.at(IMAGES / name) for name in os.listdir(IMAGES)}
        history.favourite([at["sampler-euler.png"], at["init.png"]]).result()
        history.rate([at["inpaint.png"], at["sdxl.png"]], 4).result()
        history.tag([at["inpaint.png"], at["foreign.png"]], ["Best", "雪"]).result()
        history.save_search("good", "rating:>=4").result()
        history.add_folder(IMAGES.parent).result()
        history.create_collection("Best of", [at["sdxl.png"], at["inpaint.png"]]).result()
        history.set_state([at["sampler-lcm.png"]], State.DELETED).result()


def measure(app: Any, made: dict[str, Any]) -> None:
    """Write down what the program says of it all, each time of a copy."""
    made["images"] = {
        path.name: app.describe_image(path) for path in sorted(IMAGES.rglob("*.*"))
        if path.name not in ("mask.png", "soft.png", "depth.png")
    }  # fmt: skip
    files = [str(path) for path in sorted(IMAGES.rglob("*.*"))
             if made["images"].get(path.name, {}).get("request")]  # fmt: skip
    _, verdicts = app.run("replay", "--json", *files)
    made["replays"] = {Path(one.pop("path")).name: one for one in verdicts}
    made["history"] = app.history_of(HOME / "data", ours=True)
    made["steps"] = app.kept_steps()
    made["canvas"] = app.canvas_of(HOME)
    made["settings"] = app.settings_of(HOME)
    made["styles"] = app.styles_of(HOME)
    copy = HOME.parent / "finishing"
    shutil.copytree(HOME, copy)
    os.environ["LDM_STUDIO_HOME"] = str(copy)
    made["looks"] = {name: app.digest_of(pixels) for name, pixels in app.look(3).items()}
    made["queue"], finished = app.finish_queue()
    os.environ["LDM_STUDIO_HOME"] = str(HOME)
    results = HOME.parent / "results"
    results.mkdir()
    made["queue results"] = []
    for number, path in enumerate(finished):
        shutil.copy(path, results / f"queue-{number}.png")
        made["queue results"].append(app.describe_image(path)["pixels"])
    shutil.rmtree(copy)


def keep(made: dict[str, Any]) -> None:
    """Everything but the models into the repository."""
    from tests.corpus.models import read_table

    for name in read_table():
        (HOME / "data" / "models" / name).unlink()
    with closing(sqlite3.connect(HOME / "data" / "history.sqlite3")) as connection:
        connection.execute("PRAGMA journal_mode = DELETE")
        connection.execute("VACUUM")
    for name in ("home", "results"):
        shutil.rmtree(CORPUS / name, ignore_errors=True)
        shutil.copytree(HOME.parent / name, CORPUS / name)
    text = json.dumps(made, indent=1, ensure_ascii=False, sort_keys=True)
    (CORPUS / "expected.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
