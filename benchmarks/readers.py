"""Everything that reads what strangers made: one table, for the fuzz test and `fuzz`.

A reader has whole files to begin with, `mutated` damages one, and `read` must return, or raise an
error in words, within a moment.
"""

from __future__ import annotations

import io
import json
import random
import re
import struct
import zipfile
import zlib
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from safetensors.torch import save as safetensors_bytes

from core.checkpoints.auxiliary_files import describe
from core.checkpoints.diffusers_folder import open_folder
from core.checkpoints.identify import identify
from core.checkpoints.lora_scales import peft_scales
from core.checkpoints.open_file import open_tensors
from core.checkpoints.overrides import read_overrides
from core.checkpoints.pickle_reader import describe as describe_pickle
from core.checkpoints.textual_inversion import read_embedding
from core.conditioning.text.prompt_parser import parse as parse_prompt
from core.conditioning.text.wildcards import resolve_wildcards
from core.errors import Message, StudioError, UnreadableError
from core.families.native import read_tokenizer
from core.families.native_config import NativeConfig
from core.networks.bert import BertConfig
from core.pipeline import state_file
from core.request.parameters import MAX_PROMPT
from core.request.request import Request
from core.runtime.environment import Environment
from core.untrusted_files import read_bytes
from ldm_studio.history import user_journal
from ldm_studio.history.image_reader import scan
from ldm_studio.history.program_metadata import recipe_in, recipe_of
from ldm_studio.history.query_language import parse as parse_query
from ldm_studio.history.recipe import facts
from ldm_studio.history.thumbnails import make_thumbnail
from ldm_studio.images.image_files import load_image, read_record, read_request
from ldm_studio.images.infotext import parse_infotext, restore
from ldm_studio.images.job_files import Journal, StoredJob
from ldm_studio.images.run_record import Record
from ldm_studio.images.step_log import StepLog
from ldm_studio.images.trajectory_store import read as read_trajectory
from ldm_studio.json_files import read_object
from ldm_studio.models.model_folders import files_in
from ldm_studio.prompts.styles import StyleBook, read_csv
from ldm_studio.prompts.wildcard_files import Wildcards
from ldm_studio.settings import settings

REFUSALS = (StudioError, ValueError, OSError)
"""What a reader may raise; documented, and shown in words. Anything else is a bug."""
MAX_BYTES = 300_000
MAX_TENSOR = 1 << 20
"""Elements; larger tensors are not read here, because their file would be as large."""
NUMBERS = (0, 1, 2, 127, 255, *(2**n - 1 for n in (15, 16, 31, 32, 62, 63, 64)), 2**31, 2**63)
WORDS = tuple(
    word.encode("utf-8", "surrogatepass")
    for word in (
        *("0", "-1", "1e999", "-1e-999", "NaN", "Infinity", "null", "true", '""', "[]", "{}"),
        *("9" * 30, "9" * 400, "9" * 5000, "1." + "0" * 500, "0x10", "1_000", "٣"),
        *("~nosuchuser/x", "../../x", "/dev/zero", "C:\\x", "a\0b", "\x1b]0;x\x07", "\u202e"),
        *('"\\ud800"', "\ud800", "\ufeff", "\N{CAT FACE}", "<img src='file:///x'>", "{prompt}"),
        *("[" * 900, "{" * 900, "(" * 900, "[[", "]]", "((", "))", '{"a":' * 300),
        *("&a [*a]", "<<: *a", "!!timestamp foo", '!!int ""', "- ", ": ", "\n", "\r\n", "\t"),
        *('"', "'", "\\", "%s", "{0}", "<lora:x:1>", "__a__", "{a|b}", "{2$$a|b}"),
        *("[a:b:0.5]", "AND", "BREAK", ":", "::", ",", "=1"),
    )
)
_TOKEN = re.compile(rb"-?\d+(?:\.\d+)?|\w+|[^\w\s]")


@dataclass(frozen=True)
class Reader:
    name: str
    seeds: Callable[[], tuple[bytes, ...]]
    read: Callable[[Path], object]
    file: str
    """The name of the file, whose suffix may matter."""
    is_text: bool = False
    wrap: Callable[[bytes], bytes] = bytes
    """Makes a file of what is mutated, with sizes and checksums that fit."""


