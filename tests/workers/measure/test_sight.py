"""Colour vision, the eye's order, pace, music under a voice, time stamps: each figure on pictures and sounds that are known."""

from __future__ import annotations

import io
import json

import av
import numpy as np
import pytest
from PIL import Image, ImageDraw

from workers.measure.contrast import around, legibility
from workers.measure.looks import look_at
from workers.measure.measure import figures_of
from workers.measure.pace import Pace
from workers.measure.packets import sound_gap_ms
from workers.measure.sight import DICHROMATS, distance, lab, linear, luminance, seen_by
from workers.measure.voice import under_db


def colour(code):
    return np.array([int(code[at : at + 2], 16) for at in (1, 3, 5)], np.uint8)


def test_greys_stay_and_confused_colours_come_together():
    for who in DICHROMATS:
        grey = linear(colour("#808080"))
        assert float(distance(lab(seen_by(grey, who)), lab(grey))) < 2
    red, green = linear(colour("#b04030")), linear(colour("#6a7020"))
    apart = {who: float(distance(lab(seen_by(red, who)), lab(seen_by(green, who)))) for who in DICHROMATS}
    assert float(distance(lab(red), lab(green))) > 50 > 2 * min(apart["deutan"], apart["protan"])
    assert apart["tritan"] > 2 * apart["deutan"]


def test_lab_is_what_cie_says():
    assert lab(linear(colour("#ffffff"))) == pytest.approx([100, 0, 0], abs=0.1)
    assert lab(linear(colour("#ff0000"))) == pytest.approx([53.24, 80.09, 67.20], abs=0.1)
    assert float(luminance(colour("#00ff00"))) == pytest.approx(0.7152, abs=1e-4)


def test_red_on_black_is_read_by_most_and_not_by_all():
    image = Image.new("RGB", (300, 90), "#101010")
    ImageDraw.Draw(image).rectangle((40, 30, 48, 60), fill="#e03020")
    pixels, ink = np.asarray(image), (40, 30, 9, 31)
    left, top, right, bottom = around(ink, 40, 300, 90)
    look = legibility(pixels[top:bottom, left:right], (ink[0] - left, ink[1] - top, ink[2], ink[3]), (224, 48, 32), 40)
    assert look.contrast is not None and look.contrast > 3.9
    assert look.sight["protan"] < 0.7 * look.contrast


def ad(button="#f2b54c", ground="#c7a583", other=None, noise=0):
    rng = np.random.default_rng(1)
    pixels = np.full((400, 400, 3), colour(ground), np.int16) + rng.integers(-noise, noise + 1, (400, 400, 1))
    image = Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))
    draw = ImageDraw.Draw(image)
    for stripe in range(0, 120, 8):
        draw.rectangle((140 + stripe, 150, 143 + stripe, 290), fill="#104030")
    draw.rectangle((30, 30, 330, 70), fill="#101010")
    draw.rounded_rectangle((140, 330, 260, 370), 18, fill=button)
    if other:
        draw.rectangle((0, 100, 100, 320), fill=other)
    return look_at(
        np.asarray(image), (140, 150, 120, 140), [("headline", (30, 30, 300, 40))], [("button", (140, 330, 120, 40))]
    )


def test_the_button_and_its_colour():
    told = ad()["button"]
    assert distance(lab(linear(colour(told["colour"]))), lab(linear(colour("#f2b54c")))) < 2
    assert told["differs"] > 30 and told["elsewhere"] == 0
    assert ad(other="#f0b450")["button"]["elsewhere"] > 0.1
    assert ad(button="#e8e8e8", other="#e8e8e8")["button"]["elsewhere"] is None
    assert ad(button="#c9a886")["button"]["differs"] < 5


def test_what_is_sharp_and_what_draws_the_eye():
    calm, busy = ad(), ad(noise=60)
    assert calm["sharp"][1] < 0.3 * calm["sharp"][0] and busy["sharp"][1] > calm["sharp"][1] * 3
    assert calm["weights"]["headline"] > calm["weights"]["button"]
    assert calm["fill"] > 0.5 > busy["fill"]


