"""Framings: how a scene is shot. One row of `templates/scenes/families.yaml` each: a scene is made once for its framing,
seed and words, and every layout that names the framing crops the same picture."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from pydantic import BaseModel, ConfigDict

from creative.plain_yaml import read_plain
from creative.resources import templates


class Family(BaseModel):
    """One framing: px of the picture, and where the product stands in it, per mille of the canvas.

    `mirror` names the framing with the product on the other side, which right-to-left layouts take; without it the
    framing is its own mirror picture.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    width: int
    height: int
    product: dict[str, int]
    mirror: str | None = None


@cache
def families() -> Mapping[str, Family]:
    """The framings by name."""
    table = read_plain(templates() / "scenes" / "families.yaml")
    return {name: Family.model_validate(row) for name, row in table["families"].items()}


def mirrored(name: str) -> str:
    """The framing that shows the product on the other side."""
    return families()[name].mirror or name
