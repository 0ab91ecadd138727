"""A sampler of your own: a pure function from one state to the next step."""

from PIL import Image

from core import generate, load_model
from core.sampling.trajectory import State, Step


def heun(denoise, state, sigmas, noise):
    """Heun's method: the mean of the slopes at both ends of the step."""
    x, sigma, sigma_next = state.x, sigmas[state.index], sigmas[state.index + 1]
    x0 = denoise(x, sigma)
    slope = (x - x0) / sigma
    x_next = x + (sigma_next - sigma) * slope
    if sigma_next > 0:
        slope_next = (x_next - denoise(x_next, sigma_next)) / sigma_next
        x_next = x + (sigma_next - sigma) * (slope + slope_next) / 2
    return Step(State(state.index + 1, x_next), sigma, x0)


image = generate(load_model(), "a green tree", sampler=heun, steps=6)
print("replayable:", image.replayable)  # False: JSON cannot hold a function
Image.fromarray(image.rgb).save("own_sampler.png")
