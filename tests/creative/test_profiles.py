"""Profiles of creative.toml: what they set, what overrides them, and what is said to wrong ones."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from creative.errors import UsageError
from creative.profiles import load_profile
from creative.settings import settings
from tests.creative.test_settings import VARIABLES

GOOD = """
default = "studio"
[profiles.studio]
out = "work"
runner = "inline"
[profiles.production]
store = "s3://marlo-ads/farm?region=eu-central-1"
registry = "postgresql://farm:${DB_PASSWORD}@db/farm"
address = "auto"
workers = 16
media_roots = ["brands"]
notify = {ops = "slack://${SLACK}/#creative"}
prices = {gpu_hour = "2.60", cpu_hour = "0.05", currency = "EUR"}
[profiles.shared]
shared = true
address = "auto"
"""


@pytest.fixture(autouse=True)
def folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    for name in VARIABLES:
        monkeypatch.delenv(f"CREATIVE_{name}", raising=False)
    monkeypatch.setenv("DB_PASSWORD", "hush")
    monkeypatch.setenv("SLACK", "T/1")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "brands").mkdir()
    (tmp_path / "creative.toml").write_text(GOOD)
    return tmp_path


def test_a_profile_sets_everything(folder: Path) -> None:
    found = settings(profile="production")
    assert found.registry == "postgresql://farm:hush@db/farm"
    assert (found.address, found.workers, found.remote) == ("auto", 16, True)
    assert found.media_roots == (folder / "brands",)
    assert found.notify == {"ops": "slack://T/1/#creative"}
    assert found.prices["gpu_hour"] == "2.60"
    assert "hush" not in repr(found.notify) or "T/1" not in repr(found)


def test_the_default_profile_counts_where_none_is_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert (settings().profile, settings().runner) == ("studio", "inline")
    assert settings().store == str(folder / "work" / "store")
    monkeypatch.setenv("CREATIVE_PROFILE", "production")
    assert settings().profile == "production"


def test_flags_and_variables_come_before_the_profile(monkeypatch: pytest.MonkeyPatch) -> None:
    assert settings(profile="production", workers=2, store="x").store == "x"
    monkeypatch.setenv("CREATIVE_ADDRESS", "ray://head:10001")
    assert settings(profile="production").address == "ray://head:10001"


def test_a_shared_disk_may_serve_a_cluster() -> None:
    settings(profile="shared").check_reach()


def test_the_file_may_be_elsewhere(folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (folder / "creative.toml").rename(folder / "brands" / "farm.toml")
    assert settings().profile is None
    with pytest.raises(UsageError, match=r"there is no creative\.toml here"):
        settings(profile="studio")
    monkeypatch.setenv("CREATIVE_CONFIG", str(folder / "brands" / "farm.toml"))
    assert settings().out == folder / "brands" / "work"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[profiles.studio\n", "is not good TOML"),
        ("profiles = 3", "write each profile as a table"),
        ("[profile.studio]", "there is no 'profile' here"),
        ('default = "x"\n[profiles.studio]', "'x' is none of its profiles: studio"),
        ('[profiles.studio]\nstor = "x"', "profiles.studio.stor: there is no such setting; store is meant?"),
        ("[profiles.studio]\nstore = 3", "profiles.studio.store: write a text in quotes"),
        ("[profiles.studio]\nworkers = true", "profiles.studio.workers: write a number"),
        ("[profiles.studio]\nshared = 1", "profiles.studio.shared: write true or false"),
        ('[profiles.studio]\nmedia_roots = "x"', "profiles.studio.media_roots: write a list"),
        ('[profiles.studio]\nmedia_roots = ["nowhere"]', "is not a folder that is there"),
        ('[profiles.studio]\nstore = "s3://${NOT_SET}/x"', "the environment variable NOT_SET is not set"),
        ('[profiles.studio]\nrunner = "slurm"', "profiles.studio.runner slurm: there is ray"),
        ('[profiles.studio]\nprices = {gpu = "1"}', "profiles.studio.prices.gpu: there is gpu_hour"),
        ('[profiles.studio]\nprices = {gpu_hour = "free"}', "prices.gpu_hour: write an amount"),
        ('[profiles.studio]\nprices = {currency = "euros"}', "prices.currency: write three letters"),
        ("[profiles.other]", "has no profile 'studio'; it has other"),
    ],
)
def test_a_wrong_file_is_explained(folder: Path, text: str, says: str) -> None:
    (folder / "creative.toml").write_text(text)
    with pytest.raises(UsageError) as refusal:
        settings(profile="studio")
    assert says in str(refusal.value) and "creative.toml" in str(refusal.value)


@hypothesis_settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=60) | st.text(max_size=60).map(str.encode))
def test_no_file_whatever_makes_a_traceback(folder: Path, data: bytes) -> None:
    (folder / "creative.toml").write_bytes(b"[profiles.studio]\n" + data)
    try:
        load_profile("studio")
    except UsageError as refusal:
        assert "creative.toml" in str(refusal)
