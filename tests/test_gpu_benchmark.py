"""The benchmark of cards runs where there is none, and says so; its counts are the published ones."""

from __future__ import annotations

import pytest

from tests.benchmarks.gpu.__main__ import main, table
from tests.benchmarks.gpu.architectures import MODELS
from tests.benchmarks.gpu.farm_report import covered, gaps
from tests.benchmarks.gpu.measure import Figure, count
from workers.models.libraries import diffusers_ready


def test_a_rehearsal_ends_with_a_table_and_says_what_it_is_not(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--rehearse", "--repeats", "1", "--models", "sdxl"]) == 0
    said = capsys.readouterr().out
    assert "NO GPU" in said and "say nothing about a card" in said
    lines = [line for line in said.splitlines() if line.startswith("| sdxl")]
    ways = [line.split(" | ")[1] for line in lines]
    assert ways[:2] == ["eager diffusers", "ours"] and {"ours, tiny VAE", "ours, one by one"} <= set(ways)
    assert "1.00x" in lines[0] and all("x |" in line for line in lines)


def test_without_a_card_nothing_is_measured(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch

    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert main(["--models", "sdxl"]) == 2
    assert "--rehearse" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["--models", "none"])


def test_operations_are_counted_on_the_true_architecture() -> None:
    diffusers_ready()
    # Four steps of 6.76 TFLOP and a decoding of 10.47: an independent count of the same classes.
    assert count(MODELS["sdxl"], small=False) == pytest.approx(4 * 6.76 + 10.47, rel=0.02)


def test_what_did_not_come_through_is_a_line_too() -> None:
    said = table([Figure("sdxl", "eager diffusers", 1, 0.5, 37.5), Figure("sdxl", "ours", 16, note="out of memory")])
    assert "| 75 | 1.00x |" in said and "| sdxl | ours | 16 | out of memory |" in said


def test_what_a_card_waits_for_is_what_no_batch_of_it_covers() -> None:
    spans = [(0.0, 2.0), (1.0, 3.0), (5.0, 6.0), (6.5, 9.0)]
    assert covered(spans, 0.5, 7.0) == pytest.approx(4.0)
    assert gaps(spans, 0.5, 7.0) == [(3.0, 5.0), (6.0, 6.5)]
    assert (covered([], 0.0, 1.0), gaps([], 0.0, 1.0)) == (0.0, [(0.0, 1.0)])
