"""Every row of the table makes sense in itself, and every figure has a source."""

import datetime
import math

import pytest
from pydantic import ValidationError
from ruamel.yaml import YAML

from creative.placements import ENCODINGS, Placement, placements

ROWS = list(placements().values())
FIGURES = (
    "width",
    "height",
    "max_bytes",
    "ms",
    "fps",
    "end_card_ms",
    "lufs_tenths",
    "true_peak_tenths",
    "min_kbps",
    "safe",
    "text",
)
SHAPES = {
    "skyscraper": (0, 0.4),
    "portrait": (0.4, 0.9),
    "square": (0.9, 1.3),
    "landscape": (1.3, 3),
    "leaderboard": (3, 20),
}

each_row = pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)


def test_the_rows_that_briefs_and_docs_name_are_there():
    named = {
        "meta-feed-1x1", "meta-feed-4x5", "meta-story-9x16", "meta-reel-6", "meta-feed-1x1-15", "meta-feed-4x5-15", "tiktok-infeed", "youtube-bumper-6", "youtube-15",
        "google-landscape", "google-square", "google-portrait", "iab-300x250", "iab-728x90", "iab-160x600", "iab-300x600",
        "iab-320x50", "iab-970x250", "ctv-15", "spotify-audio-15", "spotify-audio-30", "amazon-audio-15", "spotify-companion-640",
    }  # fmt: skip
    assert named <= set(placements())
    assert {row.modality for row in ROWS} == {"image", "video", "audio"}


@each_row
def test_every_figure_has_a_source(row):
    default = Placement.model_fields
    told = {name for fact in row.facts for name in fact.of}
    given = {name for name in FIGURES if getattr(row, name) != default[name].get_default(call_default_factory=True)}
    assert given <= told | {"lufs_tolerance_tenths"}
    assert told <= given | {"lufs_tolerance_tenths"}
    assert len([name for fact in row.facts for name in fact.of]) == len(told), "a figure has one source"
    for fact in row.facts:
        assert datetime.date.fromisoformat(fact.checked) >= datetime.date(2026, 11, 22)
        assert len(fact.source) > 20


@each_row
def test_modality_and_format_agree(row):
    encoding = ENCODINGS[row.format]
    assert {"image": "jpeg", "video": "mp4"}.get(row.modality, row.format) == row.format
    assert (row.width is None) == (row.height is None) == (row.shape is None) == (row.modality == "audio")
    assert (row.ms is None) == (row.modality == "image")
    assert (row.fps is not None) == (row.modality == "video")
    assert (row.lufs_tenths is not None) == (row.true_peak_tenths is not None) == (row.modality != "image")
    assert encoding.media_type.split("/")[0] == row.modality


@each_row
def test_pixels(row):
    if row.modality == "audio":
        return
    least, most = SHAPES[row.shape]
    assert least < row.width / row.height <= most
    assert min(row.width, row.height) >= 50 and max(row.width, row.height) <= 4096
    if row.modality == "video":
        assert row.width % 2 == 0 and row.height % 2 == 0, "4:2:0 needs even sides"
    free = (row.width - row.safe.left - row.safe.right) * (row.height - row.safe.top - row.safe.bottom)
    assert free > 0.4 * row.width * row.height, "there is room for words"


@each_row
def test_times_and_bytes(row):
    if row.ms is None:
        return
    if row.fps is not None:
        assert row.ms * row.fps % 1000 == 0 and row.end_card_ms * row.fps % 1000 == 0, "whole frames"
        assert row.end_card_ms >= (1500 if row.ms < 10_000 else 3000)
        assert row.end_card_ms < row.ms / 2
    # Half a megabit a second is a poor film; sound has a rate of its own.
    kbps = max(row.min_kbps, 4000 if row.modality == "video" else 192)
    assert row.ms / 1000 * kbps * 125 < row.max_bytes


@each_row
def test_levels(row):
    if row.lufs_tenths is not None:
        assert -300 <= row.lufs_tenths <= -100
        assert -60 <= row.true_peak_tenths <= 0
        assert 0 < row.lufs_tolerance_tenths <= 20


def test_safe_zones_are_the_shares_that_the_sources_give():
    story, reel = placements()["meta-story-9x16"], placements()["meta-reel-6"]
    assert (story.safe.top, story.safe.bottom) == (math.ceil(0.14 * 1920), math.ceil(0.20 * 1920))
    assert (reel.safe.bottom, reel.safe.left, reel.safe.right) == (math.ceil(0.35 * 1920), 65, 65)


def test_where_sources_differ_the_stricter_stands():
    assert placements()["amazon-audio-15"].max_bytes == 1_000_000
    assert placements()["spotify-audio-30"].text["advertiser"] == 25
    assert placements()["iab-300x250"].max_bytes == 150_000


def test_a_new_placement_is_a_row(tmp_path):
    table = YAML(typ="safe", pure=True).load(
        """
        sources: {own: {tier: C, checked: 2026-11-22, source: a test}}
        placements:
          board: {title: Board, modality: image, format: jpeg, shape: square, width: 500, height: 500, max_bytes: 9000,
                  facts: {own: [width, height, max_bytes]}}
        """
    )
    path = tmp_path / "placements.yaml"
    with path.open("w") as file:
        YAML(typ="safe", pure=True).dump(table, file)
    (row,) = placements(path).values()
    assert row.id == "board" and row.facts[0].tier == "C" and row.facts[0].checked == "2026-11-22"


def test_a_misspelt_field_is_an_error():
    with pytest.raises(ValidationError, match="widht"):
        Placement.model_validate({**ROWS[0].model_dump(), "widht": 3})
