"""What teams bring: photos' and films' headers, the library and its sidecar, footage; every fault with its line."""

from __future__ import annotations

import io
import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from creative.brief.films import film_header, is_film
from creative.brief.library import words_of
from creative.brief.media import MediaError
from creative.brief.photos import photo_header
from tests.support.briefs import Desk
from tests.support.own_media import film

_SCENES = "scenes: {people: none, never: [children]}"


def _jpeg(size: tuple[int, int] = (60, 40), orientation: int = 1, keywords: tuple[str, ...] = ()) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = orientation
    out = io.BytesIO()
    Image.new("RGB", size, (90, 60, 30)).save(out, "JPEG", exif=exif)
    if not keywords:
        return out.getvalue()
    rows = b"".join(b"\x1c\x02\x19" + struct.pack(">H", len(word.encode())) + word.encode() for word in keywords)
    block = b"8BIM\x04\x04\0\0" + struct.pack(">I", len(rows)) + rows + b"\0" * (len(rows) % 2)
    body = b"Photoshop 3.0\0" + block
    xmp = b"http://ns.adobe.com/xap/1.0/\0<rdf><dc:subject><rdf:Bag><rdf:li>Tea &amp; toast</rdf:li></rdf:Bag></dc:subject></rdf>"
    parts = b"".join(
        b"\xff" + mark + struct.pack(">H", len(part) + 2) + part for mark, part in ((b"\xed", body), (b"\xe1", xmp))
    )
    return out.getvalue()[:2] + parts + out.getvalue()[2:]


