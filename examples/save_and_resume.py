"""Stop a run after some steps, save it, and resume it later with identical bits."""

from itertools import islice
from pathlib import Path

import numpy as np

from core import finish, generate, load_model, prepare, steps
from core.pipeline.resume import resume
from core.pipeline.saved_job import load, save

model = load_model()
run = prepare(model, model.request("a red cat", steps=8, seed=7))
*_, step = islice(steps(run), 5)
save(Path("half.state"), run, step.state)

run, state = resume(model, load(Path("half.state")))  # in another process, if you like
for step in steps(run, state):
    state = step.state
whole = generate(model, "a red cat", steps=8, seed=7)
assert np.array_equal(finish(run, state).rgb, whole.rgb)
