"""The manifest: its names, its one spelling, its schema."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from creative.errors import StoreError, UsageError
from creative.manifest import checks, manifest_schema, read_manifest, spell, write_manifest
from creative.placements import placements
from creative.records import AssetRecord, CellRecord, LineageStep, Window
from creative.registry import Registry, open_registry
from creative.resources import templates
from creative.store import Log, Store, open_store, write_window

ISSUE = (
    "asset_id ad_id name campaign product segment market placement locale arm variant modality uri sha256 bytes width "
    "height seconds state texts choices lineage checks"
)
SOUND = "spotify-audio-30"


def cell(ad: str, modality: str = "image", placement: str = "meta-feed-4x5", **more: Any) -> CellRecord:
    return CellRecord(
        **{
            "ad_id": ad,
            "campaign": "marlo",
            "market": "DE",
            "locale": "de-DE",
            "product": "house",
            "offer": "house-autumn",
            "segment": "commuters",
            "placement": placement,
            "arm": "A",
            "variant": 1,
            "modality": modality,
            "name": f"marlo_{ad}",
            "choices": {"scene": "dawn", "headline": "hook-slow"},
            "texts": {"headline": "Langsam\u2028gut.", "cta": "Jetzt bestellen"},
            "wanted": "w",
            "binding": "b",
            "steps": {"finish": "f"},
            "lines": {"segment": "brief.yaml:40"},
            "carried": {"url": "https://marlo.example/de", "owner": {"name": "Mara", "email": "m@x"}, "badge": "x"},
            **more,
        }
    )


def asset(ad: str, **more: Any) -> AssetRecord:
    return AssetRecord(
        **{
            "asset_id": f"asset-{ad}",
            "ad_id": ad,
            "name": f"marlo_{ad}",
            "sha256": hashlib.sha256(ad.encode()).hexdigest(),
            "bytes": 12,
            "type": "image/jpeg",
            "width": 1080,
            "height": 1350,
            "state": "pending",
            "figures": {"codec": "jpeg", "texts": [{"contrast": 7.5}, {"contrast": 4.6}, {}], "product": [1, 2, 3, 4]},
            "lineage": (
                LineageStep(key="k", kind="scene", backend="studio", revision=1, seed=7, seconds=31.0, notes={"n": 1}),
            ),
            **more,
        }
    )


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return open_store(tmp_path / "a store")


@pytest.fixture
def registry(tmp_path: Path, store: Store) -> Registry:
    cells = [cell("c"), cell("a"), cell("b", "audio", SOUND)]
    sound = {"lufs": -14.02, "true_peak": -1.3, "silent": [[0, 100]], "audio_codec": "pcm_s16le"}
    assets = [
        asset("c", state="failed-check", reasons=("contrast 4.2 of the legal line, at least 4.5 is needed",)),
        asset("a", findings=("a long headline",)),
        asset("b", type="audio/wav", width=None, height=None, ms=30_000, figures=sound),
    ]
    name = write_window(store, "marlo", Window(cells=tuple(cells), assets=tuple(assets)))
    Log(store, "marlo").append("window", {"object": name})
    registry = open_registry(tmp_path / "registry.db", store.id)
    registry.catch_up(store)
    return registry


def test_the_lines(registry: Registry, store: Store, tmp_path: Path) -> None:
    path = tmp_path / "out" / "manifest.jsonl"
    assert write_manifest(registry, store, path) == 3
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    a, b, c = lines
    assert [line["ad_id"] for line in lines] == ["a", "b", "c"]
    assert set(ISSUE.split()) <= set(a)
    assert a["uri"] == store.uri(a["sha256"])
    assert a["checks"] == {"codec": "jpeg", "contrast": 4.6}
    assert a["lineage"]["brief"] == {"segment": "brief.yaml:40"}
    assert a["lineage"]["steps"][0]["seed"] == 7
    assert "seconds" not in a["lineage"]["steps"][0]
    assert (a["seconds"], a["width"], a["offer"], a["findings"]) == (
        None, 1080, "house-autumn", [{"id": "", "says": "a long headline", "figure": None, "limit": "", "waived": None}],
    )  # fmt: skip
    assert (a["url"], a["alt"], a["owner"]["name"]) == ("https://marlo.example/de", None, "Mara")
    assert a["other"] == {"badge": "x"}
    target = placements()[SOUND].lufs_tenths
    assert target is not None
    assert b["checks"] == {
        "lufs": -14.02,
        "lufs_target": target / 10,
        "true_peak": -1.3,
        "silent": 1,
        "audio_codec": "pcm_s16le",
    }
    assert (b["modality"], b["seconds"], b["width"]) == ("audio", 30.0, None)
    assert c["state"] == "failed-check"
    assert "4.2" in c["reasons"][0]


def test_the_schema_is_published_and_holds(registry: Registry, store: Store, tmp_path: Path) -> None:
    published = json.loads((templates() / "manifest.schema.json").read_text())
    assert published == manifest_schema(), "run: python -m creative.manifest > templates/manifest.schema.json"
    validator = jsonschema.Draft202012Validator(published)
    validator.check_schema(published)
    write_manifest(registry, store, tmp_path / "m.jsonl")
    for line in (tmp_path / "m.jsonl").read_bytes().splitlines():
        validator.validate(json.loads(line))


def test_the_same_ads_are_the_same_bytes_but_for_their_place(registry: Registry, store: Store, tmp_path: Path) -> None:
    """Two stores, filled in another order, with other clocks and speeds."""
    write_manifest(registry, store, tmp_path / "one.jsonl")
    other = open_store(tmp_path / "other")
    log = Log(other, "marlo")
    for row in sorted(registry.manifest_rows(), key=lambda row: row.ad_id, reverse=True):
        made = asset(
            row.ad_id,
            type=row.type,
            width=row.width,
            height=row.height,
            ms=row.ms,
            state=row.state,
            reasons=tuple(row.reasons),
            findings=tuple(row.findings),
            figures=dict(reversed(row.figures.items())),
            lineage=(LineageStep(key="k", kind="scene", backend="studio", revision=1, seed=7, seconds=2.0),),
        )
        wanted = cell(row.ad_id, row.modality, row.placement, choices=dict(reversed(row.choices.items())))
        name = write_window(other, "marlo", Window(cells=(wanted,), assets=(made,)))
        log.append("window", {"object": name}, at="2020-01-01T00:00:00+00:00")
    with open_registry(tmp_path / "other.db", other.id) as second:
        second.catch_up(other)
        write_manifest(second, other, tmp_path / "two.jsonl")
    one = (tmp_path / "one.jsonl").read_bytes().replace(store.url.encode(), b"")
    two = (tmp_path / "two.jsonl").read_bytes().replace(other.url.encode(), b"")
    assert one == two


def test_reading_back(registry: Registry, store: Store, tmp_path: Path) -> None:
    path = tmp_path / "m.jsonl"
    write_manifest(registry, store, path, "marlo", {"modality": {"image"}})
    lines = list(read_manifest(path))
    assert [line.ad_id for line in lines] == ["a", "c"]
    assert lines[0].texts["headline"] == "Langsam\u2028gut."
    assert "".join(spell(line) + "\n" for line in lines) == path.read_text()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "m.jsonl:3: Invalid JSON"),
        ("[]", "m.jsonl:3: "),
        ('{"asset_id": 7}', "m.jsonl:3: asset_id: "),
        ("\x00", "m.jsonl:3: Invalid JSON"),
    ],
)
def test_errors_have_their_line(registry: Registry, store: Store, tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "m.jsonl"
    write_manifest(registry, store, path, filters={"ad": {"a"}})
    with path.open("a") as file:
        file.write(f"\n{text}\n")
    stream = read_manifest(path)
    assert next(stream).ad_id == "a"
    with pytest.raises(UsageError) as refusal:
        next(stream)
    assert words in str(refusal.value)


def test_no_manifest(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="No such file"):
        list(read_manifest(tmp_path / "none.jsonl"))


def test_the_old_one_stays_until_the_new_one_is_whole(
    registry: Registry, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "out" / "m.jsonl"
    write_manifest(registry, store, path)
    before = path.read_bytes()
    with pytest.raises(UsageError, match="colour"):
        write_manifest(registry, store, path, filters={"colour": {"red"}})
    monkeypatch.setattr("creative.manifest.spell", lambda line: "\ud800")
    with pytest.raises(UnicodeEncodeError):
        write_manifest(registry, store, path)
    assert path.read_bytes() == before
    assert [file.name for file in path.parent.iterdir()] == ["m.jsonl"]
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StoreError, match="cannot write the manifest"):
        write_manifest(registry, store, tmp_path / "file" / "m.jsonl")


FIGURES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def test_what_was_compared_of_the_product_is_told() -> None:
    compared = {"px": 250_000, "changed": 0, "most": 0, "cells": 800, "tone": 1.5}
    assert checks({"codec": "jpeg", "product_pixels": compared}, "no-such-placement")["product_pixels"] == compared


@given(st.dictionaries(st.text().filter(lambda name: name != "texts"), FIGURES, max_size=6))
def test_checks_are_single_values(figures: dict[str, Any]) -> None:
    found = checks(figures, "no-such-placement")
    assert not any(isinstance(value, list | dict) for value in found.values())
    assert found.get("lufs_target") is None
