"""`creative models pull` as an operator meets it: large repositories, gates, tokens, lines that go dead, disks that rot."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from creative.cli import app
from creative.doctor import _models
from creative.errors import CreativeError, InfrastructureError, UsageError
from creative.models.bringing import pull
from creative.models.fetching import fetch
from creative.models.files import problems, read_manifest
from creative.models.mirror import mirror
from creative.models.rows import ModelRow, own_models
from creative.settings import settings
from creative.store import open_store
from tests.creative.models.test_bringing import tensors
from tests.support.hub import COMMIT, Hub, serve

ROOT = Path(__file__).parent.parent.parent.parent
SECRET = "hf_" + "s3cret" * 5
SHARDS = [f"transformer/diffusion_pytorch_model-0000{number}-of-00003.safetensors" for number in (1, 2, 3)]
INDEX = "transformer/diffusion_pytorch_model.safetensors.index.json"
FILES = {
    "model_index.json": b'{"_class_name": "ZImagePipeline"}',
    "scheduler/scheduler_config.json": b"{}",
    "text_encoder/model.safetensors": tensors(700),
    "tokenizer/vocab.json": json.dumps({str(number): number for number in range(40)}).encode(),
    "transformer/config.json": b"{}",
    INDEX: json.dumps({"weight_map": {f"w{n}": Path(shard).name for n, shard in enumerate(SHARDS)}}).encode(),
    **{shard: tensors(50_000 + number) for number, shard in enumerate(SHARDS)},
    "vae/diffusion_pytorch_model.safetensors": tensors(300),
    "vae/decoder.py": b"import os",
    "README.md": b"# a model",
}
TAKEN = sorted(set(FILES) - {"vae/decoder.py"})
PULL = f"""
import sys
from pathlib import Path
from creative.models.bringing import pull
from creative.models.rows import own_models
row = own_models()["z-image-turbo"].model_copy(update={{"name": "large", "repo": "me/large", "revision": {COMMIT!r}}})
"""


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    with serve() as made:
        made.repos["me/large"] = dict(FILES)
        monkeypatch.setenv("HF_ENDPOINT", made.url)
        monkeypatch.setenv("HF_HUB_DISABLE_XET", "1")
        for name in ("HF_HUB_OFFLINE", "HF_TOKEN", "CREATIVE_OFFLINE", "CREATIVE_MODELS_MIRROR"):
            monkeypatch.delenv(name, raising=False)
        yield made


@pytest.fixture
def row() -> ModelRow:
    return own_models()["z-image-turbo"].model_copy(update={"name": "large", "repo": "me/large", "revision": COMMIT})


def test_a_sharded_model_in_folders_comes_whole_though_the_line_drops(hub: Hub, row: ModelRow, tmp_path: Path) -> None:
    hub.cut = 60_000  # the first answer that is longer ends there
    manifest = pull(row, tmp_path)
    assert hub.cut is None and len([path for path in hub.asked if path.endswith(SHARDS[0])]) > 2, "asked once more"
    assert {path: file.sha256 for path, file in manifest.files.items()} == {
        path: hashlib.sha256(FILES[path]).hexdigest() for path in TAKEN
    }
    assert not problems(tmp_path / "large", read_manifest(tmp_path / "large"))


def test_a_pull_that_was_killed_leaves_no_model_and_goes_on_with_the_file_in_flight(
    hub: Hub, row: ModelRow, tmp_path: Path
) -> None:
    script = (
        PULL
        + """
