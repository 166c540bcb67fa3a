"""A folder of briefs whose ads are made of nothing, at once: for the tests of nights."""

from __future__ import annotations

from pathlib import Path

from creative.settings import Settings
from creative.starter import write_starter
from tests.support.demo import edit
from tests.support.null import null_table

_SMALL = {
    "placements: [meta-feed-4x5, meta-story-9x16, google-landscape, iab-728x90, iab-160x600, meta-reel-6, "
    "tiktok-infeed, spotify-audio-15]": "placements: [iab-728x90]",
    "exclude:   # Germany has no voice yet: stills, and a film of captions and music\n"
    "  - {markets: [DE], placements: [tiktok-infeed, spotify-audio-15]}\n": "",
    "until: 2026-12-31}\n\nmarkets": "until: 2099-12-31}\n\nmarkets",
}
ADS = 6
"""Of each brief: three segments in two markets."""


class NightFolder:
    """`folder` has the briefs, `out` what comes of them, `table` the backends that make nothing."""

    def __init__(self, base: Path) -> None:
        self.base = base
        self.folder, self.out, self.table = base / "briefs", base / "out", base / "rows.yaml"
        self.folder.mkdir()
        self.table.write_text(null_table(), "utf-8")

    def brief(self, name: str, changes: dict[str, str] | None = None) -> Path:
        """A small brief in a folder of its own; the folder's name is the campaign's id."""
        path = write_starter(self.folder / name)
        return edit(path, {**_SMALL, "id: marlo-autumn": f"id: {name}", **(changes or {})})

    def settings(self, **more: object) -> Settings:
        """One process, here."""
        places = {"store": str(self.out / "store"), "registry": str(self.out / "registry.db"), "out": self.out}
        values = {**places, "runner": "inline", "workers": 1, "media_roots": (), "catalogues": (self.table,), **more}
        return Settings(**values)  # type: ignore[arg-type]
