"""A schedule of your own: the noise levels to visit, falling from the model's highest to 0."""

from PIL import Image

from core import generate, load_model


def quadratic(steps, model_schedule):
    """Levels whose roots are evenly spaced."""
    high, low = model_schedule.sigma_max**0.5, model_schedule.sigma_min**0.5
    return [(high + (low - high) * i / (steps - 1)) ** 2 for i in range(steps)]


image = generate(load_model(), "a yellow car", schedule=quadratic, steps=8)
print(image.request.levels.sigmas)  # recorded in the request: the run can be replayed
Image.fromarray(image.rgb).save("own_schedule.png")
