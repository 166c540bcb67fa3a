from __future__ import annotations

import json
import subprocess
import sys
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from PIL import Image, ImageDraw

from creative.backends import BackendSpec, Made, Task
from creative.errors import StepRefused
from creative.placements import placements
from creative.planning.pictures import film_frames
from creative.resources import templates
from workers.compose.body import Body
from workers.compose.encode import PictureTrack, frame_of, planes
from workers.compose.endcard import EndCard
from workers.compose.film import join
from workers.compose.kinetic import Shown
from workers.compose.material import open_material
from workers.compose.shoot import lifted

FPS, FRAMES, CARD = 30, 60, 24
PALETTE = {"ground": "#b9763f", "second": "#1d4038", "accent": "#e8a33d", "text": "#fff6e8", "on_accent": "#1a120a"}
TEXTS = {"headline": "Slow is good.", "cta": "Order", "price": "£5.49"}
CUES = [{"text": "Ten minutes.", "first": 4, "end": 24}, {"text": "Low heat.", "first": 30, "end": 55}]
GOLDEN = Path(__file__).parent / "golden"
FONTS = {"font.display": "Geologica-SemiBold.ttf", "font.text": "Inter-Medium.ttf"}


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A small scene: a bright floor, a dark box on it, a round thing beside."""
    folder = tmp_path_factory.mktemp("inputs")
    rows = np.linspace(90, 200, 640)[:, None, None]
    scene = Image.fromarray(np.broadcast_to(rows * [1.0, 0.65, 0.4], (640, 360, 3)).astype(np.uint8))
    draw = ImageDraw.Draw(scene)
    draw.rectangle((126, 280, 233, 447), fill="#0c3a2c")
    draw.rectangle((146, 333, 213, 349), fill="#f3e6cf")
    draw.ellipse((273, 386, 333, 446), fill="#d9a441")
    scene.save(folder / "scene.png")
    meta = {"width": 360, "height": 640, "product": [126, 280, 108, 168], "set": "test"}
    (folder / "meta.json").write_text(json.dumps(meta))
    # A layout of its own: what the family's file becomes is not what is tested here.
    (folder / "layout.json").write_bytes((GOLDEN / "film-layout.json").read_bytes())
    (folder / "cues.json").write_text(json.dumps(CUES))
    logo = Image.new("RGBA", (120, 30), (0, 0, 0, 0))
    ImageDraw.Draw(logo).rectangle((0, 0, 119, 29), fill="#fff6e8")
    logo.save(folder / "logo.png")
    files = {
        "scene": "scene.png",
        "meta": "meta.json",
        "layout": "layout.json",
        "cues": "cues.json",
        "logo.light": "logo.png",
    }
    return {
        **{role: folder / name for role, name in files.items()},
        **{role: templates() / "fonts" / name for role, name in FONTS.items()},
    }


def make(kind: str, inputs: dict[str, Path], folder: Path, frames: int, **params: Any) -> Made:
    folder.mkdir(exist_ok=True)
    backend = {"body": Body, "endcard": EndCard}[kind](BackendSpec("warp", kind, "workers.compose.body"), 1)
    wanted = {
        "width": 360, "height": 640, "texts": TEXTS, "palette": PALETTE, "locale": "en-GB", "direction": "ltr",
        "fps": FPS, "frames": frames, **params,
    }  # fmt: skip
    given = {role: path for role, path in inputs.items() if not (kind == "endcard" and role == "cues")}
    (made,) = backend.make([Task("k", kind, wanted, given, None, folder)])
    if isinstance(made, Exception):
        raise made
    return made


@pytest.fixture(scope="module")
def body(inputs: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Made:
    return make("body", inputs, tmp_path_factory.mktemp("body"), FRAMES)


@pytest.fixture(scope="module")
def endcard(inputs: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Made:
    return make("endcard", inputs, tmp_path_factory.mktemp("endcard"), CARD)


def file(made: Made) -> Path:
    path = made.outputs["picture"]
    assert isinstance(path, Path)
    return path


def boxes(made: Made) -> dict[str, Any]:
    data = made.outputs["boxes"]
    assert isinstance(data, bytes)
    found: dict[str, Any] = json.loads(data)
    return found


def pictures(path: Path) -> list[np.ndarray]:
    with av.open(str(path)) as opened:
        return [frame.to_ndarray(format="gray").astype(float) for frame in opened.decode(video=0)]


def test_has_exactly_its_frames_and_says_what_it_is(body: Made, endcard: Made) -> None:
    for made, frames in ((body, FRAMES), (endcard, CARD)):
        with av.open(str(file(made))) as opened:
            stream = opened.streams.video[0]
            times = [frame.pts * frame.time_base for frame in opened.decode(stream)]
            context = stream.codec_context
            assert times == [Fraction(n, FPS) for n in range(frames)]
            assert (context.name, context.profile, context.pix_fmt) == ("h264", "High", "yuv420p")
            assert (context.width, context.height) == (360, 640)
            assert (context.color_range, context.colorspace, context.color_primaries, context.color_trc) == (1, 1, 1, 1)
            assert not opened.streams.audio
        data = file(made).read_bytes()
        assert data.index(b"moov") < data.index(b"mdat")


def test_body_and_end_card_join_by_copy(body: Made, endcard: Made, tmp_path: Path) -> None:
    film = tmp_path / "film.mp4"
    join(film, [file(body), file(endcard)], None, FPS, FRAMES + CARD)
    joined = pictures(film)
    apart = pictures(file(body)) + pictures(file(endcard))
    assert len(joined) == len(apart)
    assert all(np.array_equal(a, b) for a, b in zip(joined, apart, strict=True))


def test_the_end_card_goes_on_from_the_last_frame_of_the_body(body: Made, endcard: Made) -> None:
    last, first = pictures(file(body))[-1], pictures(file(endcard))[0]
    assert np.abs(last - first).mean() < 6  # a cut between the body's shots differs by far more
    shots = pictures(file(body))
    cut = int(body.notes["shots"][1].split()[1].split("-")[0])
    assert np.abs(shots[cut] - shots[cut - 1]).mean() > 6


def test_moves_all_the_time_and_never_jerks(body: Made) -> None:
    shots = pictures(file(body))
    cut = int(body.notes["shots"][1].split()[1].split("-")[0])
    quiet = np.s_[520:, 80:280]  # neither headline nor caption
    steps = [np.abs(b[quiet] - a[quiet]).mean() for a, b in pairwise(shots)]
    inside = steps[: cut - 1]
    assert max(inside) < 4
    assert sum(inside[:10]) > 0


def test_the_product_is_seen_in_the_first_frame_and_the_logo_with_it(body: Made) -> None:
    first = pictures(file(body))[0]
    x, y, w, h = boxes(body)["product"]
    assert first[y + h // 2 : y + h // 2 + 40, x + w // 2 - 10 : x + w // 2 + 10].min() < 80
    (logo,) = [mark for mark in boxes(body)["marks"] if mark["role"] == "logo"]
    assert logo["first"] == 0 and logo["end"] == FRAMES
    assert first[logo["y"] : logo["y"] + logo["h"], logo["x"] : logo["x"] + logo["w"]].mean() > 190


def test_captions_are_seen_in_their_frames_only(inputs: dict[str, Path], body: Made, tmp_path: Path) -> None:
    silent = {role: path for role, path in inputs.items() if role != "cues"}
    mute = boxes(make("body", silent, tmp_path, FRAMES))
    assert not [run for run in mute["runs"] if run["role"] == "caption"]
    runs = [run for run in boxes(body)["runs"] if run["role"] == "caption"]
    assert [run["text"] for run in runs] == [cue["text"] for cue in CUES]
    shots = pictures(file(body))
    for run, cue in zip(runs, CUES, strict=True):
        assert cue["first"] <= run["first"] <= cue["first"] + 4 and cue["end"] - 4 <= run["end"] <= cue["end"]
        area = np.s_[run["y"] : run["y"] + run["h"], run["x"] : run["x"] + run["w"]]
        for n in (run["first"], run["end"] - 1):
            assert np.percentile(shots[n][area], 98) - np.percentile(shots[n][area], 20) > 110
        for n in (cue["first"] - 1, cue["end"]):
            assert np.percentile(shots[n][area], 98) - np.percentile(shots[n][area], 20) < 90


def test_shade_for_words_lies_on_the_set_and_not_on_a_product_of_its_own(
    inputs: dict[str, Path], tmp_path: Path
) -> None:
    scene = Image.new("RGB", (360, 640), "#b0a698")
    scene.crop((126, 280, 234, 448)).save(tmp_path / "plate.png")
    Image.new("RGBA", (108, 168), "#101418").save(tmp_path / "layer.png")
    meta = json.loads(inputs["meta"].read_bytes()) | {"plate": [126, 280, 108, 168]}
    (tmp_path / "meta.json").write_text(json.dumps(meta))
    own = inputs | {role: tmp_path / f"{role}.png" for role in ("plate", "layer")}
    own["meta"] = tmp_path / "meta.json"
    params = {"width": 360, "height": 640, "texts": TEXTS, "palette": PALETTE, "locale": "en-GB", "direction": "ltr"}
    words = [Shown(kind, role, ()) for kind, role in (("scrim", "headline"), ("scrim", "legal"), ("text", "headline"))]
    for given, count in ((own, 1), (inputs, 0)):
        task = Task("k", "body", params | {"fps": FPS, "frames": FRAMES}, given, None, tmp_path)
        low, high = lifted(open_material(task), "body", words)
        assert (low, high) == (words[:count], words[count:])


def test_a_caption_that_the_card_cuts_off_at_once_is_left_to_the_subtitles(
    inputs: dict[str, Path], tmp_path: Path
) -> None:
    late = [{"text": "Out today.", "first": 4, "end": 40}, {"text": "Find yours.", "first": FRAMES - 8, "end": 150}]
    (tmp_path / "cues.json").write_text(json.dumps(late))
    found = boxes(make("body", inputs | {"cues": tmp_path / "cues.json"}, tmp_path / "b", FRAMES))
    assert {run["text"] for run in found["runs"] if run["role"] == "caption"} == {"Out today."}


def test_boxes_keep_to_the_canvas_and_the_film(body: Made, endcard: Made) -> None:
    for made, frames in ((body, FRAMES), (endcard, CARD)):
        found = boxes(made)
        assert (found["width"], found["height"], found["frames"]) == (360, 640, frames)
        assert {run["role"] for run in found["runs"]} >= {"headline"}
        for row in (*found["runs"], *found["marks"]):
            assert 0 <= row["x"] < row["x"] + row["w"] <= 360
            assert 0 <= row["y"] < row["y"] + row["h"] <= 640
            assert 0 <= row["first"] < row["end"] <= frames
        for run in found["runs"]:
            x, y, w, h = run["box"]
            assert x <= run["x"] and run["x"] + run["w"] <= x + w and y <= run["y"] and run["y"] + run["h"] <= y + h


def test_the_end_card_asks_and_stands_still(endcard: Made) -> None:
    found = boxes(endcard)
    assert {run["role"] for run in found["runs"]} >= {"headline", "price", "cta"}
    assert {mark["role"] for mark in found["marks"]} == {"logo", "button"}
    shots = pictures(file(endcard))
    assert np.abs(shots[-1] - shots[-4]).mean() < 0.5


def test_the_same_bytes_from_another_process(inputs: dict[str, Path], body: Made, tmp_path: Path) -> None:
    script = (
        "import json, sys, pathlib; from creative.backends import *; from workers.compose.body import Body;"
        "p = json.loads(sys.argv[1]); i = {k: pathlib.Path(v) for k, v in json.loads(sys.argv[2]).items()};"
        "b = Body(BackendSpec('warp', 'body', 'x'), 2); b.make([Task('k', 'body', p, i, None, pathlib.Path(sys.argv[3]))])"
    )
    params = {
        "width": 360, "height": 640, "texts": TEXTS, "palette": PALETTE, "locale": "en-GB", "direction": "ltr",
        "fps": FPS, "frames": FRAMES,
    }  # fmt: skip
    given = json.dumps({role: str(path) for role, path in inputs.items()})
    subprocess.run([sys.executable, "-c", script, json.dumps(params), given, str(tmp_path)], check=True)
    assert (tmp_path / "body.mp4").read_bytes() == file(body).read_bytes()


def test_refuses_by_name(inputs: dict[str, Path], tmp_path: Path) -> None:
    with pytest.raises(StepRefused, match="layout is for 360x640"):
        make("body", inputs, tmp_path, FRAMES, width=362)
    with pytest.raises(StepRefused, match="at least one frame"):
        make("body", inputs, tmp_path, 0)
    with pytest.raises(StepRefused):
        make("body", inputs, tmp_path, FRAMES, texts={"headline": "word " * 200})
    (tmp_path / "none.png").write_bytes(b"nothing")
    with pytest.raises(StepRefused, match=r"none\.png"):
        make("endcard", {**inputs, "scene": tmp_path / "none.png"}, tmp_path, CARD)


def test_works_without_product_logo_and_cues_and_very_short(inputs: dict[str, Path], tmp_path: Path) -> None:
    (tmp_path / "meta.json").write_text(json.dumps({"width": 360, "height": 640, "product": None, "set": "type"}))
    bare = {role: path for role, path in inputs.items() if role not in ("logo.light", "cues")} | {
        "meta": tmp_path / "meta.json"
    }
    for kind in ("body", "endcard"):
        for frames in (1, 9):
            made = make(kind, bare, tmp_path / f"{kind}{frames}", frames)
            assert len(pictures(file(made))) == frames
            assert boxes(made)["product"] is None


def test_a_film_that_starts_over_ends_as_it_begins(inputs: dict[str, Path], tmp_path: Path) -> None:
    loop = {"loop": True, "motion": "rack"}
    first = pictures(file(make("body", inputs, tmp_path / "body", FRAMES, **loop)))[0]
    card = make("endcard", inputs, tmp_path / "card", 40, **loop)
    last = pictures(file(card))[-1]
    assert np.abs(last - first).mean() < 2
    # And yet it stands until it makes room: 0.6 s to come in, 0.133 s to go.
    rows = [*boxes(card)["runs"], *boxes(card)["marks"]]
    assert {(row["first"] <= 18, row["end"] >= 36) for row in rows} == {(True, True)}


def test_a_logo_in_one_place_stands_where_a_film_starts_over(inputs: dict[str, Path], tmp_path: Path) -> None:
    document = json.loads(inputs["layout"].read_bytes())
    for name in ("groups", "plain"):  # the card has the logo where the body has it
        groups = document["parts"]["endcard"][name] or []
        without = [group for group in groups if all(item["role"] != "logo" for item in group["items"])]
        document["parts"]["endcard"][name] = [document["parts"]["body"]["groups"][0], *without]
    (tmp_path / "layout.json").write_text(json.dumps(document))
    own = inputs | {"layout": tmp_path / "layout.json"}
    body = make("body", own, tmp_path / "b", FRAMES, loop=True)
    card = make("endcard", own, tmp_path / "e", 50, loop=True)
    for made, frames in ((body, FRAMES), (card, 50)):
        assert [(row["first"], row["end"]) for row in boxes(made)["marks"] if row["role"] == "logo"] == [(0, frames)]


def test_the_ask_beats_once_when_the_card_is_at_rest(inputs: dict[str, Path], tmp_path: Path) -> None:
    shots = pictures(file(make("endcard", inputs, tmp_path, 66)))
    moves = [np.abs(b - a).max() > 12 for a, b in pairwise(shots)]
    rest = next(n for n in range(10, 40) if not any(moves[n : n + 6]))
    beat = [n for n in range(rest, 58) if moves[n]]  # then comes a key frame
    assert beat and beat[-1] - beat[0] <= 18
    assert np.abs(shots[beat[0]] - shots[beat[-1] + 1]).mean() < 1  # and is as it was


def test_captions_of_one_film_have_one_size(inputs: dict[str, Path], tmp_path: Path) -> None:
    said = [
        "Ten.",
        "Ten minutes, low.",
        "Ten minutes, low heat.",
        "Ten minutes, low heat, old oak.",
        "Ten minutes, low heat, old oak, and time.",
    ]
    cues = [{"text": text, "first": 12 * n, "end": 12 * n + 12} for n, text in enumerate(said)]
    (tmp_path / "cues.json").write_text(json.dumps(cues))
    made = make("body", inputs | {"cues": tmp_path / "cues.json"}, tmp_path / "b", FRAMES)
    rows = [row for row in boxes(made)["runs"] if row["role"] == "caption"]
    assert len(rows) >= 4 and len({row["size"] for row in rows}) == 1


def test_the_ground_under_the_product_stays_sharp_on_the_card(inputs: dict[str, Path], tmp_path: Path) -> None:
    scene = np.asarray(Image.open(inputs["scene"])).copy()
    scene[::2, :, :] = scene[::2, :, :] // 2  # fine lines, as wood has
    Image.fromarray(scene).save(tmp_path / "scene.png")
    last = pictures(file(make("endcard", inputs | {"scene": tmp_path / "scene.png"}, tmp_path / "e", CARD)))[-1]
    _, y, _, h = boxes(make("endcard", inputs, tmp_path / "x", CARD))["product"]
    rows = np.abs(np.diff(last, axis=0)).mean(axis=1)
    assert rows[y + h + 2 : y + h + 10].mean() > 3 * rows[600:].mean()


def test_an_end_card_stands_as_long_as_it_has_to(inputs: dict[str, Path], tmp_path: Path) -> None:
    row = placements()["meta-reel-6"]
    _, frames = film_frames(row)
    found = boxes(make("endcard", inputs, tmp_path, frames, loop=True))
    stands = min(r["end"] for r in found["runs"]) - max(r["first"] for r in (*found["runs"], *found["marks"]))
    assert stands * 1000 >= row.end_card_ms * FPS


def test_a_product_comes_nearer_than_its_set_and_keeps_its_foot(inputs: dict[str, Path], tmp_path: Path) -> None:
    scene = Image.open(inputs["scene"])
    meta = json.loads(inputs["meta"].read_bytes())
    x, y, w, h = meta["product"]
    scene.crop((x, y, x + w, y + h)).convert("RGBA").save(tmp_path / "layer.png")
    place = [x - 12, y - 12, w + 24, h + 24]
    plate = Image.new("RGB", (place[2], place[3]), "#a06840")
    plate.save(tmp_path / "plate.png")
    (tmp_path / "meta.json").write_text(json.dumps(meta | {"plate": place}))
    layers = {role: tmp_path / f"{role}.{'json' if role == 'meta' else 'png'}" for role in ("meta", "plate", "layer")}
    made = make("body", inputs | layers, tmp_path, FRAMES, texts={})
    shots = pictures(file(made))
    first, end = (int(n) for n in made.notes["shots"][-1].split()[1].split("-"))

    def dark(frame: np.ndarray) -> tuple[int, int]:
        """Height of the dark box in the middle, and where it ends."""
        column = np.flatnonzero(frame[:, 180] < 70)
        return int(np.ptp(column)), int(column.max())

    (small, foot), (large, foot_after) = dark(shots[first]), dark(shots[end - 1])
    assert large > 1.06 * small
    assert abs(foot - foot_after) <= 3
    with pytest.raises(StepRefused, match="layers are"):
        make("body", inputs | layers | {"layer": tmp_path / "plate.png"}, tmp_path, FRAMES)


@pytest.mark.parametrize("motion", ["push", "rack", "pan"])
def test_headlines_come_line_by_line_and_stand_together(inputs: dict[str, Path], motion: str, tmp_path: Path) -> None:
    said = {"headline": "Slow is good, and good takes time."}
    found = boxes(make("body", inputs, tmp_path, FRAMES, texts=said, motion=motion))
    runs = [run for run in found["runs"] if run["role"] == "headline"]
    assert len(runs) > 1
    starts = [run["first"] for run in runs]
    assert starts == sorted(starts) and len(set(starts)) == len(starts)
    with pytest.raises(StepRefused, match="no motion 'spin'"):
        make("body", inputs, tmp_path, FRAMES, motion="spin")


def test_a_plain_film_takes_the_least_bit_rate_and_still_joins(
    inputs: dict[str, Path], endcard: Made, tmp_path: Path
) -> None:
    fine = make("body", inputs, tmp_path, 30, texts={}, least_kbps=400)
    assert fine.notes["finer"] > 0
    assert file(fine).stat().st_size * 8 >= 400_000
    join(tmp_path / "film.mp4", [file(fine), file(endcard)], None, FPS, 30 + CARD)


def test_footage_is_seen_under_the_words_as_it_is(inputs: dict[str, Path], tmp_path: Path) -> None:
    with PictureTrack(tmp_path / "clip.mp4", 360, 640, FPS) as track:
        for n in range(24):
            light = np.full((640, 360, 3), 60 + 2 * n)
            track.add(frame_of(planes(light)))
    Image.new("RGB", (360, 640), (106, 106, 106)).save(tmp_path / "scene.png")
    meta = {"width": 360, "height": 640, "product": None, "set": "footage", "sound": False}
    (tmp_path / "meta.json").write_text(json.dumps(meta))
    own = {"clip": tmp_path / "clip.mp4", "scene": tmp_path / "scene.png", "meta": tmp_path / "meta.json"}
    body = make("body", inputs | own, tmp_path / "body", 24)
    seen = [frame[600, 20] for frame in pictures(file(body))]
    assert all(abs(b - a - 2) < 2.1 for a, b in pairwise(seen)) and seen[-1] - seen[0] > 40
    card = pictures(file(make("endcard", inputs | own, tmp_path / "card", CARD)))
    assert abs(card[0][600, 20] - seen[-1]) < 6
    with pytest.raises(StepRefused, match="the clip has 24 frames, the body 30"):
        make("body", inputs | own, tmp_path / "long", 30)


def test_footage_in_a_window_is_seen_whole_and_the_card_goes_on_from_it(
    inputs: dict[str, Path], tmp_path: Path
) -> None:
    picture = np.full((640, 360, 3), 60)
    picture[280:360, 130:230] = 220  # what was filmed is in the middle
    with PictureTrack(tmp_path / "clip.mp4", 360, 640, FPS) as track:
        for _ in range(24):
            track.add(frame_of(planes(picture)))
    Image.fromarray(picture.astype(np.uint8)).save(tmp_path / "scene.png")
    meta = {"width": 360, "height": 640, "product": None, "set": "footage", "sound": False}
    (tmp_path / "meta.json").write_text(json.dumps(meta))
    document = json.loads(inputs["layout"].read_bytes())
    for part in ("body", "endcard"):
        document["parts"][part]["picture"] = {"box": [180, 0, 180, 640], "radius": 0, "mat": "second"}
    (tmp_path / "layout.json").write_text(json.dumps(document))
    names = {"clip": "clip.mp4", "scene": "scene.png", "meta": "meta.json", "layout": "layout.json"}
    own = inputs | {role: tmp_path / name for role, name in names.items()}
    last = pictures(file(make("body", own, tmp_path / "body", 24)))[-1]
    seen = np.flatnonzero(last[318, 180:] > 160)
    assert abs((seen[0] + seen[-1]) / 2 - 90) < 6 and len(seen) > 90
    first = pictures(file(make("endcard", own, tmp_path / "card", CARD)))[0]
    assert np.abs(first[200:450, 180:] - last[200:450, 180:]).mean() < 8


def test_a_layout_without_captions_gets_a_place_for_them(inputs: dict[str, Path], tmp_path: Path) -> None:
    document = json.loads(inputs["layout"].read_bytes())
    document["parts"]["body"] = document["parts"]["endcard"]
    (tmp_path / "layout.json").write_text(json.dumps(document))
    found = boxes(make("body", inputs | {"layout": tmp_path / "layout.json"}, tmp_path, FRAMES))
    roles = {run["role"] for run in found["runs"]}
    assert "caption" in roles and not roles & {"price", "cta"}


def test_a_scene_in_a_window_leaves_the_mat_alone(inputs: dict[str, Path], tmp_path: Path) -> None:
    document = json.loads(inputs["layout"].read_bytes())
    for part in ("body", "endcard"):
        document["parts"][part]["picture"] = {"box": [0, 201, 360, 439], "radius": 0, "mat": "second"}
    (tmp_path / "layout.json").write_text(json.dumps(document))
    own = inputs | {"layout": tmp_path / "layout.json"}
    for made in (make("body", own, tmp_path / "b", 30), make("endcard", own, tmp_path / "e", CARD)):
        shots = pictures(file(made))
        assert np.ptp([frame[4:12, 4:12].mean() for frame in shots]) < 1.5
        assert np.ptp([frame[620, ::9].mean() for frame in shots]) > 0.3


def test_films_look_as_they_did(body: Made, endcard: Made) -> None:
    """A film that changes needs a raised revision in the catalogue, and then new golden frames: delete the file, run, look."""
    frames: list[Image.Image] = []
    for made, wanted in ((body, (0, 20, 29, 45, 59)), (endcard, (0, 5, 10, 23))):
        with av.open(str(file(made))) as opened:
            shown = [frame.to_image() for frame in opened.decode(video=0)]
        frames += [shown[n].resize((90, 160), Image.Resampling.BOX) for n in wanted]
    strip = Image.new("RGB", (90 * len(frames), 160))
    for n, frame in enumerate(frames):
        strip.paste(frame, (90 * n, 0))
    kept = GOLDEN / "film-frames.png"
    if not kept.exists():
        strip.save(kept, optimize=True)
        pytest.fail(f"{kept} was missing and is written now: look at it")
    before = np.asarray(Image.open(kept), np.float64)
    assert np.abs(np.asarray(strip, np.float64) - before).mean() < 2
