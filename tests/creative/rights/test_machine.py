"""Never sound without a consent in force; after a revocation nothing that used it can be matched."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support import rights_machine


def test_nothing_without_a_consent_in_force(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rights_machine.run(tmp_path, monkeypatch, examples=6, steps=12)
