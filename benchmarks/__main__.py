"""`python -m benchmarks [NAME ...]`: one line and one JSON record for each."""

from __future__ import annotations

import argparse
import importlib
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from core.errors import StudioError

from .record import Options, Result, machine, to_json

BENCHMARKS = {
    "picture": "seconds an image",
    "preview": "cost of the live preview",
    "trajectory": "cost of the journal and of kept steps, latency of drawing live",
    "interface": "how long the interface freezes while the engine runs",
    "canvas": "strokes on a large canvas while previews arrive, and undoing them",
    "startup": "from start to window, to model, to first image",
    "seam": "how visible the edge of an inpainted part is",
    "history": "first page and searches of 100,000 images",
    "browser": "the page of 100,000 images: opening, searching, scrolling, memory",
    "peer": "our U-Net beside diffusers'",
    "checkpoint": "Stable Diffusion beside diffusers: loading, step, decoding, image, memory",
    "loading": "memory while loading, for each kind of file",
    "lora": "patching a LoRA, beside diffusers with PEFT",
    "forecast": "estimated time and memory, compared with measurements",
    "fuzz": "damaged files for every reader: what breaks, hangs, is slow or fills the memory",
}


def measure(name: str, options: Options) -> Result:
    """Each benchmark has its own module, imported when it runs."""
    module = importlib.import_module(f".{name}", __package__)
    run: Callable[[Options], Result] = module.measure
    return run(options)


def main(argv: Sequence[str] | None = None) -> int:
    """0, or 2 if a benchmark could not run."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description="Measure speed and latency.",
        epilog="\n".join(f"  {name:<10} {words}" for name, words in BENCHMARKS.items()),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help="which, of those below (default: all)"
    )
    parser.add_argument("--model", metavar="DIR", type=Path, help="instead of the default model")
    parser.add_argument("--steps", metavar="N", type=int, default=20, help="sampler steps (20)")
    parser.add_argument("--repeats", metavar="N", type=int, help="images, runs or rounds")
    parser.add_argument(
        "--full",
        action="store_true",
        help="checkpoint, loading, lora: networks of the published width",
    )
    parser.add_argument(
        "--family", choices=("SD1", "SDXL"), default="SD1", help="checkpoint: which (SD1)"
    )
    parser.add_argument(
        "--precision",
        choices=("float32", "bfloat16", "float16"),
        default="float32",
        help="checkpoint: of the U-Net and the text encoders (float32)",
    )
    parser.add_argument(
        "--program", metavar="FILE", type=Path, help="a bundled ldm-studio, to start as well"
    )
    parser.add_argument(
        "--minutes", metavar="N", type=float, default=1.0, help="fuzz: how long it runs (1)"
    )
    parser.add_argument("--json", metavar="FILE", type=Path, help="append the records to FILE")
    arguments = parser.parse_args(argv)
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    names: list[str] = arguments.names or list(BENCHMARKS)
    if unknown := [name for name in names if name not in BENCHMARKS]:
        parser.error(f"unknown benchmark {unknown[0]!r}; there are {', '.join(BENCHMARKS)}")
    if arguments.steps < 1 or (arguments.repeats is not None and arguments.repeats < 1):
        parser.error("--steps and --repeats start at 1")
    if len(names) > 1:
        # Each in its own process, so that no benchmark benefits from another's caches.
        rest = options_of(arguments)
        command = [sys.executable, "-m", "benchmarks"]
        return max(subprocess.run([*command, name, *rest]).returncode for name in names)
    return run_one(names[0], arguments)


def options_of(arguments: argparse.Namespace) -> list[str]:
    """The options as command line arguments for another process."""
    given = {
        "--model": arguments.model,
        "--steps": arguments.steps,
        "--repeats": arguments.repeats,
        "--family": arguments.family,
        "--precision": arguments.precision,
        "--minutes": arguments.minutes,
        "--program": arguments.program,
        "--json": arguments.json,
    }
    return [
        text
        for option, value in given.items()
        if value is not None
        for text in (option, str(value))
    ] + ["--full"] * arguments.full


def run_one(name: str, arguments: argparse.Namespace) -> int:
    try:
        from core.checkpoints.load_model import DEFAULT_MODEL

        options = Options(
            arguments.model or DEFAULT_MODEL,
            arguments.steps,
            arguments.repeats,
            arguments.full,
            arguments.family,
            arguments.precision,
            arguments.minutes,
            arguments.program,
        )
        result = measure(name, options)
        record = to_json(name, result, options, machine())
        print(f"{name}: {result.line()}\n{record}", flush=True)
        if arguments.json:
            with arguments.json.open("a", encoding="utf-8") as file:
                file.write(record + "\n")
    except StudioError as error:
        print(f"{name}: error: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"{name}: error: {error.filename}: {error.strerror or error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
