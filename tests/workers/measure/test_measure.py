"""measure: right on good files, and each check can fail: every figure is made wrong once and judged."""

import io
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from creative.acceptance import accept
from creative.backends import BackendSpec, Task
from creative.errors import StepRefused
from creative.placements import placements
from workers.finish import jpeg, mp4
from workers.finish.encode import encode
from workers.finish.label import Label, xmp
from workers.finish.sound import id3
from workers.measure.measure import Measure

SOURCE = "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia"
LABEL = Label("Autumn", "ad-1", SOURCE, "")
SMALL = {"width": 400, "height": 300, "max_bytes": 200_000}
STILL = placements()["google-landscape"].model_copy(update=SMALL)
FILM = placements()["meta-reel-6"].model_copy(
    update={"width": 180, "height": 320, "fps": 12, "ms": 3000, "end_card_ms": 0, "safe": {}, "lufs_tenths": -110}
).model_copy(update={"safe": placements()["google-square"].safe})  # fmt: skip
SPOT = placements()["spotify-audio-15"].model_copy(update={"ms": 2000, "lufs_tenths": -110})


def measure(folder, data, modality, *boxes):
    (folder / "asset").write_bytes(data)
    inputs = {"asset": folder / "asset"}
    for number, part in enumerate(boxes):
        inputs[f"boxes.{number}"] = folder / f"boxes.{number}"
        inputs[f"boxes.{number}"].write_text(json.dumps(part))
    task = Task("key", "measure", {"modality": modality}, inputs, None, folder)
    (made,) = Measure(BackendSpec("decode", "measure", "x:y"), 1).make([task])
    if isinstance(made, Exception):
        raise made
    return json.loads(made.outputs["figures"])


def judged(folder, data, modality, placement, *boxes):
    verdict = accept(measure(folder, data, modality, *boxes), placement, ad_id="ad-1")
    assert (verdict.state == "failed-check") == bool(verdict.reasons)
    return " | ".join(verdict.reasons)


def labelled(data):
    return jpeg.with_xmp(data, xmp(LABEL)) if data[:2] == b"\xff\xd8" else mp4.with_label(data, LABEL)


# --- stills ----------------------------------------------------------------------------------------------------------


def test_a_good_still_passes(still, tmp_path):
    data, boxes = still()
    figures = measure(tmp_path, labelled(data), "image", boxes)
    assert (figures["width"], figures["height"], figures["codec"], figures["mode"]) == (400, 300, "jpeg", "RGB")
    assert figures["metadata"]["ad_id"] == "ad-1" and not figures["flat"]
    (text,) = figures["texts"]
    assert text["contrast"] > 7 and 0.05 < text["ink"] < 0.7
    assert judged(tmp_path, labelled(data), "image", STILL, boxes) == ""


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"width": 401}, "401x300 pixels, 400x300 are needed"),
        ({"colour": "#7a6a40"}, "contrast of the headline “Take it slow.” is"),
        ({"ground": "#fafafa"}, "contrast of the headline"),
    ],
)
def test_a_still_that_is_wrong_fails(still, tmp_path, change, says):
    data, boxes = still(**change)
    assert says in judged(tmp_path, labelled(data), "image", STILL, boxes)


def test_what_a_still_can_get_wrong_besides(still, tmp_path):
    data, boxes = still()
    assert "digital source type is missing" in judged(tmp_path, data, "image", STILL, boxes)
    heavy = STILL.model_copy(update={"max_bytes": 9000})
    assert "at most 9,000 are taken" in judged(tmp_path, labelled(data), "image", heavy, boxes)
    grey = io.BytesIO()
    with Image.open(io.BytesIO(data)) as image:
        image.convert("L").save(grey, "JPEG")
    assert "colours are L, RGB" in judged(tmp_path, labelled(grey.getvalue()), "image", STILL)
    flat = io.BytesIO()
    Image.new("RGB", (400, 300), "#884422").save(flat, "JPEG")
    assert "one flat colour" in judged(tmp_path, labelled(flat.getvalue()), "image", STILL)
    bare = io.BytesIO()
    with Image.open(io.BytesIO(still(text=" ")[0])) as image:
        image.save(bare, "JPEG", quality=90)
    assert "cannot be seen" in judged(tmp_path, labelled(bare.getvalue()), "image", STILL, boxes)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"box": [40, 40, 300, 60]}, "leaves its box by"),
        ({"size": 10, "least": 12}, "is set in 10 px, at least 12 px"),
        ({"x": 390}, "leaves the picture by"),
    ],
)
def test_boxes_that_are_wrong_fail(still, tmp_path, change, says):
    data, boxes = still()
    boxes["runs"] = [{**boxes["runs"][0], **change}]
    assert says in judged(tmp_path, labelled(data), "image", STILL, boxes)


