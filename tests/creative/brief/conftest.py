"""A brief of a shop for garden tools, with its brand kit and media, in a folder of its own."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from creative.brief import Brief, load_brief
from creative.errors import BriefError, Finding

BRIEF = """\
# yaml-language-server: $schema=brief.schema.json
schema: 1
campaign: {id: spade-spring, name: Spring digging, objective: conversion, status: ready}
owner: {name: Ida Holm, email: ida@holm.example, cost_centre: G-12}
brand: brand
flight: {from: 2027-03-01, until: 2027-04-15}
markets:
  DE: {locales: [de-DE], currency: EUR, timezone: Europe/Berlin, url: "https://holm.example/de"}
  GB: {locales: [en-GB], currency: GBP, timezone: Europe/London, url: "https://holm.example/uk"}
products:
  spade:
    name: {de-DE: Gärtnerspaten, en-GB: Garden Spade}
    photos: [media/spade.png]
    facts: {net_weight: 1.5 kg, handle: ash}
  seeds:
    name: {de-DE: Wiesensamen, en-GB: Meadow Seeds}
    photos: media/seeds.png
    facts: {net_weight: 200 g}
offers:
  spade-spring:
    product: spade
    price: {DE: "39.90", GB: "34.50"}
    was: {DE: "49.90"}
    unit_price: per kg
    valid: {from: 2027-03-01, until: 2027-03-31}
copy:
  hook-dig:
    short: {de-DE: Grab los., en-GB: Dig in.}
    long: {de-DE: "{product.name}: Grab los.", en-GB: "{product.name}: dig in."}
  hook-price:
    short: {de-DE: "Nur {offer.price}", en-GB: "Only {offer.price}"}
  script: {de-DE: {short: scripts/short.de.txt}, en-GB: scripts/long.en.txt}
  cta: {de-DE: Jetzt kaufen, en-GB: Buy now}
  post_text: {de-DE: Frühling., en-GB: Spring.}
  alt: {de-DE: "{product.name} im Beet", en-GB: "{product.name} in a bed"}
missing_translation: refuse
scenes: {people: none, never: [children]}
segments:
  - {id: allotment, description: Digs on Sundays, traits: {iab: [28], crm: dig}, copy: [hook-dig, hook-price], scene: shed at noon, value: 5}
  - {id: balcony, description: Has a balcony, copy: hook-dig, scene: [balcony at dawn, window box]}
include:
  - {segments: [allotment], products: [spade], offers: [spade-spring], markets: [DE, GB]}
  - {segments: [balcony], products: [seeds]}
exclude: [{products: [seeds], placements: [iab-728x90]}]
placements: [meta-feed-4x5, tiktok-infeed, iab-728x90, spotify-audio-30]
voices:
  - {id: calm, locale: en-GB, use: stock}
  - {id: klar, locale: de-DE, use: stock, draft: true}
lexicon: {"1.5 kg": {de-DE: anderthalb Kilo}}
music: {mood: warm}
variants: {per_segment: 2, choose: [scene, layout]}
seed: 11
naming: "{brand}_{campaign}_{market}_{segment}_{placement}_{locale}_{id8}"
tracking: "utm_campaign={campaign}&utm_content={name}"
limits: {ads: 300}
backends: {scene: studio}
x-note: {rev: 1.50, by: Ida}
"""

BRAND = """\
name: Holm
version: 2
colours: {ground: "#e8e4d8", second: "#2f4a38", accent: "#d96f32", text: "#1c1c1a", on_accent: "#ffffff"}
logo: {light: logo.png}
tone: Dry and kind.
lexicon: {Holm: {de-DE: Hollm}}
banned: [cheap, best ever]
"""


def png(width: int = 2, height: int = 2, colour_type: int = 6, chunks: tuple[tuple[bytes, bytes], ...] = ()) -> bytes:
    """A small PNG of any colour type; `chunks` come before its pixels."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    pixels = zlib.compress(b"\0" * 9 * min(width * height, 100))
    head = struct.pack(">IIBBBBB", width, height, 8, colour_type, 0, 0, 0)
    before = b"".join(chunk(name, data) for name, data in chunks)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + before + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


class Desk:
    """A folder with the brief, to be changed and read."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = folder / "brief.yaml"
        self.text = BRIEF
        for name, data in {
            "brand/brand.yaml": BRAND.encode(),
            "brand/logo.png": png(),
            "media/spade.png": png(),
            "media/seeds.png": png(),
            "scripts/short.de.txt": b"Der Spaten von Holm.\nGrab los.\n",
            "scripts/long.en.txt": b"This is {brand.name}.\nThe {product.name} digs.\nDig in.\n",
        }.items():
            self.write(name, data)

    def write(self, name: str, data: bytes | str) -> Path:
        """Put a file beside the brief."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data.encode() if isinstance(data, str) else data)
        return path

    def change(self, old: str, new: str) -> Desk:
        """Replace the first `old` of the brief, which must be there."""
        assert old in self.text, old
        self.text = self.text.replace(old, new, 1)
        return self

    def change_brand(self, old: str, new: str) -> Desk:
        """Replace the first `old` of the brand kit."""
        path = self.folder / "brand/brand.yaml"
        text = path.read_text()
        assert old in text, old
        path.write_text(text.replace(old, new, 1))
        return self

    def load(self, *media_roots: Path) -> Brief:
        """Read the brief as it is now."""
        self.path.write_text(self.text)
        return load_brief(self.path, media_roots=media_roots)

    def findings(self, *media_roots: Path) -> tuple[Finding, ...]:
        """What is wrong with the brief as it is now; it must be something."""
        with pytest.raises(BriefError) as caught:
            self.load(*media_roots)
        for finding in caught.value.findings:
            assert finding.line >= 1 and finding.column >= 1 and finding.where and finding.problem
            str(finding).encode()
        return caught.value.findings

    def line_of(self, text: str) -> int:
        """The line of the first `text` in the brief, from 1."""
        return self.text[: self.text.index(text)].count("\n") + 1


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """A good brief."""
    return Desk(tmp_path)


@pytest.fixture
def only(desk: Desk) -> Callable[..., Finding]:
    """Changes the brief and gives the one finding that comes of it."""

    def change(old: str, new: str) -> Finding:
        findings = desk.change(old, new).findings()
        assert len(findings) == 1, "\n".join(map(str, findings))
        return findings[0]

    return change
