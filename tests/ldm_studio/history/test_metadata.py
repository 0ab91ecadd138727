"""Recipes return exactly from files of every format, also through the history; other programs'
readers find the same.
"""

from __future__ import annotations

import struct
import tracemalloc
import zlib
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from sd_parsers import ParserManager

from core.errors import ImageError, MemoryShortage
from core.request.request import Request
from ldm_studio.history import image_reader
from ldm_studio.history.history_store import History
from ldm_studio.history.image_reader import scan
from ldm_studio.history.query_language import parse
from ldm_studio.history.query_terms import term
from ldm_studio.images import image_formats
from ldm_studio.images.image_files import read_request
from ldm_studio.images.metadata_chunks import read_metadata
from tests.core.request.test_request import whole_requests
from tests.ldm_studio.history.files import DIGEST, noise
from tests.ldm_studio.infotext_of import infotext_of

SUFFIXES = (".png", ".webp", ".jpg")
WHOLE = Request(prompt="a red fox", negative="blurry", width=8, height=8)
LIKE_AN_INFOTEXT = "lines\nNegative prompt: not one\nSteps: 3, Sampler: none\n\n"
PROMPTS = (
    "emoji 🦊👩‍👩‍👧‍👦🏳️‍🌈",
    "ثعلب أحمر في الثلج, שועל אדום",
    "一只红狐狸在雪中、赤い狐",
    'quotes " \' “ ” `` \\ \\"',
    "lines\nof\n\nmore\r\nthan one",
    LIKE_AN_INFOTEXT,
    "commas, colons: and {braces} <lora:x:0.8> [a|b] (c:1.2)",
    "tabs\tand\u00a0spaces\u2028of\u2029all\u200bkinds",
    "ten thousand " * 770,
)


def written(path: Path, request: Request) -> Path:
    image_formats.save(path, noise(), request, "My model", DIGEST)
    return path


@pytest.mark.parametrize("suffix", SUFFIXES)
@given(request=whole_requests())
@example(request=replace(WHOLE, prompt="".join(PROMPTS[:-1])))
@example(request=replace(WHOLE, prompt="x" * 10_000, negative="ح" * 10_000))
def test_any_recipe_round_trips_through_any_format(tmp_path_factory, suffix, request):
    path = tmp_path_factory.mktemp("recipe") / f"a{suffix}"
    reported = ""
    try:
        written(path, request)
    except ImageError as error:
        reported = str(error.message)
    if reported:  # a JPEG holds 64 kilobytes: the error says so, and nothing is cut
        assert "too long for a JPEG" in reported
        assert not path.exists()
        return
    found = scan(path).recipe
    assert found is not None
    assert Request.from_json(found.request) == request
    assert read_request(path) == request


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("prompt", PROMPTS)
def test_difficult_prompts_round_trip_and_are_read_by_others(tmp_path, suffix, prompt):
    request = replace(WHOLE, prompt=prompt, negative=prompt[::-1])
    path = written(tmp_path / f"a{suffix}", request)
    assert read_request(path) == request
    if prompt is not LIKE_AN_INFOTEXT:  # whose text for other programs is ambiguous
        info, found = infotext_of(path), ParserManager().parse(path)
        assert info is not None
        assert found is not None
        assert info.prompt == prompt.strip()
        assert [one.value for one in found.prompts] == [prompt.strip()]


@given(
    st.lists(
        st.text(st.characters(codec="utf-8"), max_size=60), min_size=1, max_size=4, unique=True
    )
)
@example(list(PROMPTS))
def test_the_history_equals_the_files(tmp_path_factory, prompts):
    folder = tmp_path_factory.mktemp("pictures")
    requests = [replace(WHOLE, prompt=one, seed=seed) for seed, one in enumerate(prompts)]
    paths = [written(folder / f"{one.seed}.png", one) for one in requests]
    with History(folder / "data") as history, history.reader() as reader:
        history.put([scan(path) for path in paths]).result()
        for request in requests:
            (image,) = reader.pages(parse(f"seed:{request.seed}"))
            details = reader.details(image.id)
            assert details is not None
            assert Request.from_json(details.request) == request
            assert details.prompt == request.prompt.replace("\0", "")


@pytest.mark.parametrize("prompt", PROMPTS)
def test_every_word_of_a_prompt_is_searchable(tmp_path, history, reader, prompt):
    path = written(tmp_path / "a.png", replace(WHOLE, prompt=prompt))
    history.put([scan(path)]).result()
    for word in prompt.split():
        if any(char.isalnum() for char in word):
            query = parse(term("prompt", word))
            assert reader.count(query) == 1, word


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png_of(*chunks: bytes, width: int = 8) -> bytes:
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, 8, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + b"".join(chunks) + chunk(b"IEND", b"")


def test_packed_texts_cannot_fill_the_memory():
    """Each of 200 texts is a thousand times larger than what it is unpacked from."""
    packed = zlib.compress(bytes(4_000_000), 9)
    texts = (chunk(b"zTXt", b"%d\0\0" % number + packed) for number in range(200))
    tracemalloc.start()
    found = read_metadata(png_of(*texts))
    assert tracemalloc.get_traced_memory()[1] < 100_000_000
    tracemalloc.stop()
    assert 1 < len(found.texts) < 10


def test_an_image_without_pixels_is_damaged():
    with pytest.raises(ImageError, match="impossible sizes"):
        read_metadata(png_of(width=0))


def test_whatever_one_image_does_scanning_it_raises_nothing(tmp_path, monkeypatch):
    for error in (MemoryShortage("There is no memory."), RecursionError(), ZeroDivisionError("x")):
        monkeypatch.setattr(image_reader, "read_metadata", partial(fail, error))
        assert scan(written(tmp_path / "a.png", WHOLE)).problem


def fail(error: Exception, _data: bytes) -> None:
    raise error