def test_pace_finds_cuts_and_slow_changes():
    pace = Pace()
    rng = np.random.default_rng(2)
    one, other = (rng.integers(40, 200, (54, 96, 3), dtype=np.uint8) for _ in range(2))
    for number in range(60):
        pace.see(
            one
            if number < 20
            else other
            if number < 40
            else np.clip(other + (number - 40) * 4, 0, 255).astype(np.uint8)
        )
    pace.end()
    assert pace.cuts == [20]
    assert pace.changes[0] == 20 and len(pace.changes) > 3 and all(frame > 40 for frame in pace.changes[1:])
    still = Pace()
    for _ in range(30):
        still.see(one)
    still.end()
    assert still.cuts == still.changes == [] and 0.1 < still.bright < 0.4


@pytest.mark.parametrize("under", [10, 15, 20])
def test_music_under_a_voice_is_estimated(under):
    rate, rng = 16_000, np.random.default_rng(3)
    t = np.arange(rate * 8) / rate
    # As speech and music are: syllables swell, some are stressed, and notes die away.
    syllables = np.clip(np.sin(2 * np.pi * 4 * t) + 0.2, 0, None) * (0.7 + 0.3 * np.sin(2 * np.pi * 0.9 * t))
    voice = syllables * sum(np.sin(2 * np.pi * 180 * harmonic * t) / harmonic for harmonic in range(1, 12))
    music = rng.normal(size=len(t)) * np.exp(-2.2 * (t % 1.0))
    music *= np.sqrt(np.mean(voice[syllables > 0] ** 2)) / np.std(music) * 10 ** (-under / 20)
    told = under_db(np.stack([voice + music] * 2).astype(np.float32) * 0.1, rate)
    assert told is not None and abs(told - under) < 4
    assert under_db(np.zeros((1, rate * 5), np.float32), rate) is None
    assert under_db(np.ones((1, rate), np.float32), rate) is None


def test_a_hole_in_the_sound_is_found(film, tone):
    data, _ = film(sound=tone(3000))
    assert sound_gap_ms(data) == 0 and sound_gap_ms(film()[0]) is None
    torn = io.BytesIO()
    with av.open(io.BytesIO(data), "r", format="mp4") as source, av.open(torn, "w", format="mp4") as out:
        tracks = {stream.index: out.add_stream_from_template(stream) for stream in source.streams}
        for packet in source.demux():
            if packet.dts is None:
                continue
            is_sound = packet.stream.type == "audio"
            if is_sound and packet.pts * packet.time_base > 1:
                packet.pts, packet.dts = packet.pts + 4800, packet.dts + 4800
            packet.stream = tracks[packet.stream.index]
            out.mux(packet)
    assert sound_gap_ms(torn.getvalue()) == pytest.approx(100, abs=2)


def test_a_still_has_its_look_and_its_eye(still, tmp_path):
    data, boxes = still()
    (tmp_path / "still.jpg").write_bytes(data)
    (tmp_path / "boxes").write_text(json.dumps(boxes))
    figures = figures_of(tmp_path / "still.jpg", "image", [tmp_path / "boxes"])
    assert len(figures["looks"]) == 1 and len(figures["looks"][0]) == 174
    assert figures["eye"]["weights"]["headline"] > 0 and set(figures["texts"][0]["sight"]) == set(DICHROMATS)


@pytest.mark.parametrize(("ground", "read"), [((16, 38, 58), True), ((150, 160, 170), False)])
def test_a_thin_stroke_across_two_pixels_is_no_ground(ground: tuple[int, int, int], read: bool) -> None:
    """At 12 px a stem may lie half on either pixel: white on navy is read, white on grey is not."""
    place = np.full((22, 80, 3), ground, np.uint8)
    half = (np.array(ground) + 255) // 2
    for x in range(6, 72, 8):
        place[5:16, x] = place[5:16, x + 1] = half
        place[5:7, x : x + 5] = 255
    found = legibility(place, (5, 5, 70, 11), (255, 255, 255), 12).contrast
    assert found is not None and (found >= 4.5) is read
