"""The demo brief in a folder of its own, to be changed by tests."""

from __future__ import annotations

from pathlib import Path

from creative.brief import Brief
from creative.brief.load import load_brief
from creative.catalogue import load_catalogue
from creative.planning import Planner, PlanWindow
from creative.starter import write_starter
from creative.world import ingest


def demo(folder: Path, changes: dict[str, str] | None = None) -> Path:
    """The demo brief in `folder`/campaign, with texts replaced."""
    return edit(write_starter(folder / "campaign"), changes or {})


def edit(brief: Path, changes: dict[str, str]) -> Path:
    """Replace texts in a brief; each must be there."""
    text = brief.read_text("utf-8")
    for old, new in changes.items():
        assert old in text, old
        text = text.replace(old, new)
    brief.write_text(text, "utf-8")
    return brief


def planned(path: Path, only: dict[str, frozenset[str]] | None = None) -> tuple[Brief, Planner, list[PlanWindow]]:
    """A brief, its planner, and all its windows."""
    brief = load_brief(path)
    planner = Planner(brief, ingest(brief, load_catalogue()), only)
    return brief, planner, list(planner.windows())
