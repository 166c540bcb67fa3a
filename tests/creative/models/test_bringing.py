"""Models are pulled from a hub or a folder, mirrored, and fetched from the mirror: whole or not at all."""

from __future__ import annotations

import json
import struct
from collections import namedtuple
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from creative.backends import BackendSpec
from creative.errors import InfrastructureError, UsageError
from creative.models import bringing
from creative.models import mirror as mirror_module
from creative.models.bringing import pull
from creative.models.fetching import fetch
from creative.models.files import ModelError, problems, read_manifest
from creative.models.mirror import bring, mirror
from creative.models.rows import ModelRow, own_models
from creative.store import open_store
from tests.support.far_store import FarStore
from tests.support.hub import COMMIT, Hub, serve
from tests.support.seaweed import S3Server
from workers.models import weights as weights_module
from workers.models.weights import weights


def tensors(numbers: int) -> bytes:
    data = bytes(4 * numbers)
    header = json.dumps({"w": {"dtype": "F32", "shape": [numbers], "data_offsets": [0, len(data)]}}).encode()
    return struct.pack("<Q", len(header)) + header + data


FILES = {
    "model_index.json": b'{"_class_name": "StableDiffusionXLPipeline"}',
    "unet/config.json": b"{}",
    "unet/diffusion_pytorch_model.safetensors": tensors(5000),
    "unet/diffusion_pytorch_model.bin": b"\x80\x04pickle",
    "one_file.safetensors": tensors(9000),
    "run.py": b"import os",
    "README.md": b"# a model",
    "preview.jpg": b"\xff\xd8",
}
TAKEN = ["README.md", "model_index.json", "unet/config.json", "unet/diffusion_pytorch_model.safetensors"]


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    with serve() as made:
        made.repos["me/tiny"] = dict(FILES)
        monkeypatch.setenv("HF_ENDPOINT", made.url)
        monkeypatch.setenv("HF_HUB_DISABLE_XET", "1")
        monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
        yield made


@pytest.fixture
def row() -> ModelRow:
    return own_models()["sdxl"].model_copy(
        update={"name": "tiny", "repo": "me/tiny", "revision": None, "skip": ("one_file*",), "lora": None}
    )


def test_what_the_model_needs_is_pulled_and_nothing_else(hub: Hub, row: ModelRow, tmp_path: Path) -> None:
    said: list[str] = []
    manifest = pull(row, tmp_path, say=said.append)
    assert manifest.revision == COMMIT, "the hub's newest commit is written down as the pin"
    assert sorted(manifest.files) == TAKEN
    assert sorted(
        path.relative_to(tmp_path / "tiny").as_posix() for path in (tmp_path / "tiny").rglob("*") if path.is_file()
    ) == sorted([*TAKEN, "model.json"])
    assert manifest.licence == "OpenRAIL++-M"
    asked = len(hub.asked)
    assert pull(row, tmp_path, revision=COMMIT, say=said.append) == manifest
    assert len(hub.asked) == asked, "what is there at its revision is not asked for again"