def test_a_photo_says_its_size_upright_and_its_keywords(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(_jpeg(orientation=6, keywords=("kitchen", "Frühstück")))
    header = photo_header(path)
    assert (header.width, header.height, header.has_alpha) == (40, 60, False)
    assert set(header.keywords) == {"kitchen", "Frühstück", "Tea & toast"}
    for lossless in (True, False):
        for mode, alpha in (("RGB", False), ("RGBA", True)):
            Image.fromarray(np.full((21, 33, len(mode)), 90, np.uint8)).save(path, "WEBP", lossless=lossless)
            header = photo_header(path)
            assert (header.width, header.height) == (33, 21)
            assert header.has_alpha == alpha


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One for all examples."""
    return tmp_path_factory.mktemp("bytes")


@given(
    data=st.binary(max_size=300),
    head=st.sampled_from([b"", b"\xff\xd8\xff\xe1", b"RIFF\0\0\0\0WEBPVP8X", b"\x89PNG\r\n\x1a\n"]),
)
def test_no_bytes_break_the_reading_of_headers(folder: Path, data: bytes, head: bytes) -> None:
    path = folder / "any"
    path.write_bytes(head + data)
    try:
        photo_header(path)
    except MediaError as error:
        assert str(error)
    path.write_bytes(b"\0\0\0\x18ftypmp42" + b"\0" * 12 + data)
    assert is_film(path.read_bytes())
    film_header(path)


def test_a_film_says_how_long_and_large_it_is(tmp_path: Path) -> None:
    header = film_header(film(tmp_path / "a.mp4", (160, 120), 25, 1.0))
    assert header.ms is not None and abs(header.ms - 1000) <= 40 and (header.width, header.height) == (160, 120)
    assert film_header(film(tmp_path / "a.mkv", (160, 120), 25, 0.2)).ms is None


def test_words_are_compared_without_case_and_small_ones() -> None:
    assert words_of("Low Sun, on an oak-table; café") == {"low", "sun", "oak", "table", "café"}


def test_a_library_is_read_with_its_words(desk: Desk) -> None:
    desk.write("pics/shed-at-noon.jpg", _jpeg(keywords=("tools",)))
    desk.write("pics/deep/IMG_0007.jpg", _jpeg())
    desk.write("pics/notes.txt", "not a photo")
    sidecar = (
        "photos:\n  deep/IMG_0007.jpg: {tags: [window box, dawn], product: seeds, focus: [620, 400], release: R-7}\n"
    )
    desk.write("pics/library.yaml", sidecar)
    brief = desk.change(_SCENES, "scenes: {people: none, library: pics}").load()
    one, other = brief.library
    assert (one.name, one.width, one.product) == ("deep/IMG_0007.jpg", 60, "seeds")
    assert {"window", "dawn", "deep", "img"} <= set(one.words) and one.focus == (620, 400) and one.release == "R-7"
    assert {"shed", "noon", "tools"} <= set(other.words)
    assert {"pics/library.yaml", "pics/shed-at-noon.jpg"} <= set(brief.media)
    assert brief.snapshot()["library"][0]["path"] == "pics/deep/IMG_0007.jpg"


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ("nope.jpg: {tags: [a]}", "names a photo that is not there: nope.jpg"),
        ("a.jpg: {tag: [a]}", "is not a field of a photo"),
        ("a.jpg: {product: spad}", "names the product 'spad'"),
        ("a.jpg: {focus: [1200, 3]}", "is no place in a photo"),
        ("a.jpg: yes please", "must be a mapping"),
    ],
)
def test_a_sidecars_faults_have_its_lines(desk: Desk, row: str, problem: str) -> None:
    desk.write("pics/a.jpg", _jpeg())
    desk.write("pics/library.yaml", f"photos:\n  {row}\n")
    (finding,) = desk.change(_SCENES, "scenes: {library: pics}").findings()
    assert problem in finding.problem and finding.line == 2 and finding.file.endswith("library.yaml")


@pytest.mark.parametrize(
    ("files", "library", "problem"),
    [
        ({"pics/a.jpg": b"\xff\xd8\xff\xe0" + b"\0" * 50}, "pics", "has a photo that cannot be used: a.jpg"),
        ({"pics/a.txt": b"x"}, "pics", "has no photos: pics"),
        ({}, "media/spade.png", "is no folder"),
        ({}, "nowhere", "is not there"),
    ],
)
def test_a_library_that_cannot_be_used_is_refused(
    desk: Desk, files: dict[str, bytes], library: str, problem: str
) -> None:
    for name, data in files.items():
        desk.write(name, data)
    (finding,) = desk.change(_SCENES, f"scenes: {{library: {library}}}").findings()
    assert problem in finding.problem and finding.where == "scenes.library" and finding.instead


def test_footage_has_its_films_in_order(desk: Desk, tmp_path: Path) -> None:
    desk.write("films/a.mp4", film(tmp_path / "a.mp4", (160, 120), 25, 1.0).read_bytes())
    desk.change(
        _SCENES,
        f"{_SCENES}\nfootage:\n  dig: {{files: [{{file: films/a.mp4, from: 0.25, until: 0.9}}, films/a.mp4], sound: keep}}",
    )
    brief = desk.change("copy: hook-dig, scene: [balcony", "copy: hook-dig, footage: dig, scene: [balcony").load()
    one, other = brief.footage["dig"].takes
    assert one.file == other.file and one.file.is_absolute()
    assert (str(one.from_), str(one.until), other.until) == ("0.25", "0.9", None)
    assert brief.segment("balcony").footage == "dig"


@pytest.mark.parametrize(
    ("footage", "where", "problem"),
    [
        ("{files: films/nope.mp4}", "footage.dig.files", "is not there"),
        ("{files: media/spade.png}", "footage.dig.files", "is a PNG, and must be a film"),
        ("{files: [{file: films/a.mp4, until: 7}]}", "footage.dig.files.0.until", "is beyond the end of films/a.mp4"),
        ("{files: [{file: films/a.mp4, from: 0.5, until: 0.5}]}", "footage.dig.files.0", "not after it begins"),
        ("{files: [{file: films/a.mp4, from: soon}]}", "footage.dig.files.0.from", "is not a time in a film"),
        ("{files: films/a.mp4, sound: loud}", "footage.dig.sound", "must be"),
    ],
)
def test_footage_that_cannot_be_used_is_refused(
    desk: Desk, tmp_path: Path, footage: str, where: str, problem: str
) -> None:
    desk.write("films/a.mp4", film(tmp_path / "a.mp4", (160, 120), 25, 0.6, hertz=0).read_bytes())
    findings = desk.change(_SCENES, f"{_SCENES}\nfootage:\n  dig: {footage}").findings()
    assert any(found.where == where and problem in found.problem for found in findings), findings


def test_footage_that_is_not_there_is_named(desk: Desk) -> None:
    (finding,) = desk.change(
        "copy: hook-dig, scene: [balcony", "copy: hook-dig, footage: digg, scene: [balcony"
    ).findings()
    assert "names the footage 'digg'" in finding.problem
