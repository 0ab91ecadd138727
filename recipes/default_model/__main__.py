"""`python -m recipes.default_model <command>`: the default model, step by step."""

from __future__ import annotations

import argparse
import json
import math
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import StudioError
from core.runtime.device import physical_cores

from .packages import RecipeError
from .workspace import (
    AUTOENCODER_SAMPLES,
    COMMAND,
    DENOISER_SAMPLES,
    POLISH_SAMPLES,
    Workspace,
    checkpoint,
    need,
    position,
)

if TYPE_CHECKING:  # torch is imported by the commands that need it, so that --help is immediate
    import torch

    from core.model.model import Model

SHEETS = ("common", "common-3d", "common-flat", "common-cartoon", "paraphrases", "compositions")
MODEL_HELP = "model folder (default: the one the application draws with)"

EPILOG = f"""\
in this order, each where the one before it left off:
  {COMMAND} sentence-encoder
  {COMMAND} data
  {COMMAND} autoencoder
  {COMMAND} encode
  {COMMAND} denoiser
  {COMMAND} export
  {COMMAND} polish
  {COMMAND} evaluate
  {COMMAND} sheet

Training can be stopped at any moment; the same command continues from the last checkpoint.
recipes/README.md says how long each takes and what to expect of it.
"""


def sentence_encoder(arguments: argparse.Namespace) -> None:
    from .sentence_encoder import fetch_sentence_encoder

    say(f"The sentence encoder is in {fetch_sentence_encoder(work(arguments).sentence_encoder)}.")


def data(arguments: argparse.Namespace) -> None:
    from .data import main as build

    space = work(arguments)
    build(["--packages", str(space.packages), "--out", str(space.data)])


def autoencoder(arguments: argparse.Namespace) -> None:
    from .autoencoder import train_autoencoder

    space = work(arguments)
    need(space.data, "data set", "data")

    def train() -> None:
        train_autoencoder(
            space.data,
            space.autoencoder,
            samples=arguments.samples,
            seconds=60 * arguments.minutes,
            device=device(arguments),
            bf16=bf16(arguments),
        )

    train_or_resume("autoencoder", space.autoencoder, arguments.samples, train)


def encode(arguments: argparse.Namespace) -> None:
    from .encode import encode

    space = work(arguments)
    use_cores()
    temporary = space.encoded.with_suffix(".tmp")
    encode(
        need(space.data, "data set", "data"),
        need(checkpoint(space.autoencoder), "trained autoencoder", "autoencoder"),
        need(space.sentence_encoder, "sentence encoder", "sentence-encoder"),
        temporary,
        augment=arguments.augment,
    )
    os.replace(temporary, space.encoded)
    say(f"Encoded into {space.encoded}.")


def denoiser(arguments: argparse.Namespace) -> None:
    from .denoiser import train_denoiser

    space = work(arguments)
    need(space.data, "data set", "data")
    need(space.encoded, "encoded data set", "encode")
    need(checkpoint(space.autoencoder), "trained autoencoder", "autoencoder")
    need(space.sentence_encoder, "sentence encoder", "sentence-encoder")

    def train() -> None:
        train_denoiser(
            space.data,
            space.encoded,
            checkpoint(space.autoencoder),
            space.sentence_encoder,
            space.denoiser,
            samples=arguments.samples,
            seconds=60 * arguments.minutes,
            device=device(arguments),
            bf16=bf16(arguments),
            decay=arguments.decay,
        )

    train_or_resume("denoiser", space.denoiser, arguments.samples, train)


def restore(arguments: argparse.Namespace) -> None:
    from .restore import restore

    folder = model_folder(arguments)
    for name in restore(folder, work(arguments)) or ["nothing: both have been begun"]:
        say(f"Restored from {folder}: {name}.")


def export(arguments: argparse.Namespace) -> None:
    from .export import export

    space = work(arguments)
    folder = model_folder(arguments)
    export(
        need(space.encoded, "encoded data set", "encode"),
        need(checkpoint(space.autoencoder), "trained autoencoder", "autoencoder"),
        need(checkpoint(space.denoiser), "trained denoiser", "denoiser"),
        need(space.sentence_encoder, "sentence encoder", "sentence-encoder"),
        folder,
    )
    trained = position(space.denoiser)
    seen = f" after {trained.samples:,} images" if trained else ""
    say(f"Exported the model{seen} to {folder}.")


