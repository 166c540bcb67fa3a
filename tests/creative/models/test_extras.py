"""What pip brings for a machine with a card: `pip install '.[diffusion,voice]'` is all that it takes."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parent.parent.parent.parent
EXTRAS: dict[str, list[str]] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"][
    "optional-dependencies"
]


def brings(extra: str) -> set[str]:
    """The packages of an extra and of those of ours that it takes along."""
    found = set()
    for one in map(Requirement, EXTRAS[extra]):
        found |= {name for own in one.extras for name in brings(own)} if one.name == "creative-farm" else {one.name}
    return found


@pytest.mark.parametrize("extra", ["diffusion", "voice"])
def test_the_libraries_of_real_models_bring_the_embedded_workers(extra: str) -> None:
    assert brings("studio") <= brings(extra), "scenes are composed, films encoded and loudness measured there too"
    assert {"torch", "safetensors", "transformers"} <= brings(extra)


def test_each_of_these_packages_has_the_version_that_was_tested() -> None:
    pinned = {re.split(r"[=\s]", line)[0].lower() for line in (ROOT / "constraints.txt").read_text("utf-8").split("\n")}
    assert {name.lower() for extra in ("studio", "diffusion", "voice") for name in brings(extra)} <= pinned
