"""Inpainting: redraw the masked part; every other pixel stays unchanged."""

import numpy as np
from PIL import Image

from core import Inputs, generate, load_model

model = load_model()
first = generate(model, "a red cat", steps=8, seed=7)
mask = np.zeros(first.rgb.shape[:2], np.uint8)
mask[:64, 32:96] = 255  # uint8 [H, W]: 255 redraws, 0 keeps
image = generate(model, "a cat with a hat", Inputs(image=first.rgb, mask=mask), steps=8)
assert np.array_equal(image.rgb[mask == 0], first.rgb[mask == 0])
Image.fromarray(image.rgb).save("inpainting.png")
