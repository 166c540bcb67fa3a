"""Files that a brief names: inside the allowed folders, known by their bytes."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from creative.brief.media import MediaError, png_header, sniff
from tests.support.briefs import Desk, png


@pytest.mark.parametrize(
    ("colour_type", "chunks", "alpha"),
    [
        (6, (), True),
        (4, (), True),
        (2, (), False),
        (0, (), False),
        (3, ((b"PLTE", b"abc"),), False),
        (3, ((b"PLTE", b"abc"), (b"tRNS", b"\x00")), True),
        (2, ((b"tEXt", b"x" * 9000), (b"tRNS", b"\x00" * 6)), True),
    ],
)
def test_png_header(tmp_path: Path, colour_type: int, chunks: tuple[tuple[bytes, bytes], ...], alpha: bool) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(png(7, 5, colour_type, chunks))
    header = png_header(path)
    assert (header.width, header.height, header.has_alpha) == (7, 5, alpha)


@given(st.binary(max_size=80), st.integers(0, 60))
def test_png_header_of_anything(tmp_path_factory: pytest.TempPathFactory, data: bytes, keep: int) -> None:
    path = tmp_path_factory.getbasetemp() / "any.png"
    for content in (data, png()[:keep] + data):
        path.write_bytes(content)
        try:
            assert png_header(path).width > 0
        except MediaError as error:
            assert str(error)


def test_sniff() -> None:
    assert sniff(b"\xff\xd8\xff\xe0") == "jpeg"
    assert sniff(b"RIFF\0\0\0\0WAVEfmt ") == "wav"
    assert sniff(b'<?xml version="1.0"?><svg xmlns=') == "svg"
    assert sniff("Grüße".encode()) == "text"
    assert sniff("Grüße".encode()[:3]) == "text"
    assert sniff(b"\x80\x81\x82\x83\x84\x85") == "unknown"


@pytest.mark.parametrize(
    ("data", "problem", "instead"),
    [
        (b"\xff\xd8\xff\xe0" + b"\0" * 600, "is a damaged JPEG", "Save it again"),
        (b"GIF89a" + b"\0" * 600, "is a GIF, and must be a PNG or a JPEG or a WebP: ", "PNG, JPEG or WebP"),
        (png()[:20], "damaged PNG", "Save it again"),
        (png(50_000, 2), "is too large: 50000 x 2 px", "3000 px"),
        (png(9_000, 9_000), "is too large", ""),
        (b"", "is empty", "Save it again"),
        (b"not a picture", "is a text file, and must be", ""),
    ],
)
def test_photos(desk: Desk, data: bytes, problem: str, instead: str) -> None:
    desk.write("media/spade.png", data)
    (finding,) = desk.findings()
    assert finding.where == "products.spade.photos.0" and finding.line == desk.line_of("media/spade.png")
    assert problem in finding.problem and instead in finding.instead, finding


@pytest.mark.parametrize(
    ("path", "problem"),
    [
        ("media/none.png", "is not there: media/none.png"),
        ("media", "is a folder"),
        ("../outside.png", "lies outside the brief's folder"),
        ("media/../../outside.png", "lies outside"),
        ("/etc/passwd", "lies outside"),
        ("/dev/zero", "lies outside"),
        ("media/link.png", "lies outside"),
        ("media/dead.png", "is not there"),
        ("media/loop.png", "cannot be opened"),
        ("media/pipe.png", "is not an ordinary file"),
        ("https://holm.example/spade.png", "is an address, not a file"),
        ("~/spade.png", "begins with ~"),
        ("media\\spade.png", "has a backslash"),
        ("n" * 300, "cannot be opened"),
        ("n" * 1100, "is a path of 1100 characters"),
    ],
)
def test_paths(desk: Desk, tmp_path: Path, path: str, problem: str) -> None:
    inner = Desk(tmp_path / "inner")
    (tmp_path / "outside.png").write_bytes(png())
    (inner.folder / "media/link.png").symlink_to(tmp_path / "outside.png")
    (inner.folder / "media/dead.png").symlink_to("nowhere.png")
    (inner.folder / "media/loop.png").symlink_to("loop.png")
    os.mkfifo(inner.folder / "media/pipe.png")
    inner.change("photos: [media/spade.png]", f"photos: ['{path}']")
    (finding,) = inner.findings()
    assert finding.line == inner.line_of("photos: ['")
    assert problem in finding.problem, finding


def test_a_media_root_lets_files_in(desk: Desk, tmp_path: Path) -> None:
    inner = Desk(tmp_path / "inner")
    shared = tmp_path / "shared/deep/spade.png"
    shared.parent.mkdir(parents=True)
    shared.write_bytes(png())
    (inner.folder / "media/link.png").symlink_to(shared)
    inner.change("photos: [media/spade.png]", "photos: [../shared/deep/spade.png, media/link.png]")
    assert len(inner.findings()) == 2
    assert len(inner.findings(tmp_path / "none")) == 2
    brief = inner.load(tmp_path / "shared")
    assert brief.products["spade"].photos == (shared, shared)
    assert brief.snapshot()["products"]["spade"]["photos"] == ["@media/deep/spade.png"] * 2


def test_devices_are_no_media(desk: Desk) -> None:
    (finding,) = desk.change("photos: [media/spade.png]", "photos: [/dev/zero]").findings(Path("/dev"))
    assert "is not an ordinary file" in finding.problem


def test_too_large_a_file(desk: Desk) -> None:
    with (desk.folder / "media/spade.png").open("r+b") as file:
        file.truncate(200_000_001)
    (finding,) = desk.findings()
    assert "is too large: media/spade.png has 200 MB" in finding.problem


@pytest.mark.parametrize(
    ("data", "line", "problem"),
    [
        (b"Fine.\nThis is {brand.nam}.\n", 2, "uses {brand.nam}"),
        (b"Fine.\n\nA cheap spade.\n", 3, "uses 'cheap'"),
        (b"Fine.\nAn open { brace.\n", 2, "has a single {"),
        (b" \n", 1, "is an empty script"),
        ("Fine\u202e.".encode(), 1, "reading direction"),
        (b"x" * 20_001, 0, "is too large"),
        (b"caf\xe9", 0, "is not UTF-8"),
    ],
)
def test_scripts(desk: Desk, data: bytes, line: int, problem: str) -> None:
    desk.write("scripts/long.en.txt", data)
    (finding,) = desk.findings()
    assert finding.where == "copy.script.en-GB"
    assert problem in finding.problem, finding
    if line:
        assert finding.file.endswith("scripts/long.en.txt") and finding.line == line
    else:
        assert finding.file == str(desk.path) and finding.line == desk.line_of("  script:")
