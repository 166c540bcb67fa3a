from __future__ import annotations

import json
from pathlib import Path

import av
import pytest
from hypothesis import given
from hypothesis import strategies as st

from creative.backends import BackendSpec, Made, Task
from creative.errors import StepRefused
from workers.finish.subtitles import Subtitles, srt, vtt

CUES = [("Slow & round.", 6, 54), ("A long caption that cannot be read on one line of a small screen.", 54, 180)]


def test_a_film_has_its_words_beside_it_as_vtt_and_srt() -> None:
    assert vtt(CUES, 30).decode() == (
        "WEBVTT\n\n00:00:00.200 --> 00:00:01.800\nSlow &amp; round.\n\n"
        "00:00:01.800 --> 00:00:06.000\nA long caption that cannot be read\non one line of a small screen.\n"
    )
    assert srt(CUES, 30).decode().startswith("1\n00:00:00,200 --> 00:00:01,800\nSlow & round.\n\n2\n")


@given(
    st.lists(st.tuples(st.text(min_size=1).filter(str.strip), st.integers(1, 90)), max_size=5),
    st.sampled_from([24, 25, 30]),
)
def test_no_text_breaks_out_of_its_cue(said: list[tuple[str, int]], fps: int) -> None:
    at, cues = 0, []
    for text, frames in said:
        cues.append((text, at, at + frames))
        at += frames
    blocks = vtt(cues, fps).decode().strip("\n").split("\n\n")
    assert len(blocks) == 1 + len(cues)
    assert all(block.count("-->") == 1 and len(block.split("\n")) in (2, 3) for block in blocks[1:])


def test_what_is_said_over_the_end_card_is_in_them_too(tmp_path: Path) -> None:
    (tmp_path / "times.json").write_text(
        json.dumps([{"start_ms": 100, "end_ms": 900}, {"start_ms": 4800, "end_ms": 5700}])
    )
    params = {"fps": 30, "frames": 180, "captions": ["Slow.", "Order now."]}
    task = Task("k", "subtitles", params, {"times": tmp_path / "times.json"}, None, tmp_path)
    (made,) = Subtitles(BackendSpec("files", "subtitles", ""), 1).make([task])
    assert isinstance(made, Made)
    (tmp_path / "film.vtt").write_bytes(bytes(made.outputs["vtt"]))  # type: ignore[arg-type]
    with av.open(str(tmp_path / "film.vtt")) as file:
        packets = [packet for packet in file.demux() if packet.size]
    assert [bytes(packet).decode() for packet in packets] == ["Slow.", "Order now."]
    assert float(packets[1].pts * packets[1].time_base) == pytest.approx(4.8)
    (refused,) = Subtitles(BackendSpec("files", "subtitles", ""), 1).make(
        [Task("k", "subtitles", params | {"captions": ["Slow."]}, task.inputs, None, tmp_path)]
    )
    assert isinstance(refused, StepRefused)
