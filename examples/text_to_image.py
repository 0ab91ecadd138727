"""Text to image in one call; the request makes the same image again."""

from pathlib import Path

from PIL import Image

from core import generate, load_model

image = generate(load_model(), "a red cat", steps=8, seed=7)
Image.fromarray(image.rgb).save("text_to_image.png")
Path("text_to_image.json").write_text(image.request.to_json(), encoding="utf-8")
