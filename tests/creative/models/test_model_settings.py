"""What a profile says of models reaches the commands and the workers; what a machine says itself comes first."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from creative.errors import UsageError
from creative.models.files import models_folder
from creative.running.port import Worksite
from creative.settings import settings
from creative.store import open_store
from workers.work import Workshop

PROFILE = """
default = "studio"
[profiles.studio]
models = "weights"
models_mirror = "s3://marlo-models/farm"
offline = true
licences = {xtts-v2 = "agreement of 2026-03-01"}
"""
NAMES = ("CREATIVE_MODELS", "CREATIVE_MODELS_MIRROR", "CREATIVE_OFFLINE")


@pytest.fixture(autouse=True)
def profile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in NAMES:
        monkeypatch.setenv(name, "")  # so that what a worker sets is undone
        monkeypatch.delenv(name)
    path = tmp_path / "creative.toml"
    path.write_text(PROFILE)
    monkeypatch.setenv("CREATIVE_CONFIG", str(path))
    return path


def test_a_profile_says_where_models_are_and_what_was_agreed(profile: Path) -> None:
    found = settings()
    assert models_folder(found.models) == profile.parent / "weights"
    assert found.licences == {"xtts-v2": "agreement of 2026-03-01"}
    assert dict(found.worker_environment) == {
        "CREATIVE_MODELS": str(profile.parent / "weights"),
        "CREATIVE_MODELS_MIRROR": "s3://marlo-models/farm",
        "CREATIVE_OFFLINE": "1",
    }


def test_workers_hear_of_it_unless_their_machine_says_otherwise(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CREATIVE_MODELS", "/data/models")
    site = Worksite(open_store(tmp_path / "store").url, str(tmp_path / "cache"), "", (), (("CREATIVE_MODELS", "/other"), ("CREATIVE_OFFLINE", "1")))  # fmt: skip
    Workshop(site, 1)
    assert (os.environ["CREATIVE_MODELS"], os.environ["CREATIVE_OFFLINE"]) == ("/data/models", "1")


def test_a_wrong_kind_of_value_is_named(profile: Path) -> None:
    for line, says in (
        ("offline = 3", "offline: write true or false"),
        ("licences = 3", "licences"),
        ("models = 7", "models"),
    ):
        profile.write_text(f'default = "studio"\n[profiles.studio]\n{line}\n')
        with pytest.raises(UsageError, match=says):
            settings()
