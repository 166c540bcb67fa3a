"""What is kept of a fault: nothing that was only in memory."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from creative.faults import kept


def test_a_traceback_has_no_values_in_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    password = "".join(reversed("hsuh"))

    def fault(given: str) -> float:
        return len(given) / 0

    with pytest.raises(ZeroDivisionError) as caught:
        fault(password)
    said = kept(caught.value)
    [file] = tmp_path.iterdir()
    assert said == f"please report it with: {file}"
    assert "ZeroDivisionError" in file.read_text("utf-8") and password not in file.read_text("utf-8")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "gone"))
    assert kept(caught.value).startswith("please report it (its traceback could not be written: No such file")
