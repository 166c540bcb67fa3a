"""Pickled files become safetensors in a child; one with code in it never runs.

torch takes seconds to import: only tests that run here do.
"""

from __future__ import annotations

import json
import pickle
import sys
import types
from pathlib import Path
from typing import Any

import pytest

from creative.models.bringing import convert
from creative.models.files import ModelError


class Touch:
    """A pickle of this writes a file when it is loaded: what a hostile checkpoint would do."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, tuple[Any, ...]]:
        return (exec, (f"open({str(self.path)!r}, 'w').close()",))


@pytest.fixture
def settings_class(monkeypatch: pytest.MonkeyPatch) -> type:
    """A class of coqui's that its files name beside their tensors."""
    module = types.ModuleType("TTS.fake.configs")
    made = type("Config", (), {"__module__": "TTS.fake.configs"})
    module.Config = made  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "TTS.fake.configs", module)
    return made


def test_tensors_come_through_and_settings_stay_behind(tmp_path: Path, settings_class: type) -> None:
    import torch
    from safetensors.torch import load_file

    weight = torch.arange(6, dtype=torch.float32).reshape(2, 3)
    config = settings_class()
    config.batch = 3
    state = {"layer.weight": weight, "shared": weight, "nested": {"deep": [torch.ones(1)]}}
    torch.save({"config": config, "model": state, "step": 7}, tmp_path / "model.pth")
    convert(tmp_path / "model.pth", tmp_path / "out" / "model.safetensors")
    found = load_file(tmp_path / "out" / "model.safetensors")
    assert sorted(found) == ["layer.weight", "nested.deep.0", "shared"]
    assert torch.equal(found["layer.weight"], weight)
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["model.safetensors"]


def test_plain_values_become_json(tmp_path: Path) -> None:
    import torch

    torch.save({"p225": 1, "p226": 2}, tmp_path / "speakers.pth")
    convert(tmp_path / "speakers.pth", tmp_path / "speakers.json")
    assert json.loads((tmp_path / "speakers.json").read_text()) == {"p225": 1, "p226": 2}


def test_a_table_of_numbers_becomes_a_tensor_and_one_with_code_in_it_is_refused(tmp_path: Path) -> None:
    import numpy as np
    from safetensors.numpy import load_file

    np.save(tmp_path / "prompt.npy", np.arange(6).reshape(2, 3))
    convert(tmp_path / "prompt.npy", tmp_path / "prompt.safetensors")
    assert load_file(tmp_path / "prompt.safetensors")["prompt"].tolist() == [[0, 1, 2], [3, 4, 5]]
    np.save(tmp_path / "bad.npy", np.array([Touch(tmp_path / "touched")], dtype=object), allow_pickle=True)
    with pytest.raises(ModelError, match=r"bad.npy was refused"):
        convert(tmp_path / "bad.npy", tmp_path / "bad.safetensors")
    assert not (tmp_path / "touched").exists()


@pytest.mark.parametrize("form", ["zip", "plain"])
def test_a_file_with_code_in_it_is_refused_and_its_code_never_runs(tmp_path: Path, form: str) -> None:
    import torch

    touched, bad = tmp_path / "touched", tmp_path / "bad.pth"
    if form == "plain":
        bad.write_bytes(pickle.dumps({"model": Touch(touched)}))
    else:
        torch.save({"model": {"w": torch.ones(1)}, "config": Touch(touched)}, bad)
    with pytest.raises(ModelError, match=r"bad.pth was refused") as refused:
        convert(bad, tmp_path / "model.safetensors")
    assert "Traceback" not in str(refused.value)
    assert "weights_only" not in str(refused.value), "nobody is told how to switch it off"
    assert not touched.exists()
    assert not (tmp_path / "model.safetensors").exists()
    if form == "zip":  # and it is really hostile
        torch.load(bad, weights_only=False)
        assert touched.exists()


def test_what_is_no_file_of_tensors_is_refused(tmp_path: Path) -> None:
    import torch

    torch.save({"step": 3}, tmp_path / "empty.pth")
    with pytest.raises(ModelError, match="was refused: it has no tensors"):
        convert(tmp_path / "empty.pth", tmp_path / "model.safetensors")
