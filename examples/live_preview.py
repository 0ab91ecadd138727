"""Watch an image while it is generated: a preview after each step."""

from PIL import Image

from core import finish, load_model, prepare, preview, steps

model = load_model()
run = prepare(model, model.request("a blue house", steps=6))
state = run.start
for step in steps(run):  # to cancel, stop iterating
    state = step.state
    print(f"step {state.index} of {run.total}, noise level {step.sigma:.2f}")
    Image.fromarray(preview(run, step).whole()).save(f"live_preview_{state.index}.png")
Image.fromarray(finish(run, state).rgb).save("live_preview.png")