# --- films -----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def good_film(film, tone):
    return film(sound=tone(3000))


def test_a_good_film_passes(good_film, tmp_path):
    data, boxes = good_film
    figures = measure(tmp_path, labelled(data), "video", boxes)
    assert (figures["frames"], figures["fps"], figures["seconds"], figures["ms"]) == (36, 12, 3.0, 3000)
    assert (figures["codec"], figures["pix_fmt"], figures["faststart"], figures["even"]) == (
        "h264",
        "yuv420p",
        True,
        True,
    )
    assert (figures["audio_codec"], figures["audio_rate"], figures["audio_channels"]) == ("aac", 48000, 2)
    assert abs(figures["audio_seconds"] - 3) < 0.025 and abs(figures["audio_offset_ms"]) < 3
    assert figures["texts"][0]["contrast"] > 6 and figures["black"] == figures["silent"] == []
    assert judged(tmp_path, labelled(data), "video", FILM, boxes) == ""


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"frames": 35}, "35 frames, 36 are needed for 3 s"),
        ({"fps": 15}, "15 frames a second, 12 are needed"),
        ({"width": 182}, "182x320 pixels, 180x320"),
        ({"black": range(10, 16)}, "black from 0.8 s to 1.3 s"),
        ({"black": range(0, 36)}, "black from 0.0 s to 3.0 s"),
        ({"faststart": False}, "index is at its end"),
        ({"colour": "#6d6d50"}, "contrast of the headline"),
        ({"codec": "mpeg4"}, "coded as mpeg4, h264 is needed"),
    ],
)
def test_a_film_that_is_wrong_fails(film, tone, tmp_path, change, says):
    data, boxes = film(sound=tone(3000), **change)
    if "faststart" in change:  # finish would mend it
        figures = measure(tmp_path, data, "video", boxes)
        assert any(says in reason for reason in accept(figures, FILM).reasons)
        return
    assert says in judged(tmp_path, labelled(data), "video", FILM, boxes)


def test_a_film_that_stands_still_fails_and_an_end_card_may(film, tmp_path):
    data, boxes = film(frames=50, still_frames=range(4, 50))
    assert "stands still from 0.3 s to 4.2 s" in judged(tmp_path, labelled(data), "video", FILM, boxes)
    body = {**boxes, "frames": 10, "runs": []}
    card = {**boxes, "frames": 40, "runs": [{**boxes["runs"][0], "first": 2, "end": 40}]}
    figures = measure(tmp_path, labelled(data), "video", body, card)
    assert figures["card"] == 10 and (figures["texts"][0]["first"], figures["texts"][0]["end"]) == (12, 50)
    assert not any("still" in reason for reason in accept(figures, FILM).reasons)


def test_black_bars_are_measured(film, tmp_path):
    assert measure(tmp_path, film(frames=4)[0], "video")["bars"] == [0, 0, 0, 0]
    assert measure(tmp_path, film(frames=4, bars=40)[0], "video")["bars"] == [40, 0, 40, 0]


def test_low_contrast_for_one_moment_is_found(film, tmp_path):
    """The first, the middle and the last frame are looked at; in the last the ground is black and the type with it."""
    data, boxes = film(frames=24, black=range(23, 24))
    assert "cannot be seen" in judged(tmp_path, labelled(data), "video", FILM, boxes)


@pytest.mark.parametrize(
    ("sound", "says"),
    [
        ({"ms": 2500}, "lasts 2.5"),
        ({"ms": 3000, "gain": 0.02}, "LUFS, -11 within 1"),
        ({"ms": 3000, "gain": 0.98}, "true peak is"),
    ],
)
def test_sound_of_a_film_that_is_wrong_fails(film, tone, tmp_path, sound, says):
    data, boxes = film(sound=tone(**sound))
    assert says in judged(tmp_path, labelled(data), "video", FILM, boxes)


# --- sound -----------------------------------------------------------------------------------------------------------


def spot(signal):
    return id3(LABEL) + encode(signal, 48000, "mp3", -0.1, 1_000_000).data


def test_a_good_spot_passes(tone, tmp_path):
    data = spot(tone(2000))
    figures = measure(tmp_path, data, "audio")
    assert (figures["audio_codec"], figures["audio_rate"], figures["kbps"]) == ("mp3", 44100, 320)
    assert figures["seconds"] == 2.0 and figures["ms"] == 2000
    assert judged(tmp_path, data, "audio", SPOT) == ""


