"""accept: figures that pass, and each figure made wrong once; the reason says the figure and the limit."""

import copy

import pytest

from creative.acceptance import accept, one_line
from creative.craft import RULES
from creative.placements import placements

SOURCE = "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia"
LABEL = {"title": "Autumn roast", "ad_id": "ad-1", "source_type": SOURCE, "software": "creative-farm"}


def text(**change):
    return {
        "role": "headline", "text": "Take it slow.", "x": 100, "y": 400, "w": 600, "h": 90, "box": [90, 380, 700, 200], "size": 100,
        "least": 60, "colour": "#ffffff", "first": 0, "end": 135, "contrast": 9.2, "ink": 0.3, **change,
    }  # fmt: skip


STILL = {
    "bytes": 300_000, "format": "jpeg", "container": "jpeg", "codec": "jpeg", "width": 1080, "height": 1350, "mode": "RGB",
    "flat": False, "metadata": LABEL, "canvas": [1080, 1350], "product": [300, 600, 560, 660], "texts": [text(end=1)],
    "marks": [{"role": "logo", "x": 100, "y": 80, "w": 200, "h": 60, "first": 0, "end": 1}, {"role": "button", "x": 100, "y": 1200, "w": 300, "h": 80, "first": 0, "end": 1}],
}  # fmt: skip
SOUND = {
    "audio_codec": "aac", "audio_rate": 48000, "audio_channels": 2, "audio_seconds": 6.016, "audio_offset_ms": 0, "lufs": -14.1,
    "true_peak": -1.3, "clipped": 0, "silent": [],
}  # fmt: skip
FILM = {
    **STILL, **SOUND, "bytes": 2_000_000, "format": "mp4", "container": "mp4", "codec": "h264", "profile": "High",
    "pix_fmt": "yuv420p", "width": 1080, "height": 1920, "canvas": [1080, 1920], "frames": 180, "fps": 30, "even": True,
    "seconds": 6.0, "ms": 6000, "faststart": True, "kbps": 2700, "black": [], "still": [[135, 180]], "card": 135,
    "texts": [text()], "marks": [{"role": "logo", "x": 100, "y": 300, "w": 200, "h": 60, "first": 0, "end": 180}, {"role": "button", "x": 100, "y": 1000, "w": 300, "h": 80, "first": 135, "end": 180}],
}  # fmt: skip
SPOT = {
    **SOUND, "bytes": 720_000, "format": "mp3", "container": "mp3", "metadata": LABEL, "kbps": 192, "seconds": 30.0, "ms": 30000,
    "audio_codec": "mp3", "audio_rate": 44100, "audio_seconds": 30.0,
}  # fmt: skip
del SPOT["audio_offset_ms"]
ROWS = {"still": ("meta-feed-4x5", STILL), "film": ("meta-reel-6", FILM), "spot": ("spotify-audio-30", SPOT)}


def verdict(name, **change):
    row, figures = ROWS[name]
    return accept({**copy.deepcopy(figures), **change}, placements()[row], ad_id="ad-1", title="Autumn roast")


@pytest.mark.parametrize("name", ROWS)
def test_good_figures_pass(name):
    found = verdict(name)
    assert (found.state, found.reasons, found.findings) == ("pending", (), ())


WRONG = [
    ("still", {"width": 1081}, "the picture has 1081x1350 pixels, 1080x1350 are needed"),
    ("still", {"codec": "png", "container": "png"}, "the file is a png, Meta feed, portrait takes jpeg"),
    ("still", {"bytes": 40_000_000}, "the file has 40,000,000 bytes, at most 31,457,280 are taken"),
    ("still", {"mode": "CMYK"}, "the picture's colours are CMYK, RGB is needed"),
    ("still", {"flat": True}, "the picture is one flat colour"),
    ("still", {"canvas": [540, 675]}, "the boxes are for 540x675 pixels"),
    ("still", {"metadata": {}}, "the file does not carry its ad_id"),
    ("still", {"metadata": {**LABEL, "ad_id": "ad-2"}}, "its ad_id is “ad-2”, it should be “ad-1”"),
    ("still", {"metadata": {**LABEL, "title": "x"}}, "its title is “x”"),
    ("still", {"metadata": {**LABEL, "source_type": ""}}, "its digital source type is missing"),
    ("still", {"texts": [text(contrast=3.16)]}, "the contrast of the headline “Take it slow.” is 3.1:1, at least 4.5:1 is needed"),
    ("still", {"texts": [text(contrast=4.49)]}, "is 4.4:1"),
    ("still", {"texts": [text(contrast=None)]}, "cannot be measured"),
    ("still", {"texts": [text(ink=0.001)]}, "cannot be seen: its place has none of its colour #ffffff"),
    ("still", {"texts": [text(x=60)]}, "the headline “Take it slow.” leaves its box by 30 px"),
    ("still", {"texts": [text(size=50)]}, "is set in 50 px, at least 60 px are needed"),
    ("still", {"texts": [text(x=900)]}, "leaves the picture by 420 px"),
    ("still", {"texts": [text(role="unit_price", text="x" * 80, contrast=1)]}, f"the unit price “{'x' * 39}…” is 1.0:1, at least"),
    ("film", {"frames": 179}, "the film has 179 frames, 180 are needed for 6 s"),
    ("film", {"fps": 25}, "the film has 25 frames a second, 30 are needed"),
    ("film", {"even": False}, "do not come in even time"),
    ("film", {"faststart": False}, "cannot play while it loads"),
    ("film", {"pix_fmt": "yuv444p"}, "the picture's pixels are yuv444p, yuv420p is needed"),
    ("film", {"codec": "hevc"}, "coded as hevc, h264 is needed"),
    ("film", {"black": [[0, 10]]}, "the film is black from 0.0 s to 0.3 s"),
    ("film", {"still": [[0, 120]]}, "the film stands still from 0.0 s to 4.0 s"),
    ("film", {"texts": [text(y=200, box=[90, 180, 700, 300])]}, "is 69 px inside what Meta reel, 6 s covers with its own interface"),
    ("film", {"texts": [text(first=9, end=9)]}, "never stands still"),
    ("film", {"marks": [{"role": "button", "x": 300, "y": 1300, "w": 300, "h": 90, "first": 0, "end": 9}]}, "the button is 142 px inside"),
    ("film", {"audio_seconds": 5.9}, "the sound lasts 5.900 s, 6 s are needed"),
    ("film", {"audio_offset_ms": 40}, "begins 40 ms beside the picture"),
    ("film", {"audio_rate": 44100}, "44100 Hz, 48000 are needed"),
    ("spot", {"lufs": -15.2}, "the sound has -15.2 LUFS, -14 within 1 are needed"),
    ("spot", {"lufs": None}, "the sound is silent"),
    ("spot", {"true_peak": -0.4}, "the sound's true peak is -0.4 dBTP, at most -1 is allowed"),
    ("spot", {"clipped": 9}, "the sound clips: 9 samples"),
    ("spot", {"audio_codec": "vorbis"}, "coded as vorbis, mp3 is needed"),
    ("spot", {"audio_seconds": 29.9}, "the sound lasts 29.900 s, 30 s are needed"),
    ("spot", {"bytes": 1_000_001}, "1,000,001 bytes, at most 1,000,000"),
    ("spot", {"kbps": 128}, "128 kbit/s, at least 192"),
    ("spot", {"silent": [[0, 400]]}, "begins with 0.4 s of silence"),
    ("spot", {"silent": [[9000, 10500]]}, "the sound is silent from 9.0 s to 10.5 s"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "change", "says"), WRONG)
