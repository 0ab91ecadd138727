"""Branch from a step of a run, then replay the branch from its JSON with identical bits."""

import numpy as np
from PIL import Image

from core import Change, Request, finish, generate, load_model, prepare, steer, steps

model = load_model()
run = prepare(model, model.request("a red cat", steps=8, seed=7))
walked = list(steps(run))
plain = finish(run, walked[-1].state)

branch = steer(run, Change(step=3, prompt="a red dog"))  # shares the first three steps
state = walked[2].state
for step in steps(branch, state):
    state = step.state
image = finish(branch, state)

replayed = generate(model, Request.from_json(image.request.to_json()))
assert np.array_equal(replayed.rgb, image.rgb)
Image.fromarray(np.hstack([plain.rgb, image.rgb])).save("branch_and_replay.png")
