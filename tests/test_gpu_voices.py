"""The benchmark of voices runs where there is no card, and says there too whether ours says what the library says."""

from __future__ import annotations

import re

import pytest

from tests.benchmarks.gpu.__main__ import main


def test_ours_says_what_the_library_says(capsys: pytest.CaptureFixture[str]) -> None:
    model = "pocket-tts"
    assert main(["--rehearse", "--repeats", "0", "--models", model]) == 0
    said = capsys.readouterr().out
    found = re.search(
        rf"\| {model} \| agreement \| 1 \| most apart from the library's (\S+), (\S+), of values up to (\S+)", said
    )
    assert found, said
    first, again, size = map(float, found.groups())
    assert max(first, again) < 1e-4 * size
