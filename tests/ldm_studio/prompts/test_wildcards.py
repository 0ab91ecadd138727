"""The user's wildcards, and prompts that name them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from core.errors import RequestError
from core.request.parameters import MAX_SEED
from core.request.request import Request
from ldm_studio import paths
from ldm_studio.prompts import wildcard_files
from ldm_studio.prompts.wildcard_files import (
    Wildcards,
    each_image,
    templates_of,
    with_resolved_wildcards,
)
from ldm_studio.store.model_limits import unused_settings
from tests.ldm_studio.fakes import MODEL, FakePipeline, Gate


def put(name: str, *lines: str) -> None:
    path = paths.wildcards_dir() / f"{name}.txt"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines), encoding="utf-8")


def test_wildcards_are_named_by_their_path() -> None:
    put("colour", "red", "# a comment", "", "blue")
    put("hats/Winter", "beanie")
    put("hats/summer", "straw hat")
    put("animals/summer", "swallow")
    (paths.wildcards_dir() / "note.md").write_text("no wildcard")
    cards = Wildcards()
    assert cards.names() == ["animals/summer", "colour", "hats/summer", "hats/Winter"]
    assert cards.values("Colour") == ("red", "blue")
    assert cards.values("hats/winter") == cards.values("winter") == ("beanie",)
    assert cards.values("summer") is None  # two have this name
    assert cards.values("hats/*") == ("beanie", "straw hat")
    for name in ("note", "../colour", "/colour/..", "*/nothing"):
        assert cards.values(name) is None


def test_without_a_folder_there_are_no_wildcards() -> None:
    assert Wildcards().names() == []


def test_changed_files_are_read_again(monkeypatch) -> None:
    monkeypatch.setattr(wildcard_files, "RESCAN_SECONDS", 0)
    cards = Wildcards()
    assert cards.values("new") is None
    put("new", "a")
    assert cards.values("new") == ("a",)
    (paths.wildcards_dir() / "new.txt").unlink()
    assert cards.values("new") is None


def test_a_request_keeps_its_template() -> None:
    put("colour", "red", "blue")
    typed = Request(prompt="a __colour__ {cat|dog}", negative="{x|y}", seed=5)
    request = with_resolved_wildcards(typed, Wildcards())
    assert request.prompt in {f"a {c} {a}" for c in ("red", "blue") for a in ("cat", "dog")}
    assert request.negative in ("x", "y")
    assert (request.template, request.negative_template) == (typed.prompt, typed.negative)
    assert templates_of(request) == typed
    assert with_resolved_wildcards(typed, Wildcards()) == request
    assert Request.from_json(request.to_json()) == request


def test_a_prompt_without_wildcards_is_unchanged() -> None:
    request = Request(prompt="a (cat:1.2) [a|b] {prompt}", negative="x")
    assert with_resolved_wildcards(request, Wildcards()) == request


def test_each_image_of_a_batch_is_resolved_with_its_own_seed() -> None:
    options = "|".join(map(str, range(1000)))
    typed = Request(prompt=f"{{{options}}}", seed=MAX_SEED, count=4)
    made = list(each_image(with_resolved_wildcards(typed, Wildcards()), Wildcards()))
    assert [single.seed for single in made] == [MAX_SEED, 0, 1, 2]
    assert len({single.prompt for single in made}) > 1
    for single in made:
        assert single == with_resolved_wildcards(
            Request(prompt=typed.prompt, seed=single.seed), Wildcards()
        )


def test_a_recipe_is_not_resolved_again() -> None:
    recipe = Request(prompt="red", template="{red|blue|green}", seed=8)
    assert list(each_image(recipe, Wildcards())) == [recipe]


# In the window


@pytest.fixture
def drawn(start, qtbot):
    """The requests of finished images."""
    application = start(FakePipeline())
    application.store.seed_locked = True

    def draw(count: int = 1) -> list[Request]:
        made: list[Request] = []
        application.bridge.finished.connect(lambda event: made.append(event.image.request))
        application.store.count = count
        application.studio.generate()
        qtbot.waitUntil(lambda: len(made) == count)
        return made

    return application, draw


def test_the_window_resolves_a_template_and_shows_it(drawn) -> None:
    application, draw = drawn
    put("colour", *map(str, range(500)))
    application.store.prompt = "a __colour__ cat"
    application.store.seed = 3
    made = draw(3)
    assert len({request.prompt for request in made}) == 3
    assert all(request.template == "a __colour__ cat" for request in made)
    assert made[1] == with_resolved_wildcards(templates_of(made[1]), Wildcards())
    application.studio.show_entry(application.studio.canvas_controller.shown)
    assert application.store.prompt == "a __colour__ cat"
    assert application.store.seed == made[-1].seed


def test_steering_and_branching_resolve_templates_with_the_images_seed(start, qtbot) -> None:
    gate = Gate()
    application = start(FakePipeline(before_step=gate))
    store, studio = application.store, application.studio
    store.seed, store.seed_locked = 4, True
    store.prompt = "a {red|blue} cat"
    studio.generate()
    qtbot.waitUntil(lambda: store.run.busy and studio.steering_controller.change is None)
    template = "{" + "|".join(map(str, range(100))) + "}"
    store.prompt = template
    qtbot.waitUntil(lambda: studio.steering_controller.change is not None)
    finished: list[Request] = []
    application.bridge.finished.connect(lambda event: finished.append(event.image.request))
    with qtbot.waitSignal(application.bridge.steered):
        studio.steering_controller.apply()
        gate.open()
    assert studio.steering_controller.change is None  # the panels show the template
    qtbot.waitUntil(lambda: bool(finished))
    [change] = finished[0].changes
    assert (
        change.prompt
        == with_resolved_wildcards(Request(prompt=template, seed=4), Wildcards()).prompt
    )


def test_clip_skip_is_offered_only_if_the_model_supports_it(start) -> None:
    application = start(FakePipeline(model=replace(MODEL, supports_clip_skip=True)))
    store, row = application.store, application.window.sampler.more.rows.control("clip_skip")
    store.more_open, store.clip_skip = True, 3
    assert row.isVisible()
    assert store.snapshot().clip_skip == 3
    assert "clip_skip" in store.edited()
    store.run = replace(store.run, model=MODEL)
    assert not row.isVisible()
    assert store.snapshot().clip_skip == 1
    assert unused_settings(Request(clip_skip=2), MODEL) == ("Clip skip: 2",)
    assert unused_settings(Request(clip_skip=2), replace(MODEL, supports_clip_skip=True)) == ()


def test_circular_wildcards_are_reported(drawn) -> None:
    application, _ = drawn
    put("a", "__b__")
    put("b", "__a__")
    application.store.prompt = "__a__"
    application.studio.generate()
    assert "refer to each other in a circle" in application.window.notice.text()
    with pytest.raises(RequestError):
        application.studio.order()