def mutated(reader: Reader, chance: random.Random) -> bytes:
    """A damaged file."""
    seeds = reader.seeds()
    data = bytearray(chance.choice(seeds))
    for _ in range(chance.choice((1, 1, 2, 3, 8))):
        kind = chance.choice(_TEXT_KINDS if reader.is_text else _KINDS)
        kind(data, chance, seeds)
        del data[MAX_BYTES:]
    return reader.wrap(bytes(data))


# --- kinds of damage -----------------------------------------------------------------------------


def _place(data: bytearray, chance: random.Random) -> tuple[int, int]:
    """A random slice; most are short."""
    start = chance.randrange(len(data) + 1)
    return start, min(len(data), start + int(2 ** chance.uniform(0, 8)))


def _flip(data: bytearray, chance: random.Random, _: object) -> None:
    for _ in range(chance.choice((1, 1, 4, 30))):
        if data:
            data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)


def _cut(data: bytearray, chance: random.Random, _: object) -> None:
    start, end = _place(data, chance)
    del data[start : end if chance.random() < 0.8 else len(data)]


def _repeat(data: bytearray, chance: random.Random, _: object) -> None:
    """The same again, often until the file is full: what is not linear shows here."""
    start, end = _place(data, chance)
    piece = bytes(data[start:end])
    most = MAX_BYTES // max(1, len(piece))
    data[start:start] = piece * min(most, int(2 ** chance.uniform(0, 18)))


def _number(data: bytearray, chance: random.Random, _: object) -> None:
    size = chance.choice((1, 2, 4, 8))
    if len(data) >= size:
        at = chance.randrange(len(data) - size + 1)
        number = chance.choice(NUMBERS) % 256**size
        data[at : at + size] = number.to_bytes(size, chance.choice(("little", "big")))


def _mix(data: bytearray, chance: random.Random, seeds: tuple[bytes, ...]) -> None:
    other = chance.choice(seeds)
    start = chance.randrange(len(other) + 1)
    at, end = _place(data, chance)
    data[at:end] = other[start : start + int(2 ** chance.uniform(0, 10))]


def _insert(data: bytearray, chance: random.Random, _: object) -> None:
    at = chance.randrange(len(data) + 1)
    data[at:at] = chance.choice(WORDS)


def _replace_word(data: bytearray, chance: random.Random, _: object) -> None:
    tokens = list(_TOKEN.finditer(data[:20_000]))
    if tokens:
        found = chance.choice(tokens)
        again = chance.choice((1, 1, 1, 2, 100))
        data[found.start() : found.end()] = chance.choice(WORDS) * again


_KINDS = (_flip, _flip, _cut, _repeat, _number, _number, _mix, _insert)
_TEXT_KINDS = (_flip, _cut, _repeat, _repeat, _mix, _insert, _replace_word, _replace_word)


# --- whole files ---------------------------------------------------------------------------------