def test_each_wrong_figure_fails_with_its_reason(name, change, says):
    found = verdict(name, **change)
    assert found.state == "failed-check"
    joined = " | ".join(found.reasons)
    assert says in joined


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("still", {"texts": [text(contrast=4.5)]}),
        ("still", {"texts": [text(x=89, w=702)]}),
        ("film", {"audio_seconds": 6.021}),
        ("film", {"black": [[0, 2]]}),
        ("film", {"still": [[0, 80], [90, 180]]}),
        ("spot", {"lufs": -15.0}),
        ("spot", {"lufs": -13.0}),
        ("spot", {"true_peak": -1.0}),
        ("spot", {"silent": [[0, 300], [5000, 6000], [28500, 30000]]}),
        ("spot", {"bytes": 1_000_000}),
    ],
)
def test_what_is_just_within_passes(name, change):
    assert verdict(name, **change).reasons == ()


CRAFT = [
    ("still", {"product": [400, 600, 200, 300]}, "the product fills 5%, 25 to 60 % of the shorter side's square"),
    ("still", {"texts": [text(text="word " * 25, end=1)]}, "25 words, about 20 are read"),
    ("still", {"texts": [text(size=61, end=1)]}, "capitals of about 43 px, 60 px are read at a glance"),
    ("still", {"texts": [text(x=20, box=[0, 380, 700, 200], end=1)]}, "nearer to the edge than 54 px"),
    ("still", {"texts": [text(y=700, box=[90, 680, 700, 200], end=1)]}, "stands over the product"),
    ("still", {"texts": [text(role="legal", size=11, least=10, end=1)]}, "less than 12 px are hard to read"),
    ("film", {"bars": [120, 0, 120, 0]}, "stands between black bars"),
    ("film", {"card": None}, "there is no end card"),
    ("film", {"card": 150}, "the end card stays 1.0 s, 1.5 s are good"),
    ("film", {"still": [[0, 45]]}, "nothing moves in the first second"),
    ("film", {"product": None, "marks": []}, "neither the product nor the logo is seen in the first 5 s"),
    ("film", {"texts": [text(end=20)]}, "stands for 0.7 s, it takes 1.1 s to read"),
    ("spot", {"silent": [[28000, 30000]]}, "the last 2.0 s are silent"),
]


@pytest.mark.parametrize(("name", "change", "says"), CRAFT)
def test_craft_is_a_finding_and_no_refusal(name, change, says):
    found = verdict(name, **change)
    assert found.state == "pending" and says in " | ".join(one.says for one in found.findings)
    assert all(one.id in RULES and one.limit for one in found.findings)


def test_a_film_without_sound_is_a_finding_and_a_spot_without_is_refused():
    film = {name: value for name, value in FILM.items() if name not in SOUND}
    found = accept(film, placements()["meta-reel-6"])
    assert found.state == "pending" and "no-sound" in [one.id for one in found.findings]
    spot = {name: value for name, value in SPOT.items() if name not in SOUND}
    assert accept(spot, placements()["spotify-audio-30"]).reasons == ("the file has no sound",)


def test_a_reason_is_said_once():
    assert len(verdict("still", texts=[text(contrast=2)] * 5).reasons) == 1


def test_ctv_has_its_own_level_and_tolerance():
    row = placements()["ctv-15"]
    told = [accept({**SPOT, "lufs": lufs}, row).reasons for lufs in (-22.0, -26.0, -21.8)]
    assert ["LUFS" in " ".join(reasons) for reasons in told] == [False, False, True]


def test_one_line_keeps_what_can_be_said():
    assert one_line(" a\tb\nc\x00d\u2028e  f ") == "a b c d e f"
    assert one_line("قهوة 😀 Ü") == "قهوة 😀 Ü"
    assert one_line("a\ud800b\uffff") == "ab"
