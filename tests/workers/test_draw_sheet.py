"""The contact sheet as one picture."""

from __future__ import annotations

import dataclasses
import random
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from creative.registry.rows import AssetRow
from creative.store import DirectoryStore
from tests.support.sheet import SEGMENTS, campaign, new_store, row
from workers.sheet import TALLEST, WIDTH, draw_sheet

RED = (0xB3, 0x20, 0x1A)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> DirectoryStore:
    return new_store(tmp_path_factory.mktemp("sheet"))


@pytest.fixture(scope="module")
def rows(store: DirectoryStore) -> list[AssetRow]:
    return campaign(store)


def pixels(path: Path) -> np.ndarray:
    with Image.open(path) as image:
        assert image.format == "PNG" and image.mode == "RGB"
        return np.asarray(image)


def share(drawn: np.ndarray, colour: tuple[int, int, int]) -> float:
    """How much of the picture has the hue of `colour`, as a share of one."""
    parts = drawn[::5, ::5].astype(float) + 1
    wanted = np.array(colour, float) + 1
    ratio = parts / parts.sum(axis=2, keepdims=True) - wanted / wanted.sum()
    return float((np.abs(ratio).max(axis=2) < 0.03).mean())


def test_every_ad_in_its_colours(rows: list[AssetRow], store: DirectoryStore, tmp_path: Path) -> None:
    drawn = draw_sheet(iter(rows), store, tmp_path / "deep" / "sheet.png", "Autumn roast")
    found = pixels(drawn.path)
    assert found.shape == (drawn.height, WIDTH, 3) and drawn.height <= TALLEST
    assert (drawn.ads, drawn.left_out) == (len(rows), 0)
    for colour in SEGMENTS.values():
        assert share(found, colour) > 0.08
    assert (found == RED).all(axis=2).sum() > 5000  # the frame of what failed
    assert [path.name for path in drawn.path.parent.iterdir()] == ["sheet.png"]


def test_a_rehearsal_is_called_one(rows: list[AssetRow], store: DirectoryStore, tmp_path: Path) -> None:
    noise = [{"kind": "scene", "backend": "rehearse-sdxl", "model": "rehearsal/rehearse-sdxl 0a1b"}]
    plain, rehearsed = (
        pixels(draw_sheet([dataclasses.replace(rows[0], lineage=made)], store, tmp_path / name, "Autumn").path)[240:280]
        for name, made in (("a.png", []), ("b.png", noise))
    )
    assert not (plain == RED).all(axis=2).any() and (rehearsed == RED).all(axis=2).sum() > 300


def test_lines_are_full(rows: list[AssetRow], store: DirectoryStore, tmp_path: Path) -> None:
    """Posters begin at one edge and end at the other, and nothing is drawn beyond."""
    found = pixels(draw_sheet(rows, store, tmp_path / "sheet.png", "Autumn roast").path)
    used = np.flatnonzero((found < 250).any(axis=(0, 2)))
    assert used[0] == WIDTH - 1 - used[-1] > 40


def test_the_same_rows_give_the_same_bytes(rows: list[AssetRow], store: DirectoryStore, tmp_path: Path) -> None:
    draw_sheet(rows, store, tmp_path / "one.png", "Autumn roast")
    draw_sheet(random.Random(4).sample(rows, len(rows)), store, tmp_path / "other.png", "Autumn roast")
    assert (tmp_path / "one.png").read_bytes() == (tmp_path / "other.png").read_bytes()


def test_of_too_many_the_first_of_each_segment(store: DirectoryStore, tmp_path: Path) -> None:
    one = row(store, "commuters", "GB", "meta-story-9x16")
    many = [
        dataclasses.replace(one, asset_id=f"as_{number}", segment=f"s{number % 3}", variant=number)
        for number in range(900)
    ]
    drawn = draw_sheet(many, store, tmp_path / "sheet.png", "Many")
    assert TALLEST - 1000 < drawn.height <= TALLEST
    assert drawn.ads + drawn.left_out == 900 and 60 < drawn.ads < 150


def test_of_too_many_segments_the_first(store: DirectoryStore, tmp_path: Path) -> None:
    one = row(store, "commuters", "GB", "iab-728x90")
    many = [dataclasses.replace(one, asset_id=f"as_{number}", segment=f"s{number}") for number in range(200)]
    drawn = draw_sheet(many, store, tmp_path / "sheet.png", "Many")
    assert drawn.height <= TALLEST and 20 < drawn.ads < 60 and drawn.ads + drawn.left_out == 200


def test_nothing_yet(store: DirectoryStore, tmp_path: Path) -> None:
    drawn = draw_sheet([], store, tmp_path / "sheet.png", "Autumn roast")
    assert (drawn.ads, drawn.left_out) == (0, 0)
    assert (pixels(drawn.path) < 128).any()


def test_what_cannot_be_seen_is_a_frame(store: DirectoryStore, tmp_path: Path) -> None:
    text = store.put_blob(b"<html>no picture", "image/jpeg").sha256
    damaged = store.put_blob(
        store.get_blob(row(store, "commuters", "GB", "iab-728x90").sha256)[:400], "image/jpeg"
    ).sha256
    rows = [
        row(store, "a", "GB", "meta-feed-1x1", poster=text, sha256=text),
        row(store, "b", "GB", "meta-feed-1x1", poster="f" * 64, sha256="no digest"),
        row(store, "c", "GB", "iab-728x90", poster=None, sha256=damaged),
        row(store, "d", "GB", "meta-reel-6", poster=None, width=None, height=None),
        row(store, "e", "GB", "spotify-audio-15", poster=None, state="superseded"),
        row(store, "f", "GB", "meta-feed-1x1", state="superseded", width=100_000, height=1),
    ]
    assert draw_sheet(rows, store, tmp_path / "sheet.png", "Autumn roast").ads == len(rows)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(words=st.text(max_size=80))
def test_any_words_can_be_drawn(store: DirectoryStore, tmp_path: Path, words: str) -> None:
    one = row(store, words, words, "iab-728x90", locale=words)
    assert draw_sheet([one], store, tmp_path / "sheet.png", words).ads == 1
