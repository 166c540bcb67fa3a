"""Settings: flags, then the environment, then ./out."""

from __future__ import annotations

from pathlib import Path

import pytest

from creative.errors import UsageError
from creative.settings import settings


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OUT", "STORE", "REGISTRY", "RUNNER", "WORKERS", "MEDIA_ROOTS", "CATALOGUES"):
        monkeypatch.delenv(f"CREATIVE_{name}", raising=False)


def test_everything_has_a_place_under_out() -> None:
    found = settings()
    assert (found.store, found.registry, found.runner) == (str(Path("out/store")), str(Path("out/registry.db")), "ray")


def test_flags_come_before_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CREATIVE_OUT", "elsewhere")
    monkeypatch.setenv("CREATIVE_RUNNER", "inline")
    monkeypatch.setenv("CREATIVE_MEDIA_ROOTS", "/a:/b")
    assert settings().store == str(Path("elsewhere/store"))
    assert settings(runner="ray").runner == "ray"
    assert settings().media_roots == (Path("/a"), Path("/b"))


@pytest.mark.parametrize(("name", "value"), [("RUNNER", "slurm"), ("WORKERS", "many"), ("WORKERS", "0")])
def test_a_wrong_value_is_explained(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(f"CREATIVE_{name}", value)
    with pytest.raises(UsageError, match=value):
        settings()
