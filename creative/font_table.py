"""The table of the farm's own fonts by script: `templates/fonts/fonts.yaml`."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

from creative.plain_yaml import read_plain
from creative.resources import templates

FontRole = Literal["display", "text"]
ROLES: tuple[FontRole, ...] = ("display", "text")


class Row(BaseModel):
    """Fonts of one script; see the table's head."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    display: str = ""
    text: str = ""
    sample: str = ""
    height: int = 1000
    leading: int = 0


@cache
def table() -> Mapping[str, Row]:
    """The rows, by script."""
    found = read_plain(templates() / "fonts" / "fonts.yaml")
    return {name: Row.model_validate(row) for name, row in found["fonts"].items()}


@cache
def own_fonts(role: FontRole) -> Mapping[str, Path]:
    """The files of a role by script."""
    folder = templates() / "fonts"
    return {name: folder / (row.display if role == "display" else row.text) for name, row in table().items()}