def test_a_fetch_that_was_cut_off_does_not_count_and_goes_on(
    hub: Hub, row: ModelRow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import huggingface_hub

    real, cut = huggingface_hub.hf_hub_download, []

    def torn(repo: str, path: str, **more: object) -> str:
        if path.endswith(".safetensors") and not cut:
            cut.append(path)
            raise OSError("the line went dead")
        return real(repo, path, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(huggingface_hub, "hf_hub_download", torn)
    with pytest.raises(InfrastructureError, match="the line went dead"):
        pull(row, tmp_path)
    assert not (tmp_path / "tiny").exists()
    before = len([path for path in hub.asked if path.endswith("config.json")])
    assert sorted(pull(row, tmp_path).files) == TAKEN
    assert len([path for path in hub.asked if path.endswith("config.json")]) == before, (
        "what had come is not fetched again"
    )


def test_other_bytes_than_the_hub_says_are_refused(hub: Hub, row: ModelRow, tmp_path: Path) -> None:
    name = "unet/diffusion_pytorch_model.safetensors"
    good = FILES[name]
    hub.swap[name] = good[:-1] + b"\x01"
    with pytest.raises(InfrastructureError, match="did not come whole"):
        pull(row, tmp_path)
    assert not (tmp_path / "tiny").exists()


def test_what_the_hub_does_not_give_is_said_plainly(
    hub: Hub, row: ModelRow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(UsageError, match="the hub has no me/tiny at " + "d" * 40):
        pull(row, tmp_path, revision="d" * 40)
    with pytest.raises(UsageError, match="the hub has no me/other"):
        pull(row.model_copy(update={"repo": "me/other"}), tmp_path)
    hub.gated.add("me/tiny")
    with pytest.raises(UsageError, match=r"accept them on the hub \(http.*/me/tiny\), and set HF_TOKEN"):
        pull(row, tmp_path)
    monkeypatch.setenv("CREATIVE_OFFLINE", "1")
    with pytest.raises(UsageError, match=r"no hub is asked.*--from, a folder or a mirror"):
        pull(row, tmp_path)


def test_room_on_the_disk_is_asked_for_first(
    hub: Hub, row: ModelRow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(bringing.shutil, "disk_usage", lambda _: usage(10, 10, 1_000_000))
    with pytest.raises(UsageError, match="make room"):
        pull(row, tmp_path)
    assert not [path for path in hub.asked if "/resolve/" in path]


def test_a_folder_will_do_and_what_nobody_may_load_stays_there(row: ModelRow, tmp_path: Path) -> None:
    source = tmp_path / "source"
    for path, data in FILES.items():
        (source / path).parent.mkdir(parents=True, exist_ok=True)
        (source / path).write_bytes(data)
    said: list[str] = []
    manifest = pull(row, tmp_path / "models", source=source, say=said.append)
    assert sorted(manifest.files) == TAKEN
    assert "run.py" in said[0]
    assert manifest.revision == pull(row, tmp_path / "again", source=source).revision, (
        "the same files, the same revision"
    )
    assert pull(row, tmp_path / "third", source=tmp_path / "models" / "tiny").files == manifest.files
    with pytest.raises(UsageError, match="not at " + "a" * 40):
        pull(row, tmp_path / "third", source=tmp_path / "models" / "tiny", revision="a" * 40)


def test_a_row_says_the_sha256_of_what_is_converted(tmp_path: Path) -> None:
    (tmp_path / "source" / "converter").mkdir(parents=True)
    (tmp_path / "source" / "converter" / "config.json").write_text("{}")
    (tmp_path / "source" / "converter" / "checkpoint.pth").write_bytes(b"another file")
    with pytest.raises(ModelError, match="not the file that its row is pinned to"):
        pull(own_models()["openvoice-v2"], tmp_path / "models", source=tmp_path / "source")


def test_workers_fetch_from_the_mirror_once_and_torn_files_do_not_count(
    hub: Hub, row: ModelRow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pull(row, tmp_path / "models")
    store = open_store(tmp_path / "mirror")
    mirror(tmp_path / "models", "tiny", store)
    blobs = sorted((tmp_path / "mirror" / "blobs").rglob("*"))
    mirror(tmp_path / "models", "tiny", store)
    assert sorted((tmp_path / "mirror" / "blobs").rglob("*")) == blobs

    node = tmp_path / "node"
    torn = node / ".incoming" / f"tiny-{COMMIT}" / "unet" / "diffusion_pytorch_model.safetensors"
    torn.parent.mkdir(parents=True)
    torn.write_bytes(b"half")  # what a worker that died left
    monkeypatch.setenv("CREATIVE_MODELS", str(node))
    monkeypatch.setenv("CREATIVE_MODELS_MIRROR", str(tmp_path / "mirror"))
    monkeypatch.setattr(weights_module, "_checked", {})
    asked = len(hub.asked)
    spec = BackendSpec("tiny", "scene", "x:Y", model=f"me/tiny {COMMIT}", options={"weights": "tiny"})
    assert weights(spec) == node / "tiny"
    assert read_manifest(node / "tiny") == read_manifest(tmp_path / "models" / "tiny")
    assert len(hub.asked) == asked, "the hub is not asked where there is a mirror"
    assert bring(str(tmp_path / "mirror"), node, "other", None) is None


def test_of_many_workers_of_a_machine_one_fetches(
    hub: Hub, row: ModelRow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pull(row, tmp_path / "models")
    store = open_store(tmp_path / "mirror")
    mirror(tmp_path / "models", "tiny", store)
    far = FarStore(store, 0.02)
    monkeypatch.setattr(mirror_module, "open_store", lambda *_, **__: far)
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: bring("far", tmp_path / "node", "tiny", COMMIT), range(4)))
    assert len({one.revision for one in found if one}) == 1
    assert far.calls["fetch"] == len(TAKEN)
    assert sorted(path.name for path in (tmp_path / "node").iterdir()) == [".incoming", ".tiny.lock", "tiny"]
    assert not list((tmp_path / "node" / ".incoming").iterdir())


def test_the_mirror_may_be_a_bucket(hub: Hub, row: ModelRow, tmp_path: Path, s3_server: S3Server) -> None:
    pull(row, tmp_path / "models")
    url = s3_server.store_url(s3_server.bucket(), "models")
    mirror(tmp_path / "models", "tiny", open_store(url))
    assert bring(url, tmp_path / "node", "tiny", None) == read_manifest(tmp_path / "models" / "tiny")
    assert not problems(tmp_path / "node" / "tiny", read_manifest(tmp_path / "node" / "tiny"))
    asked = len(hub.asked)
    assert fetch(row, tmp_path / "other", None, url, None) == read_manifest(tmp_path / "node" / "tiny")
    assert len(hub.asked) == asked, "`pull --from s3://...` asks no hub"


def test_a_mirror_whose_files_were_changed_is_refused(hub: Hub, row: ModelRow, tmp_path: Path) -> None:
    pull(row, tmp_path / "models")
    mirror(tmp_path / "models", "tiny", open_store(tmp_path / "mirror"))
    sha256 = read_manifest(tmp_path / "models" / "tiny").files["unet/diffusion_pytorch_model.safetensors"].sha256
    [blob] = (tmp_path / "mirror" / "blobs").rglob(sha256)
    blob.chmod(0o600)
    blob.write_bytes(FILES["unet/diffusion_pytorch_model.safetensors"][:-1] + b"\x01")
    with pytest.raises(ModelError, match="damaged: mirror the model again"):
        bring(str(tmp_path / "mirror"), tmp_path / "node", "tiny", COMMIT)
    assert not (tmp_path / "node" / "tiny").exists()


def test_a_damaged_model_is_not_mirrored(hub: Hub, row: ModelRow, tmp_path: Path) -> None:
    pull(row, tmp_path / "models")
    (tmp_path / "models" / "tiny" / "model_index.json").write_text("{}")
    store = open_store(tmp_path / "mirror")
    with pytest.raises(ModelError, match="nothing of it was mirrored"):
        mirror(tmp_path / "models", "tiny", store)
    assert not list(store.names("models/"))


def test_a_voice_that_needs_espeak_is_not_taken_for_one_that_does_not(tmp_path: Path) -> None:
    row = own_models()["vits-css10-de"]
    source = tmp_path / "source"
    source.mkdir()
    (source / "model.safetensors").write_bytes(tensors(4))
    (source / "config.json").write_text('{"model": "vits", "use_phonemes": true}')
    with pytest.raises(ModelError, match=r"reads phonemes by its own config\.json"):
        pull(row, tmp_path / "models", source=source)
    (source / "config.json").write_text('{"model": "vits", "use_phonemes": false}')
    assert pull(row, tmp_path / "models", source=source).files
