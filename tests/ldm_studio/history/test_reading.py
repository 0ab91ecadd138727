"""Files as found on disks: whole, damaged, malicious, not images at all."""

from __future__ import annotations

import struct
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from core.images.image_digest import digest
from ldm_studio.history.image_reader import scan
from ldm_studio.images.image_files import load_image
from tests.ldm_studio.history.files import commented, noise, ours, png


def test_an_intact_file_is_read_completely(tmp_path):
    for name, kind in (("a.png", "PNG"), ("a.jpg", "JPEG"), ("a.webp", "WEBP")):
        Image.fromarray(noise(12, 20)).save(tmp_path / name)
        found = scan(tmp_path / name)
        assert (found.format, found.width, found.height, str(found.problem)) == (kind, 20, 12, "")
        assert len(found.digest) == 64
        assert found.recipe is None


def test_pixel_digests_equal_those_in_requests(tmp_path):
    path = ours(tmp_path / "a.png")
    assert scan(path).pixels == digest(load_image(path))
    noted = png(tmp_path / "b.png", ldm_studio="{}", ldm_studio_run='{"pixels": "abc"}')
    assert scan(noted).pixels == "abc"
    assert scan(png(tmp_path / "c.png", parameters="a fox")).pixels == ""


@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.webp"])
def test_a_truncated_file_is_damaged(tmp_path, name):
    path = tmp_path / name
    Image.fromarray(noise(64, 64)).save(path)
    whole = path.read_bytes()
    for share in (0.1, 0.5, 0.99):
        path.write_bytes(whole[: int(len(whole) * share)])
        found = scan(path)
        assert "cut short" in str(found.problem) or "damaged" in str(found.problem)
        assert len(found.digest) == 64


def test_one_changed_byte_in_a_png_is_detected(tmp_path):
    path = ours(tmp_path / "a.png")
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    assert "checksum" in str(scan(path).problem)


@pytest.mark.parametrize("data", [b"", b"not an image", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xd9"])
def test_a_file_that_is_not_an_image_is_reported(tmp_path, data):
    (tmp_path / "a.png").write_bytes(data)
    assert scan(tmp_path / "a.png").problem


def test_a_file_that_cannot_be_opened_is_reported(tmp_path):
    assert "No such file" in str(scan(tmp_path / "none.png").problem)
    (tmp_path / "folder.png").mkdir()
    assert "directory" in str(scan(tmp_path / "folder.png").problem)


def chunk(kind: bytes, body: bytes) -> bytes:
    crc = zlib.crc32(kind + body)
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", crc)


def with_chunk(path, kind, body):
    """A PNG with one more chunk before its end."""
    Image.fromarray(noise()).save(path)
    whole = path.read_bytes()
    path.write_bytes(whole[:-12] + chunk(kind, body) + whole[-12:])
    return path


TEXT = b"a fox\nSteps: 20, Seed: 3, Size: 8x8"


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        (b"tEXt", b"parameters\0" + TEXT),
        (b"zTXt", b"parameters\0\0" + zlib.compress(TEXT)),
        (b"iTXt", b"parameters\0\0\0\0\0" + TEXT),
        (b"iTXt", b"parameters\0\1\0de\0Rezept\0" + zlib.compress(TEXT)),
    ],
)
def test_every_kind_of_text_chunk_is_found_after_the_pixels_too(tmp_path, kind, body):
    found = scan(with_chunk(tmp_path / "a.png", kind, body)).recipe
    assert found is not None
    assert found.info.prompt == "a fox"


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        (b"tEXt", b"parameters"),
        (b"zTXt", b"parameters\0\0" + b"not packed"),
        (b"zTXt", b"parameters\0\0" + zlib.compress(b"a" * (64 << 20))),
        (b"iTXt", b"parameters\0\1"),
        (b"iTXt", b"\0\0\0\0\0\0"),
        (b"eXIf", b"MM\0*\0\0\0\x08\xff\xff"),
    ],
)
def test_an_unusable_text_is_skipped(tmp_path, kind, body):
    found = scan(with_chunk(tmp_path / "a.png", kind, body))
    assert found.recipe is None
    assert str(found.problem) == ""


@given(st.binary(max_size=200), st.integers(0, 400), st.sampled_from(["a.png", "a.jpg", "a.webp"]))
def test_no_bytes_raise(tmp_path_factory, junk, at, name):
    path = tmp_path_factory.mktemp("junk") / name
    if name == "a.png":
        png(path, parameters=TEXT.decode())
    else:
        commented(path, TEXT.decode())
    data = path.read_bytes()
    path.write_bytes(data[:at] + junk + data[at + len(junk) :])
    scan(path)
