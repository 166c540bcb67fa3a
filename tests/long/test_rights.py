"""The state machine of consents, 5,000 steps."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support import rights_machine

STEPS = 5_000


@pytest.mark.long
def test_nothing_without_a_consent_in_force_in_5000_steps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    taken = 0
    while taken < STEPS:  # an example may be shorter than it could be
        taken += rights_machine.run(tmp_path, monkeypatch, examples=50, steps=50)
