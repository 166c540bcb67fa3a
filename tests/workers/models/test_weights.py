"""Where a backend gets its weights, and what it never loads."""

from __future__ import annotations

import json
import struct
import subprocess
import sys
from pathlib import Path

import pytest

from creative.backends import BackendSpec
from creative.models.files import ModelError, write_manifest
from creative.models.rows import own_models
from tests.support.hub import serve
from workers.models import weights as module
from workers.models.weights import weights

ROOT = Path(__file__).parents[3]


def safetensors(path: Path, data: bytes = b"\0" * 16) -> None:
    header = json.dumps({"w": {"dtype": "F32", "shape": [len(data) // 4], "data_offsets": [0, len(data)]}}).encode()
    path.write_bytes(struct.pack("<Q", len(header)) + header + data)


def row(name: str = "tiny", revision: str = "") -> BackendSpec:
    return BackendSpec("tiny", "scene", "x:Y", model=f"me/tiny {revision}".strip(), options={"weights": name})


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CREATIVE_MODELS", str(tmp_path))
    monkeypatch.setattr(module, "_checked", {})
    (tmp_path / "tiny" / "unet").mkdir(parents=True)
    (tmp_path / "tiny" / "config.json").write_text("{}")
    safetensors(tmp_path / "tiny" / "unet" / "model.safetensors")
    write_manifest(tmp_path / "tiny", name="tiny", repo="me/tiny", revision="a" * 40, licence="MIT")
    return tmp_path


def test_a_whole_folder_is_given(models: Path) -> None:
    assert weights(row()) == models / "tiny"
    assert weights(row(revision="a" * 40)) == models / "tiny"


def test_missing_weights_say_what_to_do(models: Path) -> None:
    with pytest.raises(ModelError, match="creative models pull other"):
        weights(row("other"))
    with pytest.raises(ModelError, match="does not say its weights"):
        weights(row("../tiny"))


def test_another_revision_than_the_rows_is_refused(models: Path) -> None:
    with pytest.raises(ModelError, match=f"pinned to {'b' * 40}"):
        weights(row(revision="b" * 40))


def test_changed_cut_and_missing_files_are_refused(models: Path) -> None:
    file = models / "tiny" / "unet" / "model.safetensors"
    good = file.read_bytes()
    for bad, says in ((good[:-1] + b"\1", "another sha256"), (good[:-1], "bytes, not")):
        file.write_bytes(bad)
        with pytest.raises(ModelError, match=says):
            weights(row())
    file.unlink()
    with pytest.raises(ModelError, match="missing"):
        weights(row())


@pytest.mark.parametrize("name", ["model.bin", "pytorch.pth", "pipeline.py", "x.npy"])
def test_what_could_run_code_is_refused_even_beside_the_model(models: Path, name: str) -> None:
    (models / "tiny" / name).write_bytes(b"\x80\x04.")
    with pytest.raises(ModelError, match=r"run code|is code"):
        weights(row())
    with pytest.raises(ModelError, match=r"run code|is code"):
        write_manifest(models / "tiny", name="tiny", repo="me/tiny", revision="a" * 40, licence="MIT")


def test_a_pickle_that_calls_itself_safetensors_is_refused(models: Path) -> None:
    (models / "tiny" / "other.safetensors").write_bytes(b"\x80\x04\x95" + b"\0" * 40)
    with pytest.raises(ModelError, match="whatever its name says"):
        write_manifest(models / "tiny", name="tiny", repo="me/tiny", revision="a" * 40, licence="MIT")


def test_a_worker_whose_libraries_ask_no_hub_by_themselves_brings_its_next_model_from_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HF_HUB_OFFLINE", "CREATIVE_OFFLINE", "CREATIVE_MODELS_MIRROR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("CREATIVE_MODELS", str(tmp_path / "models"))
    script = """
import sys
from workers.models.libraries import diffusers_ready
from workers.models.weights import weights
from creative.backends import BackendSpec
from huggingface_hub import constants, errors, hf_hub_download
diffusers_ready()
row = BackendSpec("z", "scene", "x:Y", model=sys.argv[1], options={"weights": "z-image-turbo"})
assert (weights(row) / "model_index.json").read_bytes() == b"{}"
try:
    hf_hub_download("me/another", "config.json")
except errors.LocalEntryNotFoundError:
    print("libraries still ask nobody")
"""
    published = own_models()["z-image-turbo"]
    with serve() as hub:
        hub.repos[published.repo] = {"model_index.json": b"{}"}
        hub.commits |= {str(published.revision)}
        monkeypatch.setenv("HF_ENDPOINT", hub.url)
        pinned = f"{published.repo} {published.revision}"
        done = subprocess.run(
            [sys.executable, "-c", script, pinned], capture_output=True, text=True, check=False, cwd=ROOT
        )
        assert done.stdout == "libraries still ask nobody\n", done.stderr
        assert not [path for path in hub.asked if "another" in path]
