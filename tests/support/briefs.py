"""A brief of a shop for garden tools, with its brand kit and media, in a folder of its own; and ways to spoil it."""

from __future__ import annotations

import random
import re
import struct
import time
import zlib
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


_NASTY = (
    "2026-13-45", '!!int "x"', '!!float ""', "9" * 5000, "[" * 200, "{a: " * 60, "&a *a", "*a", "~", "null", "true", "no",
    "1e400", ".nan", "-0", "0x1F", "'", '"', "\u202eabc", "\x00", "\\ud800", '"\\ud800"', '"\\uD83D\\uDE00"',
    '"\\UFFFFFFFF"', "{product.name}", "{", "}", "[]", "{}", "[[]]", "- - -", "<<: {a: b}", "? [a]", "|", "|9", "> \n x",
    "%YAML 1.1", "---", "...", "../../../etc/passwd", "/dev/zero", "/etc", "media", "brand", "brief.yaml", "a" * 3000,
    "\t", " ", "", "#", "é" * 100, "{{{}}}", '"{offer.was.x}"', "[DE, DE]", "{de-DE: x}", "1", "1.5", "-1", "9" * 20,
    "2027-03-01T10:00", "http://[::1", "https://u@x", ":", "@x", "`x`", "!!binary aGk=", "!!set {a}",
    "!!python/object:os.system x", "2027-02-30", "EUR", "ZZ", "de_DE", "xx-XX", "Europe/Nowhere", "../x", "\r", "\x85",
    "\ufeff", "\u2028", "x-a", "script", "likeness:x", "{short: media/spade.png}", "media/spade.png", "\ud800",
)  # fmt: skip
_WORD = re.compile(r"[^\s{}\[\],:]+")


def mutate(seed: int, text: str = BRIEF) -> bytes:
    """The brief, spoilt in one to five places: the same for the same seed."""
    dice = random.Random(seed)
    for _ in range(dice.choice([1, 1, 1, 2, 3, 5])):
        text = _SPOIL[dice.randrange(len(_SPOIL))](dice, text) or " "
    data = bytearray(text.encode("utf-8", "surrogatepass"))
    if dice.random() < 0.05:
        data[dice.randrange(len(data))] = dice.randrange(256)
    return bytes(data)


def _insert(dice: random.Random, text: str) -> str:
    at = dice.randrange(len(text) + 1)
    return text[:at] + dice.choice(_NASTY) + text[at:]


def _cut(dice: random.Random, text: str) -> str:
    at = dice.randrange(len(text) + 1)
    return text[:at] + text[at + dice.randrange(1, 40) :]


def _drop_line(dice: random.Random, text: str) -> str:
    lines = text.split("\n")
    lines.pop(dice.randrange(len(lines)))
    return "\n".join(lines)


def _repeat_line(dice: random.Random, text: str) -> str:
    lines = text.split("\n")
    lines.insert(dice.randrange(len(lines)), dice.choice(lines))
    return "\n".join(lines)


def _swap_lines(dice: random.Random, text: str) -> str:
    lines = text.split("\n")
    one, two = dice.randrange(len(lines)), dice.randrange(len(lines))
    lines[one], lines[two] = lines[two], lines[one]
    return "\n".join(lines)


def _indent_line(dice: random.Random, text: str) -> str:
    lines = text.split("\n")
    at = dice.randrange(len(lines))
    lines[at] = " " * dice.randrange(6) + lines[at].lstrip()
    return "\n".join(lines)


def _replace_word(dice: random.Random, text: str) -> str:
    words = list(_WORD.finditer(text))
    if not words:
        return text
    word = dice.choice(words)
    return text[: word.start()] + dice.choice(_NASTY) + text[word.end() :]


def _swap_words(dice: random.Random, text: str) -> str:
    words = list(_WORD.finditer(text))
    if len(words) < 2:
        return text
    one, two = sorted(dice.sample(words, 2), key=lambda word: word.start())
    return "".join((text[: one.start()], two.group(), text[one.end() : two.start()], one.group(), text[two.end() :]))


_SPOIL = (
    _insert, _cut, _drop_line, _repeat_line, _swap_lines, _indent_line, _replace_word, _replace_word, _replace_word,
    _swap_words, _swap_words,
)  # fmt: skip


def outcome(desk: Desk, data: bytes) -> tuple[Finding, ...]:
    """What load_brief finds in a file's bytes. Any exception but BriefError passes through; findings have their lines."""
    desk.path.write_bytes(data)
    lines = data.count(b"\n") + data.count(b"\r") + 1
    began = time.process_time()
    try:
        load_brief(desk.path)
    except BriefError as error:
        assert error.findings
        for finding in error.findings:
            assert finding.line >= 1 and finding.column >= 1 and finding.where and finding.problem, finding
            assert not finding.file.endswith("brief.yaml") or finding.line <= lines, finding
            str(finding).encode()
        return error.findings
    finally:
        assert time.process_time() - began < 2
    return ()