def polish(arguments: argparse.Namespace) -> None:
    from .data import load
    from .polish import polish, put_in

    space, folder = work(arguments), model_folder(arguments)
    dataset = load(need(space.data, "data set", "data"))

    def train() -> None:
        polish(
            open_model(arguments),
            dataset,
            space.polished,
            samples=arguments.samples,
            seconds=60 * arguments.minutes,
            bf16=bf16(arguments),
        )

    train_or_resume("decoder", space.polished, arguments.samples, train)
    put_in(space.polished, folder)
    say(f"The decoder is in {folder}.")


def evaluate(arguments: argparse.Namespace) -> None:
    from .data import load
    from .evaluate import evaluate, report

    space = work(arguments)
    dataset = load(need(space.data, "data set", "data"))
    model = open_model(arguments)
    found = evaluate(model, dataset, space.root, count=arguments.pictures)
    print(json.dumps(asdict(found), indent=1) if arguments.json else report(found))


def sheet(arguments: argparse.Namespace) -> None:
    from .judge import draw_sheet

    model = open_model(arguments)
    folder = arguments.out or work(arguments).sheets
    for name in arguments.prompts:
        draw_sheet(model, name, folder / f"{name}.png", seed=arguments.seed)
        say(f"Drawn {folder / f'{name}.png'}.")


def sweep(arguments: argparse.Namespace) -> None:
    from .classifier import train_judge
    from .data import load
    from .evaluate import check
    from .sweep import GRID, HEADER, line, sweep

    space = work(arguments)
    dataset = load(need(space.data, "data set", "data"))
    model = open_model(arguments)
    check(model)
    judge = train_judge(dataset, space.root)
    print(HEADER)
    for row in sweep(model, judge, GRID, arguments.seeds):
        print(line(row), flush=True)


def train_or_resume(what: str, run: Path, samples: int, train: Callable[[], None]) -> None:
    """Trains up to `samples` images in the folder `run`, and reports where it starts and ends."""
    use_cores()
    before = position(run)
    if before and before.samples >= samples:
        say(f"The {what} has already seen {before.samples:,} images; --samples asks for more.")
        return
    if before:
        say(f"Resuming the {what} at step {before.step:,}: {before.samples:,} of {samples:,}.")
    else:
        say(f"Training the {what} on {samples:,} images, in {run}.")
    train()
    after = position(run)
    if after and after.samples < samples:
        say(f"Time is up at {after.samples:,} of {samples:,}. The same command continues.")
    else:
        say(f"The {what} is trained.")


def work(arguments: argparse.Namespace) -> Workspace:
    return Workspace(arguments.work)


def model_folder(arguments: argparse.Namespace) -> Path:
    from core.checkpoints.load_model import DEFAULT_MODEL

    return arguments.model or DEFAULT_MODEL


def open_model(arguments: argparse.Namespace) -> Model:
    from core.checkpoints.load_model import load_model

    use_cores()
    return load_model(model_folder(arguments), device(arguments).type)


def use_cores() -> None:
    """One thread a physical core, unless OMP_NUM_THREADS says otherwise."""
    import torch

    if "OMP_NUM_THREADS" not in os.environ and (cores := physical_cores()):
        torch.set_num_threads(cores)


def device(arguments: argparse.Namespace) -> torch.device:
    import torch

    available = torch.cuda.is_available()
    if arguments.device == "cuda" and not available:
        raise RecipeError("torch finds no GPU here.", "Use --device cpu.")
    return torch.device("cuda" if available and arguments.device != "cpu" else "cpu")


def bf16(arguments: argparse.Namespace) -> bool:
    return device(arguments).type == "cuda" if arguments.bf16 is None else arguments.bf16


def say(text: str) -> None:
    print(text, file=sys.stderr)


def positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise ValueError
    return value


def minutes(text: str) -> float:
    value = float(text)
    if not value > 0:
        raise ValueError
    return value


