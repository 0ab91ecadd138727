"""Image to image: start from another image, here one that was just generated."""

from PIL import Image

from core import Inputs, generate, load_model

model = load_model()
first = generate(model, "a red cat", steps=8, seed=7)
# Strength is the share of the steps that are run: the lower, the closer to the first image.
image = generate(model, "a blue cat", Inputs(image=first.rgb), steps=10, strength=0.6)
Image.fromarray(image.rgb).save("image_to_image.png")