def silent(signal, start, end):
    signal = signal.copy()
    signal[:, start * 48 : end * 48] = 0
    return signal


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda s: s[:, :90000], "lasts 1.875 s, 2 s are needed"),
        (lambda s: s * 0.3, "LUFS, -11 within 1 are needed"),
        (lambda s: s * 2.3, "true peak is"),
        (lambda s: s * 0, "the sound is silent"),
        (lambda s: silent(s, 0, 500), "begins with 0.5 s of silence"),
        (lambda s: silent(s, 400, 1600), "silent from 0.4 s to 1.6 s"),
    ],
)
def test_a_spot_that_is_wrong_fails(tone, tmp_path, change, says):
    assert says in judged(tmp_path, spot(change(tone(2000))), "audio", SPOT)


def test_clipping_and_a_wrong_format_are_found(tone, mix, tmp_path):
    verdict = judged(tmp_path, mix(np.clip(tone(2000, gain=1.4), -1, 1)), "audio", SPOT)
    assert "clips" in verdict and "takes mp3" in verdict and "48000 Hz, 44100 are needed" in verdict


# --- hostile files ---------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def whole(still, film, tone):
    return {"image": still()[0], "video": film(frames=6, sound=tone(500))[0], "audio": spot(tone(300))}


def test_broken_files_are_refused(whole, tmp_path):
    for modality, data in whole.items():
        for bad in (b"", bytes(3000), data[:30], b"GIF89a" + data):
            with pytest.raises(StepRefused):
                measure(tmp_path, bad, modality)
        with pytest.raises(StepRefused):
            measure(tmp_path, data, "audio" if modality != "audio" else "image")
    for modality in ("image", "video"):
        with pytest.raises(StepRefused, match="cut off or damaged"):
            measure(tmp_path, whole[modality][: len(whole[modality]) * 2 // 3], modality)


def test_a_picture_bomb_is_refused_undecoded(tmp_path):
    file = io.BytesIO()
    Image.new("1", (12000, 12000)).save(file, "PNG")
    assert len(file.getvalue()) < 50_000
    with pytest.raises(StepRefused, match="12000x12000"):
        measure(tmp_path, file.getvalue(), "image")


@pytest.mark.parametrize("bad", [[], {"width": 4}, {"width": 1, "height": 1, "runs": [{"role": "x"}]}, "x", None])
def test_broken_boxes_are_refused(still, tmp_path, bad):
    with pytest.raises(StepRefused, match="boxes are not as"):
        measure(tmp_path, still()[0], "image", bad)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(run=st.fixed_dictionaries({name: st.integers(-3000, 3000) for name in ("x", "y")} | {name: st.integers(0, 3000) for name in ("w", "h", "first", "end")} | {"size": st.integers(1, 2000)}))  # fmt: skip
def test_boxes_anywhere_give_figures(still, tmp_path, run):
    data, boxes = still(quality=70)
    boxes["runs"] = [{**boxes["runs"][0], **run}]
    accept(measure(tmp_path, data, "image", boxes), STILL)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
@pytest.mark.parametrize("kind", ["image", "video", "audio"])
def test_damaged_files_give_figures_or_a_refusal(still, good_film, tone, tmp_path, kind, data):
    good = bytearray(
        {"image": lambda: still()[0], "video": lambda: good_film[0], "audio": lambda: spot(tone(300))}[kind]()
    )
    for _ in range(data.draw(st.integers(1, 5))):
        good[data.draw(st.integers(0, min(len(good), 2500) - 1))] = data.draw(st.integers(0, 255))
    try:
        figures = measure(tmp_path, bytes(good), kind)
    except StepRefused as refusal:
        assert str(refusal)
    else:
        accept(figures, {"image": STILL, "video": FILM, "audio": SPOT}[kind])


def test_figures_are_the_same_on_one_thread_and_on_four(good_film, tmp_path):
    data, boxes = good_film
    (tmp_path / "asset").write_bytes(data)
    (tmp_path / "boxes").write_text(json.dumps(boxes))
    task = Task(
        "k",
        "measure",
        {"modality": "video"},
        {"asset": tmp_path / "asset", "boxes.0": tmp_path / "boxes"},
        None,
        Path(),
    )
    made = [
        Measure(BackendSpec("d", "measure", "x:y"), threads).make([task])[0].outputs["figures"] for threads in (1, 4)
    ]
    assert made[0] == made[1]
