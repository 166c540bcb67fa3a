"""XTTS' loop against the library's own: the same tokens, and the same latents without a second pass."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from creative.models.files import ModelError
from tests.support.recorded_graphs import recorded
from workers.rehearse import voice
from workers.speech.coqui import ready
from workers.speech.stepping import Stepping


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    from workers.speech.xtts import XttsEngine

    folder = tmp_path_factory.mktemp("xtts")
    voice.xtts(folder)
    return XttsEngine.load(folder, "cpu", {})


def test_its_tokens_and_latents_are_the_librarys(engine) -> None:
    import torch

    from workers.speech.gptloop import Sampling

    ready()
    gpt, text = engine.gpt, torch.tensor([[11, 12, 13, 14, 15, 16]])
    latents = torch.randn(1, 32, 64, generator=torch.Generator().manual_seed(1))
    gpt.init_gpt_for_inference()
    with torch.inference_mode():
        theirs = gpt.generate(
            cond_latents=latents, text_inputs=text, do_sample=False, repetition_penalty=5.0, num_beams=1
        )
        length = torch.tensor([theirs.shape[1] * gpt.code_stride_len])
        hidden = gpt(text, torch.tensor([6]), theirs, length, cond_latents=latents, return_latent=True)
        words = torch.tensor([[gpt.start_text_token, *text[0].tolist(), gpt.stop_text_token]])
        prefix = torch.cat([latents, gpt.text_embedding(words) + gpt.text_pos_embedding(words)], 1)[0]
        greedy = Sampling(1.0, 1, 1.0, 5.0)
        beside = torch.randn(60, 64, generator=torch.Generator().manual_seed(2))
        ((ours, found), _) = engine.loop.run([prefix, beside], [32, 32], [1, 2], greedy)
    assert ours.tolist() == theirs[0].tolist()
    assert len(set(ours.tolist())) > 3
    np.testing.assert_allclose(found.numpy(), hidden[0].numpy(), atol=2e-4)


def test_graphs_say_the_same(engine, monkeypatch) -> None:
    import torch

    from workers.speech.gptloop import Sampling

    def prefixes(*places: int) -> list[torch.Tensor]:
        return [torch.randn(one, 64, generator=torch.Generator().manual_seed(one)) for one in places]

    how, cooler = Sampling(0.75, 50, 0.85, 5.0), Sampling(0.3, 5, 0.85, 2.0)
    calls = [
        (prefixes(119, 40, 60), [13, 13, 9], [1, 2, 3], how),
        (prefixes(119, 40, 60), [13, 13, 9], [1, 2, 3], how),
        (prefixes(118, 61, 20), [13, 5, 13], [7, 8, 9], how),  # shapes that are there already
        (prefixes(118, 61, 20), [13, 5, 13], [7, 8, 9], cooler),
        (prefixes(30), [13], [4], how),
    ]
    plain = [engine.loop.run(*call) for call in calls]
    with recorded(monkeypatch) as graphs:
        monkeypatch.setattr(engine.loop, "stepping", on := Stepping(True))
        captured = []
        for call, wanted in zip(calls, plain, strict=True):
            for (ours, latents), (own, theirs) in zip(engine.loop.run(*call), wanted, strict=True):
                assert ours.tolist() == own.tolist()
                np.testing.assert_allclose(latents.numpy(), theirs.numpy(), atol=2e-4)
            captured.append(len(graphs))
        # Two lengths of the past; for other odds two more; one line is a state of its own.
        assert captured == [2, 2, 2, 4, 5]
        assert sorted({(key[0], key[-1]) for key in on.graphs.keys}) == [(1, 128), (4, 128), (4, 256)]
        on.forget()
        assert not on.graphs.keys


def test_what_is_drawn_follows_the_odds_and_the_lines_own_number() -> None:
    import torch

    from workers.speech.gptloop import Sampling, draw

    odds = torch.tensor([0.5, 0.3, 0.15, 0.05])
    count = 4000
    chance = torch.linspace(0, 1, count + 1)[:-1]
    said = torch.zeros(count, 4, dtype=torch.bool)
    drawn = draw(odds.log().repeat(count, 1), said, chance, Sampling(1.0, 4, 1.0, 1.0))
    assert np.bincount(drawn.numpy()) / count == pytest.approx(odds.numpy(), abs=0.01)
    # The two likeliest reach 0.75 first; a token that was said costs its penalty.
    some = draw(odds.log().repeat(count, 1), said, chance, Sampling(1.0, 4, 0.75, 1.0))
    assert set(some.tolist()) == {0, 1}
    said[:, 0] = True
    rare = draw(odds.log().repeat(count, 1), said, chance, Sampling(1.0, 4, 1.0, 5.0))
    assert (rare == 0).sum() < (drawn == 0).sum() / 5


def test_a_language_whose_speller_is_missing_is_refused_by_name(engine, monkeypatch) -> None:
    import sys

    from creative.errors import StepRefused
    from tests.workers.speech.test_flowloop import line

    monkeypatch.setitem(sys.modules, "pypinyin", None)
    with pytest.raises(StepRefused, match=r"zh-CN.*pypinyin"):
        engine.latents([dataclasses.replace(line("每一天", 4), locale="zh-CN")])


def test_a_state_of_another_model_is_refused(engine, tmp_path) -> None:
    from safetensors.torch import load_file, save_file

    from workers.speech.xtts import XttsEngine

    voice.xtts(tmp_path)
    state = load_file(tmp_path / "model.safetensors")
    state.pop("gpt.final_norm.weight")
    save_file(state, tmp_path / "model.safetensors")
    with pytest.raises(ModelError, match=r"lacks gpt\.final_norm\.weight"):
        XttsEngine.load(tmp_path, "cpu", {})