NAMES = (
    *("model.diffusion_model.input_blocks.0.0.weight", "model.diffusion_model.out.2.weight"),
    *("model.diffusion_model.input_blocks.1.1.transformer_blocks.0.attn2.to_k.weight",),
    *("first_stage_model.decoder.mid.block_1.norm1.weight", "model_ema.decay", "v_pred"),
    *("cond_stage_model.transformer.text_model.embeddings.token_embedding.weight", "edm_mean"),
    *("conditioner.embedders.0.transformer.resblocks.0.ln_1.weight", "state_dict.x"),
    "down_blocks.0.resnets.0.norm1.bias",
)
LORA_NAMES = (
    *("lora_unet_mid_block.alpha", "lora_unet_mid_block.lora_down.weight", "unet.a.lora_A.weight"),
    *("lora_te_text_model.lora_up.weight", "lora_unet_x.hada_w1_a", "unet.a.lora_B.weight"),
)
METADATA = {"ss_output_name": "x", "lora_adapter_metadata": '{"unet.lora_alpha": 8, "unet.r": 4}'}
PROMPT = "(a cat:1.2) [dog|[fox:wolf:0.5]] <lora:x:0.8> {red|2::blue} __hats/*__ AND a BREAK b :0.5"
REQUEST = Request(prompt=PROMPT, negative="bad", steps=12, seed=7, width=64, height=64)
INFOTEXT = f"""{PROMPT}
Negative prompt: bad, worse
Steps: 20, Sampler: DPM++ 2M, Schedule type: Karras, CFG scale: 7, Seed: 1234, Size: 512x768, \
Model hash: abcdef1234, Model: "a, b", Lora hashes: "x: 1234", Denoising strength: 0.5"""
GRAPH = {
    "3": {
        "class_type": "KSampler",
        "inputs": {
            **{"seed": 5, "steps": 20, "cfg": 7.5, "sampler_name": "euler", "scheduler": "karras"},
            **{"denoise": 1.0, "model": ["4", 0], "positive": ["6", 0], "negative": ["7", 0]},
            "latent_image": ["5", 0],
        },
    },
    "4": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "sd15.safetensors"}},
    "5": {"class_type": "EmptyLatentImage", "inputs": {"width": 512, "height": 512}},
    "6": {"class_type": "CLIPTextEncode", "inputs": {"text": ["10", 0], "clip": ["4", 1]}},
    "7": {"class_type": "CLIPTextEncode", "inputs": {"text": "bad", "clip": ["4", 1]}},
    "8": {"class_type": "VAEDecode", "inputs": {"samples": ["3", 0], "vae": ["4", 2]}},
    "9": {"class_type": "SaveImage", "inputs": {"images": ["8", 0], "filename_prefix": "x"}},
    "10": {"class_type": "StringConcat", "inputs": {"a": "a cat", "b": ["10", 0]}},
    "11": {"class_type": "Reroute", "inputs": {"": ["10", 0]}},
}
OTHERS = (
    {"prompt": "a", "seed": 1, "guidance_scale": 7, "metadata_scheme": "fooocus"},
    {"app_version": "3.0", "positive_prompt": "a", "model": {"model_name": "x"}, "loras": [{}]},
    {"sui_image_params": {"prompt": "a", "steps": 5, "model": "x", "images": 1}},
)
YAML = b"""a111: &a
  base_path: /nowhere/webui/
  checkpoints: models/Stable-diffusion
  loras: |
       models/Lora
       models/LyCORIS
comfy: {<<: *a, base_path: "~", vae: [a, b]}
model:
  params:
    parameterization: "v"
"""
STYLES = b'name,prompt,negative_prompt\nRed,"a {prompt}, red",blue\n"Two, lines","a\nb",\n'


def _json(*values: object) -> tuple[bytes, ...]:
    return tuple(json.dumps(value, indent=1).encode() for value in values)


def _tensors(names: tuple[str, ...] = NAMES) -> dict[str, torch.Tensor]:
    shapes = ((4, 4, 3, 3), (2, 8), (3,), ())
    return {name: torch.ones(shapes[i % 4]) for i, name in enumerate(names)}


@cache
def _safetensors() -> tuple[bytes, ...]:
    return (
        _header(_tensors()),
        _header(_tensors(LORA_NAMES), METADATA),
        _header({"emb_params": torch.ones(2, 768)}),
    )


def _header(tensors: dict[str, torch.Tensor], metadata: dict[str, str] | None = None) -> bytes:
    """Of a safetensors file: `_with_size` puts the size before it, and elements behind."""
    file = safetensors_bytes(tensors, metadata)
    return file[8 : 8 + int.from_bytes(file[:8], "little")]


def _with_size(header: bytes) -> bytes:
    ends = [int(end) for end in re.findall(rb"\[\d{1,6},(\d{1,6})\]", header)]
    return struct.pack("<Q", len(header)) + header + bytes(min(max(ends, default=0), MAX_BYTES))


@cache
def _whole_safetensors() -> tuple[bytes, ...]:
    return tuple(map(_with_size, _safetensors()))


@cache
def _pickles() -> tuple[bytes, ...]:
    found: list[bytes] = []
    for content in (
        {"state_dict": _tensors(), "global_step": 5, "epoch": 1.5},
        {"string_to_param": {"*": torch.ones(2, 768)}, "name": "x", "step": 3},
        dict(enumerate(torch.ones(3, 2))),
    ):
        file = io.BytesIO()
        torch.save(content, file)
        with zipfile.ZipFile(file) as archive:
            [name] = [one for one in archive.namelist() if one.endswith("data.pkl")]
            found.append(archive.read(name))
    return tuple(found)


