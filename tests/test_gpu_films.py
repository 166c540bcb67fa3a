"""Films are measured by the code that makes clips, alone and in a row; that it runs is seen without a card."""

from __future__ import annotations

import pytest

from tests.benchmarks.gpu.__main__ import main


def test_films_are_measured_alone_and_in_a_row_to_their_mp4(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--rehearse", "--repeats", "1", "--models", "wan2.1-t2v-1.3b", "--ways", "eager diffusers|ours"]) == 0
    said = capsys.readouterr().out
    heads, _, *lines = [line.split(" | ") for line in said.splitlines() if line.startswith("|")]
    row, mp4 = heads.index("s in a row"), len(heads) - 1
    plain, alone, pair = lines
    assert [line[1:3] for line in lines] == [["eager diffusers", "1"], ["ours", "1"], ["ours", "2"]]
    assert not plain[row] and float(alone[row]) > 0 and float(pair[row]) > 0
    assert all(float(line[mp4].strip(" |")) > 0 for line in lines)
