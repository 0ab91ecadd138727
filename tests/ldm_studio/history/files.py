"""Image files as this and other programs write them."""

from __future__ import annotations

import gzip
import hashlib
import json
from pathlib import Path

import numpy as np
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from core.request.request import Request
from ldm_studio.history.image_reader import ScannedImage, Stamp
from ldm_studio.history.recipe import make
from ldm_studio.images.image_files import save_png

DIGEST = "6ce0161689b3853acaa03779ec93eafe75a02f4ced659bee03f50797806fa2fa"


def noise(height: int = 8, width: int = 8, seed: int = 7) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)


def ours(path: Path, request: Request | None = None, model: str = "Tiny", seed: int = 7) -> Path:
    """An image of this program; `seed` is that of its pixels."""
    request = request or Request(prompt="a red fox", width=8, height=8)
    save_png(path, noise(request.height, request.width, seed), request, model, DIGEST)
    return path


def png(path: Path, **texts: str) -> Path:
    """A PNG with text chunks; `_` in a name stands for `-`."""
    info = PngInfo()
    for key, text in texts.items():
        info.add_text(key.replace("sd_metadata", "sd-metadata"), text)
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(noise()).save(path, pnginfo=info)
    return path


def commented(path: Path, text: str, encoding: str = "utf-16-be") -> Path:
    """A JPEG or WebP with `text` as EXIF comment."""
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0x9286] = b"UNICODE\0" + text.encode(encoding)
    Image.fromarray(noise()).save(path, exif=exif)
    return path


def stealthy(path: Path, text: str, packed: bool = True) -> Path:
    """A PNG with `text` in the lowest bits of its alpha channel, column by column."""
    body = gzip.compress(text.encode()) if packed else text.encode()
    magic = b"stealth_pngcomp" if packed else b"stealth_pnginfo"
    message = np.unpackbits(
        np.frombuffer(magic + (8 * len(body)).to_bytes(4, "big") + body, np.uint8)
    )
    alpha = np.full(96 * 64, 254, np.uint8)
    alpha[: message.size] |= message
    pixels = np.dstack([noise(64, 96), alpha.reshape(96, 64).T])
    Image.fromarray(pixels, "RGBA").save(path)
    return path


def node(kind: str, **inputs: object) -> dict[str, object]:
    return {"class_type": kind, "inputs": inputs}


def sampler(**changes: object) -> dict[str, object]:
    """The sampler of ComfyUI's default graph, with some inputs changed."""
    return node("KSampler", **{
        "seed": 42, "steps": 20, "cfg": 8.0, "sampler_name": "euler_ancestral",
        "scheduler": "karras", "denoise": 1.0, "model": ["4", 0], "positive": ["6", 0],
        "negative": ["7", 0], "latent_image": ["5", 0], **changes,
    })  # fmt: skip


def graph(**changes: object) -> dict[str, object]:
    """ComfyUI's default graph, with nodes replaced or added."""
    return {
        "3": sampler(),
        "4": node("CheckpointLoaderSimple", ckpt_name="SD1.5/v1-5-pruned-emaonly.safetensors"),
        "5": node("EmptyLatentImage", width=512, height=768, batch_size=1),
        "6": node("CLIPTextEncode", text="a red fox", clip=["4", 1]),
        "7": node("CLIPTextEncode", text="blurry", clip=["4", 1]),
        "8": node("VAEDecode", samples=["3", 0], vae=["4", 2]),
        "9": node("SaveImage", filename_prefix="ComfyUI", images=["8", 0]),
        **changes,
    }


def comfyui(path: Path, nodes: dict[str, object]) -> Path:
    return png(path, prompt=json.dumps(nodes), workflow='{"nodes": []}')


def scanned(number: int, prompt: str = "a fox", **changes: object) -> ScannedImage:
    """A scanned image without a file: `number` is its age in days and part of its name."""
    settings: dict[str, object] = {
        "Steps": 20, "Sampler": "Euler a", "Schedule type": "Karras", "CFG scale": 7.5,
        "Seed": number, "Model": "v1-5", "Model hash": "6ce0161689",
    }  # fmt: skip
    fields: dict[str, object] = {
        "path": Path(f"/pictures/{number % 3}/{number:05d}.png"),
        "stamp": Stamp(100, (1_700_000_000 - number * 86_400) * 10**9),
        "digest": hashlib.sha256(str(number).encode()).hexdigest(),
        "format": "PNG", "width": 512, "height": 768,
    }  # fmt: skip
    negative = str(changes.pop("negative", "blurry"))
    program = str(changes.pop("program", "AUTOMATIC1111"))
    for key in list(changes):
        if key not in ScannedImage.__dataclass_fields__:
            settings[key.replace("_", " ")] = changes.pop(key)
    recipe = make(program, prompt, negative, settings)
    return ScannedImage(**{"recipe": recipe, **fields, **changes})  # type: ignore[arg-type]  # by name
