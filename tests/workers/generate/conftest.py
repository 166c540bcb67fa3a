"""Models of random weights, built once."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from workers.rehearse.diffusion import build

    folder = tmp_path_factory.mktemp("models")
    build(folder)
    return folder


@pytest.fixture
def models(built: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of models, where workers look for it."""
    monkeypatch.setenv("CREATIVE_MODELS", str(built))
    return built