def share(text: str) -> float:
    value = float(text)
    if not 0 < value <= 1:
        raise ValueError
    return value


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(
        prog=COMMAND,
        description="Make the default model: text to emoji, from openly licensed artwork.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument(
        "--work",
        metavar="DIR",
        type=Path,
        default=Path("build/default_model"),
        help="folder for everything that is made (default: %(default)s)",
    )
    machine = argparse.ArgumentParser(add_help=False)
    machine.add_argument(
        "--device", choices=("auto", "cpu", "cuda"), default="auto", help="auto: a GPU if any"
    )
    commands = top.add_subparsers(title="commands", required=True, metavar="command")

    def add(
        run: Callable[[argparse.Namespace], None],
        words: str,
        parents: Sequence[argparse.ArgumentParser] = (),
    ) -> argparse.ArgumentParser:
        command = commands.add_parser(
            run.__name__.replace("_", "-"),
            help=words,
            description=f"{words[0].upper()}{words[1:]}.",
            parents=[common, *parents],
        )
        command.set_defaults(run=run)
        return command

    def budget(samples: int) -> argparse.ArgumentParser:
        options = argparse.ArgumentParser(add_help=False)
        options.add_argument(
            "--samples",
            metavar="N",
            type=positive,
            default=samples,
            help="images to see in all, over which the learning rate decays (default: %(default)s)",
        )
        options.add_argument(
            "--minutes",
            metavar="M",
            type=minutes,
            default=math.inf,
            help="stop after this long; the same command continues (default: no limit)",
        )
        options.add_argument(
            "--bf16",
            action=argparse.BooleanOptionalAction,
            help="multiply in bfloat16 (default: on a GPU only)",
        )
        return options

    add(sentence_encoder, "fetch the pretrained sentence encoder (80 MB)")
    add(data, "fetch the artwork and build the data set")
    add(autoencoder, "train the autoencoder", [machine, budget(AUTOENCODER_SAMPLES)])
    command = add(encode, "encode drawings and captions once, for the denoiser's training")
    command.add_argument(
        "--augment",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="also make moved, coloured and composed images of them (default: on)",
    )
    command = add(denoiser, "train the denoiser", [machine, budget(DENOISER_SAMPLES)])
    command.add_argument(
        "--decay",
        metavar="SHARE",
        type=share,
        default=0.3,
        help="of the images, the last over which the learning rate falls (default: %(default)s)",
    )
    command = add(restore, "begin the runs of both networks from those of a model folder")
    command.add_argument("--model", metavar="DIR", type=Path, help=MODEL_HELP)
    command = add(export, "write the trained networks as a model folder")
    command.add_argument("--model", metavar="DIR", type=Path, help=MODEL_HELP)
    command = add(
        polish,
        "train the decoder of a model folder on what its denoiser draws",
        [machine, budget(POLISH_SAMPLES)],
    )
    command.add_argument("--model", metavar="DIR", type=Path, help=MODEL_HELP)
    command = add(evaluate, "measure a model folder against the data set", [machine])
    command.add_argument("--model", metavar="DIR", type=Path, help=MODEL_HELP)
    command.add_argument("--json", action="store_true", help="print JSON")
    command.add_argument(
        "--pictures",
        metavar="N",
        type=positive,
        default=128,
        help="how many to draw for each retrieval (default: %(default)s)",
    )
    command = add(sheet, "draw the fixed prompts as labelled sheets, to judge by eye", [machine])
    command.add_argument("--model", metavar="DIR", type=Path, help=MODEL_HELP)
    command.add_argument(
        "--prompts", nargs="+", choices=SHEETS, default=SHEETS, help="which lists (default: all)"
    )
    command.add_argument("--seed", metavar="N", type=int, default=0, help="of the first image")
    command.add_argument(
        "--out", metavar="DIR", type=Path, help="where to (default: sheets/ in the work folder)"
    )
    command = add(sweep, "compare samplers, steps and guidance on the common prompts", [machine])
    command.add_argument("--model", metavar="DIR", type=Path, help=MODEL_HELP)
    command.add_argument(
        "--seeds",
        metavar="N",
        type=positive,
        default=1,
        help="images of every prompt with every settings (default: %(default)s)",
    )
    return top


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command; 0, or 2 after an error, which is printed in a line, or 130 when
    interrupted."""
    arguments = parser().parse_args(argv)
    try:
        arguments.run(arguments)
    except StudioError as error:
        say(f"error: {error}")
        return 2
    except OSError as error:
        say(f"error: {error.filename or 'input or output'}: {error.strerror or error}")
        return 2
    except KeyboardInterrupt:
        say("Stopped. The same command continues from the last checkpoint.")
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
