"""Search results, their order, their pages, and counts."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from core.request.request import Request
from ldm_studio.history.database_schema import State
from ldm_studio.history.folder_scan import rebuild
from ldm_studio.history.image_reader import scan
from ldm_studio.history.query_language import Query, parse
from ldm_studio.history.results import Count
from tests.ldm_studio.history.files import ours, png, scanned


@pytest.fixture
def library(history, reader):
    """Six images, newest first 0 to 5."""
    history.put([
        scanned(0, "a red fox, 3d", Model="tiny", Seed=2**64 - 1),
        scanned(1, "two foxes in the snow", Sampler="dpmpp_2m", Steps=30, negative="fox cub"),
        scanned(2, "一只红狐狸 🦊", width=768, height=512),
        scanned(3, "<lora:add_detail:0.8> café", CFG_scale=4, program="Forge"),
        scanned(4, "a castle", Model="other model", width=512, height=512, format="JPEG"),
        scanned(5, 'the "red" 100% _fox_', Denoising_strength=0.4,
                path=Path("/elsewhere/my foxes/x_1.png")),
    ]).result()  # fmt: skip
    history.favourite([1, 3]).result()
    history.rate([1], 5).result()
    history.rate([2], 3).result()
    history.tag([2, 3], ["Animals", "snow white"]).result()
    return reader


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", [0, 1, 2, 3, 4, 5]),
        ("fox", [0, 1, 5]),
        ("FOX red", [0, 5]),
        ('"red fox"', [0]),
        ('"fox red"', []),
        ("prompt:fox", [0, 1, 5]),
        ("negative:fox", [1]),
        ('prompt:"fox"', [0, 5]),
        ("style:3d", [0]),
        ("红狐", [2]),
        ("狐红", []),
        ("🦊", [2]),
        ("cafe", [3]),
        ("lora:add_detail", [3]),
        ("lora:add", [3]),
        ("-fox", [2, 3, 4]),
        ("fox -red", [1]),
        ("fox -prompt:red -snow", []),
        ("-red fox -tag:animals", []),
        ("fox -negative:cub,nothing", [0, 5]),
        ("-fox -castle", [2, 3]),
        ("fox,castle", []),
        ("prompt:castle,snow", [1, 4]),
        ("-prompt:castle,snow", [0, 2, 3, 5]),
        ("tag:animals", [1, 2]),
        ("tag:snow", [1, 2]),
        ('tag:"snow white"', [1, 2]),
        ('tag:"snow"', []),
        ("animals", [1, 2]),
        ("model:tiny", [0]),
        ("model:MODEL", [4]),
        ('model:"model"', []),
        ('model:"other model",tiny', [0, 4]),
        ("-model:v1", [0, 4]),
        ("sampler:euler_ancestral", [0, 2, 3, 4, 5]),
        ('sampler:"DPM++ 2M"', [1]),
        ("schedule:karras steps:30", [1]),
        ("program:forge", [3]),
        ("format:jpg", [4]),
        ("hash:6CE0", [0, 1, 2, 3, 4, 5]),
        ("seed:18446744073709551615", [0]),
        ("seed:<3", [1, 2]),
        ("steps:>20", [1]),
        ("cfg:4..7", [3]),
        ("cfg:<7.5", [3]),
        ("strength:0.4", [5]),
        ("-strength:0.4", [0, 1, 2, 3, 4]),
        ("size:768x512", [2]),
        ("width:512 height:512", [4]),
        ("is:landscape", [2]),
        ("is:square", [4]),
        ("is:portrait fox", [0, 1, 5]),
        ("is:favourite", [0, 2]),
        ("-is:favourite fox", [1, 5]),
        ("rating:>=3", [0, 1]),
        ("rating:5", [0]),
        ("rating:0", [2, 3, 4, 5]),
        ("rating:<4", [1, 2, 3, 4, 5]),
        ("has:rating", [0, 1]),
        ("has:tags -has:rating", [2]),
        ("has:recipe has:mask", []),
        ("name:x_1", [5]),
        ("name:x%1", []),
        ('name:"x_1.png"', [5]),
        ('folder:"/elsewhere/my foxes"', [5]),
        ("folder:foxes", [5]),
        ("100%", [5]),
        ("date:2023-11-14", [0]),
        ("date:<2023-11-13", [2, 3, 4, 5]),
    ],
)
def test_queries_find_matching_images(library, text, found):
    query = parse(text)
    assert query.problems == ()
    assert [image.id - 1 for image in library.pages(query)] == found
    assert library.count(query) == len(found)


def test_pages_continue_between_images_of_the_same_moment(history, reader):
    stamp = scanned(0).stamp
    history.put([scanned(number, stamp=stamp) for number in range(50)]).result()
    found, after = [], None
    while True:
        page = reader.page(Query(), after, limit=7)
        found += [image.id for image in page.images]
        if page.next is None:
            break
        after = page.next
        history.put([scanned(1000 + len(found), stamp=scanned(-5).stamp)]).result()  # newer ones
    assert found == list(range(50, 0, -1))


def test_many_matches_are_paged_like_few(history, reader):
    history.put([scanned(number) for number in range(2_300)]).result()
    for text in ("fox", "", "fox width:512", "date:2023"):
        query = parse(text)
        everything = [image.seed for image in reader.pages(query)]
        assert everything == sorted(everything)
        assert len(everything) == reader.count(query)
        page = reader.page(query, limit=10)
        assert [image.seed for image in page.images] == everything[:10]


def test_facets_count_the_matches_of_a_query(library):
    facets = library.facets(parse("fox"))
    assert facets.models == (Count("v1-5", 2), Count("tiny", 1))
    assert facets.samplers == (Count("Euler a", 2), Count("DPM++ 2M", 1))
    assert [count.images for count in facets.days] == [1, 1, 1]
    assert facets.days[0].value > facets.days[1].value
    everything = library.facets(Query())
    assert everything.models == (Count("v1-5", 4), Count("other model", 1), Count("tiny", 1))
    assert len(library.facets(Query(), limit=2).days) == 2


def test_deleted_images_are_found_only_on_request(library, history):
    history.set_state([1], State.DELETED).result()
    assert library.count(parse("red fox")) == 1
    assert [image.id for image in library.pages(parse("is:deleted"))] == [1]
    assert library.count(Query()) == 5
    assert sum(count.images for count in library.facets(Query()).models) == 5


def test_missing_images_are_found_as_missing(library, history):
    history.set_state([1], State.MISSING).result()
    first = library.page(Query()).images[0]
    assert (first.id, first.state) == (1, State.MISSING)
    assert library.count(parse("is:missing")) == 1


def test_an_image_knows_its_init_image(tmp_path, history, reader):
    start = scan(ours(tmp_path / "start.png", seed=1))
    request = Request(prompt="a hat", width=8, height=8, init=start.pixels, mask="1" * 64)
    ours(tmp_path / "child.png", request, seed=2)
    rebuild(history, [tmp_path])
    parent, child = (reader.at(tmp_path / name) for name in ("start.png", "child.png"))
    (relation,) = reader.details(child).parents
    assert (relation.digest, relation.ids, relation.mask) == (start.pixels, (parent,), "1" * 64)
    assert reader.details(parent).children == (child,)
    assert [image.id for image in reader.pages(parse("has:mask"))] == [child]
    assert [image.id for image in reader.pages(parse("has:parent"))] == [child]


def test_a_branch_knows_the_step_of_its_parent(tmp_path, history, reader):
    parent = ours(tmp_path / "parent.png", seed=1)
    run = {"parent": {"picture": scan(parent).pixels, "name": "parent.png", "step": 12}}
    child = png(tmp_path / "child.png", ldm_studio="{}", ldm_studio_run=json.dumps(run))
    rebuild(history, [tmp_path])
    (relation,) = reader.details(reader.at(child)).parents
    assert (relation.ids, relation.step) == ((reader.at(parent),), 12)