import os
from creative.models import hub
real = hub._is_right
hub._is_right = lambda file, path: os._exit(9) if "-00002-" in path.name else real(file, path)
pull(row, Path(sys.argv[1]))
"""
    )
    killed = subprocess.run([sys.executable, "-c", script, str(tmp_path)], cwd=ROOT, check=False, env=os.environ)
    assert killed.returncode == 9 and not (tmp_path / "large").exists(), "half a model is none"
    hub.asked.clear()
    assert sorted(pull(row, tmp_path).files) == TAKEN
    asked = {path.rpartition(f"{COMMIT}/")[2] for path in hub.asked if "/resolve/" in path}
    assert SHARDS[2] in asked and not asked & {SHARDS[0], "text_encoder/model.safetensors"}, asked


def test_a_gate_a_wrong_token_and_one_without_the_right_are_told_apart_and_no_token_is_ever_told(
    hub: Hub, row: ModelRow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub.tokens["me/large"] = SECRET
    said: list[str] = []
    with pytest.raises(UsageError, match="who accepted its terms") as gate:
        pull(row, tmp_path, say=said.append)
    assert f"{hub.url}/me/large" in str(gate.value), "where to accept them"
    monkeypatch.setenv("HF_TOKEN", "hf_wrong" + "x" * 20)
    with pytest.raises(UsageError, match=r"does not take the token.*set HF_TOKEN") as wrong:
        pull(row, tmp_path, say=said.append)
    monkeypatch.setenv("HF_TOKEN", SECRET)
    hub.forbidden.add("me/large")
    with pytest.raises(UsageError, match=r"does not give me/large .* to this account") as without:
        pull(row, tmp_path, say=said.append)
    hub.forbidden.clear()
    pull(row, tmp_path, say=said.append)
    assert SECRET in hub.shown
    told = "\n".join([*said, str(gate.value), str(wrong.value), str(without.value)])
    assert SECRET not in told and "hf_wrong" not in told
    kept = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert SECRET.encode() not in kept


def test_a_hub_that_nobody_answers_for_is_a_matter_of_trying_again(hub: Hub, row: ModelRow, tmp_path: Path) -> None:
    hub.down = True
    with pytest.raises(InfrastructureError, match=r"cannot be reached|could not be fetched"):
        pull(row, tmp_path)
    hub.down = False
    assert pull(row, tmp_path).revision == COMMIT


def test_of_processes_that_pull_at_once_one_fetches_and_the_others_say_that_they_wait(hub: Hub, tmp_path: Path) -> None:
    script = PULL + "print(pull(row, Path(sys.argv[1]), say=lambda line: print(line, flush=True)).revision)\n"
    command = [sys.executable, "-c", script, str(tmp_path / "models")]
    at_once = [subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, env=os.environ) for _ in range(2)]
    said = [one.communicate(timeout=120)[0] for one in at_once]
    assert [one.returncode for one in at_once] == [0, 0]
    assert all(text.endswith(f"{COMMIT}\n") for text in said)
    assert sum("files, " in text for text in said) == 1, said
    assert len([path for path in hub.asked if path.endswith(SHARDS[0])]) <= 2, "asked for once, and fetched once"


def test_what_rotted_is_found_and_brought_again_and_nothing_else_is(hub: Hub, row: ModelRow, tmp_path: Path) -> None:
    pull(row, tmp_path)
    shard = tmp_path / "large" / SHARDS[1]
    times = shard.stat()
    data = bytearray(shard.read_bytes())
    data[-1] ^= 1
    shard.write_bytes(data)
    os.utime(shard, ns=(times.st_atime_ns, times.st_mtime_ns))
    done = CliRunner().invoke(app, ["models", "verify", "large"], env={"CREATIVE_MODELS": str(tmp_path)})
    assert done.exit_code == 1 and f"{SHARDS[1]} has another sha256" in done.stderr
    hub.asked.clear()
    said: list[str] = []
    pull(row, tmp_path, check=True, say=said.append)
    assert "is damaged" in said[0]
    fetched = {path.rpartition(f"{COMMIT}/")[2] for path in hub.asked if "/resolve/" in path}
    assert SHARDS[1] in fetched and not fetched & {SHARDS[0], SHARDS[2], "text_encoder/model.safetensors"}
    assert not problems(tmp_path / "large", read_manifest(tmp_path / "large"))
    assert "there already" in pull_says(row, tmp_path)


def pull_says(row: ModelRow, models: Path) -> str:
    said: list[str] = []
    pull(row, models, check=True, say=said.append)
    return said[0]


def test_a_model_without_a_pin_is_written_down_at_its_commit_and_stays(hub: Hub, row: ModelRow, tmp_path: Path) -> None:
    loose = row.model_copy(update={"revision": None})
    assert pull(loose, tmp_path).revision == COMMIT
    asked = len(hub.asked)
    assert pull(loose, tmp_path).revision == COMMIT
    assert len(hub.asked) == asked, "no newer commit slips in because somebody pulled twice"


def test_a_mirror_comes_before_the_hub_by_its_address_or_by_setting(
    hub: Hub, row: ModelRow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pull(row, tmp_path / "first")
    place = tmp_path / "mirror"
    mirror(tmp_path / "first", "large", open_store(place))
    hub.asked.clear()
    monkeypatch.setenv("CREATIVE_OFFLINE", "1")
    url = f"file://{place}"
    assert fetch(row, tmp_path / "second", None, url, None).revision == COMMIT
    assert fetch(row, tmp_path / "third", None, None, url).revision == COMMIT
    said: list[str] = []
    assert fetch(row, tmp_path / "third", None, None, url, said.append).revision == COMMIT
    assert "there already" in said[0] and not hub.asked
    (tmp_path / "third" / "large" / SHARDS[0]).write_bytes(b"rot")
    assert not problems(tmp_path / "third" / "large", fetch(row, tmp_path / "third", None, None, url))
    other = row.model_copy(update={"name": "other"})
    with pytest.raises(UsageError, match=f"has no other at {COMMIT}"):
        fetch(other, tmp_path / "third", None, url, None)
    with pytest.raises(UsageError, match="no hub is asked"):
        fetch(other, tmp_path / "third", None, None, url, said.append)
    assert any("the mirror does not have other" in line for line in said)


def test_a_backends_name_brings_all_that_it_loads(hub: Hub, tmp_path: Path) -> None:
    rows = own_models()
    sdxl, lora = rows["sdxl"], rows["sdxl-lightning-4step"]
    hub.repos[sdxl.repo] = {"model_index.json": b"{}", "unet/diffusion_pytorch_model.fp16.safetensors": tensors(9)}
    hub.repos[lora.repo] = {lora.only[0]: tensors(5), "sdxl_lightning_8step_lora.safetensors": tensors(5)}
    # The hub of these tests knows one commit, and the rows are pinned to others.
    done = CliRunner().invoke(app, ["models", "pull", "sdxl"], env={"CREATIVE_MODELS": str(tmp_path)})
    assert isinstance(done.exception, UsageError) and str(sdxl.revision) in str(done.exception)
    hub.commits |= {str(sdxl.revision), str(lora.revision)}
    done = CliRunner().invoke(app, ["models", "pull", "sdxl", "--json"], env={"CREATIVE_MODELS": str(tmp_path)})
    assert done.exit_code == 0, done.exception
    assert [(one["name"], one["revision"], one["files"]) for one in json.loads(done.stdout)] == [
        ("sdxl", sdxl.revision, 2), ("sdxl-lightning-4step", lora.revision, 1),
    ]  # fmt: skip
    there = {"CREATIVE_MODELS": str(tmp_path), "CREATIVE_MODELS_MIRROR": str(tmp_path / "mirror")}
    done = CliRunner().invoke(app, ["models", "mirror", "sdxl", "--json"], env=there)
    assert [one["name"] for one in json.loads(done.stdout)] == ["sdxl"], "what is here by that name"


def test_a_profile_that_says_offline_keeps_the_command_from_the_hub_and_the_doctor_says_so(
    hub: Hub, row: ModelRow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "creative.toml").write_text(
        'default = "x"\n[profiles.x]\nmodels = "weights"\nmodels_mirror = "file:///mirror"\noffline = true\n'
    )
    there = {"CREATIVE_CONFIG": str(tmp_path / "creative.toml")}
    done = CliRunner().invoke(app, ["models", "pull", "z-image-turbo", "--from", "hub"], env=there)
    assert isinstance(done.exception, UsageError) and "no hub is asked" in str(done.exception)
    assert not hub.asked
    monkeypatch.setenv("CREATIVE_CONFIG", there["CREATIVE_CONFIG"])
    assert _models(settings()).endswith(
        "/weights: none: creative models pull NAME brings one; mirror file:///mirror; no hub is asked, by setting"
    )
    pull(row, tmp_path / "weights")
    assert "/weights: large (0.0 GB); mirror" in _models(settings())
    (tmp_path / "weights" / "large" / "model.json").write_text("{}")
    with pytest.raises(CreativeError, match="is damaged"):
        _models(settings())
