"""Levels against what the standards say, and contrast against what is known."""

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from workers.measure.contrast import around, legibility, luminance
from workers.media.levels import clipped, loudness, silences, true_peak


def sine(hertz, seconds, rate=48000, gain=1.0, phase=0.0):
    t = np.arange(int(seconds * rate)) / rate
    return (gain * np.sin(2 * np.pi * hertz * t + phase)).astype(np.float32)


@pytest.mark.parametrize("rate", [44100, 48000])
def test_loudness_of_the_standards_own_tone(rate):
    """BS.1770-4: a 997 Hz sine at full scale in one channel is -3.01 LUFS; in both, 3 LU more."""
    tone = sine(997, 5, rate)
    assert loudness(tone[None], rate) == pytest.approx(-3.01, abs=0.1)
    assert loudness(np.stack([tone, tone]) / 10, rate) == pytest.approx(-20.0, abs=0.1)


def test_loudness_of_nothing_is_none():
    assert loudness(np.zeros((2, 48000), np.float32), 48000) is None
    assert loudness(sine(997, 0.2)[None], 48000) is None
    assert true_peak(np.zeros((1, 480), np.float32)) is None


def test_true_peak_is_found_between_samples():
    """A sine at a quarter of the rate, 45 degrees off, has samples 3 dB under its peaks."""
    tone = sine(12000, 1, phase=np.pi / 4, gain=0.5) * np.hanning(48000).astype(np.float32)
    assert 20 * np.log10(np.abs(tone).max()) == pytest.approx(-9.03, abs=0.05)
    assert true_peak(tone[None]) == pytest.approx(-6.02, abs=0.1)


def test_silences_and_clipping():
    tone = sine(440, 2, gain=0.5)
    tone[:12000] = 0
    tone[48000:52800] = 0.0005
    assert silences(tone[None], 48000) == [(0, 250), (1000, 1100)]
    assert silences(np.zeros((1, 48123), np.float32), 48000) == [(0, 1003)]
    assert clipped(tone[None]) == 0
    assert clipped(np.clip(sine(440, 1, gain=1.5), -1, 1)[None]) > 1000


def set_type(ground, colour, size=48, text="Slowly good"):
    """`ground` is a colour, or an array of pixels. Returns what `legibility` takes."""
    pixels = np.broadcast_to(np.array(ground, np.uint8), (220, 520, 3)).copy() if np.ndim(ground) == 1 else ground
    image = Image.fromarray(pixels)
    font = ImageFont.load_default(size)
    ImageDraw.Draw(image).text((40, 60), text, font=font, fill=tuple(colour))
    left, top, right, bottom = (int(side) for side in font.getbbox(text))
    ink = (40 + left, 60 + top, right - left, bottom - top)
    place = around(ink, size, 520, 220)
    return (
        np.asarray(image)[place[1] : place[3], place[0] : place[2]],
        (ink[0] - place[0], ink[1] - place[1], *ink[2:]),
        tuple(colour),
        size,
    )


def ratio(one, two):
    light = sorted(float(luminance(np.array(colour, np.uint8))) for colour in (one, two))
    return (light[1] + 0.05) / (light[0] + 0.05)


@pytest.mark.parametrize("size", [14, 24, 48, 90])
@pytest.mark.parametrize(
    ("ground", "colour"),
    [((0, 0, 0), (255, 255, 255)), ((255, 255, 255), (118, 118, 118)), ((200, 30, 40), (255, 255, 255)), ((250, 240, 220), (60, 40, 30)), ((128, 128, 128), (140, 140, 140)), ((90, 90, 90), (90, 90, 90))],
)  # fmt: skip
def test_contrast_on_one_colour_is_wcags(ground, colour, size):
    found = legibility(*set_type(ground, colour, size, "Good"))
    if ratio(ground, colour) < 1.5:  # too near to tell one from the other: whatever it is, it is far from enough
        assert found.contrast < 1.5
    else:
        assert found.contrast == pytest.approx(ratio(ground, colour), rel=0.03)


def test_white_is_21_to_1_on_black_and_grey_767676_is_4_54_on_white():
    assert legibility(*set_type((0, 0, 0), (255, 255, 255))).contrast == pytest.approx(21, abs=0.3)
    assert legibility(*set_type((255, 255, 255), (118, 118, 118))).contrast == pytest.approx(4.54, abs=0.05)


def test_a_bright_corner_under_one_letter_counts():
    ground = np.full((220, 520, 3), 30, np.uint8)
    assert legibility(*set_type(ground.copy(), (255, 255, 255))).contrast > 14
    ground[:, 40:90] = 235
    assert legibility(*set_type(ground, (255, 255, 255))).contrast < 1.5


def test_a_few_bright_specks_do_not():
    rng = np.random.default_rng(3)
    ground = np.full((220, 520, 3), 30, np.uint8)
    ground[rng.random((220, 520)) < 0.01] = 235
    assert legibility(*set_type(ground, (255, 255, 255))).contrast > 6


def test_a_ground_of_specks_in_the_glyphs_own_colour_does():
    rng = np.random.default_rng(4)
    ground = np.where(rng.random((220, 520, 1)) < 0.4, 250, 30).astype(np.uint8).repeat(3, axis=2)
    assert legibility(*set_type(ground, (255, 255, 255))).contrast < 4


def test_text_that_is_not_there_has_no_ink():
    pixels, ink, colour, size = set_type((30, 30, 30), (255, 255, 255))
    assert legibility(pixels, ink, colour, size).ink > 0.1
    assert legibility(np.full_like(pixels, 30), ink, colour, size).ink == 0.0


def test_another_runs_ink_is_nobodys_ground():
    pixels, ink, colour, size = set_type((30, 30, 30), (255, 255, 255))
    pixels = pixels.copy()
    pixels[-5:] = 250
    others = np.zeros(pixels.shape[:2], np.bool_)
    others[-6:] = True
    assert legibility(pixels, ink, colour, size).contrast < 2
    assert legibility(pixels, ink, colour, size, others).contrast > 14