def _archive(pickle: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("a/data.pkl", pickle)
        with suppress(UnreadableError):
            for one in describe_pickle(pickle).elements:
                size = min(one.numel * one.dtype.itemsize, MAX_BYTES)
                archive.writestr(f"a/data/{one.key}", bytes(size))
    return file.getvalue()


@cache
def _old_pickles() -> tuple[bytes, ...]:
    file = io.BytesIO()
    torch.save({"state_dict": _tensors()}, file, _use_new_zipfile_serialization=False)
    return (file.getvalue(),)


@cache
def _whole_archives() -> tuple[bytes, ...]:
    return tuple(map(_archive, _pickles()))


@cache
def _gguf() -> tuple[bytes, ...]:
    def text(value: bytes) -> bytes:
        return struct.pack("<Q", len(value)) + value

    values = (
        (b"general.architecture", struct.pack("<I", 8) + text(b"sd1")),
        (b"general.alignment", struct.pack("<II", 4, 32)),
        (b"comfy.gguf.orig_shape.b", struct.pack("<IIQii", 9, 5, 2, 4, 8)),
        (b"tokens", struct.pack("<IIQ", 9, 8, 2) + text(b"a") + text(b"bc")),
    )
    tensors = ((b"a", (4,), 0), (b"b", (32,), 2), (b"input_blocks.0.0.weight", (3, 3, 4, 4), 1))
    made = b"GGUF" + struct.pack("<IQQ", 3, len(tensors), len(values))
    made += b"".join(text(name) + value for name, value in values)
    for name, shape, kind in tensors:
        made += text(name) + struct.pack(f"<I{len(shape)}QIQ", len(shape), *shape, kind, 0)
    return (made + bytes(1024),)


@cache
def _tokenizers() -> tuple[bytes, ...]:
    return _json(
        {
            "version": "1.0",
            "added_tokens": [{"id": 0, "content": "[PAD]", "special": True, "single_word": False,
                              "lstrip": False, "rstrip": False, "normalized": False}],
            "normalizer": {"type": "BertNormalizer", "clean_text": True, "lowercase": True,
                           "handle_chinese_chars": True, "strip_accents": None},
            "pre_tokenizer": {"type": "BertPreTokenizer"},
            "post_processor": None, "padding": None,
            "decoder": {"type": "WordPiece", "prefix": "##", "cleanup": True},
            "truncation": {"direction": "Right", "max_length": 64, "strategy": "LongestFirst",
                           "stride": 0},
            "model": {"type": "WordPiece", "unk_token": "[UNK]", "max_input_chars_per_word": 100,
                      "continuing_subword_prefix": "##",
                      "vocab": {"[PAD]": 0, "[UNK]": 1, "a": 2, "##b": 3, "cat": 4}},
        }
    )  # fmt: skip


@cache
def _images(kind: str) -> tuple[bytes, ...]:
    pixels = Image.fromarray(np.random.default_rng(1).integers(0, 256, (9, 7, 4), np.uint8))
    exif = Image.Exif()
    exif[0x010E] = INFOTEXT
    exif.get_ifd(0x8769)[0x9286] = b"UNICODE\0" + INFOTEXT.encode("utf-16-be")
    file = io.BytesIO()
    options = {"exif": exif.tobytes(), "xmp": b"<x>a</x>", "comment": INFOTEXT.encode()}
    pixels.convert("RGB" if kind == "JPEG" else "RGBA").save(file, kind, **options)
    return (file.getvalue(),)


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


@cache
def _png_chunks() -> tuple[bytes, ...]:
    """Types and bodies of chunks, between empty lines: `_png` adds sizes and checksums."""
    packed = zlib.compress(INFOTEXT.encode())
    chunks = (
        b"tEXtparameters\0" + INFOTEXT.encode(),
        b"tEXtprompt\0" + json.dumps(GRAPH).encode(),
        b"tEXtldm_studio\0" + REQUEST.to_json().encode(),
        b"zTXtComment\0\0" + packed,
        b"iTXtldm_studio_run\0\1\0\0\0" + packed,
        b"eXIfMM\0*\0\0\0\x08\0\0",
        b"iCCPx\0\0" + packed,
    )
    return tuple(b"\n\n".join(chunks[i : i + 3]) for i in range(0, len(chunks), 3))


def _png(chunks: bytes) -> bytes:
    parts = [part for part in chunks.split(b"\n\n") if len(part) >= 4]
    pixels = zlib.compress(bytes(8 * (1 + 8 * 4)))
    made = b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", struct.pack(">IIBBBBB", 8, 8, 8, 6, 0, 0, 0))
    made += b"".join(_chunk(part[:4], part[4:]) for part in parts[:2000])
    return made + _chunk(b"IDAT", pixels) + _chunk(b"IEND", b"")


@cache
def _states() -> tuple[bytes, ...]:
    latent = torch.ones(1, 4, 2, 2)
    tensors = {"x": latent, "index": torch.tensor(3), "memory.0": latent.clone()}
    return (_header(tensors, {"request": REQUEST.to_json(), "a": "b"}),)


@cache
def _trajectories() -> tuple[bytes, ...]:
    metadata = {"request": REQUEST.to_json(), "environment": Environment().to_json(), "first": "1"}
    return (_header({"x0": torch.ones(2, 4, 2, 2, dtype=torch.float16)}, metadata),)


@cache
def _step_logs() -> tuple[bytes, ...]:
    return (np.array([4, 2, 2], "<u4").tobytes() + bytes(3 * (4 + 32)),)


# --- readers -------------------------------------------------------------------------------------


def _read_model(path: Path) -> None:
    try:
        described = describe(path)
    finally:
        try:
            identify(path)
        except StudioError as error:
            Message.from_json(error.message.to_json())
    file = open_tensors(path)
    for name, entry in file.entries.items():
        if entry.numel <= MAX_TENSOR:
            file.tensor(name)
    if described.kind == "lora":
        peft_scales(file, ("unet", "text_encoder"))
    if described.kind == "embedding":
        read_embedding(path, (768,))


def _read_tokenizer(path: Path) -> None:
    read_tokenizer(path, BertConfig(vocabulary=100)).encode("A cat, ab \N{CAT FACE}" * 20)


def _read_folder(path: Path) -> None:
    weights = path.parent / "unet" / "diffusion_pytorch_model.safetensors"
    weights.parent.mkdir(exist_ok=True)
    weights.write_bytes(_whole_safetensors()[0])
    open_folder(path.parent)


def _read_image(path: Path) -> None:
    found = scan(path)
    if found.recipe is not None:
        facts(found.recipe)
    for read in (read_request, read_record, load_image, make_thumbnail):
        try:
            read(path)
        except REFUSALS:
            continue


def _text_in(path: Path) -> str:
    return read_bytes(path, MAX_BYTES).decode("utf-8", "replace")


def _read_recipe(path: Path) -> None:
    text = _text_in(path)
    texts = {"parameters": text, "Comment": text, "prompt": text}
    for recipe in (recipe_in(text), recipe_of(texts)):
        if recipe is not None:
            facts(recipe)
    restore(parse_infotext(text), REQUEST)


def _read_prompt(path: Path, syntax: str) -> None:
    parse_prompt(_text_in(path)[:MAX_PROMPT], syntax)


def _read_template(path: Path) -> None:
    text = _text_in(path)[:MAX_PROMPT]
    resolve_wildcards(text, lambda _: text.splitlines(), 3)


def _read_wildcard(path: Path) -> None:
    Wildcards(path.parent).values(path.stem)
    resolve_wildcards("__x__ {3$$__x__}", Wildcards(path.parent).values, 1)


def _text(read: Callable[[str], object]) -> Callable[[Path], object]:
    return lambda path: read(_text_in(path))


def _read_journal(path: Path) -> None:
    path.replace(path.with_name("0-000001.safetensors"))
    Journal(path.parent, 0).reached()


MARKS = (
    {"digest": "a" * 64, "favourite": True, "rating": 3, "tags": ["x"]},
    {"name": "n", "query": "fox"}, {"folder": "/x", "known": True},
)  # fmt: skip
SETTINGS = settings.as_object(settings.Settings())
RECORD = Record(Environment(), ("a" * 64,), "b" * 64)
MESSAGE = Message("{a} is {b}", a=Message("x"), b=(1, "y"))
JOB = {"request": json.loads(REQUEST.to_json()), "version": 1, "state": "waiting",
       "done": 0, "parent": None, "resume": ""}  # fmt: skip
CONFIG = {"_class_name": "StableDiffusionPipeline", "unet": ["diffusers", "UNet2DConditionModel"]}


def _native_configs() -> tuple[bytes, ...]:
    shipped = Path(__file__).parents[1] / "resources" / "default_model" / "model.json"
    return (shipped.read_bytes(),)


READERS = (
    Reader("safetensors", _safetensors, _read_model, "x.safetensors", True, _with_size),
    Reader("safetensors, whole", _whole_safetensors, _read_model, "x.sft"),
    Reader("pickle", _pickles, _read_model, "x.ckpt", wrap=_archive),
    Reader("pickle, whole archive", _whole_archives, _read_model, "x.pt"),
    Reader("pickle before 1.6", _old_pickles, _read_model, "x.bin"),
    Reader("GGUF", _gguf, _read_model, "x.gguf"),
    Reader("tokenizer", _tokenizers, _read_tokenizer, "tokenizer.json", True),
    Reader("YAML of ComfyUI", lambda: (YAML,), lambda p: files_in(p.parent),
           "extra_model_paths.yaml", True),
    Reader("model_index.json", lambda: _json(CONFIG), _read_folder, "model_index.json", True),
    Reader("model.json", _native_configs, _text(NativeConfig.from_json), "model.json", True),
    Reader("overrides", lambda: _json({"prediction": "v"}),
           lambda p: read_overrides(p.with_name("x.ckpt")), "x.ldm-studio.json", True),
    Reader("settings", lambda: _json(SETTINGS), settings.load, "settings.json", True),
    Reader("session", lambda: _json({"parameters": {"prompt": "a"}}), read_object, "s.json", True),
    Reader("styles", lambda: _json({"styles": [{"name": "a", "prompt": "b", "negative": ""}]}),
           StyleBook, "styles.json", True),
    Reader("styles of A1111", lambda: (STYLES,), read_csv, "styles.csv", True),
    Reader("wildcards", lambda: (b"# a\nred\n2::{blue|__x__}\n__y__\n",), _read_wildcard,
           "x.txt", True),
    Reader("prompt", lambda: (PROMPT.encode(),), partial(_read_prompt, syntax="A1111"), "p", True),
    Reader("prompt of ComfyUI", lambda: (PROMPT.encode(),),
           partial(_read_prompt, syntax="ComfyUI"), "p", True),
    Reader("prompt template", lambda: (b"{red|2::blue} {2$$a|b} {a", PROMPT[:60].encode()),
           _read_template, "p", True),
    Reader("search", lambda: (b'rating:>=4 date:7d -blurry "a b" size:1x2 model:a,b',),
           _text(parse_query), "q", True),
    Reader("recipe", lambda: (REQUEST.to_json().encode(),), _text(Request.from_json), "r", True),
    Reader("run record", lambda: (RECORD.to_json().encode(),), _text(Record.from_json), "r", True),
    Reader("message", lambda: (MESSAGE.to_json().encode(),), _text(Message.from_json), "m", True),
    Reader("infotext", lambda: (INFOTEXT.encode(),), _read_recipe, "x.txt", True),
    Reader("recipes of programs", lambda: _json(GRAPH, *OTHERS), _read_recipe, "x.json", True),
    Reader("PNG texts", _png_chunks, _read_image, "x.png", wrap=_png),
    Reader("PNG", lambda: tuple(map(_png, _png_chunks())), _read_image, "x.png"),
    Reader("JPEG", partial(_images, "JPEG"), _read_image, "x.jpg"),
    Reader("WebP", partial(_images, "WEBP"), _read_image, "x.webp"),
    Reader("state", _states, state_file.load, "x.safetensors", True, _with_size),
    Reader("state of a job", _states, _read_journal, "x", True, _with_size),
    Reader("kept steps", _trajectories, read_trajectory, "x.safetensors", True, _with_size),
    Reader("step log", _step_logs, lambda p: StepLog(p).read(2), "0.steps"),
    Reader("job", lambda: _json(JOB), lambda p: StoredJob.from_json(read_object(p)), "job", True),
    Reader("marks", lambda: (b"\n".join(json.dumps(mark).encode() for mark in MARKS),),
           lambda p: list(user_journal.read(p)), "marks.jsonl", True),
)  # fmt: skip
