"""Settings: flags, then the environment, then ./out."""

from __future__ import annotations

from pathlib import Path

import pytest

from creative.errors import UsageError
from creative.settings import settings

VARIABLES = (
    "OUT", "STORE", "REGISTRY", "RUNNER", "WORKERS", "MEDIA_ROOTS", "CATALOGUES", "ADDRESS", "PROFILE", "CONFIG"
)  # fmt: skip


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(f"CREATIVE_{name}", raising=False)


def test_everything_has_a_place_under_out() -> None:
    found = settings()
    assert (found.store, found.registry, found.runner) == (str(Path("out/store")), str(Path("out/registry.db")), "ray")


def test_flags_come_before_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("CREATIVE_OUT", "elsewhere")
    monkeypatch.setenv("CREATIVE_RUNNER", "inline")
    monkeypatch.setenv("CREATIVE_MEDIA_ROOTS", f"{tmp_path}:/")
    assert settings().store == str(Path("elsewhere/store"))
    assert settings(runner="ray").runner == "ray"
    assert settings().media_roots == (tmp_path, Path("/"))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("RUNNER", "slurm"),
        ("WORKERS", "many"),
        ("WORKERS", "0"),
        ("WORKERS", "9" * 5000),
        ("WORKERS", "٣"),
        ("MEDIA_ROOTS", "/nowhere/at/all"),
        ("STORE", "~no-such-user/store"),
        ("REGISTRY", "~no-such-user/registry.db"),
    ],
)
def test_a_wrong_value_is_explained(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(f"CREATIVE_{name}", value)
    with pytest.raises(UsageError) as refusal:
        settings()
    assert f"CREATIVE_{name}" in str(refusal.value) and value[:40] in str(refusal.value)


def test_a_wrong_flag_is_named_as_the_flag() -> None:
    with pytest.raises(UsageError, match=r"^--store http://\.\.\.: is no place"):
        settings(store="http://[x")
    with pytest.raises(UsageError, match=r"^--registry ~no-such-user"):
        settings(registry="~no-such-user/x")


@pytest.mark.parametrize("name", VARIABLES)
def test_an_empty_variable_counts_as_unset(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    unset = settings()
    monkeypatch.setenv(f"CREATIVE_{name}", "")
    assert settings() == unset


def test_a_cluster_needs_places_that_all_its_machines_see() -> None:
    bucket, database = "s3://marlo-ads/farm", "postgresql://farm@db/farm"
    settings(address="auto", store=bucket, registry=database).check_reach()
    settings(store="out/store").check_reach()  # Ray on this machine
    settings(address="auto", runner="inline").check_reach()
    with pytest.raises(UsageError, match=r"auto cannot see the store .*: name one that all machines reach"):
        settings(address="auto", registry=database).check_reach()
    with pytest.raises(UsageError, match=r"cannot see the store file:///srv/store"):
        settings(address="auto", store="file:///srv/store", registry=database).check_reach()
    with pytest.raises(UsageError, match=r"the registry sqlite:///x.db is a file of this machine"):
        settings(address="auto", store=bucket, registry="sqlite:///x.db").check_reach()
