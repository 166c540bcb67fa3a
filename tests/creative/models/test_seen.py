"""What was hashed once is not read again as long as it is the same file, and as long as nobody touched what is remembered."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

import pytest

from creative.models import seen
from creative.models.seen import Seen


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the files whose bytes were read."""
    names: list[str] = []
    real = seen.file_digest

    def digest(path: Path) -> str:
        names.append(path.name)
        return real(path)

    monkeypatch.setattr(seen, "file_digest", digest)
    return names


def _kept(folder: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """A file that was hashed and remembered, as if it had lain there for long; and where it is remembered."""
    monkeypatch.setattr(seen, "_SETTLED_NS", -1 << 62)
    weights, memory = folder / "unet.safetensors", folder / "hashed.json"
    weights.write_bytes(b"weights")
    first = Seen(memory)
    assert first.digest(weights) == hashlib.sha256(b"weights").hexdigest()
    first.keep()
    return weights, memory


def test_the_same_file_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, read: list[str]) -> None:
    weights, memory = _kept(tmp_path, monkeypatch)
    assert Seen(memory).digest(weights) == hashlib.sha256(b"weights").hexdigest()
    assert read == ["unet.safetensors"]
    (tmp_path / "vae.safetensors").write_bytes(b"vae")
    other = Seen(memory)
    other.digest(tmp_path / "vae.safetensors")
    other.keep()
    assert len(json.loads(memory.read_text())["files"]) == 2


def test_another_file_of_the_same_name_size_and_time_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, read: list[str]
) -> None:
    weights, memory = _kept(tmp_path, monkeypatch)
    times = weights.stat().st_atime_ns, weights.stat().st_mtime_ns
    weights.write_bytes(b"changed")
    os.utime(weights, ns=times)
    assert Seen(memory).digest(weights) == hashlib.sha256(b"changed").hexdigest()
    assert len(read) == 2


@pytest.mark.parametrize("how", ["edited", "cut", "list", "short"])
def test_what_is_remembered_is_believed_only_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, read: list[str], how: str
) -> None:
    weights, memory = _kept(tmp_path, monkeypatch)
    text = memory.read_text()
    right = hashlib.sha256(b"weights").hexdigest()
    broken = {
        "edited": text.replace(right, "0" * 64),
        "cut": text[:-9],
        "list": "[]",
        "short": '{"check": "", "files": {"a": 1}}',
    }
    memory.write_text(broken[how])
    assert Seen(memory).digest(weights) == right
    assert len(read) == 2


def test_what_was_written_a_moment_ago_is_not_remembered(tmp_path: Path) -> None:
    weights, memory = tmp_path / "unet.safetensors", tmp_path / "hashed.json"
    weights.write_bytes(b"weights")
    first = Seen(memory)
    first.digest(weights)
    first.keep()
    assert not memory.exists()


def test_a_folder_that_cannot_be_written_to_only_costs_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seen, "_SETTLED_NS", -1 << 62)
    weights = tmp_path / "unet.safetensors"
    weights.write_bytes(b"weights")
    nowhere = Seen(tmp_path / "none" / "hashed.json")
    nowhere.digest(weights)
    nowhere.keep()
    assert nowhere.digest(weights) == hashlib.sha256(b"weights").hexdigest()
