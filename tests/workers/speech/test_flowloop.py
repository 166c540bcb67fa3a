"""pocket-tts' loop against the library's own: the same frames, the same ends."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from tests.support.recorded_graphs import recorded
from workers.rehearse import voice
from workers.speech.longtext import Piece
from workers.speech.neural import Line
from workers.speech.stepping import Stepping


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    import torch

    from workers.speech.pocket import Pocket

    folder = tmp_path_factory.mktemp("pocket")
    voice.pocket(folder)
    return Pocket.load(folder, None, "cpu", torch.float32, {"temperature_permille": 0})


def line(text: str, frames: int, seconds: float = 3.0) -> Line:
    import torch

    heard = torch.randn(frames, 32, generator=torch.Generator().manual_seed(frames))
    return Line(Piece((text,), (0,), "sentence", " "), "en-GB", "clone", heard, 3, seconds)


LINES = [line("Roasted slowly, in small batches.", 40), line("By hand.", 55), line("And again?", 38)]


def theirs(engine, lines, frames: int):
    import torch

    prompts = [engine._prompt(one) for one in lines]
    inputs = engine.processor(
        text=prompts, audio_prompt_latents=[one.voice for one in lines], return_tensors="pt", padding=True
    )
    with torch.inference_mode():
        return engine.model.generate(
            **inputs, do_sample=False, max_new_tokens=frames, return_dict_in_generate=True, output_scores=True
        )


def test_its_frames_are_the_librarys(engine) -> None:
    made = theirs(engine, LINES, 38)
    ours = engine.latents(LINES)
    for row, one in enumerate(ours):
        length = int(made.audio_latents_mask[row].sum())
        assert len(one) == length
        np.testing.assert_allclose(one.numpy(), made.audio_latents[row, :length].numpy(), atol=2e-4)
    assert np.abs(ours[0][0].numpy() - ours[0][-1].numpy()).max() > 1e-2


def test_a_line_ends_where_the_librarys_does(engine, monkeypatch) -> None:
    scores = np.stack([one.numpy() for one in theirs(engine, LINES, 38).scores])
    monkeypatch.setattr(engine.model.generation_config, "min_frames_before_eos", 3, raising=False)
    monkeypatch.setattr(
        engine.model.generation_config, "eos_threshold", float(np.quantile(scores[3:], 0.9)), raising=False
    )
    monkeypatch.setattr(
        engine,
        "knobs",
        {**engine.knobs, "eos_threshold": engine.model.generation_config.eos_threshold, "min_frames_before_eos": 3},
    )
    made = theirs(engine, LINES, 38)
    lengths = made.audio_latents_mask.sum(1).tolist()
    assert [len(one) for one in engine.latents(LINES)] == lengths
    assert min(lengths) < 38


def test_graphs_say_the_same_for_few_shapes_and_two_are_kept(engine, monkeypatch) -> None:
    import torch

    def same(ours, wanted) -> None:
        for one, own in zip(ours, wanted, strict=True):
            torch.testing.assert_close(one, own, atol=2e-4, rtol=0)

    # A longer read reaches the next 128 places; the same shapes with other voices and other words.
    longer = [dataclasses.replace(one, seconds=9.0) for one in LINES]
    others = [dataclasses.replace(one, voice=one.voice.flip(0)) for one in longer[::-1]]
    loop = engine.loop
    plain, further, wanted = (engine.latents(lines) for lines in (LINES, longer, others))
    with recorded(monkeypatch) as graphs:
        monkeypatch.setattr(loop, "stepping", Stepping(True))
        on = loop.stepping
        same(engine.latents(LINES), plain)
        same(engine.latents(LINES), plain)  # with what the first has left
        assert {key[0] for key in on.graphs.keys} == {4}, "three lines in the place of four"
        assert sum(graph.replays for graph in graphs) >= 2 * max(map(len, plain))
        same(engine.latents(longer), further)
        assert {key[-1] for key in on.graphs.keys} == {128, 256}
        captured = len(graphs)
        same(engine.latents(others), wanted)
        same(engine.latents(LINES), plain)
        assert len(graphs) == captured
        for lines in (LINES[:1], LINES[:2]):
            same(engine.latents(lines), plain[: len(lines)])
        assert {key[0] for key in on.graphs.keys} == {1, 2} == set(on.states)
        on.forget()
        assert not on.graphs.keys and not on.states
        same(engine.latents(LINES), plain)


def test_a_neighbour_changes_nothing(engine) -> None:
    import torch

    warm = dataclasses.replace(LINES[1], seconds=1.0)
    alone = engine.latents([warm])[0]
    beside = engine.latents([LINES[0], warm])[1]
    torch.testing.assert_close(alone, beside, atol=2e-4, rtol=0)
    sounds = [engine.sounds([alone])[0].audio, engine.sounds([engine.latents([LINES[0]])[0], alone])[1].audio]
    assert len(sounds[0]) == len(sounds[1]) == 1920 * len(alone)
    np.testing.assert_allclose(*sounds, atol=1e-5)
